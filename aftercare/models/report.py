"""What a patient reported: the answers as given, how soon somebody must act, and what was done. The facts are locked.

`aftercare.rules` lets nothing but the state change, and lets only a clinician close what must be seen by one.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from aftercare.models.stocking_off import StockingOff
from clinic.access import GRANTS, Permission
from clinic.models import Patient, ProtocolVersion, User
from clinic.models.fields import public_id
from clinic.protocol.triage import Level as TriageLevel
from sessions_app.models import TreatmentSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


LEARNT_OTHERWISE = ("sent_on", "treated_elsewhere", "mistake")
"""Outcomes that close a report although nobody reached the patient; `aftercare.rules` holds it."""


class SymptomReportQuerySet(models.QuerySet["SymptomReport"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Staff see all; a portal account those of its own patient, and those it gave for whom it cares for now."""
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.VIEW_REPORTS):
            return self
        if not user.may(Permission.CARED_PLAN):
            return self.none()
        cared = Patient.objects.filter(carers__user=user, carers__ended_at__isnull=True)
        return self.filter(Q(patient__user=user) | Q(reported_by=user, patient__in=cared))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def about_now(self, now: datetime, *, closed_since: datetime | None = None) -> Self:
        """Open ones, those closed since, and closed ones with a scan to come or by whose word the stocking is off."""
        off = StockingOff.objects.holding(now).filter(report=OuterRef("pk"))
        recent = Q(closed_at__gte=closed_since) if closed_since else Q()
        return self.filter(Q(closed_at__isnull=True) | recent | Q(scan_at__gte=now) | Exists(off))

    def with_stocking_off(self, now: datetime) -> Self:
        """Adds `off_said_at`, None unless by a clinician's word the stocking is off now, and `off_on_again_at`."""
        off = StockingOff.objects.holding(now).filter(report=OuterRef("pk"))
        return self.annotate(
            off_said_at=Subquery(off.values("said_at")[:1]), off_on_again_at=Subquery(off.values("on_again_at")[:1])
        )

    def holding(self) -> Self:
        """Open ones that let the next treatment wait."""
        return self.open().filter(level__in=[TriageLevel.EMERGENCY, TriageLevel.SAME_DAY, TriageLevel.NEXT_DAY])

    def untaken(self) -> Self:
        """Open ones that nobody has said to be working on."""
        return self.open().filter(taken_at__isnull=True)

    def with_answered(self) -> Self:
        """Adds `is_answered`: the patient was reached by somebody who may close the report. Its timer has ended.

        Handed over after that, it waits for an answer again: whoever asked a colleague has not ended it.
        """
        return self.annotate(is_answered=_reached())

    def with_answered_at(self) -> Self:
        """Adds `answered_at`: when the patient was last reached as for `is_answered`; None while it is not answered."""
        return self.annotate(answered_at=Subquery(_answers().order_by("-pk").values("at")[:1]))

    def with_reached(self) -> Self:
        """Adds `was_reached`: somebody spoke with the patient, or with who reported."""
        spoken = ReportStep.objects.filter(report=OuterRef("pk"), what=ReportStep.What.REACHED)
        return self.annotate(was_reached=Exists(spoken))

    def with_contact(self) -> Self:
        """Adds `last_contact`: what came of the newest call, "reached" or "no_answer"; None before any."""
        calls = ReportStep.objects.filter(
            report=OuterRef("pk"), what__in=[ReportStep.What.REACHED, ReportStep.What.NO_ANSWER]
        )
        return self.annotate(last_contact=Subquery(calls.order_by("-pk").values("what")[:1]))

    def for_givers(self, now: datetime) -> Self:
        """With what whoever gave a report is told of it."""
        people = self.select_related("taken_by", "reported_by")
        return people.with_answered().with_reached().with_contact().with_stocking_off(now)

    def unanswered(self) -> Self:
        """Those whose timer runs, or ran out."""
        return self.filter(~_reached())


def _reached() -> Exists:
    return Exists(_answers())


def _answers() -> "models.QuerySet[ReportStep]":
    """Reached by a closer, and nobody else was asked to answer since: steps are written one after the other."""
    closers = Q(report__level=TriageLevel.REASSURE)
    for role, granted in GRANTS.items():
        if Permission.CLOSE_REPORTS in granted:
            closers |= Q(by__roles__contains=f"|{role}|")
    passed_on = ReportStep.objects.filter(
        report=OuterRef("report"),
        what__in=[ReportStep.What.HANDED_OVER, ReportStep.What.ESCALATED],
        pk__gt=OuterRef("pk"),
    )
    reached = ReportStep.objects.filter(closers, report=OuterRef("pk"), what=ReportStep.What.REACHED)
    return reached.filter(~Exists(passed_on))


class SymptomReport(models.Model):
    class Source(models.TextChoices):
        PORTAL = "portal", "on the patient's page"
        CARER = "carer", "by a carer"
        PHONE = "phone", "by phone"

    class Level(models.TextChoices):
        EMERGENCY = TriageLevel.EMERGENCY.value, "Emergency"
        SAME_DAY = TriageLevel.SAME_DAY.value, "Same day"
        NEXT_DAY = TriageLevel.NEXT_DAY.value, "Next day"
        REASSURE = TriageLevel.REASSURE.value, "Expected"

    class Outcome(models.TextChoices):
        ADVISED = "advised", "Advised, nothing more"
        VISIT = "visit", "Comes to the clinic"
        SCAN = "scan", "Duplex scan"
        SENT_ON = "sent_on", "Sent to an emergency department"
        TREATED_ELSEWHERE = "treated_elsewhere", "Treated elsewhere"
        MISTAKE = "mistake", "Reported by mistake"

        @property
        def needs_reached(self) -> bool:
            """Nobody can know this without the patient; the others are learnt another way too, and a note says how."""
            return self.value not in LEARNT_OTHERWISE

    public_id = public_id()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reports")
    # The newest signed session when it was reported; its corrections share the lineage.
    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, null=True, related_name="reports")
    # From the form: sending it again makes no second report.
    request_key = models.UUIDField(unique=True)
    source = models.CharField(max_length=8, choices=Source)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reporter_words = models.CharField(max_length=120, blank=True)  # e.g. "her husband by phone"
    reported_at = models.DateTimeField(default=timezone.now)
    language = models.CharField(max_length=5, default="en")
    # Codes of `clinic.protocol.triage.SYMPTOMS`. Several questions ask for one code, so which ones were answered with
    # yes and with no is kept by key (`aftercare.presenters.symptoms`); one in neither list was not answered.
    symptoms = models.JSONField(default=list)
    affirmed = models.JSONField(default=list)
    denied = models.JSONField(default=list)
    leg = models.CharField(max_length=5, blank=True)
    free_text = models.TextField(max_length=2000, blank=True)
    day = models.PositiveIntegerField(null=True)  # dates since the session
    level = models.CharField(max_length=10, choices=Level)
    because = models.JSONField(default=list)  # the codes that made the level
    told = models.TextField(blank=True)  # what the page, or the caller, was told at once
    protocol_version = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, null=True, related_name="+")
    # By when somebody answers; runs on the clinic's hours, an emergency's on the clock.
    due_at = models.DateTimeField()
    # --- state ---
    version = models.PositiveIntegerField(default=1)
    # Who answers for it now: named at the report, changed by a hand-over or an escalation.
    given_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # When all who answer reports were last asked at once, because no clinician was left to ask.
    reminded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    # When and where a scan is, as far as it is known; for the patient to read.
    scan_at = models.DateTimeField(null=True)
    scan_place = models.CharField(max_length=120, blank=True)
    closing_note = models.CharField(max_length=500, blank=True)

    objects = SymptomReportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-reported_at"], name="report_of_patient"),
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="report_open"),
            models.Index(fields=["-closed_at"], condition=Q(closed_at__isnull=False), name="report_closed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=[level.value for level in TriageLevel]), name="report_level_known"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=models.F("reported_at")), name="report_due_after"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="report_taken_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closing_note="") & ~Q(outcome=""),
                name="report_closed_with_note",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} report of {self.reported_at:%Y-%m-%d}"


class ReportStep(models.Model):
    """What was done about a report, by whom and when; append-only."""

    class What(models.TextChoices):
        TAKEN = "taken", "Taken"
        REACHED = "reached", "Reached"
        NO_ANSWER = "no_answer", "No answer"
        NOTED = "noted", "Noted"
        HANDED_OVER = "handed_over", "Handed over"
        ESCALATED = "escalated", "Escalated"
        CLOSED = "closed", "Closed"

    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField(max_length=12, choices=What)
    at = models.DateTimeField(default=timezone.now)
    # Empty: nobody did it, the time did.
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_what_display()


class ReportNoticeQuerySet(models.QuerySet["ReportNotice"]):
    # Everything about other tables is asked in EXISTS: a join would move the whole condition of an UPDATE into a
    # subquery, which PostgreSQL does not look at again when another worker was quicker.

    def wanted(self) -> Self:
        """Unsent ones that still ask for something: of who is asked now, or of the newest round to everybody.

        Nobody is asked any more once the report is answered or closed, or somebody took it since.
        """
        report = SymptomReport.objects.open().unanswered().filter(pk=OuterRef("report_id"))
        to_one = report.filter(taken_at__isnull=True, given_to=OuterRef("to_id"))
        untouched = Q(taken_at__isnull=True) | Q(taken_at__lt=OuterRef("written_at"))
        to_all = report.filter(untouched, reminded_at=OuterRef("written_at"))
        at_work = User.objects.filter(pk=OuterRef("to_id"), is_active=True)
        asked = Q(Exists(to_one), to_all=False) | Q(Exists(to_all), to_all=True)
        return self.filter(asked, Exists(at_work), sent_at__isnull=True)

    def to_send(self, now: datetime, *, lease: timedelta) -> Self:
        """Wanted ones whose turn it is: nobody claimed them within `lease`, and no pause after a failure runs.

        One that was refused has its turn again when the person's address is another by now.
        """
        free = Q(claimed_at__isnull=True) | Q(claimed_at__lte=now - lease)
        paused = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
        return self.wanted().filter(free, paused).exclude(takes_nothing())


def takes_nothing() -> Q:
    """Of a notice: whether the mail server takes nothing for the address that the person has now."""
    same = User.objects.filter(pk=OuterRef("to_id"), email=OuterRef("refused_address"))
    return Q(Exists(same), refused_at__isnull=False)


class ReportNotice(models.Model):
    """One neutral e-mail to a member of staff about a report: the first, then one for each escalation.

    When no clinician is left to ask, one to everybody who answers reports (`to_all`), at the report's `reminded_at`.
    """

    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveSmallIntegerField()  # 0: at the report
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    to_all = models.BooleanField(default=False)
    written_at = models.DateTimeField(default=timezone.now)
    # Who sends claims it first, so that it leaves once; empty again after a failure.
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # After a failure: not before. The pauses grow.
    retry_at = models.DateTimeField(null=True)
    # The mail server said for good that this address takes nothing. It holds for that address alone: another one, given
    # since, is tried.
    refused_at = models.DateTimeField(null=True)
    refused_address = models.EmailField(blank=True)

    objects = ReportNoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="report_notice_once")]
        indexes = [models.Index(fields=["written_at"], condition=Q(sent_at__isnull=True), name="report_notice_unsent")]

    def __str__(self) -> str:
        return f"Notice {self.number}"
