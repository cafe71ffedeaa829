"""Whether and how a patient is told that a plan they have was corrected."""

from collections.abc import Sequence
from datetime import datetime

from aftercare.issuing import CORRECTED, SOURCE, Issue
from aftercare.models import AftercarePlan
from aftercare.stored import end_of, plan_of
from clinic.models import Delivery
from clinic.notifications import DueMessage
from clinic.protocol import DatedItem, Plan, TimedItem
from clinic.protocol.zones import local_time, zone_named


def changes_something(former: Plan, new: Plan) -> bool:
    """Whether the patient must do anything else than before; who corrects a lot number bothers nobody."""
    return [_what(item) for item in former.items] != [_what(item) for item in new.items]


def _what(item: TimedItem | DatedItem) -> tuple[object, ...]:
    """What the patient sees of an item, without the rule that made it."""
    return (
        item.key,
        item.leg,
        *((item.starts_at, item.ends_at) if isinstance(item, TimedItem) else (item.first_date, item.last_date)),
    )


def former_plan(issue: Issue) -> AftercarePlan | None:
    """The plan that a correction replaces; None for a first session, and when the corrected one had none."""
    if issue.session.amends_id is None:
        return None
    return AftercarePlan.objects.current().filter(lineage=issue.session.lineage).prefetch_related("items").first()


def telling(
    replaced: AftercarePlan | None, plan: AftercarePlan | None, *, issue: Issue, now: datetime
) -> Sequence[DueMessage]:
    """The message "your plan was corrected", due at once within the hours in which messages may go; or nothing.

    Nothing when the old plan and the new one are both over, and when what the patient does stays the same. It speaks
    for the new plan, or for the old one where nothing is left to do.
    """
    if replaced is None:
        return []
    until = replaced.ends_at if issue.plan.is_empty else max(replaced.ends_at, end_of(issue.plan))
    if until <= now or not changes_something(plan_of(replaced), issue.plan):
        return []
    patient = issue.session.patient
    return [
        DueMessage(
            lineage=replaced.lineage,
            step=CORRECTED,
            occurrence=replaced.number + 1,
            kind=Delivery.Kind.COMPRESSION,
            patient=patient,
            source=SOURCE,
            source_id=(plan or replaced).public_id,
            due_at=now,
            not_after=until,
            local_time=f"{local_time(now, zone_named(patient.time_zone)):%Y-%m-%dT%H:%M}",
            time_zone=patient.time_zone,
            why="the session was corrected, and with it what the patient does",
        )
    ]
