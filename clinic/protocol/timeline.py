"""All plans of one patient as one timeline: at each instant the strictest of what is active.

Repeat sessions fall inside the daytime phase of the session before, so overlap is the normal case. Compression:
``CONTINUOUS`` over ``DAYTIME`` over nothing. Things to avoid and daily walks are united. Plans may come in any order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from clinic.protocol.items import DatedItem, Plan, PlanItem, TimedItem
from clinic.protocol.vocabulary import AVOID_ITEMS, CompressionState, ItemKey, Leg, StretchKind
from clinic.protocol.window import BookingWindow
from clinic.protocol.zones import start_of_day

_Span: TypeAlias = tuple[datetime, datetime, str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a timeline with one state, from one UTC instant to another.

    ``state`` is a ``CompressionState`` value, ``DAILY`` for walks, and for things to avoid the names of all that are
    avoided at that time, joined by ``+``; ``items`` lists the latter as keys.
    """

    kind: StretchKind
    state: str
    starts_at: datetime
    ends_at: datetime
    items: tuple[ItemKey, ...] = ()

    def holds_at(self, instant: datetime) -> bool:
        """Whether the instant lies inside (the end does not)."""
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True)
class Avoided:
    """Something the patient avoids at one instant, and until when (the end of the united stretch)."""

    key: ItemKey
    until: datetime


@dataclass(frozen=True, slots=True)
class PatientState:
    """What holds for a patient at one instant. ``compression_until`` is ``None`` when there is none."""

    compression: CompressionState
    compression_until: datetime | None
    avoid: tuple[Avoided, ...]
    walk_today: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The united plans of one patient.

    ``stretches`` are sorted by kind (compression, avoid, walk) and start; neighbours of one state are joined.
    ``avoided`` has one united stretch list per item. ``walk_dates`` are (first, last) pairs, both inclusive.
    ``repeat_window`` counts from the newest session; ``None`` when there is no plan. ``daytime_last_date`` is the last
    date with a stocking, ``watch_last_date`` the last on which the warning signs are shown.
    """

    stretches: tuple[Stretch, ...]
    avoided: Mapping[ItemKey, tuple[Stretch, ...]]
    walk_dates: tuple[tuple[date, date], ...]
    repeat_window: BookingWindow | None
    daytime_last_date: date | None
    watch_last_date: date | None
    time_zone: str

    @property
    def compression(self) -> tuple[Stretch, ...]:
        """The stretches of the stocking, in order."""
        return self._of(StretchKind.COMPRESSION)

    @property
    def avoid(self) -> tuple[Stretch, ...]:
        """The stretches in which something is avoided, in order; each names what."""
        return self._of(StretchKind.AVOID)

    @property
    def walk(self) -> tuple[Stretch, ...]:
        """The stretches with a daily walk, from local midnight to local midnight."""
        return self._of(StretchKind.WALK)

    @property
    def continuous(self) -> tuple[Stretch, ...]:
        """The united stretches with the stocking on day and night."""
        return tuple(each for each in self.compression if each.state == CompressionState.CONTINUOUS)

    def segment_at(self, instant: datetime, kind: StretchKind) -> Stretch | None:
        """The stretch of that kind that holds at the instant."""
        return next((each for each in self.stretches if each.kind is kind and each.holds_at(instant)), None)

    def state_at(self, instant: datetime) -> PatientState:
        """What the patient does and avoids at the instant, and until when."""
        worn = self.segment_at(instant, StretchKind.COMPRESSION)
        return PatientState(
            compression=CompressionState(worn.state) if worn else CompressionState.NONE,
            compression_until=worn.ends_at if worn else None,
            avoid=tuple(
                Avoided(key, each.ends_at)
                for key, parts in self.avoided.items()
                for each in parts
                if each.holds_at(instant)
            ),
            walk_today=self.segment_at(instant, StretchKind.WALK) is not None,
        )

    def next_change(self, instant: datetime) -> datetime | None:
        """The next instant at which any strand starts, ends or changes; ``None`` when all is over."""
        edges = {edge for each in self.stretches for edge in (each.starts_at, each.ends_at)}
        return min((edge for edge in edges if edge > instant), default=None)

    def _of(self, kind: StretchKind) -> tuple[Stretch, ...]:
        return tuple(each for each in self.stretches if each.kind is kind)


def timeline_of(plans: Iterable[Plan], *, leg: Leg | None = None) -> Timeline:
    """One timeline from any number of plans of one patient, in any order; empty plans add nothing.

    ``leg`` leaves only the compression that this leg gets (plans with ``compression_scope`` ``LEG``, or plans that
    treated the other leg only); without it the stricter leg counts.
    """
    active = [plan for plan in plans if not plan.is_empty]
    return _united(active) if leg is None else _of_leg(_united(active), active, leg)


def timelines_of_legs(plans: Iterable[Plan]) -> dict[Leg, Timeline]:
    """``timeline_of`` for each leg; one that no plan treated gets no compression."""
    active = [plan for plan in plans if not plan.is_empty]
    united = _united(active)
    return {leg: _of_leg(united, active, leg) for leg in Leg}


def _of_leg(united: Timeline, active: list[Plan], leg: Leg) -> Timeline:
    """Only what is worn differs from leg to leg."""
    others = (each for each in united.stretches if each.kind is not StretchKind.COMPRESSION)
    return replace(united, stretches=(*_compression(active, leg), *others))


def _united(active: list[Plan]) -> Timeline:
    avoided = {key: _avoided(key, active) for key in AVOID_ITEMS}
    newest = max(active, key=lambda plan: (plan.session_end, _repeat_dates(plan), plan.time_zone), default=None)
    return Timeline(
        stretches=(*_compression(active, None), *_avoid(active), *_walks(active)),
        avoided={key: parts for key, parts in avoided.items() if parts},
        walk_dates=_joined_dates((item.first_date, item.last_date) for item in _dated(active, ItemKey.WALK_DAILY)),
        repeat_window=_repeat_window(newest) if newest else None,
        daytime_last_date=_last_date(active, ItemKey.COMPRESSION_DAYTIME),
        watch_last_date=_last_date(active, ItemKey.WATCH_WINDOW),
        time_zone=newest.time_zone if newest else "UTC",
    )


def _compression(plans: list[Plan], leg: Leg | None) -> Iterator[Stretch]:
    spans: list[_Span] = []
    for plan in plans:
        if leg is not None and leg not in plan.legs:
            continue
        for item in plan.items:
            if leg is None or item.leg is None or item.leg is leg:
                if item.key is ItemKey.COMPRESSION_CONTINUOUS:
                    spans.append((*_bounds(item, plan), CompressionState.CONTINUOUS))
                elif item.key is ItemKey.COMPRESSION_DAYTIME:
                    spans.append((*_bounds(item, plan), CompressionState.DAYTIME))
    # A plan's daytime dates begin at midnight before its session's continuous phase ends; strictest hides that part.
    yield from _swept(StretchKind.COMPRESSION, spans, _strictest)


def _avoid(plans: list[Plan]) -> Iterator[Stretch]:
    spans = [(*_bounds(item, plan), str(item.key)) for plan in plans for item in plan.items if item.key in AVOID_ITEMS]
    yield from _swept(StretchKind.AVOID, spans, _all_of)


def _walks(plans: list[Plan]) -> Iterator[Stretch]:
    spans = [(*_bounds(item, plan), "DAILY") for plan in plans for item in plan.items if item.key is ItemKey.WALK_DAILY]
    yield from _swept(StretchKind.WALK, spans, lambda active: "DAILY")


def _avoided(key: ItemKey, plans: list[Plan]) -> tuple[Stretch, ...]:
    spans = [(*_bounds(item, plan), str(key)) for plan in plans for item in plan.items if item.key is key]
    alone = _all_of([key])
    return tuple(_swept(StretchKind.AVOID, spans, lambda active: alone))


def _strictest(active: Iterable[str]) -> str:
    return str(max((CompressionState(state) for state in active), key=list(CompressionState).index))


def _all_of(active: Iterable[str]) -> str:
    present = set(active)
    return "+".join(key.removeprefix("AVOID_") for key in AVOID_ITEMS if key in present)


def _swept(kind: StretchKind, spans: list[_Span], state_of: Callable[[Iterable[str]], str]) -> Iterator[Stretch]:
    """Walks over all starts and ends once; equal neighbouring states become one stretch."""
    edges: dict[datetime, list[tuple[str, int]]] = {}
    for starts_at, ends_at, label in spans:
        if starts_at < ends_at:
            edges.setdefault(starts_at, []).append((label, 1))
            edges.setdefault(ends_at, []).append((label, -1))
    active: Counter[str] = Counter()
    since: datetime | None = None
    state = ""
    for instant in sorted(edges):
        for label, change in edges[instant]:
            active[label] += change
        present = [label for label, count in active.items() if count > 0]
        new_state = state_of(present) if present else ""
        if new_state != state:
            if since is not None and state:
                yield _stretch(kind, state, since, instant)
            since, state = instant, new_state


def _stretch(kind: StretchKind, state: str, starts_at: datetime, ends_at: datetime) -> Stretch:
    items = tuple(ItemKey(f"AVOID_{name}") for name in state.split("+")) if kind is StretchKind.AVOID else ()
    return Stretch(kind, state, starts_at, ends_at, items)


def _bounds(item: PlanItem, plan: Plan) -> tuple[datetime, datetime]:
    """An item as instants: dates run from local midnight to the midnight after the last date."""
    if isinstance(item, TimedItem):
        return item.starts_at, item.ends_at
    return start_of_day(item.first_date, plan.zone), start_of_day(item.last_date + timedelta(days=1), plan.zone)


def _dated(plans: Iterable[Plan], key: ItemKey) -> Iterator[DatedItem]:
    for plan in plans:
        yield from plan.dated(key)


def _last_date(plans: Iterable[Plan], key: ItemKey) -> date | None:
    return max((item.last_date for item in _dated(plans, key)), default=None)


def _repeat_dates(plan: Plan) -> tuple[date, date]:
    item = plan.dated(ItemKey.REPEAT_WINDOW)[0]
    return item.first_date, item.last_date


def _repeat_window(plan: Plan) -> BookingWindow:
    first_date, last_date = _repeat_dates(plan)
    return BookingWindow(plan.session_date, first_date, last_date)


def _joined_dates(ranges: Iterable[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    joined: list[tuple[date, date]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)
