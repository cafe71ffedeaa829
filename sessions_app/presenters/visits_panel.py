"""The patient page's panel on visits: what comes, what was, the course and a clinician's hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.patient_page import Glance
from sessions_app.course_places import progress_of
from sessions_app.models import Appointment, Course, RepeatHold
from sessions_app.presenters.appointment import asked_words
from sessions_app.repeat import on_hold
from sessions_app.repeat_holds import open_hold
from sessions_app.wording import time_words

Status = Appointment.Status
_SHOWN = 20
# Of what was; the others are folded.
_OPEN = 3
_COURSES = 3


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit of a patient's list; `progress` is its place in a course, "3 of 5".

    `asked` is when and for what the patient asked who wishes another time: `Mon 23 Nov, 09:01: mornings`.
    """

    id: UUID
    starts_at: datetime
    service: str
    where: str
    status: str
    progress: str = ""
    confirmed: bool = False
    asked: str = ""


@dataclass(frozen=True, slots=True)
class CourseLine:
    """ "Treatment: 2 of 5 given, 2 booked, 1 to book" """

    words: str
    given: int
    planned: int
    to_book: int
    service_id: int


def visits_panel(patient: Patient, reader: User, now: datetime) -> dict[str, Any]:
    """A query for each kind of thing, whatever there is of it."""
    zone = Clinic.current().zone
    visits = Appointment.objects.visible_to(reader).filter(entry__patient=patient)
    shown = visits.select_related("service", "entry__nurse", "entry__room")
    coming = list(shown.filter(entry__starts_at__gte=now, status=Status.BOOKED).order_by("entry__starts_at")[:_SHOWN])
    was = list(shown.exclude(entry__starts_at__gte=now, status=Status.BOOKED).order_by("-entry__starts_at")[:_SHOWN])
    places = progress_of([*coming, *was])
    may_book = reader.may(Permission.BOOK)
    hold = open_hold(patient) if may_book else None
    return {
        "places": (("visits-title", "Visits"),),
        "glance": [_next(coming, zone)],
        "patient": patient,
        "coming": _lines(coming, places, zone),
        "was": _lines(was[:_OPEN], places, zone),
        "was_before": _lines(was[_OPEN:], places, zone),
        "courses": _courses(patient) if may_book else [],
        "hold": _hold_words(hold, zone) if hold else "",
        "waits": may_book and (hold is not None or bool(on_hold([patient]))),
        "hold_reason": hold.reason if hold and reader.may(Permission.VIEW_CHART) else "",
        "may_hold": reader.may(Permission.HOLD_REPEAT),
        "may_book": may_book,
    }


def _next(coming: Sequence[Appointment], zone: ZoneInfo) -> Glance:
    if not coming:
        return Glance("Next visit", "nothing booked", is_quiet=True)
    return Glance("Next visit", f"{time_words(coming[0].starts_at, zone)}, {coming[0].service.name}")


def _hold_words(hold: RepeatHold, zone: ZoneInfo) -> str:
    return f"The next treatment waits since {time_words(hold.placed_at, zone)}, says {hold.placed_by}."


def _lines(visits: Iterable[Appointment], places: dict[int, tuple[int, int]], zone: ZoneInfo) -> list[VisitLine]:
    return [
        VisitLine(
            id=visit.public_id,
            starts_at=visit.starts_at,
            service=visit.service.name,
            where=f"{visit.entry.nurse}, {visit.entry.room}",
            status=visit.status,
            progress="{} of {}".format(*places[visit.pk]) if visit.pk in places else "",
            confirmed=visit.confirmed_at is not None,
            asked=asked_words(visit, zone),
        )
        for visit in visits
    ]


def _courses(patient: Patient) -> list[CourseLine]:
    """The newest courses that are not over. One query."""
    released = Q(appointments__status__in=Appointment.RELEASED)
    rows = (
        Course.objects.filter(patient=patient)
        .select_related("service")
        .annotate(
            counted=Count("appointments", filter=~released & Q(appointments__isnull=False)),
            treated=Count("appointments", filter=Q(appointments__status=Status.DONE)),
        )
        .order_by("-created_at", "-pk")[:_COURSES]
    )
    return [
        _course(course)
        for course in rows
        if course.counted and course.done_before + course.treated < course.planned_sessions
    ]


def _course(course: Any) -> CourseLine:
    given = course.done_before + course.treated
    booked = course.counted - course.treated
    left = max(course.planned_sessions - given - booked, 0)
    parts = [f"{given} of {course.planned_sessions} given", *([f"{booked} booked"] if booked else [])]
    words = f"{course.service}: {', '.join([*parts, *([f'{left} to book'] if left else [])])}"
    return CourseLine(words, given, course.planned_sessions, left, course.service_id)
