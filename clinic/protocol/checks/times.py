"""Times of one visit that cannot be (part of check L19): still to come, or before what they follow.

A session ends with the stocking on after the last injection; the observed walk comes after that (US Asclera
prescribing information, dosage and administration). A walk that began before that end can happen: it is a deviation
(check L12b), and what happened can be written down. How long things take is the business of other checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# Clocks of two devices differ a little; from a minute on it is a slip.
CLOCKS_DIFFER = timedelta(minutes=1)

# What each time follows where a visit goes as it ought to.
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "started_at": (),
    "ended_at": ("started_at",),
    "observation_started_at": ("started_at", "ended_at"),
    "observation_ended_at": ("observation_started_at", "started_at", "ended_at"),
}
# What it can never be before: the first of these that is later is the one that is named.
_NEVER_BEFORE: Mapping[str, tuple[str, ...]] = {
    "started_at": (),
    "ended_at": ("started_at",),
    "observation_started_at": ("started_at",),
    "observation_ended_at": ("observation_started_at", "started_at"),
}


@dataclass(frozen=True, slots=True)
class WrongTime:
    """A time by the name of its fact; ``before`` names the time that it ought to follow, "" when it is to come."""

    name: str
    before: str = ""


def wrong_times(times: Mapping[str, datetime | None], now: datetime | None) -> tuple[WrongTime, ...]:
    """The times that cannot be, in the order of a visit.

    ``times``: aware instants by the names of ``FOLLOWS``, None where not known. ``now``: the clock of who judges, None
    to leave the future out. A time that is wrong itself is no measure for the others.
    """
    wrong: dict[str, WrongTime] = {}
    for name, followed in _NEVER_BEFORE.items():
        instant = times.get(name)
        if instant is None:
            continue
        if is_to_come(instant, now):
            wrong[name] = WrongTime(name)
            continue
        for earlier in followed:
            other = times.get(earlier)
            if other is not None and earlier not in wrong and instant < other:
                wrong[name] = WrongTime(name, earlier)
                break
    return tuple(wrong.values())


def walked_early(times: Mapping[str, datetime | None], now: datetime | None) -> bool:
    """Whether the walk began before the end of the session, both being times that can be; see `wrong_times`."""
    began, ended = times.get("observation_started_at"), times.get("ended_at")
    if began is None or ended is None or began >= ended:
        return False
    return not {"observation_started_at", "ended_at"} & {each.name for each in wrong_times(times, now)}


def is_to_come(instant: datetime, now: datetime | None) -> bool:
    """Whether it lies in the future, beyond what clocks differ by."""
    return now is not None and instant - now >= CLOCKS_DIFFER
