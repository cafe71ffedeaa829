"""Times of a visit as people type and read them: "00:10" to the instant that it means, and what cannot be, in words.

A page shows hours and minutes only. They belong to the date on which the visit began, or, where a visit runs over
midnight, to the next one.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.checks.times import WrongTime, is_to_come
from clinic.protocol.zones import local_date, local_time, starting_instant

# No visit takes that long: a time that far from its start is of the same date, and a slip.
LONGEST_VISIT = timedelta(hours=8)
_DAY = timedelta(days=1)


def shows(instant: datetime, clock: time, zone: ZoneInfo) -> bool:
    """Whether a clock in the zone shows these hours and minutes at that instant."""
    return local_time(instant, zone).time().replace(second=0, microsecond=0) == clock


def time_after(clock: time, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant from `after` on at which the clocks show `clock`; None if that is longer than a visit.

    It is the next date's after midnight, and the second of a repeated hour where the first was before.
    """
    day = local_date(after, zone)
    moments = (moment for each in (day, day + _DAY) for moment in _readings(each, clock, zone))
    return next((moment for moment in moments if after <= moment <= after + LONGEST_VISIT), None)


def time_near(clock: time, about: datetime, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The instant that `clock` means for the start of a visit that is noted as `about`.

    It is of the same date; of the one before or after where only that is within a visit's length, and not to come.
    """
    day = local_date(about, zone)
    same = _at(day, clock, zone)
    if abs(same - about) <= LONGEST_VISIT:
        return same
    others = (_at(each, clock, zone) for each in (day - _DAY, day + _DAY))
    return next((each for each in others if abs(each - about) <= LONGEST_VISIT and not is_to_come(each, now)), same)


def time_on_its_date(clock: time, about: datetime, zone: ZoneInfo) -> datetime:
    """`clock` on the date of `about`."""
    return _at(local_date(about, zone), clock, zone)


def _readings(day: date, clock: time, zone: ZoneInfo) -> Iterator[datetime]:
    first = _at(day, clock, zone)
    second = datetime.combine(day, clock, tzinfo=zone).replace(fold=1).astimezone(first.tzinfo)
    yield first
    # Earlier where the clocks skip this time; later where they show it twice.
    if second > first:
        yield second


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return starting_instant(datetime.combine(day, clock), zone)


# --- What cannot be, in words ------------------------------------------------------------------------------------

_WHAT = {
    "started_at": "The session began",
    "ended_at": "The stocking went on",
    "observation_started_at": "The walk began",
    "observation_ended_at": "The walk ended",
}


def words_of(wrong: WrongTime, times: Mapping[str, datetime | None], zone: ZoneInfo) -> str:
    """ "The walk ended at 15:30, which is still to come." """
    said = f"{_WHAT[wrong.name]} at {_clock(times[wrong.name], zone)}"
    if not wrong.before:
        return f"{said}, which is still to come."
    what = "it began" if wrong.before == "observation_started_at" else _in_a_sentence(wrong.before)
    return f"{said}, before {what} at {_clock(times[wrong.before], zone)}. Correct one of the two times."


def _in_a_sentence(name: str) -> str:
    what = _WHAT[name]
    return what[0].lower() + what[1:]


def _clock(instant: datetime | None, zone: ZoneInfo) -> str:
    assert instant is not None
    return f"{local_time(instant, zone):%H:%M}"
