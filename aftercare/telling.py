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
from sessions_app.models import TreatmentSession


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
    """The newest plan of the session that is corrected, also when an earlier correction took it back (`replaced_at`).

    None for a first session, and when none of its versions had a plan.
    """
    if issue.session.amends_id is None:
        return None
    plans = AftercarePlan.objects.filter(lineage=issue.session.lineage)
    return plans.prefetch_related("items").order_by("-number").first()


def telling(
    former: AftercarePlan | None, plan: AftercarePlan | None, *, issue: Issue, now: datetime
) -> Sequence[DueMessage]:
    """The message "your plan was corrected", due at once within the hours in which messages may go; or nothing.

    Nothing when the old plan and the new one are both over, and when what the patient does stays the same; a plan that
    was taken back leaves nothing to do, so that one which comes back is told. The message speaks for the new plan, or
    for the old one where nothing is left to do.
    """
    if former is None:
        return []
    ends = [] if former.replaced_at else [former.ends_at]
    ends += [] if issue.plan.is_empty else [end_of(issue.plan)]
    if not ends or max(ends) <= now or not (former.replaced_at or changes_something(plan_of(former), issue.plan)):
        return []
    until = max(ends)
    patient = issue.session.patient
    return [
        DueMessage(
            lineage=former.lineage,
            step=CORRECTED,
            # Plans alone do not count the corrections: one that took the plan back was told, and made none.
            occurrence=TreatmentSession.objects.filter(lineage=former.lineage).count(),
            kind=Delivery.Kind.COMPRESSION,
            patient=patient,
            source=SOURCE,
            source_id=(plan or former).public_id,
            due_at=now,
            not_after=until,
            local_time=f"{local_time(now, zone_named(patient.time_zone)):%Y-%m-%dT%H:%M}",
            time_zone=patient.time_zone,
            why="the session was corrected, and with it what the patient does",
        )
    ]
