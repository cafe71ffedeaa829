"""Somebody whose wait had ended waits again, at the old place in the order: by hand, or with the undo of a booking."""

from datetime import datetime

from django.db import IntegrityError, transaction

from clinic import audit
from clinic.models import User
from sessions_app.models import Appointment, WaitListEntry
from sessions_app.refusals import Refused
from sessions_app.retrying import retried

_CANCELLED = Appointment.Status.CANCELLED


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


def wait_again(appointment: Appointment, *, booked_at: datetime, by: User) -> None:
    """The booking or move of that moment was taken back: who had waited for it waits again. One query if nobody had.

    Inside the transaction of the undo. Nothing happens when they have joined anew since.
    """
    ended = WaitListEntry.objects.filter(
        appointment=appointment, ended_why=WaitListEntry.End.BOOKED, ended_at=booked_at
    )
    for entry in ended.select_related("patient", "appointment"):
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
