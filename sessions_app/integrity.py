"""Compares the calendar with itself and with the appointments: what rows written past the rules by hand would break.

Reads in one pass per question with flat memory; a million appointments take seconds, not gigabytes. What hangs on the
appointments (courses, wait list, confirmations, tasks) is `sessions_app.integrity_of_records`; the files of
photographs are `sessions_app.photograph_files`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from sessions_app.integrity_of_records import problems_of_records
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.photograph_files import problems_of_photographs

_CALENDARS = ("nurse", "room", "patient")


def problems(now: datetime | None = None) -> Iterator[str]:
    """A sentence for each thing that is wrong; none when all is well."""
    for calendar in _CALENDARS:
        yield from _overlaps(calendar)
    yield from _appointments_against_entries()
    yield from _entries_without_appointment()
    yield from problems_of_records(now or timezone.now())
    yield from problems_of_photographs(now or timezone.now())


class _Entry(NamedTuple):
    whom: int
    starts_at: datetime
    ends_at: datetime
    id: int
    kind: str
    overbook_reason: str

    def shares_a_lane_with(self, other: "_Entry") -> bool:
        """Two visits stand beside each other when just one of them was overbooked; a closure stands beside nothing."""
        is_shut = self.kind in CalendarEntry.SHUT or other.kind in CalendarEntry.SHUT
        return is_shut or bool(self.overbook_reason) == bool(other.overbook_reason)


def _overlaps(calendar: str) -> Iterator[str]:
    """Every pair of active entries that share the nurse, room or patient at one moment and may not."""
    entries = (
        CalendarEntry.objects.filter(active=True, **{f"{calendar}__isnull": False})
        .order_by(calendar, "starts_at", "id")
        .values_list(calendar, "starts_at", "ends_at", "id", "kind", "overbook_reason")
    )
    reaching: list[_Entry] = []
    for entry in map(_Entry._make, entries.iterator(chunk_size=5000)):
        reaching = [other for other in reaching if other.whom == entry.whom and other.ends_at > entry.starts_at]
        for other in reaching:
            # A patient is in one place, whatever was overbooked.
            if calendar == "patient" or entry.shares_a_lane_with(other):
                at = f"{entry.starts_at:%Y-%m-%d %H:%M} UTC"
                yield f"Entries {other.id} and {entry.id} share {calendar} {entry.whom} at {at}."
        reaching.append(entry)


def _appointments_against_entries() -> Iterator[str]:
    rows = Appointment.objects.order_by("id").values_list(
        "public_id", "status", "entry__kind", "entry__active", "entry__starts_at", "entry__ends_at",
        F("chair_minutes") + F("walk_minutes") + F("buffer_minutes"), "entry__overbook_reason", "overbooked_by",
    )  # fmt: skip
    for public_id, status, kind, active, starts_at, ends_at, minutes, reason, by in rows.iterator(chunk_size=5000):
        for problem in _differences(status, kind, active, ends_at - starts_at, timedelta(minutes=minutes)):
            yield f"Appointment {public_id}: {problem}."
        if bool(reason.strip()) != (by is not None):
            yield f"Appointment {public_id}: {_half_overbooked(reason)}."


def _differences(status: str, kind: str, active: bool, taken: timedelta, length: timedelta) -> Iterable[str]:
    if kind != CalendarEntry.Kind.APPOINTMENT:
        yield f"its entry is of kind {kind}"
    if active == (status in Appointment.RELEASED):
        yield f"it is {status}, but its entry is {'active' if active else 'released'}"
    if taken != length:
        yield f"its entry takes {taken}, not {length}"


def _half_overbooked(reason: str) -> str:
    return "it is overbooked, but not by whom" if reason.strip() else "somebody overbooked it without a reason"


def _entries_without_appointment() -> Iterator[str]:
    lonely = CalendarEntry.objects.filter(kind=CalendarEntry.Kind.APPOINTMENT, appointment__isnull=True)
    for id in lonely.order_by("id").values_list("id", flat=True).iterator(chunk_size=5000):
        yield f"Entry {id} is of kind appointment and belongs to none."
