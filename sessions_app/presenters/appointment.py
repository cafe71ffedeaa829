"""One visit in words: who, when, where, what happened to it, and what can be done with it. Nothing clinical."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.models import AuditEvent
from sessions_app import history
from sessions_app.booking import MAY_BECOME, MAY_GO_BACK
from sessions_app.course_places import progress_of
from sessions_app.models import Appointment, TreatmentSession
from sessions_app.outside import reasons_of
from sessions_app.presenters.treatment_waits import waits_at
from sessions_app.wording import day_words, time_words

Status = Appointment.Status

# What a press makes of the visit: words, icon and key of its button, on the board and in the dialog. N books and D
# shows the day everywhere, so they are no keys here.
STATUS_MOVES: dict[Status, tuple[str, str, str]] = {
    Status.ARRIVED: ("Check in", "circle-dot", "C"),
    Status.IN_TREATMENT: ("Called in", "circle-play", "I"),
    Status.DONE: ("Done", "circle-check", "F"),
    Status.NO_SHOW: ("Did not come", "circle-slash", "A"),
    Status.BOOKED: ("Not here after all", "undo-2", "Z"),
}


_EVENTS = (
    history.BOOKED,
    history.MOVED,
    history.CANCELLED,
    history.STATUS,
    history.UNDONE,
    history.CONFIRMED,
    history.MOVE_ASKED,
)
_CONFIRMED = {
    Appointment.ConfirmedVia.DESK: "Confirmed by phone",
    Appointment.ConfirmedVia.PORTAL: "Confirmed by the patient",
}


@dataclass(frozen=True, slots=True)
class StatusMove:
    to: str
    words: str
    icon: str
    key: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history: "Tue 13 Jan, 10:33", "Arrived", "Petra Fallowell"."""

    at: str
    what: str
    by: str


def may_become(appointment: Appointment, status: Status) -> bool:
    return status in MAY_BECOME.get(Status(appointment.status), frozenset())


def status_moves(appointment: Appointment, *, now: datetime) -> list[StatusMove]:
    """What the visit may become, without cancelling; "did not come" only once it should have begun."""
    offered = [each for each in STATUS_MOVES if may_become(appointment, each)]
    if now < appointment.starts_at and Status.NO_SHOW in offered:
        offered.remove(Status.NO_SHOW)
    return [StatusMove(str(each), *STATUS_MOVES[each]) for each in offered]


def when_words(appointment: Appointment, zone: ZoneInfo) -> str:
    """ "Tue 13 Jan, 10:00 to 11:05", until the patient may leave."""
    start, end = appointment.starts_at.astimezone(zone), appointment.walk_ends_at.astimezone(zone)
    return f"{day_words(start.date())}, {start:%H:%M} to {end:%H:%M}"


def status_toast(appointment: Appointment, *, was: str) -> tuple[str, str]:
    """What was done, and the address that undoes it ("" where that cannot be).

    Of a patient who comes or is called in although the treatment waits, that it does; of a visit that is over although
    its treatment is not signed, that it is not.
    """
    name = appointment.patient.name
    words = {
        Status.ARRIVED: f"{name} is here.",
        Status.IN_TREATMENT: f"{name} is called in.",
        Status.DONE: f"{name}: the visit is done.",
        Status.NO_SHOW: f"{name} is marked as no-show. The time is free again.",
        Status.BOOKED: f"{name} is back to booked.",
    }
    ways_back = MAY_BECOME.get(Status(appointment.status), MAY_GO_BACK.get(Status(appointment.status), frozenset()))
    may_go_back = was != appointment.status and Status(was) in ways_back
    undo = f"{reverse('sessions_app:status', args=[appointment.public_id])}?to={was}" if may_go_back else ""
    said = words.get(Status(appointment.status), "Saved.")
    begins = appointment.status in (Status.ARRIVED, Status.IN_TREATMENT) and appointment.status != was
    waits = waits_at(appointment) if begins else ""
    if appointment.status == Status.DONE and appointment.sessions.filter(status=TreatmentSession.Status.DRAFT).exists():
        waits = "The treatment is not signed yet."
    return f"{said} {waits}".rstrip(), undo


def history_of(appointment: Appointment, zone: ZoneInfo) -> list[Happened]:
    """What the audit trail says about the visit, newest first."""
    events = AuditEvent.objects.filter(
        subject=appointment._meta.label,
        subject_id=str(appointment.public_id),
        action__in=_EVENTS,
    ).order_by("-id")
    return [Happened(time_words(event.at, zone), _what(event, zone), event.by_name) for event in events]


def _what(event: AuditEvent, zone: ZoneInfo) -> str:
    facts: dict[str, Any] = event.details
    if event.action == history.CONFIRMED:
        return str(_CONFIRMED.get(facts.get("via", ""), "Confirmed"))
    if event.action == history.MOVE_ASKED:
        return "Another time asked for"
    if event.action == history.STATUS:
        return str(Status(facts["status"]).label)
    if event.action == history.CANCELLED:
        return "Cancelled"
    when = time_words(datetime.fromisoformat(facts["starts_at"]), zone)
    if event.action == history.UNDONE:
        return f"Taken back: again {when}"
    return f"Moved to {when}" if event.action == history.MOVED else f"Booked for {when}"


def confirmed_words(appointment: Appointment, zone: ZoneInfo) -> str:
    """ "By phone, Mon 12 Jan, 16:20"; "" while nobody has said that this time holds."""
    if appointment.confirmed_at is None:
        return ""
    via = Appointment.ConfirmedVia(appointment.confirmed_via).label
    return f"{via}, {time_words(appointment.confirmed_at, zone)}"


def asked_words(appointment: Appointment, zone: ZoneInfo) -> str:
    """What the patient wrote who asks for another time; "" for nobody."""
    if appointment.move_asked_at is None:
        return ""
    when = time_words(appointment.move_asked_at, zone)
    wish = f": {appointment.move_wish}" if appointment.move_wish else ""
    return f"{when}{wish}"


def outside_task(appointment: Appointment) -> UUID | None:
    """The open task of a booked visit that has to be moved, as `desk_parts.appointment_or_404` read it along."""
    task: UUID | None = getattr(appointment, "outside_task", None)
    return task if appointment.status == Status.BOOKED else None


def outside_words(appointment: Appointment) -> str:
    """ "Closed: Sick." of a visit that has to be moved."""
    return " ".join(reasons_of([appointment])[appointment.pk].values()) or "Outside of the hours."


def progress_words(appointment: Appointment) -> str:
    """ "Session 3 of 5" of a visit that counts in a course; "" otherwise. At most one query."""
    place = progress_of([appointment]).get(appointment.pk)
    return f"Session {place[0]} of {place[1]}" if place else ""
