"""How it is said what people who wait want, for how long they wait, and how soon something is."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.zones import local_date
from sessions_app.models import PartOfDay, WaitListEntry
from sessions_app.models.setup import WEEKDAYS
from sessions_app.models.waiting import EVERY_DAY
from sessions_app.wording import day_words, days_words, list_words, time_words

_WORKING_WEEK, _WEEKEND = 0b0011111, 0b1100000


def entry_wishes(entry: WaitListEntry, today: date) -> str:
    """ "Mon and Tue, mornings, until Fri 16 Jan, with Ada Birchwood"."""
    parts = [wishes_words(entry.weekdays, entry.parts_of_day)]
    if entry.first_date > today:
        parts.append(f"from {day_words(entry.first_date)}")
    if entry.last_date:
        parts.append(f"until {day_words(entry.last_date)}")
    if entry.nurse:
        parts.append(f"with {entry.nurse}")
    return ", ".join(parts)


def wishes_words(weekdays: int, parts_of_day: Sequence[str]) -> str:
    """ "Any day", "Any morning", "Weekdays, mornings and evenings", "Mon and Tue, any time"."""
    parts = list_words([f"{PartOfDay(part).label.lower()}s" for part in parts_of_day])
    if weekdays == EVERY_DAY:
        return f"Any day, {parts}" if parts else "Any day and time"
    days = {_WORKING_WEEK: "Mon to Fri", _WEEKEND: "Sat and Sun"}.get(weekdays) or list_words(
        [name for number, name in enumerate(WEEKDAYS) if weekdays >> number & 1]
    )
    return f"{days}, {parts or 'any time'}"


def yes_words(offered: datetime, moves: datetime | None, zone: ZoneInfo) -> str:
    """What a yes to an offer does: "Book Thu 15 Jan, 09:00", or moves the visit that waits for an earlier time."""
    when = time_words(offered, zone)
    return f"Move {time_words(moves, zone)} to {when}" if moves else f"Book {when}"


def since_words(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    days = (local_date(now, zone) - local_date(then, zone)).days
    return "Waits since today" if days <= 0 else f"Waits {days_words(days)}"


def soon_words(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "Today 15:45", "Tomorrow 09:00", "Thu 15 Jan, 09:00"."""
    days = (local_date(at, zone) - local_date(now, zone)).days
    near = {0: "Today", 1: "Tomorrow"}.get(days)
    return f"{near} {at.astimezone(zone):%H:%M}" if near else time_words(at, zone)


def span_words(span: timedelta) -> str:
    """ "5 min", "1 h 40 min", "6 h", "2 days", whatever its direction."""
    minutes = abs(span) // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    if hours < 3 and rest:
        return f"{hours} h {rest} min"
    return f"{hours} h" if hours < 48 else days_words(hours // 24)
