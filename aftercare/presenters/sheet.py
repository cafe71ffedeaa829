"""The plan in words that stay true: for paper, and for the copy that a phone keeps. Nothing on it says "today".

The same facts as on the patient's page (`aftercare.today`, `PlanPicture`), each with its date.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from aftercare.expected_course import Words
from aftercare.issuing import Visit
from aftercare.models import AftercarePlan
from aftercare.presenters.expected import Normal, normal_on
from aftercare.presenters.picture import Line, PlanPicture, plan_words
from aftercare.presenters.stocking_told import (
    leg_line,
    off_since,
    off_title,
    pause_ends_at,
    plan_says,
    stocking_title,
    until_words,
)
from aftercare.presenters.words import Clock, leg_name, short_day
from aftercare.stocking_told import StockingTold
from aftercare.stored import plan_of
from aftercare.today import Phase, Stocking, Today, today_of
from clinic.models import Clinic, Patient
from clinic.protocol.zones import start_of_day

# Characters of what is normal that a sheet has room for; the shipped texts of a whole course take about 900.
_MOST_NORMAL = 1200
# Characters of all that varies above which a sheet is set closer, and above which tighter, so that it stays one page of
# Letter, and above which it has no picture; found by printing. Large text is two sides at most.
_CLOSE_FROM, _TIGHT_FROM, _PICTURE_UP_TO = 1550, 2000, 2600
# Characters of everything that a sheet of Letter holds, set tight.
_ONE_PAGE = 3450
# Characters of what is normal that two sides of large text hold beside whom to call while there is no plan; one of the
# plan, which stands in lines of its own, takes the room of two. Found by printing.
_LARGE_ROOM = 1650
# What a new line costs, in characters.
_LINE = 20
# What the box of the stocking holds while nothing stands against it: that much is in the numbers above. Its letters are
# larger: a character of it takes the room of three.
_USUAL_BOX, _OF_BOX = 90, 3
# The clinic's own words stand in the narrow column beside the picture: a character of them takes the room of two.
_OF_TOLD = 2
# The box of an emergency above it.
_EMERGENCY_BOX = 700


class LastingClock(Clock):
    """Says every moment with its date."""

    def near(self, instant: datetime) -> str:
        return self.moment(instant)

    def near_day(self, day: date) -> str:
        return short_day(day)


@dataclass(frozen=True, slots=True)
class BigThing:
    """What counts first, and until when; `kind` is its colour. `legs` has a line for each leg when they differ.

    `over_at` is the instant from which it is no longer so; None where nothing ends.
    """

    kind: str
    title: str
    until: str
    then: str
    legs: tuple[str, ...] = ()
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One patient's running plans as one. `picture` and `lines` are empty while no plan holds.

    `changes_at` is the first instant at which something on it has ended or has been; None where nothing ends.
    `emergency_number` is set while an emergency is open and not answered: it comes before the plan.
    """

    name: str
    since: str
    emergency_number: str
    big: BigThing
    picture: dict[str, Any] | None
    lines: tuple[Line, ...]
    normal: Normal
    watch_until: str
    made: str
    zone_line: str
    changes_at: datetime | None
    most_normal: int = _MOST_NORMAL  # characters of what is normal that are told

    def on_one_page(self, *, other_length: int) -> "Sheet":
        """The same with as much of what is normal as one page has room for: what comes first stays whole."""
        return replace(self, most_normal=min(max(_ONE_PAGE - other_length - self._length, 0), _MOST_NORMAL))

    def in_large_text(self) -> "Sheet":
        """The same with as much of what is normal as two sides of large text have room for beside the plan."""
        return replace(self, most_normal=min(max(_LARGE_ROOM - 2 * self._length, 0), _MOST_NORMAL))

    @property
    def expected(self) -> Normal:
        """What is normal as the patient's page says it; what the sheet has no room for is left out from the end."""
        texts = [*self.normal.now, *(each.since + each.text for each in self.normal.later)]
        so_far = accumulate(len(text) + _LINE // 2 for text in texts)
        room = sum(length <= self.most_normal for length in so_far)
        now = self.normal.now[:room]
        return Normal(now, self.normal.later[: room - len(now)])

    @property
    def leaves_out(self) -> bool:
        """Whether the page says more of what is normal than the sheet."""
        return self.expected != self.normal

    def setting(self, *, other_length: int, is_large: bool) -> str:
        """How close it is set: "", "close" or "tight". `other_length`: characters of whom to call.

        Large text is never set closer: it goes on overleaf.
        """
        length = self._length_with(other_length)
        return "" if is_large or length <= _CLOSE_FROM else "close" if length <= _TIGHT_FROM else "tight"

    def has_room_for_picture(self, *, other_length: int) -> bool:
        """Whether the picture stands beside the lines, which say the same; large text never has it."""
        return self._length_with(other_length) <= _PICTURE_UP_TO

    def _length_with(self, other_length: int) -> int:
        return other_length + self._length + self._expected_length

    @property
    def _length(self) -> int:
        lines = [line.what + line.until + line.told * _OF_TOLD for line in self.lines]
        listed = sum(len(text) + _LINE for text in (*lines, *self.big.legs[1:], self.zone_line) if text)
        box = len(self.big.title + self.big.until + self.big.then)
        return listed + _OF_BOX * max(box - _USUAL_BOX, 0) + (_EMERGENCY_BOX if self.emergency_number else 0)

    @property
    def _expected_length(self) -> int:
        told = [*self.expected.now, *(each.since + each.text for each in self.expected.later)]
        return sum(len(text) + _LINE // 2 for text in told)


def sheet_of(
    patient: Patient,
    plans: Sequence[AftercarePlan],
    *,
    visit: Visit | None,
    words: Iterable[Words],
    clinic: Clinic,
    now: datetime,
    told: StockingTold | None = None,
    is_carer: bool = False,
    is_held: bool = False,
) -> Sheet:
    """`plans` are the running ones, items prefetched; `words` the clinic's on what is expected.

    `told` stands against the stocking; `is_carer`: somebody else than the patient reads of it; `is_held`: the clinic
    decides first when the next visit is.
    """
    values = [plan_of(row) for row in plans]
    today = today_of(values, now, zone=clinic.zone)
    clock = LastingClock(today.zone, today.day_date, ZoneInfo(patient.time_zone))
    seen_at = visit.starts_at if visit else None
    picture = None
    if today.phase is not Phase.NO_PLAN:
        picture = PlanPicture(
            values,
            clock=clock,
            words=plan_words(plans),
            now=now,
            visit_at=seen_at,
            is_narrow=True,
            timeline=today.timeline,
            of_leg=today.of_leg,
            is_paused=told is not None and told.is_off,
            pause_ends_at=pause_ends_at(told),
            is_held=is_held,
        )
    return Sheet(
        name=patient.name,
        since=_since([plan.session_date for plan in values]),
        emergency_number=clinic.emergency_number if told and told.is_emergency else "",
        big=_big_thing(today, clock, told, seen_at=seen_at, is_carer=is_carer),
        picture=_without_today(picture) if picture else None,
        lines=tuple(line for line in picture.lines if not line.is_over) if picture else (),
        normal=normal_on([(today.day_date - plan.session_date).days for plan in values], words, today=today.day_date),
        watch_until=short_day(today.watch_last_date) if picture and today.watch_last_date else "",
        made=clock.moment(now),
        zone_line=_zone_line(clock, now),
        changes_at=min(_changes(today, visit, told), default=None),
    )


def _changes(today: Today, visit: Visit | None, told: StockingTold | None) -> Iterator[datetime]:
    """When each thing on the sheet ends, of those that are still to come."""
    yield from (stocking.until for stocking in today.stockings)
    yield from (group.until for group in today.avoid)
    if visit is not None:
        yield visit.starts_at
    if told is not None and told.said is not None and told.said.on_again_at is not None:
        yield told.said.on_again_at
    if today.walks is not None:
        yield _day_after(today.walks.last_date, today)
    if today.watch_last_date is not None and today.phase not in (Phase.NO_PLAN, Phase.OVER):
        yield _day_after(today.watch_last_date, today)


def _day_after(last_date: date, today: Today) -> datetime:
    return start_of_day(last_date + timedelta(days=1), today.zone)


def _without_today(picture: PlanPicture) -> dict[str, Any]:
    return {**picture.as_mapping(), "today": None}


def _since(days: Sequence[date]) -> str:
    """`Tue 6 Jan, Tue 13 Jan`: the treatments that the plan follows from."""
    return ", ".join(short_day(day) for day in sorted(set(days)))


def _zone_line(clock: Clock, now: datetime) -> str:
    if not clock.differs_at(now):
        return ""
    place = clock.zone.key.rpartition("/")[2].replace("_", " ")
    zone = now.astimezone(clock.zone).tzname()
    return gettext("All times are the clinic's time (%(place)s, %(zone)s).") % {"place": place, "zone": zone}


def _big_thing(
    today: Today, clock: Clock, told: StockingTold | None, *, seen_at: datetime | None, is_carer: bool
) -> BigThing:
    if today.stocking is not None and told is not None:
        return _told(today, told, clock, seen_at=seen_at, is_carer=is_carer)
    if today.stocking is not None:
        return _stocking(today, today.stocking, clock)
    if today.phase is Phase.NO_PLAN:
        return BigThing("empty", gettext("No plan holds now"), gettext("If something worries you, call us."), "")
    last = short_day(today.watch_last_date) if today.watch_last_date else ""
    until = gettext("Know the warning signs until %(day)s") % {"day": last}
    over_at = _day_after(today.watch_last_date, today) if today.watch_last_date else None
    return BigThing("watch", gettext("No stocking needed now"), until, "", over_at=over_at)


def _stocking(today: Today, stocking: Stocking, clock: Clock) -> BigThing:
    many = len(today.stockings) > 1
    return BigThing(
        kind=stocking.phase.value,
        title=stocking_title(stocking),
        until=until_words(stocking, clock),
        then=_then(today, stocking),
        legs=tuple(leg_line(each, clock) for each in today.stockings) if many else (leg_name(stocking.legs),),
        over_at=stocking.until,  # of the leg that title and until speak of
    )


def _told(today: Today, told: StockingTold, clock: Clock, *, seen_at: datetime | None, is_carer: bool) -> BigThing:
    """No clock ends it, where no date was said: it holds until the clinic has spoken with the patient."""
    plan = plan_says(today, clock)
    if told.is_off:
        since = off_since(told, clock, seen_at=seen_at, is_carer=is_carer)
        over_at = told.said.on_again_at if told.said else None
        return BigThing("off", off_title(told), since, plan, over_at=over_at)
    return BigThing("held", gettext("Your plan"), plan, "")


def _then(today: Today, stocking: Stocking) -> str:
    if stocking.phase is Phase.DAYTIME:
        return gettext("You may take it off for the night.")
    last = today.daytime_last_date
    if last is None or last <= stocking.last_date:
        return ""
    return gettext("Then by day until %(day)s.") % {"day": short_day(last)}
