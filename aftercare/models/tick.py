"""What a patient says of a day: the stocking worn, the walk done, in part, or not; and that everything is fine.

Append-only; the newest answer counts. "No task" is not here, it follows from the plan; "not answered" is no row.
Neither is ever read as "no".
"""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class TickQuerySet(models.QuerySet["Tick"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_PLAN):
            return self
        return self.filter(patient__user=user) if user.may(Permission.OWN_PLAN) else self.none()


class Tick(models.Model):
    class Task(models.TextChoices):
        STOCKING = "stocking", "Stocking"
        WALK = "walk", "Walk"
        # No plan asks for it: "How are you?" answered with no, and nothing else said.
        WELL = "well", "Everything is fine"

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        PART = "part", "In part"
        NO = "no", "No"

    class Reason(models.TextChoices):
        HEAT = "heat", "Too warm"
        TOO_TIGHT = "too_tight", "Too tight"
        SLIPS = "slips", "Too loose or slips"
        HARD_TO_PUT_ON = "hard_to_put_on", "Hard to put on"
        SKIN = "skin", "Skin is sore or itches"
        LOST = "lost", "Lost, torn or wet"
        FORGOT = "forgot", "Forgot"
        OTHER = "other", "Something else"

    OF_PLANS = (Task.STOCKING, Task.WALK)
    """What a plan may ask of a day."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="ticks")
    # From the form: sending it again makes no second row.
    request_key = models.UUIDField(unique=True)
    date = models.DateField()  # on the clinic's calendar
    task = models.CharField(max_length=8, choices=Task)
    answer = models.CharField(max_length=4, choices=Answer)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = TickQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "date", "task", "-given_at"], name="tick_of_patient")]
        constraints = [
            models.CheckConstraint(condition=~Q(answer="yes") | Q(reason=""), name="tick_reason_not_for_yes"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.date:%Y-%m-%d}: {self.answer}"
