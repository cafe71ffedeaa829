"""When the time of a report runs out and nobody has answered, the next clinician is asked: once for each such time.

The first time is the one that the patient was told (`due_at`). After each sign of work (taken, no answer, handed over,
asked the next clinician) another one runs, as long as for a new report. It ends when a clinician has reached the
patient, and begins again when that clinician hands the report over. Nobody is named by escalation twice. When nobody is
left to name, everybody who answers reports is written to at the end of each further time: one e-mail each, so that
those of a night are counted, but never silence. Who has taken the report keeps it then.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from aftercare import report_work
from aftercare.answering import answerers, in_turn
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from aftercare.report_timing import Allowed, due_at
from clinic import audit
from clinic.models import Clinic, User
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period
from sessions_app.retrying import with_retries
from sessions_app.worked import worked

What = ReportStep.What
_WORKED_ON = (What.TAKEN, What.REACHED, What.NO_ANSWER, What.HANDED_OVER, What.ESCALATED)
NextEnd = Callable[[Level, datetime], datetime]


def escalate_due(*, now: datetime | None = None) -> int:
    """Ask the next clinician, or all, about every report whose time is over; returns how many. Safe in many workers."""
    now = now or timezone.now()
    waiting = (
        SymptomReport.objects.holding()
        .filter(due_at__lte=now)
        .unanswered()
        .select_related("patient", "session")
        .prefetch_related("steps", "notices")
        .order_by("due_at", "pk")
    )
    clinic = Clinic.current()
    next_end, today = _next_end(clinic), local_date(now, clinic.zone)
    everybody = cache(answerers)
    asked = 0
    for report in waiting:
        if time_ends(report, next_end) <= now:
            to = next_clinician(report, in_turn(report.session, day=today))
            if to is not None:
                asked += report_work.escalate(report=report, to=to, now=now)
            else:
                asked += ask_everybody(report=report, everybody=everybody(), now=now)
    return asked


def time_ends(report: SymptomReport, next_end: NextEnd) -> datetime:
    """When the time that runs for a report ends; `next_end` says when one ends that begins at a moment."""
    moments = [step.at for step in report.steps.all() if step.what in _WORKED_ON]
    if report.reminded_at is not None:
        moments.append(report.reminded_at)
    return max(report.due_at, next_end(Level(report.level), max(moments))) if moments else report.due_at


def next_clinician(report: SymptomReport, turn: list[User]) -> User | None:
    """Of those in `turn`: who was not asked yet, else who was asked but not by escalation; None when all were.

    Never who has it: asking them would only take it away from them.
    """
    steps = list(report.steps.all())
    escalated_to = {step.to_id for step in steps if step.what == What.ESCALATED}
    at_work = {report.given_to_id, report.taken_by_id, *(step.by_id for step in steps)}
    asked = {*at_work, *(notice.to_id for notice in report.notices.all())}
    left = [person for person in turn if person.pk not in escalated_to and person.pk != report.taken_by_id]
    return next((person for person in left if person.pk not in asked), next(iter(left), None))


def ask_everybody(*, report: SymptomReport, everybody: Sequence[User], now: datetime) -> bool:
    """Write to `everybody` that a report still waits; False when there is nobody, or somebody was quicker.

    `report` is as it was read. Its version stays: nothing changed for whoever has its page open.
    """
    if not everybody:
        return False

    @transaction.atomic
    def once() -> bool:
        same = SymptomReport.objects.open().filter(pk=report.pk, version=report.version, reminded_at=report.reminded_at)
        if not same.update(reminded_at=now):
            return False
        newest = ReportNotice.objects.filter(report=report).aggregate(newest=Max("number"))["newest"] or 0
        ReportNotice.objects.bulk_create(
            ReportNotice(report=report, number=number, to=person, to_all=True, written_at=now)
            for number, person in enumerate(everybody, newest + 1)
        )
        audit.record(
            "report reminded",
            by=None,
            subject=report,
            patient=report.patient,
            level=str(report.level),
            to=len(everybody),
        )
        return True

    return with_retries(once)


def name_first(*, now: datetime | None = None) -> int:
    """Name somebody for reports that came when there was no clinician to name; returns how many."""
    now = now or timezone.now()
    today = local_date(now, Clinic.current().zone)
    unnamed = SymptomReport.objects.holding().untaken().filter(given_to__isnull=True).select_related("session")
    named = 0
    for report in unnamed:
        turn = in_turn(report.session, day=today)
        named += bool(turn) and _name(report, turn[0], now)
    return named


def _name(report: SymptomReport, to: User, now: datetime) -> bool:
    try:
        with transaction.atomic():
            nameless = SymptomReport.objects.untaken().filter(pk=report.pk, given_to__isnull=True)
            ReportNotice.objects.create(report=report, number=0, to=to, written_at=now)
            return bool(nameless.update(given_to=to))
    except IntegrityError:
        return False  # another worker was quicker


def _next_end(clinic: Clinic) -> NextEnd:
    """The rule for a new report, applied from any moment; the clinic's hours are read when first needed."""
    allowed = Allowed(
        emergency=timedelta(minutes=clinic.report_emergency_minutes),
        same_day=timedelta(minutes=clinic.report_same_day_minutes),
    )

    @cache
    def opened(day: date) -> list[Period]:
        return worked(clinic, start_of_day(day, clinic.zone))

    def next_end(level: Level, moment: datetime) -> datetime:
        periods = () if level is Level.EMERGENCY else opened(local_date(moment, clinic.zone))
        return due_at(level, moment, allowed=allowed, opened=periods, zone=clinic.zone)

    return next_end
