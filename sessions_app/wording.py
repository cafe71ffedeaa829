"""How dates, times, amounts and lists are written for staff, and what staff typed, made fit to be kept."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from clinic.protocol.checks.findings import plain


def day_words(day: date) -> str:
    """ "Tue 20 Jan" """
    return f"{day:%a} {day.day} {day:%b}"


def time_words(instant: datetime, zone: ZoneInfo) -> str:
    """ "Tue 20 Jan, 10:30", on the wall clock of the zone."""
    wall = instant.astimezone(zone)
    return f"{day_words(wall.date())}, {wall:%H:%M}"


def range_words(first: date, last: date) -> str:
    """ "Tue 20 to Tue 27 Jan"; the month stands twice only when it changes."""
    beginning = f"{first:%a} {first.day}" if (first.year, first.month) == (last.year, last.month) else day_words(first)
    return f"{beginning} to {day_words(last)}"


def days_words(number: int) -> str:
    """ "1 day", "3 days" """
    return "1 day" if number == 1 else f"{number} days"


def amount_words(value: Decimal) -> str:
    """ "1.6": mL, mg or mg/kg to a hundredth, half up, without zeros at the end."""
    return plain(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def without_nul(text: str) -> str:
    """Without the one character that PostgreSQL stores in no text; nobody types it."""
    return text.replace("\x00", "")


def list_words(parts: Sequence[str]) -> str:
    """ "a, b and c" """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
