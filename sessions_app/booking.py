"""Book, move, cancel, and what becomes of a visit. With `sessions_app.closures` the only writer of calendar entries.

Each verb validates first and then writes in one transaction: entry, appointment, audit event, due reminders. Whether
two people may have the same moment is decided by the database; who is refused gets the nearest free times, and nothing
of a refused change remains. Everything is safe to send twice.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, ProtocolVersion, Room, User
from clinic.protocol.values import Protocol
from clinic.protocol.zones import local_date
from sessions_app import history
from sessions_app.bookable import WindowVerdict, Wish, candidates_for, check_texts, period_of, verdict_on
from sessions_app.closures import close, hold, release_hold, reopen
from sessions_app.entries import Candidate, Conflict, lock_keys_of, release, take
from sessions_app.models import Appointment, CalendarEntry, Service
from sessions_app.refusals import EarlyNeedsClinician, Refused, Stale, Taken
from sessions_app.reminders import call_off_reminders, plan_reminders
from sessions_app.repeat import RepeatRules, repeat_rules
from sessions_app.retrying import with_retries
from sessions_app.taken import taken
from sessions_app.wording import day_words, time_words

__all__ = [
    "MAY_BECOME",
    "EarlyNeedsClinician",
    "Refused",
    "Stale",
    "Taken",
    "book",
    "cancel",
    "change_status",
    "close",
    "hold",
    "move",
    "release_hold",
    "reopen",
]

Status = Appointment.Status

MAY_BECOME: dict[Status, frozenset[Status]] = {
    Status.BOOKED: frozenset({Status.ARRIVED, Status.NO_SHOW, Status.CANCELLED}),
    # Back to booked: somebody pressed the key on the wrong line.
    Status.ARRIVED: frozenset({Status.IN_TREATMENT, Status.CANCELLED, Status.BOOKED}),
    Status.IN_TREATMENT: frozenset({Status.DONE}),
    # Who comes late after all gets the time back, if nobody else has it.
    Status.NO_SHOW: frozenset({Status.ARRIVED}),
}
_RELEASED = frozenset({Status.CANCELLED, Status.NO_SHOW})
_ON_THE_DAY = frozenset({Status.ARRIVED, Status.IN_TREATMENT})


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
    now: datetime | None = None,
) -> Appointment:
    """Book a visit; no nurse or room means any that is free. The same `request_key` again gives the booking it made.

    Raises `Taken` with alternatives, `EarlyNeedsClinician`, or `Refused` for what cannot be booked at all.
    """
    check_texts(note=(note, 300), early_reason=(early_reason, 300), travel_note=(travel_note, 200))
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
    )
    unsaved = Appointment(
        service=service,
        chair_minutes=service.chair_minutes,
        walk_minutes=service.walk_minutes,
        buffer_minutes=service.buffer_minutes,
        request_key=request_key,
        note=note.strip(),
        travel_note=travel_note.strip(),
        booked_by=by,
        booked_at=wish.now,
        status_at=wish.now,
    )
    try:
        return _book(unsaved, wish)
    except (Conflict, Refused, IntegrityError) as error:
        # Perhaps it was this very form, sent twice, that took the time.
        if made := _made_by(request_key, patient, service):
            return made
        if isinstance(error, Conflict):
            raise taken(wish, error) from error
        raise


def _book(unsaved: Appointment, wish: Wish) -> Appointment:
    assert wish.patient is not None
    rules = repeat_rules(wish.patient, wish.service)
    candidates = candidates_for(wish, nurse_first=rules.nurse_id if rules else None)
    verdict = verdict_on(wish, rules)
    unsaved.window_note, unsaved.early_reason = verdict.note, verdict.reason
    unsaved.early_approved_by = verdict.approved_by
    protocol = _protocol(rules)
    return with_retries(lambda: _write_booking(unsaved, wish, candidates, protocol))


def _made_by(request_key: UUID, patient: Patient, service: Service) -> Appointment | None:
    """The booking that this form made already; `Refused` when it was for somebody or something else."""
    made = Appointment.objects.select_related("entry__patient", "service").filter(request_key=request_key).first()
    if made is not None and (made.entry.patient_id, made.service_id) != (patient.pk, service.pk):
        raise Refused("This form has made another booking already. Open a new one.", rule="request_key")
    return made


@transaction.atomic
def _write_booking(
    appointment: Appointment, wish: Wish, candidates: list[Candidate], protocol: Protocol
) -> Appointment:
    entry = CalendarEntry(
        kind=CalendarEntry.Kind.APPOINTMENT,
        patient=wish.patient,
        starts_at=wish.period.starts_at,
        ends_at=wish.period.ends_at,
    )
    take(entry, candidates, by=wish.by, now=wish.now)
    appointment.pk, appointment.entry = None, entry
    appointment.save(force_insert=True)
    early = appointment.early_approved_by is not None
    _record(history.BOOKED, appointment, by=wish.by, service=appointment.service_id, early=early)
    plan_reminders(appointment, clinic=wish.clinic, protocol=protocol, now=wish.now)
    return appointment


def move(
    *,
    appointment: Appointment,
    version: int,
    starts_at: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    by: User,
    early_reason: str = "",
    now: datetime | None = None,
) -> Appointment:
    """Move a booked visit, which keeps its length; no nurse or room means the same ones if they are free, or any.

    Refused, it keeps its old time. Raises `Stale` when the visit is not at `version` any more, otherwise as `book`.
    """
    check_texts(early_reason=(early_reason, 300))
    current = _fresh(appointment)
    _refuse_unless_current(current, version, (Status.BOOKED,))
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
    )
    if _changes_nothing(wish, entry):
        return current
    rules = repeat_rules(current.patient, current.service)
    candidates = candidates_for(wish, nurse_first=entry.nurse_id, room_first=entry.room_id)
    verdict = _verdict_on_move(current, wish, rules)
    try:
        return with_retries(lambda: _write_move(current, wish, candidates, verdict, _protocol(rules)))
    except Conflict as conflict:
        raise taken(wish, conflict) from conflict


def _changes_nothing(wish: Wish, entry: CalendarEntry) -> bool:
    return (
        wish.period.starts_at == entry.starts_at
        and (wish.nurse is None or wish.nurse.pk == entry.nurse_id)
        and (wish.room is None or wish.room.pk == entry.room_id)
    )


def _verdict_on_move(current: Appointment, wish: Wish, rules: RepeatRules | None) -> WindowVerdict:
    """On the same date the former verdict stands."""
    zone = wish.clinic.zone
    if local_date(current.starts_at, zone) == local_date(wish.period.starts_at, zone):
        return WindowVerdict(current.window_note, current.early_approved_by, current.early_reason)
    return verdict_on(wish, rules)


@transaction.atomic
def _write_move(
    before: Appointment, wish: Wish, candidates: list[Candidate], verdict: WindowVerdict, protocol: Protocol
) -> Appointment:
    _change(
        before,
        before.version,
        (Status.BOOKED,),
        window_note=verdict.note,
        early_approved_by=verdict.approved_by,
        early_reason=verdict.reason,
    )
    moved = _fresh(before)
    was = moved.starts_at.isoformat()
    entry, former = moved.entry, lock_keys_of(moved.entry)
    entry.starts_at, entry.ends_at = wish.period.starts_at, wish.period.ends_at
    take(entry, candidates, by=wish.by, now=wish.now, also_lock=former)
    _record(history.MOVED, moved, by=wish.by, was=was, early=verdict.approved_by is not None)
    call_off_reminders(moved, reason="the appointment was moved")
    plan_reminders(moved, clinic=wish.clinic, protocol=protocol, now=wish.now)
    return moved


def cancel(
    *, appointment: Appointment, version: int, reason: str, by: User, now: datetime | None = None
) -> Appointment:
    """Cancel a visit that has not begun and give its time back. Cancelling again changes nothing."""
    check_texts(reason=(reason, 200))
    if not reason.strip():
        raise Refused("Give the reason for cancelling.", rule="reason", field="reason")
    return with_retries(lambda: _write_cancel(appointment, version, reason.strip(), by, now or timezone.now()))


@transaction.atomic
def _write_cancel(appointment: Appointment, version: int, reason: str, by: User, now: datetime) -> Appointment:
    current = _fresh(appointment)
    if current.status == Status.CANCELLED:
        return current
    cancellable = tuple(status for status, targets in MAY_BECOME.items() if Status.CANCELLED in targets)
    _change(current, version, cancellable, status=Status.CANCELLED, status_at=now, cancel_reason=reason)
    release(current.entry_id)
    cancelled = _fresh(appointment)
    _record(history.CANCELLED, cancelled, by=by)
    call_off_reminders(cancelled, reason="the appointment was cancelled")
    return cancelled


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
        raise Taken("Somebody else has this time by now. Book a new visit.") from conflict


@transaction.atomic
def _write_status(appointment: Appointment, to: Appointment.Status, by: User, now: datetime) -> Appointment:
    current = _fresh(appointment)
    if current.status == to:
        return current
    if to == Status.NO_SHOW and now < current.starts_at:
        when = time_words(current.starts_at, Clinic.current().zone)
        raise Refused(f"The visit starts {when}. Mark a no-show after that, or cancel it.", rule="no_show_early")
    if to in _ON_THE_DAY:
        _refuse_another_day(current, now)
    allowed = tuple(status for status, targets in MAY_BECOME.items() if to in targets)
    _change(current, current.version, allowed, status=to, status_at=now)
    if to in _RELEASED:
        release(current.entry_id)
        call_off_reminders(current, reason="the patient did not come")
    elif not current.entry.active:
        _take_back(current.entry, by=by, now=now)
    changed = _fresh(appointment)
    _record(history.STATUS, changed, by=by, was=str(current.status))
    return changed


def _refuse_another_day(appointment: Appointment, now: datetime) -> None:
    """Nobody arrives days ahead: from "in treatment" there is no way back to a booked time."""
    zone = Clinic.current().zone
    day = local_date(appointment.starts_at, zone)
    if local_date(now, zone) < day:
        raise Refused(f"This visit is on {day_words(day)}. Move it to today first.", rule="date")


def _take_back(entry: CalendarEntry, *, by: User, now: datetime) -> None:
    entry.active = True
    assert entry.nurse_id is not None
    assert entry.room_id is not None
    take(entry, [(entry.nurse_id, entry.room_id)], by=by, now=now)


def _fresh(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("entry__patient", "entry__nurse", "entry__room", "service").get(
        pk=appointment.pk
    )


def _change(current: Appointment, version: int, allowed_from: tuple[Status, ...], **values: object) -> None:
    """The conditional update that every change begins with; who comes second is refused before anything else."""
    changed = Appointment.objects.filter(pk=current.pk, version=version, status__in=allowed_from).update(
        version=F("version") + 1, **values
    )
    if not changed:
        _refuse_unless_current(_fresh(current), version, allowed_from)


def _refuse_unless_current(current: Appointment, version: int, allowed_from: tuple[Status, ...]) -> None:
    if current.version != version:
        raise Stale(
            "Somebody changed this visit while the page was open. Look at it again before you change it.",
            difference=history.changes_since(current, version),
        )
    if current.status not in allowed_from:
        raise Refused(f"This visit is already {current.get_status_display().lower()}.", rule="status")


def _record(action: str, appointment: Appointment, *, by: User, **details: object) -> None:
    audit.record(
        action,
        by=by,
        subject=appointment,
        patient=appointment.patient,
        **history.facts_of(appointment),
        **details,
    )


def _protocol(rules: RepeatRules | None) -> Protocol:
    """The protocol that reminders follow; without a signed one the shipped one."""
    if rules is not None:
        return rules.protocol
    version = ProtocolVersion.in_force()
    return version.protocol() if version else Protocol.default()
