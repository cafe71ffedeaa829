"""The boards with a time axis: one day with a lane per nurse or room, or one nurse's or room's week with a lane a day.

Made from the tuples of `sessions_app.day`, so that 12 nurses cost no more queries than one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from clinic.protocol.zones import local_date, starting_instant
from clinic.templatetags.legwork import STATUSES, icon
from sessions_app.availability import days_between
from sessions_app.day import EntryRow, HoursRow, minute_of
from sessions_app.presenters.board_blocks import HOUR, WHOLE_DAY, Block, Painter, Span, Status, clock, joined
from sessions_app.presenters.board_filters import Filters, is_unconfirmed
from sessions_app.wording import day_words

_USUAL_HOURS = (8 * HOUR, 18 * HOUR)
_TALLY = (Status.DONE, Status.IN_TREATMENT, Status.ARRIVED, Status.BOOKED, Status.NO_SHOW)
# More lanes than this are not squeezed; the board scrolls in itself.
_FIT = 5


@dataclass(frozen=True)
class Source:
    """All that was read for a look at the board. `rooms` are (id, name) of the rooms in use."""

    entries: list[EntryRow]
    hours: list[HoursRow]
    rooms: list[tuple[int, str]]
    now: datetime
    zone: ZoneInfo
    grid_minutes: int
    may_book: bool
    progress: Mapping[int, tuple[int, int]]

    @cached_property
    def today(self) -> date:
        return local_date(self.now, self.zone)

    @cached_property
    def _by_date(self) -> dict[date, list[EntryRow]]:
        found: dict[date, list[EntryRow]] = {}
        for row in self.entries:
            last = local_date(row.ends_at - timedelta.resolution, self.zone)
            for day in days_between(local_date(row.starts_at, self.zone), last):
                found.setdefault(day, []).append(row)
        return found

    def on(self, day: date) -> tuple[list[EntryRow], list[HoursRow]]:
        """What of it concerns one date."""
        return self._by_date.get(day, []), [row for row in self.hours if row.date == day]


class Owner(NamedTuple):
    """Whose time a lane shows: a nurse or a room. `public_id` is of nurses."""

    name: str
    id: int
    public_id: UUID | None

    @property
    def wish(self) -> dict[str, object]:
        """Its part of the address that books."""
        return {"nurse": self.public_id} if self.public_id else {"room": self.id}


@dataclass(frozen=True, slots=True)
class Lane:
    """One column. `note` says where and from when to when, `columns` how many visits stand side by side.

    `offsets` are the zone's offsets of its hours ("-05:00"; one when it is the same all day), for the times that a
    visit is dragged to; `target` is "nurse=7" or "room=7", and `now` the classes of the line, both or "".
    """

    title: str
    note: str
    columns: int
    blocks: list[Block]
    day: date
    offsets: str
    target: tuple[str, int]
    now: str
    look: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """`hours` are (class, "08:00"); `now` is (classes, "10:41") or None; `agenda` is all of it by time, for a phone."""

    lanes: list[Lane]
    first: int
    hours: list[tuple[str, str]]
    now: tuple[str, str] | None
    agenda: list[tuple[str, list[Block]]]

    @property
    def size(self) -> str:
        """The classes of `board-grid.css` for so many lanes and hours."""
        scroll = " board-scroll" if len(self.lanes) > _FIT else ""
        return f"lanes-{len(self.lanes)} hours-{len(self.hours)}{scroll}"


def painter_of(source: Source, filters: Filters, day: date, shown: Span) -> Painter:
    return Painter(
        day=day,
        first=shown[0],
        last=shown[1],
        now=source.now,
        zone=source.zone,
        grid_minutes=source.grid_minutes,
        may_book=source.may_book,
        by=filters.by,
        is_wanted=_wanted(filters, source.now),
        progress=source.progress,
    )


def _wanted(filters: Filters, now: datetime) -> Callable[[EntryRow], bool]:
    return lambda row: filters.lets_through(row, now)


def day_board(filters: Filters, source: Source) -> Board:
    """One date, with a lane for everybody who works (or every room) that the filters let through."""
    entries, hours = source.on(filters.day)
    painter = painter_of(source, filters, filters.day, shown_hours(filters.day, entries, hours, source.zone))
    day = Day(painter, entries, hours, filters)
    lanes = [_lane(day, owner) for owner in owners_of(filters, source)]
    return _board(lanes, painter, painter.now_line(), filters, source)


def week_of_one(filters: Filters, source: Source, owner: Owner, days: Iterable[date]) -> Board:
    """The week of one nurse or room, with a lane for each date."""
    dates = list(days)
    edges = [shown_hours(day, *source.on(day), source.zone) for day in dates]
    shown = (min(first for first, _ in edges), max(last for _, last in edges))
    lanes, now = [], None
    for day in dates:
        painter = painter_of(source, filters, day, shown)
        lane = _lane(Day(painter, *source.on(day), filters), owner)
        now = now or painter.now_line()
        lanes.append(
            Lane(
                title=day_words(day),
                note=lane.note,
                columns=lane.columns,
                blocks=lane.blocks,
                day=day,
                offsets=lane.offsets,
                target=lane.target,
                now=lane.now,
                look="lane-today" if day == source.today else "",
                address=filters.address(date=day.isoformat(), nurse=None, room=None),
            )
        )
    return _board(lanes, painter_of(source, filters, dates[0], shown), now, filters, source)


def _board(lanes: list[Lane], painter: Painter, now: tuple[str, str] | None, filters: Filters, source: Source) -> Board:
    return Board(
        lanes=lanes,
        first=painter.first,
        hours=[(f"at-{minute - painter.first}", clock(minute)) for minute in range(painter.first, painter.last, HOUR)],
        now=now,
        agenda=list(_agenda(lanes, shows_free=not filters.picks_visits)),
    )


def _agenda(lanes: list[Lane], *, shows_free: bool) -> Iterator[tuple[str, list[Block]]]:
    """By date the visits, and the free places where nothing is filtered out, by time."""
    kinds = ("visit", "free") if shows_free else ("visit",)
    for day in dict.fromkeys(lane.day for lane in lanes):
        blocks = [block for lane in lanes if lane.day == day for block in lane.blocks if block.what in kinds]
        yield day_words(day), sorted(blocks, key=lambda block: (block.starts, block.lane))


def shown_hours(day: date, entries: list[EntryRow], hours: list[HoursRow], zone: ZoneInfo) -> Span:
    """The whole hours that are shown: those of opening, and of what was booked outside of them."""
    edges = [_minutes(each) for row in hours for each in (row.starts, row.ends)]
    for row in entries:
        if row.visit:
            edges += [minute_of(row.starts_at, day, zone), minute_of(row.ends_at, day, zone)]
    first, last = (max(min(edges), 0), min(max(edges), WHOLE_DAY)) if edges else _USUAL_HOURS
    first = first // HOUR * HOUR
    return first, max(-(-last // HOUR) * HOUR, first + HOUR)


def _minutes(wall: time) -> int:
    return wall.hour * HOUR + wall.minute


def owners_of(filters: Filters, source: Source) -> list[Owner]:
    """Everybody who works or has a visit on the days, or every room in use or with a visit, by name and filtered."""
    if filters.by == "room":
        found = {Owner(name, room_id, None) for room_id, name in source.rooms}
        found |= {
            Owner(row.room, row.room_id, None) for row in source.entries if row.visit and row.room and row.room_id
        }
        return sorted(owner for owner in found if filters.room in (None, owner.id))
    nurses = {Owner(row.nurse, row.nurse_id, row.nurse_public_id) for row in source.hours}
    for row in source.entries:
        if row.visit and row.nurse and row.nurse_id:
            nurses.add(Owner(row.nurse, row.nurse_id, row.nurse_public_id))
    return sorted(owner for owner in nurses if filters.nurse in (None, owner.public_id))


def own_rows(owner: Owner, entries: Iterable[EntryRow]) -> list[EntryRow]:
    column = "nurse_id" if owner.public_id else "room_id"
    return [row for row in entries if getattr(row, column) == owner.id]


def opened_spans(owner: Owner, hours: Iterable[HoursRow]) -> list[Span]:
    return [(_minutes(row.starts), _minutes(row.ends)) for row in hours if row.nurse_id == owner.id]


@dataclass(frozen=True)
class Day:
    """One date of a board and what it holds, read once for all its lanes."""

    painter: Painter
    entries: list[EntryRow]
    hours: list[HoursRow]
    filters: Filters

    def spans_of(self, owner: Owner) -> tuple[list[Span], list[Span]]:
        """When the lane is open, and what of it is free.

        A room is open while anybody works, and free while somebody who works is free, too.
        """
        own = own_rows(owner, self.entries)
        if owner.public_id:
            opened = opened_spans(owner, self.hours)
            return opened, self.painter.free_spans(own, opened)
        opened, any_nurse = self._of_nurses
        return opened, self.painter.free_spans(own, any_nurse)

    @cached_property
    def _of_nurses(self) -> tuple[list[Span], list[Span]]:
        wanted = self.filters.nurse
        found = {Owner(row.nurse, row.nurse_id, row.nurse_public_id) for row in self.hours}
        nurses = [nurse for nurse in found if wanted in (None, nurse.public_id)]
        spans = [self.spans_of(nurse) for nurse in nurses]
        return joined(each for opened, _ in spans for each in opened), joined(
            each for _, free in spans for each in free
        )


def _lane(day: Day, owner: Owner) -> Lane:
    painter, own = day.painter, own_rows(owner, day.entries)
    opened, free = day.spans_of(owner)
    blocks = painter.blocks(owner.name, owner.wish, own, opened, free)
    columns = max((int(block.column[-1]) for block in blocks if block.column), default=1)
    now = painter.now_line()
    return Lane(
        title=owner.name,
        note=_note(painter.by, own, opened),
        columns=columns,
        blocks=blocks,
        day=painter.day,
        offsets=offsets_of(painter),
        target=(painter.by, owner.id),
        now=now[0] if now else "",
        address=day.filters.address(date=painter.day.isoformat(), **owner.wish),
    )


def _note(by: str, own: list[EntryRow], opened: list[Span]) -> str:
    """ "Room 1, 08:00 to 17:00"; of a room who is in it."""
    names = list(dict.fromkeys((row.room if by == "nurse" else row.nurse) for row in own if row.visit))
    where = (
        ", ".join(name for name in names if name)
        if len(names) <= 2
        else f"{len(names)} {'rooms' if by == 'nurse' else 'nurses'}"
    )
    when = f"{clock(opened[0][0])} to {clock(opened[-1][1])}" if opened and by == "nurse" else ""
    return ", ".join(part for part in (where, when) if part)


def offsets_of(painter: Painter) -> str:
    """The offset of each shown hour; one for all of them, except on the day when the clock changes."""
    walls = [
        datetime.combine(painter.day, time()) + timedelta(minutes=minute)
        for minute in range(painter.first, painter.last, HOUR)
    ]
    found = [starting_instant(wall, painter.zone).astimezone(painter.zone).isoformat()[19:] for wall in walls]
    return found[0] if len(set(found)) == 1 else " ".join(found)


def tally_of(filters: Filters, source: Source) -> list[tuple[SafeString, int, str]]:
    """The visits in numbers, by what became of them, and how many of those to come are not confirmed."""
    rows = [row for row in source.entries if row.status and filters.lets_through(row, source.now)]
    statuses = [row.status for row in rows]
    words = {each: STATUSES[each][1].lower() for each in _TALLY}
    # Only who is booked can be unconfirmed: a part of that number, and said as one.
    if unconfirmed := sum(is_unconfirmed(row, source.now) for row in rows):
        words[Status.BOOKED] += f", {unconfirmed} of them not confirmed"
    counted = [(icon(STATUSES[each][0]), statuses.count(each), words[each]) for each in _TALLY]
    return [each for each in counted if each[1]]
