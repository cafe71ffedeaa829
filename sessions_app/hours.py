"""The hours of nurses: a week from a date on, the hours of one date, and what a change does to visits booked already.

Nothing that was worked is rewritten: a change begins today at the earliest, ends the former lines the day before and
writes new ones. Every change queues with the bookings of its nurse, so that no visit is missed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, User
from clinic.protocol.zones import local_date
from sessions_app.availability import day_period
from sessions_app.closures import cover
from sessions_app.entries import lock_resources
from sessions_app.models import Appointment, DatedHours, NurseHours
from sessions_app.outside import booked_visits, open_tasks, with_consequences
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import with_retries
from sessions_app.wording import day_words

__all__ = ["change_week", "clear_date", "hours_stamp", "open_tasks", "set_date"]

Span = tuple[time, time]
"""From and to on the clinic's wall clock."""
Week = Mapping[int, Sequence[Span]]
"""The spans of each weekday, 0 is Monday; a weekday that is missing is free."""

_DAY = timedelta(days=1)
_LAST_DATE = date(2100, 1, 1)


def hours_stamp(nurse: User) -> str:
    """A word that is another one as soon as any hours of the nurse have changed. Two queries."""
    rows = [
        *nurse.hours.order_by("pk").values_list("pk", "valid_from", "valid_until"),
        *nurse.dated_hours.order_by("pk").values_list("pk"),
    ]
    return blake2b(repr(rows).encode(), digest_size=9).hexdigest()


def change_week(
    *,
    nurse: User,
    week: Week,
    first_date: date,
    last_date: date | None = None,
    accepted: Collection[UUID] = (),
    stamp: str | None = None,
    by: User,
    now: datetime | None = None,
) -> list[Appointment]:
    """The nurse works like this from `first_date` on, until `last_date` if there is one, then as before.

    Returns the visits that fall outside by it; each has got a task. Raises `VisitsOutside` when one of them is not
    among the `accepted` ids, `Stale` when the hours are not those of `stamp`, `Refused` for hours that cannot be.
    """
    at = now or timezone.now()
    for weekday, spans in week.items():
        _check_spans(spans, field=f"day_{weekday}")
    _check_dates(first_date, last_date, today=_today(at))

    def write() -> None:
        _end_rows(nurse, first_date, last_date)
        NurseHours.objects.bulk_create(
            NurseHours(nurse=nurse, weekday=day, starts=a, ends=b, valid_from=first_date, valid_until=last_date)
            for day, spans in sorted(week.items())
            for a, b in sorted(spans)
        )
        cover(nurse_ids=[nurse.pk], by=by, now=at)
        facts = {str(day): [f"{a:%H:%M}-{b:%H:%M}" for a, b in sorted(spans)] for day, spans in sorted(week.items())}
        _record("hours changed", nurse, by, first_date=first_date, last_date=last_date, week=facts)

    return _change(nurse, write, _visits_of(nurse, first_date, last_date, at), accepted, stamp, by, at)


def set_date(
    *,
    nurse: User,
    day: date,
    spans: Sequence[Span],
    note: str = "",
    accepted: Collection[UUID] = (),
    stamp: str | None = None,
    by: User,
    now: datetime | None = None,
) -> list[Appointment]:
    """On this one date the nurse works like this, whatever the week says. Raises as `change_week`."""
    at = now or timezone.now()
    if not spans:
        text = "Enter the hours of that date. For a whole day off, enter time off instead."
        raise Refused(text, rule="spans", field="spans")
    if len(note) > 80:
        raise Refused("Shorten this to 80 characters.", rule="length", field="note")
    _check_spans(spans, field="spans")
    _check_dates(day, day, today=_today(at), field="day")

    def write() -> None:
        nurse.dated_hours.filter(date=day).delete()
        DatedHours.objects.bulk_create(
            DatedHours(nurse=nurse, date=day, starts=a, ends=b, note=note.strip()) for a, b in sorted(spans)
        )
        cover(nurse_ids=[nurse.pk], by=by, now=at)
        _record("hours of a date set", nurse, by, date=day, spans=[f"{a:%H:%M}-{b:%H:%M}" for a, b in sorted(spans)])

    return _change(nurse, write, _visits_of(nurse, day, day, at), accepted, stamp, by, at)


def clear_date(
    *, nurse: User, day: date, accepted: Collection[UUID] = (), by: User, now: datetime | None = None
) -> list[Appointment]:
    """The date has the hours of the week again. Raises `VisitsOutside` as `change_week`; twice changes nothing."""
    at = now or timezone.now()
    if day < _today(at):
        raise Refused("This date is over; what was worked stays as it is.", rule="past", field="day")

    def write() -> None:
        if nurse.dated_hours.filter(date=day).delete()[0]:
            _record("hours of a date cleared", nurse, by, date=day)

    return _change(nurse, write, _visits_of(nurse, day, day, at), accepted, None, by, at)


def _change(
    nurse: User,
    write: Callable[[], None],
    visits: QuerySet[Appointment],
    accepted: Collection[UUID],
    stamp: str | None,
    by: User,
    now: datetime,
) -> list[Appointment]:
    if not User.objects.nurses().filter(pk=nurse.pk).exists():
        raise Refused(f"{nurse.name} does not treat here any more.", rule="nurse")

    @transaction.atomic
    def in_one() -> list[Appointment]:
        lock_resources([nurse.pk], [])
        if stamp is not None and stamp != hours_stamp(nurse):
            raise Stale("Somebody changed these hours while the page was open. Look at them again, then save.")
        return with_consequences(write, visits, accepted=accepted, by=by, now=now)

    return with_retries(in_one)


def _end_rows(nurse: User, first: date, last: date | None) -> None:
    """Take the dates from `first` to `last` out of the nurse's lines; what lies before and after them stays."""
    rows = nurse.hours.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first))
    for row in rows.filter(valid_from__lte=last) if last else rows:
        if last and (row.valid_until is None or row.valid_until > last):
            NurseHours.objects.create(
                nurse=nurse, weekday=row.weekday, starts=row.starts, ends=row.ends,
                valid_from=last + _DAY, valid_until=row.valid_until,
            )  # fmt: skip
        if row.valid_from < first:
            NurseHours.objects.filter(pk=row.pk).update(valid_until=first - _DAY)
        else:
            row.delete()  # it had not begun


def _visits_of(nurse: User, first: date, last: date | None, now: datetime) -> QuerySet[Appointment]:
    """The nurse's coming visits on those dates, a day more on both sides for those over midnight."""
    zone = Clinic.current().zone
    begin = max(now, day_period(first - _DAY, zone).starts_at)
    visits = booked_visits().filter(entry__nurse=nurse, entry__starts_at__gte=begin)
    return visits.filter(entry__starts_at__lt=day_period(last + _DAY, zone).ends_at) if last else visits


def _check_dates(first: date, last: date | None, *, today: date, field: str = "first_date") -> None:
    if first < today:
        text = f"Choose {day_words(today)} or later: what was worked stays as it is."
        raise Refused(text, rule="past", field=field)
    if first > _LAST_DATE or (last and last > _LAST_DATE):
        raise Refused("Choose a date in this century.", rule="horizon", field=field)
    if last is not None and last < first:
        raise Refused("The last day comes after the first, or leave it empty.", rule="dates", field="last_date")


def _check_spans(spans: Iterable[Span], *, field: str) -> None:
    former: time | None = None
    for starts, ends in sorted(spans):
        if ends <= starts:
            raise Refused(f"{starts:%H:%M}-{ends:%H:%M} ends before it starts.", rule="spans", field=field)
        if former is not None and starts < former:
            raise Refused(f"{starts:%H:%M} lies inside of the hours before it.", rule="spans", field=field)
        former = ends


def _today(now: datetime) -> date:
    return local_date(now, Clinic.current().zone)


def _record(action: str, nurse: User, by: User, **facts: Any) -> None:
    kept: dict[str, Any] = {name: str(fact) if isinstance(fact, date) else fact for name, fact in facts.items()}
    audit.record(action, by=by, subject=nurse, **kept)
