"""The calendar. Everything that takes time is one `CalendarEntry`; the database forbids that two of them meet."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, Room, User
from clinic.models.fields import public_id
from sessions_app.models.setup import Service

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Closure(models.Model):
    """A stretch that is closed for the clinic, or for some nurses or rooms: one entry per nurse and room and day.

    Where visits stood in the way, their time is an entry that is not active: a gap, which is closed as soon as its
    visit goes elsewhere. A closure that has ended has no gaps.
    """

    title = models.CharField(max_length=80)
    # None in rows that are older than these columns and had no entries.
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    # Holds for nurses and rooms that are added later, too.
    whole_clinic = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.title


class CalendarEntry(models.Model):
    """One thing that takes time: [starts_at, ends_at), turn-round included. Written by `sessions_app.booking` alone.

    While `active`, no other active entry shares its nurse, its room or its patient at any moment
    (`sessions_app.rules`).
    """

    class Kind(models.TextChoices):
        APPOINTMENT = "appointment"
        HOLD = "hold"
        TIME_OFF = "time_off"
        CLOSURE = "closure"

    SHUT: ClassVar = (Kind.CLOSURE, Kind.TIME_OFF)
    """Time that nobody can book, overbooked or not."""

    kind = models.CharField(max_length=12, choices=Kind)
    nurse = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    active = models.BooleanField(default=True)
    closure = models.ForeignKey(Closure, on_delete=models.PROTECT, null=True, related_name="entries")
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # A hold is over at this moment, without any job: offers ignore it, and a booking removes it first.
    hold_expires_at = models.DateTimeField(null=True)
    # Somebody with the permission put this visit beside another one of its nurse or room, and said why. At most one
    # beside each, never inside a closure, and never two of one patient: the rule of the database says so.
    overbook_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["nurse", "starts_at"], name="entry_nurse_at"),
            models.Index(fields=["room", "starts_at"], name="entry_room_at"),
            models.Index(fields=["patient", "starts_at"], name="entry_patient_at"),
            models.Index(fields=["starts_at"], name="entry_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="entry_end_after_start"),
            models.CheckConstraint(
                condition=Q(nurse__isnull=False) | Q(room__isnull=False), name="entry_takes_something"
            ),
            models.CheckConstraint(
                condition=~Q(kind="appointment") | Q(nurse__isnull=False, room__isnull=False, patient__isnull=False),
                name="entry_appointment_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(kind="hold") | Q(hold_expires_at__isnull=False), name="entry_hold_ends"
            ),
            models.CheckConstraint(
                condition=Q(overbook_reason="") | Q(kind="appointment"), name="entry_overbooks_a_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at:%Y-%m-%d %H:%M}"


class Course(models.Model):
    """Several treatments of one patient, planned together; which of them is "3 of 5" follows from their order."""

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # How many the patient needs in all, those before the first booking of this course included.
    planned_sessions = models.PositiveSmallIntegerField()
    done_before = models.PositiveSmallIntegerField(default=0)
    request_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_sessions__gte=1, planned_sessions__lte=20, done_before__lt=F("planned_sessions")),
                name="course_length_possible",
            )
        ]

    def __str__(self) -> str:
        return f"{self.planned_sessions} x {self.service}"


class RepeatHold(models.Model):
    """A clinician lets the next treatment wait (rule B4), until a clinician lifts it."""

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="repeat_holds")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField(default=timezone.now)
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lift_note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient"], condition=Q(lifted_at__isnull=True), name="one_open_hold"),
            models.CheckConstraint(condition=~Q(reason=""), name="repeat_hold_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_note=""),
                name="repeat_hold_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Staff who see the schedule see every appointment; patients their own."""
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_SCHEDULE):
            return self
        return self.filter(entry__patient__user=user) if user.may(Permission.OWN_PLAN) else self.none()

    def standing(self) -> Self:
        """Neither cancelled nor missed: those that have their time, and their place in a course."""
        return self.exclude(status__in=Appointment.RELEASED)

    def starting_between(self, start: datetime, end: datetime) -> Self:
        return self.filter(entry__starts_at__gte=start, entry__starts_at__lt=end)

    def upcoming(self, now: datetime | models.Expression) -> Self:
        return self.filter(status=Appointment.Status.BOOKED, entry__starts_at__gte=now).order_by("entry__starts_at")


class Appointment(models.Model):
    """A booked period with a nurse and a room. Who, where and when stand on its entry; here is what became of it."""

    class Status(models.TextChoices):
        BOOKED = "booked", "Booked"
        ARRIVED = "arrived", "Arrived"
        IN_TREATMENT = "in_treatment", "In treatment"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        NO_SHOW = "no_show", "No-show"

    RELEASED: ClassVar = (Status.CANCELLED, Status.NO_SHOW)
    """A visit that gave its time back, and its place in a course."""

    class ConfirmedVia(models.TextChoices):
        PORTAL = "portal", "By the patient"
        DESK = "desk", "By phone"

    public_id = public_id()
    entry = models.OneToOneField(CalendarEntry, on_delete=models.PROTECT, related_name="appointment")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # The service's lengths as they were when it was booked; changing a service never moves a booked visit.
    chair_minutes = models.PositiveSmallIntegerField()
    walk_minutes = models.PositiveSmallIntegerField()
    buffer_minutes = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.BOOKED)
    status_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)
    # From the form: sending it again shows the booking that it made.
    request_key = models.UUIDField(unique=True)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, related_name="appointments")
    # The patient said that this very time holds; a moved visit is to be confirmed anew.
    confirmed_at = models.DateTimeField(null=True)
    confirmed_via = models.CharField(max_length=8, choices=ConfirmedVia, blank=True)
    # The patient asked on their page for another time, in their words.
    move_asked_at = models.DateTimeField(null=True)
    move_wish = models.CharField(max_length=200, blank=True)
    overbooked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    # A sentence such as "later than usual"; shown where the visit is shown.
    window_note = models.CharField(max_length=200, blank=True)
    # What the patient said of flights, sport or sun in the days after it.
    travel_note = models.CharField(max_length=200, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    early_approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    early_reason = models.CharField(max_length=300, blank=True)
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField(default=timezone.now)
    # What the last move or cancellation replaced, so that it can be taken back (`sessions_app.undo`); empty after any
    # other change.
    former = models.JSONField(null=True, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(early_approved_by__isnull=True) | ~Q(early_reason=""), name="appointment_early_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_via="")
                | Q(confirmed_at__isnull=False) & ~Q(confirmed_via=""),
                name="appointment_confirmed_via",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.entry.starts_at:%Y-%m-%d %H:%M}"

    @property
    def patient(self) -> Patient:
        assert self.entry.patient is not None
        return self.entry.patient

    @property
    def starts_at(self) -> datetime:
        return self.entry.starts_at

    @property
    def chair_ends_at(self) -> datetime:
        return self.entry.starts_at + timedelta(minutes=self.chair_minutes)

    @property
    def walk_ends_at(self) -> datetime:
        """When the patient may leave: the end that is told to people; the entry ends after the room's turn-round."""
        return self.chair_ends_at + timedelta(minutes=self.walk_minutes)
