"""Something a member of staff must do. Failures that people must know of become a row here."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models.delivery import Delivery
from clinic.models.fields import public_id
from clinic.models.patient import Patient
from clinic.models.people import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class StaffTaskQuerySet(models.QuerySet["StaffTask"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self if isinstance(user, User) and user.may(Permission.WORK_TASKS) else self.none()

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)


class StaffTask(models.Model):
    class Kind(models.TextChoices):
        MESSAGE_FAILED = "message_failed", "Message failed"
        MESSAGE_EXPIRED = "message_expired", "Message too late, not sent"
        MESSAGE_UNCERTAIN = "message_uncertain", "Message may not have arrived"
        MESSAGE_UNREACHABLE = "message_unreachable", "No way to reach the patient"
        VISIT_OUTSIDE_HOURS = "visit_outside_hours", "Visit outside of the hours"
        VISIT_MOVE_ASKED = "visit_move_asked", "Patient asks for another time"
        OVERRIDE_TO_REVIEW = "override_to_review", "Lifted block to review"
        ADVERSE_EVENT = "adverse_event", "Adverse event to look at"
        STOCKING_HELP = "stocking_help", "Stocking does not work"

    public_id = public_id()
    kind = models.CharField(max_length=24, choices=Kind)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="tasks")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, related_name="tasks")
    # What an upper app's task is about, by public id; who owns the kind knows what it names.
    about_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    objects = StaffTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "delivery"], name="task_once_per_delivery"),
            models.UniqueConstraint(
                fields=["kind", "about_id"], condition=Q(done_at__isnull=True), name="task_once_open_about"
            ),
            # However many messages found no way to a patient, one open task says so.
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="message_unreachable", done_at__isnull=True),
                name="task_unreachable_once_open",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(done_at__isnull=True), name="task_open")]

    def __str__(self) -> str:
        return self.get_kind_display()
