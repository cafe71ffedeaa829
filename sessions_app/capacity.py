"""Who and what may take a service, when they are open, and what already takes their time. Reads as plain tuples."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import Room, User
from sessions_app.availability import Period, WeeklyHours, days_between, opening_periods
from sessions_app.models import CalendarEntry, NurseHours, Service

# No entry is longer (a rule of the database), so what starts earlier than this before a moment is over by then.
LONGEST_ENTRY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class OpenNurse:
    """A nurse who may give the service and works on the asked days, with her opening periods in order."""

    id: int
    name: str
    opened: list[Period]


def open_nurses(
    service: Service, *, first_date: date, last_date: date, zone: ZoneInfo, nurse: User | None = None
) -> list[OpenNurse]:
    """The nurses for the service with hours between the dates, by name; only `nurse` if one is wished. One query."""
    days = days_between(first_date, last_date)
    chosen = Service.nurses.through.objects.filter(service=service)
    people = User.objects.nurses().order_by()
    rows = (
        NurseHours.objects.filter(
            Q(Exists(chosen.filter(user=OuterRef("nurse")))) | ~Exists(chosen),
            Q(valid_until__isnull=True) | Q(valid_until__gte=first_date),
            nurse__in=people.filter(pk=nurse.pk) if nurse is not None else people,
            valid_from__lte=last_date,
            weekday__in={day.weekday() for day in days},
        )
        .order_by("nurse__name", "nurse_id")
        .values_list("nurse_id", "nurse__name", "weekday", "starts", "ends", "valid_from", "valid_until")
    )
    hours: dict[tuple[int, str], list[WeeklyHours]] = {}
    for nurse_id, name, weekday, starts, ends, valid_from, valid_until in rows:
        row = WeeklyHours(weekday, starts, ends, valid_from, valid_until)
        hours.setdefault((nurse_id, name), []).append(row)
    return [OpenNurse(id, name, opening_periods(weekly, days, zone)) for (id, name), weekly in hours.items()]


def usable_rooms(service: Service, room: Room | None = None) -> list[tuple[int, str]]:
    """Id and name of the rooms for the service, by name; only `room` when one is wished. One query."""
    chosen = Service.rooms.through.objects.filter(service=service)
    rooms = Room.objects.filter(
        Q(Exists(chosen.filter(room=OuterRef("pk")))) | ~Exists(chosen), is_active=True
    ).order_by("name", "pk")
    return list((rooms if room is None else rooms.filter(pk=room.pk)).values_list("pk", "name"))


def entries_meeting(starts_at: datetime, ends_at: datetime) -> QuerySet[CalendarEntry]:
    """Active entries with a moment in `[starts_at, ends_at)`, holds that are over included; served by an index."""
    return CalendarEntry.objects.filter(
        active=True, starts_at__gt=starts_at - LONGEST_ENTRY, starts_at__lt=ends_at, ends_at__gt=starts_at
    )


BusyRow = tuple[int | None, int | None, int | None, datetime, datetime]


def busy_rows(
    starts_at: datetime, ends_at: datetime, *, now: datetime, ignore_entry: int | None = None
) -> Iterator[BusyRow]:
    """(nurse, room, patient, starts_at, ends_at) of what takes time; holds that are over are left out. One query."""
    living = Q(hold_expires_at__isnull=True) | Q(hold_expires_at__gt=now)
    entries = entries_meeting(starts_at, ends_at).filter(living)
    if ignore_entry is not None:
        entries = entries.exclude(pk=ignore_entry)
    return iter(entries.values_list("nurse_id", "room_id", "patient_id", "starts_at", "ends_at"))
