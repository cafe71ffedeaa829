"""The clinic itself: one row, made with the first migration, and its rooms."""

from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from clinic.prepared import PreparedObjects


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Choose a time zone from the list, for example America/New_York.")


class Clinic(models.Model):
    """What every page, plan and message says about the clinic. Exactly one row (a check constraint holds id = 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=80, default="Our clinic")
    # A clinic whose name reveals the treatment writes messages under a neutral name.
    sender_name = models.CharField(
        max_length=40, blank=True, help_text="Neutral name for messages; empty: the clinic's name"
    )
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[validate_zone])
    phone = models.CharField(max_length=32, blank=True)
    phone_hours = models.CharField(
        max_length=80, blank=True, help_text="When somebody answers, for example Mon to Fri 8:00 to 18:00"
    )
    phone_hours_es = models.CharField(
        max_length=80, blank=True, help_text="The same in Spanish, for example Lun a vie 8:00 a 18:00"
    )
    out_of_hours_phone = models.CharField(max_length=32, blank=True)
    emergency_number = models.CharField(max_length=16, default="911")
    vascular_surgeon_phone = models.CharField(
        max_length=32,
        blank=True,
        help_text="Whom nurses call at once when the drug went into an artery. Only staff see it.",
    )
    address = models.TextField(blank=True)
    # Messages that follow a plan go out at this wall-clock time of the patient.
    send_at = models.TimeField(default=time(9, 0))
    # Bookings start on this grid.
    grid_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(5), MaxValueValidator(60)]
    )
    booking_horizon_days = models.PositiveSmallIntegerField(default=365)
    # After a change of a visit the patient is told this much later; undone before, nothing is sent.
    change_grace_minutes = models.PositiveSmallIntegerField(default=5, validators=[MaxValueValidator(60)])
    # Whether patients move their own visits on their page, and until how long before.
    patients_may_move = models.BooleanField(default=False)
    patient_move_notice_hours = models.PositiveSmallIntegerField(default=24, validators=[MaxValueValidator(336)])
    # How long an offered time is kept for somebody on the wait list.
    offer_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    # By when somebody who asked on the public page is answered.
    request_answer_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(168)]
    )
    # By when somebody acts on what a patient reports; to be confirmed by the clinical lead. The first runs on the
    # clock, the second on the clinic's hours.
    report_emergency_minutes = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    report_same_day_minutes = models.PositiveSmallIntegerField(
        default=240, validators=[MinValueValidator(15), MaxValueValidator(480)]
    )
    # A consent holds for one series of treatments, and no longer than this.
    consent_months = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    # Ampoules of a lot that may not be used any more within this time are warned of.
    expiry_warning_days = models.PositiveSmallIntegerField(default=30, validators=[MaxValueValidator(366)])
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="clinic_only_one")]
        verbose_name_plural = "clinic"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Clinic":
        """The one row; made with defaults where it is missing, so that an empty database works."""
        found = _CURRENT.all()
        return found[0] if found else cls.objects.get_or_create(id=1)[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def phone_hours_told(self) -> str:
        """When somebody answers, in the language of the page where the clinic has written it in that language."""
        return (self.phone_hours_es if get_language() == "es" else "") or self.phone_hours

    @property
    def message_name(self) -> str:
        return self.sender_name or self.name


# Every page asks for it.
_CURRENT = PreparedObjects(lambda: Clinic.objects.filter(id=1))


class Room(models.Model):
    name = models.CharField(max_length=40, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
