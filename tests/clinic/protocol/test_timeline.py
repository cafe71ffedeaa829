from datetime import date

from clinic.protocol import CompressionState, ItemKey, Leg, StretchKind, timeline_of
from tests.clinic.protocol.helpers import RETICULAR, SHIPPED, SPIDER, local, plan, site

FIRST = plan("2026-04-06 14:00", RETICULAR)
REPEAT = plan("2026-04-16 11:00", SPIDER)
BOTH = timeline_of([FIRST, REPEAT])


def spans(stretches):
    return [(each.starts_at, each.ends_at) for each in stretches]


def test_overlapping_plans_wear_the_stricter_stocking_at_each_instant():
    assert [(each.state, each.starts_at, each.ends_at) for each in BOTH.compression] == [
        ("CONTINUOUS", local("2026-04-06 14:00"), local("2026-04-13 14:00")),
        ("DAYTIME", local("2026-04-13 14:00"), local("2026-04-16 11:00")),
        ("CONTINUOUS", local("2026-04-16 11:00"), local("2026-04-19 11:00")),
        ("DAYTIME", local("2026-04-19 11:00"), local("2026-05-08 00:00")),
    ]
    assert BOTH.daytime_last_date == date(2026, 5, 7)


def test_overlapping_plans_avoid_in_both_stretches():
    assert spans(BOTH.avoid) == [
        (local("2026-04-06 14:00"), local("2026-04-09 14:00")),
        (local("2026-04-16 11:00"), local("2026-04-19 11:00")),
    ]


def test_the_next_repeat_window_counts_from_the_newest_session():
    assert (BOTH.repeat_window.first_date, BOTH.repeat_window.last_date) == (date(2026, 4, 23), date(2026, 4, 30))


def test_walks_run_from_midnight_to_midnight_and_by_date():
    assert spans(BOTH.walk) == [
        (local("2026-04-07 00:00"), local("2026-04-14 00:00")),
        (local("2026-04-17 00:00"), local("2026-04-20 00:00")),
    ]
    assert BOTH.walk_dates == ((date(2026, 4, 7), date(2026, 4, 13)), (date(2026, 4, 17), date(2026, 4, 19)))


def test_plans_come_in_any_order():
    assert timeline_of([REPEAT, FIRST]) == BOTH


def test_the_same_plan_twice_changes_nothing():
    assert timeline_of([FIRST, REPEAT, FIRST]) == BOTH


def test_neighbours_of_one_state_are_joined():
    second = plan("2026-04-08 10:00", RETICULAR)

    assert spans(timeline_of([FIRST, second]).continuous) == [(local("2026-04-06 14:00"), local("2026-04-15 10:00"))]


def test_the_warning_signs_stay_through_the_watch_window_of_the_newest_plan():
    assert BOTH.watch_last_date == date(2026, 5, 14)


def test_nothing_injected_is_an_empty_timeline():
    empty = timeline_of([plan("2026-04-06 14:00")])

    assert (empty.stretches, empty.repeat_window, empty.walk_dates, empty.daytime_last_date) == ((), None, (), None)
    assert empty == timeline_of([])


def test_the_state_says_what_holds_now_and_until_when():
    state = BOTH.state_at(local("2026-04-17 09:00"))

    assert (state.compression, state.compression_until) == (CompressionState.CONTINUOUS, local("2026-04-19 11:00"))
    assert {each.key: each.until for each in state.avoid} == {
        ItemKey.AVOID_HEAVY_EXERCISE: local("2026-04-19 11:00"),
        ItemKey.AVOID_SUNBATHING: local("2026-04-19 11:00"),
        ItemKey.AVOID_LONG_FLIGHT: local("2026-04-19 11:00"),
        ItemKey.AVOID_HOT_BATH_SAUNA: local("2026-04-19 11:00"),
    }
    assert state.walk_today


def test_a_state_ends_at_its_end():
    state = BOTH.state_at(local("2026-04-13 14:00"))

    assert (state.compression, state.avoid) == (CompressionState.DAYTIME, ())


def test_before_and_after_all_plans_nothing_holds():
    for instant in (local("2026-04-06 13:59"), local("2026-05-08 00:00")):
        state = BOTH.state_at(instant)
        assert (state.compression, state.compression_until, state.avoid) == (CompressionState.NONE, None, ())
        assert not state.walk_today


def test_the_next_change_is_the_nearest_edge_of_any_strand():
    assert BOTH.next_change(local("2026-04-13 14:00")) == local("2026-04-14 00:00")
    assert BOTH.next_change(local("2026-04-16 11:00")) == local("2026-04-17 00:00")
    assert BOTH.next_change(local("2026-05-08 00:00")) is None


def test_things_to_avoid_that_end_apart_are_told_apart():
    risky = timeline_of([plan("2026-01-13 10:30", SPIDER, vte_risk=True)])

    assert [(each.items, each.starts_at, each.ends_at) for each in risky.avoid] == [
        (
            (
                ItemKey.AVOID_HEAVY_EXERCISE,
                ItemKey.AVOID_SUNBATHING,
                ItemKey.AVOID_LONG_FLIGHT,
                ItemKey.AVOID_HOT_BATH_SAUNA,
            ),
            local("2026-01-13 10:30"),
            local("2026-01-16 10:30"),
        ),
        ((ItemKey.AVOID_LONG_FLIGHT,), local("2026-01-16 10:30"), local("2026-02-10 10:30")),
    ]
    assert spans(risky.avoided[ItemKey.AVOID_LONG_FLIGHT]) == [(local("2026-01-13 10:30"), local("2026-02-10 10:30"))]


def test_a_leg_has_its_own_timeline_when_plans_are_per_leg():
    made = plan(
        "2026-07-14 10:00",
        sites=(site(SPIDER, Leg.LEFT), site(RETICULAR, Leg.RIGHT)),
        protocol=SHIPPED.with_overrides({"compression_scope": "LEG"}),
    )

    ends = {leg: timeline_of([made], leg=leg).continuous[0].ends_at for leg in Leg}

    assert ends == {Leg.LEFT: local("2026-07-17 10:00"), Leg.RIGHT: local("2026-07-21 10:00")}
    assert timeline_of([made]).continuous[0].ends_at == local("2026-07-21 10:00")


def test_a_leg_that_was_not_treated_wears_nothing():
    made = plan("2026-07-14 10:00", sites=(site(SPIDER, Leg.LEFT),))

    assert timeline_of([made], leg=Leg.RIGHT).compression == ()


def test_a_stretch_is_found_by_kind_and_instant():
    found = BOTH.segment_at(local("2026-04-14 12:00"), StretchKind.COMPRESSION)

    assert found.state == CompressionState.DAYTIME
    assert BOTH.segment_at(local("2026-04-14 12:00"), StretchKind.AVOID) is None
