"""Somebody whose wait had ended waits again, at the old place in the order: by hand, or with the undo of a booking."""

from typing import Any

from django.db import IntegrityError, transaction

from clinic import audit
from clinic.models import User
from sessions_app.models import Appointment, WaitListEntry
from sessions_app.refusals import Refused
from sessions_app.retrying import retried

_CANCELLED = Appointment.Status.CANCELLED
# Beside what `sessions_app.undo_facts` keeps: the id of the wait that ended with this change.
_WAITED = "waited"


@retried
def come_back(*, entry: WaitListEntry, by: User) -> None:
    """Undo `leave`, or wait on after the booking that ended the wait was cancelled.

    `Refused` while that booking stands, or when the person joined anew.
    """
    current = WaitListEntry.objects.select_related("patient", "appointment").get(pk=entry.pk)
    booked = current.ended_why == WaitListEntry.End.BOOKED
    if booked and (current.appointment is None or current.appointment.status != _CANCELLED):
        raise Refused(f"{current.patient.name} has a booking by now.", rule="ended")
    if not _reopened(current, by):
        raise Refused(f"{current.patient.name} is on the list again already.", rule="waits")
    entry.refresh_from_db()


def ended_with(moved: Appointment, entry: WaitListEntry) -> None:
    """The move that was just written ends this wait: with what the move can be taken back to, that is remembered.

    Inside the transaction of the move. A moment would not tell this move from a later one of the same instant.
    """
    moved.former = {**(moved.former or {}), _WAITED: entry.pk}
    Appointment.objects.filter(pk=moved.pk, version=moved.version).update(former=moved.former)


def wait_again(appointment: Appointment, *, former: dict[str, Any] | None, by: User) -> None:
    """A change was taken back: who had waited for it waits again. One query at most if nobody had.

    `former` is what the visit had been before it, None where the booking itself was taken back. Inside the transaction
    of the undo. Nothing happens when they have joined anew since.
    """
    ended = WaitListEntry.objects.filter(appointment=appointment, ended_why=WaitListEntry.End.BOOKED)
    with_this = {"ended_at": appointment.booked_at} if former is None else {"pk": former.get(_WAITED)}
    for entry in ended.filter(**with_this).select_related("patient", "appointment"):
        _reopened(entry, by)


def _reopened(entry: WaitListEntry, by: User) -> bool:
    """Whether the person waits by this entry now; False when another one of theirs is open. A cancelled visit goes."""
    gone = entry.appointment is not None and entry.appointment.status == _CANCELLED
    try:
        with transaction.atomic():
            back = WaitListEntry.objects.filter(pk=entry.pk, ended_at=entry.ended_at, ended_at__isnull=False).update(
                ended_at=None, ended_by=None, ended_why="", appointment=None if gone else entry.appointment
            )
            if back:
                audit.record("wait list joined again", by=by, subject=entry, patient=entry.patient)
    except IntegrityError:
        return False
    return True
