"""Wall-clock arithmetic in IANA zones.

Days are calendar time (same wall-clock time N dates later), minutes and hours are elapsed time. A local time
in a spring gap takes the offset valid before the change (02:30 becomes 03:30); in a repeated hour an end takes
the later instant, so that no end is early, and a message the first.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from clinic.protocol.errors import ProtocolError

_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_NOT_A_PLACE = frozenset({"localtime", "posixrules", "Factory"})
_MIDNIGHT = time()


@lru_cache(maxsize=1024)
def zone_named(name: str, field: str = "time_zone") -> ZoneInfo:
    """The IANA zone of that name; ``ProtocolError`` on ``field`` when there is none."""
    if _ZONE_NAME.fullmatch(name) and name not in _NOT_A_PLACE:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise ProtocolError(field, "enter an IANA time zone, for example America/New_York")


def local_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """The wall-clock time of an instant, without offset."""
    return instant.astimezone(zone).replace(tzinfo=None)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an instant in a zone."""
    return instant.astimezone(zone).date()


def ending_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time at which something ends: never early.

    In a repeated hour the later instant; in a gap the offset before the change, which is the later one too.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(first, second)


def starting_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time at which something begins or is sent: the first of a repeated hour."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


# A plan asks for the same few ends again and again.
@lru_cache(maxsize=512)
def days_later(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Same wall-clock time, ``days`` dates later, as a UTC instant that is never early."""
    return ending_instant(local_time(instant, zone) + timedelta(days=days), zone)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a calendar date begins in a zone (01:00 where midnight is skipped)."""
    return starting_instant(datetime.combine(day, _MIDNIGHT), zone)
