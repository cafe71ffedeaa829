"""By when somebody acts on a report: an emergency by the clock, everything else by the hours that are worked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.answer_time import first_to_last
from sessions_app.availability import Period

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allowed:
    """How long somebody may take, as the clinic set it: `emergency` on the clock, `same_day` of opening time."""

    emergency: timedelta
    same_day: timedelta


def due_at(level: Level, now: datetime, *, allowed: Allowed, opened: Sequence[Period], zone: ZoneInfo) -> datetime:
    """The instant by which somebody acts on a report that came in at `now`.

    `opened` are the openings from the date of `now` on (`sessions_app.worked`): nobody works on closed days
    and holidays, so they do not count. Same day: within `allowed.same_day`, but before closing; while the clinic is
    closed, from its next opening on. The rest: until the clinic closes on the next day that is worked. Where no opening
    is known the clock alone counts, a day of it for what has time.
    """
    if level is Level.EMERGENCY:
        return now + allowed.emergency
    days = first_to_last(opened, zone)
    if level is Level.SAME_DAY:
        day = next((each for each in days if now < each.ends_at), None)
        return min(max(now, day.starts_at) + allowed.same_day, day.ends_at) if day else now + allowed.same_day
    tomorrow = start_of_day(local_date(now, zone) + _DAY, zone)
    following = next((each for each in days if each.starts_at >= tomorrow), None)
    return following.ends_at if following else now + _DAY


def same_day_ends(
    moment: datetime, *, opened: Sequence[Period], zone: ZoneInfo, before: datetime | None = None
) -> datetime:
    """When the clinic closes on the day of `moment`, or on its next day at work where it is closed by then.

    Not after `before`, the end of what it is needed for; where nobody is there until then, `before` does not count.
    A day by the clock where no opening is known. `opened` as for `due_at`.
    """
    day = next((each for each in first_to_last(opened, zone) if moment < each.ends_at), None)
    if day is None:
        return min(moment + _DAY, before or moment + _DAY)
    return min(day.ends_at, before) if before and day.starts_at < before else day.ends_at


def is_open(now: datetime, *, opened: Sequence[Period], zone: ZoneInfo) -> bool:
    """Whether somebody is there at `now`; a break does not close the house."""
    return any(day.starts_at <= now < day.ends_at for day in first_to_last(opened, zone))
