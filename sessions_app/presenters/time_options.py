"""Times as they stand in the booking dialog: one that can be chosen, and all of them with the weeks around."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.vocabulary import Hold
from clinic.protocol.window import BookingWindow
from clinic.protocol.zones import local_date
from sessions_app.free_times import Slot, SlotKind
from sessions_app.presenters.days import Booked, DayCell
from sessions_app.slot_value import is_same_time, value_of
from sessions_app.wording import range_words, time_words


@dataclass(frozen=True, slots=True)
class Option:
    """One time that can be chosen. `value` comes back in the form, `when` stands on the button that books it.

    `is_early` says that the window opens later: a reason is asked for; `asks` that this person asks a clinician for it.
    `avoid` are the days after it in which flights and events should be left, in words. `is_later` says that the window
    is over by then, `is_near` that another treatment is booked too near: neither is chosen for somebody. `fits` says
    that the patient asked for such a time on the wait list.
    """

    value: str
    when: str
    time: str
    where: str
    date: date
    why: str = ""
    key: str = ""
    is_early: bool = False
    asks: bool = False
    avoid: str = ""
    is_later: bool = False
    is_near: bool = False
    fits: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """`groups` are the times of one chosen day by nurse; `options` are the best ones where no day is chosen.

    `avoid_days` after a treatment flights of more than `flight_hours` and events should be left; 0 where nobody is
    treated. `booked` are the treatments of the patient that are booked already, `near` says of the chosen day that it
    is too near to one. `suggested` is the chosen time where nobody has chosen one.
    """

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
    window_reason: str = ""
    holds: tuple[Hold, ...] = ()
    avoid_days: int = 0
    flight_hours: int = 0
    chosen: str = ""
    suggested: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    is_narrow: bool = False
    extra: list[Option] = field(default_factory=list)
    booked: Booked = field(default_factory=Booked)
    near: str = ""

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
        """The same with one time chosen, the first fitting one when there is no such time; the first nine have keys."""
        keys = iter("123456789")
        numbered = self.changed(self._completed)
        numbered = replace(
            numbered,
            extra=[replace(option, key=next(keys, "")) for option in numbered.extra],
            options=[replace(option, key=next(keys, "")) for option in numbered.options],
            groups=[
                (nurse, [replace(option, key=next(keys, "")) for option in options])
                for nurse, options in numbered.groups
            ],
        )
        values = [option.value for option in numbered.everything]
        # Where its room went meanwhile, the same time in another room is the nearest to what was chosen, and says so.
        same = next((each for each in values if is_same_time(each, value)), "")
        if value in values or same:
            return replace(numbered, chosen=value if value in values else same)
        first = numbered._first_fitting()
        return replace(numbered, chosen=first, suggested=first)

    def _completed(self, option: Option) -> Option:
        option = replace(option, avoid=_avoid_words(option, self.avoid_days))
        near = self.booked.near_words(option.date)
        return replace(option, is_near=True, why=near.removesuffix(".")) if near else option

    def _first_fitting(self) -> str:
        """The first time that nothing speaks against; of a day that was picked none that is too early."""
        fitting = [option for option in self.everything if not option.is_near]
        if self.groups:
            fitting = [option for option in fitting if not option.is_early and not option.asks]
        usual = [option for option in fitting if not option.is_later]
        return next((option.value for option in (*usual, *fitting)), "")

    def changed(self, change: Callable[[Option], Option]) -> "Times":
        """The same with every option changed."""
        return replace(
            self,
            extra=[change(option) for option in self.extra],
            options=[change(option) for option in self.options],
            groups=[(nurse, [change(option) for option in options]) for nurse, options in self.groups],
            early=[change(option) for option in self.early],
        )

    @property
    def chosen_option(self) -> Option | None:
        return next((option for option in self.everything if option.value == self.chosen), None)

    @property
    def has_window_days(self) -> bool:
        return any(cell.look == "in" for week in self.weeks for cell in week)


def option_of(slot: Slot, zone: ZoneInfo, *, why: str | None = None, early: bool = False, asks: bool = False) -> Option:
    return Option(
        value=value_of(slot),
        when=time_words(slot.starts_at, zone),
        time=f"{slot.starts_at.astimezone(zone):%H:%M}",
        where=f"{slot.nurse_name}, {slot.room_name}",
        why=_sentence_case(slot.why if why is None else why),
        is_early=early and not asks,
        asks=asks,
        is_later=slot.kind == SlotKind.LATER,
        date=local_date(slot.starts_at, zone),
    )


def near_options(alternatives: Iterable[Slot], zone: ZoneInfo) -> list[Option]:
    """After "taken": what is free near the wished time, inside the window first."""
    ranked = sorted(alternatives, key=lambda slot: slot.kind in (SlotKind.LATER, SlotKind.EARLY))
    later = {SlotKind.LATER: ", later than usual"}
    return [
        option_of(
            slot,
            zone,
            why=f"Free, and near the time you wanted{later.get(slot.kind, '')}",
            early=slot.kind == SlotKind.EARLY,
        )
        for slot in ranked
    ]


def _avoid_words(option: Option, days: int) -> str:
    """ "from Thu 15 to Sun 18 Jan" """
    return f"from {range_words(option.date, option.date + timedelta(days=days))}" if days else ""


def _sentence_case(words: str) -> str:
    return words[:1].upper() + words[1:]
