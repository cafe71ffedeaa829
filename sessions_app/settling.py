"""What follows for the set-up when a visit came to a time or left one; called in the transaction that wrote it."""

from datetime import datetime

from django.db.models import Q

from clinic.models import Clinic, User
from clinic.protocol.zones import local_date
from sessions_app.availability import Period
from sessions_app.capacity import opened_for
from sessions_app.gaps import Place, close_gaps, place_of, reopen_gaps
from sessions_app.models import Appointment
from sessions_app.outside import gaps_meeting, open_tasks_for, reasons_of
from sessions_app.refusals import Refused
from sessions_app.wording import time_words

__all__ = ["Place", "place_of", "settle_left", "settle_placed", "settle_returned", "settle_returning"]


def settle_left(place: Place) -> None:
    """A visit moved away or was cancelled: a closure that had been written around it closes its time too. One query."""
    close_gaps([place])


def settle_returning(place: Place, *, left_at: datetime) -> None:
    """A visit is about to be put back where it was until then: what a closure closed when it left is its own again."""
    reopen_gaps(place, left_at=left_at)


def settle_returned(appointment: Appointment, *, by: User, now: datetime) -> None:
    """A visit was put back: it may be in its gap of a closure, or its nurse's hours changed in the minutes between."""
    if any(reasons_of([appointment]).values()):
        open_tasks_for([appointment], by=by, now=now)


def settle_placed(appointment: Appointment, *, clinic: Clinic, by: User, now: datetime) -> None:
    """A visit was written at its time. One query, and one more when it is overbooked.

    Hours, nurse and room were looked at before the transaction; changed since then, the visit gets the same task as
    those that were there before. Raises `Refused` for a second visit beside one around which a closure was written.
    """
    entry, zone = appointment.entry, clinic.zone
    period = Period(entry.starts_at, entry.ends_at)
    if entry.overbook_reason:
        gaps = gaps_meeting(entry.starts_at, entry.ends_at)
        if gaps.filter(Q(nurse=entry.nurse_id) | Q(room=entry.room_id)).exists():
            when = time_words(entry.starts_at, zone)
            raise Refused(f"{when} is closed. Choose another time.", rule="closed", field="starts_at")
    assert entry.nurse_id is not None
    assert entry.room_id is not None
    opened = opened_for(
        appointment.service,
        nurse_id=entry.nurse_id,
        room_id=entry.room_id,
        first_date=local_date(entry.starts_at, zone),
        last_date=local_date(entry.ends_at, zone),
        zone=zone,
    )
    if not any(each.covers(period) for each in opened):
        open_tasks_for([appointment], by=by, now=now)
