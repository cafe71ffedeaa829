"""The day board: one lane per nurse, made from the tuples of `sessions_app.day`."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from clinic.templatetags.legwork import STATUSES, icon
from sessions_app.day import EntryRow, HoursRow, minute_of
from sessions_app.presenters.board_blocks import HOUR, Block, Painter, Span, Status, clock

_WHOLE_DAY = 24 * HOUR
_USUAL_HOURS = (8 * HOUR, 18 * HOUR)
_TALLY = (Status.DONE, Status.IN_TREATMENT, Status.ARRIVED, Status.BOOKED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Lane:
    """One nurse's day; `note` says where and from when to when, `split` that visits stand side by side."""

    nurse: str
    note: str
    split: bool
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Board:
    """`hours` are (class, "08:00"); `now` is (classes, "10:41") or None; `agenda` is all of it by time, for a phone."""

    day: date
    lanes: list[Lane]
    hours: list[tuple[str, str]]
    now: tuple[str, str] | None
    tally: list[tuple[SafeString, int, str]]
    agenda: list[Block]

    @property
    def size(self) -> str:
        """The classes of `board-grid.css` for so many lanes and hours."""
        return f"lanes-{len(self.lanes)} hours-{len(self.hours)}"


def board_of(
    day: date,
    *,
    entries: list[EntryRow],
    hours: list[HoursRow],
    now: datetime,
    zone: ZoneInfo,
    grid_minutes: int,
    may_book: bool,
) -> Board:
    first, last = _shown(day, entries, hours, zone)
    painter = Painter(day=day, first=first, last=last, now=now, zone=zone, grid_minutes=grid_minutes, may_book=may_book)
    lanes = [_lane(painter, *nurse, entries, hours) for nurse in _nurses(entries, hours)]
    listed = [block for lane in lanes for block in lane.blocks if block.what in ("visit", "free")]
    return Board(
        day=day,
        lanes=lanes,
        hours=[(f"at-{minute - first}", clock(minute)) for minute in range(first, last, HOUR)],
        now=painter.now_line(),
        tally=_tally(entries),
        agenda=sorted(listed, key=lambda block: (block.starts, block.nurse)),
    )


def _shown(day: date, entries: list[EntryRow], hours: list[HoursRow], zone: ZoneInfo) -> Span:
    """The whole hours that are shown: those of opening, and of what was booked outside of them."""
    edges = [_minutes(each) for row in hours for each in (row.starts, row.ends)]
    for row in entries:
        if row.visit:
            edges += [minute_of(row.starts_at, day, zone), minute_of(row.ends_at, day, zone)]
    first, last = (max(min(edges), 0), min(max(edges), _WHOLE_DAY)) if edges else _USUAL_HOURS
    first = first // HOUR * HOUR
    return first, max(-(-last // HOUR) * HOUR, first + HOUR)


def _minutes(wall: time) -> int:
    return wall.hour * HOUR + wall.minute


def _nurses(entries: list[EntryRow], hours: list[HoursRow]) -> list[tuple[str, int, UUID]]:
    """Everybody who works or has a visit on the day, by name."""
    found = {(row.nurse, row.nurse_id, row.nurse_public_id) for row in hours}
    for row in entries:
        if row.visit and row.nurse and row.nurse_id and row.nurse_public_id:
            found.add((row.nurse, row.nurse_id, row.nurse_public_id))
    return sorted(found)


def _lane(
    painter: Painter, nurse: str, nurse_id: int, public_id: UUID, entries: list[EntryRow], hours: list[HoursRow]
) -> Lane:
    own = [row for row in entries if row.nurse_id == nurse_id]
    opened = [(_minutes(row.starts), _minutes(row.ends)) for row in hours if row.nurse_id == nurse_id]
    blocks = painter.blocks(nurse, public_id, own, opened)
    return Lane(nurse, _note(own, opened), any(block.column for block in blocks), blocks)


def _note(own: list[EntryRow], opened: list[Span]) -> str:
    """ "Room 1, 08:00 to 17:00" """
    rooms = list(dict.fromkeys(row.room for row in own if row.visit and row.room))
    where = ", ".join(rooms) if len(rooms) <= 2 else f"{len(rooms)} rooms"
    when = f"{clock(opened[0][0])} to {clock(opened[-1][1])}" if opened else ""
    return ", ".join(part for part in (where, when) if part)


def _tally(entries: list[EntryRow]) -> list[tuple[SafeString, int, str]]:
    statuses = [row.status for row in entries if row.status]
    counted = [(each, statuses.count(each)) for each in _TALLY]
    return [(icon(STATUSES[each][0]), number, STATUSES[each][1].lower()) for each, number in counted if number]
