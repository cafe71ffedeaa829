"""A clinician's word about a report: the stocking stays off until the patient was seen, or until a date."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from aftercare.models.plan import AftercarePlan
from clinic.models import AuditEvent, User
from sessions_app import history
from sessions_app.models import Appointment

_SEEN = (Appointment.Status.ARRIVED, Appointment.Status.IN_TREATMENT, Appointment.Status.DONE)


class StockingOffQuerySet(models.QuerySet["StockingOff"]):
    def holding(self, now: datetime) -> Self:
        """Those by which the stocking is off at `now`.

        Without a date one holds until the patient has come to a visit: one that was moved, cancelled or missed ends
        nothing. A stocking that was put on in the clinic since ends either.

        Of a visit whose time had begun the trail says whether the patient came since: who was in the room when it was
        said is not seen by leaving, and who comes late is.
        """
        patient = OuterRef("report__patient")
        since = OuterRef("said_at")
        visits = Appointment.objects.filter(entry__patient=patient, status__in=_SEEN, status_at__gte=since)
        due_since = Exists(visits.filter(entry__starts_at__gt=since))
        due_before = Exists(visits.filter(entry__starts_at__lte=since))
        arrivals = AuditEvent.objects.filter(
            patient_id=patient, action=history.STATUS, at__gt=since, details__status=str(Appointment.Status.ARRIVED)
        )
        treated = AftercarePlan.objects.current().filter(patient=patient, starts_at__gt=since)
        seen = Q(due_since) | (Q(due_before) & Q(Exists(arrivals)))
        lasts = Q(on_again_at__gt=now) | (~seen & Q(on_again_at__isnull=True))
        return self.filter(lasts, ~Exists(treated), ended_at__isnull=True)


class StockingOff(models.Model):
    """`on_again_at` is the local midnight of the first date on which it is worn again; empty: once they were seen."""

    report = models.ForeignKey("aftercare.SymptomReport", on_delete=models.PROTECT, related_name="stocking_off")
    on_again_at = models.DateTimeField(null=True)
    said_at = models.DateTimeField(default=timezone.now)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Before its time, by a clinician: the plan holds again, or another word took its place.
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = StockingOffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report"], condition=Q(ended_at__isnull=True), name="stocking_off_once"),
            models.CheckConstraint(
                condition=Q(on_again_at__isnull=True) | Q(on_again_at__gt=models.F("said_at")),
                name="stocking_off_for_a_while",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="stocking_off_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"Stocking off since {self.said_at:%Y-%m-%d}"
