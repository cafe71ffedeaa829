"""Dates, times and names of things as people read them, in the language of the page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from clinic.protocol import ItemKey, Leg
from sessions_app.presenters.patient_words import long_day, short_day, write_day

__all__ = [
    "LEAVE",
    "Clock",
    "axis_day",
    "days_of",
    "hours_of",
    "leave_name",
    "leg_name",
    "long_day",
    "minutes_of",
    "short_day",
    "weekday",
]


def weekday(day: date) -> str:
    """`Thu`, `jue`."""
    return write_day(day, "D")


def axis_day(day: date) -> str:
    """`20 Jan`, `20 ene`: a tick of the picture."""
    return write_day(day, "j M")


def days_of(days: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def hours_of(hours: int) -> str:
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def minutes_of(minutes: int) -> str:
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@dataclass(frozen=True, slots=True)
class Clock:
    """How instants are shown on one page: on the clinic's clock, with the zone named where the reader's differs."""

    zone: ZoneInfo
    today: date
    reader_zone: ZoneInfo | None = None

    def moment(self, instant: datetime) -> str:
        """`Tue 20 Jan, 10:30`, with ` EST` behind it when the reader's clock shows something else then."""
        local = instant.astimezone(self.zone)
        return f"{short_day(local)}, {self.time(instant)}"

    def time(self, instant: datetime) -> str:
        """`10:30`, or `10:30 EST`."""
        local = instant.astimezone(self.zone)
        named = f" {local.tzname()}" if self.differs_at(instant) else ""
        return f"{local:%H:%M}{named}"

    def near(self, instant: datetime) -> str:
        """`today, 10:30`, `tomorrow, 10:30`, otherwise as `moment`."""
        day = instant.astimezone(self.zone).date()
        if day == self.today:
            return gettext("today, %(time)s") % {"time": self.time(instant)}
        if day == self.today + timedelta(days=1):
            return gettext("tomorrow, %(time)s") % {"time": self.time(instant)}
        return self.moment(instant)

    def near_day(self, day: date) -> str:
        """`today`, `tomorrow`, otherwise `Tue 20 Jan`."""
        if day == self.today:
            return gettext("today")
        return gettext("tomorrow") if day == self.today + timedelta(days=1) else short_day(day)

    def until(self, instant: datetime) -> str:
        """As `near`, within a sentence: Spanish has an article before a date and none before "today"."""
        near, dated = self.near(instant), self.moment(instant)
        return pgettext("behind until", "%(when)s") % {"when": dated} if near == dated else near

    def until_day(self, day: date) -> str:
        near, dated = self.near_day(day), short_day(day)
        return pgettext("behind until", "%(when)s") % {"when": dated} if near == dated else near

    def date_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def differs_at(self, instant: datetime) -> bool:
        """Whether the reader's own clock shows another time than the clinic's at that instant."""
        if self.reader_zone is None:
            return False
        return instant.astimezone(self.reader_zone).utcoffset() != instant.astimezone(self.zone).utcoffset()


# What is left alone, in a patient's words, with its icon.
LEAVE: dict[ItemKey, tuple[Promise, str]] = {
    ItemKey.AVOID_HEAVY_EXERCISE: (_("Heavy exercise"), "dumbbell"),
    ItemKey.AVOID_SUNBATHING: (_("Sunbathing"), "sun"),
    ItemKey.AVOID_LONG_FLIGHT: (_("Flights over %(hours)d hours"), "plane"),
    ItemKey.AVOID_HOT_BATH_SAUNA: (_("Hot bath or sauna"), "bath"),
    ItemKey.BREASTFEEDING_PAUSE: (_("Breastfeeding"), "hourglass"),
}

_LEGS: dict[frozenset[Leg], Promise] = {
    frozenset({Leg.LEFT}): _("Left leg"),
    frozenset({Leg.RIGHT}): _("Right leg"),
    frozenset({Leg.LEFT, Leg.RIGHT}): _("Both legs"),
}


def leave_name(key: ItemKey, *, long_flight_hours: int) -> str:
    """`Flights over 4 hours`."""
    return str(LEAVE[key][0]) % {"hours": long_flight_hours} if key is ItemKey.AVOID_LONG_FLIGHT else str(LEAVE[key][0])


def leg_name(legs: frozenset[Leg]) -> str:
    """`Left leg`, `Both legs`; empty when no leg is named."""
    return str(_LEGS.get(legs, ""))
