"""Fifty people want one time, thirty times over, from as many desks at once: one gets it, the others are told in words.

Once with two processes of one thread, once with two processes of eight, on the database of the run.
"""

import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.urls import reverse

from bench import server
from bench.cases.booking import free_times
from bench.harness import Kept, Left
from bench.world import NURSES
from clinic.access import Role
from clinic.models import Patient, User
from sessions_app.integrity import problems
from sessions_app.models import Appointment, Service

if TYPE_CHECKING:
    from bench.cases import World

PEOPLE, TIMES = 50, 30
WORKERS = {
    "contention.sync": ("--workers", "2", "--worker-class", "sync", "--threads", "1"),
    "contention.threads": ("--workers", "2", "--threads", "8"),
}
PROMISE = "one booking each"


def run(world: "World") -> list[Kept | Left]:
    del world  # it has one process; the races need two
    desks = [
        User.objects.create_user(f"race{n}@bench.example", None, name=f"Desk {n}", roles=frozenset([Role.FRONT_DESK]))
        for n in range(PEOPLE)
    ]
    patients = list(Patient.objects.order_by("-id")[:PEOPLE])
    service = Service.objects.get(name="Review")
    # From the far end, where the booking benchmark does not come, and each at an hour of its own: nobody who won one
    # time stands in the way of another.
    times = list(free_times())[:: -NURSES - 1][: TIMES * len(WORKERS)]
    results: list[Kept | Left] = []
    for number, (name, options) in enumerate(WORKERS.items()):
        with server.running(*options) as web:
            people = [web.person(desk) for desk in desks]
            some = times[number * TIMES : (number + 1) * TIMES]
            results.append(_races(name, people, patients, service, some))
    return results


def _races(
    name: str,
    people: Sequence[server.Person],
    patients: Sequence[Patient],
    service: Service,
    times: Sequence[tuple[datetime, User]],
) -> Kept:
    broken: list[str] = []
    answers: Counter[str] = Counter()
    with ThreadPoolExecutor(PEOPLE) as pool:
        for starts_at, nurse in times:
            together = threading.Barrier(PEOPLE)

            def want(number: int, *, slot: str, together: threading.Barrier = together) -> str:
                together.wait(timeout=60)
                return _book(people[number], patients[number], service, slot)

            slot = f"{starts_at.isoformat()}|{nurse.pk}"
            said = Counter(pool.map(lambda number, slot=slot, want=want: want(number, slot=slot), range(PEOPLE)))
            answers += said
            booked = Appointment.objects.filter(
                entry__starts_at=starts_at, entry__nurse=nurse, entry__active=True
            ).count()
            if booked != 1 or said["booked"] != 1:
                broken.append(f"{booked} booked {starts_at:%Y-%m-%d %H:%M}, {said['booked']} were told so")
    broken += [f"{count} answers: {words}" for words, count in answers.items() if words not in ("booked", "taken")]
    broken += problems()
    return Kept(name, PROMISE, len(times), broken, {**answers, "database": connection.vendor})


def _book(person: server.Person, patient: Patient, service: Service, slot: str) -> str:
    """ "booked", "taken", or what else came back."""
    status, body = person.send(
        reverse("sessions_app:book"),
        patient=str(patient.public_id),
        service=str(service.pk),
        slot=slot,
        request_key=str(uuid.uuid4()),
        confirm="1",
    )
    if status == 204:
        return "booked"
    told = "is taken. Choose another time." in body.decode()
    return "taken" if status == 422 and told else f"{status} {body[:80]!r}"
