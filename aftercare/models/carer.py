"""Somebody whom a patient lets look at the plan: an account of their own, a scope of their own, ended at any time."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.models.fields import public_id

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class CarerQuerySet(models.QuerySet["Carer"]):
    def living(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Staff who see plans see all; a portal account those it named, and those that it is."""
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_PLAN):
            return self
        return self.filter(Q(patient__user=user) | Q(user=user, ended_at__isnull=True))


class Carer(models.Model):
    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="carers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="cares_as")
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=5, default="en")
    may_report = models.BooleanField(default=False)  # may answer "How are you?" for the patient
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CarerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "user"], condition=Q(ended_at__isnull=True), name="carer_once_living"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="carer_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name
