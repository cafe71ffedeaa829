import json
from datetime import time
from decimal import Decimal

import pytest

from clinic.protocol import AVOID_ITEMS, ItemKey, Protocol, ProtocolError, VeinType
from clinic.protocol.catalogue import catalogue
from tests.clinic.protocol.helpers import SHIPPED


def test_every_value_says_what_it_is_and_where_it_comes_from():
    wanting = [spec.key for spec in catalogue().values() if not spec.title or len(spec.source) < 10]

    assert wanting == []


def test_no_source_points_at_a_file_of_ours():
    assert [spec.key for spec in catalogue().values() if ".md" in spec.source or "section" in spec.source.lower()] == []


def test_every_choice_of_the_project_must_be_signed_off():
    assert [spec.key for spec in catalogue().values() if spec.origin == "CHOICE" and not spec.sign_off] == []


def test_every_shipped_value_lies_in_its_own_range():
    for spec in catalogue().values():
        assert spec.check(spec.default, signed_off=False) == spec.default
        if not spec.fixed:
            assert spec.may_be_off or spec._allows(spec.default, signed_off=False)


def test_every_value_that_is_not_fixed_has_a_range():
    assert [
        spec.key
        for spec in catalogue().values()
        if not spec.fixed and spec.kind != "yes_no" and spec.at_most is None and not spec.choices
    ] == []


def test_the_wider_range_contains_the_usual_one():
    for spec in catalogue().values():
        if spec.signed_at_least is not None:
            assert spec.signed_at_least <= spec.at_least
            assert spec.signed_at_most >= spec.at_most
        assert not spec.signed_choices or set(spec.choices) <= set(spec.signed_choices)


def test_a_protocol_survives_storage_as_json():
    changed = SHIPPED.with_overrides(
        {
            "reticular.continuous_days": 3,
            "max_total_ml": "8.5",
            "max_mg_per_kg_day": "off",
            "daytime_anchor": "AFTER_CONTINUOUS",
            "reminder.send_at": "10:30",
            "allow_foam": True,
            "spider.strengths_percent": ["0.5", "1"],
        },
        signed_off=True,
        version="7",
    )

    assert Protocol.from_dict(json.loads(json.dumps(changed.as_dict()))) == changed
    assert Protocol.from_dict(json.loads(json.dumps(SHIPPED.as_dict()))) == SHIPPED


def test_stored_numbers_hold_even_when_ranges_are_narrower_today():
    stored = SHIPPED.as_dict()
    stored["values"]["spider.continuous_days"] = 9

    assert Protocol.from_dict(stored).veins[VeinType.SPIDER].continuous_days == 9


def test_a_key_that_is_newer_than_the_stored_protocol_takes_its_default():
    stored = SHIPPED.as_dict()
    del stored["values"]["watch_days"]
    stored["values"]["a_key_of_long_ago"] = 1

    assert Protocol.from_dict(stored) == SHIPPED


def test_overrides_reach_their_fields():
    changed = SHIPPED.with_overrides(
        {"spider.continuous_days": 2, "walk_daily_days.spider": 5, "warn_total_ml": "2.5", "reminder.send_at": "08:30"}
    )

    assert changed.veins[VeinType.SPIDER].continuous_days == 2
    assert changed.veins[VeinType.SPIDER].walk_daily_days == 5
    assert changed.warn_total_ml == Decimal("2.5")
    assert changed.reminder.send_at == time(8, 30)
    assert changed.version == f"{SHIPPED.version}+changed"


def test_overrides_that_change_nothing_keep_the_version():
    assert SHIPPED.with_overrides({"spider.continuous_days": 3}) == SHIPPED
    assert SHIPPED.with_overrides({}) == SHIPPED


@pytest.mark.parametrize(
    "key", ["avoid_days.long_flight", "avoid_days.AVOID_LONG_FLIGHT", "avoid_days.avoid_long_flight"]
)
def test_days_to_avoid_are_set_by_item(key):
    changed = SHIPPED.with_overrides({key: 14})

    assert changed.avoid_days == {**SHIPPED.avoid_days, ItemKey.AVOID_LONG_FLIGHT: 14}


def test_all_days_to_avoid_can_be_set_at_once():
    assert SHIPPED.with_overrides({"avoid_days": 2}).avoid_days == dict.fromkeys(AVOID_ITEMS, 2)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"spider.continuous_days": 4}, "spider.continuous_days: enter 2 to 3 days"),
        ({"spider.continuous_days": "2"}, "spider.continuous_days: enter a whole number, for example 3"),
        ({"spider.continuous_days": True}, "spider.continuous_days: enter a whole number, for example 3"),
        ({"spider.continuous_days": 2.0}, "spider.continuous_days: enter a whole number, for example 3"),
        ({"spider.continuous_days": None}, "spider.continuous_days: enter a value; this one cannot be off"),
        (
            {"reticular.continuous_days": 4},
            "reticular.continuous_days: enter 5 to 7 days, or have it signed off by the clinical lead",
        ),
        ({"reticular.continuous_days": 8}, "reticular.continuous_days: enter 5 to 7 days"),
        ({"daytime_days": 13}, "daytime_days: enter 14 to 21 days"),
        ({"max_total_ml": "10.1"}, "max_total_ml: enter 0.1 to 10.0 mL"),
        ({"max_total_ml": 9.5}, 'max_total_ml: enter a number in quotes, for example "2.5"'),
        ({"max_total_ml": "NaN"}, 'max_total_ml: enter a number in quotes, for example "2.5"'),
        ({"max_total_ml": "1e1"}, 'max_total_ml: enter a number in quotes, for example "2.5"'),
        ({"injection_ml_max": "0.4"}, "injection_ml_max: enter 0.1 to 0.3 mL"),
        ({"max_mg_per_kg_day": "2.1"}, "max_mg_per_kg_day: enter 0.1 to 2.0 mg/kg, or off"),
        ({"daytime_anchor": "NEVER"}, "daytime_anchor: enter SESSION or AFTER_CONTINUOUS"),
        ({"allow_foam": True}, "allow_foam: enter no, or have it signed off by the clinical lead"),
        ({"allow_foam": "yes"}, "allow_foam: enter true or false"),
        ({"spider.strengths_percent": ["3"]}, "spider.strengths_percent: enter 0.5 %"),
        ({"spider.strengths_percent": []}, 'spider.strengths_percent: enter a list of strengths, for example ["0.5"]'),
        (
            {"observation_minutes_min": 10},
            "observation_minutes_min: leave it out; this value is part of a rule and cannot be changed",
        ),
        ({"moon_phase": 1}, "moon_phase: leave it out; the protocol has no value of this name"),
        ({"avoid_days.chocolate": 3}, "avoid_days.chocolate: leave it out; the protocol has no value of this name"),
        ({"repeat_min_days": 21}, "repeat_min_days: enter at most 14, the value of repeat_max_days"),
        ({"reminder.send_at": "21:00"}, "reminder.send_at: enter 08:00 to 20:59"),
        ({"reminder.send_at": "9:00"}, 'reminder.send_at: enter a time of day, for example "09:00"'),
        (
            {"reminder.text_from": "10:00"},
            "reminder.send_at: enter a time from 10:00 to before 21:00, when texts may go out",
        ),
        ({"emergency_number": "9" * 21}, "emergency_number: enter up to 20 characters"),
        ({"emergency_number": "911\n"}, "emergency_number: enter a text on one line"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_to_do(overrides, message):
    with pytest.raises(ProtocolError) as refused:
        SHIPPED.with_overrides(overrides)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"max_total_ml": "2.9"}, "max_total_ml: enter at least 3.0, the value of warn_total_ml"),
        (
            {"max_total_ml": "0.2", "warn_total_ml": "0.2"},
            "max_total_ml: enter at least 0.3, the value of injection_ml_max",
        ),
    ],
)
def test_a_limit_below_the_value_above_which_one_asks_is_not_signed_and_may_be_asked_about(overrides, message):
    with pytest.raises(ProtocolError) as refused:
        SHIPPED.with_overrides(overrides, to_be_signed=True)

    assert str(refused.value) == message
    assert SHIPPED.with_overrides(overrides).max_total_ml == Decimal(overrides["max_total_ml"])


def test_sign_off_opens_the_wider_range_and_no_more():
    assert (
        SHIPPED.with_overrides({"reticular.continuous_days": 2}, signed_off=True).veins["reticular"].continuous_days
        == 2
    )
    with pytest.raises(ProtocolError, match="enter 2 to 7 days"):
        SHIPPED.with_overrides({"reticular.continuous_days": 1}, signed_off=True)


def test_the_listing_has_every_key_with_value_range_and_source():
    rows = {row.key: row for row in SHIPPED.with_overrides({"spider.continuous_days": 2}).listing()}

    assert list(rows) == list(catalogue())
    row = rows["spider.continuous_days"]
    assert (row.shown, row.allowed, row.is_changed, row.needs_sign_off) == ("2 days", "2 to 3 days", True, False)
    assert rows["reticular.continuous_days"].allowed_with_sign_off == "2 to 7 days"
    assert rows["reticular.continuous_days"].needs_sign_off
    assert rows["max_mg_per_kg_day"].allowed == "0.1 to 2.0 mg/kg, or off"
    assert rows["reminder.send_at"].shown == "09:00"
    assert rows["allow_foam"].shown == "no"


def test_a_value_outside_its_usual_range_needs_sign_off_whatever_its_default():
    foam = {row.key: row for row in SHIPPED.with_overrides({"allow_foam": True}, signed_off=True).listing()}[
        "allow_foam"
    ]

    assert foam.needs_sign_off
    assert not {row.key: row for row in SHIPPED.listing()}["allow_foam"].needs_sign_off
