"""Dates and times as patients read them, in the language of the page, on the clinic's clock."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import get_language, gettext

from clinic.protocol.window import BookingWindow


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str, language: str) -> str:
    """A date by a pattern of Django's, in the active language; Spanish writes days and months small."""
    text = dateformat.format(day, pattern)
    return text.lower() if language.startswith("es") else text


def write_day(day: date, pattern: str) -> str:
    plain = day.date() if isinstance(day, datetime) else day
    return _written(plain, pattern, get_language() or "")


def short_day(day: date) -> str:
    """`Tue 20 Jan`, `mar 20 ene`."""
    return write_day(day, "D j M")


def long_day(day: date) -> str:
    """`Thursday 15 January`, `jueves 15 de enero`."""
    # Translators: a date format of Django; in Spanish l j \d\e F
    return write_day(day, gettext("l j F"))


def heading_day(day: date) -> str:
    """`Thursday 15 January`, `Jueves 15 de enero`: as a title begins."""
    words = long_day(day)
    return words[:1].upper() + words[1:]


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    """`10:30`"""
    return f"{instant.astimezone(zone):%H:%M}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """`Tue 20 Jan, 10:30`, `mar 20 ene, 10:30`."""
    return f"{short_day(instant.astimezone(zone))}, {clock_time(instant, zone)}"


def near(instant: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`today, 10:30`, `tomorrow, 10:30`, otherwise as `moment`."""
    days = (instant.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 0:
        return gettext("today, %(time)s") % {"time": clock_time(instant, zone)}
    if days == 1:
        return gettext("tomorrow, %(time)s") % {"time": clock_time(instant, zone)}
    return moment(instant, zone)


def usual_time(window: BookingWindow | None, *, today: date) -> str:
    """When a next treatment usually is, and to call; only to call where it is over, or nobody was treated yet."""
    if window is None or window.last_date < today:
        return gettext("Call us if you want to come.")
    if window.last_date == today:
        return gettext("If you need another one, today is the last day of the usual time. Call us to book.")
    if window.first_date < today:
        words = gettext("If you need another one, the usual time is until %(last)s. Call us to book.")
    else:
        words = gettext("If you need another one, the usual time is from %(first)s to %(last)s. Call us to book.")
    return words % {"first": short_day(window.first_date), "last": short_day(window.last_date)}
