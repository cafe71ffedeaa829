"""The leg map of everything so far: marks by session, the same as a list, and how much each place has had."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from clinic.protocol.checks.findings import plain
from clinic.templatetags.leg_places import LEGS, SEGMENT_NAMES
from sessions_app.facts import session_date
from sessions_app.presenters.record_doses import dose_words
from sessions_app.record import Dose, Entry, Injected, PatientRecord
from sessions_app.wording import day_words, list_words

# So many sessions are offered beside "All"; the others are chosen in the time line.
CHOICES = 4
_KINDS = ("last", "earlier")


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place that was treated: in which sessions, and how much it has had."""

    name: str
    sessions: str
    last: str
    ml: str
    mg: str


@dataclass(frozen=True, slots=True)
class LegLines:
    name: str
    places: tuple[PlaceLine, ...]
    ml: str
    mg: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A session that the map can show alone; `id` is None for all of them."""

    id: UUID | None
    label: str
    spoken: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class RecordMap:
    marks: list[dict[str, Any]]
    key: list[tuple[str, str]]
    choices: list[Choice]
    legs: tuple[LegLines, ...]
    shows: str


def record_map(record: PatientRecord, chosen: Entry | None, *, today: date) -> RecordMap:
    """Marks of all treatments, or the sites of one; the list is of what the map shows."""
    treatments = record.treatments
    shown = [chosen] if chosen is not None else treatments
    return RecordMap(
        marks=_marks_of_one(chosen) if chosen else _marks_of_all(treatments),
        key=_key_of_one(chosen, today) if chosen else _key_of_all(treatments, today),
        choices=_choices(treatments, chosen, today),
        legs=_legs(shown, today),
        shows=f"Session {chosen.number}, {_dated(chosen, today)}" if chosen else "All sessions",
    )


def _dated(entry: Entry, today: date) -> str:
    day = session_date(entry.session)
    return day_words(day) if day.year == today.year else f"{day_words(day)} {day.year}"


def _short(entry: Entry, today: date) -> str:
    day = session_date(entry.session)
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def _by_place(entries: list[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Which sessions treated a place, the newest first."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for place in dict.fromkeys(site.place for site in entry.sites):
            found.setdefault(place, []).append(entry)
    return found


def _marks_of_all(treatments: list[Entry]) -> list[dict[str, Any]]:
    """At each place one mark for the last session, one for the one before, and one for all that are older."""
    recent = {entry.session.pk: kind for kind, entry in zip(_KINDS, treatments, strict=False)}
    marks: list[dict[str, Any]] = []
    for (leg, segment), entries in _by_place(treatments).items():
        newest = [entry for entry in entries if entry.session.pk in recent]
        marks.extend(_mark(leg, segment, recent[entry.session.pk], [entry]) for entry in newest)
        older = [entry for entry in entries if entry.session.pk not in recent]
        if older:
            marks.append(_mark(leg, segment, "older", older))
    return marks


def _mark(leg: str, segment: str, kind: str, entries: list[Entry]) -> dict[str, Any]:
    numbers = [str(entry.number) for entry in reversed(entries)]
    note = f"Treated in session{'s' if len(numbers) > 1 else ''} {list_words(numbers)}"
    return {"leg": leg, "segment": segment, "kind": kind, "text": entries[0].number, "note": note}


def _marks_of_one(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "leg": site.leg,
            "segment": site.segment,
            "kind": "today",
            "text": site.position,
            "note": f"Site {site.position}, {site.vein_type}, {plain(site.volume_ml)} mL",
        }
        for site in entry.sites
    ]


def _key_of_all(treatments: list[Entry], today: date) -> list[tuple[str, str]]:
    key = [(kind, f"{entry.number}: {_short(entry, today)}") for kind, entry in zip(_KINDS, treatments, strict=False)]
    if len(treatments) > len(_KINDS):
        key.append(("older", "earlier, newest number"))
    return key


def _key_of_one(entry: Entry, today: date) -> list[tuple[str, str]]:
    return [("today", f"sites of session {entry.number}, {_short(entry, today)}")]


def _choices(treatments: list[Entry], chosen: Entry | None, today: date) -> list[Choice]:
    """All, and the newest sessions in the order of time; an older one that was chosen stands with them."""
    offered = treatments[:CHOICES]
    if chosen is not None and chosen not in offered:
        offered = [*offered, chosen]
    return [
        Choice(None, "All", "All sessions", chosen is None),
        *(
            Choice(
                entry.session.public_id,
                str(entry.number),
                f"Session {entry.number}, {_dated(entry, today)}",
                entry is chosen,
            )
            for entry in reversed(offered)
        ),
    ]


def _legs(entries: list[Entry], today: date) -> tuple[LegLines, ...]:
    by_place = _by_place(entries)
    sites: dict[tuple[str, str], list[Injected]] = {}
    for entry in entries:
        for site in entry.sites:
            sites.setdefault(site.place, []).append(site)
    return tuple(_leg(leg, word, by_place, sites, today) for leg, word in LEGS.items())


def _leg(
    leg: str,
    word: str,
    by_place: Mapping[tuple[str, str], list[Entry]],
    sites: Mapping[tuple[str, str], list[Injected]],
    today: date,
) -> LegLines:
    places = []
    for segment, name in SEGMENT_NAMES.items():
        if (leg, segment) in by_place:
            entries = by_place[leg, segment]
            ml, mg = dose_words(Dose.of(sites[leg, segment]))
            numbers = list_words([str(entry.number) for entry in reversed(entries)])
            places.append(PlaceLine(name.capitalize(), numbers, _short(entries[0], today), ml, mg))
    whole = Dose.of(site for place, found in sites.items() if place[0] == leg for site in found)
    ml, mg = dose_words(whole) if places else ("", "")
    return LegLines(f"{word} leg", tuple(places), ml, mg)
