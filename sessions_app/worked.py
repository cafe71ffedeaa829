"""When the clinic is worked: the hours of nurses, without their time off and what is closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from clinic.models import Clinic
from clinic.prepared import Prepared
from clinic.protocol.zones import local_date
from sessions_app.availability import Period, united, without
from sessions_app.capacity import OpenNurse, entries_meeting_blanks, meeting, nurses_of_any_service
from sessions_app.models import CalendarEntry

# Looked up this many days ahead: promises of seven days end before that unless the clinic is closed.
_DAYS_AHEAD = 28


def worked(clinic: Clinic, now: datetime) -> list[Period]:
    """When at least one nurse works, whatever she gives, from the date of `now` on; empty where no hours are set up.

    A clinic that gives first visits on Mondays alone is at work on Tuesdays too. Two queries.
    """
    first, last = days_ahead(clinic, now)
    return without_time_off(nurses_of_any_service(first_date=first, last_date=last, zone=clinic.zone))


def days_ahead(clinic: Clinic, now: datetime) -> tuple[date, date]:
    """The first and the last date for which hours are looked up."""
    return local_date(now, clinic.zone), local_date(now + timedelta(days=_DAYS_AHEAD), clinic.zone)


def without_time_off(nurses: Sequence[OpenNurse]) -> list[Period]:
    """When one of `nurses` is there, in order: their hours without closures and time off. One query."""
    opened = [period for nurse in nurses for period in nurse.opened]
    if not opened:
        return []
    closed: dict[int | None, list[Period]] = {}
    between = meeting(min(opened).starts_at, max(each.ends_at for each in opened))
    for nurse_id, starts_at, ends_at in _TIME_OFF.rows(**between):
        closed.setdefault(nurse_id, []).append(Period(starts_at, ends_at))
    return united(part for nurse in nurses for part in without(nurse.opened, closed.get(nurse.id, ())))


def _time_off() -> QuerySet[Any, tuple[Any, ...]]:
    shut = entries_meeting_blanks().filter(kind__in=CalendarEntry.SHUT)
    return shut.values_list("nurse_id", "starts_at", "ends_at")


_TIME_OFF = Prepared(_time_off)
