"""What can be booked, and when nurses work: what the clinic sets up before anything stands in the calendar."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from clinic.models import Room, User

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""By their number, 0 is Monday."""


class Service(models.Model):
    """What can be booked. Its length is chair time, then the observed walk, then the room's turn-round."""

    class Kind(models.TextChoices):
        FIRST_VISIT = "first_visit", "First visit"
        TREATMENT = "treatment", "Treatment"
        REVIEW = "review", "Review"

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=60, unique=True)
    chair_minutes = models.PositiveSmallIntegerField()
    walk_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    # Empty means every nurse, every room.
    nurses = models.ManyToManyField(User, blank=True, related_name="+", limit_choices_to={"is_staff": True})
    rooms = models.ManyToManyField(Room, blank=True, related_name="+")
    minimum_notice_minutes = models.PositiveIntegerField(default=0)
    # How many days ahead it may be booked; empty: as far as the clinic books.
    booking_horizon_days = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(chair_minutes__gte=5, chair_minutes__lte=240, walk_minutes__lte=60, buffer_minutes__lte=60),
                name="service_length_possible",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def length(self) -> timedelta:
        """What the calendar entry takes: chair, walk and turn-round."""
        return timedelta(minutes=self.chair_minutes + self.walk_minutes + self.buffer_minutes)

    def is_given_by(self, person: User) -> bool:
        """Whether this person treats here, and may give the service. Three queries at most."""
        if not User.objects.nurses().filter(pk=person.pk).exists():
            return False
        chosen = self.nurses.all()
        return not chosen.exists() or chosen.filter(pk=person.pk).exists()


class NurseHours(models.Model):
    """When a nurse works on one weekday, in the clinic's wall-clock time; a gap between two rows is a break."""

    nurse = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hours", limit_choices_to={"is_staff": True})
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(WEEKDAYS)))
    starts = models.TimeField()
    ends = models.TimeField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # inclusive; empty: until further notice

    class Meta:
        ordering = ["nurse", "weekday", "starts"]
        verbose_name_plural = "nurse hours"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="hours_end_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name="hours_valid_until"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} {self.get_weekday_display()} {self.starts:%H:%M} to {self.ends:%H:%M}"

    def clean(self) -> None:
        """Two lines of one nurse must not meet; a break is the gap between them."""
        if not self.nurse_id or self.starts is None or self.ends is None or self.valid_from is None:
            return
        same_day = NurseHours.objects.filter(nurse_id=self.nurse_id, weekday=self.weekday).exclude(pk=self.pk)
        meeting = same_day.filter(starts__lt=self.ends, ends__gt=self.starts).filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=self.valid_from)
        )
        if self.valid_until:
            meeting = meeting.filter(valid_from__lte=self.valid_until)
        other = meeting.first()
        if other:
            raise ValidationError(
                f"{other.get_weekday_display()} {other.starts:%H:%M} to {other.ends:%H:%M} is entered already. "
                "Change that line, or end it before this one begins."
            )


class DatedHours(models.Model):
    """When a nurse works on one date instead of her weekly hours; a day off is a closure, not an empty date."""

    nurse = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="dated_hours", limit_choices_to={"is_staff": True}
    )
    date = models.DateField()
    starts = models.TimeField()
    ends = models.TimeField()
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["date", "nurse", "starts"]
        verbose_name_plural = "dated hours"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="dated_hours_end_after_start"),
            models.UniqueConstraint(fields=["nurse", "date", "starts"], name="dated_hours_once"),
        ]
        indexes = [models.Index(fields=["date"], name="dated_hours_date")]

    def __str__(self) -> str:
        return f"{self.nurse} {self.date} {self.starts:%H:%M} to {self.ends:%H:%M}"
