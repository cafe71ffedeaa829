"""Booking a course: all of its visits in one transaction, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.vocabulary import BookingResult
from clinic.protocol.zones import local_date
from sessions_app.bookable import (
    WindowVerdict,
    Wish,
    candidates_for,
    check_texts,
    period_of,
    verdict_on,
    with_neighbours,
)
from sessions_app.entries import Candidate, Conflict, lock_candidates
from sessions_app.models import Appointment, Course, Service, WaitListEntry
from sessions_app.offers_given_up import end_wait, give_up_offers
from sessions_app.refusals import CourseRefused, Refused
from sessions_app.repeat import Chain, RepeatRules
from sessions_app.retrying import with_retries
from sessions_app.taken import taken
from sessions_app.visit_rows import protocol_of
from sessions_app.visit_writes import unsaved_visit, write_booking

LONGEST = 20


@dataclass(frozen=True, slots=True)
class CourseVisit:
    """One wished visit of a course; no nurse or room means any one that is free."""

    starts_at: datetime
    nurse: User | None = None
    room: Room | None = None


@dataclass(slots=True)
class _Planned:
    """A visit that passed every check but the calendar's own."""

    wish: Wish
    rules: RepeatRules | None
    candidates: list[Candidate]
    verdict: WindowVerdict
    request_key: UUID


@dataclass(slots=True)
class _CourseConflict(Exception):
    conflicts: dict[int, Conflict] = field(default_factory=dict)


def book_course(
    *,
    patient: Patient,
    service: Service,
    visits: Sequence[CourseVisit],
    planned_sessions: int,
    done_before: int = 0,
    request_key: UUID,
    by: User,
    early_reason: str = "",
    travel_note: str = "",
    ends_wait: WaitListEntry | None = None,
    now: datetime | None = None,
) -> Course:
    """Book the visits in ascending order, each in the repeat window of the one before it; the first in the patient's.

    `planned_sessions` are all that the patient needs, `done_before` those of them that were given already. Raises
    `CourseRefused` with a `Refused` (or `Taken` with alternatives) for each visit that cannot be booked; then none is.
    The same `request_key` again gives the course it made, while some of it stands. `ends_wait` as in `booking.book`;
    the undo of the first visit brings it back.
    """
    check_texts(early_reason=(early_reason, 300), travel_note=(travel_note, 200))
    if made := _made_by(request_key, patient, service):
        return made
    _check_numbers(service, len(visits), planned_sessions, done_before)
    at, clinic = now or timezone.now(), Clinic.current()
    wishes = [
        Wish(
            clinic=clinic,
            service=service,
            period=period_of(visit.starts_at, service.length),
            by=by,
            now=at,
            nurse=visit.nurse,
            room=visit.room,
            patient=patient,
            early_reason=early_reason,
        )
        for visit in visits
    ]
    course = Course(
        patient=patient,
        service=service,
        planned_sessions=planned_sessions,
        done_before=done_before,
        request_key=request_key,
        created_at=at,
        created_by=by,
    )
    try:
        return _book_course(course, wishes, travel_note.strip(), ends_wait)
    except (Refused, IntegrityError):
        # Perhaps it was this very form, sent twice, that took the times.
        if made := _made_by(request_key, patient, service):
            return made
        raise


def _book_course(course: Course, wishes: list[Wish], travel_note: str, ends_wait: WaitListEntry | None) -> Course:
    planned = _checked(wishes, course)
    try:
        return with_retries(lambda: _write_course(course, planned, travel_note, wishes[0].by, ends_wait))
    except _CourseConflict as error:
        raise _refused({k: _taken(planned[k], each) for k, each in error.conflicts.items()}) from error


def _made_by(request_key: UUID, patient: Patient, service: Service) -> Course | None:
    made = Course.objects.filter(request_key=request_key).first()
    if made is not None and (made.patient_id, made.service_id) != (patient.pk, service.pk):
        raise Refused("This form has made another course already. Open a new one.", rule="request_key")
    if made is not None and not made.appointments.exclude(status=Appointment.Status.CANCELLED).exists():
        text = "The course that this form booked was taken back or cancelled since. Nothing is booked: open a new one."
        raise Refused(text, rule="request_key")
    return made


def _check_numbers(service: Service, visits: int, planned_sessions: int, done_before: int) -> None:
    if service.kind != Service.Kind.TREATMENT:
        raise Refused("A course is of treatments. Choose a treatment.", rule="service", field="service")
    if not 1 <= planned_sessions <= LONGEST:
        raise Refused(f"A course has 1 to {LONGEST} sessions.", rule="course_length", field="planned_sessions")
    if not 0 <= done_before < planned_sessions:
        text = "The sessions given already are fewer than all of them."
        raise Refused(text, rule="course_length", field="done_before")
    if not 1 <= visits <= planned_sessions - done_before:
        left = planned_sessions - done_before
        raise Refused(f"Choose 1 to {left} visits: that many are left.", rule="course_length", field="visits")


def _checked(wishes: list[Wish], course: Course) -> list[_Planned]:
    """Every visit against hours and windows; `CourseRefused` with all of the problems at once.

    A clinician approves one date with one reason: a second early visit is booked by itself, with its own.
    """
    is_reason_used = False
    chain = Chain(course.patient, course.service, clinic=wishes[0].clinic, now=wishes[0].now)
    planned: list[_Planned] = []
    problems: dict[int, Refused] = {}
    for number, wish in enumerate(wishes):
        if number and wish.period.starts_at <= wishes[number - 1].period.starts_at:
            text = "This visit is not after the one before it. Choose a later date."
            problems[number] = Refused(text, rule="order", field="starts_at")
            continue
        rules = chain.rules_before(wish.period.starts_at)
        if is_reason_used:
            wish = replace(wish, early_reason="")  # noqa: PLW2901
        try:
            candidates = candidates_for(wish, nurse_first=rules.nurse_id if rules else None)
            verdict = with_neighbours(verdict_on(wish, rules), wish, protocol_of(rules))
        except Refused as refused:
            problems[number] = refused
        else:
            is_reason_used = is_reason_used or verdict.approved_by is not None
            key = uuid5(course.request_key, str(number))
            planned.append(_Planned(wish, rules, candidates, verdict, key))
        chain.add(wish.period.starts_at, nurse_id=wish.nurse.pk if wish.nurse else None)
    if problems:
        raise _refused(problems)
    return planned


@transaction.atomic
def _write_course(
    course: Course, planned: Sequence[_Planned], travel_note: str, by: User, ends_wait: WaitListEntry | None
) -> Course:
    give_up_offers(patient=course.patient, service=course.service, by=by, now=planned[0].wish.now)
    lock_candidates((each for one in planned for each in one.candidates), course.patient_id)
    course.pk = None
    course.save(force_insert=True)
    conflicts: dict[int, Conflict] = {}
    written: list[Appointment] = []
    for number, one in enumerate(planned):
        visit = unsaved_visit(one.wish, request_key=one.request_key, course=course)
        visit.travel_note, visit.window_note = travel_note, one.verdict.note
        visit.early_reason, visit.early_approved_by = one.verdict.reason, one.verdict.approved_by
        try:
            written.append(write_booking(visit, one.wish, one.candidates, protocol_of(one.rules), one_of_many=True))
        except Conflict as conflict:
            conflicts[number] = conflict
    if conflicts:
        raise _CourseConflict(conflicts)
    if ends_wait is not None:
        end_wait(ends_wait, visit=written[0], by=by, now=planned[0].wish.now)
    audit.record(
        "course booked",
        by=by,
        subject=course,
        patient=course.patient,
        visits=len(planned),
        planned_sessions=course.planned_sessions,
        done_before=course.done_before,
    )
    return course


def _taken(planned: _Planned, conflict: Conflict) -> Refused:
    """With those of the near free times that the window after the visit before allows."""
    refused = taken(planned.wish, conflict)
    rules, zone = planned.rules, planned.wish.clinic.zone
    refused.alternatives = [
        slot
        for slot in refused.alternatives
        if rules is None or rules.answer(local_date(slot.starts_at, zone)).result is not BookingResult.REFUSED
    ]
    return refused


def _refused(problems: dict[int, Refused]) -> CourseRefused:
    what = "A visit of the course" if len(problems) == 1 else f"{len(problems)} visits of the course"
    return CourseRefused(f"{what} cannot be booked so. Nothing was booked; change what is marked.", problems=problems)
