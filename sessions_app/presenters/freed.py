"""What is said right after a visit gave its time back: who waits for it."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from clinic.models import Clinic
from sessions_app.availability import Period
from sessions_app.models import Appointment
from sessions_app.waiting_fit import Freed, fitting

# So many of those who wait are counted; above it says "more than".
_COUNTED = 20


@dataclass(frozen=True, slots=True)
class FreedLine:
    """What to say right after a time became free: "3 people wait for this time." and the address that shows them."""

    number: int
    words: str
    url: str


def freed_line(
    *, starts_at: datetime, ends_at: datetime, nurse_id: int, nurse_public_id: UUID, clinic: Clinic, now: datetime
) -> FreedLine | None:
    """Who waits for a nurse's time that a cancelled, moved or missed visit has left; None when nobody does.

    To be included with `sessions_app/desk/wait_freed_line.html` as `freed`.
    """
    if ends_at <= now:
        return None
    found = fitting(
        now=now, clinic=clinic, freed=Freed(Period(starts_at, ends_at), nurse_id), limit=_COUNTED + 1, times=1
    )
    if not found:
        return None
    number = len(found)
    if number == 1:
        words = f"{found[0].entry.patient.name} waits for this time."
    else:
        words = f"{f'More than {_COUNTED}' if number > _COUNTED else number} people wait for this time."
    query = urlencode({"from": starts_at.isoformat(), "to": ends_at.isoformat(), "nurse": nurse_public_id})
    return FreedLine(number, words, f"{reverse('sessions_app:freed')}?{query}")


def freed_by(visit: Appointment, *, clinic: Clinic, now: datetime) -> FreedLine | None:
    """The line for a visit as it stood before it was cancelled, moved or missed."""
    entry = visit.entry
    assert entry.nurse is not None
    return freed_line(
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        nurse_id=entry.nurse.pk,
        nurse_public_id=entry.nurse.public_id,
        clinic=clinic,
        now=now,
    )
