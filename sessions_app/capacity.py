"""Who and what may take a service, when they are open, and what already takes their time. Reads as plain tuples."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Q, QuerySet

from clinic.access import Role
from clinic.models import Room, User
from clinic.prepared import Blank, Prepared
from sessions_app.availability import DatedHours, Period, WeeklyHours, days_between, opening_periods
from sessions_app.models import CalendarEntry, Service

# No entry is longer (a rule of the database), so what starts earlier than this before a moment is over by then.
LONGEST_ENTRY = timedelta(hours=26)

_Hours = tuple[int, str, int | None, time, time, date, date | None]


@dataclass(frozen=True, slots=True)
class OpenNurse:
    """A nurse who may give the service and works on the asked days, with her opening periods in order."""

    id: int
    name: str
    opened: list[Period]


# As text, because building these two from the ORM takes ten times as long as running them, and every search and every
# booking asks both. A service without chosen nurses (or rooms) is given by all of them. Hours of one date have no
# weekday; they are in the same answer, so that exceptions cost no query.
_NURSES = """
    SELECT hours.nurse_id, nurse.name, hours.weekday, hours.starts, hours.ends, hours.valid_from, hours.valid_until
    FROM (
      SELECT nurse_id, weekday, starts, ends, valid_from, valid_until FROM sessions_app_nursehours
      WHERE valid_from <= %s AND (valid_until IS NULL OR valid_until >= %s)
      UNION ALL
      SELECT nurse_id, NULL, starts, ends, date, date FROM sessions_app_datedhours WHERE date BETWEEN %s AND %s
    ) hours
    JOIN clinic_user nurse ON nurse.id = hours.nurse_id
    WHERE nurse.is_active AND nurse.is_staff AND nurse.roles LIKE %s
"""
_OPEN_NURSES = f"""
    {_NURSES}
      AND (
        NOT EXISTS (SELECT 1 FROM sessions_app_service_nurses chosen WHERE chosen.service_id = %s)
        OR hours.nurse_id IN (SELECT user_id FROM sessions_app_service_nurses chosen WHERE chosen.service_id = %s)
      )
"""
_NURSES_OF_ANY_SERVICE = f"""
    {_NURSES}
      AND EXISTS (
        SELECT 1 FROM sessions_app_service service WHERE service.is_active AND (
          NOT EXISTS (SELECT 1 FROM sessions_app_service_nurses chosen WHERE chosen.service_id = service.id)
          OR hours.nurse_id IN (
            SELECT user_id FROM sessions_app_service_nurses chosen WHERE chosen.service_id = service.id
          )
        )
      )
"""
_BY_NAME = " ORDER BY nurse.name, hours.nurse_id"
_USABLE_ROOMS = """
    SELECT room.id, room.name FROM clinic_room room
    WHERE room.is_active AND (
        NOT EXISTS (SELECT 1 FROM sessions_app_service_rooms chosen WHERE chosen.service_id = %s)
        OR room.id IN (SELECT room_id FROM sessions_app_service_rooms chosen WHERE chosen.service_id = %s)
      )
"""
# Rooms, and the length of the shortest visit, in the columns of the hours: one answer instead of three.
_ROOM, _SHORTEST = -1, -2
_SET_UP = f"""
    {_OPEN_NURSES}
    UNION ALL SELECT id, name, {_ROOM}, NULL, NULL, NULL, NULL FROM ({_USABLE_ROOMS}) usable
    UNION ALL
    SELECT min(chair_minutes + walk_minutes + buffer_minutes), '', {_SHORTEST}, NULL, NULL, NULL, NULL
    FROM sessions_app_service WHERE is_active
    ORDER BY 2, 1
"""
_THIS_NURSE_AND_ROOM = f" AND hours.nurse_id = %s AND EXISTS ({_USABLE_ROOMS} AND room.id = %s)"


@dataclass(frozen=True, slots=True)
class SetUp:
    """Who works when, in which rooms a service is given (id and name), both by name; and the shortest of all visits.

    `shortest` is None where no service is offered.
    """

    nurses: list[OpenNurse]
    rooms: list[tuple[int, str]]
    shortest: timedelta | None


def set_up_for(
    service: Service,
    *,
    first_date: date,
    last_date: date,
    zone: ZoneInfo,
    nurse: User | None = None,
    room: Room | None = None,
) -> SetUp:
    """What could take the service between the dates; only `nurse` and `room` where such are wished. One query."""
    dates = [last_date, first_date, first_date, last_date]
    facts: list[str | int | date] = [*dates, f"%|{Role.NURSE}|%", *[service.pk] * 4]
    with connection.cursor() as cursor:
        cursor.execute(_SET_UP, facts)
        rows: list[_Hours] = cursor.fetchall()
    rooms = [(row[0], row[1]) for row in rows if row[2] == _ROOM and (room is None or row[0] == room.pk)]
    least = next(row[0] for row in rows if row[2] == _SHORTEST)
    hours = [row for row in rows if row[2] not in (_ROOM, _SHORTEST)]
    nurses = _opened(hours, days_between(first_date, last_date), zone, only=nurse.pk if nurse else None)
    return SetUp(nurses, rooms, None if least is None else timedelta(minutes=least))


def open_nurses(
    service: Service, *, first_date: date, last_date: date, zone: ZoneInfo, nurse: User | None = None
) -> list[OpenNurse]:
    """The nurses for the service with hours between the dates, by name; only `nurse` if one is wished. One query."""
    dates = [last_date, first_date, first_date, last_date]
    facts: list[str | int | date] = [*dates, f"%|{Role.NURSE}|%", service.pk, service.pk]
    wanted = nurse.pk if nurse else None
    return _open_nurses(_OPEN_NURSES + _BY_NAME, facts, days_between(first_date, last_date), zone, only=wanted)


def nurses_of_any_service(*, first_date: date, last_date: date, zone: ZoneInfo) -> list[OpenNurse]:
    """The nurses with hours between the dates who may give at least one offered service, by name. One query."""
    facts: list[str | int | date] = [last_date, first_date, first_date, last_date, f"%|{Role.NURSE}|%"]
    return _open_nurses(_NURSES_OF_ANY_SERVICE + _BY_NAME, facts, days_between(first_date, last_date), zone)


def opened_for(
    service: Service, *, nurse_id: int, room_id: int, first_date: date, last_date: date, zone: ZoneInfo
) -> list[Period]:
    """When this nurse works and may give the service, none if the room is not used for it. One query."""
    dates = [last_date, first_date, first_date, last_date]
    facts: list[str | int | date] = [
        *dates,
        f"%|{Role.NURSE}|%",
        service.pk,
        service.pk,
        nurse_id,
        service.pk,
        service.pk,
        room_id,
    ]
    found = _open_nurses(_OPEN_NURSES + _THIS_NURSE_AND_ROOM, facts, days_between(first_date, last_date), zone)
    return [period for nurse in found for period in nurse.opened]


def _open_nurses(
    sql: str, facts: list[str | int | date], days: list[date], zone: ZoneInfo, only: int | None = None
) -> list[OpenNurse]:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        return _opened(cursor.fetchall(), days, zone, only=only)


def _opened(rows: Iterable[_Hours], days: list[date], zone: ZoneInfo, *, only: int | None) -> list[OpenNurse]:
    hours: dict[tuple[int, str], tuple[list[WeeklyHours], list[DatedHours]]] = {}
    for nurse_id, name, weekday, starts, ends, valid_from, valid_until in rows:
        if only is not None and nurse_id != only:
            continue
        weekly, dated = hours.setdefault((nurse_id, name), ([], []))
        if weekday is None:
            dated.append(DatedHours(valid_from, starts, ends))
        else:
            weekly.append(WeeklyHours(weekday, starts, ends, valid_from, valid_until))
    return [OpenNurse(id, name, opening_periods(w, days, zone, d)) for (id, name), (w, d) in hours.items()]


def entries_meeting(starts_at: datetime, ends_at: datetime) -> QuerySet[CalendarEntry]:
    """Active entries with a moment in `[starts_at, ends_at)`, holds that are over included; served by an index."""
    return _entries_meeting(**meeting(starts_at, ends_at))


def meeting(starts_at: datetime, ends_at: datetime) -> dict[str, datetime]:
    """The values of `entries_meeting_blanks` for `[starts_at, ends_at)`."""
    return {"earliest": starts_at - LONGEST_ENTRY, "starts_at": starts_at, "ends_at": ends_at}


def entries_meeting_blanks() -> QuerySet[CalendarEntry]:
    """`entries_meeting` for a `Prepared` query."""
    return _entries_meeting(**{name: Blank(name, DateTimeField()) for name in ("earliest", "starts_at", "ends_at")})


def _entries_meeting(*, earliest: Any, starts_at: Any, ends_at: Any) -> QuerySet[CalendarEntry]:
    return CalendarEntry.objects.filter(
        active=True, starts_at__gt=earliest, starts_at__lt=ends_at, ends_at__gt=starts_at
    )


BusyRow = tuple[int | None, int | None, int | None, datetime, datetime]


def busy_rows(
    starts_at: datetime, ends_at: datetime, *, now: datetime, ignore_entry: int | None = None
) -> Iterator[BusyRow]:
    """(nurse, room, patient, starts_at, ends_at) of what takes time; holds that are over are left out. One query."""
    return iter(_BUSY.rows(**meeting(starts_at, ends_at), now=now, ignored=ignore_entry or _NO_ENTRY))


def _busy() -> QuerySet[Any, tuple[Any, ...]]:
    living = Q(hold_expires_at__isnull=True) | Q(hold_expires_at__gt=Blank("now", DateTimeField()))
    entries = entries_meeting_blanks().filter(living).exclude(pk=Blank("ignored", BigIntegerField()))
    return entries.values_list("nurse_id", "room_id", "patient_id", "starts_at", "ends_at")


_BUSY, _NO_ENTRY = Prepared(_busy), 0
