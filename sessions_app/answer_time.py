"""By when somebody who asked on the public page is answered: a promise that the opening hours can keep. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period

_DAY = timedelta(days=1)


def answer_by(asked_at: datetime, within: timedelta, opened: Iterable[Period], zone: ZoneInfo) -> datetime:
    """The end of the promise, as an instant at which somebody is there.

    The time runs from the question, or from the next opening where nobody is there; days on which nobody works do not
    count. An end after closing goes on at the next opening. `opened` are the openings from the day of the question on;
    where they end too soon, or nothing is known of them, plain hours are promised.
    """
    days = first_to_last(opened, zone)
    number = next((at for at, day in enumerate(days) if asked_at < day.ends_at), None)
    if number is None:
        return asked_at + within
    moment, left = max(asked_at, days[number].starts_at), within
    while True:
        midnight = start_of_day(local_date(moment, zone) + _DAY, zone)
        if moment + left < midnight:
            return _while_open(moment + left, days, number)
        if number + 1 == len(days):
            return moment + left
        left -= midnight - moment
        number += 1
        moment = start_of_day(local_date(days[number].starts_at, zone), zone)


def _while_open(due: datetime, days: list[Period], number: int) -> datetime:
    """`due` lies on the date of `days[number]`: what is outside of its opening goes on at the next one."""
    day = days[number]
    if due < day.starts_at:
        closed_at = days[number - 1].ends_at
        return min(day.starts_at + (due - closed_at), day.ends_at)
    if due > day.ends_at and number + 1 < len(days):
        following = days[number + 1]
        return min(following.starts_at + (due - day.ends_at), following.ends_at)
    return due


def opens_at(now: datetime, *, opened: Sequence[Period], zone: ZoneInfo) -> datetime | None:
    """When somebody is there next; None while the clinic is open, and where no opening is known."""
    day = next((each for each in first_to_last(opened, zone) if now < each.ends_at), None)
    return day.starts_at if day and now < day.starts_at else None


def first_to_last(opened: Iterable[Period], zone: ZoneInfo) -> list[Period]:
    """One period a date, from the first opening to the last closing: who has a break still takes calls."""
    days: dict[object, Period] = {}
    for period in sorted(opened):
        date = local_date(period.starts_at, zone)
        first = days.get(date, period)
        days[date] = Period(first.starts_at, max(first.ends_at, period.ends_at))
    return list(days.values())
