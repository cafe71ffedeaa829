"""What was injected at one visit. A signed session and all its parts are locked by the database (`sessions_app.rules`).

Totals are computed from the sites, never typed; a correction is a new session row that `amends` the old one.
"""

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, ProtocolVersion, User
from clinic.models.fields import public_id
from clinic.protocol.vocabulary import Leg, Segment, VeinType
from sessions_app.models.schedule import Appointment

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def _choices(words: type[VeinType] | type[Leg] | type[Segment]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ").capitalize()) for word in words]


class TreatmentSessionQuerySet(models.QuerySet["TreatmentSession"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Charts are for those who treat; patients see their plan, not the chart."""
        return self if isinstance(user, User) and user.may(Permission.VIEW_CHART) else self.none()

    def signed(self) -> Self:
        return self.filter(status=TreatmentSession.Status.SIGNED)

    def current(self) -> Self:
        """Signed and not replaced by a closed correction; the draft of one replaces nothing yet."""
        return self.signed().exclude(
            amended_by__status__in=(TreatmentSession.Status.SIGNED, TreatmentSession.Status.NOT_TREATED)
        )

    def unsigned(self) -> Self:
        return self.filter(status=TreatmentSession.Status.DRAFT)


class TreatmentSession(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"
        NOT_TREATED = "not_treated", "Not treated"

    class Reaction(models.TextChoices):
        NOT_ASKED = "", "Not answered"
        NONE_SEEN = "none", "None seen"
        SEEN = "seen", "Yes, recorded"

    class CompressionLegs(models.TextChoices):
        NOT_SAID = "", "Not said"
        BOTH = "both", "Both legs"
        LEFT = "left", "Left"
        RIGHT = "right", "Right"
        NONE = "none", "None"

    public_id = public_id()
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sessions")
    # The corrections of one session share a lineage; its plans and their deliveries do too.
    lineage = models.UUIDField(default=uuid.uuid4, editable=False)
    amends = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="amended_by")
    amendment_reason = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    # Raised by one with every saved change; a save from an older number is refused.
    version = models.PositiveIntegerField(default=1)

    nurse = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    responsible_clinician = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField()
    # Compression on after the last injection: the instant from which the plan counts.
    ended_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64)

    # Before: answers to the safety questions, by the fact names of `clinic.protocol.checks`; not asked is absent.
    screening = models.JSONField(default=dict, blank=True)
    weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    extensive_days = models.PositiveSmallIntegerField(null=True, blank=True)
    foam = models.BooleanField(default=False)

    # After
    compression_legs = models.CharField(max_length=5, choices=CompressionLegs, blank=True)
    compression_garment = models.CharField(
        max_length=40, blank=True
    )  # class and length in words, e.g. "thigh stocking"
    compression_mmhg = models.CharField(max_length=12, blank=True)  # e.g. "20–30"
    observation_started_at = models.DateTimeField(null=True, blank=True)
    observation_ended_at = models.DateTimeField(null=True, blank=True)
    observation_status = models.CharField(max_length=100, blank=True)
    reaction = models.CharField(max_length=5, choices=Reaction, blank=True)
    reaction_note = models.TextField(blank=True, max_length=2000)
    note = models.TextField(blank=True, max_length=4000)

    not_treated_reason = models.CharField(max_length=300, blank=True)
    protocol_version = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, null=True, related_name="+")
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # Who has the draft open; another person sees it and may take over.
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    held_at = models.DateTimeField(null=True)
    # The nurse is ready and a clinician must answer what only a clinician may.
    clinician_asked_at = models.DateTimeField(null=True)
    clinician_asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = TreatmentSessionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="session_of_patient"),
            models.Index(fields=["nurse", "started_at"], condition=Q(status="draft"), name="session_unsigned"),
            models.Index(fields=["nurse", "started_at"], name="session_of_nurse"),
            # The versions of one session: every save asks for the events of all of them.
            models.Index(fields=["lineage"], name="session_lineage"),
            models.Index(
                fields=["clinician_asked_at"],
                condition=Q(status="draft", clinician_asked_at__isnull=False),
                name="session_waits_for_clinician",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(amends__isnull=True), name="session_once_per_visit"
            ),
            models.CheckConstraint(
                condition=~Q(status="signed")
                | Q(
                    signed_by__isnull=False,
                    signed_at__isnull=False,
                    ended_at__isnull=False,
                    protocol_version__isnull=False,
                ),
                name="session_signed_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="not_treated") | ~Q(not_treated_reason=""), name="session_not_treated_why"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="session_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(amends__isnull=True) | ~Q(amendment_reason=""), name="session_amended_why"
            ),
        ]

    def __str__(self) -> str:
        return f"Session {self.started_at:%Y-%m-%d} {self.status}"


class TreatedSite(models.Model):
    """One treated area: where, what kind of vein, and what was injected there."""

    session = models.ForeignKey(TreatmentSession, on_delete=models.CASCADE, related_name="sites")
    position = models.PositiveSmallIntegerField()
    leg = models.CharField(max_length=5, choices=_choices(Leg))
    segment = models.CharField(max_length=24, choices=_choices(Segment))
    vein_type = models.CharField(max_length=12, choices=_choices(VeinType))
    strength_percent = models.DecimalField(max_digits=4, decimal_places=2)
    injection_count = models.PositiveSmallIntegerField()
    # All injections of the site together, mL.
    volume_ml = models.DecimalField(max_digits=5, decimal_places=2)
    # Where they were logged one by one: mL each, as text; their number and sum are the two fields above.
    injections_ml = models.JSONField(default=list, blank=True)
    technique = models.CharField(max_length=60, blank=True)
    diameter_mm = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    treated_length_cm = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    needle_gauge = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            # Impossible data only; the clinic's limits are findings, because what happened must be recordable.
            models.CheckConstraint(condition=Q(volume_ml__gt=0, volume_ml__lte=100), name="site_volume_possible"),
            models.CheckConstraint(
                condition=Q(injection_count__gte=1, injection_count__lte=300), name="site_injections_possible"
            ),
            models.CheckConstraint(
                condition=Q(strength_percent__gt=0, strength_percent__lte=10), name="site_strength_possible"
            ),
            models.CheckConstraint(
                condition=Q(diameter_mm__isnull=True) | Q(diameter_mm__gt=0), name="site_diameter_possible"
            ),
            models.CheckConstraint(
                condition=Q(treated_length_cm__isnull=True) | Q(treated_length_cm__gt=0), name="site_length_possible"
            ),
            models.CheckConstraint(condition=Q(leg__in=[leg.value for leg in Leg]), name="site_leg_known"),
            models.CheckConstraint(condition=Q(vein_type__in=[v.value for v in VeinType]), name="site_vein_type_known"),
            models.UniqueConstraint(fields=["session", "position"], name="site_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.leg} {self.segment} {self.volume_ml} mL"

    @property
    def dose_mg(self) -> Decimal:
        """mL × percent × 10."""
        return self.volume_ml * self.strength_percent * 10

    @property
    def each_ml(self) -> Decimal:
        return self.volume_ml / self.injection_count


class SessionAmpoule(models.Model):
    """Ampoules of one lot that were opened for this session; single use, the rest is discarded."""

    session = models.ForeignKey(TreatmentSession, on_delete=models.CASCADE, related_name="ampoules")
    strength_percent = models.DecimalField(max_digits=4, decimal_places=2)
    lot = models.CharField(max_length=40, blank=True)
    expiry = models.CharField(max_length=10, blank=True)  # as printed: 2027-05 or 2027-05-31
    opened = models.PositiveSmallIntegerField()
    # The lot in the clinic's stock, where it is from there; the text above is the record.
    stock_lot = models.ForeignKey("sessions_app.Lot", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    discarded_ml = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["strength_percent", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(opened__gte=1, opened__lte=100), name="ampoules_opened_possible")
        ]

    def __str__(self) -> str:
        return f"{self.opened} of lot {self.lot}"


class SessionFinding(models.Model):
    """What a check said at signing, and the answer that was given to it."""

    session = models.ForeignKey(TreatmentSession, on_delete=models.CASCADE, related_name="findings")
    check_id = models.CharField(max_length=6)
    severity = models.CharField(max_length=5)
    text = models.CharField(max_length=400)
    reason = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    overridden = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "check_id"], name="finding_once")]

    def __str__(self) -> str:
        return f"{self.check_id} {self.severity}"
