"""A patient's messages on the staff's page of the patient: what did not arrive, what comes, what went out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftercare.presenters.staff import message_line, told_at
from clinic.models import Delivery, Patient, User

_READ = 60
_SHOWN = 4
_STATE = Delivery.State
_TROUBLE = (_STATE.FAILED, _STATE.BOUNCED, _STATE.UNCERTAIN, _STATE.EXPIRED, _STATE.REVIEW)
_COMING = (_STATE.PENDING, _STATE.CLAIMED, _STATE.SENDING)
_GONE = (_STATE.SENT, _STATE.DELIVERED)


def messages_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """One query; the newest of each kind, `first` what the first of a folded group is. None without any message."""
    rows = list(Delivery.objects.visible_to(reader).filter(patient=patient).order_by("-due_at", "step")[:_READ])
    if not rows:
        return None
    coming = [row for row in rows if row.state in _COMING][::-1]
    groups = (
        ("Did not arrive", "", [row for row in rows if row.state in _TROUBLE]),
        ("Planned", "next", coming),
        ("Sent", "last", sorted((row for row in rows if row.state in _GONE), key=told_at, reverse=True)),
    )
    return {
        "places": (("messages-panel-title", "Messages"),),
        "patient": patient,
        "groups": [
            {
                "title": title,
                "number": len(found),
                "first": first,
                "is_folded": bool(first),
                "lines": [message_line(row) for row in found[:_SHOWN]],
                "more": len(found) > _SHOWN,
            }
            for title, first, found in groups
            if found
        ],
    }
