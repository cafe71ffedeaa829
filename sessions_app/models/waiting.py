"""Who waits for the front desk: for an earlier time or, from the public page, for a first visit or a call."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.models.fields import public_id
from sessions_app.models.schedule import Appointment, CalendarEntry
from sessions_app.models.setup import Service

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

EVERY_DAY = 0b1111111
"""Weekdays are bits, Monday the lowest."""


class PartOfDay(models.TextChoices):
    """On the clinic's wall clock; where one part ends is `sessions_app.ranking`'s to say."""

    MORNING = "morning", "Morning"
    AFTERNOON = "afternoon", "Afternoon"
    EVENING = "evening", "Evening"


class WaitListQuerySet(models.QuerySet["WaitListEntry"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self if isinstance(user, User) and user.may(Permission.BOOK) else self.none()

    def waiting(self) -> Self:
        return self.filter(ended_at__isnull=True)


class WaitListEntry(models.Model):
    """A patient who wants an earlier time: which service, which dates, weekdays and parts of the day would do."""

    class End(models.TextChoices):
        BOOKED = "booked", "Booked"
        WITHDRAWN = "withdrawn", "No longer wanted"
        PAST = "past", "Dates are over"

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="wait_list_entries")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # The visit that would move earlier; empty: nothing is booked yet.
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True, related_name="+")
    nurse = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # empty: any
    first_date = models.DateField()
    last_date = models.DateField(null=True)  # inclusive; empty: no end
    weekdays = models.PositiveSmallIntegerField(default=EVERY_DAY)
    # Values of `PartOfDay`; empty: any.
    parts_of_day = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_why = models.CharField(max_length=10, choices=End, blank=True)

    objects = WaitListQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(ended_at__isnull=True), name="wait_list_waiting")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "service"], condition=Q(ended_at__isnull=True), name="wait_list_once"
            ),
            models.CheckConstraint(
                condition=Q(last_date__isnull=True) | Q(last_date__gte=F("first_date")), name="wait_list_dates"
            ),
            models.CheckConstraint(condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY), name="wait_list_weekdays"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="") | Q(ended_at__isnull=False) & ~Q(ended_why=""),
                name="wait_list_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} from {self.first_date}"


class WaitListOffer(models.Model):
    """A freed time kept for one waiting person until `expires_at`; its hold in the calendar ends then, by itself."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        TAKEN_BACK = "taken_back", "Taken back"

    public_id = public_id()
    waiting = models.ForeignKey(WaitListEntry, on_delete=models.PROTECT, related_name="offers")
    # Gone when a booking removed the hold that was over.
    hold = models.OneToOneField(CalendarEntry, on_delete=models.SET_NULL, null=True, related_name="offer")
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    offered_at = models.DateTimeField(default=timezone.now)
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="offer_answer_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    def is_open(self, now: datetime) -> bool:
        return not self.answer and self.expires_at > now


class VisitRequestQuerySet(models.QuerySet["VisitRequest"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self if isinstance(user, User) and user.may(Permission.BOOK) else self.none()

    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)


class VisitRequest(models.Model):
    """Somebody asked on the public page; becomes a patient only when the desk says so. Holds no health detail."""

    class Kind(models.TextChoices):
        FIRST_VISIT = "first_visit", "First visit"
        CALL_BACK = "call_back", "Call back"

    class End(models.TextChoices):
        REGISTERED = "registered", "Registered"
        ANSWERED = "answered", "Answered"
        NOT_REACHED = "not_reached", "Not reached"
        JUNK = "junk", "Not a request"

    public_id = public_id()
    kind = models.CharField(max_length=12, choices=Kind)
    # From the form: sending it again makes no second row.
    request_key = models.UUIDField(unique=True)
    name = models.CharField(max_length=120)
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, choices=Patient.Language)
    weekdays = models.PositiveSmallIntegerField(default=EVERY_DAY)
    parts_of_day = models.JSONField(default=list, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    # The clinic's promise at the time of asking.
    answer_by = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    last_try_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)  # the desk's
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_why = models.CharField(max_length=12, choices=End, blank=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="visit_requests")

    objects = VisitRequestQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["answer_by"], condition=Q(ended_at__isnull=True), name="visit_request_open")]
        constraints = [
            models.CheckConstraint(condition=~Q(phone="") | ~Q(email=""), name="visit_request_reachable"),
            models.CheckConstraint(
                condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY), name="visit_request_weekdays"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="") | Q(ended_at__isnull=False) & ~Q(ended_why=""),
                name="visit_request_end_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(ended_why="registered") | Q(patient__isnull=False), name="visit_request_has_patient"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
