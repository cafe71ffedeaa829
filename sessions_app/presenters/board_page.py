"""What stands around a board: its title, the dates it shows, and the ways to the days and weeks beside it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sessions_app.availability import days_between
from sessions_app.presenters.board import Source
from sessions_app.presenters.board_filters import Filters
from sessions_app.wording import range_words

DAY, WEEK = "day", "week"
_WEEKEND = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the board: a day, or the week from Monday `first` to Sunday `last`."""

    view: str
    filters: Filters
    first: date
    last: date
    now: datetime
    today: date

    @property
    def shows_today(self) -> bool:
        return self.first <= self.today <= self.last

    @property
    def title(self) -> str:
        """ "Tuesday 13 January", "Mon 12 to Sun 18 Jan"; with the year when it is another one."""
        day = self.filters.day
        words = f"{day:%A} {day.day} {day:%B}" if self.view == DAY else range_words(self.first, self.last)
        return words if day.year == self.today.year else f"{words} {day.year}"

    def _beside(self, steps: int) -> str:
        length = timedelta(days=1 if self.view == DAY else 7)
        return self.filters.address(date=(self.filters.day + steps * length).isoformat())

    @property
    def previous(self) -> str:
        return self._beside(-1)

    @property
    def following(self) -> str:
        return self._beside(1)

    @property
    def present(self) -> str:
        """The query of today, with the same filters."""
        return self.filters.address(date=None)

    @property
    def itself(self) -> str:
        return self.filters.address()

    @property
    def by_nurse(self) -> str:
        return self.filters.address(by=None, room=None, nurse=None)

    @property
    def by_room(self) -> str:
        return self.filters.address(by="room", room=None, nurse=None)

    @property
    def everybody(self) -> str:
        """The query of the whole week, without the nurse or room whose week is shown."""
        return self.filters.address(room=None, nurse=None)


def look_at(view: str, filters: Filters, *, now: datetime, zone: ZoneInfo) -> Look:
    first = last = filters.day
    if view == WEEK:
        first = filters.day - timedelta(days=filters.day.weekday())
        last = first + timedelta(days=6)
    return Look(view, filters, first, last, now, now.astimezone(zone).date())


def working_days(look: Look, source: Source) -> list[date]:
    """The dates of the week: Monday to Friday, and of the weekend those on which somebody works or is booked."""
    used = {row.date for row in source.hours}
    for day in days_between(look.first, look.last):
        if any(row.visit for row in source.on(day)[0]):
            used.add(day)
    return [day for day in days_between(look.first, look.last) if day.weekday() < _WEEKEND or day in used]


def stamp_with_time(stamp: str, look: Look) -> str:
    """The stamp of a board that shows the present also changes by the minute, because its now-line does."""
    return f"{stamp}-{look.now:%H%M}" if look.shows_today else stamp
