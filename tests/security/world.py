"""A small clinic for questions about access: two patients, everybody who works there, and one row of every kind.

Names, numbers and notes are words that appear nowhere else, so that a page that shows them to the wrong one is found.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from urllib.parse import urlsplit

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from clinic import portal
from clinic.access import Role
from clinic.models import Clinic, Room, StaffTask, User
from clinic.notifications import opt_out
from clinic.search import index_patient
from sessions_app import amending, feeds
from sessions_app.models import Closure, Service
from tests.aftercare.people import complete_draft, make_plan
from tests.clinic.notifications.engine import make_due
from tests.makers import (
    make_adverse_event,
    make_appointment,
    make_carer,
    make_clinic,
    make_consent,
    make_course,
    make_hours,
    make_lot,
    make_offer,
    make_patient,
    make_patient_user,
    make_repeat_hold,
    make_report,
    make_room,
    make_service,
    make_signed_session,
    make_user,
    make_visit_request,
    make_wait_entry,
)
from tests.sessions_app.photographs_kept import keep_photograph

STAFF = ("nurse", "front_desk", "clinician", "clinical_lead", "administrator")
EVERYBODY = ("anonymous", "patient_a", "patient_b", "carer", *STAFF, "deactivated")


@dataclass
class World:
    people: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # who -> value of the session cookie
    values: dict[str, str] = field(default_factory=dict)  # name of an object -> what stands for it in an address
    personal: dict[str, list[str]] = field(default_factory=dict)  # whose -> words that only they and staff may see
    clinical: list[str] = field(default_factory=list)  # words that only those who treat may see

    def browser(self, who: str, *, csrf: bool = False) -> Client:
        client = Client(raise_request_exception=False, enforce_csrf_checks=csrf)
        client.handler = _handler(csrf)
        if who in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        return client

    def must_not_see(self, who: str) -> list[str]:
        if who in ("nurse", "clinician", "clinical_lead"):
            return []
        if who in ("front_desk", "administrator"):
            return self.clinical
        if who == "carer":  # of patient B, whose name heads the page
            others = [word for words in self.personal.values() for word in words if word != "Bumblebrook"]
            return [*others, *self.clinical]
        others = [word for whose, words in self.personal.items() if whose != who for word in words]
        return [*others, *self.clinical]


@cache
def _handler(csrf: bool) -> ClientHandler:
    """One for all browsers: each would load the middleware and look for the static files anew."""
    return ClientHandler(enforce_csrf_checks=csrf)


def make_world() -> World:
    world = World()
    make_clinic(name="Fernhollow Clinic", phone="+1 212 555 0000")
    for role in STAFF:
        world.people[role] = make_user(Role(role), email=f"{role}@staff.example", name=f"Staff {role.title()}")
    world.people["deactivated"] = make_user(Role.NURSE, email="gone@staff.example")
    house = _house(world)
    _patient_a(world, house)
    _patient_b(world, house)
    _sign_everybody_in(world)
    _set_up(world)
    return world


def _house(world):
    nurse, room = world.people["nurse"], make_room(name="Canopy Room")
    service = make_service(name="Treatment of the canopy", nurses=[nurse], rooms=[room])
    make_hours(nurse, weekdays=range(7), starts="00:30", ends="23:30")
    return {"nurse": nurse, "room": room, "service": service}


def _person(world, who, **facts):
    patient = make_patient(email_allowed=True, **facts)
    index_patient(patient)
    world.people[who] = make_patient_user(patient)
    world.personal[who] = [facts["family_name"], facts["email"], facts["phone"][-7:]]
    world.clinical.append(facts["allergies"])
    return patient


def _patient_a(world, house):
    """Treated yesterday, with a plan, a message that failed, one that is held, a link and a stop address."""
    patient = _person(
        world,
        "patient_a",
        given_name="Anemone",
        family_name="Aardwolfson",
        email="anemone@a.example",
        phone="+12125550101",
        allergies="latexcanary",
    )
    site = {
        "vein_type": "spider",
        "strength_percent": Decimal("0.50"),
        "injection_count": 7,
        "volume_ml": Decimal("1.37"),
        "segment": "calf_medial",
    }
    now = timezone.now().replace(second=0, microsecond=0)
    plan = make_plan(now - timedelta(days=1), site, patient=patient, nurse=house["nurse"], note="notecanary of a")
    world.clinical += ["notecanary", "1.37"]
    failed = make_due(patient, state="failed", finished_at=now, due_at=now - timedelta(hours=2))
    task = StaffTask.objects.create(kind="message_failed", patient=patient, delivery=failed)
    held = make_due(patient, state="review", due_at=now + timedelta(hours=2))
    help_wanted = StaffTask.objects.create(kind="stocking_help", patient=patient, about_id=patient.public_id)
    link = portal.make_link(patient, now)
    world.values |= {
        "patient_a": str(patient.public_id),
        "session_a": str(plan.session.public_id),
        "photograph": str(keep_photograph(patient=patient, session=plan.session, by=house["nurse"]).public_id),
        "visit_done": str(plan.session.appointment.public_id),
        "task": str(task.public_id),
        "held": str(held.pk),
        "help": str(help_wanted.public_id),
        "link": urlsplit(link).path.strip("/").rpartition("/")[2],
        "stop": urlsplit(opt_out.stop_url(failed.pk)).path.strip("/").rpartition("/")[2],
    }


def _patient_b(world, house):
    """In the chair now, with a draft, and booked again for next week."""
    patient = _person(
        world,
        "patient_b",
        given_name="Belladonna",
        family_name="Bumblebrook",
        email="belladonna@b.example",
        phone="+12125550202",
        allergies="plastercanary",
    )
    now = timezone.now().replace(second=0, microsecond=0)
    draft = complete_draft(patient=patient, ended_at=now - timedelta(minutes=30), note="notecanary of b")
    booked = make_appointment(
        patient=patient,
        nurse=house["nurse"],
        room=house["room"],
        service=house["service"],
        starts_at=now.replace(minute=0) + timedelta(days=8),
    )
    entry = make_wait_entry(patient=patient, note="wishcanary of b")
    offer = make_offer(entry, starts_at=booked.starts_at + timedelta(days=1), nurse=house["nurse"], room=house["room"])
    outside = StaffTask.objects.create(kind="visit_outside_hours", patient=patient, about_id=booked.public_id)
    signed = make_signed_session(patient=patient)
    correction = amending.begin_amendment(session=signed, reason="Typed for another leg", by=house["nurse"])
    event = make_adverse_event(
        session=draft, kind="anaphylaxis", description="eventcanary of b", reported_by=house["nurse"]
    )
    world.clinical += ["eventcanary", "naphylaxis"]
    report = make_report(patient=patient, by=patient.user, free_text="reportcanary of b", reported_at=now, due_at=now)
    world.personal["patient_b"].append("reportcanary")
    world.values |= {
        "event": str(event.public_id),
        "patient_b": str(patient.public_id),
        "report_b": str(report.public_id),
        "carer_b": str(_carer(world, patient).public_id),
        "consent_b": str(make_consent(patient=patient, signed_name="Consentcanary Bumblebrook").public_id),
        "draft": str(draft.public_id),
        "correction": str(correction.public_id),
        "visit_now": str(draft.appointment.public_id),
        "visit_booked": str(booked.public_id),
        "waiting": str(entry.public_id),
        "offer": str(offer.public_id),
        "outside": str(outside.public_id),
        "course": str(make_course(patient=patient, service=house["service"]).public_id),
        "patient_held": str(make_repeat_hold().patient.public_id),
    }


def _carer(world, patient):
    """Lets somebody look with patient B, and answer. The name is known to the patient; the e-mail is shown masked."""
    user = make_user(Role.CARER, email="cardamine@c.example", name="Cardamine Cuttlefish")
    world.people["carer"] = user
    world.personal["carer_address"] = ["cardamine@c"]
    return make_carer(patient=patient, user=user, may_report=True)


def _closure(world):
    now = timezone.now()
    return Closure.objects.create(
        title="Canopy repairs",
        starts_at=now + timedelta(days=200),
        ends_at=now + timedelta(days=201),
        created_by=world.people["administrator"],
    )


def _set_up(world):
    """What addresses of the administration, of passwords and of the public page hold."""
    nurse = world.people["nurse"]
    asked = make_visit_request(name="Cornelia Cockatrice", phone="+12125550303")
    lot = make_lot(ampoules=10)
    world.personal["asker"] = ["Cockatrice", "5550303"]
    world.values |= {
        "visit_request": str(asked.public_id),
        "feed": feeds.make_address(user=nurse, by=nurse, now=timezone.now()),
        "clinic_row": str(Clinic.current().pk),
        "room_row": str(Room.objects.first().pk),
        "person_row": str(nurse.pk),
        "service_row": str(Service.objects.first().pk),
        "nurse": str(nurse.public_id),
        "closure_row": str(_closure(world).pk),
        "product": str(lot.product.public_id),
        "lot": str(lot.public_id),
        "app": "clinic",
        "person_type": str(ContentType.objects.get_for_model(User).pk),
        "nowhere": "nowhere/at/all",
        "uid": user_pk_to_url_str(nurse),
        "token": default_token_generator.make_token(nurse),
    }


def _sign_everybody_in(world):
    for who, person in world.people.items():
        client = Client()
        client.force_login(person)
        client.get("/")  # the first page notes the beginning of the session
        world.sessions[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
    gone = world.people["deactivated"]
    gone.is_active = False
    gone.save()
