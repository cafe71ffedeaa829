"""What leaves the building is a row first: deliveries, their attempts, and what stops them.

States and their moves are in `clinic.notifications.states`; the only writers are the functions of that package.
"""

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models.patient import Patient
from clinic.models.people import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self if isinstance(user, User) and user.may(Permission.VIEW_DELIVERIES) else self.none()


class Delivery(models.Model):
    """One message to one address, due at one time."""

    class Kind(models.TextChoices):
        COMPRESSION = "compression"
        ACTIVITY = "activity"
        APPOINTMENT = "appointment"

    class State(models.TextChoices):
        PENDING = "pending", "Planned"
        CLAIMED = "claimed", "Being sent"
        SENDING = "sending", "Leaving now"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        BOUNCED = "bounced", "Came back"
        UNCERTAIN = "uncertain", "Not known whether it arrived"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Too late, not sent"
        CANCELLED = "cancelled", "Cancelled"
        REVIEW = "review", "Waits for a person"

    class Policy(models.TextChoices):
        RESEND_ONCE = "resend_once"
        HOLD = "hold"

    # Also the idempotency key that a provider gets, and the Message-ID of a mail.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # lineage + step + occurrence + channel, never the due time: a moved hour must not make a second reminder.
    occurrence_key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    step = models.CharField(max_length=24)
    channel = models.CharField(max_length=8)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="deliveries")
    # What it speaks of: a plan or an appointment, by public id; the upper app registers who answers for it.
    source = models.CharField(max_length=24)
    source_id = models.UUIDField()
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    # The wall-clock time and zone that led to `due_at`, for "why this message" and for changed clocks.
    local_time = models.CharField(max_length=16)  # 2026-01-14T09:00
    time_zone = models.CharField(max_length=64)
    why = models.CharField(max_length=160, blank=True)
    policy = models.CharField(max_length=12, choices=Policy)

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "not_after", "due_at"], condition=Q(state="pending"), name="delivery_waiting"),
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="delivery_oldest"),
            models.Index(fields=["lease_until"], condition=Q(state__in=["claimed", "sending"]), name="delivery_leased"),
            models.Index(
                fields=["state", "due_at"],
                condition=Q(state__in=["failed", "uncertain", "expired", "bounced", "review"]),
                name="delivery_not_reached",
            ),
            models.Index(fields=["finished_at"], condition=Q(state__in=["sent", "delivered"]), name="delivery_sent"),
            models.Index(fields=["finished_at"], condition=Q(state="cancelled"), name="delivery_called_off"),
            models.Index(fields=["source", "source_id"], name="delivery_source"),
            models.Index(fields=["patient", "due_at"], name="delivery_patient"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(not_after__gte=models.F("due_at")), name="delivery_deadline_after_due"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.channel} {self.state}"


class DeliveryAttempt(models.Model):
    """One try to hand a delivery to a provider. Written at the point of no return, closed once, never changed again."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        REFUSED = "refused"
        FAILED = "failed"
        UNKNOWN = "unknown"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="tries")
    number = models.PositiveSmallIntegerField()
    address_hash = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    provider_reference = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_number_once")]

    def __str__(self) -> str:
        return f"Try {self.number} {self.outcome or 'open'}"


class OptOut(models.Model):
    """An address that must not be written to on a channel; the address itself is not kept."""

    channel = models.CharField(max_length=8)
    address_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address_hash"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"No {self.channel} since {self.at:%Y-%m-%d}"


class Heartbeat(models.Model):
    """When a component was last seen working; the health address and the staff banner read it."""

    component = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.component} {self.at:%Y-%m-%d %H:%M:%S}"
