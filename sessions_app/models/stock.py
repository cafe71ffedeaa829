"""The clinic's polidocanol: products, lots, what came and went, and the lot of the day."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinic.models import User
from clinic.models.fields import public_id


class Product(models.Model):
    """What is bought: one strength and one size of ampoule of one manufacturer."""

    class Form(models.TextChoices):
        LIQUID = "liquid", "Liquid"
        FOAM = "foam", "Foam"

    public_id = public_id()
    name = models.CharField(max_length=60)
    manufacturer = models.CharField(max_length=80, blank=True)
    strength_percent = models.DecimalField(max_digits=4, decimal_places=2)
    form = models.CharField(max_length=8, choices=Form, default=Form.LIQUID)
    ampoule_ml = models.DecimalField(max_digits=4, decimal_places=2)
    # The code of the national register, for reports: "NDC" in the United States.
    register_code = models.CharField(max_length=20, blank=True)
    # Warn below this number of ampoules; empty: no warning.
    low_stock_ampoules = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["strength_percent", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "manufacturer", "strength_percent", "form", "ampoule_ml"], name="product_once"
            ),
            models.CheckConstraint(
                condition=Q(strength_percent__gt=0, strength_percent__lte=10, ampoule_ml__gt=0, ampoule_ml__lte=50),
                name="product_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.strength_percent.normalize():f} %"


class LotQuerySet(models.QuerySet["Lot"]):
    def with_balance(self) -> Self:
        """`balance`: ampoules that are there by the movements; below zero when more went than ever came."""
        return self.annotate(balance=Coalesce(Sum("movements__ampoules"), 0))

    def with_lot_of(self, day: date) -> Self:
        """`is_of_the_day`: whether it is the open one of its product on that day."""
        return self.annotate(is_of_the_day=Exists(LotOfTheDay.objects.filter(date=day, lot=OuterRef("pk"))))


class Lot(models.Model):
    """One lot of a product. Its number of ampoules is the sum of its movements, never typed."""

    public_id = public_id()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    lot = models.CharField(max_length=40)
    expiry = models.CharField(max_length=10)  # as printed: 2027-05 or 2027-05-31
    # The last day on which it may be used, from `expiry`.
    expires_on = models.DateField()
    # A recall, or a damaged box: not offered any more.
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_why = models.CharField(max_length=200, blank=True)

    objects = LotQuerySet.as_manager()

    class Meta:
        ordering = ["expires_on", "lot"]
        constraints = [
            models.UniqueConstraint(fields=["product", "lot"], name="lot_once_per_product"),
            models.CheckConstraint(condition=~Q(lot=""), name="lot_has_number"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_why=""), name="lot_withdrawn_why"
            ),
        ]

    def __str__(self) -> str:
        return self.lot

    def may_be_used_on(self, day: date) -> bool:
        return self.withdrawn_at is None and day <= self.expires_on


class StockMovement(models.Model):
    """Ampoules that came or went; append-only. A correction is another movement."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        USED = "used", "Used in a session"
        DISCARDED = "discarded", "Discarded"
        RETURNED = "returned", "Sent back"
        COUNTED = "counted", "Corrected after counting"

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    # Positive: came; negative: went.
    ampoules = models.IntegerField()
    # The lineage of the session that used them: its corrections belong to it too.
    session_lineage = models.UUIDField(null=True, db_index=True)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(ampoules=0), name="movement_moves"),
            models.CheckConstraint(
                condition=~Q(kind="used") | Q(session_lineage__isnull=False), name="movement_used_by_a_session"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ampoules}"


class LotOfTheDay(models.Model):
    """Which lot is open today, per product; offered first until the clinic's midnight."""

    date = models.DateField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["date", "product"], name="lot_of_the_day_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.lot}"
