"""The blocks of one lane of the day board: visits with their walk, turn-round, breaks, closed and free time.

Minutes are those of the clinic's wall clock since the day's midnight. A block says where it stands by classes, because
the content security policy allows no style attributes (`static/css/board-grid.css`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.templatetags.legwork import STATUSES, icon
from sessions_app.availability import day_period
from sessions_app.day import EntryRow, minute_of
from sessions_app.models import Appointment, CalendarEntry

Status = Appointment.Status
Kind = CalendarEntry.Kind
Span = tuple[int, int]

HOUR = 60
_STEP = 5
_NOBODY = UUID(int=0)
# Somebody is late from here on.
_LATE_AFTER = 5
# Blocks of up to so many minutes say everything in one line.
_ONE_LINE = 30


@dataclass(slots=True)
class Block:
    """One thing in a lane. `what` decides its look: visit, buffer, pause, closed or free; the rest is of visits."""

    what: str
    starts: int
    ends: int
    css: str
    text: str = ""
    icon: str = ""
    url: str = ""
    time: str = ""
    id: str = ""
    service: str = ""
    state: str = ""
    spoken: str = ""
    status: str = ""
    nurse: str = ""
    walk_css: str = ""
    walk: int = 0
    may_arrive: bool = False
    column: str = ""


def clock(minute: int) -> str:
    """ "08:05" """
    return f"{minute // HOUR:02d}:{minute % HOUR:02d}"


@dataclass(frozen=True)
class Painter:
    """Makes the blocks of one board, which shows the day from minute `first` to minute `last`."""

    day: date
    first: int
    last: int
    now: datetime
    zone: ZoneInfo
    grid_minutes: int
    may_book: bool

    @cached_property
    def is_today(self) -> bool:
        period = day_period(self.day, self.zone)
        return period.starts_at <= self.now < period.ends_at

    @cached_property
    def _shapes(self) -> dict[str, str]:
        return {status: icon(shape) for status, (shape, _, _) in STATUSES.items()}

    @cached_property
    def _visit_url(self) -> str:
        """Resolved once: the address of a visit with a gap for its id."""
        return reverse("sessions_app:appointment", args=[_NOBODY]).replace(str(_NOBODY), "{}")

    def now_line(self) -> tuple[str, str] | None:
        """Classes and words of the line that stands at the present minute; None when it is not on the board."""
        minute = minute_of(self.now, self.day, self.zone)
        if not self.is_today or not self.first <= minute < self.last:
            return None
        row, rest = divmod(minute - self.first, _STEP)
        return f"at-{row * _STEP}{f' plus-{rest}' if rest else ''}", clock(minute)

    def blocks(self, nurse: str, nurse_id: UUID, own: list[EntryRow], opened: list[Span]) -> list[Block]:
        """Everything in the lane of one nurse, by start; `opened` are the opening hours."""
        visits = [row for row in own if row.visit]
        found = [
            *self._outside(opened),
            *(self._away(row) for row in own if row.kind in (Kind.TIME_OFF, Kind.CLOSURE)),
            *(self._held(row) for row in own if row.kind == Kind.HOLD),
            *self._visits(visits, nurse),
            *self._buffers(visits),
            *(self._free(own, opened, nurse, nurse_id) if self.may_book else ()),
        ]
        return sorted(found, key=lambda block: block.starts)

    def _place(self, starts: int, ends: int) -> str:
        """Classes for a stretch of the day, cut to the hours shown, in whole rows."""
        top = max(starts - self.first, 0) // _STEP * _STEP
        bottom = -(-(min(ends, self.last) - self.first) // _STEP) * _STEP
        return f"at-{top} for-{max(bottom - top, _STEP)}"

    def _span(self, row: EntryRow) -> Span:
        return minute_of(row.starts_at, self.day, self.zone), minute_of(row.ends_at, self.day, self.zone)

    def _visits(self, visits: list[EntryRow], nurse: str) -> list[Block]:
        """Visits that share a time stand side by side: one that nobody came to, and the one booked in its place."""
        blocks = [self._visit(row, nurse) for row in visits]
        for number, block in enumerate(blocks):
            meeting = [other for other in blocks[:number] if other.ends > block.starts]
            if meeting:
                meeting[-1].column = meeting[-1].column or "col-1"
                block.column = "col-2" if meeting[-1].column == "col-1" else "col-1"
        return blocks

    def _visit(self, row: EntryRow, nurse: str) -> Block:
        starts, ends = self._span(row)
        chair, walk = row.chair_minutes or 0, 0 if row.status == Status.NO_SHOW else row.walk_minutes or 0
        _, word, look = STATUSES[row.status or Status.BOOKED]
        late = self._minutes_late(row)
        css = f"appt-{look} {self._place(starts, starts + chair)}"
        for name, holds in (("has-obs", walk), ("appt-short", chair <= _ONE_LINE), ("appt-late", late)):
            css += f" {name}" if holds else ""
        return Block(
            what="visit",
            starts=starts,
            ends=starts + chair if row.status == Status.NO_SHOW else ends,
            css=css,
            text=f"{row.given_name} {row.family_name}",
            icon=self._shapes[row.status or Status.BOOKED],
            url=self._visit_url.format(row.visit),
            id=str(row.visit),
            time=clock(starts),
            service=row.service or "",
            state=self._state(row, late),
            spoken=f"{word}, {chair + walk} minutes, {row.room}",
            status=row.status or "",
            nurse=nurse,
            walk_css=self._place(starts + chair, starts + chair + walk) if walk else "",
            walk=walk,
            may_arrive=self.may_book and self.is_today and row.status == Status.BOOKED,
        )

    def _minutes_late(self, row: EntryRow) -> int:
        late = (self.now - row.starts_at) // timedelta(minutes=1)
        return late if self.is_today and row.status == Status.BOOKED and late >= _LATE_AFTER else 0

    def _state(self, row: EntryRow, late: int) -> str:
        if late:
            return f"{late} min late" if late < 2 * HOUR else "Not here"
        since = f"{row.status_at.astimezone(self.zone):%H:%M}" if row.status_at else ""
        if row.status == Status.ARRIVED:
            return f"Here since {since}"
        if row.status == Status.IN_TREATMENT:
            return f"Started {since}"
        return "No-show" if row.status == Status.NO_SHOW else ""

    def _buffers(self, visits: Iterable[EntryRow]) -> Iterator[Block]:
        for row in visits:
            starts, ends = self._span(row)
            ready = starts + (row.chair_minutes or 0) + (row.walk_minutes or 0)
            if ends > ready and row.status != Status.NO_SHOW:
                yield Block("buffer", ready, ends, self._place(ready, ends))

    def _away(self, row: EntryRow) -> Block:
        starts, ends = self._span(row)
        words = f"Closed, {row.closure}" if row.closure else "Time off"
        return Block("closed", starts, ends, self._place(starts, ends), words)

    def _held(self, row: EntryRow) -> Block:
        starts, ends = self._span(row)
        return Block("pause", starts, ends, self._place(starts, ends), "Held while somebody books", icon("hourglass"))

    def _outside(self, opened: list[Span]) -> Iterator[Block]:
        """What lies outside of the opening hours, in words: before, between and after them."""
        if not opened:
            yield self._closed(self.first, self.last, "Does not work on this day")
            return
        if opened[0][0] > self.first:
            yield self._closed(self.first, opened[0][0], f"Starts at {clock(opened[0][0])}")
        for (_, ends), (starts, _) in pairwise(opened):
            if starts > ends:
                yield Block("pause", ends, starts, self._place(ends, starts), "Break", icon("coffee"))
        if opened[-1][1] < self.last:
            yield self._closed(opened[-1][1], self.last, f"Until {clock(opened[-1][1])}")

    def _closed(self, starts: int, ends: int, words: str) -> Block:
        return Block("closed", starts, ends, self._place(starts, ends), words)

    def _free(self, own: list[EntryRow], opened: list[Span], nurse: str, nurse_id: UUID) -> Iterator[Block]:
        """Stretches of the opening hours from now on that nothing takes, as links to book them."""
        earliest = minute_of(self.now, self.day, self.zone)
        busy = sorted(self._span(row) for row in own if row.status != Status.NO_SHOW)
        for begins, ends in gaps(opened, busy):
            starts = -(-max(begins, earliest) // self.grid_minutes) * self.grid_minutes
            if ends - starts < max(self.grid_minutes, _STEP):
                continue
            wish = urlencode({"date": self.day.isoformat(), "at": clock(starts), "nurse": nurse_id})
            yield Block(
                "free",
                starts,
                ends,
                self._place(starts, ends),
                f"Free {clock(starts)} to {clock(ends)}",
                url=f"{reverse('sessions_app:book')}?{wish}",
                time=clock(starts),
                nurse=nurse,
            )


def gaps(opened: Iterable[Span], busy: Iterable[Span]) -> Iterator[Span]:
    """What the opened spans leave after the busy ones, which are in order of their start."""
    taken = list(busy)
    for starts, ends in opened:
        at = starts
        for busy_from, busy_to in taken:
            if busy_to <= at or busy_from >= ends:
                continue
            if busy_from > at:
                yield at, busy_from
            at = busy_to
        if at < ends:
            yield at, ends
