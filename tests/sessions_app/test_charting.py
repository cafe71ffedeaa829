"""Session rows → facts, totals, findings, what is missing: the dose vectors and what surrounds them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Leg, VeinType
from sessions_app.amending import begin_amendment
from sessions_app.charting import chart_of, session_facts
from sessions_app.models import SessionAmpoule, TreatmentSession
from sessions_app.surroundings import surroundings_of
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_draft_session,
    make_patient,
    make_signed_protocol,
    make_signed_session,
    make_site,
    make_user,
)
from tests.sessions_app.charts import SIGNING, ready_draft

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 11:00")
D = Decimal


@pytest.fixture(autouse=True)
def _protocol():
    make_signed_protocol()


def spider(count, each, **facts):
    return {"injection_count": count, "volume_ml": D(count) * D(each), "strength_percent": D("0.5"), **facts}


def reticular(count, each, **facts):
    return spider(count, each, **{"vein_type": "reticular", "strength_percent": D(1), "diameter_mm": D("1.8"), **facts})


def session_with(*sites, weight_kg=None, ampoules=(), **facts):
    # The volumes are the matter here: length and diameter stay away from their own limits.
    draft = make_draft_session(
        sites=[{"treated_length_cm": None, **site} for site in sites], weight_kg=weight_kg and D(weight_kg), **facts
    )
    for ampoule in ampoules:
        SessionAmpoule.objects.create(session=draft, **{"lot": "L1", "expiry": "2030-01", **ampoule})
    return draft


def found(session, **options):
    """Check id → severity, without the questions before the session."""
    chart = chart_of(session, now=options.pop("now", NOW), **options)
    return {each.finding.id: str(each.finding.severity) for each in chart.findings if each.finding.id.startswith("L")}


def totals(session):
    return chart_of(session, now=NOW).totals


def test_mixed_session_of_5_4_ml_asks_for_the_reason_of_the_volume_only():
    session = session_with(spider(12, "0.2"), reticular(10, "0.3"), weight_kg=55)

    assert found(session) == {"L3": "ACK"}
    assert totals(session).as_dict() == {
        "ml": "5.4",
        "mg": "42",
        "mg_per_kg": "0.7636",
        "injections": 22,
        "ampoules_min": {"0.5": 2, "1": 2},
    }


def test_a_total_and_a_dose_equal_to_their_limits_do_not_block():
    session = session_with(reticular(33, "0.3"), reticular(1, "0.1"), weight_kg=50)

    assert found(session) == {"L3": "ACK", "L4b": "NOTE"}
    assert totals(session).as_dict()["ml"] == "10"
    assert totals(session).as_dict()["mg"] == "100"
    assert totals(session).ampoules_min[D(1)] == 5


def test_a_tenth_of_a_millilitre_above_ten_blocks():
    session = session_with(reticular(33, "0.3"), reticular(2, "0.1"), weight_kg=80)

    assert found(session) == {"L4": "BLOCK", "L3": "ACK"}


@pytest.mark.parametrize(("extra", "expected"), [((), {}), ((spider(1, "0.1"),), {"L3": "ACK"})])
def test_three_millilitres_are_silent_and_more_asks_for_the_reason(extra, expected):
    session = session_with(spider(10, "0.3"), *extra)

    assert found(session) == expected
    assert totals(session).ampoules_min[D("0.5")] == 2


@pytest.mark.parametrize(("ml", "expected"), [("0.35", {"L2": "ACK"}), ("0.3", {}), ("0.05", {"L2b": "NOTE"})])
def test_size_of_one_injection(ml, expected):
    assert found(session_with(spider(1, ml))) == expected


@pytest.mark.parametrize(("percent", "expected"), [("1", {"L1": "ACK"}), ("3", {"L1b": "BLOCK"}), ("0.5", {})])
def test_strength_for_spider_veins(percent, expected):
    assert found(session_with(spider(1, "0.2", strength_percent=D(percent)))) == expected


@pytest.mark.parametrize(("day", "expected"), [("2026-05-31 10:00", {}), ("2026-06-01 10:00", {"L6b": "BLOCK"})])
def test_an_expiry_of_a_month_holds_through_its_last_day(day, expected):
    session = session_with(
        spider(1, "0.2"),
        ampoules=[{"strength_percent": D("0.5"), "expiry": "2026-05", "opened": 1}],
        appointment=make_appointment(starts_at=at(day), status="in_treatment"),
    )

    assert found(session, now=at(day)) == expected


def test_more_drug_than_was_opened_blocks():
    ampoule = {"strength_percent": D("0.5"), "opened": 1}

    assert found(session_with(spider(12, "0.2"), ampoules=[ampoule])) == {"L6d": "BLOCK"}
    assert found(session_with(spider(12, "0.2"), ampoules=[{**ampoule, "opened": 2}])) == {}


@pytest.mark.parametrize("field", ["lot", "expiry"])
def test_an_ampoule_without_lot_or_expiry_blocks_the_signature_not_the_record(field):
    ampoule = {"strength_percent": D("0.5"), "opened": 1, field: ""}

    assert found(session_with(spider(1, "0.2"), ampoules=[ampoule])) == {"L6": "BLOCK"}


@pytest.mark.parametrize(("day", "expected"), [("2026-05-10", {"P5": "ACK"}), ("2026-05-11", {})])
def test_surgery_counts_for_three_calendar_months(day, expected):
    session = make_draft_session(
        screening={"major_surgery": "2026-02-10"}, appointment=make_appointment(starts_at=at(f"{day} 10:00"))
    )
    chart = chart_of(session, now=at(f"{day} 11:00"))

    assert {
        each.finding.id: str(each.finding.severity) for each in chart.findings if each.finding.id == "P5"
    } == expected


@pytest.mark.parametrize(("legs", "expected"), [("left", {}), ("right", {"L11b": "ACK"}), ("both", {})])
def test_a_stocking_that_is_not_on_the_treated_leg_asks_for_a_reason(legs, expected):
    session = ready_draft(sites=[{"leg": "left"}], compression_legs=legs)

    found = chart_of(session, now=SIGNING).findings

    assert {each.finding.id: each.finding.severity for each in found} == expected
    assert all(each.is_open for each in found)


@pytest.mark.parametrize(("minutes", "expected"), [(14, {"L10": "BLOCK", "L12": "ACK"}), (15, {})])
def test_the_observation_gate_is_fifteen_minutes(minutes, expected):
    end = at("2026-01-13 10:30")
    session = session_with(
        spider(1, "0.2"),
        ended_at=end,
        observation_started_at=end,
        observation_ended_at=end + timedelta(minutes=minutes),
        observation_status="Walked and well",
    )

    assert found(session) == expected


def test_a_diameter_above_three_millimetres_is_a_prescribers_matter():
    session = session_with(reticular(1, "0.2", diameter_mm=D("3.4")))

    assert found(session) == {"L7b": "ACK"}


def test_foam_blocks():
    assert found(session_with(spider(1, "0.2"), foam=True)) == {"L8": "BLOCK"}


def test_the_dose_of_the_date_counts_other_sessions_of_the_same_day_signed_or_not():
    patient = make_patient()
    morning = make_appointment(patient=patient, starts_at=at("2026-01-13 08:00"), status="in_treatment")
    session_with(reticular(30, "0.3"), appointment=morning)
    session = session_with(
        reticular(1, "0.3"), weight_kg=45, appointment=make_appointment(patient=patient, status="in_treatment")
    )

    assert chart_of(session, now=NOW).totals.day_mg == D(93)
    assert found(session) == {"L5": "ACK"}


def test_yesterdays_dose_and_a_visit_without_treatment_do_not_count():
    patient = make_patient()
    make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2026-01-12 10:00"), status="done"),
        sites=[reticular(30, "0.3")],
    )
    session = session_with(
        reticular(1, "0.3"), weight_kg=45, appointment=make_appointment(patient=patient, status="in_treatment")
    )

    assert chart_of(session, now=NOW).totals.day_mg == D(3)


def test_a_session_less_than_seven_days_after_the_last_needs_a_clinician():
    patient = make_patient()
    make_signed_session(appointment=make_appointment(patient=patient, starts_at=at("2026-01-07 10:00"), status="done"))
    session = make_draft_session(appointment=make_appointment(patient=patient, status="in_treatment"))
    chart = chart_of(session, now=NOW)

    assert [each.finding.id for each in chart.findings if each.finding.id == "P16"] == ["P16"]
    assert chart.last_session.started_at == at("2026-01-07 10:00")


def test_an_allergy_on_file_blocks_without_being_asked():
    session = make_draft_session(
        appointment=make_appointment(patient=make_patient(polidocanol_allergy=True), status="in_treatment"),
        screening={"polidocanol_allergy": False},
    )

    assert [each.finding.id for each in chart_of(session, now=NOW).findings] == ["P1"]


def test_a_question_that_was_not_asked_fires_nothing():
    assert chart_of(make_draft_session(), now=NOW).findings == ()


def test_what_is_missing_names_every_gap_and_where_to_go():
    session = make_draft_session(sites=0)

    assert [(gap.words, gap.anchor) for gap in chart_of(session, now=NOW).missing] == [
        ("Name and birth date confirmed", "id_identifiers_confirmed"),
        ("Reasons not to treat", "group-stop"),
        ("Risks and plans", "group-risk"),
        ("Medication and allergies", "id_medication_confirmed"),
        ("Consent", "consent"),
        ("Emergency kit checked", "id_kit_checked_today"),
        ("Responsible clinician", "id_responsible_clinician"),
        ("A treated site", "sites"),
        ("Stocking: which legs", "group-legs"),
        ("Time the stocking went on", "id_ended_at"),
        ("Observed walk", "id_observation_started_at"),
        ("How the patient is at the end", "group-status"),
        ("Reaction: yes or none", "group-reaction"),
    ]


def test_the_walk_that_is_left_is_said_in_minutes():
    session = make_draft_session(
        ended_at=NOW - timedelta(minutes=11), observation_started_at=NOW - timedelta(minutes=11)
    )
    gaps = {gap.anchor: (gap.words, gap.kind) for gap in chart_of(session, now=NOW).missing}

    assert gaps["id_observation_ended_at"] == ("4 min of the walk", "time")


def test_plan_facts_are_the_injected_sites_with_the_answers_that_change_a_plan():
    session = make_draft_session(
        sites=[{}, {"leg": "right", "vein_type": "reticular", "strength_percent": D(1)}],
        screening={"breastfeeding": True, "history_of_clot": True},
        ended_at=at("2026-01-13 10:30"),
        extensive_days=14,
    )
    facts = session_facts(session, Protocol.default())

    assert facts.session_end == datetime(2026, 1, 13, 15, 30, tzinfo=UTC)
    assert [(site.leg, site.vein_type, site.volume_ml) for site in facts.sites] == [
        (Leg.LEFT, VeinType.SPIDER, D("0.8")),
        (Leg.RIGHT, VeinType.RETICULAR, D("0.8")),
    ]
    assert (facts.extensive_days, facts.breastfeeding, facts.vte_risk) == (14, True, True)
    assert facts.time_zone == "America/New_York"


def test_age_on_the_session_date_decides():
    session = make_draft_session(
        appointment=make_appointment(patient=make_patient(birth_date=date(2008, 1, 14)), status="in_treatment")
    )

    assert [each.finding.id for each in chart_of(session, now=NOW).findings] == ["P13"]


@pytest.mark.parametrize("number", [1, 30])
def test_a_chart_costs_the_same_queries_whatever_the_number_of_sites(number):
    session = make_draft_session(sites=number, responsible_clinician=make_user("clinician"))
    with CaptureQueriesContext(connection) as queries:
        chart_of(session, now=NOW)

    assert len(queries) == 4


def test_impossible_rows_of_other_writers_are_findings():
    session = session_with(spider(1, "0.2"), ended_at=NOW + timedelta(hours=1))

    assert found(session) == {"L17": "NOTE", "L19": "BLOCK"}


def test_findings_name_the_sites_they_are_about():
    session = make_draft_session(sites=0)
    make_site(session, position=1)
    make_site(session, position=4, strength_percent=D(1))
    large = next(each.finding for each in chart_of(session, now=NOW).findings if each.finding.id == "L1")

    assert large.sites == (1,)


def test_a_correction_in_the_making_does_not_count_beside_the_version_it_corrects():
    patient = make_patient()
    morning = make_signed_session(
        patient=patient, appointment=make_appointment(patient=patient), sites=[spider(10, "0.2")]
    )
    later = make_appointment(patient=patient, starts_at=morning.started_at + timedelta(hours=3))
    afternoon = make_draft_session(appointment=later, started_at=later.entry.starts_at)
    assert surroundings_of(afternoon).earlier_mg_today == D(10)

    begin_amendment(session=morning, reason="The lot was wrong", by=make_user())

    assert surroundings_of(afternoon).earlier_mg_today == D(10)


def test_none_seen_cannot_stand_beside_an_adverse_event_of_the_visit():
    session = ready_draft()
    make_adverse_event(session=session, patient=session.patient, kind="anaphylaxis")

    missing = [each.words for each in chart_of(session, now=SIGNING).missing]

    assert "Reaction: an adverse event is recorded, so “none seen” cannot stand" in missing


@pytest.mark.parametrize("wanted", [["lineage"], ["nurse_id", "started_at"], ["patient_id", "started_at"]])
def test_what_every_save_asks_of_other_sessions_is_found_by_an_index(wanted):
    """However many sessions a clinic has: without one the database reads them all at each press."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TreatmentSession._meta.db_table)

    assert wanted in [each["columns"] for each in found.values() if each["index"] and not each["check"]]
