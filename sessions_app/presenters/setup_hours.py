"""The hours of nurses as pages show them: a week at a glance with its exceptions, and when each week holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.models import User
from clinic.protocol.zones import local_time
from sessions_app.availability import Period, day_period, days_between, united
from sessions_app.forms.spans import Span, spans_words
from sessions_app.models import CalendarEntry, DatedHours, NurseHours
from sessions_app.models.setup import WEEKDAYS
from sessions_app.outside import hours_rows
from sessions_app.wording import day_words

_DAY = timedelta(days=1)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of hours on a line of 100 from `Glance.first` to `Glance.last`."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One nurse on one date."""

    date: date
    spans: list[str]
    bars: list[Bar]
    is_exception: bool
    off: list[str]

    @property
    def words(self) -> str:
        return ", ".join(self.spans)


@dataclass(frozen=True, slots=True)
class NurseRow:
    name: str
    public_id: UUID
    cells: list[Cell]
    hours: str


@dataclass(frozen=True, slots=True)
class Glance:
    """A week of every nurse."""

    monday: date
    dates: list[date]
    rows: list[NurseRow]

    @property
    def words(self) -> str:
        last = self.dates[-1]
        return f"{day_words(self.monday)} to {day_words(last)} {last.year}"

    @property
    def before(self) -> date:
        return self.monday - 7 * _DAY

    @property
    def after(self) -> date:
        return self.monday + 7 * _DAY


def week_at_a_glance(nurses: Sequence[User], *, monday: date, zone: ZoneInfo) -> Glance:
    """What each nurse works in the week that begins on that Monday. Three queries for any number of nurses."""
    dates = days_between(monday, monday + 6 * _DAY)
    weekly, dated = hours_rows([nurse.pk for nurse in nurses], dates[0], dates[-1])
    off = _off_by_nurse(nurses, dates, zone)
    spans: dict[tuple[int, date], list[Span]] = {}
    exceptions = set()
    for nurse in nurses:
        for day in dates:
            own = [(row.starts, row.ends) for row in dated.get(nurse.pk, ()) if row.day == day]
            usual = [(row.starts, row.ends) for row in weekly.get(nurse.pk, ()) if row.hold_on(day)]
            spans[nurse.pk, day] = sorted(own or usual)
            exceptions |= {(nurse.pk, day)} if own else set()
    edges = [edge for some in spans.values() for span in some for edge in span]
    axis = (_minute(min(edges)), _minute(max(edges))) if edges else (0, _DAY_MINUTES)
    rows = [
        NurseRow(
            name=nurse.name,
            public_id=nurse.public_id,
            cells=[
                Cell(
                    date=day,
                    spans=[f"{a:%H:%M}–{b:%H:%M}" for a, b in spans[nurse.pk, day]],
                    bars=[_bar(span, *axis) for span in spans[nurse.pk, day]],
                    is_exception=(nurse.pk, day) in exceptions,
                    off=off.get((nurse.pk, day), []),
                )
                for day in dates
            ],
            hours=_sum_words([span for day in dates for span in spans[nurse.pk, day]]),
        )
        for nurse in nurses
    ]
    return Glance(monday, dates, rows)


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _bar(span: Span, first: int, last: int) -> Bar:
    starts, ends = (_minute(edge) for edge in span)
    return Bar(round((starts - first) * 100 / (last - first), 2), round((ends - starts) * 100 / (last - first), 2))


def _sum_words(spans: Sequence[Span]) -> str:
    """ "37.5 h" """
    minutes = sum(_minute(ends) - _minute(starts) for starts, ends in spans)
    return f"{minutes / 60:g} h" if minutes else "none"


def _off_by_nurse(nurses: Sequence[User], dates: Sequence[date], zone: ZoneInfo) -> dict[tuple[int, date], list[str]]:
    """The titles of closures and time off that a nurse is in on a date, with the times when it is not all of it."""
    week = Period(day_period(dates[0], zone).starts_at, day_period(dates[-1], zone).ends_at)
    rows = CalendarEntry.objects.filter(
        nurse__in=nurses,
        kind__in=CalendarEntry.SHUT,
        closure__ended_at__isnull=True,
        starts_at__gte=week.starts_at,
        starts_at__lt=week.ends_at,
    ).values_list("nurse_id", "closure_id", "closure__title", "starts_at", "ends_at")
    parts: dict[tuple[int, date, int, str], list[Period]] = {}
    for nurse, closure, title, starts_at, ends_at in rows:
        day = local_time(starts_at, zone).date()
        parts.setdefault((nurse or 0, day, closure or 0, title or ""), []).append(Period(starts_at, ends_at))
    found: dict[tuple[int, date], list[str]] = {}
    for (nurse, day, _, title), periods in parts.items():
        times = "" if united(periods) == [day_period(day, zone)] else f", {_times(united(periods), zone)}"
        found.setdefault((nurse, day), []).append(f"{title}{times}")
    return found


def _times(periods: Sequence[Period], zone: ZoneInfo) -> str:
    first, last = local_time(periods[0].starts_at, zone), local_time(periods[-1].ends_at, zone)
    return f"{first:%H:%M}–{last:%H:%M}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A week that holds from a date on, until another one if there is one."""

    first: date
    last: date | None
    days: list[tuple[str, str]]
    is_now: bool

    @property
    def words(self) -> str:
        since = f"{day_words(self.first)} {self.first.year}"
        if self.last is None:
            return f"Since {since}" if self.is_now else f"From {since}"
        return f"{since} until {day_words(self.last)} {self.last.year}"


def stretches_of(nurse: User, *, today: date) -> list[Stretch]:
    """The week of today and every one that is to come, in order. One query."""
    rows = [row for row in nurse.hours.order_by("valid_from") if row.valid_until is None or row.valid_until >= today]
    edges = {row.valid_from for row in rows} | {row.valid_until + _DAY for row in rows if row.valid_until}
    starts = sorted(edges)
    found = []
    for number, first in enumerate(starts):
        last = starts[number + 1] - _DAY if number + 1 < len(starts) else None
        holding = [
            row for row in rows if row.valid_from <= first and (row.valid_until is None or row.valid_until >= first)
        ]
        if not (last is not None and last < today) and (holding or last is not None):
            found.append(Stretch(first, last, _grouped(_days(holding)), first <= today))
    return found


def _days(rows: Sequence[NurseHours]) -> list[tuple[str, str]]:
    return [
        (name, spans_words(sorted((row.starts, row.ends) for row in rows if row.weekday == number)))
        for number, name in enumerate(WEEKDAYS)
    ]


def _grouped(days: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring days with the same hours as one: ("Mon to Fri", "08:00-18:00")."""
    runs = [list(run) for _, run in groupby(days, key=lambda day: day[1])]
    return [(run[0][0] if len(run) == 1 else f"{run[0][0]} to {run[-1][0]}", run[0][1]) for run in runs]


def typed_week(nurse: User, *, day: date) -> dict[str, str]:
    """The fields of the form filled with the week that holds on a date. One query."""
    rows = [
        row for row in nurse.hours.all() if row.valid_from <= day and (not row.valid_until or row.valid_until >= day)
    ]
    return {f"day_{number}": words for number, (_, words) in enumerate(_days(rows))}


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    date: date
    when: str
    hours: str
    note: str


def exceptions_of(nurse: User, *, today: date) -> list[ExceptionRow]:
    """Dates to come that have hours of their own, in order. One query."""
    found: dict[date, list[DatedHours]] = {}
    for row in nurse.dated_hours.filter(date__gte=today).order_by("date", "starts"):
        found.setdefault(row.date, []).append(row)
    return [
        ExceptionRow(day, f"{day_words(day)} {day.year}", spans_words((r.starts, r.ends) for r in rows), rows[0].note)
        for day, rows in found.items()
    ]


def next_monday(now: datetime, zone: ZoneInfo) -> date:
    today = local_time(now, zone).date()
    return today + timedelta(days=7 - today.weekday())
