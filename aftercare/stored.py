"""Plans as rows and back. What was computed at signing is stored number by number and never computed again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aftercare.models import AftercarePlan
from aftercare.models import PlanItem as PlanItemRow
from clinic.protocol import DatedItem, DecidedBy, ItemKey, Leg, Plan, PlanItem, Rule, TimedItem, VeinType
from clinic.protocol.zones import start_of_day


def item_rows(plan: Plan, row: AftercarePlan) -> list[PlanItemRow]:
    """The items of a plan as unsaved rows of `row`."""
    return [_item_row(item, row) for item in plan.items]


def _item_row(item: PlanItem, row: AftercarePlan) -> PlanItemRow:
    bounds: dict[str, Any]
    if isinstance(item, TimedItem):
        bounds = {"starts_at": item.starts_at, "ends_at": item.ends_at, "min_ends_at": item.min_ends_at}
    else:
        bounds = {"first_date": item.first_date, "last_date": item.last_date, "min_last_date": item.min_last_date}
    return PlanItemRow(plan=row, key=str(item.key), leg=str(item.leg or ""), rule=str(item.rule), **bounds)


def plan_of(row: AftercarePlan) -> Plan:
    """A stored plan as the value that `clinic.protocol` merges and schedules; reads `row.items` (prefetch them)."""
    return Plan(
        session_end=row.starts_at,
        time_zone=row.time_zone,
        protocol_version=str(row.values["version"]),
        legs=frozenset(Leg(site["leg"]) for site in row.facts["sites"]),
        items=tuple(_item_of(item) for item in _in_order(row.items.all())),
        ref=ref_of(row.lineage),
    )


def ref_of(lineage: UUID) -> str:
    """How a plan is called in `clinic.protocol`: by the lineage that all its corrections share."""
    return str(lineage)


def end_of(plan: Plan) -> datetime:
    """When nothing of the plan holds any more: the local midnight after its last date, or its last instant."""
    return max(
        item.ends_at if isinstance(item, TimedItem) else start_of_day(item.last_date + timedelta(days=1), plan.zone)
        for item in plan.items
    )


def _in_order(items: Iterable[PlanItemRow]) -> list[PlanItemRow]:
    order = {key.value: number for number, key in enumerate(ItemKey)}
    return sorted(items, key=lambda item: (order[item.key], item.leg))


def _item_of(row: PlanItemRow) -> PlanItem:
    key, leg, rule = ItemKey(row.key), Leg(row.leg) if row.leg else None, rule_of(row.rule)
    if row.starts_at is not None and row.ends_at is not None:
        return TimedItem(key, leg, rule, row.starts_at, row.ends_at, row.min_ends_at)
    assert row.first_date is not None
    assert row.last_date is not None
    return DatedItem(key, leg, rule, row.first_date, row.last_date, row.min_last_date)


def rule_of(text: str) -> Rule:
    """A rule as `str(rule)` wrote it: `reticular: reticular.continuous_days = 7, shortest = 5`."""
    decided_by, _, listed = text.partition(": ")
    pairs = (pair.partition(" = ") for pair in listed.split(", ") if pair)
    decider = DecidedBy(decided_by) if decided_by in set(DecidedBy) else VeinType(decided_by)
    return Rule(decider, tuple((name, value) for name, _, value in pairs))
