"""Times of a session against what else the clinic wrote down: the check-in, and the nurse's other sessions.

Two findings of the house's own (L17b, L17c), without a number: no source gives one. Both can have happened, as with
a patient who was checked in late, two nurses at one chair, so they ask for a reason and call nothing impossible. Like
rule B4 they come from what is on record and not from an answer; the command does not print them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from clinic.protocol.checks.findings import Finding, acknowledge
from clinic.protocol.zones import local_date, local_time
from sessions_app.facts import zone_of
from sessions_app.models import TreatmentSession

BEFORE_CHECK_IN, TWO_AT_ONCE = "L17b", "L17c"


@dataclass(frozen=True, slots=True)
class ElsewhereSaid:
    """``checked_in_at``: when the desk checked the patient in, before anybody opened the visit; None when it did not.

    ``other_from``, ``other_to``: the first other session of the nurse that meets this one; None where none does.
    """

    checked_in_at: datetime | None = None
    other_from: datetime | None = None
    other_to: datetime | None = None


def clashes_of(session: TreatmentSession, said: ElsewhereSaid) -> Iterator[Finding]:
    """What the times of the session do not agree with. They are compared as pages show them, in whole minutes."""
    zone = zone_of(session)
    if said.checked_in_at is not None and _is_before_on_its_date(session.started_at, said.checked_in_at, zone):
        yield acknowledge(
            BEFORE_CHECK_IN,
            "Began before the check-in",
            f"The session began at {_clock(session.started_at, zone)}, and the patient was checked in at "
            f"{_clock(said.checked_in_at, zone)}. Correct the start, or write how it came to this.",
        )
    if session.ended_at is not None and said.other_from is not None and said.other_to is not None:
        yield acknowledge(
            TWO_AT_ONCE,
            "Two treatments at one time",
            f"The same nurse is recorded with another patient from {_clock(said.other_from, zone)} to "
            f"{_clock(said.other_to, zone)}. Correct the times, or write how it came to this.",
        )


def _is_before_on_its_date(earlier: datetime, later: datetime, zone: ZoneInfo) -> bool:
    """A page's times carry no date: what lies on another one is no slip of the clock."""
    return local_date(earlier, zone) == local_date(later, zone) and _minute(earlier) < _minute(later)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{local_time(instant, zone):%H:%M}"
