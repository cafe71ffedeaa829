"""What of the board is shown: the date, lanes by nurse or by room, and the filters. All of it stands in the address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import BigIntegerField

from sessions_app.day import EntryRow, HoursRow
from sessions_app.models import Appointment

Status = Appointment.Status

UNCONFIRMED = "unconfirmed"
STATES = (
    (str(Status.BOOKED), "Booked"),
    (UNCONFIRMED, "Not confirmed"),
    (str(Status.ARRIVED), "Arrived"),
    (str(Status.IN_TREATMENT), "In treatment"),
    (str(Status.DONE), "Done"),
    (str(Status.NO_SHOW), "No-show"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """One look at the board. Nonsense in an address is as if it were not there."""

    day: date
    by: str = "nurse"
    nurse: UUID | None = None
    room: int | None = None
    service: int | None = None
    state: str = ""

    @classmethod
    def from_address(cls, asked: Mapping[str, str], day: date) -> "Filters":
        state = asked.get("status", "")
        return cls(
            day=day,
            by="room" if asked.get("by") == "room" else "nurse",
            nurse=_uuid(asked.get("nurse", "")),
            room=_id(asked.get("room", "")),
            service=_id(asked.get("service", "")),
            state=state if state in dict(STATES) else "",
        )

    def address(self, **changes: object) -> str:
        """The query of the same look with some parts changed: "date=2026-01-13&by=room"; None leaves a part out."""
        parts = {
            "date": self.day.isoformat(),
            "by": "room" if self.by == "room" else None,
            "nurse": self.nurse,
            "room": self.room,
            "service": self.service,
            "status": self.state or None,
            **changes,
        }
        return urlencode({name: value for name, value in parts.items() if value is not None})

    @property
    def picks_visits(self) -> bool:
        """Whether some visits are let through and others not, beyond what the lanes themselves say."""
        return bool(self.service or self.state or (self.room if self.by == "nurse" else self.nurse))

    def lets_through(self, row: EntryRow, now: datetime) -> bool:
        return (
            (self.nurse is None or row.nurse_public_id == self.nurse)
            and (self.room is None or row.room_id == self.room)
            and (self.service is None or row.service_id == self.service)
            and (not self.state or self._has_state(row, now))
        )

    def _has_state(self, row: EntryRow, now: datetime) -> bool:
        if self.state == UNCONFIRMED:
            return is_unconfirmed(row, now)
        return row.status == self.state


def is_unconfirmed(row: EntryRow, now: datetime) -> bool:
    """Booked, still to come, and the patient has not said that the time holds."""
    return row.status == Status.BOOKED and row.confirmed_at is None and row.starts_at > now


@dataclass(frozen=True, slots=True)
class Choice:
    """One select of the filters: its name in the address, its label, and (value, words, chosen)."""

    name: str
    label: str
    nothing: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: what it says, and the query without it."""

    words: str
    without: str


def choices_of(
    filters: Filters,
    *,
    entries: Iterable[EntryRow],
    hours: Iterable[HoursRow],
    rooms: Iterable[tuple[int, str]],
    services: Iterable[tuple[int, str]],
) -> list[Choice]:
    """The selects. Nurses are those who work or have a visit on the shown days."""
    nurses = {(row.nurse, str(row.nurse_public_id)) for row in hours}
    nurses |= {(row.nurse, str(row.nurse_public_id)) for row in entries if row.visit and row.nurse}

    def choice(name: str, label: str, nothing: str, chosen: object, options: Iterable[tuple[object, str]]) -> Choice:
        marked = [(str(value), words, str(value) == str(chosen)) for value, words in options]
        if chosen and not any(on for _, _, on in marked):
            marked.append((str(chosen), "Nobody of these days" if name == "nurse" else "No longer used", True))
        return Choice(name, label, nothing, marked)

    return [
        choice("nurse", "Nurse", "All nurses", filters.nurse, ((value, words) for words, value in sorted(nurses))),
        choice("room", "Room", "All rooms", filters.room, rooms),
        choice("service", "Service", "All services", filters.service, services),
        choice("status", "Status", "Every status", filters.state, STATES),
    ]


def chips_of(filters: Filters, choices: Iterable[Choice]) -> list[Chip]:
    return [
        Chip(f"{choice.label}: {words}", filters.address(**{choice.name: None}))
        for choice in choices
        for _, words, chosen in choice.options
        if chosen
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _id(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= BigIntegerField.MAX_BIGINT
    return int(text) if is_id else None
