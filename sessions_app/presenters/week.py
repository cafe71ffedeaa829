"""The week of the whole clinic: a row per nurse or room, a column per date, in each cell its visits and free time."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sessions_app.presenters.board import (
    Day,
    Owner,
    Source,
    offsets_of,
    own_rows,
    owners_of,
    painter_of,
    shown_hours,
)
from sessions_app.presenters.board_blocks import HOUR, Block, Painter, Span, clock
from sessions_app.presenters.board_filters import Filters
from sessions_app.wording import day_words


class Column(NamedTuple):
    """One date on top of the week; `address` is the query of its day board."""

    day: date
    words: str
    is_today: bool
    address: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One owner's date: visits and closed stretches by time, and the free place that is left, as a link.

    `now_before` is the place in `blocks` before which the now-line stands, -1 where it does not.
    """

    day: date
    note: str
    blocks: list[Block]
    free: Block | None
    offsets: str
    is_today: bool
    now_before: int = -1


@dataclass(frozen=True, slots=True)
class Row:
    """One nurse or room; `address` is the query of its own week, `target` is ("nurse", 7)."""

    title: str
    note: str
    address: str
    target: tuple[str, int]
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Week:
    columns: list[Column]
    rows: list[Row]
    agenda: list[tuple[str, list[Block]]]

    @property
    def size(self) -> str:
        return f"lanes-{len(self.columns)}"


def week_board(filters: Filters, source: Source, days: list[date]) -> Week:
    """Every row that the filters let through."""
    shown = [Day(_painter(filters, source, day), *source.on(day), filters) for day in days]
    rows = [_row(owner, shown, filters) for owner in owners_of(filters, source)]
    return Week(
        columns=[
            Column(day, day_words(day), day == source.today, filters.address(date=day.isoformat())) for day in days
        ],
        rows=rows,
        agenda=[
            (
                day_words(day),
                sorted(
                    (block for row in rows for block in row.cells[number].blocks if block.what == "visit"),
                    key=lambda block: (block.starts, block.lane),
                ),
            )
            for number, day in enumerate(days)
        ],
    )


def _painter(filters: Filters, source: Source, day: date) -> Painter:
    return painter_of(source, filters, day, shown_hours(day, *source.on(day), source.zone))


def _row(owner: Owner, days: list[Day], filters: Filters) -> Row:
    cells = [_cell(owner, day) for day in days]
    booked = sum(block.what in ("visit", "other") for cell in cells for block in cell.blocks)
    return Row(
        title=owner.name,
        note=f"{booked} visit{'' if booked == 1 else 's'}",
        address=filters.address(**owner.wish),
        target=(filters.by, owner.id),
        cells=cells,
    )


def _cell(owner: Owner, day: Day) -> Cell:
    painter, own = day.painter, own_rows(owner, day.entries)
    opened, free = day.spans_of(owner)
    blocks = [
        block
        for block in painter.blocks(owner.name, owner.wish, own, opened, [])
        # Breaks and the time around the opening hours are said by the note.
        if block.what in ("visit", "other") or block.is_entry
    ]
    is_today = painter.day == painter.today
    line = painter.now_line()
    return Cell(
        day=painter.day,
        note=_when(opened, painter.by),
        blocks=blocks,
        free=_free_place(painter, owner, free),
        offsets=offsets_of(painter),
        is_today=is_today,
        now_before=sum(clock(block.ends) <= line[1] for block in blocks) if line and opened else -1,
    )


def _when(opened: list[Span], by: str) -> str:
    if not opened:
        return "Off" if by == "nurse" else "Nobody works"
    return f"{clock(opened[0][0])} to {clock(opened[-1][1])}"


def _free_place(painter: Painter, owner: Owner, free: list[Span]) -> Block | None:
    """The first free place of the date, with how much is free in all."""
    if not free or not painter.may_book:
        return None
    minutes = sum(ends - starts for starts, ends in free)
    place = next(painter.free_blocks(free[:1], owner.name, owner.wish))
    place.text = f"{duration(minutes)} free"
    place.spoken = f"first at {place.time}"
    return place


def duration(minutes: int) -> str:
    """ "3 h 15", "45 min" """
    hours, rest = divmod(minutes, HOUR)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"
