from datetime import date
from decimal import Decimal

import pytest

from clinic.protocol import (
    Acknowledger,
    Answer,
    BeforeFacts,
    Override,
    ProtocolError,
    before_facts_from,
    findings_before,
    has_vte_risk,
)
from clinic.protocol.checks import once_treated
from tests.clinic.protocol.helpers import SHIPPED, before

DAY = date(2026, 5, 10)


def one(protocol=SHIPPED, **facts):
    [found] = findings_before(BeforeFacts(**facts), protocol)
    return found


@pytest.mark.parametrize(
    ("fact", "check", "severity", "override", "by"),
    [
        ("polidocanol_allergy", "P1", "BLOCK", "none", "nurse"),
        ("acute_thromboembolism", "P2", "BLOCK", "none", "nurse"),
        ("breastfeeding", "P4", "ACK", "none", "nurse"),
        ("reduced_mobility", "P5", "ACK", "none", "prescriber"),
        ("history_of_clot", "P5", "ACK", "none", "prescriber"),
        ("major_surgery", "P5", "ACK", "none", "prescriber"),
        ("hospital_stay", "P5", "ACK", "none", "prescriber"),
        ("recent_pregnancy", "P5", "ACK", "none", "prescriber"),
        ("thrombophilia", "P5b", "ACK", "none", "prescriber"),
        ("oestrogen", "P5c", "NOTE", "none", "nurse"),
        ("obesity", "P5c", "NOTE", "none", "nurse"),
        ("smoking", "P5c", "NOTE", "none", "nurse"),
        ("long_immobility", "P5c", "NOTE", "none", "nurse"),
        ("severe_event_before", "P6", "BLOCK", "none", "nurse"),
        ("acute_illness", "P7", "BLOCK", "none", "nurse"),
        ("skin_infection_at_site", "P7b", "BLOCK", "prescriber", "nurse"),
        ("critical_limb_ischaemia", "P8", "BLOCK", "none", "nurse"),
        ("cannot_walk", "P9", "BLOCK", "prescriber", "nurse"),
        ("stocking_allergy", "P11", "ACK", "none", "nurse"),
        ("severe_neuropathy", "P12", "BLOCK", "prescriber", "nurse"),
        ("allergy_prone", "P17", "NOTE", "none", "nurse"),
        ("long_flight", "P19", "ACK", "none", "nurse"),
        ("hard_training", "P19", "ACK", "none", "nurse"),
        ("tetracycline", "P20", "NOTE", "none", "nurse"),
    ],
)
def test_a_yes_fires_its_check_and_a_no_none(fact, check, severity, override, by):
    found = one(**{fact: True})

    assert (found.id, found.severity, found.override, found.acknowledged_by) == (check, severity, override, by)
    assert before(BeforeFacts(**{fact: False})) == {}


@pytest.mark.parametrize(
    ("fact", "check"),
    [
        ("consent_signed", "P14"),
        ("kit_checked_today", "P15"),
        ("medication_confirmed", "P21"),
        ("identifiers_confirmed", "P22"),
    ],
)
def test_a_gate_that_is_not_met_blocks_and_nobody_can_lift_it(fact, check):
    found = one(**{fact: False})

    assert (found.id, found.severity, found.override) == (check, "BLOCK", "none")
    assert before(BeforeFacts(**{fact: True})) == {}


def test_a_clinician_must_be_named():
    assert before(BeforeFacts(responsible_clinician="")) == {"P15": "BLOCK"}
    assert before(BeforeFacts(responsible_clinician="Dr Alderman")) == {}


def test_gates_left_open_fire_when_somebody_is_about_to_start():
    assert before(BeforeFacts(starting=True)) == {"P14": "BLOCK", "P15": "BLOCK", "P21": "BLOCK", "P22": "BLOCK"}


def test_a_healthy_patient_with_all_gates_met_can_be_treated():
    ready = BeforeFacts(
        session_date=DAY,
        polidocanol_allergy=False,
        acute_thromboembolism=False,
        pregnant=Answer.NO,
        birth_date=date(1967, 3, 4),
        last_session_date=date(2026, 5, 3),
        consent_signed=True,
        kit_checked_today=True,
        responsible_clinician="Dr Alderman",
        medication_confirmed=True,
        identifiers_confirmed=True,
        starting=True,
    )

    assert before(ready) == {}


def test_pregnancy_blocks_and_its_override_stays_off_unless_signed_off():
    signed = SHIPPED.with_overrides({"pregnancy_override": True}, signed_off=True)

    assert one(pregnant=Answer.YES).override is Override.NONE
    assert one(pregnant=Answer.YES, protocol=signed).override is Override.PRESCRIBER
    assert one(pregnant=Answer.UNKNOWN).id == "P3b"
    assert before(BeforeFacts(pregnant=Answer.NO)) == {}


@pytest.mark.parametrize(
    ("surgery", "session", "findings"),
    [
        (date(2026, 2, 10), date(2026, 5, 10), {"P5": "ACK"}),
        (date(2026, 2, 10), date(2026, 5, 11), {}),
        (date(2025, 11, 30), date(2026, 2, 28), {"P5": "ACK"}),
        (date(2025, 11, 27), date(2026, 2, 28), {}),
        (date(2026, 5, 10), date(2026, 5, 10), {"P5": "ACK"}),
        (date(2026, 6, 1), date(2026, 5, 10), {}),
    ],
)
def test_surgery_counts_for_three_calendar_months_inclusive(surgery, session, findings):
    assert before(BeforeFacts(major_surgery=surgery, session_date=session)) == findings
    assert has_vte_risk(BeforeFacts(major_surgery=surgery, session_date=session), SHIPPED) == bool(findings)


def test_a_longer_look_back_can_be_configured():
    half_a_year = SHIPPED.with_overrides({"vte_lookback_months": 6})

    assert before(BeforeFacts(hospital_stay=date(2025, 11, 10), session_date=DAY), half_a_year) == {"P5": "ACK"}


def test_all_recorded_risks_are_named():
    assert one(reduced_mobility=True, recent_pregnancy=True).text == (
        "Recorded: reduced mobility, a pregnancy. "
        "The prescriber weighs the risk of thrombosis and writes the reason to treat."
    )


def test_two_lesser_risks_are_for_the_prescriber():
    found = one(smoking=True, oestrogen=True)

    assert (found.id, found.severity, found.acknowledged_by) == ("P5c", "ACK", Acknowledger.PRESCRIBER)


@pytest.mark.parametrize(
    ("facts", "findings"),
    [
        ({"abpi": Decimal("0.59")}, {"P8": "BLOCK"}),
        ({"abpi": Decimal("0.6")}, {"P8b": "ACK"}),
        ({"abpi": Decimal("0.79")}, {"P8b": "ACK"}),
        ({"abpi": Decimal("0.8")}, {}),
        ({"ankle_pressure_mmhg": 59}, {"P8": "BLOCK"}),
        ({"ankle_pressure_mmhg": 60}, {}),
        ({"toe_pressure_mmhg": 29}, {"P8": "BLOCK"}),
        ({"toe_pressure_mmhg": 30}, {}),
        ({"nyha_class": 4}, {"P10": "BLOCK"}),
        ({"nyha_class": 3}, {"P10": "ACK"}),
        ({"nyha_class": 2}, {}),
        ({"age_years": 17}, {"P13": "BLOCK"}),
        ({"age_years": 18}, {}),
        ({"birth_date": date(2008, 5, 11), "session_date": DAY}, {"P13": "BLOCK"}),
        ({"birth_date": date(2008, 5, 10), "session_date": DAY}, {}),
        ({"last_session_date": date(2026, 5, 4), "session_date": DAY}, {"P16": "ACK"}),
        ({"last_session_date": date(2026, 5, 3), "session_date": DAY}, {}),
        ({"last_session_date": DAY, "session_date": DAY}, {"P16": "ACK"}),
        ({"ceap": "C1"}, {}),
        ({"ceap": "C2r"}, {"P18": "ACK"}),
        ({"ceap": "C4a", "duplex_on_file": False}, {"P18": "ACK"}),
        ({"long_flight": date(2026, 5, 13), "session_date": DAY}, {"P19": "ACK"}),
        ({"long_flight": date(2026, 5, 14), "session_date": DAY}, {}),
    ],
)
def test_measures_and_dates_have_their_limits(facts, findings):
    assert before(BeforeFacts(**facts)) == findings


def test_nothing_asked_finds_nothing():
    assert before(BeforeFacts()) == {}


def test_stored_answers_are_read_by_fact_name():
    answers = {
        "session_date": "2026-05-10",
        "major_surgery": "2026-02-10",
        "smoking": True,
        "pregnant": "unknown",
        "abpi": "0.7",
        "nyha_class": 2,
        "responsible_clinician": None,
    }

    assert before_facts_from(answers) == BeforeFacts(
        session_date=DAY,
        major_surgery=date(2026, 2, 10),
        smoking=True,
        pregnant=Answer.UNKNOWN,
        abpi=Decimal("0.7"),
        nyha_class=2,
        responsible_clinician="",
    )


def test_an_unknown_answer_is_refused_with_a_suggestion():
    with pytest.raises(ProtocolError, match="polidocanol_alergy: leave it out, or did you mean polidocanol_allergy"):
        before_facts_from({"polidocanol_alergy": True})


def test_once_something_was_injected_the_prescriber_lifts_what_nobody_could_and_it_opens_an_incident():
    found = findings_before(BeforeFacts(polidocanol_allergy=True, cannot_walk=True, breastfeeding=True), SHIPPED)

    allergy, walk, milk = once_treated(found)

    assert (allergy.id, allergy.override, allergy.opens_incident) == ("P1", Override.PRESCRIBER, True)
    assert "Something was injected all the same" in allergy.text
    assert (walk, milk) == found[1:]
