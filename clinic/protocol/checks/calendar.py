"""Calendar arithmetic of the checks: months back, ages, the last day of an expiry date."""

import re
from calendar import monthrange
from datetime import date

_PRINTED = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?", re.ASCII)


def months_before(day: date, months: int) -> date:
    """The same day ``months`` calendar months earlier; the last day of a month that is too short for it."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(day: date, birth_date: date) -> int:
    """Age in full years on a date."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def last_valid_day(expiry: str) -> date | None:
    """The last day on which an ampoule may be used, from its printed date; ``None`` when it cannot be read.

    ``2027-05`` is valid through the last day of that month, ``2027-05-12`` through that day.
    """
    printed = _PRINTED.fullmatch(expiry.strip())
    if printed is None:
        return None
    year, month, day = int(printed[1]), int(printed[2]), printed[3]
    try:
        return date(year, month, int(day) if day else monthrange(year, month)[1])
    except ValueError:
        return None
