"""The record on a patient's page: time line, leg map of everything, doses; for those who treat, quick with many."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app.models import AdverseEvent, SessionAmpoule, TreatmentSession
from sessions_app.presenters.record import ON_OWN_PAGE, ON_PATIENT_PAGE, record_page
from sessions_app.record import read_record
from tests.aftercare.people import make_correction, make_plan
from tests.makers import at, make_appointment, make_draft_session, make_patient, make_signed_session, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-02-03 12:00")
SPIDER = {"vein_type": "spider", "strength_percent": Decimal("0.50"), "volume_ml": Decimal("1.20")}
RETICULAR = {
    "vein_type": "reticular",
    "strength_percent": Decimal("1.00"),
    "volume_ml": Decimal("0.60"),
    "leg": "right",
    "segment": "popliteal",
    "diameter_mm": Decimal("2.0"),
}


def treated(patient, day, *sites, **facts):
    starts_at = at(f"{day} 10:00")
    visit = make_appointment(patient=patient, starts_at=starts_at, status="done")
    facts = {"reaction": "none", "weight_kg": Decimal("60.0"), **facts}
    return make_signed_session(appointment=visit, patient=patient, sites=list(sites or [SPIDER]), **facts)


def whole(patient, reader, **facts):
    return record_page(read_record(patient, reader=reader), reader=reader, now=NOW, length=ON_OWN_PAGE, **facts)


def page(client, patient, **query):
    return client.get(reverse("sessions_app:record", args=[patient.public_id]), query)


def lines_of(shown):
    return [(line.number, line.day, line.ml, line.mg, [tag.words for tag in line.tags]) for line in shown.lines]


def test_sessions_stand_newest_first_with_their_number_dose_and_reaction(nurse):
    patient = make_patient()
    treated(patient, "2025-12-16", SPIDER)
    treated(patient, "2026-01-13", SPIDER, RETICULAR, reaction="seen", reaction_note="Wheal at the left calf")

    assert lines_of(whole(patient, nurse)) == [
        ("2", "Tue 13 Jan", "1.8 mL", "12 mg", ["Wheal at the left calf"]),
        ("1", "Tue 16 Dec 2025", "1.2 mL", "6 mg", ["No reaction"]),
    ]


def test_places_are_named_by_vein_type(nurse):
    patient = make_patient()
    treated(patient, "2026-01-13", SPIDER, RETICULAR, {**SPIDER, "segment": "thigh_lateral"})

    [line] = whole(patient, nurse).lines
    assert line.places == "Spider: left calf medial, left thigh lateral. Reticular: right popliteal"


def test_a_corrected_session_stands_once_as_it_holds_now_and_says_so(nurse):
    patient = make_patient()
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient, reaction="none")
    make_correction(plan, RETICULAR, at_instant=at("2026-01-14 09:00"), reaction="none")

    shown = whole(patient, nurse)

    assert lines_of(shown) == [("1", "Tue 13 Jan", "0.6 mL", "6 mg", ["No reaction", "Corrected"])]
    assert shown.doses.whole.ml == "0.6 mL"


def test_a_correction_in_the_making_changes_nothing_and_is_said(nurse):
    patient = make_patient()
    session = treated(patient, "2026-01-13")
    make_draft_session(
        appointment=session.appointment,
        patient=patient,
        amends=session,
        lineage=session.lineage,
        amendment_reason="Other leg",
        sites=[RETICULAR],
    )

    assert lines_of(whole(patient, nurse)) == [
        ("1", "Tue 13 Jan", "1.2 mL", "6 mg", ["No reaction", "Correction begun"])
    ]


def test_not_treated_stands_with_its_reason_and_without_a_number(nurse):
    patient = make_patient()
    draft = make_draft_session(patient=patient, sites=0)
    draft.status, draft.not_treated_reason = TreatmentSession.Status.NOT_TREATED, "Patient is ill"
    draft.save()

    [line] = whole(patient, nurse).lines
    assert (line.number, line.places, [tag.words for tag in line.tags], line.ml) == (
        "", "Patient is ill", ["Not treated"], "",
    )  # fmt: skip


def test_an_unsigned_visit_is_marked_and_its_volumes_count_for_nothing(nurse):
    patient = make_patient()
    make_draft_session(patient=patient, sites=[SPIDER])

    shown = whole(patient, nurse)

    assert [tag.words for tag in shown.lines[0].tags] == ["Not signed"]
    assert (shown.doses.whole, shown.map.marks) == (None, [])


def test_an_adverse_event_stands_at_its_session_also_after_a_correction(nurse):
    patient = make_patient()
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient, reaction="none")
    AdverseEvent.objects.create(
        patient=patient,
        session=plan.session,
        request_key="6b1d9b3e-0000-4000-8000-000000000001",
        kind="phlebitis",
        onset_at=NOW,
        reported_by=nurse,
        severity_grade=2,
    )
    make_correction(plan, SPIDER, at_instant=at("2026-01-14 09:00"), reaction="none")

    [line] = whole(patient, nurse).lines
    assert [(tag.words, tag.kind) for tag in line.tags] == [
        ("Superficial phlebitis, grade 2", "danger"),
        ("Corrected", "plain"),
    ]


def test_doses_are_added_by_strength_year_and_place(nurse):
    patient = make_patient()
    treated(patient, "2025-12-16", SPIDER)
    session = treated(patient, "2026-01-13", SPIDER, RETICULAR)
    treated(patient, "2026-02-02", RETICULAR, weight_kg=None)

    doses = whole(patient, nurse).doses

    def cells(row):
        return [(cell.ml, cell.mg) for cell in row.cells]

    assert doses.strengths == ("0.5 %", "1 %")
    assert [(row.name, row.ml, row.mg, row.per_kg) for row in doses.sessions] == [
        ("3, 2 Feb", "0.6 mL", "6 mg", ""),
        ("2, 13 Jan", "1.8 mL", "12 mg", "0.2 mg/kg"),
        ("1, 16 Dec 2025", "1.2 mL", "6 mg", "0.1 mg/kg"),
    ]
    assert [(row.name, cells(row)) for row in doses.years] == [
        ("2026, 2 sessions", [("1.2 mL", "6 mg"), ("1.2 mL", "12 mg")]),
        ("2025, 1 session", [("1.2 mL", "6 mg"), ("", "")]),
    ]
    assert (doses.whole.name, doses.whole.ml, doses.whole.mg) == ("In all, 3 sessions", "3.6 mL", "24 mg")
    legs = whole(patient, nurse).map.legs
    assert [(leg.name, leg.ml, leg.mg) for leg in legs] == [
        ("Right leg", "1.2 mL", "12 mg"),
        ("Left leg", "2.4 mL", "12 mg"),
    ]
    assert [(place.name, place.sessions, place.last, place.ml) for place in legs[0].places] == [
        ("Popliteal", "2 and 3", "2 Feb", "1.2 mL")
    ]
    assert session.public_id in [line.id for line in whole(patient, nurse).lines]


def test_lots_stand_beside_the_dose(nurse):
    patient = make_patient()
    visit = make_appointment(patient=patient, starts_at=at("2026-01-13 10:00"), status="done")
    draft = make_draft_session(appointment=visit, patient=patient, sites=[SPIDER])
    for lot in ("DEMO-7", "DEMO-7", "DEMO-8"):
        SessionAmpoule.objects.create(session=draft, strength_percent="0.5", lot=lot, expiry="2027-05", opened=1)
    sign(draft)

    assert [row.lots for row in whole(patient, nurse).doses.sessions] == ["DEMO-7, DEMO-8"]


def sign(draft):
    template = make_signed_session()
    draft.ended_at = draft.started_at + timedelta(minutes=30)
    draft.status, draft.protocol_version = TreatmentSession.Status.SIGNED, template.protocol_version
    draft.signed_by, draft.signed_at = draft.nurse, draft.ended_at
    draft.save()


def marks(shown):
    return [(m["leg"], m["segment"], m["kind"], m["text"], m["note"]) for m in shown.map.marks]


def test_the_map_of_everything_has_one_mark_for_last_for_before_and_for_all_older(nurse):
    patient = make_patient()
    for day in ("2025-10-01", "2025-11-05", "2025-12-16", "2026-01-13"):
        treated(patient, day, SPIDER)

    assert marks(whole(patient, nurse)) == [
        ("left", "calf_medial", "last", 4, "Treated in session 4"),
        ("left", "calf_medial", "earlier", 3, "Treated in session 3"),
        ("left", "calf_medial", "older", 2, "Treated in sessions 1 and 2"),
    ]


def test_the_map_shows_one_session_alone_with_its_sites(nurse):
    patient = make_patient()
    first = treated(patient, "2025-12-16", SPIDER)
    treated(patient, "2026-01-13", RETICULAR)

    shown = whole(patient, nurse, chosen=first.public_id)

    assert marks(shown) == [("left", "calf_medial", "today", 1, "Site 1, spider, 1.2 mL")]
    assert [(choice.label, choice.is_current) for choice in shown.map.choices] == [
        ("All", False),
        ("1", True),
        ("2", False),
    ]


def test_a_session_of_another_patient_is_not_shown_on_the_map(nurse):
    patient, other = make_patient(), make_patient()
    treated(patient, "2026-01-13", SPIDER)
    foreign = treated(other, "2026-01-13", RETICULAR)

    assert marks(whole(patient, nurse, chosen=foreign.public_id)) == marks(whole(patient, nurse))


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_ten_years_are_turned_page_by_page(client, nurse):
    patient = make_patient()
    for number in range(ON_OWN_PAGE + 3):
        treated(patient, (NOW - timedelta(days=30 * number + 1)).date().isoformat())
    client.force_login(nurse)

    first, second, past = (page(client, patient, page=number).context["record"] for number in (1, 2, 3))

    assert [(len(each.lines), each.older) for each in (first, second, past)] == [(ON_OWN_PAGE, 3), (3, 0), (0, 0)]
    assert (first.lines[0].number, second.lines[-1].number) == (str(ON_OWN_PAGE + 3), "1")
    assert "3 older" in page(client, patient).content.decode()


def test_the_patients_page_shows_the_newest_and_leads_to_the_whole(client, nurse):
    patient = make_patient()
    for number in range(ON_PATIENT_PAGE + 2):
        treated(patient, (NOW - timedelta(days=30 * number + 1)).date().isoformat())
    client.force_login(nurse)

    body = client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()

    assert "Show 2 older" in body
    assert f'href="/patients/{patient.public_id}/record/"' in body


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "-1"}, {"page": "9" * 40}, {"page": "²"}, {"session": "x"}])
def test_nonsense_in_the_address_shows_the_record(client, nurse, query):
    patient = make_patient()
    treated(patient, "2026-01-13")
    client.force_login(nurse)

    assert page(client, patient, **query).status_code == 200


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("route", ["sessions_app:record", "clinic:patient"])
def test_thirty_sessions_cost_as_many_queries_as_one(client, nurse, route):
    costs = []
    client.force_login(nurse)
    for number in (1, 30):
        patient = make_patient()
        for back in range(number):
            session = treated(patient, (NOW - timedelta(days=20 * back + 1)).date().isoformat(), SPIDER, RETICULAR)
            AdverseEvent.objects.create(
                patient=patient,
                session=session,
                request_key=session.public_id,
                kind="haematoma",
                onset_at=session.ended_at,
                reported_by=nurse,
            )
        client.get(reverse(route, args=[patient.public_id]))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(route, args=[patient.public_id]))
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_reading_the_record_is_on_record(client, nurse):
    patient = make_patient()
    client.force_login(nurse)

    page(client, patient)

    read = AuditEvent.objects.filter(action="chart read")
    assert list(read.values_list("by_id", "patient_id")) == [(nurse.pk, patient.pk)]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_does_not_treat_is_refused_and_shown_nothing(client, role):
    patient = make_patient()
    treated(patient, "2026-01-13", {**SPIDER, "volume_ml": Decimal("31.41")})
    client.force_login(make_user(role))

    for name in ("record", "scores", "score_new", "handover"):
        answer = client.get(reverse(f"sessions_app:{name}", args=[patient.public_id]))
        assert (answer.status_code, "31.41" in answer.content.decode()) == (403, False)


def test_the_front_desk_reads_a_patients_page_without_any_of_it(client):
    patient = make_patient()
    session = treated(patient, "2026-01-13", {**SPIDER, "volume_ml": Decimal("31.41")}, reaction_note="CANARY")
    patient.scores.create(
        session=session, leg="left", scale="ceap", answers={"clinical": "C4a"}, result="C4a", taken_by=session.nurse
    )
    client.force_login(make_user(Role.FRONT_DESK))

    body = client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()

    found = [
        word for word in ("31.41", "CANARY", "C4a", "Leg map", "Scores", "Emergency card", "Doses") if word in body
    ]
    assert found == []
    assert read_record(patient, reader=make_user(Role.FRONT_DESK)).entries == []
