"""What stands before the first injection: the day's kit check and clinician, and the patient's consent to a series."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.models.fields import public_id

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class DayCheck(models.Model):
    """The clinic's day: who checked the kit and the oxygen, which clinician answers. Set once, shown to all."""

    date = models.DateField(unique=True)
    kit_checked_at = models.DateTimeField(null=True)
    kit_checked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    responsible_clinician = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    clinician_set_at = models.DateTimeField(null=True)
    clinician_set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kit_checked_at__isnull=True, kit_checked_by__isnull=True)
                | Q(kit_checked_at__isnull=False, kit_checked_by__isnull=False),
                name="day_check_kit_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.date}"


class ConsentText(models.Model):
    """One version of the consent's words in one language; append-only. The newest version is asked for."""

    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5, choices=Patient.Language)
    title = models.CharField(max_length=120)
    body = models.TextField(max_length=20000)
    published_at = models.DateTimeField(default=timezone.now)
    # Empty: as shipped, nobody of this clinic has signed it off yet.
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="consent_text_once")]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class SeriesConsentQuerySet(models.QuerySet["SeriesConsent"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those who read charts see all; a patient sees what she or he signed."""
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_CHART):
            return self
        return self.filter(patient__user=user) if user.may(Permission.OWN_PLAN) else self.none()


class SeriesConsent(models.Model):
    """A patient's signature under a consent text for one series of treatments; never changed, only withdrawn."""

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="series_consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    signed_name = models.CharField(max_length=120)
    # What was drawn: lines of points in a box of 600 by 200, [[[x, y], …], …].
    strokes = models.JSONField(default=list)
    allows_photographs = models.BooleanField(default=False)
    signed_at = models.DateTimeField(default=timezone.now)
    witnessed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    request_key = models.UUIDField(unique=True)
    # A new series begins: this one is over.
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_why = models.CharField(max_length=200, blank=True)

    objects = SeriesConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient"], condition=Q(ended_at__isnull=True), name="consent_one_living"),
            models.CheckConstraint(condition=~Q(signed_name=""), name="consent_has_name"),
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | ~Q(ended_why=""), name="consent_ended_why"),
        ]

    def __str__(self) -> str:
        return f"{self.signed_name} {self.signed_at:%Y-%m-%d}"
