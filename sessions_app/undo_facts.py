"""What a visit was before its last move or cancellation, kept on its row as JSON until the next change."""

from datetime import datetime
from typing import Any

from sessions_app.models import Appointment

# Columns of the appointment that come back as they were; instants are kept as text.
_COLUMNS = ("status", "window_note", "early_reason", "early_approved_by_id", "overbooked_by_id", "confirmed_via")
_INSTANTS = ("status_at", "confirmed_at", "move_asked_at")


def former_of(appointment: Appointment, *, at: datetime) -> dict[str, Any]:
    """The facts of a visit that is about to change `at` this moment; its entry must be loaded as it stands."""
    entry = appointment.entry
    return {
        "changed_at": at.isoformat(),
        "visit": {name: getattr(appointment, name) for name in (*_COLUMNS, "move_wish")}
        | {name: _text(getattr(appointment, name)) for name in _INSTANTS},
        "entry": {
            "starts_at": _text(entry.starts_at),
            "ends_at": _text(entry.ends_at),
            "nurse_id": entry.nurse_id,
            "room_id": entry.room_id,
            "overbook_reason": entry.overbook_reason,
        },
    }


def changed_at(former: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(former["changed_at"])


def last_change(appointment: Appointment) -> datetime | None:
    """When the booking, move or cancellation that could be taken back was made; None when there is none."""
    if appointment.former and "changed_at" in appointment.former:
        return changed_at(appointment.former)
    if appointment.version == 1 and appointment.status == Appointment.Status.BOOKED:
        return appointment.booked_at
    return None


def visit_columns(former: dict[str, Any]) -> dict[str, Any]:
    """The columns of the appointment as they were, to be written back."""
    kept = dict(former["visit"])
    return kept | {name: _instant(kept[name]) for name in _INSTANTS}


def entry_columns(former: dict[str, Any]) -> dict[str, Any]:
    """The columns of the entry as they were."""
    kept = dict(former["entry"])
    return kept | {name: _instant(kept[name]) for name in ("starts_at", "ends_at")}


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
