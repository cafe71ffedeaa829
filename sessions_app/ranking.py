"""Which free times to offer first, and the few words that say why.

In order of weight: the nurse of last time, near the middle of the window (or soon, without a window), the part of the
day that the patient prefers, no stretch left over that is too short for any visit. The offers differ in half-days, so
that a patient can choose.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from clinic.protocol.zones import local_date, starting_instant
from sessions_app.availability import Period, without
from sessions_app.free_times import Search, Slot
from sessions_app.models import PartOfDay

# In days of distance from the wished time: how far away a visit may be to outweigh another nurse, or a useless gap.
_OTHER_NURSE, _OTHER_PART_OF_DAY, _USELESS_GAP = 2.0, 1.5, 1.0
_DAY = timedelta(days=1)
_SOON = timedelta(hours=36)
# Starts nearer to each other are one time to a patient.
_APART = timedelta(hours=1)
# On the clinic's wall clock: before this hour it is morning, before that one afternoon.
_NOON, _EVENING = 12, 17


def part_of_day(instant: datetime, zone: ZoneInfo) -> PartOfDay:
    """The part of the clinic's day in which a visit starts: from noon it is afternoon, from 17:00 evening."""
    hour = instant.astimezone(zone).hour
    if hour < _NOON:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if hour < _EVENING else PartOfDay.EVENING


def bits_of_parts(search: Search) -> dict[str, int]:
    """The starts of each part of the day, as bits; cut at the edges of the parts, which are few."""
    found = dict.fromkeys(PartOfDay.values, 0)
    for midnight, next_midnight in pairwise(search.edges):
        day = local_date(midnight, search.zone)
        noon, evening = (starting_instant(datetime.combine(day, time(hour)), search.zone) for hour in (_NOON, _EVENING))
        parts = pairwise((midnight, noon, evening, next_midnight))
        for part, (begins, ends) in zip(PartOfDay.values, parts, strict=True):
            found[part] |= search.starts.from_to(begins, ends)
    return found


@dataclass(frozen=True, slots=True)
class Middle:
    """The middle of a window of dates, both inclusive: a whole day, or either of two where their number is even."""

    first_date: date
    last_date: date
    zone: ZoneInfo

    def days_to(self, instant: datetime) -> float:
        """Whole days of the clinic's calendar, so that the hour of a visit makes it no nearer."""
        day = local_date(instant, self.zone)
        return abs((day - self.first_date).days - (self.last_date - day).days) // 2

    def words(self, instant: datetime) -> str:
        return {0: "middle of the window", 1: "near the middle of the window"}.get(int(self.days_to(instant)), "")


@dataclass(frozen=True, slots=True)
class Soonest:
    """As soon after a moment as may be."""

    since: datetime

    def days_to(self, instant: datetime) -> float:
        return abs(instant - self.since) / _DAY

    def words(self, instant: datetime) -> str:
        return "soonest" if abs(instant - self.since) <= _SOON else ""


class Ranking:
    """Scores the slots of one search by what is wished of them."""

    def __init__(self, search: Search, *, wished: Middle | Soonest, nurse_id: int | None) -> None:
        """`nurse_id` treated last time; the part of the day is what the search's patient prefers."""
        self.zone = search.zone
        self.prefers = search.patient.prefers if search.patient else ""
        self.wished, self.nurse_id = wished, nurse_id
        # Several nurses share a start.
        self.days_to: dict[datetime, float] = {}
        self.shortest = search.shortest
        self.stretches = {nurse.id: without(nurse.opened, search.busy[nurse.id]) for nurse in search.nurses}
        self.stretch_starts = {id: [each.starts_at for each in free] for id, free in self.stretches.items()}

    def best(self, slots: Iterable[Slot], *, zone: ZoneInfo, count: int) -> list[Slot]:
        """The best few, best first, as different as they can be; each says why it is offered.

        In different half-days as long as there are such, then well apart, then with another nurse; what stands beside
        another one, as 09:15 beside 09:00, is only offered where there is nothing else.
        """
        ranked = sorted(slots, key=self._score)
        chosen = varied(ranked, zone=zone, count=count)
        for differs in (_is_apart, _is_another, _is_new):
            for slot in ranked:
                if len(chosen) >= count:
                    break
                if all(differs(slot, each) for each in chosen):
                    chosen.append(slot)
        return [slot._replace(why=self.why(slot)) for slot in chosen]

    def why(self, slot: Slot) -> str:
        words = []
        if slot.nurse_id == self.nurse_id:
            words.append("same nurse as last time")
        if place := self.wished.words(slot.starts_at):
            words.append(place)
        if self._is_preferred(slot):
            words.append(f"in the {self.prefers}, as preferred")
        if self._leaves_no_gap(slot):
            words.append("leaves no gap")
        return ", ".join(words) or slot.why

    def _score(self, slot: Slot) -> tuple[float, bool, bool, datetime, str]:
        """The weights together; of equal ones the preferred part of the day, then no useless gap, then the earlier."""
        is_other_part = bool(self.prefers) and not self._is_preferred(slot)
        is_wasteful = any(timedelta(0) < gap < self.shortest for gap in self._gaps(slot))
        score = self._days_to(slot.starts_at) + _OTHER_PART_OF_DAY * is_other_part + _USELESS_GAP * is_wasteful
        if self.nurse_id is not None and slot.nurse_id != self.nurse_id:
            score += _OTHER_NURSE
        return score, is_other_part, is_wasteful, slot.starts_at, slot.nurse_name

    def _days_to(self, instant: datetime) -> float:
        if instant not in self.days_to:
            self.days_to[instant] = self.wished.days_to(instant)
        return self.days_to[instant]

    def _is_preferred(self, slot: Slot) -> bool:
        return bool(self.prefers) and part_of_day(slot.starts_at, self.zone) == self.prefers

    def _leaves_no_gap(self, slot: Slot) -> bool:
        before, after = self._gaps(slot)
        return not (before and after) and all(not gap or gap >= self.shortest for gap in (before, after))

    def _gaps(self, slot: Slot) -> tuple[timedelta, timedelta]:
        """The nurse's free time right before and right after the visit."""
        stretch = self._stretch_of(slot)
        return slot.starts_at - stretch.starts_at, stretch.ends_at - slot.ends_at

    def _stretch_of(self, slot: Slot) -> Period:
        number = bisect_right(self.stretch_starts[slot.nurse_id], slot.starts_at) - 1
        return self.stretches[slot.nurse_id][number]


def _is_apart(slot: Slot, other: Slot) -> bool:
    """A patient who cannot come at one of them may well come at the other."""
    starts = sorted((slot.starts_at, other.starts_at))
    return starts[1] - starts[0] >= max(_APART, slot.ends_at - slot.starts_at)


def _is_another(slot: Slot, other: Slot) -> bool:
    return slot.nurse_id != other.nurse_id or _is_apart(slot, other)


def _is_new(slot: Slot, other: Slot) -> bool:
    return slot != other


def varied(slots: Iterable[Slot], *, zone: ZoneInfo, count: int) -> list[Slot]:
    """The first slots, at most one per half-day of the clinic."""
    chosen: dict[tuple[object, bool], Slot] = {}
    for slot in slots:
        wall = slot.starts_at.astimezone(zone)
        chosen.setdefault((wall.date(), wall.hour >= _NOON), slot)
        if len(chosen) == count:
            break
    return list(chosen.values())
