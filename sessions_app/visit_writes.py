"""The transactions that write a visit and what hangs on it: entry, appointment, audit event, reminders and notices.

Nothing here decides who may or what is allowed; the verbs of `sessions_app.booking` do so before.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from clinic.models import Clinic, User
from clinic.protocol.values import Protocol
from sessions_app import history, visit_tasks
from sessions_app.bookable import WindowVerdict, Wish
from sessions_app.course_places import refuse_full_course
from sessions_app.entries import Candidate, lock_keys_of, release, take
from sessions_app.models import Appointment, CalendarEntry, Course, WaitListEntry
from sessions_app.notices import Notice, announce, booked
from sessions_app.offers_given_up import end_wait, give_up_offers
from sessions_app.reminders import call_off_reminders, plan_reminders
from sessions_app.settling import place_of, settle_left, settle_placed
from sessions_app.undo_facts import former_of
from sessions_app.visit_rows import change, fresh, record, that_may_become
from sessions_app.waiting_return import ended_with

Status = Appointment.Status


def unsaved_visit(wish: Wish, *, request_key: UUID, course: Course | None = None) -> Appointment:
    """A visit as wished, with the lengths that its service has today."""
    service = wish.service
    return Appointment(
        service=service,
        chair_minutes=service.chair_minutes,
        walk_minutes=service.walk_minutes,
        buffer_minutes=service.buffer_minutes,
        request_key=request_key,
        course=course,
        booked_by=wish.by,
        booked_at=wish.now,
        status_at=wish.now,
    )


@transaction.atomic
def write_booking(
    appointment: Appointment,
    wish: Wish,
    candidates: list[Candidate],
    protocol: Protocol,
    *,
    one_of_many: bool = False,
    ends_wait: WaitListEntry | None = None,
) -> Appointment:
    """Write an unsaved visit. `one_of_many`: a refusal by the database leaves the transaction around it usable.

    That transaction has given up the patient's offers already. The undo of a visit that `ends_wait` brings the wait
    back: both have the moment of the booking (`waiting_return.wait_again`).
    """
    assert wish.patient is not None
    if not one_of_many:
        give_up_offers(patient=wish.patient, service=wish.service, by=wish.by, now=wish.now)
        refuse_full_course(appointment.course_id)
    entry = CalendarEntry(
        kind=CalendarEntry.Kind.APPOINTMENT,
        patient=wish.patient,
        starts_at=wish.period.starts_at,
        ends_at=wish.period.ends_at,
    )
    take(entry, candidates, by=wish.by, now=wish.now, overbook_reason=wish.overbook_reason.strip(), careful=one_of_many)
    appointment.pk, appointment.entry = None, entry
    appointment.overbooked_by = wish.by if entry.overbook_reason else None
    appointment.save(force_insert=True)
    record(
        history.BOOKED,
        appointment,
        by=wish.by,
        service=appointment.service_id,
        early=appointment.early_approved_by is not None,
        overbooked=bool(entry.overbook_reason),
    )
    notice = booked(appointment, clinic=wish.clinic, now=wish.now)
    plan_reminders(appointment, clinic=wish.clinic, protocol=protocol, now=wish.now, also=notice, is_spoken=True)
    settle_placed(appointment, clinic=wish.clinic, by=wish.by, now=wish.now)
    if ends_wait is not None:
        end_wait(ends_wait, visit=appointment, by=wish.by, now=wish.now)
    return appointment


@transaction.atomic
def write_move(
    before: Appointment,
    wish: Wish,
    candidates: list[Candidate],
    verdict: WindowVerdict,
    protocol: Protocol,
    *,
    ends_wait: WaitListEntry | None = None,
) -> Appointment:
    give_up_offers(patient=before.patient, service=before.service, by=wish.by, now=wish.now, moves=before)
    change(
        before,
        before.version,
        (Status.BOOKED,),
        former=former_of(before, at=wish.now),
        overbooked_by=None,
        window_note=verdict.note,
        early_approved_by=verdict.approved_by,
        early_reason=verdict.reason,
        **visit_tasks.NOTHING_SAID,
    )
    moved = fresh(before)
    was = moved.starts_at.isoformat()
    entry, former, left = moved.entry, lock_keys_of(moved.entry), place_of(moved.entry)
    entry.starts_at, entry.ends_at = wish.period.starts_at, wish.period.ends_at
    take(
        entry,
        candidates,
        by=wish.by,
        now=wish.now,
        also_lock=former,
        overbook_reason=wish.overbook_reason.strip(),
    )
    if entry.overbook_reason:
        moved.overbooked_by = wish.by
        moved.save(update_fields=["overbooked_by"])
    visit_tasks.close(moved, by=wish.by, now=wish.now)
    record(
        history.MOVED,
        moved,
        by=wish.by,
        was=was,
        early=verdict.approved_by is not None,
        overbooked=bool(entry.overbook_reason),
    )
    call_off_reminders(moved, reason="the appointment was moved")
    plan_reminders(moved, clinic=wish.clinic, protocol=protocol, now=wish.now)
    announce(moved, Notice.MOVED, clinic=wish.clinic, by=wish.by, now=wish.now)
    settle_left(left)
    settle_placed(moved, clinic=wish.clinic, by=wish.by, now=wish.now)
    if ends_wait is not None and end_wait(ends_wait, visit=moved, by=wish.by, now=wish.now):
        ended_with(moved, ends_wait)
    return moved


@transaction.atomic
def write_cancel(
    appointment: Appointment, version: int, reason: str, by: User, now: datetime, *, undoes: int | None = None
) -> Appointment:
    """Cancel, or find it cancelled already. `undoes` is the version of a booking that is taken back."""
    current = fresh(appointment)
    if current.status == Status.CANCELLED:
        return current
    change(
        current,
        version,
        that_may_become(Status.CANCELLED),
        former=former_of(current, at=now) if undoes is None else {"undone": undoes},
        status=Status.CANCELLED,
        status_at=now,
        cancel_reason=reason,
        **visit_tasks.NOTHING_SAID,
    )
    release(current.entry)
    settle_left(place_of(current.entry))
    cancelled = fresh(appointment)
    visit_tasks.close(cancelled, by=by, now=now)
    record(history.CANCELLED, cancelled, by=by)
    call_off_reminders(cancelled, reason="the appointment was cancelled")
    announce(cancelled, Notice.CANCELLED, clinic=Clinic.current(), by=by, now=now)
    return cancelled
