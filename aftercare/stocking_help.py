"""Patients whose stocking does not work wait for a call: what is open, and the end of it by whoever called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from aftercare.models import PlanItem, Tick
from aftercare.report_left import lately_opened, next_working_day_end
from aftercare.report_timing import same_day_ends
from aftercare.ticks import HELP_TASK, NEEDS_A_CALL
from clinic import audit
from clinic.models import Clinic, Patient, StaffTask, User
from clinic.protocol import ItemKey
from sessions_app.availability import Period

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class HelpWanted:
    """One patient who waits for a call. `reason` is the newest one of those that need it, a `Tick.Reason` or empty.

    `night_until`: the end of day-and-night wear, where it ran at `since`; of two legs the first. `lost_at`: since when
    there is no stocking to wear.
    """

    task_id: UUID
    patient_id: UUID
    name: str
    phone: str
    reason: str
    since: datetime
    night_until: datetime | None = None
    lost_at: datetime | None = None

    @property
    def reason_words(self) -> str:
        return Tick.Reason(self.reason).label if self.reason else "It does not work"


def open_help(*, limit: int, patient: Patient | None = None) -> Sequence[HelpWanted]:
    """Who waits, the longest first. One query."""
    tasks = StaffTask.objects.open().filter(kind=HELP_TASK)
    if patient is not None:
        tasks = tasks.filter(patient=patient)
    said = Tick.objects.filter(patient=OuterRef("patient_id"), task=Tick.Task.STOCKING, reason__in=NEEDS_A_CALL)
    newest = Subquery(said.order_by("-given_at", "-pk").values("reason")[:1])
    lost = said.filter(reason=Tick.Reason.LOST, given_at__gte=OuterRef("created_at")).order_by("given_at", "pk")
    rows = tasks.annotate(
        reason=newest,
        night_until=Subquery(_day_and_night().values("ends_at")[:1]),
        lost_at=Subquery(lost.values("given_at")[:1]),
    ).order_by("created_at", "pk")
    facts = rows.values_list(
        "public_id",
        "patient__public_id",
        "patient__given_name",
        "patient__family_name",
        "patient__phone",
        "reason",
        "created_at",
        "night_until",
        "lost_at",
    )
    return [
        HelpWanted(task, person, f"{given} {family}", str(phone or ""), reason or "", *when)
        for task, person, given, family, phone, reason, *when in facts[:limit]
    ]


def _day_and_night() -> QuerySet[PlanItem]:
    """The patient's day-and-night wear that ran when the task was written, what ends first on top."""
    items = PlanItem.objects.filter(
        plan__patient=OuterRef("patient_id"),
        plan__replaced_at__isnull=True,
        key=ItemKey.COMPRESSION_CONTINUOUS,
        starts_at__lte=OuterRef("created_at"),
        ends_at__gt=OuterRef("created_at"),
    )
    return items.order_by("ends_at", "pk")


def due_times(wanted: Sequence[HelpWanted], now: datetime) -> list[datetime]:
    """By when each of them is called: as for a report of the same trouble, by the end of the next working day.

    While the stocking is for day and night, and where there is none to wear, the same clinic day, and not after the end
    of day and night: help for a phase is of no use behind it. A house rule. Three queries, none for nobody.
    """
    if not wanted:
        return []
    clinic = Clinic.current()
    opened = lately_opened(now, clinic)
    return [_due_at(each, opened, clinic) for each in wanted]


def _due_at(wanted: HelpWanted, opened: Sequence[Period], clinic: Clinic) -> datetime:
    """What was said later only ever brings the call forward."""
    dues = []
    if wanted.night_until is not None:
        dues.append(same_day_ends(wanted.since, opened=opened, zone=clinic.zone, before=wanted.night_until))
    else:
        dues.append(next_working_day_end(wanted.since, opened, clinic))
    if wanted.lost_at is not None:
        dues.append(same_day_ends(wanted.lost_at, opened=opened, zone=clinic.zone))
    return min(dues)


@transaction.atomic
def finish_help(*, task: StaffTask, note: str, by: User, now: datetime | None = None) -> bool:
    """Somebody helped; `note`, at most 300 characters, says how. False when a colleague was first."""
    now = now or timezone.now()
    open_one = StaffTask.objects.open().filter(pk=task.pk, kind=HELP_TASK)
    if not open_one.update(done_at=now, done_by=by, note=" ".join(note.split())):
        return False
    audit.record("task done", by=by, subject=task, patient=task.patient, kind=str(task.kind))
    return True
