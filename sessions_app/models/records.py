"""What a patient's record holds beside sessions: photographs and scores."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.models.fields import public_id
from clinic.protocol.vocabulary import Leg
from sessions_app.models.treatment import TreatmentSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class PhotographQuerySet(models.QuerySet["Photograph"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        if not (isinstance(user, User) and user.may(Permission.VIEW_CHART)):
            return self.none()
        return self.filter(removed_at__isnull=True)


class Photograph(models.Model):
    """One picture, re-encoded by us and without any of the camera's data; the file is kept by Django's storage."""

    class View(models.TextChoices):
        FRONT = "front", "Front"
        BACK = "back", "Back"
        INNER = "inner", "Inner side"
        OUTER = "outer", "Outer side"
        DETAIL = "detail", "Detail"

    class Moment(models.TextChoices):
        BEFORE = "before", "Before"
        AFTER = "after", "After"
        FOLLOW_UP = "follow_up", "Follow-up"

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="photographs")
    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, null=True, related_name="photographs")
    leg = models.CharField(max_length=5, choices=[(leg.value, leg.value.capitalize()) for leg in Leg])
    view = models.CharField(max_length=8, choices=View)
    moment = models.CharField(max_length=10, choices=Moment)
    taken_at = models.DateTimeField()
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Names in the storage, random; empty once the files are removed.
    file = models.CharField(max_length=100, blank=True)
    thumbnail = models.CharField(max_length=100, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the stored file
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    removed_why = models.CharField(max_length=200, blank=True)

    objects = PhotographQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "leg", "view", "taken_at"], name="photograph_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "digest"], condition=Q(removed_at__isnull=True), name="photograph_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | ~Q(removed_why="") & Q(file=""), name="photograph_removed_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leg} {self.view} {self.taken_at:%Y-%m-%d}"


class Score(models.Model):
    """One examination of one leg by one scale; append-only. A new look is a new row."""

    class Scale(models.TextChoices):
        CEAP = "ceap", "CEAP"
        RVCSS = "rvcss", "Revised VCSS"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="scores")
    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, null=True, related_name="scores")
    leg = models.CharField(max_length=5, choices=[(leg.value, leg.value.capitalize()) for leg in Leg])
    scale = models.CharField(max_length=6, choices=Scale)
    # By item name of `clinic.protocol.scores`.
    answers = models.JSONField()
    # The sum of the revised VCSS, or the CEAP class in its usual spelling.
    result = models.CharField(max_length=40)
    # A stocking alone can add to the score.
    taken_during_plan = models.BooleanField(default=False)
    taken_at = models.DateTimeField(default=timezone.now)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["patient", "leg", "-taken_at"], name="score_of_patient")]

    def __str__(self) -> str:
        return f"{self.scale} {self.result}"
