"""By when somebody acts on a report: opening hours, weekends, holidays, the night, and the days the clocks change."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from aftercare.report_timing import Allowed, due_at, is_open
from clinic.protocol.triage import Level
from sessions_app.answer_time import opens_at
from sessions_app.availability import Period
from tests.makers import at

NEW_YORK = ZoneInfo("America/New_York")
ALLOWED = Allowed(emergency=timedelta(minutes=5), same_day=timedelta(hours=4))


def opened(*days):
    """From 8 to 18 on each of the dates; "2026-01-15 09:00 12:00" for other hours."""
    periods = []
    for day in days:
        date, *hours = day.split()
        starts, ends = hours or ("08:00", "18:00")
        periods.append(Period(at(f"{date} {starts}"), at(f"{date} {ends}")))
    return periods


# Thursday and Friday; Monday 19 January 2026 is a holiday; Tuesday.
DAYS = opened("2026-01-15", "2026-01-16", "2026-01-20", "2026-01-21")


@pytest.mark.parametrize(
    ("level", "now", "due"),
    [
        ("EMERGENCY", "2026-01-15 09:10", "2026-01-15 09:15"),
        ("EMERGENCY", "2026-01-18 03:00", "2026-01-18 03:05"),
        ("SAME_DAY", "2026-01-15 09:10", "2026-01-15 13:10"),
        ("SAME_DAY", "2026-01-15 14:00", "2026-01-15 18:00"),
        ("SAME_DAY", "2026-01-15 16:30", "2026-01-15 18:00"),
        ("SAME_DAY", "2026-01-15 17:59", "2026-01-15 18:00"),
        ("SAME_DAY", "2026-01-15 18:00", "2026-01-16 12:00"),
        ("SAME_DAY", "2026-01-15 06:00", "2026-01-15 12:00"),
        ("SAME_DAY", "2026-01-16 19:00", "2026-01-20 12:00"),
        ("SAME_DAY", "2026-01-18 12:00", "2026-01-20 12:00"),
        ("NEXT_DAY", "2026-01-15 09:10", "2026-01-16 18:00"),
        ("NEXT_DAY", "2026-01-15 06:00", "2026-01-16 18:00"),
        ("NEXT_DAY", "2026-01-15 23:59", "2026-01-16 18:00"),
        ("NEXT_DAY", "2026-01-16 00:00", "2026-01-20 18:00"),
        ("NEXT_DAY", "2026-01-16 17:00", "2026-01-20 18:00"),
        ("NEXT_DAY", "2026-01-17 12:00", "2026-01-20 18:00"),
        ("REASSURE", "2026-01-16 17:00", "2026-01-20 18:00"),
    ],
)
def test_the_time_to_answer_runs_while_somebody_is_there(level, now, due):
    assert due_at(Level(level), at(now), allowed=ALLOWED, opened=DAYS, zone=NEW_YORK) == at(due)


def test_a_short_opening_ends_the_time_to_answer():
    days = opened("2026-01-17 09:00 11:00")

    assert due_at(Level.SAME_DAY, at("2026-01-16 20:00"), allowed=ALLOWED, opened=days, zone=NEW_YORK) == at(
        "2026-01-17 11:00"
    )


def test_a_break_at_noon_does_not_close_the_clinic():
    days = opened("2026-01-15 08:00 12:00", "2026-01-15 13:00 18:00")

    assert due_at(Level.SAME_DAY, at("2026-01-15 12:30"), allowed=ALLOWED, opened=days, zone=NEW_YORK) == at(
        "2026-01-15 16:30"
    )
    assert is_open(at("2026-01-15 12:30"), opened=days, zone=NEW_YORK)


@pytest.mark.parametrize(
    ("level", "due"),
    [("EMERGENCY", "2026-01-15 09:15"), ("SAME_DAY", "2026-01-15 13:10"), ("NEXT_DAY", "2026-01-16 09:10")],
)
def test_without_known_hours_the_clock_alone_counts(level, due):
    assert due_at(Level(level), at("2026-01-15 09:10"), allowed=ALLOWED, opened=[], zone=NEW_YORK) == at(due)


def test_opening_hours_follow_the_wall_clock_over_the_change_of_clocks():
    days = opened("2026-03-06", "2026-03-09")  # the clocks go forward on Sunday 8 March

    assert due_at(Level.SAME_DAY, at("2026-03-06 18:30"), allowed=ALLOWED, opened=days, zone=NEW_YORK) == at(
        "2026-03-09 12:00"
    )


def test_no_answer_is_due_before_the_report():
    quarters = [at("2026-01-14 00:00") + timedelta(minutes=15) * number for number in range(96 * 9)]

    early = [
        (level, now)
        for now in quarters
        for level in Level
        if due_at(level, now, allowed=ALLOWED, opened=DAYS, zone=NEW_YORK) <= now
    ]

    assert early == []


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-01-15 07:59", "2026-01-15 08:00"),
        ("2026-01-15 08:00", None),
        ("2026-01-15 17:59", None),
        ("2026-01-15 18:00", "2026-01-16 08:00"),
        ("2026-01-16 18:00", "2026-01-20 08:00"),
        ("2026-01-21 18:00", None),
    ],
)
def test_a_closed_clinic_says_when_it_opens(now, opens):
    assert opens_at(at(now), opened=DAYS, zone=NEW_YORK) == (at(opens) if opens else None)
