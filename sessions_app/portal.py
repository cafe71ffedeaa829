"""What patients may do with their own visits: which they are, and to which free times one can be moved.

Only starts leave this module: whose calendar is free or taken is nobody's business but the clinic's.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.models import Clinic, User
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.free_times import Search, last_bookable_date
from sessions_app.models import Appointment
from sessions_app.repeat import RepeatRules, repeat_rules

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
# Without a repeat window that many days are looked through at once; a link leads on to the next ones.
_DAYS_AT_ONCE = 14


class WhyNot(StrEnum):
    """Why a visit cannot be moved on the patient's page; asking in words is always possible."""

    NOT_HERE = "not_here"  # the clinic wants to be asked
    TOO_LATE = "too_late"  # the visit is nearer than the notice
    CLINIC_DECIDES = "clinic_decides"  # a hold, or the window is over


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """`starts` in order, at most one an hour. `why_not` says why there can be none; `next_date` goes on searching."""

    starts: tuple[datetime, ...] = ()
    why_not: WhyNot | None = None
    next_date: date | None = None


def coming_visits(user: User, now: datetime) -> list[Appointment]:
    """The booked visits of the patient who is signed in, nearest first. One query."""
    mine = Appointment.objects.visible_to(user).upcoming(now)
    return list(mine.select_related("entry__patient", "entry__nurse", "service"))


def why_not_move(visit: Appointment, *, clinic: Clinic, now: datetime) -> WhyNot | None:
    """What can be said without looking at the calendar; None where the patient may look for another time."""
    if not clinic.patients_may_move:
        return WhyNot.NOT_HERE
    notice = timedelta(hours=clinic.patient_move_notice_hours)
    return WhyNot.TOO_LATE if visit.starts_at < now + notice else None


def free_times(visit: Appointment, *, clinic: Clinic, now: datetime, first_date: date | None = None) -> FreeTimes:
    """The times to which the patient can move `visit` now, by the rules that `sessions_app.booking.move` applies.

    Inside the repeat window all of them; without one those of two weeks from `first_date` on. Seven queries at most.
    """
    if why_not := why_not_move(visit, clinic=clinic, now=now):
        return FreeTimes(why_not=why_not)
    rules = repeat_rules(visit.patient, visit.service)
    earliest = now + timedelta(hours=clinic.patient_move_notice_hours)
    first, last, following = _dates(rules, visit, clinic=clinic, earliest=earliest, wanted=first_date, now=now)
    if rules is not None and (rules.holds or last < first):
        return FreeTimes(why_not=WhyNot.CLINIC_DECIDES)
    search = Search(
        clinic=clinic,
        service=visit.service,
        first_date=first,
        last_date=last,
        now=now,
        patient=visit.patient,
        length=visit.entry.ends_at - visit.entry.starts_at,
        ignore_entry=visit.entry_id,
    )
    bits = search.starts.from_to(max(earliest, start_of_day(first, clinic.zone)), None)
    starts = dict.fromkeys(slot.starts_at for slot in search.slots(bits))
    starts.pop(visit.starts_at, None)
    return FreeTimes(starts=_one_an_hour(list(starts)), next_date=following)


def _dates(
    rules: RepeatRules | None,
    visit: Appointment,
    *,
    clinic: Clinic,
    earliest: datetime,
    wanted: date | None,
    now: datetime,
) -> tuple[date, date, date | None]:
    """First and last date of the search, and the first of the next one; the last is before the first where none is."""
    soonest = local_date(earliest, clinic.zone)
    horizon = last_bookable_date(clinic, now, visit.service)
    if rules is not None:
        return max(soonest, rules.window.first_date), min(rules.window.last_date, horizon), None
    first = min(max(soonest, wanted or soonest), horizon)
    last = min(first + (_DAYS_AT_ONCE - 1) * _DAY, horizon)
    return first, last, last + _DAY if last < horizon else None


def _one_an_hour(starts: list[datetime]) -> tuple[datetime, ...]:
    """The first free start of each hour: enough to choose from on a phone, and little to read a calendar from."""
    return tuple({start.replace(minute=0): start for start in reversed(starts)}.values())[::-1]
