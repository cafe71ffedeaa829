"""The times of the booking dialog: the best few with their reasons, one day in full, and the weeks around them.

One search of the calendar serves the weeks, the day and the wish; the best times of a repeat are `slots.repeat_offer`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.window import BookingWindow
from clinic.protocol.zones import local_date, start_of_day, starting_instant
from sessions_app.free_times import Search, Slot, last_bookable_date
from sessions_app.models import Appointment, Service
from sessions_app.slot_value import value_of
from sessions_app.slots import BEST, repeat_offer
from sessions_app.wording import day_words, time_words

WEEKS = 4


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
class Option:
    """One time that can be chosen. `value` comes back in the form, `when` stands on the button that books it."""

    value: str
    when: str
    time: str
    where: str
    why: str = ""
    key: str = ""
    is_early: bool = False


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


@dataclass(frozen=True, slots=True)
class Times:
    """`groups` are the times of one chosen day by nurse; `options` are the best ones where no day is chosen."""

    sentence: str
    is_on_hold: bool
    heading: str
    options: list[Option]
    early: list[Option]
    groups: list[tuple[str, list[Option]]]
    weeks: list[list[DayCell]]
    weekdays: list[str]
    before: date | None
    after: date | None
    nurses: list[tuple[int, str]]
    rooms: list[tuple[int, str]]
    problem: str = ""
    window: BookingWindow | None = None
    chosen: str = ""
    extra: list[Option] = field(default_factory=list)

    @property
    def everything(self) -> Iterator[Option]:
        yield from self.extra
        yield from self.options
        for _, options in self.groups:
            yield from options
        yield from self.early

    def with_first(self, options: list[Option]) -> "Times":
        """The same with some times before all others, numbered again."""
        if not options:
            return self
        known = {option.value for option in options}
        first = [*options, *(option for option in self.extra if option.value not in known)]
        rest = [option for option in self.options if option.value not in known]
        return replace(self, extra=first, options=rest)

    def choosing(self, value: str) -> "Times":
        """The same with one time chosen, the first one when there is no such time; the first nine have keys."""
        keys = iter("123456789")
        numbered = replace(
            self,
            extra=[replace(option, key=next(keys, "")) for option in self.extra],
            options=[replace(option, key=next(keys, "")) for option in self.options],
        )
        values = [option.value for option in numbered.everything]
        first = values[0] if values and not self.groups else ""
        return replace(numbered, chosen=value if value in values else first)

    @property
    def chosen_option(self) -> Option | None:
        return next((option for option in self.everything if option.value == self.chosen), None)

    @property
    def has_window_days(self) -> bool:
        return any(cell.look == "in" for week in self.weeks for cell in week)


def option_of(slot: Slot, zone: ZoneInfo, *, why: str | None = None, early: bool = False) -> Option:
    return Option(
        value=value_of(slot),
        when=time_words(slot.starts_at, zone),
        time=f"{slot.starts_at.astimezone(zone):%H:%M}",
        where=f"{slot.nurse_name}, {slot.room_name}",
        why=_sentence_case(slot.why if why is None else why),
        is_early=early,
    )


def _sentence_case(words: str) -> str:
    return words[:1].upper() + words[1:]


def times_for(wanted: Wanted) -> Times:
    """Everything that the dialog shows about times. The number of queries does not depend on what there is."""
    zone, service = wanted.zone, wanted.service
    offer = (
        repeat_offer(patient=wanted.patient, service=service, now=wanted.now, by=wanted.by) if wanted.patient else None
    )
    window = offer.window if offer else None
    first = _first_day(wanted, window)
    search = _search(wanted, first, first + timedelta(days=7 * WEEKS - 1))
    days = _Days(wanted, search, window)
    day = wanted.day if wanted.day and not days.is_refused(wanted.day) else None
    best = [] if offer and offer.on_hold else _best(wanted, search, days, offer.best if offer else None)
    early = [option_of(slot, zone, early=True) for slot in offer.early[:BEST]] if offer else []
    extra, problem = _wished(wanted, days, search)
    offered = {option.value for option in extra}
    options = [option for slot in best if (option := option_of(slot, zone)).value not in offered]
    extra += _kept(wanted, days, search, offered | {option.value for option in (*options, *early)})
    is_on_hold = bool(offer and offer.on_hold)
    return Times(
        sentence=offer.sentence if offer else "",
        is_on_hold=is_on_hold,
        heading=f"{day_words(day)}" if day else "Best times" if window else "The next free times",
        options=[] if day else options,
        early=[] if day else early,
        groups=_by_nurse(search, days.slots(day), zone, early=days.is_early(day)) if day and not is_on_hold else [],
        weeks=_weeks(days, first, day, is_on_hold=is_on_hold),
        weekdays=days.weekday_names(first),
        before=first - timedelta(days=7 * WEEKS) if first > _monday(wanted.today) else None,
        after=_after(wanted, first),
        nurses=[(nurse.id, nurse.name) for nurse in search.nurses],
        rooms=list(search.rooms),
        problem="" if day else problem,
        window=window,
        extra=[] if day or is_on_hold else extra,
    )


def _search(wanted: Wanted, first: date, last: date) -> Search:
    """Every nurse and room of the service: the selects offer all of them, whatever is chosen."""
    moves = wanted.moves
    return Search(
        clinic=wanted.clinic,
        service=wanted.service,
        first_date=first,
        last_date=last,
        now=wanted.now,
        patient=wanted.patient,
        length=moves.entry.ends_at - moves.entry.starts_at if moves else None,
        ignore_entry=moves.entry_id if moves else None,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _first_day(wanted: Wanted, window: BookingWindow | None) -> date:
    """The Monday of the week where the weeks begin: asked for, of the chosen day, of the window, or this week."""
    present = _monday(wanted.today)
    if wanted.first_day:
        return max(_monday(wanted.first_day), present)
    shown = wanted.day or (wanted.wish and local_date(wanted.wish[0], wanted.zone))
    if shown is None and window is not None and window.last_date >= wanted.today:
        shown = window.first_date
    begins = present if shown is None or shown < present + timedelta(days=7 * WEEKS) else _monday(shown)
    return max(begins, present)


def _after(wanted: Wanted, first: date) -> date | None:
    following = first + timedelta(days=7 * WEEKS)
    return following if following <= last_bookable_date(wanted.clinic, wanted.now) else None


class _Days:
    """The free starts of a search by date, under the wish for a nurse or room and the rules of the window."""

    def __init__(self, wanted: Wanted, search: Search, window: BookingWindow | None) -> None:
        self.wanted, self.search, self.window, self.zone = wanted, search, window, wanted.zone
        self.may_be_early = wanted.by.may(Permission.APPROVE_EARLY_REPEAT)
        rooms = [bits for room_id, bits in search.room_free.items() if wanted.room_id in (None, room_id)]
        any_room = _union(rooms)
        nurses = [bits for nurse_id, bits in search.nurse_free.items() if wanted.nurse_id in (None, nurse_id)]
        self.free = _union(nurses) & any_room

    def bits(self, day: date) -> int:
        start, end = (start_of_day(each, self.zone) for each in (day, day + timedelta(days=1)))
        return self.search.starts.from_to(start, end) & self.free

    def slots(self, day: date) -> list[Slot]:
        return self.narrowed(self.search.slots(self.bits(day)))

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


def _weeks(days: _Days, first: date, chosen: date | None, *, is_on_hold: bool) -> list[list[DayCell]]:
    if is_on_hold:
        return []
    columns = days.columns(first)
    mondays = (first + timedelta(days=7 * number) for number in range(WEEKS))
    return [[days.cell(monday + timedelta(days=number), chosen) for number in range(columns)] for monday in mondays]


def _best(wanted: Wanted, search: Search, days: _Days, offered: list[Slot] | None) -> list[Slot]:
    """The offered slots; with a wished nurse or room, or without a patient, the soonest that fit, a few per day."""
    if offered is not None and wanted.nurse_id is None and wanted.room_id is None:
        return offered
    earliest = days.window.first_date if days.window and days.window.first_date > wanted.today else wanted.today
    from_here = search.starts.from_to(start_of_day(earliest, wanted.zone), None) & days.free
    halves: dict[tuple[date, bool], Slot] = {}
    for slot in days.narrowed(search.slots(from_here)):
        wall = slot.starts_at.astimezone(wanted.zone)
        halves.setdefault((wall.date(), wall.hour >= 12), slot)
        if len(halves) == BEST:
            break
    return list(halves.values())


def _by_nurse(search: Search, slots: list[Slot], zone: ZoneInfo, *, early: bool) -> list[tuple[str, list[Option]]]:
    groups: dict[str, list[Option]] = {nurse.name: [] for nurse in search.nurses}
    for slot in slots:
        groups[slot.nurse_name].append(option_of(slot, zone, why="", early=early))
    return [(name, options) for name, options in groups.items() if options]


def _wished(wanted: Wanted, days: _Days, search: Search) -> tuple[list[Option], str]:
    """The time that was pressed on the board as the first option, or why it cannot be had."""
    if wanted.wish is None:
        return [], ""
    starts_at, nurse_id = wanted.wish
    day = local_date(starts_at, wanted.zone)
    when = time_words(starts_at, wanted.zone)
    if days.is_refused(day) and days.window:
        first = day_words(days.window.first_date)
        return [], f"{when} is before the usual window, which opens {first}. A clinician may approve it."
    fitting = _slots_at(starts_at, nurse_id, days, search)
    if not fitting:
        minutes = search.length // timedelta(minutes=1)
        return (
            [],
            f"{when} is not free for the {minutes} minutes that {wanted.service.name} takes. Choose another time.",
        )
    return [option_of(fitting[0], wanted.zone, why="The time you chose", early=days.is_early(day))], ""


def _kept(wanted: Wanted, days: _Days, search: Search, offered: set[str]) -> list[Option]:
    """What was chosen before and is not among the offered times, while it can still be had."""
    if (
        wanted.chosen is None
        or wanted.chosen == wanted.wish
        or days.is_refused(local_date(wanted.chosen[0], wanted.zone))
    ):
        return []
    return [
        option
        for slot in _slots_at(*wanted.chosen, days, search)[:1]
        if (option := option_of(slot, wanted.zone, why="The time you chose")).value not in offered
    ]


def _slots_at(starts_at: datetime, nurse_id: int | None, days: _Days, search: Search) -> list[Slot]:
    bits = search.starts.from_to(starts_at, starts_at + timedelta(minutes=1)) & days.free
    return [slot for slot in days.narrowed(search.slots(bits)) if nurse_id in (None, slot.nurse_id)]


def wish_from(day: date | None, at: str, nurse_id: int | None, zone: ZoneInfo) -> tuple[datetime, int | None] | None:
    """A start on the clinic's wall clock as it stands in an address ("15:45")."""
    try:
        wall = time.fromisoformat(at) if day else None
    except ValueError:
        return None
    if day is None or wall is None or wall.tzinfo is not None:
        return None
    return starting_instant(datetime.combine(day, wall), zone), nurse_id
