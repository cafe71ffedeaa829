"""What happened to a visit, read from the audit trail: for a page that was opened before the last change."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from clinic.models import AuditEvent, Clinic, Room, User
from sessions_app.models import Appointment
from sessions_app.wording import time_words

BOOKED, MOVED, CANCELLED, STATUS, UNDONE = (
    "appointment booked",
    "appointment moved",
    "appointment cancelled",
    "appointment status",
    "appointment change undone",
)
# These leave the version as it is: the time is the same.
CONFIRMED, MOVE_ASKED = "appointment confirmed", "appointment move asked"
_NEW_PLACE = (MOVED, UNDONE)
_SAID = (CONFIRMED, MOVE_ASKED)


def facts_of(appointment: Appointment) -> dict[str, Any]:
    """What the trail keeps of a visit after a change: ids and codes."""
    entry = appointment.entry
    return {
        "version": appointment.version,
        "status": str(appointment.status),
        "starts_at": entry.starts_at.isoformat(),
        "nurse": entry.nurse_id,
        "room": entry.room_id,
    }


def patients_word(appointment: Appointment) -> tuple[datetime, datetime] | None:
    """When the patient last spoke of the visit, or moved it themselves, and its start then; None when never.

    Who confirms a time, wishes another one or takes it in the portal knows it, whatever messages have left. One query.
    """
    by_themselves = Q(action__in=_NEW_PLACE, by_id=appointment.patient.user_id, by_id__isnull=False)
    last = (
        AuditEvent.objects.filter(subject=appointment._meta.label, subject_id=str(appointment.public_id))
        .filter(Q(action__in=_SAID) | by_themselves)
        .order_by("-id")
        .values_list("at", "details")
        .first()
    )
    return (last[0], datetime.fromisoformat(last[1]["starts_at"])) if last else None


def changes_since(appointment: Appointment, version: int) -> list[str]:
    """A sentence for each change after `version` of the visit, oldest first."""
    events = AuditEvent.objects.filter(
        subject=appointment._meta.label,
        subject_id=str(appointment.public_id),
        action__in=(MOVED, CANCELLED, STATUS, UNDONE),
    ).order_by("id")
    newer = [event for event in events if event.details.get("version", 0) > version]
    nurses = User.objects.in_bulk([event.details["nurse"] for event in newer if event.action in _NEW_PLACE])
    rooms = Room.objects.in_bulk([event.details["room"] for event in newer if event.action in _NEW_PLACE])
    zone = Clinic.current().zone

    def where(facts: dict[str, Any]) -> str:
        when = time_words(datetime.fromisoformat(facts["starts_at"]), zone)
        return f"{when} with {nurses[facts['nurse']]} in {rooms[facts['room']]}"

    def sentence(event: AuditEvent) -> str:
        facts = event.details
        if event.action == MOVED:
            return f"Moved to {where(facts)} by {event.by_name}."
        if event.action == CANCELLED:
            return f"Cancelled by {event.by_name}."
        if event.action == UNDONE:
            return f"Put back to {where(facts)} by {event.by_name}."
        return f"Now {Appointment.Status(facts['status']).label.lower()}, says {event.by_name}."

    return [sentence(event) for event in newer]
