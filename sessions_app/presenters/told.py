"""What the patient was told of a visit and what will be, in words for the visit's dialog."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Delivery, User
from clinic.notifications.words import STATES, STEPS
from sessions_app.models import Appointment
from sessions_app.notices import SOURCE
from sessions_app.wording import time_words

State = Delivery.State
_SHOWN = 8
_CHANNELS = {"email": "by e-mail", "sms": "by text message"}
_LEFT = frozenset({State.SENT, State.DELIVERED})


@dataclass(frozen=True, slots=True)
class Told:
    """One message: "Visit booked", "told Tue 13 Jan, 10:46, by e-mail", its icon; `level` is a tag's kind."""

    what: str
    state: str
    icon: str
    level: str


def messages_of(appointment: Appointment, reader: User, zone: ZoneInfo) -> list[Told]:
    """Messages about the visit in the order in which they are due, without those that were called off. One query."""
    if not reader.may(Permission.VIEW_DELIVERIES):
        return []
    rows = (
        Delivery.objects.filter(source=SOURCE, source_id=appointment.public_id)
        .exclude(state=State.CANCELLED)
        .order_by("due_at", "pk")[:_SHOWN]
    )
    return [_told(row, zone) for row in rows]


def _told(row: Delivery, zone: ZoneInfo) -> Told:
    level, icon = STATES[row.state]
    what, _ = STEPS.get(row.step, (row.step, row.step))
    return Told(what, _state_words(row, zone), icon, level)


def _state_words(row: Delivery, zone: ZoneInfo) -> str:
    how = _CHANNELS.get(row.channel, "")
    if row.state == State.PENDING:
        return _joined(f"will be told {time_words(row.next_try_at or row.due_at, zone)}", how)
    if row.state in _LEFT and row.finished_at:
        return _joined(f"told {time_words(row.finished_at, zone)}", how)
    return _joined(str(State(row.state).label).lower(), how)


def _joined(words: str, how: str) -> str:
    return f"{words}, {how}" if how else words
