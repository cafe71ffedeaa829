"""Too late is not sent: rows past their deadline end here, each with a staff task, however many a downtime left."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from clinic.models import Delivery, StaffTask
from clinic.notifications.alarms import raise_tasks
from clinic.notifications.states import State, move

TOO_LATE = "not sent before its deadline"
_AT_ONCE = 2000


def expire_stale(now: datetime) -> int:
    """End every pending row whose deadline has passed; returns how many."""
    # All kinds by name, because that is how the index of waiting rows begins.
    stale = Delivery.objects.filter(kind__in=Delivery.Kind.values, not_after__lt=now)
    total = 0
    while expired := expire(stale, reason=TOO_LATE, now=now):
        total += expired
    return total


@transaction.atomic
def expire(deliveries: QuerySet[Delivery], *, reason: str, now: datetime) -> int:
    """End up to 2,000 pending rows of `deliveries` in one statement, with their staff tasks; returns how many.

    The rows are locked while they are picked (PostgreSQL) or there is one writer anyway (SQLite), so that the picked
    rows are exactly the ones that end. As with every worker, a row that somebody is writing just now is passed over.
    """
    pending = deliveries.filter(state=State.PENDING).select_for_update(skip_locked=True)
    rows = list(pending.values_list("pk", "patient_id")[:_AT_ONCE])
    if not rows:
        return 0
    picked = Delivery.objects.filter(pk__in=[pk for pk, _ in rows])
    expired = move(picked, State.PENDING, State.EXPIRED, reason=reason, finished_at=now)
    raise_tasks(StaffTask.Kind.MESSAGE_EXPIRED, rows, now=now)
    return expired
