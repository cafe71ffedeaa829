"""What a person decides about a message that did not reach its patient. Conditional, audited, in one transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from clinic import audit
from clinic.models import Delivery, StaffTask, User
from clinic.notifications.states import State, move


class Refused(Exception):
    """The decision came too late or cannot be carried out; the message says why, for the person who decided."""


_DECIDED = "Somebody decided this a moment ago."


@transaction.atomic
def mark_called(*, task: StaffTask, note: str, by: User, now: datetime) -> None:
    """The patient was told in another way, or needs not be: the task is done, the message stays as it ended."""
    _close(task, note=note, by=by, now=now)
    audit.record("message task closed", by=by, subject=task, patient=task.patient, kind=task.kind)


@transaction.atomic
def say_it_arrived(*, task: StaffTask, note: str, by: User, now: datetime) -> None:
    """An uncertain message did arrive: it counts as sent."""
    _leave_uncertain(task, State.SENT, reason="arrived, a person asked", finished_at=now)
    _close(task, note=note, by=by, now=now)
    audit.record("message confirmed", by=by, subject=_delivery(task), patient=task.patient)


@transaction.atomic
def send_again(*, task: StaffTask, note: str, by: User, now: datetime) -> None:
    """An uncertain message goes out once more, at the risk of a second copy; refused after its deadline."""
    if now > _delivery(task).not_after:
        raise Refused("It is too late to send this message again. Call the patient instead.")
    _leave_uncertain(task, State.PENDING, reason="", resends=F("resends") + 1, next_try_at=None, lease_until=None)
    _close(task, note=note, by=by, now=now)
    audit.record("message sent again", by=by, subject=_delivery(task), patient=task.patient)


@transaction.atomic
def give_up(*, task: StaffTask, note: str, by: User, now: datetime) -> None:
    """An uncertain message is left; nobody will know whether it arrived."""
    _leave_uncertain(task, State.FAILED, reason="given up by a person", finished_at=now)
    _close(task, note=note, by=by, now=now)
    audit.record("message given up", by=by, subject=_delivery(task), patient=task.patient)


@transaction.atomic
def release_reviewed(*, delivery: Delivery, by: User) -> None:
    """Let a message go that was held after a restore from a backup; its deadline still holds."""
    if not move(Delivery.objects.filter(pk=delivery.pk), State.REVIEW, State.PENDING, reason=""):
        raise Refused(_DECIDED)
    audit.record("message released", by=by, subject=delivery, patient=delivery.patient)


@transaction.atomic
def drop_reviewed(*, delivery: Delivery, by: User, now: datetime) -> None:
    """Do not send a message that was held after a restore from a backup."""
    held = Delivery.objects.filter(pk=delivery.pk)
    if not move(held, State.REVIEW, State.CANCELLED, reason="not released after a restore", finished_at=now):
        raise Refused(_DECIDED)
    audit.record("message not released", by=by, subject=delivery, patient=delivery.patient)


def _delivery(task: StaffTask) -> Delivery:
    if task.delivery is None:
        raise Refused("There is no message to decide about. Close the task instead.")
    return task.delivery


def _leave_uncertain(task: StaffTask, to: State, **changes: object) -> None:
    row: UUID = _delivery(task).pk
    if not move(Delivery.objects.filter(pk=row), State.UNCERTAIN, to, lease_token=None, **changes):
        raise Refused(_DECIDED)


def _close(task: StaffTask, *, note: str, by: User, now: datetime) -> None:
    open_task = StaffTask.objects.open().filter(pk=task.pk)
    if not open_task.update(done_at=now, done_by=by, note=note[:300]):
        raise Refused(_DECIDED)
