"""What some days of the clinic hold, read as plain tuples: two queries for any number of days, nurses and visits."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, PositiveSmallIntegerField, Q, QuerySet, Value

from clinic.access import Role
from sessions_app.availability import Period, day_period, days_between
from sessions_app.capacity import LONGEST_ENTRY
from sessions_app.models import Appointment, CalendarEntry, DatedHours, NurseHours
from sessions_app.visit_events import has_open_event
from sessions_app.visit_holds import holds_column
from sessions_app.visit_tasks import has_to_move


class EntryRow(NamedTuple):
    """One entry of the calendar; the columns from `visit_id` on are empty for what is no appointment."""

    entry_id: int
    kind: str
    nurse_id: int | None
    nurse: str | None
    nurse_public_id: UUID | None
    room_id: int | None
    room: str | None
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime | None
    overbook_reason: str
    closure: str | None
    given_name: str | None
    family_name: str | None
    visit_id: int | None
    visit: UUID | None
    service_id: int | None
    service: str | None
    status: str | None
    status_at: datetime | None
    version: int | None
    chair_minutes: int | None
    walk_minutes: int | None
    course_id: int | None
    confirmed_at: datetime | None
    move_asked_at: datetime | None
    waits: str = ""
    """Every `Hold` that the treatment waits for, with spaces between; "" for none."""
    has_event: bool = False
    """An adverse event of the visit is open; what it is, boards do not say."""
    has_to_move: bool = False
    """The visit lies in a closure or outside of the hours, and nobody has said that it stays."""


_COLUMNS = {
    "entry_id": "pk",
    "kind": "kind",
    "nurse_id": "nurse_id",
    "nurse": "nurse__name",
    "nurse_public_id": "nurse__public_id",
    "room_id": "room_id",
    "room": "room__name",
    "starts_at": "starts_at",
    "ends_at": "ends_at",
    "hold_expires_at": "hold_expires_at",
    "overbook_reason": "overbook_reason",
    "closure": "closure__title",
    "given_name": "patient__given_name",
    "family_name": "patient__family_name",
    "visit_id": "appointment__pk",
    "visit": "appointment__public_id",
    "service_id": "appointment__service_id",
    "service": "appointment__service__name",
    "status": "appointment__status",
    "status_at": "appointment__status_at",
    "version": "appointment__version",
    "chair_minutes": "appointment__chair_minutes",
    "walk_minutes": "appointment__walk_minutes",
    "course_id": "appointment__course_id",
    "confirmed_at": "appointment__confirmed_at",
    "move_asked_at": "appointment__move_asked_at",
    "waits": "waits",
    "has_event": "has_event",
    "has_to_move": "has_to_move",
}
# What makes a board look different when it changes; each change of a visit raises its version.
_STAMPED = (
    "entry_id",
    "nurse_id",
    "room_id",
    "starts_at",
    "ends_at",
    "status",
    "version",
    "confirmed_at",
    "move_asked_at",
    "waits",
    "has_event",
    "has_to_move",
)


class HoursRow(NamedTuple):
    """When one nurse works on a date, in wall-clock times."""

    date: date
    nurse_id: int
    nurse: str
    nurse_public_id: UUID
    starts: time
    ends: time


def entries_of(first: date, last: date, *, zone: ZoneInfo, now: datetime) -> list[EntryRow]:
    """What takes time on the dates `first` to `last`, by start, and the visits to which nobody came.

    Cancelled visits and holds that are over are left out. One query.
    """
    rows = _shown_entries(first, last, zone, now).order_by("starts_at", "pk").values_list(*_COLUMNS.values())
    return [EntryRow(*row) for row in rows]


def stamp_of(rows: Iterable[EntryRow]) -> str:
    """A short word that is another one as soon as anything on the board of these entries changed."""
    return _digest(tuple(getattr(row, name) for name in _STAMPED) for row in rows)


def present_stamp(first: date, last: date, *, zone: ZoneInfo, now: datetime) -> str:
    """The stamp that `entries_of` would give now, without names: one small query by the index of the start."""
    rows = _shown_entries(first, last, zone, now).order_by("starts_at", "pk")
    return _digest(rows.values_list(*(_COLUMNS[name] for name in _STAMPED)))


def _digest(rows: Iterable[tuple[object, ...]]) -> str:
    found = blake2b(digest_size=9)
    for row in rows:
        found.update(repr([each.timestamp() if isinstance(each, datetime) else each for each in row]).encode())
    return found.hexdigest()


def _shown_entries(first: date, last: date, zone: ZoneInfo, now: datetime) -> QuerySet[CalendarEntry]:
    period = Period(day_period(first, zone).starts_at, day_period(last, zone).ends_at)
    shown = Q(active=True) | Q(appointment__status=Appointment.Status.NO_SHOW)
    living = Q(hold_expires_at__isnull=True) | Q(hold_expires_at__gt=now)
    return CalendarEntry.objects.filter(
        shown,
        living,
        starts_at__gt=period.starts_at - LONGEST_ENTRY,
        starts_at__lt=period.ends_at,
        ends_at__gt=period.starts_at,
    ).annotate(
        waits=holds_column(patient="patient", appointment="appointment__"),
        has_event=has_open_event("appointment__pk"),
        has_to_move=has_to_move("appointment__public_id"),
    )


_Nurse = tuple[int, str, UUID]
_Hours = tuple[_Nurse, int | None, date, date | None, tuple[time, time]]


def hours_of(first: date, last: date) -> list[HoursRow]:
    """The opening hours of everybody who works on the dates, by date, name and time. One query.

    Hours that were set for one date stand in the place of the weekly ones of that nurse.
    """
    rows, found = _hours_rows(first, last), []
    for day in days_between(first, last):
        usual: dict[_Nurse, list[tuple[time, time]]] = defaultdict(list)
        of_date: dict[_Nurse, list[tuple[time, time]]] = defaultdict(list)
        for nurse, weekday, valid_from, valid_until, span in rows:
            if valid_from <= day and (valid_until is None or day <= valid_until) and weekday in (None, day.weekday()):
                (of_date if weekday is None else usual)[nurse].append(span)
        found += [HoursRow(day, *nurse, *span) for nurse, spans in (usual | of_date).items() for span in spans]
    return sorted(found, key=lambda row: (row.date, row.nurse, row.nurse_id, row.starts))


def _hours_rows(first: date, last: date) -> list[_Hours]:
    """The lines that hold somewhere between the dates; hours of a single date have no weekday."""
    works = {"nurse__is_active": True, "nurse__roles__contains": f"|{Role.NURSE}|"}
    whose = ("nurse_id", "nurse__name", "nurse__public_id", "starts", "ends")
    usual = (
        NurseHours.objects.order_by()
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first), valid_from__lte=last, **works)
        .values_list(*whose, "weekday", "valid_from", "valid_until")
    )
    single = (
        DatedHours.objects.order_by()
        .filter(date__gte=first, date__lte=last, **works)
        .values_list(*whose, Value(None, PositiveSmallIntegerField()), "date", F("date"))
    )
    return [
        ((nurse_id, name, public_id), weekday, valid_from, valid_until, (starts, ends))
        for nurse_id, name, public_id, starts, ends, weekday, valid_from, valid_until in usual.union(single, all=True)
    ]


def minute_of(instant: datetime, day: date, zone: ZoneInfo) -> int:
    """Minutes on the wall clock since the day's midnight; below 0 and above 1440 on the days around it."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    return (wall - datetime.combine(day, time())) // timedelta(minutes=1)
