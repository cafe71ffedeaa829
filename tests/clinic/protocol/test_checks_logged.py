from datetime import date
from decimal import Decimal

import pytest

from clinic.protocol import (
    Acknowledger,
    AmpouleFacts,
    LoggingFacts,
    Override,
    ProductForm,
    SiteFacts,
    findings_logged,
    totals_of,
)
from clinic.protocol.checks.calendar import last_valid_day
from clinic.protocol.vocabulary import Leg, StockingLegs
from tests.clinic.protocol.helpers import RETICULAR, SHIPPED, SPIDER, injected, local, logged

TWELVE_SPIDER = injected(SPIDER, "0.5", *["0.2"] * 12)
TEN_RETICULAR = injected(RETICULAR, "1", *["0.3"] * 10)
TEN_ML = injected(RETICULAR, "1", *["0.3"] * 33, "0.1")
TEN_SPIDER = injected(SPIDER, "0.5", *["0.3"] * 10)


def kg(text):
    return Decimal(text)


def one(check, *sites, protocol=SHIPPED, **facts):
    """The one finding of a check."""
    [found] = [each for each in findings_logged(LoggingFacts(sites=sites, **facts), protocol) if each.id == check]
    return found


def test_both_strengths_add_up_and_count_against_the_weight():
    facts = LoggingFacts(sites=(TWELVE_SPIDER, TEN_RETICULAR), weight_kg=kg("55"))

    assert totals_of(facts, SHIPPED).as_dict() == {
        "ml": "5.4",
        "mg": "42",
        "mg_per_kg": "0.7636",
        "injections": 22,
        "ampoules_min": {"0.5": 2, "1": 2},
    }
    assert logged(TWELVE_SPIDER, TEN_RETICULAR, weight_kg=kg("55")) == {"L3": "ACK"}


def test_the_limits_themselves_are_allowed():
    facts = LoggingFacts(sites=(TEN_ML,), weight_kg=kg("50"))

    assert totals_of(facts, SHIPPED).as_dict() == {
        "ml": "10",
        "mg": "100",
        "mg_per_kg": "2",
        "injections": 34,
        "ampoules_min": {"0.5": 0, "1": 5},
    }
    assert logged(TEN_ML, weight_kg=kg("50")) == {"L3": "ACK", "L4b": "NOTE"}
    assert one("L4b", TEN_ML).text == "10 mL of at most 10 mL: 0 mL left in this session."


def test_more_than_ten_ml_stops_the_signature_and_opens_an_incident():
    more = injected(RETICULAR, "1", *["0.3"] * 33, "0.1", "0.1")

    assert logged(more, weight_kg=kg("60")) == {"L4": "BLOCK", "L3": "ACK"}
    assert (one("L4", more).override, one("L4", more).opens_incident) == (Override.PRESCRIBER, True)


def test_three_ml_ask_for_nothing_and_a_tenth_more_for_a_reason():
    assert logged(TEN_SPIDER) == {}
    assert logged(TEN_SPIDER, injected(SPIDER, "0.5", "0.1")) == {"L3": "ACK"}
    assert totals_of(LoggingFacts(sites=(TEN_SPIDER,)), SHIPPED).ampoules_min == {Decimal("0.5"): 2, Decimal(1): 0}


@pytest.mark.parametrize(
    ("volume", "findings"), [("0.35", {"L2": "ACK"}), ("0.3", {}), ("0.1", {}), ("0.05", {"L2b": "NOTE"})]
)
def test_an_injection_has_its_least_and_its_most(volume, findings):
    assert logged(injected(SPIDER, "0.5", volume)) == findings


@pytest.mark.parametrize(
    ("count", "volume", "findings"),
    [(3, "1.0", {"L2": "ACK"}), (3, "0.9", {}), (9, "0.9", {}), (10, "0.9", {"L2b": "NOTE"})],
)
def test_equal_volumes_are_judged_without_rounding(count, volume, findings):
    assert logged(SiteFacts(injection_count=count, volume_ml=Decimal(volume))) == findings


@pytest.mark.parametrize(
    ("vein_type", "strength", "findings"),
    [
        (SPIDER, "0.5", {}),
        (SPIDER, "1", {"L1": "ACK"}),
        (SPIDER, "3", {"L1b": "BLOCK"}),
        (RETICULAR, "1.0", {}),
        (RETICULAR, "0.5", {"L1": "ACK"}),
        (RETICULAR, "0.25", {"L1b": "BLOCK"}),
        (None, "1", {}),
    ],
)
def test_a_strength_fits_its_vein_type_and_its_product(vein_type, strength, findings):
    assert logged(injected(vein_type, strength, "0.2")) == findings


def test_a_finding_names_the_sites_it_is_about():
    wrong = injected(SPIDER, "1", "0.2", leg="left", segment="calf_medial")

    found = one("L1", injected(SPIDER, "0.5", "0.2"), wrong)

    assert found.sites == (1,)
    assert found.text == "Not the strength for the vein type at site 2 (left calf medial). Correct it or write why."


def test_many_sites_are_named_by_the_first_three():
    assert one("L18", *[SiteFacts(needle_gauge=20)] * 5).text == (
        "Usual needles are 26 to 30 G. Check the gauge at site 1, site 2, site 3 and 2 more."
    )


def test_the_dose_of_the_whole_date_counts_against_the_weight():
    site = injected(RETICULAR, "1", *["0.3"] * 5)

    assert logged(site, weight_kg=kg("50"), earlier_mg_today=Decimal(85)) == {}
    assert logged(site, weight_kg=kg("50"), earlier_mg_today=Decimal("85.1")) == {"L5": "ACK"}


def test_a_switched_off_dose_per_kilogram_says_nothing():
    off = SHIPPED.with_overrides({"max_mg_per_kg_day": "off"})

    assert logged(TEN_ML, weight_kg=kg("40"), protocol=off) == {"L3": "ACK", "L4b": "NOTE"}
    assert logged(TEN_ML, protocol=off) == {"L3": "ACK", "L4b": "NOTE"}


def test_a_missing_weight_is_asked_for_above_80_mg_only():
    assert logged(injected(RETICULAR, "1", *["0.2"] * 40)) == {"L3": "ACK", "L4b": "NOTE"}
    assert logged(injected(RETICULAR, "1", *["0.2"] * 40, "0.1")) == {"L3": "ACK", "L4b": "NOTE", "L5b": "NOTE"}


def test_the_near_note_follows_a_lowered_most():
    low = SHIPPED.with_overrides({"max_total_ml": "2.0", "warn_total_ml": "2.0"})

    assert logged(injected(SPIDER, "0.5", *["0.2"] * 8), protocol=low) == {"L4b": "NOTE"}
    assert logged(injected(SPIDER, "0.5", *["0.2"] * 7, "0.1"), protocol=low) == {}
    assert logged(injected(SPIDER, "0.5", *["0.2"] * 10, "0.1"), protocol=low) == {"L3": "ACK", "L4": "BLOCK"}


def ampoule(**facts):
    return AmpouleFacts(**{"strength_percent": Decimal("0.5"), "lot": "A1", "expiry": "2026-05", "opened": 1, **facts})


@pytest.mark.parametrize(
    ("expiry", "day", "findings"),
    [
        ("2026-05", date(2026, 5, 31), {}),
        ("2026-05", date(2026, 6, 1), {"L6b": "BLOCK"}),
        ("2026-05-12", date(2026, 5, 12), {}),
        ("2026-05-12", date(2026, 5, 13), {"L6b": "BLOCK"}),
        ("2028-02", date(2028, 2, 29), {}),
    ],
)
def test_an_ampoule_is_valid_through_the_printed_day_or_month(expiry, day, findings):
    assert logged(ampoules=(ampoule(expiry=expiry),), session_date=day) == findings


@pytest.mark.parametrize(
    "missing", [{"lot": None}, {"lot": " "}, {"expiry": None}, {"expiry": ""}, {"expiry": "05/26"}]
)
def test_an_opened_ampoule_needs_lot_and_a_readable_expiry(missing):
    assert logged(ampoules=(ampoule(**missing),)) == {"L6": "BLOCK"}
    assert one("L6", ampoules=(ampoule(**missing),)).override is Override.PRESCRIBER


def test_an_ampoule_that_was_not_opened_needs_nothing():
    assert logged(ampoules=(AmpouleFacts(opened=0, already_used=True),), session_date=date(2026, 6, 1)) == {}


def test_many_expired_lots_are_named_by_the_first_three():
    lots = tuple(ampoule(lot=f"LOT-{number}") for number in range(5))

    assert one("L6b", ampoules=lots, session_date=date(2026, 6, 1)).text == (
        "Expired before the session: LOT-0, LOT-1, LOT-2 and 2 more. "
        "Take another ampoule; if it was used, tell the prescriber."
    )


def test_an_ampoule_is_for_one_patient_and_one_session():
    assert logged(ampoules=(ampoule(already_used=True),)) == {"L6c": "BLOCK"}
    assert one("L6c", ampoules=(ampoule(already_used=True),)).opens_incident


def test_a_withdrawn_lot_asks_for_a_reason_and_says_what_to_do():
    found = one("L6e", ampoules=(ampoule(lot="A1", withdrawn=True), ampoule(lot="B2", withdrawn=False)))

    assert (found.severity, found.acknowledged_by) == ("ACK", "nurse")
    assert found.text == (
        "Taken out of use: A1. Open nothing more of it. "
        "If it was injected, tell the responsible clinician before the patient leaves, and write here what was agreed."
    )


def test_a_withdrawn_lot_of_which_nothing_was_opened_says_nothing():
    assert logged(ampoules=(AmpouleFacts(opened=0, lot="A1", withdrawn=True),)) == {}


def test_more_volume_than_the_opened_ampoules_hold_cannot_be():
    found = one("L6d", TWELVE_SPIDER, ampoules=(ampoule(),))

    assert found.override is Override.NONE
    assert found.text == (
        "Too few ampoules: 2.4 mL of 0.5 % need 2, 1 entered. Enter all opened ampoules or correct the volumes."
    )
    assert logged(TWELVE_SPIDER, ampoules=(ampoule(), ampoule(lot="B2"))) == {}
    assert logged(TWELVE_SPIDER, ampoules=(ampoule(opened=2),)) == {}


def test_an_ampoule_of_the_other_strength_does_not_count():
    assert logged(TWELVE_SPIDER, ampoules=(ampoule(opened=2, strength_percent=Decimal(1)),)) == {"L6d": "BLOCK"}


@pytest.mark.parametrize(
    ("vein_type", "mm", "findings"),
    [
        (SPIDER, "0.4", {}),
        (SPIDER, "1.0", {}),
        (SPIDER, "1.1", {"L7": "ACK"}),
        (SPIDER, "0", {"L7": "ACK"}),
        (RETICULAR, "1.0", {}),
        (RETICULAR, "0.9", {"L7": "ACK"}),
        (RETICULAR, "3.0", {}),
        (RETICULAR, "3.1", {"L7b": "ACK"}),
        (SPIDER, "3.1", {"L7b": "ACK"}),
    ],
)
def test_a_diameter_fits_its_vein_type(vein_type, mm, findings):
    assert logged(SiteFacts(vein_type=vein_type, diameter_mm=Decimal(mm))) == findings


def test_a_vein_that_was_not_studied_is_for_the_prescriber():
    assert one("L7b", SiteFacts(diameter_mm=Decimal(4))).acknowledged_by is Acknowledger.PRESCRIBER


def test_foam_is_refused_unless_signed_off():
    allowed = SHIPPED.with_overrides({"allow_foam": True}, signed_off=True)

    assert logged(form=ProductForm.FOAM) == {"L8": "BLOCK"}
    assert logged(form=ProductForm.FOAM, protocol=allowed) == {}
    assert logged(form=ProductForm.LIQUID) == {}


def test_a_site_is_on_a_leg():
    assert logged(SiteFacts(segment="thigh_lateral"), SiteFacts(segment="popliteal")) == {}
    assert logged(SiteFacts(segment="face")) == {"L9": "BLOCK"}


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (-17, "The observation ends before it begins: correct the two times."),
        (0, "Observed for 0 min, the least is 15 min: keep watching and enter the new time."),
    ],
)
def test_an_observation_that_ends_before_it_begins_is_no_length_of_time(minutes, text):
    facts = LoggingFacts(observation_minutes=Decimal(minutes), observation_status="Walked and well")

    assert [(each.id, each.text) for each in findings_logged(facts, SHIPPED)] == [("L10", text)]


@pytest.mark.parametrize(("minutes", "findings"), [("14", {"L10": "BLOCK"}), ("14.9", {"L10": "BLOCK"}), ("15", {})])
def test_observation_lasts_at_least_15_minutes(minutes, findings):
    assert logged(observation_minutes=Decimal(minutes)) == findings


def test_an_empty_status_at_the_end_of_observation_is_missing():
    assert logged(observation_minutes=Decimal(20), observation_status="") == {"L10": "BLOCK"}
    assert logged(observation_minutes=Decimal(20), observation_status="well") == {}


@pytest.mark.parametrize(
    ("facts", "findings"),
    [
        ({"compression_applied": False}, {"L11": "ACK"}),
        ({"compression_applied": True}, {"L11": "ACK"}),
        ({"compression_applied": True, "compression_class": "thigh stocking"}, {"L11": "ACK"}),
        ({"compression_applied": True, "compression_class": "thigh stocking", "compression_mmhg": "20-30"}, {}),
        ({"compression_mmhg": "20-30"}, {"L11": "ACK"}),
        ({"walk_minutes": Decimal(14)}, {"L12": "ACK"}),
        ({"walk_minutes": Decimal(15)}, {}),
        ({"suspected_extravasation": True}, {"L13": "ACK"}),
        ({"generalised_allergic_sign": True}, {"L15": "BLOCK"}),
        ({"generalised_allergic_sign": True, "adverse_event_recorded": True}, {"L15": "NOTE"}),
        ({"session_minutes": 14}, {"L17": "NOTE"}),
        ({"session_minutes": 15}, {}),
        ({"session_minutes": 45}, {}),
        ({"session_minutes": 46}, {"L17": "NOTE"}),
        ({"session_date": date(2026, 5, 1), "signed_on": date(2026, 5, 15)}, {}),
        ({"session_date": date(2026, 5, 1), "signed_on": date(2026, 5, 16)}, {"L20": "ACK"}),
        ({"started_at": local("2026-05-01 10:00"), "ended_at": local("2026-05-01 10:10")}, {"L17": "NOTE"}),
        ({"started_at": local("2026-05-01 10:00"), "ended_at": local("2026-05-01 09:59")}, {"L19": "BLOCK"}),
        ({"ended_at": local("2026-05-01 10:00"), "now": local("2026-05-01 09:59")}, {"L19": "BLOCK"}),
        ({"ended_at": local("2026-05-01 10:00"), "now": local("2026-05-01 10:00")}, {}),
        ({"weight_kg": Decimal(0)}, {"L19": "BLOCK"}),
    ],
)
def test_the_course_of_a_session(facts, findings):
    assert logged(**facts) == findings


def test_a_suspected_arterial_injection_blocks_until_everything_is_recorded():
    recorded = {"adverse_event_recorded": True, "actions_recorded": True, "vascular_surgeon_contacted": True}

    assert logged(suspected_intra_arterial=True, **recorded) == {}
    for left_out in recorded:
        rest = {name: done for name, done in recorded.items() if name != left_out}
        assert logged(suspected_intra_arterial=True, **rest) == {"L14": "BLOCK"}
    assert one("L14", suspected_intra_arterial=True).override is Override.NONE


@pytest.mark.parametrize(("count", "findings"), [(20, {}), (21, {"L16": "NOTE"})])
def test_twice_the_usual_spacing_is_still_plausible(count, findings):
    assert logged(SiteFacts(injection_count=count, treated_length_cm=Decimal("25.4"))) == findings


@pytest.mark.parametrize(("gauge", "findings"), [(25, {"L18": "NOTE"}), (26, {}), (30, {}), (31, {"L18": "NOTE"})])
def test_needles_are_26_to_30_gauge(gauge, findings):
    assert logged(SiteFacts(needle_gauge=gauge)) == findings


@pytest.mark.parametrize(
    "site",
    [
        SiteFacts(volume_ml=Decimal(0)),
        SiteFacts(volume_ml=Decimal("-0.1")),
        SiteFacts(injections=(Decimal("0.2"), Decimal(0))),
        SiteFacts(injections=()),
        SiteFacts(injection_count=0, volume_ml=Decimal("0.2")),
        SiteFacts(injections=(Decimal("0.2"),), volume_ml=Decimal("0.3")),
        SiteFacts(injections=(Decimal("0.2"),), injection_count=2),
    ],
)
def test_impossible_volumes_cannot_be_signed(site):
    assert logged(site) == {"L19": "BLOCK"}
    assert (one("L19", site).override, one("L19", site).sites) == (Override.NONE, (0,))


def test_a_typed_total_agrees_with_the_sites():
    site = injected(SPIDER, "0.5", "0.2", "0.2")

    assert logged(site, total_ml=Decimal("0.40")) == {}
    assert (
        one("L19", site, total_ml=Decimal("0.5")).text == "The sites add up to 0.4 mL, not 0.5 mL: correct one of them."
    )


RIGHT_SITE, LEFT_SITE = (injected(SPIDER, "0.5", "0.2", leg=leg) for leg in (Leg.RIGHT, Leg.LEFT))


@pytest.mark.parametrize(
    ("legs", "sites", "expected"),
    [
        ("left", [RIGHT_SITE], {"L11b": "ACK"}),
        ("right", [RIGHT_SITE, LEFT_SITE], {"L11b": "ACK"}),
        ("right", [RIGHT_SITE], {}),
        ("both", [RIGHT_SITE], {}),
        ("both", [RIGHT_SITE, LEFT_SITE], {}),
        ("left", [], {}),
        ("left", [injected(SPIDER, "0.5", "0.2")], {}),
        (None, [RIGHT_SITE], {}),
    ],
)
def test_a_stocking_belongs_on_each_treated_leg(legs, sites, expected):
    assert logged(*sites, compression_legs=legs and StockingLegs(legs)) == expected


def test_the_finding_names_the_leg_that_was_treated_and_the_one_with_the_stocking():
    found = one("L11b", RIGHT_SITE, compression_legs=StockingLegs.LEFT)

    assert found.text == (
        "The right leg was treated, and the stocking is on the left leg only. "
        "Put one on the right leg, correct the leg, or write why there is none."
    )


def test_who_wears_no_stocking_is_asked_once():
    assert logged(RIGHT_SITE, compression_applied=False, compression_legs=StockingLegs.LEFT) == {"L11": "ACK"}


def test_a_site_without_strength_leaves_the_dose_unknown():
    totals = totals_of(LoggingFacts(sites=(SiteFacts(volume_ml=Decimal("0.4")),), weight_kg=kg("60")), SHIPPED)

    assert (totals.ml, totals.mg, totals.mg_per_kg) == (Decimal("0.4"), None, None)


def test_an_empty_draft_says_nothing():
    assert logged() == {}
    assert logged(SiteFacts()) == {}


def test_what_is_unanswered_counts_as_missing_when_somebody_signs():
    assert logged(injected(SPIDER, "0.5", "0.2"), signing=True) == {"L10": "BLOCK", "L6d": "BLOCK", "L11": "ACK"}


def test_a_whole_session_can_be_signed_without_a_finding():
    whole = {
        "ampoules": (ampoule(opened=2),),
        "session_date": date(2026, 5, 4),
        "started_at": local("2026-05-04 10:00"),
        "ended_at": local("2026-05-04 10:30"),
        "now": local("2026-05-04 11:00"),
        "weight_kg": kg("60"),
        "observation_minutes": Decimal(20),
        "observation_status": "well",
        "compression_applied": True,
        "compression_class": "thigh stocking",
        "compression_mmhg": "20-30",
        "walk_minutes": Decimal(20),
        "signed_on": date(2026, 5, 4),
        "signing": True,
    }

    assert logged(TWELVE_SPIDER, **whole) == {}


def test_findings_come_by_severity_then_id():
    found = findings_logged(
        LoggingFacts(
            sites=(injected(SPIDER, "3", *["0.5"] * 21, needle_gauge=20),),
            observation_minutes=Decimal(1),
            weight_kg=kg("50"),
        ),
        SHIPPED,
    )

    assert [each.id for each in found] == ["L10", "L1b", "L4", "L2", "L3", "L5", "L18"]


@pytest.mark.parametrize("printed", ["2026-13", "2026-00", "2026-02-30", "2026", "26-05", "", "0000-01", "٢٠٢٦-05"])
def test_an_expiry_date_that_cannot_be_is_not_read(printed):
    assert last_valid_day(printed) is None
