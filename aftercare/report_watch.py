"""What follows from open reports elsewhere: treatments wait (B4), everybody at work is alerted, the bar counts them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from aftercare.models import SymptomReport
from aftercare.report_left import left_open
from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import Clinic, User
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date, local_time
from sessions_app.wording import time_words

SOURCE = "symptom report"
"""The name under which holds and alerts are registered."""
_NAMED = 3
_URGENT = (Level.EMERGENCY, Level.SAME_DAY)


def open_rows() -> QuerySet[SymptomReport]:
    """Every report that lets the next treatment wait, for `HoldRows`."""
    return SymptomReport.objects.holding()


def told(report: SymptomReport) -> str:
    return f"A report of symptoms is open: {report.get_level_display().lower()}"


def waiting_for(user: User) -> int:
    """The number in the bar: reports that nobody has taken, those which `user` has, and those that were left open.

    Two queries; four when a report was answered before today.
    """
    left = [report.pk for report in left_open(timezone.now())]
    mine = Q(taken_at__isnull=True) | Q(taken_by=user) | Q(pk__in=left)
    return SymptomReport.objects.visible_to(user).open().filter(mine).count()


def report_alerts(user: User) -> Iterable[Alert]:
    """A line for each patient, on every page of who sees reports, until somebody has taken each. One query.

    No symptom is named: screens are seen.
    """
    if not user.may(Permission.VIEW_REPORTS):
        return
    untaken = list(
        SymptomReport.objects.untaken()
        .exclude(level=Level.REASSURE)
        .select_related("patient")
        .only(
            "public_id", "level", "due_at", "given_to_id", "patient_id", "patient__given_name", "patient__family_name"
        )
        .order_by("due_at", "pk")
    )
    if not untaken:
        return
    now, zone = timezone.now(), Clinic.current().zone
    urgent, others = _by_patient(untaken)
    for reports in urgent[:_NAMED]:
        yield _alert_of(reports, user, now, zone)
    left = sum(len(reports) for reports in [*urgent[_NAMED:], *others])
    if left:
        more = "more " if urgent else ""
        words = f"{left} {more}reports wait" if left > 1 else f"1 {more}report waits"
        is_urgent = len(urgent) > _NAMED or any(report.due_at < now for report in untaken)
        words = f"{words}: nobody has taken {'them' if left > 1 else 'it'}."
        yield Alert(words, reverse("aftercare:queue"), "Open the queue", is_urgent=is_urgent)


def is_queue(page: str) -> bool:
    """Whether `page` lists every open report, what is due first on its top: an alert would say it twice."""
    address, query = urlsplit(page), QueryDict(urlsplit(page).query)
    return (
        address.path.startswith(reverse("aftercare:queue"))
        and query.get("show", "open") not in ("mine", "closed")
        and query.get("page", "1") == "1"
    )


def _by_patient(untaken: Iterable[SymptomReport]) -> tuple[list[list[SymptomReport]], list[list[SymptomReport]]]:
    """The reports of each patient, those of an emergency first: with an urgent one among them, and without."""
    patients: dict[int, list[SymptomReport]] = {}
    for report in sorted(untaken, key=lambda report: (report.level != Level.EMERGENCY, report.level not in _URGENT)):
        patients.setdefault(report.patient_id, []).append(report)
    urgent = [reports for reports in patients.values() if reports[0].level in _URGENT]
    return urgent, [reports for reports in patients.values() if reports[0].level not in _URGENT]


def _alert_of(reports: Sequence[SymptomReport], user: User, now: datetime, zone: ZoneInfo) -> Alert:
    """One line for one patient; it leads to the report that comes first."""
    first, due_at = reports[0], min(report.due_at for report in reports)
    what = "Emergency" if first.level == Level.EMERGENCY else "Report for today"
    more = "" if len(reports) == 1 else f", {len(reports)} reports"
    clock = _when(due_at, now, zone)
    until = f"An answer was due {clock}." if due_at < now else f"Answer by {clock}."
    one, it = ("It", "it") if len(reports) == 1 else ("One", "them")
    given = f" {one} is given to you." if any(report.given_to_id == user.pk for report in reports) else ""
    return Alert(
        f"{what}: {first.patient.name}{more}, nobody has taken {it}. {until}{given}",
        reverse("aftercare:queue_report", args=[first.public_id]),
        "Open it",
        is_urgent=True,
    )


def _when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "13:10" today, "Tue 20 Jan, 10:30" on other days."""
    wall = local_time(instant, zone)
    return f"{wall:%H:%M}" if wall.date() == local_date(now, zone) else time_words(instant, zone)
