"""Patients whose stocking does not work wait for a call: what is open, and the end of it by whoever called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from aftercare.models import Tick
from aftercare.report_left import next_working_day_ends
from aftercare.ticks import HELP_TASK, NEEDS_A_CALL
from clinic import audit
from clinic.models import Clinic, Patient, StaffTask, User

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class HelpWanted:
    """One patient who waits for a call. `reason` is the newest one of those that need it, a `Tick.Reason` or empty."""

    task_id: UUID
    patient_id: UUID
    name: str
    phone: str
    reason: str
    since: datetime

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
    rows = tasks.annotate(reason=newest).order_by("created_at", "pk")
    facts = rows.values_list(
        "public_id",
        "patient__public_id",
        "patient__given_name",
        "patient__family_name",
        "patient__phone",
        "reason",
        "created_at",
    )
    return [
        HelpWanted(task, person, f"{given} {family}", str(phone or ""), reason or "", since)
        for task, person, given, family, phone, reason, since in facts[:limit]
    ]


def due_times(wanted: Sequence[HelpWanted], now: datetime) -> list[datetime]:
    """By when each of them is called: as for a report of the same trouble, by the end of the next working day.

    Three queries, none for nobody.
    """
    return next_working_day_ends([each.since for each in wanted], now, Clinic.current()) if wanted else []


@transaction.atomic
def finish_help(*, task: StaffTask, note: str, by: User, now: datetime | None = None) -> bool:
    """Somebody helped; `note`, at most 300 characters, says how. False when a colleague was first."""
    now = now or timezone.now()
    open_one = StaffTask.objects.open().filter(pk=task.pk, kind=HELP_TASK)
    if not open_one.update(done_at=now, done_by=by, note=" ".join(note.split())):
        return False
    audit.record("task done", by=by, subject=task, patient=task.patient, kind=str(task.kind))
    return True
