"""Taking back the last change of a visit within the minutes in which the patient is not told of it yet."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from clinic.models import Clinic, User
from sessions_app import history, visit_tasks
from sessions_app.bookable import refuse_other_patients
from sessions_app.course_places import refuse_full_course
from sessions_app.entries import Conflict, lock_keys_of, take_back
from sessions_app.models import Appointment
from sessions_app.notices import announce_undone
from sessions_app.refusals import Refused, Stale, Taken
from sessions_app.reminders import call_off_reminders, plan_reminders
from sessions_app.repeat import repeat_rules
from sessions_app.retrying import with_retries
from sessions_app.settling import place_of, settle_left, settle_returned, settle_returning
from sessions_app.undo_facts import changed_at, entry_columns, last_change, visit_columns
from sessions_app.visit_rows import change, fresh, protocol_of, record, refuse_unless_current
from sessions_app.visit_writes import write_cancel
from sessions_app.waiting_return import wait_again

Status = Appointment.Status
UNDONE_REASON = "Booking taken back"


def undo(*, appointment: Appointment, version: int, by: User, now: datetime | None = None) -> Appointment:
    """Take back the last move or cancellation, or the booking itself (which cancels it).

    The patient is told nothing, unless they know of it: they made the change themselves, or spoke of the visit since.
    `version` is that of the visit after the change. Raises `Refused` when the grace is over or there is nothing to take
    back, `Taken` when somebody has the former time by now, `Stale` when the visit was changed since. Sent twice, it is
    done once.
    """
    at = now or timezone.now()
    current = fresh(appointment)
    refuse_other_patients(current, by)
    if _was_undone(current, version):
        return current
    try:
        return with_retries(lambda: _write_undo(appointment, version, by, at))
    except Stale:
        # Perhaps by this very form, sent twice at once.
        again = fresh(appointment)
        if _was_undone(again, version):
            return again
        raise
    except Conflict as conflict:
        why = (
            "The former time was closed meanwhile" if conflict.is_closed else "Somebody else has the former time by now"
        )
        raise Taken(f"{why}. The visit stays as it is; choose another time.") from conflict


def may_undo(appointment: Appointment, *, clinic: Clinic, now: datetime) -> bool:
    """Whether the visit's last change can still be taken back, as far as the clock says."""
    at = last_change(appointment)
    return at is not None and now < at + timedelta(minutes=clinic.change_grace_minutes)


def _was_undone(appointment: Appointment, version: int) -> bool:
    former = appointment.former or {}
    return appointment.version == version + 1 and former.get("undone") == version


@transaction.atomic
def _write_undo(appointment: Appointment, version: int, by: User, now: datetime) -> Appointment:
    current, clinic = fresh(appointment), Clinic.current()
    refuse_unless_current(current, version, (Status.BOOKED, Status.CANCELLED))
    if last_change(current) is None:
        raise Refused("There is nothing to take back. Move or cancel the visit instead.", rule="nothing_to_undo")
    if not may_undo(current, clinic=clinic, now=now):
        minutes = clinic.change_grace_minutes
        text = f"The {minutes} minutes for taking it back are over, and the patient is being told. Change it anew."
        raise Refused(text, rule="grace")
    if current.former is None:
        cancelled = write_cancel(current, version, UNDONE_REASON, by, now, undoes=version)
        wait_again(cancelled, former=None, by=by)
        return cancelled
    return _put_back(current, clinic=clinic, by=by, now=now)


def _put_back(current: Appointment, *, clinic: Clinic, by: User, now: datetime) -> Appointment:
    former, was = dict(current.former or {}), current.starts_at.isoformat()
    if current.status == Status.CANCELLED:
        refuse_full_course(current.course_id)
    change(
        current,
        current.version,
        (Status(current.status),),
        **visit_columns(former),
        cancel_reason="",
        former={"undone": current.version},
    )
    undone = fresh(current)
    entry, taken, left = undone.entry, lock_keys_of(undone.entry), place_of(undone.entry)
    for name, value in {**entry_columns(former), "active": True}.items():
        setattr(entry, name, value)
    settle_returning(place_of(entry), left_at=changed_at(former))
    take_back(entry, by=by, now=now, also_lock=taken)
    settle_left(left)
    visit_tasks.reopen(undone, closed_at=changed_at(former))
    record(history.UNDONE, undone, by=by, was=was)
    call_off_reminders(undone, reason="the change was undone")
    if undone.status == Status.BOOKED:
        rules = repeat_rules(undone.patient, undone.service)
        plan_reminders(undone, clinic=clinic, protocol=protocol_of(rules), now=now)
    wait_again(undone, former=former, by=by)
    announce_undone(undone, clinic=clinic, by=by, now=now)
    settle_returned(undone, by=by, now=now)
    return fresh(current)
