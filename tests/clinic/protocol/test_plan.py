from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.protocol import (
    AVOID_ITEMS,
    DecidedBy,
    InjectedSite,
    ItemKey,
    Leg,
    Plan,
    ProtocolError,
    Rule,
    SessionFacts,
    item_as_dict,
    plan_for,
)
from clinic.protocol.inputs import session_facts_from
from tests.clinic.protocol.helpers import NEW_YORK, RETICULAR, SHIPPED, SPIDER, local, plan, session, site, utc

LOW = SHIPPED.with_overrides(
    {"spider.continuous_days": 2, "reticular.continuous_days": 5, "daytime_days": 14, "avoid_days": 2}
)


@dataclass
class Expected:
    """A row of the table of plans: local times in the session's zone, dates as text."""

    end: str
    types: tuple
    cont: str
    cont_min: str
    day: tuple
    avoid: str
    avoid_min: str
    walk: tuple
    repeat: tuple
    cont_utc: str
    zone: str = NEW_YORK
    extensive_days: int | None = None
    protocol: object = SHIPPED


PLANS = {
    "V1 spider": Expected(
        "2026-01-13 10:30", (SPIDER,), "2026-01-16 10:30", "2026-01-15 10:30",
        ("2026-01-16", "2026-02-03", "2026-01-27"), "2026-01-16 10:30", "2026-01-15 10:30",
        ("2026-01-14", "2026-01-16"), ("2026-01-20", "2026-01-27"), "2026-01-16 15:30",
    ),
    "V2 reticular": Expected(
        "2026-01-13 10:30", (RETICULAR,), "2026-01-20 10:30", "2026-01-18 10:30",
        ("2026-01-20", "2026-02-03", "2026-01-27"), "2026-01-16 10:30", "2026-01-15 10:30",
        ("2026-01-14", "2026-01-20"), ("2026-01-20", "2026-01-27"), "2026-01-20 15:30",
    ),
    "V3 mixed": Expected(
        "2026-06-02 15:45", (SPIDER, RETICULAR), "2026-06-09 15:45", "2026-06-07 15:45",
        ("2026-06-09", "2026-06-23", "2026-06-16"), "2026-06-05 15:45", "2026-06-04 15:45",
        ("2026-06-03", "2026-06-09"), ("2026-06-09", "2026-06-16"), "2026-06-09 19:45",
    ),
    "V4 spring, 71 hours": Expected(
        "2026-03-06 16:00", (SPIDER,), "2026-03-09 16:00", "2026-03-08 16:00",
        ("2026-03-09", "2026-03-27", "2026-03-20"), "2026-03-09 16:00", "2026-03-08 16:00",
        ("2026-03-07", "2026-03-09"), ("2026-03-13", "2026-03-20"), "2026-03-09 20:00",
    ),
    "V6 autumn, 169 hours": Expected(
        "2026-10-30 11:15", (RETICULAR,), "2026-11-06 11:15", "2026-11-04 11:15",
        ("2026-11-06", "2026-11-20", "2026-11-13"), "2026-11-02 11:15", "2026-11-01 11:15",
        ("2026-10-31", "2026-11-06"), ("2026-11-06", "2026-11-13"), "2026-11-06 16:15",
    ),
    "V7 zone without clock change": Expected(
        "2026-03-06 16:00", (SPIDER,), "2026-03-09 16:00", "2026-03-08 16:00",
        ("2026-03-09", "2026-03-27", "2026-03-20"), "2026-03-09 16:00", "2026-03-08 16:00",
        ("2026-03-07", "2026-03-09"), ("2026-03-13", "2026-03-20"), "2026-03-09 23:00", zone="America/Phoenix",
    ),
    "V9 leap year": Expected(
        "2028-02-25 13:10", (SPIDER,), "2028-02-28 13:10", "2028-02-27 13:10",
        ("2028-02-28", "2028-03-17", "2028-03-10"), "2028-02-28 13:10", "2028-02-27 13:10",
        ("2028-02-26", "2028-02-28"), ("2028-03-03", "2028-03-10"), "2028-02-28 19:10", zone="America/Chicago",
    ),
    "V10 year end": Expected(
        "2026-12-29 17:05", (SPIDER, RETICULAR), "2027-01-05 17:05", "2027-01-03 17:05",
        ("2027-01-05", "2027-01-19", "2027-01-12"), "2027-01-01 17:05", "2026-12-31 17:05",
        ("2026-12-30", "2027-01-05"), ("2027-01-05", "2027-01-12"), "2027-01-05 22:05",
    ),
    "V11 extensive, 14 days entered": Expected(
        "2026-09-08 12:00", (RETICULAR,), "2026-09-22 12:00", "2026-09-16 12:00",
        ("2026-09-22", "2026-09-29", "2026-09-22"), "2026-09-11 12:00", "2026-09-10 12:00",
        ("2026-09-09", "2026-09-15"), ("2026-09-15", "2026-09-22"), "2026-09-22 16:00", extensive_days=14,
    ),
    "V13 low configuration": Expected(
        "2026-05-04 14:00", (SPIDER, RETICULAR), "2026-05-09 14:00", "2026-05-09 14:00",
        ("2026-05-09", "2026-05-18", "2026-05-18"), "2026-05-06 14:00", "2026-05-06 14:00",
        ("2026-05-05", "2026-05-11"), ("2026-05-11", "2026-05-18"), "2026-05-09 18:00", protocol=LOW,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", PLANS.values(), ids=PLANS.keys())
def test_a_plan_is_the_one_of_the_table(row):
    made = plan(row.end, *row.types, zone=row.zone, extensive_days=row.extensive_days, protocol=row.protocol)

    [continuous] = made.timed(ItemKey.COMPRESSION_CONTINUOUS)
    assert continuous.starts_at == local(row.end, row.zone)
    assert (continuous.ends_at, continuous.ends_at) == (local(row.cont, row.zone), utc(row.cont_utc))
    assert continuous.min_ends_at == local(row.cont_min, row.zone)
    assert dates(made, ItemKey.COMPRESSION_DAYTIME) == row.day
    for key in AVOID_ITEMS:
        [avoid] = made.timed(key)
        assert (avoid.ends_at, avoid.min_ends_at) == (local(row.avoid, row.zone), local(row.avoid_min, row.zone))
    assert dates(made, ItemKey.WALK_DAILY) == (*row.walk, None)
    assert dates(made, ItemKey.REPEAT_WINDOW) == (*row.repeat, None)


def dates(made: Plan, key):
    [item] = made.dated(key)
    least = item.min_last_date and item.min_last_date.isoformat()
    return item.first_date.isoformat(), item.last_date.isoformat(), least


def test_walk_and_observation_are_elapsed_minutes():
    made = plan("2026-01-13 10:30", SPIDER)

    for key in (ItemKey.WALK_IMMEDIATE, ItemKey.OBSERVATION):
        [item] = made.timed(key)
        assert (item.ends_at, item.min_ends_at) == (local("2026-01-13 10:50"), local("2026-01-13 10:45"))


@pytest.mark.parametrize(
    ("end", "types", "last"),
    [
        ("2026-01-13 10:30", (SPIDER,), "2026-02-10"),
        ("2026-06-02 15:45", (SPIDER, RETICULAR), "2026-06-30"),
        ("2026-12-29 17:05", (SPIDER, RETICULAR), "2027-01-26"),
    ],
)
def test_the_watch_window_runs_from_the_session_through_day_28(end, types, last):
    assert dates(plan(end, *types), ItemKey.WATCH_WINDOW) == (end[:10], last, None)


def test_trapped_blood_is_looked_for_from_day_7_to_day_21():
    made = plan("2026-01-13 10:30", SPIDER)

    assert dates(made, ItemKey.COAGULUM_REVIEW_WINDOW) == ("2026-01-20", "2026-02-03", None)


TWO_LEGS = (site(SPIDER, Leg.LEFT), site(RETICULAR, Leg.RIGHT))


def test_both_legs_follow_the_longest_plan_by_default():
    made = plan("2026-07-14 10:00", sites=TWO_LEGS)

    [continuous] = made.timed(ItemKey.COMPRESSION_CONTINUOUS)
    [daytime] = made.dated(ItemKey.COMPRESSION_DAYTIME)
    assert (continuous.leg, continuous.ends_at) == (None, local("2026-07-21 10:00"))
    assert (daytime.leg, daytime.last_date) == (None, date(2026, 8, 4))
    assert made.legs == {Leg.LEFT, Leg.RIGHT}


def test_each_leg_follows_its_own_plan_when_the_scope_is_the_leg():
    made = plan("2026-07-14 10:00", sites=TWO_LEGS, protocol=SHIPPED.with_overrides({"compression_scope": "LEG"}))

    assert {item.leg: item.ends_at for item in made.timed(ItemKey.COMPRESSION_CONTINUOUS)} == {
        Leg.LEFT: local("2026-07-17 10:00"),
        Leg.RIGHT: local("2026-07-21 10:00"),
    }
    assert {item.leg: item.last_date for item in made.dated(ItemKey.COMPRESSION_DAYTIME)} == {
        Leg.LEFT: date(2026, 8, 4),
        Leg.RIGHT: date(2026, 8, 4),
    }


def test_legs_that_agree_share_one_item_even_when_the_scope_is_the_leg():
    both = (site(SPIDER, Leg.LEFT), site(SPIDER, Leg.RIGHT))

    made = plan("2026-07-14 10:00", sites=both, protocol=SHIPPED.with_overrides({"compression_scope": "LEG"}))

    assert [item.leg for item in made.items] == [None] * len(made.items)


def test_a_breastfeeding_pause_lasts_8_elapsed_hours():
    made = plan("2026-02-17 09:40", SPIDER, breastfeeding=True)

    [pause] = made.timed(ItemKey.BREASTFEEDING_PAUSE)
    assert (pause.ends_at, pause.min_ends_at) == (local("2026-02-17 17:40"), None)


def test_the_breastfeeding_pause_is_elapsed_time_across_a_clock_change():
    [pause] = plan("2026-03-07 23:00", SPIDER, breastfeeding=True).timed(ItemKey.BREASTFEEDING_PAUSE)

    assert pause.ends_at - pause.starts_at == timedelta(hours=8)
    assert pause.ends_at == local("2026-03-08 08:00")


def test_nobody_pauses_breastfeeding_that_was_not_recorded():
    assert plan("2026-02-17 09:40", SPIDER).timed(ItemKey.BREASTFEEDING_PAUSE) == ()


@pytest.mark.parametrize("sites", [(), (site(SPIDER, volume="0"),), (site(RETICULAR, volume="0.00"),)])
def test_a_visit_without_injection_has_no_plan(sites):
    made = plan("2026-01-13 10:30", sites=sites)

    assert made.is_empty
    assert (made.items, made.legs) == ((), frozenset())


def test_a_site_without_injection_does_not_make_the_plan_stricter():
    sites = (site(SPIDER), site(RETICULAR, Leg.RIGHT, volume="0"))

    made = plan("2026-01-13 10:30", sites=sites)

    assert made == plan("2026-01-13 10:30", SPIDER)


def test_daytime_days_can_be_counted_after_the_continuous_phase():
    after = SHIPPED.with_overrides({"daytime_anchor": "AFTER_CONTINUOUS"})

    [daytime] = plan("2026-01-13 10:30", RETICULAR, protocol=after).dated(ItemKey.COMPRESSION_DAYTIME)

    assert (daytime.first_date, daytime.last_date) == (date(2026, 1, 20), date(2026, 2, 10))
    assert daytime.min_last_date == date(2026, 2, 1)


def test_a_long_entered_phase_keeps_the_daytime_phase_as_long():
    made = plan("2026-09-08 12:00", RETICULAR, extensive_days=30)

    assert dates(made, ItemKey.COMPRESSION_DAYTIME) == ("2026-10-08", "2026-10-08", "2026-09-22")
    assert made.dated(ItemKey.COMPRESSION_DAYTIME)[0].rule.decided_by is DecidedBy.EXTENSIVE


def test_an_entered_phase_that_ends_before_the_daytime_phase_does_not_decide_it():
    made = plan("2026-09-08 12:00", RETICULAR, extensive_days=9)

    assert dates(made, ItemKey.COMPRESSION_DAYTIME)[:2] == ("2026-09-17", "2026-09-29")
    assert made.dated(ItemKey.COMPRESSION_DAYTIME)[0].rule.decided_by is DecidedBy.EVERY_TYPE


def test_extensive_spider_veins_get_the_walking_days_of_extensive_veins():
    made = plan("2026-09-08 12:00", SPIDER, extensive_days=8)

    assert dates(made, ItemKey.WALK_DAILY) == ("2026-09-09", "2026-09-15", None)
    assert made.dated(ItemKey.WALK_DAILY)[0].rule.decided_by is DecidedBy.EXTENSIVE


def test_a_thrombosis_risk_makes_the_flight_advice_longer_and_nothing_else():
    plain, risky = plan("2026-01-13 10:30", SPIDER), plan("2026-01-13 10:30", SPIDER, vte_risk=True)

    assert [item.key for item in risky.items if item not in plain.items] == [ItemKey.AVOID_LONG_FLIGHT]
    [flight] = risky.timed(ItemKey.AVOID_LONG_FLIGHT)
    assert (flight.ends_at, flight.min_ends_at) == (local("2026-02-10 10:30"), local("2026-01-15 10:30"))
    assert flight.rule.decided_by is DecidedBy.VTE_RISK


@pytest.mark.parametrize("days", ["off", 0])
def test_the_longer_flight_advice_can_be_switched_off(days):
    off = SHIPPED.with_overrides({"flight_advisory_days": days})

    risky = plan("2026-01-13 10:30", SPIDER, vte_risk=True, protocol=off)

    assert risky.items == plan("2026-01-13 10:30", SPIDER, protocol=off).items


def test_a_signed_off_shorter_phase_is_its_own_shortest():
    short = SHIPPED.with_overrides({"reticular.continuous_days": 3}, signed_off=True)

    [continuous] = plan("2026-01-13 10:30", RETICULAR, protocol=short).timed(ItemKey.COMPRESSION_CONTINUOUS)

    assert continuous.ends_at == continuous.min_ends_at == local("2026-01-16 10:30")


def test_an_end_in_the_spring_gap_takes_the_offset_before_the_change():
    [continuous] = plan("2026-03-05 02:30", SPIDER).timed(ItemKey.COMPRESSION_CONTINUOUS)

    assert continuous.ends_at == utc("2026-03-08 07:30") == local("2026-03-08 03:30")


def test_an_end_in_the_repeated_hour_takes_the_later_one():
    [continuous] = plan("2026-10-29 01:30", SPIDER).timed(ItemKey.COMPRESSION_CONTINUOUS)

    assert continuous.ends_at == utc("2026-11-01 06:30")


def test_european_clocks_change_on_their_own_date():
    [continuous] = plan("2026-03-27 10:00", SPIDER, zone="Europe/Berlin").timed(ItemKey.COMPRESSION_CONTINUOUS)

    assert continuous.ends_at - continuous.starts_at == timedelta(hours=71)


def test_a_plan_counts_days_in_the_clinics_zone_not_in_utc():
    made = plan("2026-01-13 22:30", SPIDER)

    assert made.session_date == date(2026, 1, 13)
    assert dates(made, ItemKey.REPEAT_WINDOW) == ("2026-01-20", "2026-01-27", None)


def test_every_item_names_what_decided_it_and_the_values_that_went_in():
    made = plan("2026-01-13 10:30", SPIDER, RETICULAR)

    assert {item.key: str(item.rule) for item in made.items} == {
        "OBSERVATION": "every_type: observation_minutes = 20, observation_minutes_min = 15",
        "WALK_IMMEDIATE": "every_type: walk_now_minutes = 20, walk_now_minutes_min = 15",
        "COMPRESSION_CONTINUOUS": "reticular: reticular.continuous_days = 7, shortest = 5",
        "COMPRESSION_DAYTIME": (
            "every_type: daytime_days = 21, daytime_days_min = 14, daytime_anchor = SESSION, continuous days = 7"
        ),
        "WALK_DAILY": "reticular: walk_daily_days.reticular = 7, minutes a day = 15-20",
        "AVOID_HEAVY_EXERCISE": "every_type: avoid_days.heavy_exercise = 3, avoid_days_min = 2",
        "AVOID_SUNBATHING": "every_type: avoid_days.sunbathing = 3, avoid_days_min = 2",
        "AVOID_LONG_FLIGHT": "every_type: avoid_days.long_flight = 3, avoid_days_min = 2",
        "AVOID_HOT_BATH_SAUNA": "every_type: avoid_days.hot_bath_sauna = 3, avoid_days_min = 2",
        "REPEAT_WINDOW": "every_type: repeat_min_days = 7, repeat_max_days = 14",
        "COAGULUM_REVIEW_WINDOW": "every_type: coagulum_window.first_day = 7, coagulum_window.last_day = 21",
        "WATCH_WINDOW": "every_type: first day = 0, watch_days = 28",
    }


def test_every_rule_fits_its_column_and_reads_back():
    longest = SHIPPED.with_overrides({"daytime_anchor": "AFTER_CONTINUOUS"})
    made = plan(
        "2026-01-13 10:30", SPIDER, RETICULAR, extensive_days=365, breastfeeding=True, vte_risk=True, protocol=longest
    )

    assert max(len(str(item.rule)) for item in made.items) <= 200
    assert [Rule.parse(str(item.rule)) for item in made.items] == [item.rule for item in made.items]


def test_stored_facts_give_the_same_plan_again():
    facts = session("2026-01-13 10:30:07.123456", SPIDER, RETICULAR, extensive_days=9, vte_risk=True, ref="s1")

    again = session_facts_from(facts.as_dict(), ref="s1")

    assert plan_for(again, SHIPPED) == plan_for(facts, SHIPPED)


def test_an_item_as_json_has_the_bounds_of_its_kind_only():
    made = plan("2026-01-13 10:30", SPIDER)

    timed, dated = (
        item_as_dict(made.timed(ItemKey.AVOID_SUNBATHING)[0]), item_as_dict(made.dated(ItemKey.WALK_DAILY)[0])
    )  # fmt: skip
    assert timed == {
        "key": "AVOID_SUNBATHING",
        "leg": None,
        "rule": "every_type: avoid_days.sunbathing = 3, avoid_days_min = 2",
        "starts_at": "2026-01-13T15:30:00Z",
        "ends_at": "2026-01-16T15:30:00Z",
        "min_ends_at": "2026-01-15T15:30:00Z",
    }
    assert dated == {
        "key": "WALK_DAILY",
        "leg": None,
        "rule": "spider: walk_daily_days.spider = 3, minutes a day = 15-20",
        "first_date": "2026-01-14",
        "last_date": "2026-01-16",
        "min_last_date": None,
    }


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (session("2026-01-13 10:30", SPIDER, extensive_days=7), "extensive_days"),
        (session("2026-01-13 10:30", sites=(site(SPIDER, volume="-0.1"),)), "sites[0].volume_ml"),
        (session("2026-01-13 10:30", sites=(site(SPIDER, volume="NaN"),)), "sites[0].volume_ml"),
        (SessionFacts(local("2026-01-13 10:30").replace(tzinfo=None), NEW_YORK, ()), "session_end"),
        (SessionFacts(local("2026-01-13 10:30"), "Mars/Olympus", ()), "time_zone"),
    ],
    ids=["too few days", "negative volume", "no number", "no offset", "no zone"],
)
def test_facts_that_cannot_be_are_refused_by_name(facts, field):
    with pytest.raises(ProtocolError) as refused:
        plan_for(facts, SHIPPED)

    assert refused.value.field == field


def test_a_plan_does_not_depend_on_the_order_of_sites():
    sites = (InjectedSite(Leg.LEFT, SPIDER, Decimal("0.2")), InjectedSite(Leg.RIGHT, RETICULAR, Decimal("0.3")))

    assert plan("2026-01-13 10:30", sites=sites) == plan("2026-01-13 10:30", sites=sites[::-1])
