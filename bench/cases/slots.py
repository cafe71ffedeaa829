"""Free times as the booking dialog asks for them: any nurse and any room, two weeks, with the reasons in words.

Once for somebody who comes for the first time, once for a patient with a repeat window.
"""

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from bench.harness import Goal, Left, Result, interleave_calls, queries_of
from clinic.models import Patient, User
from sessions_app.models import Service, TreatmentSession

if TYPE_CHECKING:
    from bench.cases import World


def run(world: "World") -> list[Result | Left]:
    user, service = User.objects.get(email="desk@bench.example"), Service.objects.get(name="Treatment")
    new = Patient.objects.filter(sessions=None)[0]
    known = TreatmentSession.objects.signed().select_related("patient").latest("ended_at").patient
    desk, client = world.web.person(user), Client()
    client.force_login(user)
    results: list[Result | Left] = []
    for name, patient in (("slots.first", new), ("slots.repeat", known)):
        query = urlencode({"patient": patient.public_id, "service": service.pk})
        path = f"{reverse('sessions_app:book')}?{query}"
        client.get(path)
        notes: dict[str, str | int | float] = {"queries": queries_of(partial(client.get, path))}
        ours, theirs = interleave_calls(
            partial(desk.get, path, htmx=True), partial(desk.get, "/floor/slots"), rounds=world.rounds, calls=30
        )
        results.append(Result(name, "floor.slots", "ms", ours, theirs, Goal("at most", 2.5, 1.5), notes))
    return results
