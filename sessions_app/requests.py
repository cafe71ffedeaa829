"""Who asked on the public page for a first visit or a call back, and what the front desk made of it.

A request is no patient: it becomes one when somebody at the desk registers it or links it to somebody who is known.
Everything is safe to press twice; every step of the desk is in the audit trail.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import F

from clinic import audit
from clinic.actions import register_patient
from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_date
from sessions_app.answer_time import answer_by
from sessions_app.availability import Period
from sessions_app.capacity import open_nurses
from sessions_app.models import Service, VisitRequest
from sessions_app.models.waiting import EVERY_DAY
from sessions_app.refusals import Refused
from sessions_app.worked import days_ahead, without_time_off

End = VisitRequest.End


def ask(
    *,
    kind: str,
    name: str,
    phone: str,
    email: str,
    language: str,
    weekdays: int = EVERY_DAY,
    parts_of_day: Sequence[str] = (),
    request_key: UUID,
    now: datetime,
) -> VisitRequest:
    """Put a request on the desk's list. The same words with one `request_key` again give the row that they made.

    Other words with it make another row: a number that was corrected after going back must not be lost.
    `phone` is E.164 or empty; one of `phone` and `email` is needed (the database sees to it).
    """
    said: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "phone": phone,
        "email": email.lower(),
        "weekdays": weekdays,
        "parts_of_day": list(parts_of_day),
    }

    def write() -> VisitRequest:
        key = key_for(request_key, said)
        return VisitRequest.objects.filter(request_key=key).first() or _write(key, said, language, now)

    try:
        return write()
    except IntegrityError:
        # This form, sent twice at once: the same words are that row. Anything else goes on as the error that it is.
        return write()


@transaction.atomic
def _write(key: UUID, said: Mapping[str, Any], language: str, now: datetime) -> VisitRequest:
    promise = promised(Clinic.current(), now)
    asked = VisitRequest.objects.create(request_key=key, language=language, asked_at=now, answer_by=promise, **said)
    audit.record("visit asked for", by=AnonymousUser(), subject=asked, kind=str(said["kind"]))
    return asked


def key_for(request_key: UUID, said: Mapping[str, Any]) -> UUID:
    """The key of the row of these words (arguments of `ask`): another one when the form has made a row of others."""
    made = VisitRequest.objects.filter(request_key=request_key).first()
    words = _words_of(said)
    is_same = made is None or words == _words_of({name: getattr(made, name) for name in said})
    return request_key if is_same else uuid5(request_key, words)


def _words_of(said: Mapping[str, Any]) -> str:
    facts = (str(said[name]) for name in ("kind", "name", "phone", "email", "weekdays"))
    return json.dumps([*facts, sorted(said["parts_of_day"])])


def is_known(key: UUID) -> bool:
    """Whether the row of this key, see `key_for`, is made already."""
    return VisitRequest.objects.filter(request_key=key).exists()


def promised(clinic: Clinic, now: datetime, opened: Sequence[Period] | None = None) -> datetime:
    """By when somebody who asks now is answered, by `Clinic.request_answer_hours` and the hours that are worked.

    `opened` saves looking them up again; see `openings`.
    """
    opened = openings(clinic, now) if opened is None else opened
    return answer_by(now, timedelta(hours=clinic.request_answer_hours), opened, clinic.zone)


def open_weekdays(clinic: Clinic, opened: Sequence[Period]) -> frozenset[int]:
    """The weekdays (0 is Monday) of these openings."""
    return frozenset(local_date(period.starts_at, clinic.zone).weekday() for period in opened)


def openings(clinic: Clinic, now: datetime) -> list[Period]:
    """When a nurse works who gives first visits, for the public promise alone; `sessions_app.worked` is for the rest.

    Closures and time off are taken out; empty where no hours are set up. Four queries.
    """
    services = list(Service.objects.filter(is_active=True))
    service = next((each for each in services if each.kind == Service.Kind.FIRST_VISIT), next(iter(services), None))
    if service is None:
        return []
    first, last = days_ahead(clinic, now)
    return without_time_off(open_nurses(service, first_date=first, last_date=last, zone=clinic.zone))


# --- the desk's list ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One line of the desk's list. `left` is the time until the promise ends, negative when it is over."""

    public_id: UUID
    kind: VisitRequest.Kind
    name: str
    phone: str
    email: str
    language: str
    weekdays: int
    parts_of_day: tuple[str, ...]
    asked_at: datetime
    answer_by: datetime
    tries: int
    last_try_at: datetime | None
    age: timedelta
    left: timedelta

    @property
    def is_overdue(self) -> bool:
        return self.left < timedelta(0)


def open_requests(now: datetime, *, limit: int | None = None) -> list[OpenRequest]:
    """Everybody who waits for an answer: whose promise is over longest first, then whose ends soonest. One query."""
    rows = VisitRequest.objects.open().order_by("answer_by", "id")
    return [
        OpenRequest(
            public_id=row.public_id,
            kind=VisitRequest.Kind(row.kind),
            name=row.name,
            phone=str(row.phone or ""),
            email=row.email,
            language=row.language,
            weekdays=row.weekdays,
            parts_of_day=tuple(row.parts_of_day),
            asked_at=row.asked_at,
            answer_by=row.answer_by,
            tries=row.tries,
            last_try_at=row.last_try_at,
            age=now - row.asked_at,
            left=row.answer_by - now,
        )
        for row in rows[:limit]
    ]


# --- what the desk does ------------------------------------------------------------------------------------------


@transaction.atomic
def try_again(*, request: VisitRequest, tries: int, note: str = "", by: User, now: datetime) -> VisitRequest:
    """Somebody called and did not get through. `tries` is the count that the page showed: pressed twice counts once."""
    if len(note) > 200:
        raise Refused("Shorten this to 200 characters.", rule="length", field="note")
    waiting = VisitRequest.objects.open().filter(pk=request.pk, tries=tries)
    noted = {"note": note.strip()} if note.strip() else {}
    if waiting.update(tries=F("tries") + 1, last_try_at=now, **noted):
        audit.record("visit request tried", by=by, subject=request, tries=tries + 1)
    else:
        _refuse_if_ended(request)
    return _fresh(request)


def answer(*, request: VisitRequest, by: User, now: datetime) -> VisitRequest:
    """Answered, and nothing more is to be done."""
    return _end(request, End.ANSWERED, by=by, now=now)


def not_reached(*, request: VisitRequest, by: User, now: datetime) -> VisitRequest:
    """The desk stops trying; somebody has called at least once."""
    if not _fresh(request).tries:
        raise Refused("Nobody has called yet. Call first, and note the try.", rule="tries")
    return _end(request, End.NOT_REACHED, by=by, now=now)


def junk(*, request: VisitRequest, by: User, now: datetime) -> VisitRequest:
    """No request of a person: advertising, a robot, a joke."""
    return _end(request, End.JUNK, by=by, now=now)


def register(*, request: VisitRequest, patient: Patient, by: User, now: datetime) -> VisitRequest:
    """The request belongs to `patient`, who is registered: just now, or since long."""
    return _end(request, End.REGISTERED, patient=patient, by=by, now=now)


@transaction.atomic
def link(*, request: VisitRequest, patient: Patient, by: User) -> VisitRequest:
    """The request belongs to a patient who is known. It stays on the list until it is booked or answered."""
    _refuse_if_ended(request)
    if VisitRequest.objects.open().filter(pk=request.pk).exclude(patient=patient).update(patient=patient):
        audit.record("visit request linked", by=by, subject=request, patient=patient)
    return _fresh(request)


def booked_for(*, patient: Patient, by: User, now: datetime) -> None:
    """A visit was booked: that answers what the patient had asked on the public page."""
    for asked in VisitRequest.objects.open().filter(patient=patient):
        answer(request=asked, by=by, now=now)


@transaction.atomic
def register_new(
    *,
    request: VisitRequest,
    facts: Mapping[str, Any],
    contact: Mapping[str, bool],
    not_the_same: Sequence[UUID] = (),
    by: User,
    now: datetime,
) -> Patient:
    """Register a patient out of a request; both or nothing. Raises what `clinic.actions.register_patient` raises."""
    _refuse_if_ended(request)
    patient = register_patient(**facts, contact=contact, not_the_same=not_the_same, by=by)
    register(request=request, patient=patient, by=by, now=now)
    return patient


@transaction.atomic
def reopen(*, request: VisitRequest, by: User) -> VisitRequest:
    """Back onto the list, for a press on the wrong line. Who was registered meanwhile stays a patient."""
    ended = VisitRequest.objects.filter(pk=request.pk, ended_at__isnull=False)
    was = _fresh(request).ended_why
    if ended.update(ended_at=None, ended_by=None, ended_why="", patient=None):
        audit.record("visit request reopened", by=by, subject=request, was=was)
    return _fresh(request)


@transaction.atomic
def _end(
    request: VisitRequest, why: VisitRequest.End, *, by: User, now: datetime, patient: Patient | None = None
) -> VisitRequest:
    """The first end holds; the same one again changes nothing, another one is refused."""
    waiting = VisitRequest.objects.open().filter(pk=request.pk)
    whose = {"patient": patient} if patient else {}
    if waiting.update(ended_at=now, ended_by=by, ended_why=why, **whose):
        audit.record(f"visit request {why.label.lower()}", by=by, subject=request, patient=patient)
        return _fresh(request)
    ended = _fresh(request)
    if ended.ended_why != why or (patient and ended.patient_id != patient.pk):
        _refuse_if_ended(request)
    return ended


def _refuse_if_ended(request: VisitRequest) -> None:
    ended = _fresh(request)
    if ended.ended_at is not None:
        who = f" by {ended.ended_by}" if ended.ended_by else ""
        text = f"This request was closed meanwhile{who}: {ended.get_ended_why_display().lower()}."
        raise Refused(text, rule="ended")


def _fresh(request: VisitRequest) -> VisitRequest:
    return VisitRequest.objects.select_related("ended_by", "patient").get(pk=request.pk)
