"""The nurse's day: who waits, who is in the chair, who comes, what is not signed. Four queries whatever the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse

from clinic.models import Patient, User
from clinic.protocol.checks.calendar import age_on
from clinic.protocol.zones import local_date, local_time, start_of_day
from sessions_app.emergency import GRAVE_KINDS, Step, next_words
from sessions_app.facts import zone_of
from sessions_app.models import AdverseEvent, Appointment, TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.treatment_waits import waits_words
from sessions_app.visit_events import gravest_open, steps_of_gravest
from sessions_app.visit_holds import holds_column
from sessions_app.wording import day_words

Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class EventLine:
    """An adverse event of a visit that is not closed. ``todo``: what it says to who treats, "" for nothing."""

    words: str
    todo: str
    url: str
    is_grave: bool


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One line. ``is_start``: a tap starts the visit (a POST); otherwise it opens what is there.

    ``waits`` says why the treatment waits for a clinician, ``event`` what is open of the visit itself.
    """

    name: str
    details: str
    time: str
    url: str
    status: str
    state: str
    level: str
    warning: str
    waits: str
    is_start: bool
    event: EventLine | None = None


@dataclass(frozen=True, slots=True)
class MyDay:
    day: date
    waiting: list[VisitRow]
    with_nurse: list[VisitRow]
    coming: list[VisitRow]
    unsigned: list[VisitRow]
    done: list[VisitRow]

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.with_nurse or self.coming or self.done)

    @property
    def grave(self) -> list[VisitRow]:
        """Visits with an open event of a grave kind: the first thing that is seen."""
        rows = (*self.with_nurse, *self.waiting, *self.done, *self.coming)
        return [row for row in rows if row.event and row.event.is_grave]

    @property
    def summary(self) -> str:
        """ "2 wait, 5 to come, 1 unsigned" """
        parts = [(len(self.waiting), "waiting"), (len(self.coming), "to come"), (len(self.unsigned), "unsigned")]
        return ", ".join(f"{number} {words}" for number, words in parts if number)


def my_day(user: User, *, now: datetime, zone: ZoneInfo, everybody: bool = False) -> MyDay:
    """The day of one nurse, or of all of them."""
    day = local_date(now, zone)
    start, end = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    visits = (
        Appointment.objects.visible_to(user)
        .starting_between(start, end)
        .exclude(status=Status.CANCELLED)
        .select_related("entry__patient", "entry__room", "entry__nurse", "service")
        .prefetch_related(Prefetch("sessions", TreatmentSession.objects.order_by("-pk")))
        .annotate(
            waits=holds_column(patient="entry__patient"),
            event_id=gravest_open("public_id"),
            event_kind=gravest_open("kind"),
            event_at=gravest_open("recorded_at"),
            event_done=steps_of_gravest(),
        )
        .order_by("entry__starts_at")
    )
    drafts = (
        TreatmentSession.objects.visible_to(user)
        .unsigned()
        .select_related("patient", "nurse", "appointment__entry")
        .order_by("started_at")
    )
    if not everybody:
        visits, drafts = visits.filter(entry__nurse=user), drafts.filter(Q(nurse=user) | Q(held_by=user))
    return _sorted_out(list(visits), drafts, now=now, zone=zone, day=day, everybody=everybody)


def _sorted_out(
    visits: list[Appointment],
    drafts: QuerySet[TreatmentSession],
    *,
    now: datetime,
    zone: ZoneInfo,
    day: date,
    everybody: bool,
) -> MyDay:
    numbers = _session_numbers(visit.patient for visit in visits)
    rows: dict[str, list[tuple[datetime, VisitRow]]] = {"waiting": [], "with_nurse": [], "coming": [], "done": []}
    for visit in visits:
        row = _row(visit, number=numbers.get(visit.patient.pk, 0) + 1, now=now, zone=zone, everybody=everybody)
        group = {Status.ARRIVED: "waiting", Status.IN_TREATMENT: "with_nurse", Status.BOOKED: "coming"}
        name = group.get(Status(visit.status), "done")
        rows[name].append((visit.status_at if name == "waiting" else visit.starts_at, row))
    sorted_rows = {name: [row for _, row in sorted(found, key=lambda pair: pair[0])] for name, found in rows.items()}
    here = {visit.pk for visit in visits if visit.status == Status.IN_TREATMENT}
    unsigned = [
        _draft_row(draft, today=day, everybody=everybody) for draft in drafts if draft.appointment_id not in here
    ]
    return MyDay(day=day, unsigned=unsigned, **sorted_rows)


def _session_numbers(patients: Iterable[Patient]) -> dict[int, int]:
    """Signed sessions so far, by patient."""
    counted = (
        TreatmentSession.objects.current()
        .filter(patient__in={patient.pk for patient in patients})
        .values_list("patient")
        .annotate(Count("pk"))
    )
    return dict(counted)


def _row(visit: Appointment, *, number: int, now: datetime, zone: ZoneInfo, everybody: bool) -> VisitRow:
    patient, session = visit.patient, _version_that_holds(visit.sessions.all())
    state, level = _state(visit, session, now=now, zone=zone)
    parts = [str(age_on(local_date(now, zone), patient.birth_date)), str(visit.entry.room), visit.service.name]
    if visit.status not in (Status.DONE, Status.NO_SHOW):
        parts.insert(1, f"session {number}")
    if everybody:
        parts.append(str(visit.entry.nurse))
    address = reverse("sessions_app:visit", args=[visit.public_id])
    if session is not None and session.status != session.Status.DRAFT:
        address = reverse("sessions_app:session", args=[session.public_id])
    return VisitRow(
        name=patient.name,
        details=", ".join(parts),
        time=f"{local_time(visit.starts_at, zone):%H:%M}",
        url=address,
        status=visit.status,
        state=state,
        level=level,
        warning="Allergy to polidocanol" if patient.polidocanol_allergy else "",
        waits=waits_words(visit.waits.split()),  # type: ignore[attr-defined]  # a column of the query
        is_start=visit.status == Status.ARRIVED and session is None,
        event=_event(visit, zone),
    )


def _version_that_holds(newest_first: Iterable[TreatmentSession]) -> TreatmentSession | None:
    """The last closed version of the visit's session, or its draft; that of a correction holds for nothing yet."""
    versions = [*newest_first]
    closed = (each for each in versions if each.status != TreatmentSession.Status.DRAFT)
    return next(closed, versions[-1] if versions else None)


def _event(visit: Any, zone: ZoneInfo) -> EventLine | None:
    if visit.event_id is None:
        return None
    kind = AdverseEvent.Kind(visit.event_kind)
    return EventLine(
        words=f"{kind.label} recorded {local_time(visit.event_at, zone):%H:%M}",
        todo=next_words(kind, [Step[name] for name in visit.event_done.split()]),
        url=reverse("sessions_app:event", args=[visit.event_id]),
        is_grave=kind in GRAVE_KINDS,
    )


def _state(visit: Appointment, session: TreatmentSession | None, *, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """What is to be said about the visit now, and how loud."""
    minutes = int((now - visit.status_at).total_seconds() // 60)
    if visit.status == Status.ARRIVED:
        since = f"{local_time(visit.status_at, zone):%H:%M}"
        return f"Waits since {since}, {max(minutes, 0)} min", "attention" if minutes >= 15 else ""
    if visit.status == Status.IN_TREATMENT:
        if session is None or session.observation_started_at is None:
            return f"In the chair since {local_time(visit.status_at, zone):%H:%M}", ""
        if session.observation_ended_at is None:
            return f"Walks since {local_time(session.observation_started_at, zone):%H:%M}", ""
        return "Not signed yet", "attention"
    if visit.status == Status.BOOKED:
        late = int((now - visit.starts_at).total_seconds() // 60)
        return (f"{late} min late", "attention") if late >= 5 else ("", "")
    if session is not None and session.status == session.Status.DRAFT:
        return "Not signed yet", "attention"
    if session is not None and session.status == session.Status.NOT_TREATED:
        return "Not treated", ""
    return visit.get_status_display(), ""


def _draft_row(draft: TreatmentSession, *, today: date, everybody: bool) -> VisitRow:
    zone = zone_of(draft)
    began = local_time(draft.started_at, zone)
    age = (today - began.date()).days
    return VisitRow(
        name=draft.patient.name,
        details=f"{day_words(began.date())}, {began:%H:%M}"
        + (", a correction" if draft.amends_id else "")
        + (f", {draft.nurse}" if everybody else ""),
        time="",
        url=chart_url(draft),
        status="draft",
        state="today" if age <= 0 else "since yesterday" if age == 1 else f"for {age} days",
        level="attention" if age >= 1 else "",
        warning="",
        waits="",
        is_start=False,
    )
