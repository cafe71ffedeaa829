"""Opening hours on the wall clock, free times on the grid: also on the days on which the clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.availability import (
    DatedHours,
    Period,
    Starts,
    WeeklyHours,
    day_period,
    days_between,
    grid_starts,
    is_covered,
    is_on_grid,
    opening_periods,
    united,
    without,
)
from tests.makers import at

NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = date(2020, 1, 1)
NOON = datetime(2026, 1, 13, 12, 0, tzinfo=UTC)


def minute(number):
    return NOON + timedelta(minutes=number)


def period(starts, ends):
    return Period(minute(starts), minute(ends))


def hours(starts, ends, weekday=1, **valid):
    return WeeklyHours(
        weekday, time.fromisoformat(starts), time.fromisoformat(ends), **{"valid_from": LONG_AGO, **valid}
    )


def every_day(starts, ends):
    return [hours(starts, ends, weekday) for weekday in range(7)]


def walls(instants, zone):
    return [f"{instant.astimezone(zone):%H:%M %z}" for instant in instants]


# --- Periods --------------------------------------------------------------------------------------------------


def test_a_period_ends_after_it_starts():
    with pytest.raises(ValueError):
        Period(minute(30), minute(30))


def test_neighbouring_periods_do_not_meet():
    assert not period(0, 30).meets(period(30, 60))
    assert period(0, 31).meets(period(30, 60))


def test_a_period_covers_itself_and_no_moment_more():
    assert period(0, 30).covers(period(0, 30))
    assert not period(0, 30).covers(period(0, 31))


def test_united_joins_what_touches_and_keeps_gaps():
    assert united([period(60, 90), period(0, 30), period(30, 40), period(10, 20)]) == [period(0, 40), period(60, 90)]


def test_without_cuts_what_is_taken():
    assert without([period(0, 120)], [period(30, 60), period(50, 70), period(110, 200)]) == [
        period(0, 30),
        period(70, 110),
    ]


def test_without_leaves_nothing_of_a_covered_period():
    assert without([period(10, 20)], [period(0, 30)]) == []


minutes = st.integers(min_value=0, max_value=600)
periods = st.lists(
    st.tuples(minutes, st.integers(min_value=1, max_value=120)).map(lambda p: period(p[0], p[0] + p[1])), max_size=8
)


@given(periods, periods)
def test_a_period_is_covered_exactly_when_one_of_the_united_periods_covers_it(some, asked):
    opened = united(some)

    assert [is_covered(each, opened) for each in asked] == [any(p.covers(each) for p in opened) for each in asked]


def held_minutes(some_periods):
    return {n for n in range(800) if any(p.covers(period(n, n + 1)) for p in some_periods)}


@given(periods, periods)
def test_without_is_the_difference_of_the_moments(some, taken):
    left = without(some, taken)

    assert held_minutes(left) == held_minutes(some) - held_minutes(taken)
    assert left == united(left)


# --- Opening hours --------------------------------------------------------------------------------------------


def test_hours_hold_on_their_weekday_between_their_valid_dates():
    january = hours("08:00", "12:00", valid_from=date(2026, 1, 6), valid_until=date(2026, 1, 20))

    held = [day for day in days_between(date(2025, 12, 28), date(2026, 2, 1)) if january.hold_on(day)]

    assert held == [date(2026, 1, 6), date(2026, 1, 13), date(2026, 1, 20)]


def test_a_gap_between_two_rows_is_a_break_and_touching_rows_are_one_period():
    rows = [hours("08:00", "12:00"), hours("13:00", "15:00"), hours("15:00", "18:00")]

    opened = opening_periods(rows, [date(2026, 1, 13)], NEW_YORK)

    assert opened == [
        Period(at("2026-01-13 08:00"), at("2026-01-13 12:00")),
        Period(at("2026-01-13 13:00"), at("2026-01-13 18:00")),
    ]


def dated(day, starts, ends):
    return DatedHours(day, time.fromisoformat(starts), time.fromisoformat(ends))


def test_hours_of_one_date_replace_the_weekly_ones_of_that_date_alone():
    january = [date(2026, 1, 13), date(2026, 1, 14), date(2026, 1, 17)]
    exceptions = [
        dated(january[1], "12:00", "13:00"),
        dated(january[1], "09:00", "11:00"),
        dated(january[2], "09:00", "10:00"),
    ]

    opened = opening_periods([hours("08:00", "12:00"), hours("08:00", "12:00", 2)], january, NEW_YORK, exceptions)

    assert opened == [
        Period(at("2026-01-13 08:00"), at("2026-01-13 12:00")),
        Period(at("2026-01-14 09:00"), at("2026-01-14 11:00")),
        Period(at("2026-01-14 12:00"), at("2026-01-14 13:00")),
        Period(at("2026-01-17 09:00"), at("2026-01-17 10:00")),
    ]


def test_hours_of_one_date_know_clock_changes_too():
    opened = opening_periods([], [date(2026, 3, 8)], NEW_YORK, [dated(date(2026, 3, 8), "02:30", "06:00")])

    assert opened == [Period(at("2026-03-08 03:00"), at("2026-03-08 06:00"))]


def test_opening_hours_keep_their_wall_clock_over_a_clock_change():
    days = days_between(date(2026, 3, 7), date(2026, 3, 9))

    opened = opening_periods(every_day("08:00", "18:00"), days, NEW_YORK)

    assert walls([p.starts_at for p in opened], NEW_YORK) == ["08:00 -0500", "08:00 -0400", "08:00 -0400"]
    assert {p.ends_at - p.starts_at for p in opened} == {timedelta(hours=10)}


def test_a_missing_hour_holds_no_start():
    opened = opening_periods(every_day("01:00", "04:00"), [date(2026, 3, 8)], NEW_YORK)

    starts = grid_starts(opened, zone=NEW_YORK, grid_minutes=30)

    assert walls(starts, NEW_YORK) == ["01:00 -0500", "01:30 -0500", "03:00 -0400", "03:30 -0400"]


@pytest.mark.parametrize(
    ("starts", "ends", "opened"),
    [
        ("02:30", "06:00", [("2026-03-08 03:00", "2026-03-08 06:00")]),
        ("00:30", "02:30", [("2026-03-08 00:30", "2026-03-08 03:00")]),
        ("02:00", "03:00", []),
        ("02:15", "02:45", []),
    ],
)
def test_hours_that_touch_the_missing_hour_begin_or_end_with_the_change(starts, ends, opened):
    periods_of_day = opening_periods(every_day(starts, ends), [date(2026, 3, 8)], NEW_YORK)

    assert periods_of_day == [Period(at(first), at(last)) for first, last in opened]


def test_a_repeated_hour_holds_each_start_twice_as_two_instants():
    opened = opening_periods(every_day("00:30", "02:30"), [date(2026, 11, 1)], NEW_YORK)

    starts = grid_starts(opened, zone=NEW_YORK, grid_minutes=30)

    assert walls(starts, NEW_YORK) == [
        "00:30 -0400", "01:00 -0400", "01:30 -0400", "01:00 -0500", "01:30 -0500", "02:00 -0500",
    ]  # fmt: skip
    assert len(set(starts)) == 6


def test_hours_that_end_in_the_repeated_hour_end_at_its_second_round():
    (opened,) = opening_periods(every_day("00:00", "01:30"), [date(2026, 11, 1)], NEW_YORK)

    assert opened.ends_at - opened.starts_at == timedelta(hours=2, minutes=30)


def test_a_change_of_half_an_hour_keeps_the_grid_of_the_wall_clock():
    zone = ZoneInfo("Australia/Lord_Howe")  # on 4 October 2026 02:00 becomes 02:30
    opened = opening_periods(every_day("01:00", "04:00"), [date(2026, 10, 4)], zone)

    starts = grid_starts(opened, zone=zone, grid_minutes=60)

    assert walls(starts, zone) == ["01:00 +1030", "03:00 +1100"]


def test_a_day_is_as_long_as_its_zone_makes_it():
    lengths = [day_period(day, NEW_YORK) for day in (date(2026, 3, 8), date(2026, 3, 9), date(2026, 11, 1))]

    assert [p.ends_at - p.starts_at for p in lengths] == [timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)]


def test_a_day_without_midnight_begins_with_the_change():
    zone = ZoneInfo("Africa/Cairo")  # on 24 April 2026 00:00 becomes 01:00

    assert f"{day_period(date(2026, 4, 24), zone).starts_at.astimezone(zone):%d %H:%M}" == "24 01:00"


@pytest.mark.parametrize("days", [(date(2026, 12, 31), date(2027, 1, 1)), (date(2028, 2, 28), date(2028, 3, 1))])
def test_hours_cross_the_turn_of_the_year_and_a_leap_day(days):
    every = days_between(*days)

    opened = opening_periods(every_day("08:00", "10:00"), every, NEW_YORK)

    assert [p.starts_at.astimezone(NEW_YORK).date() for p in opened] == every


zones = st.sampled_from(
    [
        "America/New_York",
        "America/Havana",
        "America/St_Johns",
        "Europe/London",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Adelaide",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
    ]
).map(ZoneInfo)
days = st.dates(min_value=date(2025, 1, 1), max_value=date(2029, 12, 31))
grids = st.sampled_from([5, 10, 15, 20, 30, 60])
quarters = st.integers(min_value=0, max_value=95)


def change_days(zone):
    """The days of 2026 on which the zone has another offset at the end than at the beginning."""
    every = days_between(date(2026, 1, 1), date(2026, 12, 31))
    return [day for day in every if (p := day_period(day, zone)).ends_at - p.starts_at != timedelta(hours=24)]


@st.composite
def open_days(draw):
    """A zone, a day (half of the time one with a clock change), and hours on that day."""
    zone = draw(zones)
    changes = change_days(zone)
    day = draw(st.sampled_from(changes)) if changes and draw(st.booleans()) else draw(days)
    first, last = sorted((draw(quarters), draw(quarters)))
    rows = (
        every_day(f"{first // 4:02}:{first % 4 * 15:02}", f"{last // 4:02}:{last % 4 * 15:02}") if first < last else []
    )
    return zone, day, rows


@given(open_days())
def test_every_open_moment_shows_a_wall_clock_within_the_hours(given_day):
    zone, day, rows = given_day
    whole = day_period(day, zone)
    opened = opening_periods(rows, [day], zone)

    for p in opened:
        assert whole.covers(p)
    for instant in (whole.starts_at + timedelta(minutes=15 * n) for n in range(100)):
        wall = instant.astimezone(zone)
        inside = any(row.starts <= wall.time() < row.ends for row in rows) and wall.date() == day
        is_open = any(p.starts_at <= instant < p.ends_at for p in opened)
        # Hours that begin in the second round of a repeated hour take both rounds: open more, never less.
        assert is_open or not inside
        if is_open and not inside:
            assert wall.utcoffset() != (instant - timedelta(hours=2)).astimezone(zone).utcoffset() or (
                wall.utcoffset() != (instant + timedelta(hours=2)).astimezone(zone).utcoffset()
            )


@given(open_days(), st.lists(st.tuples(quarters, quarters), max_size=3))
def test_weekly_hours_of_a_date_count_for_nothing_once_the_date_has_its_own(given_day, walls_of_date):
    zone, day, rows = given_day

    def wall(quarter):
        return time(quarter // 4, quarter % 4 * 15)

    own = [DatedHours(day, wall(a), wall(b)) for a, b in walls_of_date if a < b]
    as_weekly = [WeeklyHours(day.weekday(), row.starts, row.ends, LONG_AGO) for row in own]

    assert opening_periods(rows, [day], zone, own) == opening_periods(as_weekly or rows, [day], zone)


@given(open_days(), grids)
def test_grid_starts_are_exactly_the_open_instants_on_the_grid(given_day, grid):
    zone, day, rows = given_day
    opened = opening_periods(rows, [day], zone)
    every_minute = (
        p.starts_at + timedelta(minutes=n)
        for p in opened
        for n in range((p.ends_at - p.starts_at) // timedelta(minutes=1))
    )

    starts = grid_starts(opened, zone=zone, grid_minutes=grid)

    assert starts == [instant for instant in every_minute if is_on_grid(instant, zone=zone, grid_minutes=grid)]


def test_seconds_are_never_on_the_grid():
    assert is_on_grid(minute(15), zone=NEW_YORK, grid_minutes=15)
    assert not is_on_grid(minute(15) + timedelta(seconds=1), zone=NEW_YORK, grid_minutes=15)
    assert not is_on_grid(minute(15) + timedelta(microseconds=1), zone=NEW_YORK, grid_minutes=15)


# --- Starts ---------------------------------------------------------------------------------------------------


def chosen(starts, bits):
    return [starts.instants[number] for number in starts.numbers(bits)]


def test_free_starts_skip_a_booked_period():
    starts = Starts([minute(n) for n in range(0, 120, 30)], timedelta(minutes=30))

    free = starts.within([period(0, 120)]) & ~starts.meeting(minute(30), minute(60))

    assert chosen(starts, free) == [minute(0), minute(60), minute(90)]


def test_from_to_takes_the_first_and_leaves_the_last():
    starts = Starts([minute(n) for n in range(0, 120, 30)], timedelta(minutes=30))

    assert chosen(starts, starts.from_to(minute(30), minute(90))) == [minute(30), minute(60)]
    assert starts.from_to(None, None) == starts.all


def test_no_starts_are_no_bits():
    starts = Starts([], timedelta(minutes=30))

    assert starts.within([period(0, 120)]) == starts.meeting(minute(0), minute(10)) == starts.all == 0
    assert list(starts.numbers(0)) == []


@given(periods, periods, st.integers(min_value=1, max_value=90), st.integers(min_value=1, max_value=30))
def test_starts_are_free_exactly_when_their_visit_is_open_and_meets_nothing(opened, booked, length, grid):
    opened = united(opened)
    starts = Starts([minute(n) for n in range(0, 720, grid)], timedelta(minutes=length))
    busy = 0
    for entry in booked:
        busy |= starts.meeting(entry.starts_at, entry.ends_at)

    free = chosen(starts, starts.within(opened) & ~busy)

    visits = [Period(start, start + starts.length) for start in starts.instants]
    assert free == [
        visit.starts_at
        for visit in visits
        if any(p.covers(visit) for p in opened) and not any(entry.meets(visit) for entry in booked)
    ]
