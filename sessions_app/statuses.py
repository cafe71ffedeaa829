"""What becomes of a visit on its day: arrived, in treatment, done, no-show; along `MAY_BECOME` and in no other way."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic import audit
from clinic.models import AuditEvent, Clinic, Patient, User
from clinic.protocol.zones import local_date
from sessions_app import history, visit_tasks
from sessions_app.course_places import refuse_full_course
from sessions_app.entries import Conflict, release, take_back
from sessions_app.models import Appointment, TreatmentSession
from sessions_app.refusals import Refused, Taken
from sessions_app.reminders import call_off_reminders
from sessions_app.retrying import with_retries
from sessions_app.settling import place_of, settle_left, settle_returning
from sessions_app.visit_rows import change, fresh, record, that_may_become
from sessions_app.wording import day_words, time_words

Status = Appointment.Status

_ON_THE_DAY = frozenset({Status.ARRIVED, Status.IN_TREATMENT})


def change_status(
    *, appointment: Appointment, to: Appointment.Status, by: User, now: datetime | None = None
) -> Appointment:
    """Move a visit along `MAY_BECOME`: arrived, in treatment, done, no-show. Asking twice changes nothing.

    A no-show releases the time; who comes late after all takes it again, or raises `Taken`. `cancel` has its own verb.
    """
    if to == Status.CANCELLED:
        raise ValueError("use cancel(), which asks for the reason")
    at = now or timezone.now()
    try:
        return with_retries(lambda: _write_status(appointment, Status(to), by, at))
    except Conflict as conflict:
        why = "This time was closed meanwhile." if conflict.is_closed else "Somebody else has this time by now."
        raise Taken(f"{why} Book a new visit.") from conflict


@transaction.atomic
def _write_status(appointment: Appointment, to: Appointment.Status, by: User, now: datetime) -> Appointment:
    current = fresh(appointment)
    if current.status == to:
        return current
    if to == Status.NO_SHOW and now < current.starts_at:
        when = time_words(current.starts_at, Clinic.current().zone)
        raise Refused(f"The visit starts {when}. Mark a no-show after that, or cancel it.", rule="no_show_early")
    if to in _ON_THE_DAY:
        _refuse_another_day(current, now)
    if current.status == Status.DONE:
        _refuse_what_is_over(current, now)
    change(current, current.version, that_may_become(to), status=to, status_at=now)
    if to in Appointment.RELEASED:
        release(current.entry)
        settle_left(place_of(current.entry))
        call_off_reminders(current, reason="the patient did not come")
    elif not current.entry.active:
        refuse_full_course(current.course_id)
        current.entry.active = True
        settle_returning(place_of(current.entry), left_at=current.status_at)
        take_back(current.entry, by=by, now=now)
    _settle_tasks(current, to, by=by, now=now)
    changed = fresh(appointment)
    record(history.STATUS, changed, by=by, was=str(current.status), status_at=now.isoformat())
    return changed


def finish_treated(*, appointment: Appointment, patient: Patient, by: User, now: datetime) -> AuditEvent | None:
    """The visit in treatment is done because its session is signed: one conditional update, as signing is quick.

    Answers the event of it, not saved yet; None when the visit is elsewhere on its way, and nothing was written.
    """
    known = Appointment.objects.filter(pk=appointment.pk, version=appointment.version, status=Status.IN_TREATMENT)
    if not known.update(status=Status.DONE, status_at=now, version=F("version") + 1, former=None):
        return None
    was, appointment.status, appointment.status_at = appointment.status, Status.DONE, now
    appointment.version += 1
    facts = history.facts_of(appointment)
    return audit.event(history.STATUS, by=by, subject=appointment, patient=patient, **facts, was=str(was))


def _settle_tasks(before: Appointment, to: Appointment.Status, *, by: User, now: datetime) -> None:
    """What was to be done about a booked time is done when the visit leaves it, and open again when it comes back.

    Those of a no-show who came after all are stamped anew, so that the way back to booked finds them.
    """
    if to == Status.BOOKED or before.status == Status.NO_SHOW:
        visit_tasks.reopen(before, closed_at=before.status_at)
    if to != Status.BOOKED and before.status in (Status.BOOKED, Status.NO_SHOW):
        visit_tasks.close(before, by=by, now=now)


def _refuse_what_is_over(done: Appointment, now: datetime) -> None:
    """A visit comes back from done only on its day, and only while its treatment is not signed."""
    zone = Clinic.current().zone
    if local_date(now, zone) > local_date(done.starts_at, zone):
        raise Refused("This visit was on another day. It stays done.", rule="date")
    # Held until this is written: a signature of the same moment comes before or after it, and finds the visit as it is.
    statuses = list(done.sessions.select_for_update().values_list("status", flat=True))
    if any(status != TreatmentSession.Status.DRAFT for status in statuses):
        raise Refused("The treatment of this visit is signed or closed. The visit stays done.", rule="closed")


def _refuse_another_day(appointment: Appointment, now: datetime) -> None:
    """Nobody arrives days ahead: from "in treatment" there is no way back to a booked time."""
    zone = Clinic.current().zone
    day = local_date(appointment.starts_at, zone)
    if local_date(now, zone) < day:
        raise Refused(f"This visit is on {day_words(day)}. Move it to today first.", rule="date")
