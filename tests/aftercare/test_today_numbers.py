"""The numbers of the patient's page: phases, what is left, walks and things to avoid, also across a clock change."""

from datetime import UTC, date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.today import Left, Phase, today_of
from clinic.protocol import InjectedSite, ItemKey, Leg, Protocol, SessionFacts, VeinType, plan_for
from tests.makers import at

NEW_YORK = ZoneInfo("America/New_York")


def plan(ended_at, *types, legs=(Leg.LEFT,), zone="America/New_York", overrides=None, **facts):
    sites = tuple(
        InjectedSite(leg, vein_type, Decimal("0.4")) for leg in legs for vein_type in types or (VeinType.SPIDER,)
    )
    facts = SessionFacts(session_end=at(ended_at, zone), time_zone=zone, sites=sites, **facts)
    return plan_for(facts, Protocol.default().with_overrides(overrides or {}, signed_off=True))


SPIDER = plan("2026-01-13 10:30")
RETICULAR = plan("2026-01-13 10:30", VeinType.RETICULAR)


def page(when, *plans):
    return today_of(plans, at(when), zone=NEW_YORK)


@pytest.mark.parametrize(
    ("when", "phase"),
    [
        ("2026-01-13 10:30", Phase.CONTINUOUS),
        ("2026-01-16 10:29", Phase.CONTINUOUS),
        ("2026-01-16 10:30", Phase.DAYTIME),
        ("2026-02-03 23:59", Phase.DAYTIME),
        ("2026-02-04 00:00", Phase.WATCH),
        ("2026-02-10 23:59", Phase.WATCH),
        ("2026-02-11 00:00", Phase.OVER),
    ],
)
def test_phases_change_at_their_exact_instants(when, phase):
    assert page(when, SPIDER).phase is phase


def test_without_a_plan_there_is_no_phase_and_no_day():
    today = today_of([], at("2026-01-13 10:30"), zone=NEW_YORK)

    assert (today.phase, today.day, today.day_date) == (Phase.NO_PLAN, None, date(2026, 1, 13))


def test_an_empty_plan_counts_as_none():
    empty = plan_for(
        SessionFacts(session_end=at("2026-01-13 10:30"), time_zone="America/New_York", sites=()), Protocol.default()
    )

    assert page("2026-01-13 11:00", empty).phase is Phase.NO_PLAN


def test_what_is_left_is_days_and_hours_of_the_whole():
    left = page("2026-01-15 12:30", RETICULAR).stocking.left

    assert left == Left(days=4, hours=22, minutes=0, total_days=7, percent=70)


def test_three_days_over_the_clock_change_are_three_days_on_the_wall():
    """In March the three days are 71 hours, in November 73; people follow the clock on the wall."""
    spring, autumn = plan("2026-03-06 16:00"), plan("2026-10-30 16:00")

    assert page("2026-03-07 16:00", spring).stocking.left.days == 2
    assert page("2026-03-07 16:00", spring).stocking.left.hours == 0
    assert page("2026-10-31 16:00", autumn).stocking.left.days == 2


def test_the_last_minute_counts_as_one():
    assert page("2026-01-16 10:29", SPIDER).stocking.left == Left(0, 0, 1, 3, 1)


def test_the_phase_by_day_is_counted_in_dates_today_among_them():
    left = page("2026-02-03 08:00", SPIDER).stocking.left

    assert (left.days, left.total_days) == (1, 19)


def test_overlapping_plans_read_as_one():
    first, second = plan("2026-04-06 14:00", VeinType.RETICULAR), plan("2026-04-16 11:00")
    today = page("2026-04-17 09:00", second, first)

    assert (today.phase, today.stocking.until, today.day) == (Phase.CONTINUOUS, at("2026-04-19 11:00"), 1)
    assert today.daytime_last_date == date(2026, 5, 7)
    assert today == page("2026-04-17 09:00", first, second)


def test_legs_that_differ_are_told_apart_the_stricter_first():
    left, right = plan("2026-04-06 14:00", VeinType.RETICULAR), plan("2026-04-16 11:00", legs=(Leg.RIGHT,))
    today = page("2026-04-17 09:00", left, right)

    assert [(each.legs, each.phase) for each in today.stockings] == [
        (frozenset({Leg.RIGHT}), Phase.CONTINUOUS),
        (frozenset({Leg.LEFT}), Phase.DAYTIME),
    ]


def test_both_legs_of_one_plan_are_one_answer():
    both = plan("2026-01-13 10:30", legs=(Leg.LEFT, Leg.RIGHT))

    assert [each.legs for each in page("2026-01-14 09:00", both).stockings] == [frozenset(Leg)]


def test_each_leg_has_its_own_plan_where_the_clinic_wants_it():
    sites = (
        InjectedSite(Leg.LEFT, VeinType.SPIDER, Decimal("0.4")),
        InjectedSite(Leg.RIGHT, VeinType.RETICULAR, Decimal("0.4")),
    )
    facts = SessionFacts(session_end=at("2026-07-14 10:00"), time_zone="America/New_York", sites=sites)
    per_leg = plan_for(facts, Protocol.default().with_overrides({"compression_scope": "LEG"}))

    today = page("2026-07-15 09:00", per_leg)

    assert [(each.legs, each.until) for each in today.stockings] == [
        (frozenset({Leg.RIGHT}), at("2026-07-21 10:00")),
        (frozenset({Leg.LEFT}), at("2026-07-17 10:00")),
    ]


def test_walks_show_the_whole_run_when_it_fits():
    walks = page("2026-01-15 09:00", RETICULAR).walks

    assert (walks.first_date, walks.last_date, len(walks.strip)) == (date(2026, 1, 14), date(2026, 1, 20), 7)


def test_a_long_run_of_walks_shows_seven_days_around_today():
    long = plan("2026-01-13 10:30", overrides={"walk_daily_days.spider": 14})

    assert page("2026-01-20 09:00", long).walks.strip[0] == date(2026, 1, 19)
    assert page("2026-01-14 09:00", long).walks.strip[0] == date(2026, 1, 14)
    assert page("2026-01-27 09:00", long).walks.strip[0] == date(2026, 1, 21)


def test_on_the_day_of_the_session_walks_begin_tomorrow_and_after_the_last_there_are_none():
    assert page("2026-01-13 12:00", SPIDER).walks.first_date == date(2026, 1, 14)
    assert page("2026-01-17 09:00", SPIDER).walks is None


def test_things_to_avoid_are_grouped_by_their_end_soonest_first():
    risky = plan("2026-01-13 10:30", breastfeeding=True, vte_risk=True)
    groups = page("2026-01-13 12:00", risky).avoid

    assert [(group.until, group.keys) for group in groups] == [
        (at("2026-01-13 18:30"), (ItemKey.BREASTFEEDING_PAUSE,)),
        (
            at("2026-01-16 10:30"),
            (ItemKey.AVOID_HEAVY_EXERCISE, ItemKey.AVOID_SUNBATHING, ItemKey.AVOID_HOT_BATH_SAUNA),
        ),
        (at("2026-02-10 10:30"), (ItemKey.AVOID_LONG_FLIGHT,)),
    ]


def test_what_is_over_is_not_avoided_any_more():
    assert page("2026-01-16 10:30", SPIDER).avoid == ()


def test_the_page_goes_by_the_plans_zone():
    phoenix = plan("2026-03-06 16:00", zone="America/Phoenix")
    today = today_of([phoenix], at("2026-03-09 15:59", "America/Phoenix"), zone=NEW_YORK)

    assert (today.zone.key, today.phase) == ("America/Phoenix", Phase.CONTINUOUS)


INSTANTS = st.integers(0, 40 * 24 * 60).map(lambda minutes: at("2026-03-01 00:00") + timedelta(minutes=minutes))


@given(
    now=INSTANTS,
    starts=st.lists(st.integers(0, 30), min_size=1, max_size=3),
    kinds=st.lists(st.sampled_from(VeinType), min_size=3, max_size=3),
)
def test_at_any_instant_the_page_agrees_with_the_timeline(now, starts, kinds):
    plans = [
        plan_for(
            SessionFacts(
                session_end=at("2026-03-01 10:00") + timedelta(days=days),
                time_zone="America/New_York",
                sites=(InjectedSite(Leg.LEFT, kind, Decimal("0.4")),),
            ),
            Protocol.default(),
        )
        for days, kind in zip(starts, kinds, strict=False)
    ]
    today = today_of(plans, now.astimezone(UTC), zone=NEW_YORK)
    state = today.timeline.state_at(now)

    assert (today.stocking is not None) == (state.compression.value != "NONE")
    if today.stocking is not None:
        assert today.stocking.until == state.compression_until
        assert 1 <= today.stocking.left.percent <= 100
        assert today.stocking.phase.value == state.compression.value.lower()
