"""When somebody is free: opening hours in wall-clock time, minus what is booked, on the grid. Pure: no clock, no I/O.

Instants are aware and in UTC; days and times of day are the clinic's wall clock. On the day of a clock change an hour
that does not exist holds no start, and an hour that exists twice holds each start twice, as two different instants.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """``[starts_at, ends_at)``: neighbours share an instant and do not meet. ``ValueError`` when it is empty."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if not self.starts_at < self.ends_at:
            raise ValueError("a period ends after it starts")

    def meets(self, other: "Period") -> bool:
        """Whether both have a moment in common."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def covers(self, other: "Period") -> bool:
        """Whether no moment of the other is outside of this one."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Open on one weekday (0 is Monday) for ``[starts, ends)`` on the wall clock; the valid dates are inclusive."""

    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_until: date | None = None

    def hold_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class DatedHours:
    """Open on one date for ``[starts, ends)`` on the wall clock, instead of whatever the weekday has."""

    day: date
    starts: time
    ends: time


def days_between(first: date, last: date) -> list[date]:
    """Every date from the first to the last, both inclusive."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def day_period(day: date, zone: ZoneInfo) -> Period:
    """A calendar date in a zone: 23, 24 or 25 hours."""
    midnight, next_midnight = (datetime.combine(each, time()) for each in (day, day + timedelta(days=1)))
    return Period(_edge(midnight, zone, 0), _edge(next_midnight, zone, 0))


def opening_periods(
    hours: Iterable[WeeklyHours], days: Iterable[date], zone: ZoneInfo, dated: Iterable[DatedHours] = ()
) -> list[Period]:
    """When it is open on those days, in order; hours that touch are one period, a gap between two is a break.

    Hours of one date replace the weekly ones of that date. An end in a repeated hour is the later one, an edge in a
    missing hour is the moment of the change.
    """
    hours, of_date = tuple(hours), dict[date, list[DatedHours]]()
    for exception in dated:
        of_date.setdefault(exception.day, []).append(exception)
    opened = []
    for day in days:
        rows: Sequence[DatedHours | WeeklyHours] = of_date.get(day) or [row for row in hours if row.hold_on(day)]
        for row in rows:
            starts_at = _edge(datetime.combine(day, row.starts), zone, 0)
            ends_at = _edge(datetime.combine(day, row.ends), zone, 1)
            if starts_at < ends_at:
                opened.append(Period(starts_at, ends_at))
    return united(opened)


@lru_cache(maxsize=16384)
def _edge(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """The instant of a wall-clock time: of a repeated one the first (fold 0) or second, of a missing one the change."""
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return instant
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _change_between(before, after, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second at which the clock of the zone shows the offset that it has at ``after``."""
    offset = after.astimezone(zone).utcoffset()
    first = before.replace(microsecond=0)
    seconds = range(int((after - first).total_seconds()) + 1)
    return first + _SECOND * bisect_left(
        seconds, True, key=lambda second: (first + _SECOND * second).astimezone(zone).utcoffset() == offset
    )


def united(periods: Iterable[Period]) -> list[Period]:
    """The same moments as fewest periods, in order."""
    joined: list[Period] = []
    for period in sorted(periods, key=attrgetter("starts_at", "ends_at")):
        if joined and period.starts_at <= joined[-1].ends_at:
            joined[-1] = Period(joined[-1].starts_at, max(joined[-1].ends_at, period.ends_at))
        else:
            joined.append(period)
    return joined


def without(periods: Iterable[Period], taken: Iterable[Period]) -> list[Period]:
    """The moments of ``periods`` that are in none of ``taken``, in order."""
    gaps = united(taken)
    ends = [gap.ends_at for gap in gaps]
    left = []
    for period in united(periods):
        free_from = period.starts_at
        for gap in gaps[bisect_right(ends, free_from) :]:
            if gap.starts_at >= period.ends_at:
                break
            if free_from < gap.starts_at:
                left.append(Period(free_from, gap.starts_at))
            free_from = gap.ends_at
        if free_from < period.ends_at:
            left.append(Period(free_from, period.ends_at))
    return left


def is_covered(period: Period, opened: Sequence[Period]) -> bool:
    """Whether one of the periods holds all of it; they are in order and do not meet, as `united` gives them."""
    before = bisect_right(opened, period.starts_at, key=lambda each: each.starts_at)
    return before > 0 and opened[before - 1].covers(period)


def is_on_grid(instant: datetime, *, zone: ZoneInfo, grid_minutes: int) -> bool:
    """Whether the wall clock shows a whole step of the grid, counted from midnight."""
    wall = instant.astimezone(zone)
    return wall.second == wall.microsecond == 0 and (wall.hour * 60 + wall.minute) % grid_minutes == 0


def grid_starts(periods: Iterable[Period], *, zone: ZoneInfo, grid_minutes: int) -> list[datetime]:
    """Every instant of the periods that is on the grid, in order; a period lies within one day of the zone."""
    step = timedelta(minutes=grid_minutes)
    starts: list[datetime] = []
    for period in united(periods):
        for part in _of_one_offset(period, zone):
            wall = part.starts_at.astimezone(zone)
            since_midnight = timedelta(
                hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
            )
            start = part.starts_at + -since_midnight % step
            while start < part.ends_at:
                starts.append(start)
                start += step
    return starts


def _of_one_offset(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """The period, cut at a clock change inside of it."""
    last = period.ends_at - timedelta(microseconds=1)
    if period.starts_at.astimezone(zone).utcoffset() == last.astimezone(zone).utcoffset():
        yield period
        return
    change = _change_between(period.starts_at, period.ends_at, zone)
    yield Period(period.starts_at, change)
    if change < period.ends_at:
        yield Period(change, period.ends_at)


class Starts:
    """The possible starts of visits of one length; which of them suit a person or a room is one integer, bit by bit.

    Combining a nurse, a room and a patient is then ``&`` on integers, whatever the number of entries behind them.
    """

    __slots__ = ("all", "instants", "length")

    def __init__(self, instants: Sequence[datetime], length: timedelta) -> None:
        """``instants`` in ascending order."""
        self.instants, self.length = instants, length
        self.all = (1 << len(instants)) - 1

    def within(self, opened: Iterable[Period]) -> int:
        """The starts whose whole visit lies in one of the periods."""
        bits = 0
        for period in opened:
            bits |= self._between(
                bisect_left(self.instants, period.starts_at), bisect_right(self.instants, period.ends_at - self.length)
            )
        return bits

    def meeting(self, starts_at: datetime, ends_at: datetime) -> int:
        """The starts whose visit would have a moment in common with ``[starts_at, ends_at)``."""
        return self._between(bisect_right(self.instants, starts_at - self.length), bisect_left(self.instants, ends_at))

    def from_to(self, starts_at: datetime | None, ends_at: datetime | None) -> int:
        """The starts in ``[starts_at, ends_at)``; None leaves that side open."""
        first = 0 if starts_at is None else bisect_left(self.instants, starts_at)
        end = len(self.instants) if ends_at is None else bisect_left(self.instants, ends_at)
        return self._between(first, end)

    def numbers(self, bits: int) -> Iterator[int]:
        """The positions in ``instants`` that are set, in ascending order."""
        digits = format(bits, "b")[::-1]
        at = digits.find("1")
        while at >= 0:
            yield at
            at = digits.find("1", at + 1)

    @staticmethod
    def _between(first: int, end: int) -> int:
        return ((1 << (end - first)) - 1) << first if first < end else 0
