"""Failures that people must know of become staff tasks, in the transaction that decides them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from clinic.models import StaffTask


def raise_tasks(kind: StaffTask.Kind, deliveries: Iterable[tuple[UUID, int]], *, now: datetime) -> None:
    """One open task per delivery, given as (delivery id, patient id); one that was closed before is opened again."""
    pairs = list(deliveries)
    again = StaffTask.objects.filter(kind=kind, delivery__in=[pk for pk, _ in pairs], done_at__isnull=False)
    again.update(done_at=None, done_by=None, note="", created_at=now)
    tasks = [StaffTask(kind=kind, delivery_id=pk, patient_id=patient, created_at=now) for pk, patient in pairs]
    StaffTask.objects.bulk_create(tasks, ignore_conflicts=True, batch_size=500)


def raise_unreachable(patients: Iterable[int], *, now: datetime) -> None:
    """The patient has no address that may be used: one open task per patient, whatever the messages are."""
    kind = StaffTask.Kind.MESSAGE_UNREACHABLE
    tasks = [StaffTask(kind=kind, patient_id=patient, created_at=now) for patient in sorted(set(patients))]
    StaffTask.objects.bulk_create(tasks, ignore_conflicts=True)
