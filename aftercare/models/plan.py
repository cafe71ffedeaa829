"""The aftercare plan of one signed session: resolved at signing, never recomputed, locked by `aftercare.rules`."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, ProtocolVersion, User
from clinic.models.fields import public_id
from clinic.protocol.vocabulary import ItemKey, Leg
from clinic.protocol.zones import local_date, zone_named
from sessions_app.models import TreatmentSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class AftercarePlanQuerySet(models.QuerySet["AftercarePlan"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_PLAN):
            return self
        return self.filter(patient__user=user) if user.may(Permission.OWN_PLAN) else self.none()

    def current(self) -> Self:
        """The newest version of each session's plan."""
        return self.filter(replaced_at__isnull=True)

    def running_at(self, instant: datetime) -> Self:
        """Current plans whose watch period is not over."""
        return self.current().filter(starts_at__lte=instant, ends_at__gt=instant)


class AftercarePlan(models.Model):
    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="plans")
    session = models.OneToOneField(TreatmentSession, on_delete=models.PROTECT, related_name="plan")
    lineage = models.UUIDField()
    number = models.PositiveSmallIntegerField(default=1)
    time_zone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()  # session end
    ends_at = models.DateTimeField()  # local midnight after the last date of any item
    protocol_version = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    # What the plan was computed from, and the resolved numbers, so that it can be read and merged for ever.
    facts = models.JSONField()
    values = models.JSONField()
    issued_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Set once, when a correction of the session replaces this plan.
    replaced_at = models.DateTimeField(null=True)

    objects = AftercarePlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lineage", "number"], name="plan_number_once"),
            models.UniqueConstraint(fields=["lineage"], condition=Q(replaced_at__isnull=True), name="plan_one_current"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="plan_end_after_start"),
        ]
        indexes = [models.Index(fields=["patient", "ends_at"], name="plan_of_patient")]

    def __str__(self) -> str:
        return f"Plan {self.number} of {self.starts_at:%Y-%m-%d}"

    @property
    def last_date(self) -> date:
        """The last date on which anything of it holds: `ends_at` is the midnight after it."""
        return local_date(self.ends_at - timedelta(microseconds=1), zone_named(self.time_zone))


class PlanItem(models.Model):
    """One thing to do or to leave: bounded by instants or by dates (both inclusive), never by both."""

    plan = models.ForeignKey(AftercarePlan, on_delete=models.PROTECT, related_name="items")
    key = models.CharField(max_length=32, choices=[(key.value, key.value) for key in ItemKey])
    leg = models.CharField(
        max_length=5, blank=True, choices=[(leg.value, leg.value) for leg in Leg]
    )  # empty: all treated
    rule = models.CharField(max_length=200)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    min_ends_at = models.DateTimeField(null=True)
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)
    min_last_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "key", "leg"], name="plan_item_once"),
            models.CheckConstraint(
                condition=Q(
                    starts_at__isnull=False, ends_at__isnull=False, first_date__isnull=True, last_date__isnull=True
                )
                | Q(starts_at__isnull=True, ends_at__isnull=True, first_date__isnull=False, last_date__isnull=False),
                name="plan_item_instants_or_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.leg}".strip()
