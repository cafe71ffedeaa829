"""The weeks of the booking dialog: in which parts of each date times are free, and which dates the window closes."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.window import BookingWindow
from clinic.protocol.zones import local_date, start_of_day, starting_instant
from sessions_app.availability import days_between
from sessions_app.free_times import Search, Slot
from sessions_app.models import Appointment, PartOfDay, Service, WaitListEntry
from sessions_app.ranking import bits_of_parts
from sessions_app.repeat import too_near_words
from sessions_app.wording import day_words, list_words

WEEKS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the dialog is asked to show.

    `wish` is a start and maybe a nurse that were pressed on the board, `chosen` what was chosen in the dialog before;
    `moves` is the visit that is moved, which does not stand in its own way. `first_day` begins the weeks, `day` is
    shown in full. `part` is a value of `PartOfDay`, "" for the whole day. `waits` is what the patient waits for: times
    that fit it come first; where they have a visit already, only those before it (`waits_before`). `treatments` are the
    starts of the patient's booked treatments, where they are known.
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
    part: str = ""
    waits: WaitListEntry | None = None
    waits_before: datetime | None = None
    treatments: Sequence[datetime] | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether somebody asked for one nurse, one room or one part of the day."""
        return bool(self.nurse_id or self.room_id or self.part)

    @property
    def zone(self) -> ZoneInfo:
        return self.clinic.zone

    @property
    def today(self) -> date:
        return local_date(self.now, self.zone)


@dataclass(frozen=True, slots=True)
class Booked:
    """The dates of the patient's booked treatments, and how many days a repeat keeps from another one."""

    days: tuple[date, ...] = ()
    least_days: int = 0

    def near_words(self, day: date) -> str:
        """ "Only 3 days after the treatment of Tue 24 Nov." for a date too near to one of them."""
        return too_near_words(day, self.days, self.least_days)

    def apart(self, search: Search) -> Search:
        """The same search with nobody free on the dates too near."""
        if not self.days:
            return search
        apart, near = copy(search), 0
        for day in self.days:
            first, after = day - timedelta(days=self.least_days - 1), day + timedelta(days=self.least_days)
            near |= search.starts.from_to(start_of_day(first, search.zone), start_of_day(after, search.zone))
        apart.nurse_free = {nurse: bits & ~near for nurse, bits in search.nurse_free.items()}
        return apart


@dataclass(frozen=True, slots=True)
class DayCell:
    """One date of the weeks. `look` is past, shut, early (before the window), in (the window) or open.

    `parts` are the parts of the day with free times, each as (value, words, whether it has any); `can_be_shown` says
    whether the date can be pressed: an early one too, because a clinician may approve it. `near` names a booked
    treatment that is too near.
    """

    date: date
    look: str
    parts: tuple[tuple[str, str, bool], ...]
    is_chosen: bool
    can_be_shown: bool
    near: str = ""

    @property
    def free_words(self) -> str:
        """ "morning and afternoon" """
        return list_words([words for _, words, is_free in self.parts if is_free])

    @property
    def spoken(self) -> str:
        words = {"past": "over", "shut": "nothing free"}.get(self.look) or f"free: {self.free_words or 'nothing'}"
        where = {"in": ", inside the window", "early": ", before the window"}.get(self.look, "")
        near = f", {self.near[:1].lower()}{self.near[1:].removesuffix('.')}" if self.near else ""
        return f"{day_words(self.date)}, {words}{where}{near}"


def narrowed(search: Search, wanted: Wanted) -> Search:
    """The same search with only the wished nurse, room and part of the day free; whoever is busy stays so."""
    if not wanted.is_narrow:
        return search
    fitting = parts_of(search).get(wanted.part, 0) if wanted.part else search.starts.all
    narrow = copy(search)
    narrow.nurse_free = {
        nurse: bits & fitting if wanted.nurse_id in (None, nurse) else 0 for nurse, bits in search.nurse_free.items()
    }
    narrow.room_free = {room: bits if wanted.room_id in (None, room) else 0 for room, bits in search.room_free.items()}
    return narrow


def parts_of(search: Search) -> dict[str, int]:
    """The starts of each part of the day, as bits; a part in which nobody ever works is left out."""
    return {part: bits for part, bits in bits_of_parts(search).items() if bits}


class Days:
    """The free starts of a narrowed search by date, under the rules of the window."""

    def __init__(
        self, wanted: Wanted, search: Search, window: BookingWindow | None, booked: Booked | None = None
    ) -> None:
        self.wanted, self.search, self.window, self.zone = wanted, search, window, wanted.zone
        self.booked = booked or Booked()
        self.may_be_early = wanted.by.may(Permission.APPROVE_EARLY_REPEAT)
        self.free = _union(search.nurse_free.values()) & _union(search.room_free.values())
        self.parts = parts_of(search)

    def apart(self) -> "Days":
        """The same without the dates too near to a booked treatment."""
        return Days(self.wanted, self.booked.apart(self.search), self.window, self.booked) if self.booked.days else self

    def bits(self, day: date, after: datetime | None = None) -> int:
        """The free starts of a date, or of what is left of it from a moment on."""
        start, end = (start_of_day(each, self.zone) for each in (day, day + timedelta(days=1)))
        return self.search.starts.from_to(after or start, end) & self.free

    def slots(self, day: date) -> list[Slot]:
        """Every free time of the date, by start, then nurse."""
        return self.search.slots(self.bits(day))

    def slots_at(self, starts_at: datetime, nurse_id: int | None) -> list[Slot]:
        """The free times that begin at one moment, with any nurse or one."""
        bits = self.search.starts.from_to(starts_at, starts_at + timedelta(minutes=1)) & self.free
        return [slot for slot in self.search.slots(bits) if nurse_id in (None, slot.nurse_id)]

    def first_of_half_days(self, earliest: date, last: date, count: int) -> list[Slot]:
        """The first free time of each morning and afternoon, the soonest first."""
        found: list[Slot] = []
        for day in days_between(earliest, last):
            noon = starting_instant(datetime.combine(day, time(12)), self.zone)
            for half in (self.bits(day) & self.search.starts.from_to(None, noon), self.bits(day, noon)):
                # The lowest bit is the first start.
                found += self.search.slots(half & -half)[:1]
            if len(found) >= count:
                break
        return found[:count]

    def is_early(self, day: date | None) -> bool:
        return bool(day and self.window and day < self.window.first_date)

    def needs_clinician(self, day: date | None) -> bool:
        """Before the window, for somebody who may not approve it."""
        return self.is_early(day) and not self.may_be_early

    def is_refused(self, day: date) -> bool:
        """Before the last session nobody books, whoever asks."""
        return bool(self.window and day < self.window.session_date)

    def cell(self, day: date, chosen: date | None) -> DayCell:
        bits, near = self.bits(day), self.booked.near_words(day)
        if day < self.wanted.today:
            look = "past"
        elif self.is_refused(day) or not bits:
            look = "shut"
        elif self.needs_clinician(day):
            look = "early"
        else:
            inside = self.window and self.window.first_date <= day <= self.window.last_date
            look = "in" if inside and not near else "open"
        parts = tuple((part, PartOfDay(part).label.lower(), bool(bits & starts)) for part, starts in self.parts.items())
        return DayCell(day, look, parts, is_chosen=day == chosen, can_be_shown=look not in ("past", "shut"), near=near)

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
