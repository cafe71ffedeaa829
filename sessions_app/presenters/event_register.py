"""The register: every adverse event, found by state, kind, period and lot; page by page, for a constant price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from clinic.models import User
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.models import AdverseEvent, SessionAmpoule
from sessions_app.presenters.event_lines import tags_of, when_words
from sessions_app.visit_events import ORDINARY, gravity
from sessions_app.wording import days_words

PAGE = 30


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One event. ``age`` says for how long it is open; ``lots`` what was injected at its session."""

    url: str
    patient: str
    patient_id: UUID
    kind: str
    when: str
    grade: str
    age: str
    lots: Sequence[str]
    tags: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    lines: Sequence[RegisterLine]
    has_more: bool


def found(user: User, wanted: Mapping[str, Any], *, zone: ZoneInfo) -> QuerySet[AdverseEvent]:
    """`wanted`: state ("open", "unseen", "serious"), kind, first and last day of the onset, lot; all may be absent."""
    rows = AdverseEvent.objects.visible_to(user)
    state = wanted.get("state")
    if state in ("open", "unseen"):
        rows = rows.open()
    if state == "unseen":
        rows = rows.filter(acknowledged_at__isnull=True)
    if state == "serious":
        rows = rows.exclude(serious_because=[])
    if "kind" in wanted:
        rows = rows.filter(kind=wanted["kind"])
    if "first" in wanted:
        rows = rows.filter(onset_at__gte=start_of_day(wanted["first"], zone))
    if "last" in wanted:
        rows = rows.filter(onset_at__lt=start_of_day(_after(wanted["last"]), zone))
    if "lot" in wanted:
        of_lot = SessionAmpoule.objects.filter(lot__iexact=wanted["lot"]).values("session__lineage")
        rows = rows.filter(session__lineage__in=of_lot)
    return rows


def register_page(user: User, wanted: Mapping[str, Any], *, number: int, now: datetime, zone: ZoneInfo) -> RegisterPage:
    """Page `number` from 1: what is grave and no clinician has seen, then the newest onset first. Two queries."""
    rows = found(user, wanted, zone=zone).select_related("patient", "session")
    rows = rows.order_by(_urgency(), "-onset_at", "-pk")
    page = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    lots = _lots(page[:PAGE])
    lines = [_line(event, lots, now=now, zone=zone) for event in page[:PAGE]]
    return RegisterPage(lines, has_more=len(page) > PAGE)


def _urgency() -> Case:
    """As `gravity`, for those that alert; all others are alike."""
    alerts = Q(closed_at__isnull=True, acknowledged_at__isnull=True)
    return Case(When(alerts, then=gravity()), default=Value(ORDINARY), output_field=IntegerField())


def _lots(events: Sequence[AdverseEvent]) -> dict[UUID, list[str]]:
    """The lots of each session, by its lineage: a correction may have put another one in its place."""
    lineages = {event.session.lineage for event in events if event.session}
    ampoules = (
        SessionAmpoule.objects.filter(session__lineage__in=lineages)
        .exclude(lot="")
        .order_by("lot")
        .values_list("session__lineage", "lot")
        .distinct()
    )
    lots: dict[UUID, list[str]] = {}
    for lineage, lot in ampoules:
        lots.setdefault(lineage, []).append(lot)
    return lots


def _line(event: AdverseEvent, lots: Mapping[UUID, list[str]], *, now: datetime, zone: ZoneInfo) -> RegisterLine:
    ended = event.closed_at or now
    days = (local_date(ended, zone) - local_date(event.onset_at, zone)).days
    return RegisterLine(
        url=reverse("sessions_app:event", args=[event.public_id]),
        patient=event.patient.name,
        patient_id=event.patient.public_id,
        kind=event.get_kind_display(),
        when=when_words(event.onset_at, zone),
        grade=str(event.severity_grade or "–"),
        age=_age(days, is_open=event.closed_at is None),
        lots=lots.get(event.session.lineage, []) if event.session else [],
        tags=tags_of(event),
    )


def _age(days: int, *, is_open: bool) -> str:
    if is_open:
        return "today" if days <= 0 else f"open {days_words(days)}"
    return "same day" if days <= 0 else f"closed after {days_words(days)}"


def _after(day: date) -> date:
    return day + timedelta(days=1)
