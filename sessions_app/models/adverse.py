"""Adverse events: what happened, how bad, what was done at which minute, what became of it."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.models.fields import public_id
from sessions_app.models.treatment import TreatmentSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class AdverseEventQuerySet(models.QuerySet["AdverseEvent"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self if isinstance(user, User) and user.may(Permission.VIEW_CHART) else self.none()

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def real(self) -> Self:
        """Without those that were recorded by mistake."""
        return self.filter(is_mistake=False)


class AdverseEvent(models.Model):
    class Kind(models.TextChoices):
        LOCAL_PAIN = "local_pain", "Local pain"
        HAEMATOMA = "haematoma", "Haematoma"
        WHEAL = "wheal", "Wheal or itching"
        TRAPPED_BLOOD = "trapped_blood", "Trapped blood"
        PHLEBITIS = "phlebitis", "Superficial phlebitis"
        PIGMENTATION = "pigmentation", "Pigmentation"
        MATTING = "matting", "Matting"
        BLISTER = "blister", "Blister"
        ULCER = "ulcer", "Ulcer or necrosis"
        EXTRAVASATION = "extravasation", "Extravasation"
        INTRA_ARTERIAL = "intra_arterial", "Intra-arterial injection"
        NERVE_INJURY = "nerve_injury", "Nerve injury"
        OEDEMA = "oedema", "Oedema"
        INFECTION = "infection", "Infection"
        DVT = "dvt", "Deep vein thrombosis"
        PE = "pe", "Pulmonary embolism"
        VISUAL = "visual", "Visual disturbance"
        MIGRAINE = "migraine", "Migraine"
        STROKE = "stroke", "TIA or stroke"
        CHEST_TIGHTNESS = "chest_tightness", "Chest tightness"
        COUGH = "cough", "Cough"
        SYNCOPE = "syncope", "Fainting"
        ALLERGIC_LOCAL = "allergic_local", "Allergic reaction, local"
        ALLERGIC_GENERAL = "allergic_general", "Allergic reaction, generalised"
        ANAPHYLAXIS = "anaphylaxis", "Anaphylaxis"
        GARMENT = "garment", "Injury by the garment"
        MEDICATION_ERROR = "medication_error", "Medication error"
        PRODUCT_DEFECT = "product_defect", "Product defect"
        OTHER = "other", "Other"

    class Serious(models.TextChoices):
        """Any one of these makes an event serious."""

        DEATH = "death", "Death"
        LIFE_THREATENING = "life_threatening", "Life-threatening"
        HOSPITAL = "hospital", "Hospital stay, new or longer"
        DISABILITY = "disability", "Disability or permanent damage"
        BIRTH_DEFECT = "birth_defect", "Birth defect"
        INTERVENTION = "intervention", "Intervention to prevent permanent damage"
        OTHER = "other_important", "Other important medical event"

    class Relation(models.TextChoices):
        NOT_SAID = "", "Not judged yet"
        NONE = "none", "Not related"
        POSSIBLE = "possible", "Possible"
        PROBABLE = "probable", "Probable"
        DEFINITE = "definite", "Definite"

    class Outcome(models.TextChoices):
        UNKNOWN = "", "Not known yet"
        RECOVERED = "recovered", "Recovered"
        RECOVERING = "recovering", "Recovering"
        LASTING = "lasting", "Lasting damage"
        FATAL = "fatal", "Fatal"

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="adverse_events")
    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, null=True, related_name="adverse_events")
    # From the form: sending it again makes no second event.
    request_key = models.UUIDField(unique=True)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=Kind)
    onset_at = models.DateTimeField()
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reporter_words = models.CharField(max_length=120, blank=True)  # e.g. "patient by phone"
    recorded_at = models.DateTimeField(default=timezone.now)
    description = models.TextField(max_length=4000, blank=True)
    # CTCAE, 1 to 5; empty until judged. The second scale is independent of it.
    severity_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    clavien_dindo = models.CharField(max_length=4, blank=True)
    # Values of `Serious`.
    serious_because = models.JSONField(default=list, blank=True)
    relation_drug = models.CharField(max_length=10, choices=Relation, blank=True)
    relation_procedure = models.CharField(max_length=10, choices=Relation, blank=True)
    relation_compression = models.CharField(max_length=10, choices=Relation, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    outcome_on = models.DateField(null=True, blank=True)
    reported_to_authority_on = models.DateField(null=True, blank=True)
    reported_to_manufacturer_on = models.DateField(null=True, blank=True)
    # Seen by a clinician; until then it alerts.
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closing_note = models.CharField(max_length=500, blank=True)
    # Begun by a wrong press and closed for that; it stays on record and says nothing about the patient.
    is_mistake = models.BooleanField(default=False)

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-onset_at"], name="adverse_of_patient"),
            models.Index(fields=["onset_at"], condition=Q(closed_at__isnull=True), name="adverse_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity_grade__isnull=True) | Q(severity_grade__gte=1, severity_grade__lte=5),
                name="adverse_grade_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closing_note=""),
                name="adverse_closed_with_note",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class AdverseVersion(models.Model):
    """The details of an event as one save left them; append-only. Version 1 is what it began with."""

    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)
    # By the names of the event's fields; dates and times as text, the session by its id.
    fields = models.JSONField()

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["event", "version"], name="adverse_version_once")]

    def __str__(self) -> str:
        return f"version {self.version}"


class AdverseStep(models.Model):
    """One thing that was done, at its minute; append-only."""

    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    what = models.CharField(max_length=200)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.what}"
