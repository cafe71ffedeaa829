"""What the front desk is shown: no dose, volume, vein or note of a treatment, on any page or in any answer (AC-03)."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.access import Role
from clinic.models import StaffTask
from clinic.search import index_patient
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import HTMX

pytestmark = pytest.mark.django_db
# Figures and words that stand nowhere else.
SITE = {
    "leg": "right",
    "segment": "popliteal",
    "vein_type": "reticular",
    "strength_percent": Decimal("1.00"),
    "injection_count": 271,
    "volume_ml": Decimal("31.41"),
    "diameter_mm": Decimal("2.7"),
}
SESSION = {
    "note": "CANARYNOTE",
    "reaction_note": "CANARYREACTION",
    "observation_status": "CANARYWALK",
    "compression_garment": "CANARYSTOCKING",
    "screening": {"pregnant": "CANARYSCREEN"},
}
PATIENT = {"allergies": "CANARYALLERGY", "risk_factors": ["thrombophilia"], "weight_kg": Decimal("234.5")}
CANARIES = (
    "31.41", "271", "2.7 mm", "popliteal", "reticular", "spider", "CANARY", "234.5", "thrombophilia", "Clotting",
    "polidocanol", "Asclera", " mg", " mL",
)  # fmt: skip


@pytest.fixture
def house():
    """A patient with a signed session, another with an open draft today, and a task, all of them full of canaries."""
    make_signed_protocol()
    room, ada = make_room(name="Room 1"), make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada)
    service = make_service(name="Treatment")
    patients = [
        make_patient(given_name=given, family_name="Quillfeather", birth_date=date(1967, 3, 4), **PATIENT)
        for given in ("Marigold", "Basil")
    ]
    for patient in patients:
        index_patient(patient)
    shared = {"nurse": ada, "room": room, "service": service}
    past = make_appointment(patient=patients[0], starts_at=at("2026-01-05 10:00"), status="done", **shared)
    make_signed_session(appointment=past, patient=patients[0], sites=[SITE], **SESSION)
    today = make_appointment(patient=patients[1], starts_at=at("2026-01-13 10:00"), status="in_treatment", **shared)
    make_draft_session(appointment=today, patient=patients[1], sites=[SITE], **SESSION)
    coming = make_appointment(patient=patients[1], starts_at=at("2026-01-15 10:00"), **shared)
    StaffTask.objects.create(kind=StaffTask.Kind.MESSAGE_FAILED, patient=patients[0])
    return {"patient": patients[0], "past": past, "today": today, "coming": coming}


def answers(client, house):
    """Every answer that the front desk can get about these people, by name of the route."""
    patient, past, today, coming = house["patient"], house["past"], house["today"], house["coming"]

    def get(name, *args, **query):
        return client.get(reverse(name, args=args), query, headers=HTMX)

    def post(name, *args, **data):
        return client.post(reverse(name, args=args), data, headers=HTMX)

    return {
        "day": client.get(reverse("sessions_app:day")),
        "day again": get("sessions_app:day"),
        "past day": get("sessions_app:day", date="2026-01-05"),
        "calls": get("sessions_app:calls"),
        "book": get("sessions_app:book", patient=patient.public_id),
        "book, a day": post("sessions_app:book", patient=patient.public_id, day="2026-01-15"),
        "book, refused": post("sessions_app:book", patient=patient.public_id, confirm="1"),
        "book, find": post("sessions_app:book_patients", q="quill"),
        "signed visit": get("sessions_app:appointment", past.public_id),
        "visit in treatment": get("sessions_app:appointment", today.public_id),
        "visit to come": get("sessions_app:appointment", coming.public_id),
        "move": get("sessions_app:move", coming.public_id),
        "cancel": get("sessions_app:cancel", coming.public_id),
        "patient": get("clinic:patient", patient.public_id),
        "change": get("clinic:patient_edit", patient.public_id),
        "patients": get("clinic:patients"),
        "search": post("clinic:patients", q="quill"),
        "suggestions": post("clinic:patient_suggestions", q="quill"),
        "messages": get("clinic:messages"),
    }


def stands_in(word, body):
    """Figures count as whole numbers only: random ids and form tokens hold any three digits now and then."""
    return re.search(rf"(?<![\w.]){word}(?![\w.])", body) if word.isdigit() else word in body


def test_a_canary_figure_is_found_as_a_number_and_not_inside_of_an_id():
    assert stands_in("271", "<td>271</td>")
    assert stands_in("271", "271 injections")
    assert not stands_in("271", "a2710f3e-5271-4271-9271-627112345678")


@time_machine.travel(at("2026-01-13 10:41"), tick=False)
def test_no_answer_to_the_front_desk_holds_anything_of_a_treatment(client, house):
    client.force_login(make_user(Role.FRONT_DESK))

    found = answers(client, house)

    assert {name: response.status_code for name, response in found.items()} == dict.fromkeys(found, 200) | {
        "book, refused": 422
    }
    bodies = {name: response.content.decode() for name, response in found.items()}
    assert [name for name, body in bodies.items() if "Quillfeather" not in body] == []
    leaks = {name: [word for word in CANARIES if stands_in(word, body)] for name, body in bodies.items()}
    assert {name: words for name, words in leaks.items() if words} == {}


@time_machine.travel(at("2026-01-13 10:41"), tick=False)
@pytest.mark.parametrize("name", ["visit", "not_treated", "session", "session_save"])
def test_the_pages_of_a_treatment_are_closed_to_the_front_desk(client, house, name):
    client.force_login(make_user(Role.FRONT_DESK))
    session = house["today"].sessions.get()
    target = house["today"] if name == "visit" else session

    for method in (client.get, client.post):
        response = method(reverse(f"sessions_app:{name}", args=[target.public_id]))
        assert (response.status_code, "CANARY" in response.content.decode()) == (403, False)
