"""After a restore from a backup: what was due may have left already, and only a person knows better.

The backup says "not sent" of everything that was sent after it was taken.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from clinic import audit
from clinic.models import Delivery, StaffTask
from clinic.notifications.states import State, move


@transaction.atomic
def hold_what_was_due(*, now: datetime) -> int:
    """Let every message that would leave by itself, and was due by `now`, wait for a person; returns how many.

    Taken, leaving, or uncertain is what the backup happened to catch in the hands of a worker that is no more. What is
    uncertain and has its task waits for a person already. Nobody may send meanwhile: run it before anything is started.
    """
    due = Delivery.objects.filter(due_at__lte=now)
    asked = StaffTask.objects.filter(
        kind=StaffTask.Kind.MESSAGE_UNCERTAIN, delivery=OuterRef("pk"), done_at__isnull=True
    )
    without_worker = {"lease_token": None, "lease_until": None, "next_try_at": None}
    move(due, (State.CLAIMED, State.SENDING), State.PENDING, **without_worker)
    move(due.filter(~Exists(asked)), State.UNCERTAIN, State.PENDING, **without_worker)
    held = move(due, State.PENDING, State.REVIEW, next_try_at=None, reason="")
    audit.record("messages held after a restore", by=None, held=held)
    return held
