"""Which plans a patient's page speaks of: those that hold, and what a correction replaced or took back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, QuerySet, prefetch_related_objects

from aftercare.models import AftercarePlan
from clinic.models import Patient
from clinic.prepared import Blank, PreparedObjects

# Sessions are a week apart, plans hold for a year at most (extensive veins), and few sessions are ever corrected.
_MOST_AT_ONCE = 120


@dataclass(frozen=True, slots=True)
class ShownPlans:
    """`holding`: the current plans that still hold, or else the newest one, whose end is worth saying.

    `corrected` are pairs of the newest correction of each session: what was shown before, and what holds now (None when
    the plan was taken back). The items of all of them are prefetched.
    """

    holding: Sequence[AftercarePlan]
    corrected: Sequence[tuple[AftercarePlan, AftercarePlan | None]]


def plans_to_show(patient: Patient, *, now: datetime) -> ShownPlans:
    """What the page of a patient is made of. Two queries, whatever there is."""
    newest_first = _NEWEST_FIRST.all(patient=patient.pk)
    current = [row for row in newest_first if row.replaced_at is None]
    holding = [row for row in current if row.ends_at > now] or current[:1]
    corrected = [pair for pair in _corrections(newest_first) if _is_told(pair, now)]
    rows = {row.pk: row for pair in corrected for row in pair if row is not None} | {row.pk: row for row in holding}
    prefetch_related_objects(list(rows.values()), "items")
    return ShownPlans(holding, corrected)


def _newest_first() -> QuerySet[AftercarePlan]:
    theirs = AftercarePlan.objects.filter(patient=Blank("patient", BigIntegerField()))
    return theirs.order_by("-ends_at", "-number")[:_MOST_AT_ONCE]


_NEWEST_FIRST = PreparedObjects(_newest_first)


def _corrections(rows: Sequence[AftercarePlan]) -> list[tuple[AftercarePlan, AftercarePlan | None]]:
    by_lineage: dict[object, list[AftercarePlan]] = {}
    for row in rows:
        by_lineage.setdefault(row.lineage, []).append(row)
    pairs: list[tuple[AftercarePlan, AftercarePlan | None]] = []
    for versions in by_lineage.values():
        newest, *former = sorted(versions, key=lambda row: -row.number)
        if newest.replaced_at is not None:
            pairs.append((newest, None))
        elif former:
            pairs.append((former[0], newest))
    return pairs


def _is_told(pair: tuple[AftercarePlan, AftercarePlan | None], now: datetime) -> bool:
    """While either of the two would hold: a correction of what is over changes nothing that anybody does."""
    before, after = pair
    return max(before.ends_at, after.ends_at if after else before.ends_at) > now
