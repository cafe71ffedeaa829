"""Patient search over HTTP, as typing in the search field asks for it: part of a name, phone digits, a birth date."""

from functools import partial
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

from bench.harness import Goal, Left, Result, interleave_calls, queries_of
from clinic.models import Patient, User

if TYPE_CHECKING:
    from bench.cases import World


def asked(patient: Patient) -> dict[str, str]:
    """What somebody may type who looks for this patient."""
    return {
        "beginning": patient.family_name[:4],
        "part": patient.family_name[2:7],
        "two words": f"{patient.given_name} {patient.family_name[:5]}",
        "phone": str(patient.phone)[-6:],
        "birth date": f"{patient.birth_date:%d.%m.%Y}",
    }


def run(world: "World") -> list[Result | Left]:
    user, path = User.objects.get(email="desk@bench.example"), reverse("clinic:patient_suggestions")
    desk, client = world.web.person(user), Client()
    client.force_login(user)
    number = Patient.objects.count()
    results: list[Result | Left] = []
    for name, text in asked(Patient.objects.order_by("id")[number // 2]).items():
        notes: dict[str, str | int | float] = {
            "queries": queries_of(partial(client.post, path, {"q": text})),
            "patients": number,
        }
        ours, theirs = interleave_calls(
            partial(desk.post, path, q=text), partial(desk.get, "/floor/page"), rounds=world.rounds, calls=30
        )
        results.append(Result(f"search.{name}", "floor.page", "ms", ours, theirs, Goal("at most", 2.0), notes))
    return results
