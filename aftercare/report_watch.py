"""What follows from open reports elsewhere: treatments wait (B4), everybody at work is alerted, the bar counts them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from aftercare.models import SymptomReport
from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import Clinic, Patient, User
from clinic.protocol.triage import Level
from clinic.protocol.vocabulary import Hold
from clinic.protocol.zones import local_date, local_time
from sessions_app.wording import time_words

SOURCE = "symptom report"
"""The name under which holds and alerts are registered."""
_NAMED = 3
_URGENT = (Level.EMERGENCY, Level.SAME_DAY)


def open_rows() -> QuerySet[SymptomReport]:
    """Every report that lets the next treatment wait, for `HoldRows`."""
    return SymptomReport.objects.holding()


def hold_of(patient: Patient) -> Iterable[Hold]:
    """The hold source: one query."""
    return [Hold.UNANSWERED_RED_FLAG] if open_rows().filter(patient=patient).exists() else []


def held_among(patients: Sequence[Patient]) -> Iterable[int]:
    """The ids of those patients who have an open report; for lists. One query."""
    return open_rows().filter(patient__in=patients).values_list("patient_id", flat=True)


def waiting_for(user: User) -> int:
    """The number in the bar: reports that nobody has taken, and those which `user` has. One query."""
    mine = Q(taken_at__isnull=True) | Q(taken_by=user)
    return SymptomReport.objects.visible_to(user).open().filter(mine).count()


def report_alerts(user: User) -> Iterable[Alert]:
    """On every page of who sees reports, until somebody has taken each. One query.

    No symptom is named: screens are seen.
    """
    if not user.may(Permission.VIEW_REPORTS):
        return
    untaken = list(
        SymptomReport.objects.untaken()
        .exclude(level=Level.REASSURE)
        .select_related("patient")
        .only("public_id", "level", "due_at", "given_to_id", "patient__given_name", "patient__family_name")
        .order_by("due_at", "pk")
    )
    if not untaken:
        return
    now, zone = timezone.now(), Clinic.current().zone
    untaken.sort(key=lambda report: report.level != Level.EMERGENCY)
    urgent = [report for report in untaken if report.level in _URGENT]
    for report in urgent[:_NAMED]:
        yield _alert_of(report, user, now, zone)
    others = len(untaken) - len(urgent[:_NAMED])
    if others:
        more = "more " if urgent else ""
        words = f"{others} {more}reports wait" if others > 1 else f"1 {more}report waits"
        is_urgent = len(urgent) > _NAMED or any(report.due_at < now for report in untaken)
        words = f"{words}: nobody has taken {'them' if others > 1 else 'it'}."
        yield Alert(words, reverse("aftercare:queue"), "Open the queue", is_urgent=is_urgent)


def _alert_of(report: SymptomReport, user: User, now: datetime, zone: ZoneInfo) -> Alert:
    what = "Emergency" if report.level == Level.EMERGENCY else "Report for today"
    clock = _when(report.due_at, now, zone)
    until = f"An answer was due {clock}." if report.due_at < now else f"Answer by {clock}."
    given = " It is given to you." if report.given_to_id == user.pk else ""
    return Alert(
        f"{what}: {report.patient.name}, nobody has taken it. {until}{given}",
        reverse("aftercare:queue_report", args=[report.public_id]),
        "Open it",
        is_urgent=True,
    )


def _when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "13:10" today, "Tue 20 Jan, 10:30" on other days."""
    wall = local_time(instant, zone)
    return f"{wall:%H:%M}" if wall.date() == local_date(now, zone) else time_words(instant, zone)
