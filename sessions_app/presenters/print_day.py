"""The day on paper: for each nurse one page with who comes when, for what and where. Nothing clinical."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.templatetags.legwork import STATUSES
from sessions_app.availability import day_period
from sessions_app.day import HoursRow
from sessions_app.models import Appointment
from sessions_app.presenters.treatment_waits import paper_words
from sessions_app.visit_holds import holds_column
from sessions_app.visit_tasks import has_to_move

_ASKED = (
    "pk",
    "entry__nurse_id",
    "entry__nurse__name",
    "entry__nurse__public_id",
    "entry__starts_at",
    "entry__patient__given_name",
    "entry__patient__family_name",
    "entry__patient__birth_date",
    "entry__room__name",
    "entry__overbook_reason",
    "service__name",
    "chair_minutes",
    "walk_minutes",
    "status",
    "note",
    "course_id",
    "waits",
    "has_to_move",
)


class Visit(NamedTuple):
    """One visit as it was read; its columns are those of the query."""

    pk: int
    nurse_id: int
    nurse: str
    nurse_public_id: UUID
    starts_at: datetime
    given_name: str
    family_name: str
    birth_date: date
    room: str
    overbook_reason: str
    service: str
    chair_minutes: int
    walk_minutes: int
    status: str
    note: str
    course_id: int | None
    waits: str
    has_to_move: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list. `until` is when the patient may leave."""

    time: str
    until: str
    patient: str
    birth_date: date
    service: str
    room: str
    notes: str
    status: str


@dataclass(frozen=True, slots=True)
class Page:
    """One nurse's page. `hours` says when she works: "08:00 to 12:00, 13:00 to 18:00"."""

    nurse: str
    hours: str
    lines: list[Line]


def visits_on(day: date, zone: ZoneInfo) -> list[Visit]:
    """The visits of a date that are not called off and to which somebody came or may come. One query."""
    period = day_period(day, zone)
    rows = (
        Appointment.objects.starting_between(period.starts_at, period.ends_at)
        .standing()
        .annotate(waits=holds_column(patient="entry__patient"), has_to_move=has_to_move())
        .order_by("entry__starts_at", "pk")
        .values_list(*_ASKED)
    )
    return [Visit(*row) for row in rows]


def pages_of(
    visits: Iterable[Visit],
    hours: Iterable[HoursRow],
    *,
    zone: ZoneInfo,
    progress: Mapping[int, tuple[int, int]],
    nurse: UUID | None = None,
) -> list[Page]:
    """A page for everybody who works or has a visit, by name; only `nurse` if one is wished."""
    worked: dict[tuple[str, int, UUID], list[str]] = {}
    for row in hours:
        span = f"{row.starts:%H:%M} to {row.ends:%H:%M}"
        worked.setdefault((row.nurse, row.nurse_id, row.nurse_public_id), []).append(span)
    lines: dict[int, list[Line]] = {}
    for visit in visits:
        worked.setdefault((visit.nurse, visit.nurse_id, visit.nurse_public_id), [])
        lines.setdefault(visit.nurse_id, []).append(_line(visit, zone, progress.get(visit.pk)))
    return [
        Page(name, ", ".join(spans), lines.get(nurse_id, []))
        for (name, nurse_id, public_id), spans in sorted(worked.items())
        if nurse in (None, public_id)
    ]


def _line(visit: Visit, zone: ZoneInfo, part: tuple[int, int] | None) -> Line:
    wall = visit.starts_at.astimezone(zone)
    # Why it was overbooked may be clinical, and stays off the paper.
    on_hold, over = paper_words(visit.waits.split()), "Overbooked" if visit.overbook_reason else ""
    moves = "Has to move" if visit.has_to_move and visit.status == Appointment.Status.BOOKED else ""
    return Line(
        time=f"{wall:%H:%M}",
        until=f"{wall + timedelta(minutes=visit.chair_minutes + visit.walk_minutes):%H:%M}",
        patient=f"{visit.family_name}, {visit.given_name}",
        birth_date=visit.birth_date,
        service=f"{visit.service} {part[0]} of {part[1]}" if part else visit.service,
        room=visit.room,
        notes=". ".join(each.rstrip(".") for each in (moves, on_hold, visit.note, over) if each),
        status="" if visit.status == Appointment.Status.BOOKED else STATUSES[visit.status][1],
    )
