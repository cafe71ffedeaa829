"""Where: the sites of today and of earlier sessions on the leg map, and the earlier sessions as a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from clinic.protocol.checks.findings import plain
from clinic.protocol.vocabulary import Leg, Segment
from clinic.templatetags.drawings import place_name
from sessions_app.facts import session_date
from sessions_app.models import TreatedSite, TreatmentSession
from sessions_app.presenters.visit import stocking_words
from sessions_app.presenters.visit_sites import ml_words, site_words
from sessions_app.wording import day_words

# The newest have a shape of their own and are shown at first; older ones share the last shape and are told by number.
_KINDS = ("last", "earlier", "older")
MOST_EARLIER = 12
_PLACES = frozenset(f"{leg}:{segment}" for leg in Leg for segment in Segment)


@dataclass(frozen=True, slots=True)
class EarlierSite:
    """What was injected at one place. ``position`` names it for "same again"."""

    place: str
    words: str
    ml: str
    position: int


@dataclass(frozen=True, slots=True)
class EarlierSession:
    """One earlier session beside the form. ``back`` counts from the newest, 1; ``is_shown``: on the map at first."""

    back: int
    number: int
    kind: str
    when: str
    short: str
    days_ago: int
    is_shown: bool
    sites: list[EarlierSite]
    total: str
    reaction: str
    stocking: str
    note: str


def earlier_views(earlier: Sequence[TreatmentSession], number: int, *, today: date) -> list[EarlierSession]:
    """The earlier sessions, newest first; `number` is that of the newest."""
    return [_earlier(session, back, number - back + 1, today) for back, session in enumerate(earlier, start=1)]


def last_time(session: TreatmentSession | None, *, number: int, today: date) -> EarlierSession | None:
    """The last session alone, for the page before the visit begins."""
    return _earlier(session, 1, number, today) if session else None


def _earlier(session: TreatmentSession, back: int, number: int, today: date) -> EarlierSession:
    rows, day = list(session.sites.all()), session_date(session)
    ml = sum((site.volume_ml for site in rows), Decimal(0))
    mg = sum((site.dose_mg for site in rows), Decimal(0))
    return EarlierSession(
        back=back,
        number=number,
        kind=_kind(back),
        when=day_words(day),
        short=f"{day.day} {day:%b}" + ("" if day.year == today.year else f" {day.year}"),
        days_ago=(today - day).days,
        is_shown=back <= len(_KINDS),
        sites=[
            EarlierSite(place_name(site.segment, site.leg), site_words(site), ml_words(site), site.position)
            for site in rows
        ],
        total=f"{plain(ml)} mL, {plain(mg)} mg at {len(rows)} site{'' if len(rows) == 1 else 's'}",
        reaction=session.reaction_note
        or ("none seen" if session.reaction == session.Reaction.NONE_SEEN else "not recorded"),
        stocking=stocking_words(session),
        note=session.note,
    )


def _kind(back: int) -> str:
    return _KINDS[min(back, len(_KINDS)) - 1]


def marks(current: Iterable[tuple[str, int]], earlier: Sequence[TreatmentSession], number: int) -> list[dict[str, Any]]:
    """Marks of the leg map: today's sites as (place, number), and the places of earlier sessions with what was given.

    A place as it was typed may be none; the form says so, and the map goes without it. `number` is that of the newest
    earlier session. ``group`` is the class by which the page shows or hides the marks of one session.
    """
    found: list[dict[str, Any]] = [
        {"leg": place.partition(":")[0], "segment": place.partition(":")[2], "kind": "today", "text": shown}
        for place, shown in current
        if place in _PLACES
    ]
    for back, session in enumerate(earlier, start=1):
        day = session_date(session)
        by_place: dict[tuple[str, str], list[TreatedSite]] = {}
        for site in session.sites.all():
            by_place.setdefault((site.leg, site.segment), []).append(site)
        for (leg, segment), sites in by_place.items():
            given = "; ".join(f"{site_words(site)}, {ml_words(site)}" for site in sites)
            shown = number - back + 1
            note = f"Session {shown}, {day.day} {day:%b}: {given}"
            found.append(
                {
                    "leg": leg,
                    "segment": segment,
                    "kind": _kind(back),
                    "text": shown,
                    "note": note,
                    "group": f"of-{back}",
                }
            )
    return found
