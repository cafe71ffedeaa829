"""The emergency card: what somebody who takes over must know, on one page, with a QR code that says nothing itself."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import override_settings
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from clinic.protocol.triage import SYMPTOMS, Level
from sessions_app.models import DayCheck, Lot, Product, SessionAmpoule, TreatmentSession
from sessions_app.presenters.handover import qr_of
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_clinic,
    make_draft_session,
    make_patient,
    make_signed_protocol,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = at("2026-02-03 12:00")
SITES = [
    {"vein_type": "spider", "strength_percent": Decimal("0.50"), "volume_ml": Decimal("1.20")},
    {"vein_type": "reticular", "strength_percent": Decimal("1.00"), "volume_ml": Decimal("0.60"), "leg": "right",
     "segment": "popliteal"},
]  # fmt: skip


@pytest.fixture
def nurse(client):
    person = make_user(Role.NURSE, name="Ada Birchwood")
    client.force_login(person)
    return person


def treated(patient, day="2026-01-13", *, lots=(), **facts):
    """Signed, with ampoules as (strength, lot, expiry, lot in stock or None)."""
    visit = make_appointment(patient=patient, starts_at=at(f"{day} 10:00"), status="done")
    draft = make_draft_session(appointment=visit, patient=patient, sites=SITES, **facts)
    for strength, lot, expiry, stock_lot in lots:
        SessionAmpoule.objects.create(
            session=draft, strength_percent=strength, lot=lot, expiry=expiry, opened=1, stock_lot=stock_lot
        )
    draft.ended_at = draft.started_at + timedelta(minutes=30)
    draft.status, draft.protocol_version = TreatmentSession.Status.SIGNED, make_signed_protocol()
    draft.signed_by, draft.signed_at = draft.nurse, draft.ended_at
    draft.save()
    return draft


def card(client, patient, **query):
    return client.get(reverse("sessions_app:handover", args=[patient.public_id]), query)


def test_the_card_says_who_what_when_where_and_whom_to_call(client, nurse):
    make_clinic(name="Larkfield Vein Clinic", phone="(201) 555-0100", emergency_number="911", phone_hours="Mon to Fri")
    patient = make_patient(
        given_name="Marigold", family_name="Quillfeather", birth_date=at("1967-03-04 12:00").date(),
        allergies="Latex", risk_factors=["history_of_clot"], weight_kg=Decimal("68.0"),
    )  # fmt: skip
    product = Product.objects.create(name="Asclera", manufacturer="Maker", strength_percent="0.50", ampoule_ml="2")
    stock_lot = Lot.objects.create(product=product, lot="DEMO-7", expiry="2027-05", expires_on=at("2027-05-31").date())
    treated(
        patient,
        lots=[("0.50", "DEMO-7", "2027-05", stock_lot), ("1.00", "DEMO-9", "", None)],
        responsible_clinician=make_user(Role.CLINICIAN, name="Hugo Ashdown"),
        compression_legs="both", compression_garment="Thigh stocking", compression_mmhg="20-30", reaction="none",
    )  # fmt: skip

    with time_machine.travel(NOW, tick=False):
        found = card(client, patient).context["card"]

    assert (found.name, found.identity) == ("Marigold Quillfeather", "4 Mar 1967 (58), 68 kg")
    assert (found.warnings, found.risks) == (("Latex",), ("Had a deep vein clot or lung embolism",))
    assert found.last.when == "Tue 13 Jan 2026, 10:30 EST (America/New York)"
    assert [(drug.product, drug.ml, drug.mg, drug.lots) for drug in found.last.drugs] == [
        ("Polidocanol (Asclera, Maker) 0.5 %, liquid", "1.2 mL", "6 mg", "DEMO-7 (exp. 2027-05)"),
        ("Polidocanol 1 %, liquid", "0.6 mL", "6 mg", "DEMO-9"),
    ]
    assert (found.last.total, found.last.compression, found.last.reaction) == (
        "1.8 mL, 12 mg", "Both legs, Thigh stocking, 20-30 mmHg", "none seen",
    )  # fmt: skip
    assert found.last.places == "Left calf, medial: 1.2 mL; Right popliteal: 0.6 mL"
    assert [(call.number, call.who) for call in found.calls] == [
        ("911", "Emergency"),
        ("(201) 555-0100", "Larkfield Vein Clinic, Hugo Ashdown (responsible clinician)"),
    ]


def test_what_is_normal_and_what_is_not_are_the_words_of_the_symptom_list(client, nurse):
    patient = make_patient()
    treated(patient)

    found = card(client, patient).context["card"]

    listed = {level: tuple(each.report for each in SYMPTOMS if each.level is level) for level in Level}
    assert (found.emergencies, found.same_day) == (listed[Level.EMERGENCY], listed[Level.SAME_DAY])
    assert [words.partition(".")[0] for words in found.expected] == [*listed[Level.REASSURE]]


def test_the_last_three_treatments_stand_on_it_or_the_chosen_one_alone(client, nurse):
    patient = make_patient()
    first, *_ = [treated(patient, day) for day in ("2025-10-01", "2025-11-05", "2025-12-16", "2026-01-13")]

    everything, one = card(client, patient).context["card"], card(client, patient, session=first.public_id).context

    assert (everything.last.when[:10], len(everything.earlier)) == ("Tue 13 Jan", 2)
    assert (one["card"].last.when[:9], one["card"].earlier, one["is_one"]) == ("Wed 1 Oct", (), True)


def test_a_session_of_somebody_else_or_none_at_all_is_not_found(client, nurse):
    patient, other = make_patient(), make_patient()
    foreign = treated(other)
    nothing_yet = make_draft_session(patient=patient, sites=0)

    answers = [card(client, patient, session=wanted) for wanted in (foreign.public_id, nothing_yet.public_id, "x", "")]

    assert [answer.status_code for answer in answers] == [404] * 4


def test_what_is_injected_in_the_chair_stands_on_it_before_anybody_signed(client, nurse):
    patient = make_patient()
    treated(patient)
    chair = make_appointment(patient=patient, starts_at=at("2026-02-03 11:40"), status="in_treatment")
    draft = make_draft_session(appointment=chair, sites=[SITES[1]])
    SessionAmpoule.objects.create(session=draft, strength_percent="1.00", lot="DEMO-9", expiry="2027-05", opened=1)
    make_adverse_event(patient=patient, session=draft, kind="anaphylaxis")

    page = card(client, patient)
    found, alone = page.context["card"], card(client, patient, session=draft.public_id).context["card"]

    assert (found.last, found.last.so_far, len(found.earlier)) == (alone.last, True, 1)
    assert (found.last.when[:17], found.last.total, found.last.reaction) == (
        "Tue 3 Feb 2026, 1", "0.6 mL, 6 mg", "Anaphylaxis",
    )  # fmt: skip
    assert found.last.drugs[0].lots == "DEMO-9 (exp. 2027-05)"
    assert "Treatment not signed yet, as charted so far: Tue 3 Feb 2026, 11:40" in page.content.decode()


def test_the_first_treatment_of_all_has_its_card_while_it_goes_on(client, nurse):
    draft = make_draft_session(sites=[SITES[0]])

    assert card(client, draft.patient).context["card"].last.total == "1.2 mL, 6 mg"


def test_while_it_goes_on_the_clinician_of_the_day_is_called_when_the_draft_names_nobody(client, nurse):
    make_clinic(name="Larkfield Vein Clinic", phone="(201) 555-0100")
    draft = make_draft_session(sites=[SITES[0]])
    DayCheck.objects.create(date=draft.started_at.date(), responsible_clinician=make_user(Role.CLINICIAN, name="Hugo"))

    found = card(client, draft.patient).context["card"]

    assert found.last.clinician == "Hugo"
    assert "Larkfield Vein Clinic, Hugo (responsible clinician)" in [call.who for call in found.calls]


def test_without_a_treatment_it_says_so(client, nurse):
    body = card(client, make_patient()).content.decode()

    assert ("Nothing was injected yet" in body, "data-print" in body) == (True, False)


@override_settings(BASE_URL="https://clinic.example")
def test_the_qr_code_is_a_picture_of_the_staff_address_and_holds_no_fact(client, nurse):
    patient = make_patient(family_name="Quillfeather")
    treated(patient)

    body = card(client, patient).content.decode()
    drawn = re.search(r'<svg[^>]*class="qr".*?</svg>', body, re.S)[0].strip()

    assert drawn == qr_of(f"https://clinic.example/patients/{patient.public_id}/").strip()
    assert re.search(r"style=|<script|Quillfeather", drawn) is None


def test_whoever_scans_it_must_sign_in(client):
    patient = make_patient()
    treated(patient)

    answer = client.get(reverse("clinic:patient", args=[patient.public_id]))

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/sign-in/")


def test_printing_is_on_record(client, nurse):
    patient = make_patient()
    treated(patient)

    card(client, patient)

    event = AuditEvent.objects.get(action="chart read")
    assert (event.by_id, event.patient_id, event.details) == (nurse.pk, patient.pk, {"page": "emergency card"})


def test_a_correction_counts_on_the_card(client, nurse):
    patient = make_patient()
    former = treated(patient)
    draft = make_draft_session(
        appointment=former.appointment, patient=patient, amends=former, lineage=former.lineage,
        amendment_reason="Too much typed", sites=[SITES[0]],
    )  # fmt: skip
    draft.ended_at, draft.status = former.ended_at, TreatmentSession.Status.SIGNED
    draft.protocol_version, draft.signed_by, draft.signed_at = former.protocol_version, draft.nurse, NOW
    draft.save()

    found = card(client, patient).context["card"]

    assert (found.last.total, found.earlier) == ("1.2 mL, 6 mg", ())


def test_the_card_never_says_none_seen_beside_an_adverse_event(client, nurse):
    patient = make_patient()
    session = treated(patient, reaction="none")
    make_adverse_event(session=session, patient=patient, kind="anaphylaxis")

    page = card(client, patient).content.decode()

    assert "Anaphylaxis" in page
    assert "none seen" not in page.casefold()
