"""What other values of the protocol would have made of the newest sessions: of their plans, and of their checks."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from aftercare.presenters.staff import item_name
from clinic.protocol import ItemKey, Leg, PlanItem, Protocol, TimedItem, plan_for
from clinic.protocol.checks import findings_logged
from sessions_app.facts import logging_facts, plan_facts
from sessions_app.models import TreatmentSession

NEWEST = 50
_Bounds = tuple[Leg | None, date, date, date | None]


def on_newest_sessions(base: Protocol, following: Protocol) -> list[str]:
    """One sentence on the plans, and up to two on the checks while charting. Three queries.

    What is signed keeps its own values; a second session of the same day is judged alone.
    """
    newest = TreatmentSession.objects.current().select_related("patient").prefetch_related("sites", "ampoules")
    sessions = list(newest.order_by("-pk")[:NEWEST])
    if not sessions:
        return ["No session is signed yet, so there is none to compare with."]
    plans, more, fewer, changed = Counter[str](), Counter[str](), Counter[str](), 0
    for session in sessions:
        differing = _differing(session, base, following)
        changed += bool(differing)
        plans.update(differing)
        before, after = _findings(session, base), _findings(session, following)
        more.update(after[check] for check in sorted(after.keys() - before.keys()))
        fewer.update(before[check] for check in sorted(before.keys() - after.keys()))
    newest_words = "the one signed session" if len(sessions) == 1 else f"the newest {len(sessions)} signed sessions"
    return [
        f"Of {newest_words}, {changed or 'none'} would have another plan{f': {_listed(plans)}' if plans else ''}.",
        *([f"While charting, the checks would have said more: {_listed(more)}."] if more else []),
        *([f"While charting, the checks would not have said: {_listed(fewer)}."] if fewer else []),
    ]


def _differing(session: TreatmentSession, base: Protocol, following: Protocol) -> list[str]:
    """Names of what begins or ends at another time, in the order of the plan."""
    before, after = _bounds_by_name(session, base), _bounds_by_name(session, following)
    return [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]


def _bounds_by_name(session: TreatmentSession, protocol: Protocol) -> Mapping[str, list[_Bounds]]:
    found: dict[str, list[_Bounds]] = defaultdict(list)
    for item in plan_for(plan_facts(session, protocol, session.sites.all()), protocol).items:
        if item.key is not ItemKey.OBSERVATION:  # it is the observed walk
            found[item_name(item.key)].append(_bounds(item))
    return found


def _bounds(item: PlanItem) -> _Bounds:
    if isinstance(item, TimedItem):
        return item.leg, item.starts_at, item.ends_at, item.min_ends_at
    return item.leg, item.first_date, item.last_date, item.min_last_date


def _findings(session: TreatmentSession, protocol: Protocol) -> dict[str, str]:
    """Title of each check that fires on what was charted, as at the moment of the signature."""
    assert session.signed_at is not None
    facts = logging_facts(
        session,
        sites=session.sites.all(),
        ampoules=session.ampoules.all(),
        earlier_mg_today=Decimal(0),
        now=session.signed_at,
        signing=True,
    )
    return {finding.id: finding.title for finding in findings_logged(facts, protocol)}


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} in {number}" for name, number in counts.items())
