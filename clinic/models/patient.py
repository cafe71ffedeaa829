"""Patients, how they may be reached, and the terms by which they are found."""

from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from clinic.access import Permission
from clinic.models.clinic import validate_zone
from clinic.models.fields import public_id
from clinic.models.people import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Staff who may find patients see all of them; a patient sees one."""
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.FIND_PATIENT):
            return self
        return self.filter(user=user) if user.may(Permission.OWN_PLAN) else self.none()


class Patient(models.Model):
    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        SPANISH = "es", "Español"

    class Prefers(models.TextChoices):
        """The part of the day in which visits are offered first."""

        ANY = "", "Any time of day"
        MORNING = "morning", "Mornings"
        AFTERNOON = "afternoon", "Afternoons"
        EVENING = "evening", "Evenings"

    class Sex(models.TextChoices):
        NOT_SAID = "", "Not said"
        FEMALE = "female", "Female"
        MALE = "male", "Male"
        OTHER = "other", "Other"

    class RiskFactor(models.TextChoices):
        """Remembered facts that the safety questions confirm instead of asking again."""

        HISTORY_OF_CLOT = "history_of_clot", "Had a deep vein clot or lung embolism"
        THROMBOPHILIA = "thrombophilia", "Clotting disorder"
        REDUCED_MOBILITY = "reduced_mobility", "Reduced mobility"
        OESTROGEN = "oestrogen", "Pill or hormone therapy"
        OBESITY = "obesity", "Obesity"
        SMOKING = "smoking", "Smokes"
        ALLERGY_PRONE = "allergy_prone", "Allergic reactions or asthma"

    public_id = public_id()
    # The portal account; only a patient with an own e-mail can have one.
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="patient")
    given_name = models.CharField("first name", max_length=60)
    family_name = models.CharField("last name", max_length=60)
    birth_date = models.DateField()
    sex = models.CharField(max_length=8, choices=Sex, blank=True)
    phone = PhoneNumberField(blank=True)
    email = models.EmailField("e-mail", blank=True)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(max_length=64, validators=[validate_zone])
    prefers = models.CharField("prefers visits in the", max_length=10, choices=Prefers, blank=True)
    weight_kg = models.DecimalField(
        "weight",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(20), MaxValueValidator(350)],
    )
    allergies = models.TextField(blank=True, max_length=500)
    polidocanol_allergy = models.BooleanField("allergic to polidocanol", default=False)
    risk_factors = models.JSONField(default=list, blank=True)
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    # Raised by one with every change; a form that was opened on an older number is refused.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["birth_date", "family_name"], name="patient_birth_date"),
            models.Index(fields=["phone"], name="patient_phone"),
            models.Index(fields=["family_name", "given_name", "id"], name="patient_by_name"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_kg__isnull=True) | (Q(weight_kg__gte=20) & Q(weight_kg__lte=350)),
                name="patient_weight_possible",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        return f"{self.given_name[:1]}{self.family_name[:1]}".upper()


class PatientSearchTerm(models.Model):
    """Every ending of every word of a name, and of the phone's digits, so that "part of" is a prefix of a row here.

    "Quillfeather" is stored as quillfeather, uillfeather, … her; `starts_word` ranks beginnings first. Written by
    `clinic.search.index_patient` in the same transaction as the patient.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="search_terms")
    term = models.CharField(max_length=60)
    starts_word = models.BooleanField()

    class Meta:
        indexes = [
            # The operator classes let PostgreSQL serve a prefix whatever the collation; SQLite needs none.
            models.Index(
                fields=["term", "patient"], name="patient_term", opclasses=["varchar_pattern_ops", "int8_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.term


class ContactPreference(models.Model):
    """Whether a channel may be used, since when, under which wording. One row per patient and channel."""

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        SMS = "sms", "Text message"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contact_preferences")
    channel = models.CharField(max_length=8, choices=Channel)
    allowed = models.BooleanField()
    decided_at = models.DateTimeField(default=timezone.now)
    wording_version = models.CharField(max_length=20)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "channel"], name="contact_preference_once")]

    def __str__(self) -> str:
        return f"{self.channel}: {'yes' if self.allowed else 'no'}"
