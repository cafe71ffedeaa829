"""The audit trail: who saw or changed what. `clinic.audit.record` is the only writer; the database refuses the rest."""

from django.db import models
from django.utils import timezone


class AuditEvent(models.Model):
    """One event. Ids instead of foreign keys, so that the trail binds nothing and outlives what it speaks of."""

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=60, blank=True)  # app_label.Model
    subject_id = models.CharField(max_length=40, blank=True)
    patient_id = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "at"], name="audit_patient_at"),
            models.Index(fields=["subject", "subject_id"], name="audit_subject"),
            # The review reads backwards from a moment, by person or by action or all of it.
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["by_id", "at"], name="audit_by_at"),
            models.Index(fields=["action", "at"], name="audit_action_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by_name} {self.action}"


class AuditSeal(models.Model):
    """One link of the hash chain over the events, in the order in which they were sealed.

    Sealing is a step after the write (each reminder tick does it), because a chain that every booking had to extend
    would make all writers queue for its last link. `manage.py audit verify` names the first broken link.
    """

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="seal")
    number = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"Link {self.number}"
