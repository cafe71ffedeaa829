"""Book, move, cancel, and what becomes of a visit. With `sessions_app.closures` the only writer of calendar entries.

Each verb validates first and then writes in one transaction: entry, appointment, audit event, due reminders, the notice
to the patient. Whether two people may have the same moment is decided by the database; who is refused gets the nearest
free times, and nothing of a refused change remains. Everything is safe to send twice.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.window import ON_HOLD
from clinic.protocol.zones import local_date
from sessions_app.asking import ask_to_move, confirm
from sessions_app.bookable import (
    WindowVerdict,
    Wish,
    candidates_for,
    check_overbooking,
    check_own_move,
    check_texts,
    period_of,
    verdict_on,
    with_neighbours,
)
from sessions_app.closures import close, hold, release_hold, reopen
from sessions_app.course_booking import CourseVisit, book_course
from sessions_app.entries import Conflict
from sessions_app.models import Appointment, CalendarEntry, Course, Service, WaitListEntry
from sessions_app.refusals import CourseRefused, EarlyNeedsClinician, Refused, Stale, Taken
from sessions_app.repeat import RepeatRules, repeat_rules, waits
from sessions_app.retrying import with_retries
from sessions_app.statuses import change_status
from sessions_app.taken import taken
from sessions_app.undo import may_undo, undo
from sessions_app.visit_rows import MAY_BECOME, MAY_GO_BACK, fresh, protocol_of, refuse_unless_current
from sessions_app.visit_writes import unsaved_visit, write_booking, write_cancel, write_move

__all__ = [
    "MAY_BECOME",
    "MAY_GO_BACK",
    "CourseRefused",
    "CourseVisit",
    "EarlyNeedsClinician",
    "Refused",
    "Stale",
    "Taken",
    "ask_to_move",
    "book",
    "book_course",
    "cancel",
    "change_status",
    "close",
    "confirm",
    "hold",
    "may_undo",
    "move",
    "release_hold",
    "reopen",
    "undo",
]

Status = Appointment.Status


def book(
    *,
    patient: Patient,
    service: Service,
    starts_at: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    request_key: UUID,
    by: User,
    note: str = "",
    early_reason: str = "",
    travel_note: str = "",
    course: Course | None = None,
    overbook_reason: str = "",
    ends_wait: WaitListEntry | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Book a visit; no nurse or room means any that is free. The same `request_key` again gives the booking it made
    while that stands, and books nothing once it is cancelled.

    With a reason, somebody with the permission to overbook gets a taken time too, beside one other visit; a free time
    is booked plainly all the same. `ends_wait` is what they waited for: they are off the wait list, and on it again
    when the booking is undone. Raises `Taken` with alternatives, `EarlyNeedsClinician`, or `Refused` for what cannot
    be booked at all.
    """
    check_texts(note=(note, 300), early_reason=(early_reason, 300), travel_note=(travel_note, 200))
    check_overbooking(overbook_reason, by)
    wish = Wish(
        clinic=Clinic.current(),
        service=service,
        period=period_of(starts_at, service.length),
        by=by,
        now=now or timezone.now(),
        nurse=nurse,
        room=room,
        patient=patient,
        early_reason=early_reason,
        overbook_reason=overbook_reason,
    )
    unsaved = unsaved_visit(wish, request_key=request_key, course=course)
    unsaved.note, unsaved.travel_note = note.strip(), travel_note.strip()
    try:
        return _book(unsaved, wish, ends_wait)
    except (Conflict, Refused, IntegrityError) as error:
        # Perhaps it was this very form, sent twice, that took the time.
        if made := _made_by(request_key, patient, service):
            return made
        if isinstance(error, Conflict):
            raise taken(wish, error) from error
        raise


def _book(unsaved: Appointment, wish: Wish, ends_wait: WaitListEntry | None) -> Appointment:
    assert wish.patient is not None
    course = unsaved.course
    if course is not None and (course.patient_id, course.service_id) != (wish.patient.pk, wish.service.pk):
        raise Refused("This course is another patient's, or for another service.", rule="course", field="course")
    rules = repeat_rules(wish.patient, wish.service)
    candidates = candidates_for(wish, nurse_first=rules.nurse_id if rules else None)
    protocol = protocol_of(rules)
    verdict = with_neighbours(verdict_on(wish, rules), wish, protocol)
    unsaved.window_note, unsaved.early_reason = verdict.note, verdict.reason
    unsaved.early_approved_by = verdict.approved_by
    return with_retries(lambda: write_booking(unsaved, wish, candidates, protocol, ends_wait=ends_wait))


def _made_by(request_key: UUID, patient: Patient, service: Service) -> Appointment | None:
    """The booking that this form made already; `Refused` when it was for somebody or something else, or is no more."""
    made = Appointment.objects.select_related("entry__patient", "service").filter(request_key=request_key).first()
    if made is not None and (made.entry.patient_id, made.service_id) != (patient.pk, service.pk):
        raise Refused("This form has made another booking already. Open a new one.", rule="request_key")
    if made is not None and made.status == Status.CANCELLED:
        # A page gone back to, or left open beside: nobody may read "Booked" of a visit that is not.
        text = "What this form booked was taken back or cancelled since. Nothing is booked: open a new one."
        raise Refused(text, rule="request_key")
    return made


def move(
    *,
    appointment: Appointment,
    version: int,
    starts_at: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    by: User,
    early_reason: str = "",
    overbook_reason: str = "",
    ends_wait: WaitListEntry | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Move a booked visit, which keeps its length; no nurse or room means the same ones if they are free, or any.

    Refused, it keeps its old time. Raises `Stale` when the visit is not at `version` any more, otherwise as `book`.
    Where it stands already it stays, whoever put it there: the same form sent twice is done once. Patients move their
    own visit only, where the clinic allows it, with its notice and inside the repeat window. `ends_wait` as in `book`.
    """
    check_texts(early_reason=(early_reason, 300))
    check_overbooking(overbook_reason, by)
    current = fresh(appointment)
    entry = current.entry
    wish = Wish(
        clinic=Clinic.current(),
        service=current.service,
        period=period_of(starts_at, entry.ends_at - entry.starts_at),
        by=by,
        now=now or timezone.now(),
        nurse=nurse,
        room=room,
        patient=current.patient,
        early_reason=early_reason,
        moves=entry,
        overbook_reason=overbook_reason,
    )
    stays = _changes_nothing(wish, entry)
    refuse_unless_current(current, current.version if stays else version, (Status.BOOKED,))
    if stays:
        return current
    rules = repeat_rules(current.patient, current.service)
    if waits(current.patient, current.service, rules):
        raise Refused(ON_HOLD, rule="B4", field="starts_at")
    check_own_move(current, wish, rules)
    candidates = candidates_for(wish, nurse_first=entry.nurse_id)
    verdict = _verdict_on_move(current, wish, rules)
    try:
        return with_retries(
            lambda: write_move(current, wish, candidates, verdict, protocol_of(rules), ends_wait=ends_wait)
        )
    except Conflict as conflict:
        raise taken(wish, conflict) from conflict


def _changes_nothing(wish: Wish, entry: CalendarEntry) -> bool:
    return (
        wish.period.starts_at == entry.starts_at
        and (wish.nurse is None or wish.nurse.pk == entry.nurse_id)
        and (wish.room is None or wish.room.pk == entry.room_id)
    )


def _verdict_on_move(current: Appointment, wish: Wish, rules: RepeatRules | None) -> WindowVerdict:
    """On the same date the former verdict stands; whether the treatment waits was asked before."""
    zone = wish.clinic.zone
    if local_date(current.starts_at, zone) == local_date(wish.period.starts_at, zone):
        return WindowVerdict(current.window_note, current.early_approved_by, current.early_reason)
    return with_neighbours(verdict_on(wish, rules), wish, protocol_of(rules))


def cancel(
    *, appointment: Appointment, version: int, reason: str, by: User, now: datetime | None = None
) -> Appointment:
    """Cancel a visit that has not begun and give its time back. Cancelling again changes nothing."""
    check_texts(reason=(reason, 200))
    if not reason.strip():
        raise Refused("Give the reason for cancelling.", rule="reason", field="reason")
    return with_retries(lambda: write_cancel(appointment, version, reason.strip(), by, now or timezone.now()))
