"""Signing a session as a call: checks, lock, plan, items, messages and trail, against the bare inserts."""

import time
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from django.utils import timezone

from aftercare.actions import sign_session
from bench import pgbench
from bench.charts import site, whole_chart
from bench.harness import Goal, Left, Result, interleave, queries_of
from bench.world import ZONE
from clinic.models import ContactPreference, Patient, Room, User
from sessions_app.actions import open_visit, save_draft
from sessions_app.models import Appointment, CalendarEntry, Service, TreatmentSession

if TYPE_CHECKING:
    from bench.cases import World

CALLS = 40
_hours = count()


def drafts(number: int, *, sites: int = 2) -> list[TreatmentSession]:
    """Charted visits of new patients that wait for their signature only; the injections ended 40 minutes ago."""
    ended = timezone.now() - timedelta(minutes=40)
    return [_charted(_visit(), sites, ended) for _ in range(number)]


def _visit() -> Appointment:
    patient = Patient.objects.create(
        given_name="Fresh", family_name="Invented", birth_date=date(1970, 1, 1), time_zone=ZONE,
        email=f"{uuid.uuid4().hex}@bench.example", weight_kg=Decimal(70),
    )  # fmt: skip
    ContactPreference.objects.create(patient=patient, channel="email", allowed=True, wording_version="1")
    service = Service.objects.get(name="Treatment")
    # Hours of a nurse's past that nobody had: the calendar is not what is measured, but it must not be double.
    starts_at = datetime(1980, 1, 1, tzinfo=UTC) + timedelta(hours=next(_hours))
    entry = CalendarEntry.objects.create(
        kind=CalendarEntry.Kind.APPOINTMENT, nurse=User.objects.nurses()[0], room=Room.objects.all()[0],
        patient=patient, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
    )  # fmt: skip
    return Appointment.objects.create(
        entry=entry, service=service, chair_minutes=30, walk_minutes=20, buffer_minutes=10,
        status=Appointment.Status.ARRIVED, request_key=uuid.uuid4(), booked_by=User.objects.nurses()[0],
    )  # fmt: skip


def _charted(appointment: Appointment, sites: int, ended: datetime) -> TreatmentSession:
    nurse = appointment.entry.nurse
    assert nurse is not None
    session = open_visit(appointment=appointment, by=nurse, now=ended - timedelta(minutes=30))
    places = ("calf_medial", "calf_lateral", "calf_anterior", "thigh_lateral", "thigh_medial", "ankle", "knee", "foot")
    chart = whole_chart(
        sites=[site(number, leg="left", segment=places[number - 1]) for number in range(1, sites + 1)],
        clinician=User.objects.get(email="clinician@bench.example"),
        ended=ended,
    )
    save_draft(session=session, version=session.version, values=chart, by=nurse)
    return session


def sign(session: TreatmentSession) -> None:
    related = ("patient", "nurse", "responsible_clinician", "appointment__entry__nurse")
    fresh = TreatmentSession.objects.select_related(*related).get(pk=session.pk)
    sign_session(session=fresh, version=fresh.version, answers={}, by=fresh.nurse)


def signed_per_second() -> float:
    waiting = drafts(CALLS)
    started = time.perf_counter()
    for session in waiting:
        sign(session)
    return CALLS / (time.perf_counter() - started)


def run(world: "World") -> list[Result | Left]:
    if world.postgres is None:
        return [Left("signing", "its yardstick is pgbench; use --database postgres")]
    server = world.postgres
    pgbench.prepare()
    few, many = (queries_of(partial(sign, draft)) for draft in (*drafts(1), *drafts(1, sites=8)))
    ours, theirs = interleave(
        signed_per_second, lambda: pgbench.transactions_per_second(server, "session_save"), rounds=world.rounds
    )
    notes: dict[str, str | int | float] = {"queries with 2 sites": few, "with 8": many}
    return [Result("signing", "session_save", "/s", ours, theirs, Goal("at least", 0.25, 0.35), notes)]
