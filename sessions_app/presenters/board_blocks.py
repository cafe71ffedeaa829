"""The blocks of one lane of a board: visits with their walk and turn-round, breaks, closed and free time.

Minutes are those of the clinic's wall clock since the day's midnight. A block says where it stands by classes, because
the content security policy allows no style attributes (`static/css/board-grid.css`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.protocol.zones import local_date
from clinic.templatetags.legwork import STATUSES, icon
from sessions_app.booking import MAY_BECOME
from sessions_app.day import EntryRow, minute_of
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.presenters.appointment import STATUS_MOVES
from sessions_app.presenters.treatment_waits import waits_words

Status = Appointment.Status
Kind = CalendarEntry.Kind
Span = tuple[int, int]

HOUR = 60
WHOLE_DAY = 24 * HOUR
_STEP = 5
_NOBODY = UUID(int=0)
# Somebody is late from here on.
_LATE_AFTER = 5
# Blocks of up to so many minutes say everything in one line.
_ONE_LINE = 30
# So many visits can stand side by side: one that nobody came to, the one in its place, and an overbooked one.
_COLUMNS = 3


@dataclass(slots=True)
class Block:
    """One thing in a lane. `what` decides its look: visit, other, pause, closed or free; the rest is of visits.

    `other` is a visit that the filters leave out: its time is taken, by whom is not said. `moves` are the states that
    one press makes of the visit, `nurse_id` is set where it may be dragged. `is_entry` marks closures and kept times,
    `alert` ("moves", "late", "asks") a visit that needs a look, `waits` says why its treatment waits for a clinician,
    and `has_event` that an adverse event of it is open.
    """

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
    lane: str = ""
    walk_css: str = ""
    walk: int = 0
    buffer_css: str = ""
    moves: tuple[Status, ...] = ()
    may_cancel: bool = False
    nurse_id: int = 0
    is_overbooked: bool = False
    column: str = ""
    is_entry: bool = False
    alert: str = ""
    waits: str = ""
    has_event: bool = False


def clock(minute: int) -> str:
    """ "08:05" """
    return f"{minute // HOUR:02d}:{minute % HOUR:02d}"


def everybody(_: EntryRow) -> bool:
    return True


@dataclass(frozen=True)
class Painter:
    """Makes the blocks of one day, which is shown from minute `first` to minute `last`.

    `by` is what a lane is: "nurse" or "room". `is_wanted` says which visits the filters let through, `progress` holds
    (k, n) of "k of n" by appointment.
    """

    day: date
    first: int
    last: int
    now: datetime
    zone: ZoneInfo
    grid_minutes: int
    may_book: bool
    by: str = "nurse"
    is_wanted: Callable[[EntryRow], bool] = everybody
    progress: Mapping[int, tuple[int, int]] | None = None

    @cached_property
    def today(self) -> date:
        return local_date(self.now, self.zone)

    @cached_property
    def _shapes(self) -> dict[str, str]:
        return {shape: icon(shape) for shape in ("circle-dashed", *(shape for shape, _, _ in STATUSES.values()))}

    @cached_property
    def _visit_url(self) -> str:
        """Resolved once: the address of a visit with a gap for its id."""
        return reverse("sessions_app:appointment", args=[_NOBODY]).replace(str(_NOBODY), "{}")

    def now_line(self) -> tuple[str, str] | None:
        """Classes and words of the line that stands at the present minute; None when it is not on the board."""
        minute = minute_of(self.now, self.day, self.zone)
        if self.day != self.today or not self.first <= minute < self.last:
            return None
        row, rest = divmod(minute - self.first, _STEP)
        return f"at-{row * _STEP}{f' plus-{rest}' if rest else ''}", clock(minute)

    def blocks(
        self, lane: str, wish: Mapping[str, object], own: list[EntryRow], opened: list[Span], free: list[Span]
    ) -> list[Block]:
        """Everything in one lane, by start. `wish` is the lane's part of the address that books a free place."""
        visits = [row for row in own if row.visit]
        found = [
            *self._outside(opened),
            *self._away(row for row in own if row.kind in CalendarEntry.SHUT),
            *(self._held(row) for row in own if row.kind == Kind.HOLD),
            *self._visits(visits, lane),
            *(self.free_blocks(free, lane, wish) if self.may_book else ()),
        ]
        return sorted(found, key=lambda block: block.starts)

    def place(self, starts: int, ends: int) -> str:
        """Classes for a stretch of the day, cut to the hours shown, in whole rows."""
        top = max(starts - self.first, 0) // _STEP * _STEP
        bottom = -(-(min(ends, self.last) - self.first) // _STEP) * _STEP
        return f"at-{top} for-{max(bottom - top, _STEP)}"

    def _span(self, row: EntryRow) -> Span:
        return minute_of(row.starts_at, self.day, self.zone), minute_of(row.ends_at, self.day, self.zone)

    def _visits(self, visits: list[EntryRow], lane: str) -> list[Block]:
        """Visits that share a time stand side by side: overbooked ones, and one booked in the place of a no-show."""
        # A no-show gave its time back: filtered out, there is nothing to show.
        shown = [row for row in visits if row.status != Status.NO_SHOW or self.is_wanted(row)]
        blocks = [self.visit(row, lane) for row in shown]
        ends: list[tuple[int, Block]] = []
        for block in blocks:
            beside = [(column, other) for column, other in ends if other.ends > block.starts]
            if beside:
                for column, other in beside:
                    other.column = f"col-{column}"
                free = {1, 2, 3} - {column for column, _ in beside}
                block.column = f"col-{min(free, default=_COLUMNS)}"
            ends = [*beside, (int(block.column[-1:] or 1), block)]
        return blocks

    def visit(self, row: EntryRow, lane: str) -> Block:
        starts, ends = self._span(row)
        chair, walk = row.chair_minutes or 0, row.walk_minutes or 0
        ready = starts + chair + walk
        status = Status(row.status or Status.BOOKED)
        if status == Status.NO_SHOW:
            walk, ready, ends = 0, ends, starts + chair
        if not self.is_wanted(row):
            return Block("other", starts, ends, self.place(starts, ends), "Busy", lane=lane)
        shape, word, look = STATUSES[status]
        if status == Status.BOOKED and row.confirmed_at is None and row.starts_at > self.now:
            shape, word = "circle-dashed", "Booked, not confirmed"
        has_to_move = row.has_to_move and status == Status.BOOKED
        late = 0 if has_to_move else self._minutes_late(row)
        css = f"appt-{look} {self.place(starts, starts + chair)}"
        overbooked = bool(row.overbook_reason)
        for name, holds in (
            ("has-obs", walk),
            ("appt-short", chair <= _ONE_LINE),
            ("appt-late", late),
            ("appt-move", has_to_move),
            ("appt-over", overbooked),
            ("appt-event", row.has_event),
        ):
            css += f" {name}" if holds else ""
        elsewhere = row.room if self.by == "nurse" else row.nurse
        over = ", overbooked" if overbooked else ""
        return Block(
            what="visit",
            starts=starts,
            ends=ends,
            css=css,
            text=f"{row.given_name} {row.family_name}",
            icon=self._shapes[shape],
            url=self._visit_url.format(row.visit),
            id=str(row.visit),
            time=clock(starts),
            service=self._service(row),
            state="Has to move" if has_to_move else self._state(row, late),
            spoken=f"{word}, {chair + walk} minutes, {elsewhere}{over}",
            status=status,
            lane=lane,
            walk_css=self.place(starts + chair, starts + chair + walk) if walk else "",
            walk=walk,
            buffer_css=self.place(ready, ends) if ends > ready else "",
            moves=self._moves(row, status),
            may_cancel=self.may_book and Status.CANCELLED in MAY_BECOME.get(status, ()),
            nurse_id=(row.nurse_id or 0) if self.may_book and status == Status.BOOKED else 0,
            is_overbooked=overbooked,
            alert=_alert(row, status, late),
            waits=waits_words(row.waits.split()),
            has_event=row.has_event,
        )

    def _service(self, row: EntryRow) -> str:
        """ "Treatment 3 of 5"; in a room's lane also with whom."""
        part = self.progress.get(row.visit_id or 0) if self.progress else None
        words = f"{row.service} {part[0]} of {part[1]}" if part else row.service or ""
        return words if self.by == "nurse" else f"{words}, {row.nurse}"

    def _moves(self, row: EntryRow, status: Status) -> tuple[Status, ...]:
        """What one press may make of the visit: on its day or after, a no-show only once it should have begun."""
        if not self.may_book or self.day > self.today:
            return ()
        allowed = MAY_BECOME.get(status, frozenset())
        began = row.starts_at <= self.now
        return tuple(each for each in STATUS_MOVES if each in allowed and (began or each != Status.NO_SHOW))

    def _minutes_late(self, row: EntryRow) -> int:
        late = (self.now - row.starts_at) // timedelta(minutes=1)
        return late if self.day == self.today and row.status == Status.BOOKED and late >= _LATE_AFTER else 0

    def _state(self, row: EntryRow, late: int) -> str:
        if late:
            return f"{late} min late" if late < 2 * HOUR else "Not here"
        since = f"{row.status_at.astimezone(self.zone):%H:%M}" if row.status_at else ""
        if row.status == Status.ARRIVED:
            return f"Here since {since}"
        if row.status == Status.IN_TREATMENT:
            return f"Started {since}"
        if row.status == Status.BOOKED and row.move_asked_at:
            return "Asks to move"
        return "No-show" if row.status == Status.NO_SHOW else ""

    def _away(self, rows: Iterable[EntryRow]) -> Iterator[Block]:
        """What is closed. Pieces of a closure that meet are one: between them stood a visit that has gone since."""
        found: list[tuple[int, int, str]] = []
        for row in sorted(rows, key=lambda row: row.starts_at):
            starts, ends = self._span(row)
            words = f"Closed, {row.closure}" if row.closure else "Time off"
            if found and found[-1][1:] == (starts, words):
                starts = found.pop()[0]
            found.append((starts, ends, words))
        for starts, ends, words in found:
            yield Block("closed", starts, ends, self.place(starts, ends), words, is_entry=True)

    def _held(self, row: EntryRow) -> Block:
        starts, ends = self._span(row)
        whom = f" for {row.given_name} {row.family_name}" if row.family_name else ""
        until = f" until {row.hold_expires_at.astimezone(self.zone):%H:%M}" if row.hold_expires_at else ""
        return Block(
            "pause", starts, ends, self.place(starts, ends), f"Kept{whom}{until}", icon("hourglass"), is_entry=True
        )

    def _outside(self, opened: list[Span]) -> Iterator[Block]:
        """What lies outside of the opening hours, in words: before, between and after them."""
        of_nurse = self.by == "nurse"
        if not opened:
            yield self._closed(self.first, self.last, f"{'Does not work' if of_nurse else 'Nobody works'} on this day")
            return
        if opened[0][0] > self.first:
            words = "Starts at" if of_nurse else "Nobody works before"
            yield self._closed(self.first, opened[0][0], f"{words} {clock(opened[0][0])}")
        for (_, ends), (starts, _) in pairwise(opened):
            if starts > ends:
                words = "Break" if of_nurse else "Everybody's break"
                yield Block("pause", ends, starts, self.place(ends, starts), words, icon("coffee"))
        if opened[-1][1] < self.last:
            words = "Until" if of_nurse else "Nobody works after"
            yield self._closed(opened[-1][1], self.last, f"{words} {clock(opened[-1][1])}")

    def _closed(self, starts: int, ends: int, words: str) -> Block:
        return Block("closed", starts, ends, self.place(starts, ends), words)

    def free_spans(self, own: Iterable[EntryRow], opened: Iterable[Span]) -> list[Span]:
        """Stretches of the opening hours from now on that nothing takes, from whole steps of the grid on."""
        earliest = minute_of(self.now, self.day, self.zone)
        busy = sorted(self._span(row) for row in own if row.status != Status.NO_SHOW)
        found = []
        for begins, ends in gaps(opened, busy):
            starts = -(-max(begins, earliest) // self.grid_minutes) * self.grid_minutes
            if ends - starts >= max(self.grid_minutes, _STEP):
                found.append((starts, ends))
        return found

    def free_blocks(self, spans: Iterable[Span], lane: str, wish: Mapping[str, object]) -> Iterator[Block]:
        """Free places, as links to book them."""
        for starts, ends in spans:
            at = urlencode({"date": self.day.isoformat(), "at": clock(starts), **wish})
            yield Block(
                "free",
                starts,
                ends,
                self.place(starts, ends),
                f"Free {clock(starts)} to {clock(ends)}",
                url=f"{self._book_url}?{at}",
                time=clock(starts),
                lane=lane,
            )

    @cached_property
    def _book_url(self) -> str:
        return reverse("sessions_app:book")


def _alert(row: EntryRow, status: Status, late: int) -> str:
    """What of a visit needs a look first."""
    if status != Status.BOOKED:
        return ""
    return "moves" if row.has_to_move else "late" if late else "asks" if row.move_asked_at else ""


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


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches in order; what meets or overlaps is one."""
    found: list[Span] = []
    for starts, ends in sorted(spans):
        if found and starts <= found[-1][1]:
            found[-1] = (found[-1][0], max(ends, found[-1][1]))
        else:
            found.append((starts, ends))
    return found
