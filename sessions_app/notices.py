"""What a patient is told of a booking and of each change of it, once the minutes in which it can be undone are over.

A notice is a row of the message engine, planned in the transaction of the change and due when the grace ends. Planned
and not gone yet, it says what is true by then: a visit moved twice is one notice, a booking that is cancelled before
anybody heard of it is none, and what is undone is none. What the patient has been told is read from the rows that left:
the deadline of each is the start that it spoke of. What the patient said or did themselves (confirmed, moved in the
portal) is read from the trail, and counts when somebody else changes the visit afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic import notifications
from clinic.models import Clinic, Delivery, User
from clinic.notifications import DueMessage
from clinic.notifications.timing import TIMING
from clinic.notifications.window import next_opening
from clinic.protocol.zones import local_time, zone_named
from sessions_app import history
from sessions_app.models import Appointment

SOURCE = "appointment"
"""Shared with the reminders, so that calling off a visit's messages calls off its notices too."""


class Notice(StrEnum):
    """The steps of the engine; their words are in `templates/notifications/<step>/`."""

    BOOKED = "APPT_BOOKED"
    MOVED = "APPT_MOVED"
    CANCELLED = "APPT_CANCELLED"


_CALLED_OFF: dict[Notice, str] = {
    Notice.BOOKED: "the appointment was booked anew",
    Notice.MOVED: "the appointment was moved",
    Notice.CANCELLED: "the appointment was cancelled",
}
_WHY: dict[Notice, str] = {
    Notice.BOOKED: "the visit was booked",
    Notice.MOVED: "the visit was moved",
    Notice.CANCELLED: "the visit was cancelled",
}
# Past the point of no return, and not known to have come back.
_TOLD = frozenset({Delivery.State.SENDING, Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Known:
    """What the patient has heard of a visit: `starts_at` is the start last told, None when nothing was told."""

    starts_at: datetime | None
    as_cancelled: bool
    # A booking notice was planned once, so that silence means "not told yet" and not "told by word of mouth".
    was_planned: bool
    # Something left, even if it may not have arrived; or the patient spoke of the visit.
    may_know: bool
    # The start that the patient spoke of, or took in the portal, after the last message that left was written.
    said_starts_at: datetime | None = None


def announce(appointment: Appointment, what: Notice, *, clinic: Clinic, by: User, now: datetime) -> None:
    """Plan what the patient is to be told, in the caller's transaction and after its change is written.

    Due `clinic.change_grace_minutes` after `now`, useless from the start of the visit on (cancelled: from the start
    that the patient knows). Nothing is planned for a visit so soon that the grace would end after it: who changes it
    then speaks to the patient anyway. Pass a fresh `appointment`: its version is the occurrence. `by` made the change.
    """
    if what is Notice.BOOKED:
        notifications.plan(booked(appointment, clinic=clinic, now=now))
        return
    known = _call_off(appointment, _CALLED_OFF[what], by=by)
    if what is Notice.CANCELLED:
        unheard = known.was_planned and not known.may_know
        if not unheard and not known.as_cancelled:
            knows = known.said_starts_at or known.starts_at or appointment.starts_at
            _plan(appointment, what, knows, clinic=clinic, now=now)
    elif needed := _correction(appointment, known, otherwise=Notice.MOVED):
        _plan(appointment, needed, appointment.starts_at, clinic=clinic, now=now)


def booked(appointment: Appointment, *, clinic: Clinic, now: datetime) -> list[DueMessage]:
    """What tells the patient of a booking, for who plans it with the visit's reminders; [] when it came too late."""
    return _messages(appointment, Notice.BOOKED, appointment.starts_at, clinic=clinic, now=now)


def announce_undone(appointment: Appointment, *, clinic: Clinic, by: User, now: datetime) -> None:
    """A change was taken back: its notice goes, and only what the patient has not heard yet is planned again.

    Who made the change alone and has it taken back by somebody else hears of that.
    """
    known = _call_off(appointment, "the change was undone", by=by)
    if needed := _correction(appointment, known, otherwise=None):
        _plan(appointment, needed, appointment.starts_at, clinic=clinic, now=now)


def _correction(appointment: Appointment, known: Known, *, otherwise: Notice | None) -> Notice | None:
    """The notice that brings the patient from what is known to what is true; `otherwise` where nothing is on record."""
    if known.as_cancelled:
        return Notice.BOOKED
    if known.said_starts_at not in (None, appointment.starts_at):
        return Notice.MOVED
    if known.starts_at is not None:
        return Notice.MOVED if known.starts_at != appointment.starts_at else None
    return Notice.BOOKED if known.was_planned else otherwise


def _call_off(appointment: Appointment, reason: str, *, by: User) -> Known:
    notifications.cancel(source=SOURCE, source_id=appointment.public_id, reason=reason, steps=list(Notice))
    # Who changes their own visit sees what they do; what they hear of it is what messages have not told.
    word = None if by.pk == appointment.patient.user_id else history.patients_word(appointment)
    return known_of(Delivery.objects.filter(source=SOURCE, source_id=appointment.public_id), word)


def known_of(deliveries: Iterable[Delivery], word: tuple[datetime, datetime] | None = None) -> Known:
    """Read from all messages of one visit, reminders included: a reminder tells the time as well.

    `word` is when the patient last spoke of the visit, and its start then.
    """
    rows = list(deliveries)
    told = [row for row in rows if row.state in _TOLD or row.resends]
    last = max(told, key=lambda row: row.due_at, default=None)
    return Known(
        starts_at=last.not_after if last else None,
        as_cancelled=last is not None and last.step == Notice.CANCELLED,
        was_planned=any(row.step == Notice.BOOKED for row in rows),
        may_know=bool(told) or word is not None or any(row.attempts for row in rows),
        said_starts_at=word[1] if word and (last is None or last.created_at < word[0]) else None,
    )


def _plan(appointment: Appointment, what: Notice, starts_at: datetime, *, clinic: Clinic, now: datetime) -> None:
    notifications.plan(_messages(appointment, what, starts_at, clinic=clinic, now=now))


def _messages(
    appointment: Appointment, what: Notice, starts_at: datetime, *, clinic: Clinic, now: datetime
) -> list[DueMessage]:
    patient = appointment.patient
    due_at = now + timedelta(minutes=clinic.change_grace_minutes)
    if due_at >= starts_at:
        return []
    # A confirmation that can only come after the visit is no news; of a change that comes too late a person must know.
    opens_at = next_opening(due_at, patient.time_zone, TIMING)
    if what is Notice.BOOKED and opens_at is not None and opens_at >= starts_at:
        return []
    return [
        DueMessage(
            lineage=appointment.public_id,
            step=what,
            occurrence=appointment.version,
            kind=Delivery.Kind.APPOINTMENT,
            patient=patient,
            source=SOURCE,
            source_id=appointment.public_id,
            due_at=due_at,
            not_after=starts_at,
            local_time=f"{local_time(due_at, zone_named(patient.time_zone)):%Y-%m-%dT%H:%M}",
            time_zone=patient.time_zone,
            why=_WHY[what],
            policy=Delivery.Policy.HOLD,
        )
    ]


@dataclass(frozen=True, slots=True)
class NoticeState:
    """What the patient was told last, or is told next: a sentence for staff, when, and how it stands."""

    words: str
    at: datetime | None
    kind: str  # none, planned, leaving, told, doubtful or not_told


_ABOUT: dict[str, str] = {
    Notice.BOOKED: "the booking",
    Notice.MOVED: "the new time",
    Notice.CANCELLED: "the cancellation",
}
_SENTENCES: dict[str, str] = {
    "planned": "The patient will be told of {about}",
    "leaving": "The patient is being told of {about}",
    "told": "The patient was told of {about}",
    "doubtful": "Nobody knows whether the patient heard of {about}",
    "not_told": "The message about {about} did not reach the patient",
}
_KINDS: dict[str, str] = {
    Delivery.State.PENDING: "planned",
    Delivery.State.REVIEW: "planned",
    Delivery.State.CLAIMED: "leaving",
    Delivery.State.SENDING: "leaving",
    Delivery.State.SENT: "told",
    Delivery.State.DELIVERED: "told",
    Delivery.State.UNCERTAIN: "doubtful",
    Delivery.State.FAILED: "not_told",
    Delivery.State.EXPIRED: "not_told",
    Delivery.State.BOUNCED: "not_told",
}


def state_of(appointment: Appointment) -> NoticeState:
    """The newest notice of a visit that was not called off, in words. One query."""
    rows = Delivery.objects.filter(source=SOURCE, source_id=appointment.public_id, step__in=list(Notice))
    row = rows.exclude(state=Delivery.State.CANCELLED).order_by("-due_at").first()
    if row is None:
        return NoticeState("No message tells the patient of this visit", None, "none")
    kind = _KINDS[row.state]
    at = max(row.due_at, row.next_try_at or row.due_at) if kind == "planned" else row.finished_at
    return NoticeState(_SENTENCES[kind].format(about=_ABOUT[row.step]), at, kind)
