"""What is not signed: what waits for a clinician, one's own drafts, everybody's; late ones first. And lifted blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse

from clinic.access import Permission
from clinic.models import StaffTask, User
from clinic.protocol.values import Protocol
from clinic.protocol.zones import local_date, local_time
from sessions_app.cosigning import waiting_for_clinician
from sessions_app.facts import zone_of
from sessions_app.models import TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.wording import day_words, days_words, time_words

PAGE = 30


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One session that is not signed. ``is_late``: later than the protocol allows."""

    name: str
    details: str
    url: str
    state: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class LiftedLine:
    """A block that was lifted in a signed session, or an allergy that was taken back, for the lead."""

    task: UUID
    name: str
    details: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class ToSign:
    waiting: Sequence[DraftLine]
    drafts: Sequence[DraftLine]
    lifted: Sequence[LiftedLine]
    late: int
    has_more: bool

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.drafts or self.lifted)


def to_sign(user: User, *, everybody: bool, number: int, now: datetime, zone: ZoneInfo, protocol: Protocol) -> ToSign:
    """The page `number` (from 1) of the drafts; the other lists stand on the first page alone."""
    drafts = _with_people(TreatmentSession.objects.visible_to(user).unsigned()).order_by("started_at", "pk")
    if not everybody:
        drafts = drafts.filter(Q(nurse=user) | Q(held_by=user))
    rows = list(drafts[(number - 1) * PAGE : number * PAGE + 1])
    lines = [_draft_line(row, now=now, protocol=protocol) for row in rows[:PAGE]]
    first = number == 1
    return ToSign(
        waiting=[_asked_line(row, now=now) for row in _with_people(waiting_for_clinician(user))[:PAGE]]
        if first
        else [],
        drafts=lines,
        lifted=_lifted(user, zone) if first and user.may(Permission.SIGN_PROTOCOL) else [],
        late=sum(line.is_late for line in lines),
        has_more=len(rows) > PAGE,
    )


def _with_people(rows: QuerySet[TreatmentSession]) -> QuerySet[TreatmentSession]:
    return rows.select_related("patient", "nurse", "appointment", "clinician_asked_by")


def _draft_line(draft: TreatmentSession, *, now: datetime, protocol: Protocol) -> DraftLine:
    began = local_time(draft.started_at, zone_of(draft))
    age = (local_date(now, zone_of(draft)) - began.date()).days
    return DraftLine(
        name=draft.patient.name,
        details=_details(draft, began),
        url=chart_url(draft),
        state="today" if age <= 0 else f"for {days_words(age)}",
        is_late=age > protocol.late_signature_days,
    )


def _asked_line(draft: TreatmentSession, *, now: datetime) -> DraftLine:
    assert draft.clinician_asked_at is not None
    zone = zone_of(draft)
    asked = local_time(draft.clinician_asked_at, zone)
    when = f"{asked:%H:%M}" if asked.date() == local_date(now, zone) else time_words(draft.clinician_asked_at, zone)
    return DraftLine(
        name=draft.patient.name,
        details=_details(draft, local_time(draft.started_at, zone)),
        url=reverse("aftercare:sign", args=[draft.public_id]),
        state=f"asked by {draft.clinician_asked_by}, {when}",
        is_late=asked.date() < local_date(now, zone),
    )


def _details(draft: TreatmentSession, began: datetime) -> str:
    parts = [f"{day_words(began.date())}, {began:%H:%M}", str(draft.nurse)]
    return ", ".join([*parts, *(["a correction"] if draft.amends_id else [])])


def _lifted(user: User, zone: ZoneInfo) -> list[LiftedLine]:
    tasks = (
        StaffTask.objects.visible_to(user)
        .open()
        .filter(kind=StaffTask.Kind.OVERRIDE_TO_REVIEW)
        .select_related("patient")
        .order_by("created_at")[:PAGE]
    )
    return [
        LiftedLine(
            task=task.public_id,
            name=task.patient.name,
            details=day_words(local_date(task.created_at, zone)),
            url=reverse("sessions_app:session", args=[task.about_id])
            if task.about_id
            else reverse("clinic:patient", args=[task.patient.public_id]),
            note=task.note,
        )
        for task in tasks
    ]
