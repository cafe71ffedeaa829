"""What a patient's page says at one instant, as numbers and dates. Pure: plans and an instant in, no words out.

The stocking comes from the united plans (`clinic.protocol.timeline_of`), so that overlapping plans read as one. Days
are counted on the clinic's wall clock, because patients follow the clock on the wall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic.protocol import (
    BookingWindow,
    CompressionState,
    ItemKey,
    Leg,
    Plan,
    Stretch,
    StretchKind,
    Timeline,
    timeline_of,
    timelines_of_legs,
)
from clinic.protocol.zones import local_date, local_time, zone_named

STRIP_DAYS = 7


class Phase(StrEnum):
    """The one big thing of the page."""

    NO_PLAN = "no_plan"
    CONTINUOUS = "continuous"
    DAYTIME = "daytime"
    WATCH = "watch"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a stretch on the wall clock: whole days, then whole hours, then minutes; and as a share."""

    days: int
    hours: int
    minutes: int
    total_days: int
    percent: int


@dataclass(frozen=True, slots=True)
class Stocking:
    """What the stocking of the named legs asks now. `until` is an instant, `last_date` the last date of the phase."""

    phase: Phase
    legs: frozenset[Leg]
    until: datetime
    last_date: date
    left: Left


@dataclass(frozen=True, slots=True)
class Walks:
    """The run of daily walks that holds today or comes next; `strip` are at most seven dates around today."""

    first_date: date
    last_date: date
    strip: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class AvoidGroup:
    """Things to leave until the same instant."""

    until: datetime
    keys: tuple[ItemKey, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """One patient at one instant. `stockings` has one entry, or one per leg when the legs differ, stricter first."""

    phase: Phase
    day_date: date
    zone: ZoneInfo
    day: int | None
    timeline: Timeline
    of_leg: Mapping[Leg, Timeline]
    stockings: tuple[Stocking, ...]
    daytime_last_date: date | None
    walks: Walks | None
    avoid: tuple[AvoidGroup, ...]
    repeat_window: BookingWindow | None
    watch_last_date: date | None

    @property
    def stocking(self) -> Stocking | None:
        """The stricter of what the legs get."""
        return self.stockings[0] if self.stockings else None


def today_of(plans: Sequence[Plan], now: datetime, *, zone: ZoneInfo) -> Today:
    """The page's facts for plans of one patient in any order; `zone` is used while there is no plan."""
    active = [plan for plan in plans if not plan.is_empty]
    timeline = timeline_of(active)
    zone = zone_named(timeline.time_zone) if active else zone
    day = local_date(now, zone)
    of_leg = timelines_of_legs(active)
    stockings = _stockings(of_leg, now, zone)
    newest = max((plan.session_date for plan in active), default=None)
    return Today(
        phase=_phase(active, stockings, timeline, day),
        day_date=day,
        zone=zone,
        day=(day - newest).days if newest else None,
        timeline=timeline,
        of_leg=of_leg,
        stockings=stockings,
        daytime_last_date=timeline.daytime_last_date,
        walks=_walks(timeline, day),
        avoid=_avoid(active, timeline, now),
        repeat_window=timeline.repeat_window,
        watch_last_date=timeline.watch_last_date,
    )


def _phase(plans: Sequence[Plan], stockings: Sequence[Stocking], timeline: Timeline, day: date) -> Phase:
    if stockings:
        return stockings[0].phase
    if not plans:
        return Phase.NO_PLAN
    is_watching = timeline.watch_last_date is not None and day <= timeline.watch_last_date
    return Phase.WATCH if is_watching else Phase.OVER


def _stockings(of_leg: Mapping[Leg, Timeline], now: datetime, zone: ZoneInfo) -> tuple[Stocking, ...]:
    """One answer for all legs that agree; a leg whose phase or end differs gets its own."""
    answers: dict[tuple[str, datetime], set[Leg]] = {}
    worn: dict[tuple[str, datetime], Stretch] = {}
    for leg, timeline in of_leg.items():
        stretch = timeline.segment_at(now, StretchKind.COMPRESSION)
        if stretch is not None:
            key = (stretch.state, stretch.ends_at)
            answers.setdefault(key, set()).add(leg)
            if key not in worn or stretch.starts_at < worn[key].starts_at:
                worn[key] = stretch
    stocked = [_stocking(worn[key], frozenset(legs), now, zone) for key, legs in answers.items()]
    return tuple(sorted(stocked, key=lambda each: (each.phase is not Phase.CONTINUOUS, -each.until.timestamp())))


def _stocking(stretch: Stretch, legs: frozenset[Leg], now: datetime, zone: ZoneInfo) -> Stocking:
    is_continuous = stretch.state == CompressionState.CONTINUOUS
    return Stocking(
        phase=Phase.CONTINUOUS if is_continuous else Phase.DAYTIME,
        legs=legs,
        until=stretch.ends_at,
        last_date=local_date(stretch.ends_at - timedelta(microseconds=1), zone),
        left=left_of(stretch, now, zone) if is_continuous else _dates_left(stretch, now, zone),
    )


def left_of(stretch: Stretch, now: datetime, zone: ZoneInfo) -> Left:
    """Wall-clock days, hours and minutes until the end: across a clock change three days stay three days."""
    end, total = local_time(stretch.ends_at, zone), local_time(stretch.starts_at, zone)
    left = max(end - local_time(now, zone), timedelta())
    hours, seconds = divmod(left.seconds, 3600)
    return Left(
        days=left.days,
        hours=hours,
        minutes=max(-(-seconds // 60), 1) if not left.days and not hours else seconds // 60,
        total_days=round((end - total) / timedelta(days=1)),
        percent=_percent(left, end - total),
    )


def _dates_left(stretch: Stretch, now: datetime, zone: ZoneInfo) -> Left:
    """Dates that are left, today among them: a phase by day has no hour at which it ends."""
    first, last = local_date(stretch.starts_at, zone), local_date(stretch.ends_at - timedelta(microseconds=1), zone)
    days, total = (last - local_date(now, zone)).days + 1, (last - first).days + 1
    return Left(days=days, hours=0, minutes=0, total_days=total, percent=_percent(timedelta(days), timedelta(total)))


def _percent(part: timedelta, whole: timedelta) -> int:
    return min(max(round(100 * (part / whole)), 1), 100) if whole else 0


def _walks(timeline: Timeline, day: date) -> Walks | None:
    for first, last in timeline.walk_dates:
        if day <= last:
            return Walks(first, last, _strip(first, last, day))
    return None


def _strip(first: date, last: date, day: date) -> tuple[date, ...]:
    """All dates when they fit, otherwise the seven that begin the day before today."""
    length = (last - first).days + 1
    start = first
    if length > STRIP_DAYS:
        latest = last - timedelta(days=STRIP_DAYS - 1)
        start = min(max(day - timedelta(days=1), first), latest)
    return tuple(start + timedelta(days=number) for number in range(min(length, STRIP_DAYS)))


def _avoid(plans: Sequence[Plan], timeline: Timeline, now: datetime) -> tuple[AvoidGroup, ...]:
    """Everything that is still left alone, by its end, soonest first; a pause in breastfeeding among them."""
    groups: dict[datetime, list[ItemKey]] = {}
    for avoided in timeline.state_at(now).avoid:
        groups.setdefault(avoided.until, []).append(avoided.key)
    pauses = [item.ends_at for plan in plans for item in plan.timed(ItemKey.BREASTFEEDING_PAUSE) if item.ends_at > now]
    if pauses:
        groups.setdefault(max(pauses), []).append(ItemKey.BREASTFEEDING_PAUSE)
    return tuple(AvoidGroup(until, tuple(keys)) for until, keys in sorted(groups.items()))
