"""What one day of the clinic holds, read as plain tuples: two queries for any number of nurses and visits."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.access import Role
from sessions_app.availability import Period, day_period
from sessions_app.capacity import LONGEST_ENTRY
from sessions_app.models import Appointment, CalendarEntry, NurseHours


class EntryRow(NamedTuple):
    """One entry of the calendar; the columns from `visit` on are empty for what is no appointment."""

    kind: str
    nurse_id: int | None
    nurse: str | None
    nurse_public_id: UUID | None
    room: str | None
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime | None
    closure: str | None
    visit: UUID | None
    given_name: str | None
    family_name: str | None
    service: str | None
    status: str | None
    status_at: datetime | None
    chair_minutes: int | None
    walk_minutes: int | None


_COLUMNS = (
    "kind",
    "nurse_id",
    "nurse__name",
    "nurse__public_id",
    "room__name",
    "starts_at",
    "ends_at",
    "hold_expires_at",
    "closure__title",
    "appointment__public_id",
    "patient__given_name",
    "patient__family_name",
    "appointment__service__name",
    "appointment__status",
    "appointment__status_at",
    "appointment__chair_minutes",
    "appointment__walk_minutes",
)


class HoursRow(NamedTuple):
    """When one nurse works on the day, in wall-clock times."""

    nurse_id: int
    nurse: str
    nurse_public_id: UUID
    starts: time
    ends: time


def entries_of(day: date, *, zone: ZoneInfo, now: datetime) -> list[EntryRow]:
    """What takes time on a date of the clinic's calendar, by start, and the visits to which nobody came.

    Cancelled visits and holds that are over are left out.
    """
    period = day_period(day, zone)
    shown = Q(active=True) | Q(appointment__status=Appointment.Status.NO_SHOW)
    living = Q(hold_expires_at__isnull=True) | Q(hold_expires_at__gt=now)
    rows = (
        CalendarEntry.objects.filter(shown, living, **_meeting(period))
        .order_by("starts_at", "pk")
        .values_list(*_COLUMNS)
    )
    return [EntryRow(*row) for row in rows]


def _meeting(period: Period) -> dict[str, datetime]:
    return {
        "starts_at__gt": period.starts_at - LONGEST_ENTRY,
        "starts_at__lt": period.ends_at,
        "ends_at__gt": period.starts_at,
    }


def hours_of(day: date) -> list[HoursRow]:
    """The opening hours of everybody who works on the date, by name and time."""
    rows = (
        NurseHours.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day),
            weekday=day.weekday(),
            valid_from__lte=day,
            nurse__is_active=True,
            nurse__roles__contains=f"|{Role.NURSE}|",
        )
        .order_by("nurse__name", "nurse_id", "starts")
        .values_list("nurse_id", "nurse__name", "nurse__public_id", "starts", "ends")
    )
    return [HoursRow(*row) for row in rows]


def minute_of(instant: datetime, day: date, zone: ZoneInfo) -> int:
    """Minutes on the wall clock since the day's midnight; below 0 and above 1440 on the days around it."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    return (wall - datetime.combine(day, time())) // timedelta(minutes=1)
