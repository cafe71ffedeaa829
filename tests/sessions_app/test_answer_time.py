"""By when somebody is answered: the promise holds while somebody is there to keep it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sessions_app.answer_time import answer_by
from sessions_app.availability import Period
from tests.makers import at

NEW_YORK = ZoneInfo("America/New_York")
# Mon 12 to Fri 16 January 2026 and the Monday after; a break at noon.
OPENED = [
    Period(at(f"2026-01-{day} {starts}"), at(f"2026-01-{day} {ends}"))
    for day in (12, 13, 14, 15, 16, 19)
    for starts, ends in (("08:00", "12:00"), ("13:00", "18:00"))
]


@pytest.mark.parametrize(
    ("asked", "hours", "due"),
    [
        ("2026-01-12 10:00", 24, "2026-01-13 10:00"),
        ("2026-01-12 12:30", 4, "2026-01-12 16:30"),  # in the break somebody takes calls
        ("2026-01-12 22:00", 24, "2026-01-14 08:00"),  # runs from the next opening
        ("2026-01-12 22:00", 1, "2026-01-13 09:00"),
        ("2026-01-12 17:30", 4, "2026-01-13 11:30"),  # goes on at the next opening
        ("2026-01-12 16:00", 12, "2026-01-13 18:00"),
        ("2026-01-16 17:00", 24, "2026-01-19 17:00"),  # Saturday and Sunday do not count
        ("2026-01-17 11:00", 2, "2026-01-19 10:00"),
        ("2026-01-12 06:00", 1, "2026-01-12 09:00"),
    ],
)
def test_answer_is_due_while_somebody_is_there(asked, hours, due):
    assert answer_by(at(asked), timedelta(hours=hours), OPENED, NEW_YORK) == at(due)


@pytest.mark.parametrize("opened", [[], OPENED])
def test_where_no_opening_is_known_plain_hours_are_promised(opened):
    asked = at("2026-02-10 10:00")

    assert answer_by(asked, timedelta(hours=24), opened, NEW_YORK) == asked + timedelta(hours=24)


def test_promise_over_a_clock_change_counts_by_the_clock_of_the_clinic_day():
    """Asked on the Friday before the clocks go forward: Saturday and the short Sunday are closed and do not count."""
    opened = [Period(at(f"2026-03-{day} 08:00"), at(f"2026-03-{day} 18:00")) for day in ("06", "09")]

    assert answer_by(at("2026-03-06 10:00"), timedelta(hours=24), opened, NEW_YORK) == at("2026-03-09 10:00")
