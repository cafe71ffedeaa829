"""Compares the calendar with itself and with the appointments: what rows written past the rules by hand would break.

Reads in one pass per question with flat memory; a million appointments take seconds, not gigabytes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import F

from sessions_app.models import Appointment, CalendarEntry

_RESOURCES = ("nurse", "room", "patient")
_RELEASED = (Appointment.Status.CANCELLED, Appointment.Status.NO_SHOW)


def problems() -> Iterator[str]:
    """A sentence for each thing that is wrong; none when all is well."""
    for resource in _RESOURCES:
        yield from _overlaps(resource)
    yield from _appointments_against_entries()
    yield from _entries_without_appointment()


def _overlaps(resource: str) -> Iterator[str]:
    """Every pair of active entries that share the nurse, room or patient at one moment."""
    entries = (
        CalendarEntry.objects.filter(active=True, **{f"{resource}__isnull": False})
        .order_by(resource, "starts_at", "id")
        .values_list(resource, "starts_at", "ends_at", "id")
    )
    of_whom, reaching = None, list[tuple[datetime, int]]()
    for whom, starts_at, ends_at, id in entries.iterator(chunk_size=5000):
        if whom != of_whom:
            of_whom, reaching = whom, []
        reaching = [(end, other) for end, other in reaching if end > starts_at]
        for _, other in reaching:
            yield f"Entries {other} and {id} share {resource} {whom} at {starts_at:%Y-%m-%d %H:%M} UTC."
        reaching.append((ends_at, id))


def _appointments_against_entries() -> Iterator[str]:
    rows = Appointment.objects.order_by("id").values_list(
        "public_id", "status", "entry__kind", "entry__active", "entry__starts_at", "entry__ends_at",
        F("chair_minutes") + F("walk_minutes") + F("buffer_minutes"),
    )  # fmt: skip
    for public_id, status, kind, active, starts_at, ends_at, minutes in rows.iterator(chunk_size=5000):
        for problem in _differences(status, kind, active, ends_at - starts_at, timedelta(minutes=minutes)):
            yield f"Appointment {public_id}: {problem}."


def _differences(status: str, kind: str, active: bool, taken: timedelta, length: timedelta) -> Iterable[str]:
    if kind != CalendarEntry.Kind.APPOINTMENT:
        yield f"its entry is of kind {kind}"
    if active == (status in _RELEASED):
        yield f"it is {status}, but its entry is {'active' if active else 'released'}"
    if taken != length:
        yield f"its entry takes {taken}, not {length}"


def _entries_without_appointment() -> Iterator[str]:
    lonely = CalendarEntry.objects.filter(kind=CalendarEntry.Kind.APPOINTMENT, appointment__isnull=True)
    for id in lonely.order_by("id").values_list("id", flat=True).iterator(chunk_size=5000):
        yield f"Entry {id} is of kind appointment and belongs to none."
