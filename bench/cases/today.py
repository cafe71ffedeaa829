"""The patient's Today page over HTTP, for a patient in the first days after a session."""

import gzip
from functools import partial
from typing import TYPE_CHECKING

from django.test import Client
from django.utils import timezone

from aftercare.models import AftercarePlan
from bench.harness import Goal, Left, Result, interleave_calls, per_second, queries_of
from clinic.access import Role
from clinic.models import Patient, User

if TYPE_CHECKING:
    from bench.cases import World

PATH = "/today/"


def patient_with_a_plan() -> User:
    """The portal account of the patient whose plan began last."""
    plan = AftercarePlan.objects.running_at(timezone.now()).order_by("-starts_at").select_related("patient")[0]
    patient: Patient = plan.patient
    if patient.user is None:
        patient.user = User.objects.create_user(patient.email, None, name=patient.name, roles=frozenset([Role.PATIENT]))
        patient.save(update_fields=["user"])
    return patient.user


def run(world: "World") -> list[Result | Left]:
    user = patient_with_a_plan()
    patient, client = world.web.person(user), Client()
    client.force_login(user)
    client.get(PATH)
    page = patient.get(PATH)
    notes: dict[str, str | int | float] = {
        "queries": queries_of(partial(client.get, PATH)),
        "page kB": round(len(page) / 1000, 1),
        "gzipped kB": round(len(gzip.compress(page)) / 1000, 1),
    }
    ours, theirs = interleave_calls(
        partial(patient.get, PATH), partial(patient.get, "/floor/page"), rounds=world.rounds, calls=60
    )
    goal = Goal("at least", 0.6, 1.0)
    return [Result("today", "floor.page", "pages/s", per_second(ours), per_second(theirs), goal, notes)]
