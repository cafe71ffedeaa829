"""The weeks of the booking dialog: how many times are free on each date, and which dates the window closes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.window import BookingWindow
from clinic.protocol.zones import local_date, start_of_day, starting_instant
from sessions_app.availability import days_between
from sessions_app.free_times import Search, Slot
from sessions_app.models import Appointment, Service
from sessions_app.wording import day_words

WEEKS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the dialog is asked to show.

    `wish` is a start and maybe a nurse that were pressed on the board, `chosen` what was chosen in the dialog before;
    `moves` is the visit that is moved, which does not stand in its own way. `first_day` begins the weeks, `day` is
    shown in full.
    """

    clinic: Clinic
    service: Service
    by: User
    now: datetime
    patient: Patient | None = None
    nurse_id: int | None = None
    room_id: int | None = None
    day: date | None = None
    first_day: date | None = None
    wish: tuple[datetime, int | None] | None = None
    chosen: tuple[datetime, int] | None = None
    moves: Appointment | None = None

    @property
    def zone(self) -> ZoneInfo:
        return self.clinic.zone

    @property
    def today(self) -> date:
        return local_date(self.now, self.zone)


@dataclass(frozen=True, slots=True)
class DayCell:
    """One date of the weeks. `look` is past, shut, early, in (the window) or open; `free` counts its starts."""

    date: date
    look: str
    free: int
    is_chosen: bool

    @property
    def spoken(self) -> str:
        words = {"past": "over", "shut": "nothing free", "early": "before the window"}
        inside = ", inside the window" if self.look == "in" else ""
        return f"{day_words(self.date)}, {words.get(self.look) or f'{self.free} free'}{inside}"


class Days:
    """The free starts of a search by date, under the wish for a nurse or room and the rules of the window."""

    def __init__(self, wanted: Wanted, search: Search, window: BookingWindow | None) -> None:
        self.wanted, self.search, self.window, self.zone = wanted, search, window, wanted.zone
        self.may_be_early = wanted.by.may(Permission.APPROVE_EARLY_REPEAT)
        rooms = [bits for room_id, bits in search.room_free.items() if wanted.room_id in (None, room_id)]
        any_room = _union(rooms)
        nurses = [bits for nurse_id, bits in search.nurse_free.items() if wanted.nurse_id in (None, nurse_id)]
        self.free = _union(nurses) & any_room

    def bits(self, day: date, after: datetime | None = None) -> int:
        """The free starts of a date, or of what is left of it from a moment on."""
        start, end = (start_of_day(each, self.zone) for each in (day, day + timedelta(days=1)))
        return self.search.starts.from_to(after or start, end) & self.free

    def slots(self, day: date) -> list[Slot]:
        """Every free time of the date, by start, then nurse."""
        return self.narrowed(self.search.slots(self.bits(day)))

    def slots_at(self, starts_at: datetime, nurse_id: int | None) -> list[Slot]:
        """The free times that begin at one moment, with any nurse or one."""
        bits = self.search.starts.from_to(starts_at, starts_at + timedelta(minutes=1)) & self.free
        return [slot for slot in self.narrowed(self.search.slots(bits)) if nurse_id in (None, slot.nurse_id)]

    def first_of_half_days(self, earliest: date, last: date, count: int) -> list[Slot]:
        """The first free time of each morning and afternoon, the soonest first."""
        found: list[Slot] = []
        for day in days_between(earliest, last):
            noon = starting_instant(datetime.combine(day, time(12)), self.zone)
            for half in (self.bits(day) & self.search.starts.from_to(None, noon), self.bits(day, noon)):
                # The lowest bit is the first start.
                found += self.narrowed(self.search.slots(half & -half))[:1]
            if len(found) >= count:
                break
        return found[:count]

    def narrowed(self, slots: Iterable[Slot]) -> list[Slot]:
        """Only the wished nurse and room. A slot names the first free room; a wished one is free for its bits."""
        nurse, room = self.wanted.nurse_id, self.wanted.room_id
        names = dict(self.search.rooms)
        found = [slot for slot in slots if nurse in (None, slot.nurse_id)]
        return found if room is None else [slot._replace(room_id=room, room_name=names[room]) for slot in found]

    def is_early(self, day: date | None) -> bool:
        return bool(day and self.window and day < self.window.first_date)

    def is_refused(self, day: date) -> bool:
        """Before the window, for somebody who may not approve it; before the last session, for everybody."""
        if not self.is_early(day):
            return False
        return not self.may_be_early or bool(self.window and day < self.window.session_date)

    def cell(self, day: date, chosen: date | None) -> DayCell:
        free = self.bits(day).bit_count()
        if day < self.wanted.today:
            look = "past"
        elif self.is_refused(day):
            look = "early"
        elif not free:
            look = "shut"
        else:
            look = "in" if self.window and self.window.first_date <= day <= self.window.last_date else "open"
        return DayCell(day, look, free, is_chosen=day == chosen)

    def weekday_names(self, first: date) -> list[str]:
        return [f"{first + timedelta(days=number):%a}" for number in range(self.columns(first))]

    def columns(self, first: date) -> int:
        """Five days a week, or all seven where somebody works on a weekend."""
        days = [first + timedelta(days=number) for number in range(7 * WEEKS)]
        return 7 if any(self.bits(day) for day in days if day.weekday() >= 5) else 5


def _union(bits: Iterable[int]) -> int:
    together = 0
    for each in bits:
        together |= each
    return together


def weeks_of(days: Days, first: date, chosen: date | None) -> list[list[DayCell]]:
    """The weeks that begin with the Monday `first`, each as its dates."""
    columns = days.columns(first)
    mondays = (first + timedelta(days=7 * number) for number in range(WEEKS))
    return [[days.cell(monday + timedelta(days=number), chosen) for number in range(columns)] for monday in mondays]
