"""What has come to a halt without anybody seeing it, said on every staff page: e-mails about reports that do not leave,
reports that were taken and then forgotten or left open, what we promised to read, patients who wait for help with the
stocking.

No symptom is named: screens are seen.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from aftercare.models import ReportNotice, SymptomReport
from aftercare.models.report import takes_nothing
from aftercare.report_left import left_open, next_working_day_is_over, taker_left
from aftercare.ticks import HELP_TASK
from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import Clinic, StaffTask, User
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date
from sessions_app.wording import day_words, list_words

SOURCE = "stuck"
"""The name under which the alerts are registered."""
# Two failed tries and a third; a sender that does not run at all shows as well.
_MAIL_IS_STUCK_AFTER = timedelta(minutes=5)
_NAMED = 3
_URGENT = (Level.EMERGENCY, Level.SAME_DAY)


def stuck_alerts(user: User) -> Iterable[Alert]:
    """A few lines; five queries, and the openings' while somebody waits since an earlier day."""
    now = timezone.now()
    reads = user.may(Permission.VIEW_REPORTS)
    if reads or user.may(Permission.ADMINISTER):
        yield from _mail(now, is_linked=reads)
    if reads:
        left = left_open(now)
        yield from _left(left)
        yield from _forgotten(left)
        yield from _unread(now)
    if user.may(Permission.WORK_TASKS):
        yield from _stockings(now)


def _mail(now: datetime, *, is_linked: bool) -> Iterable[Alert]:
    """Notices that are still wanted and did not leave in minutes, or that the mail server refused."""
    rows = ReportNotice.objects.wanted().annotate(is_refused=takes_nothing()).order_by("written_at", "pk")
    facts = rows.values_list("to__name", "report__level", "written_at", "is_refused")
    stuck = [fact for fact in facts if fact[3] or fact[2] <= now - _MAIL_IS_STUCK_AFTER]
    if not stuck:
        return
    refused = list(dict.fromkeys(name for name, _, _, is_refused in stuck if is_refused))
    waiting = list(dict.fromkeys(name for name, _, _, is_refused in stuck if not is_refused))
    is_urgent = any(level in _URGENT for _, level, _, _ in stuck)
    url, link = (reverse("aftercare:queue"), "Open the queue") if is_linked else ("", "")
    if refused:
        yield Alert(refusal_words(_people(refused)), url, link, is_urgent=is_urgent)
    if waiting:
        words = f"E-mails about reports do not leave, to {_people(waiting)}."
        yield Alert(f"{words} Tell them yourself, and whoever looks after the system.", url, link, is_urgent=is_urgent)


def refusal_words(people: str) -> str:
    """What is said of people whose address takes nothing, for good; `people` are their names in words."""
    return (
        f"The mail server refuses e-mails to {people}: correct the address. Until then tell them of reports yourself."
    )


def _people(names: list[str]) -> str:
    others = len(names) - _NAMED
    return list_words([*names[:_NAMED], f"{others} more"] if others > 0 else names)


def _left(left: Sequence[SymptomReport]) -> Iterable[Alert]:
    """Of whom its taker left, or of whom was answered and not closed by the end of the next working day."""
    for report in left[:_NAMED]:
        is_nobodys = taker_left(report)
        yield Alert(
            _nobodys_words(report) if is_nobodys else _unclosed_words(report),
            reverse("aftercare:queue_report", args=[report.public_id]),
            "Open it",
            is_urgent=is_nobodys and report.level in _URGENT,
        )
    if len(left) > _NAMED:
        yield Alert("More reports were taken and left open.", reverse("aftercare:queue"), "Open the queue")


def _nobodys_words(report: SymptomReport) -> str:
    return (
        f"{report.taken_by} has the report of {report.patient.name} and does not answer reports any more: take it over."
    )


def _unclosed_words(report: SymptomReport) -> str:
    day = day_words(local_date(report.answered_at, Clinic.current().zone))  # type: ignore[attr-defined]
    return f"The report of {report.patient.name} was answered on {day} and is still open: {report.taken_by} closes it."


def _forgotten(left: Sequence[SymptomReport]) -> Iterable[Alert]:
    """Taken, its time over, and no clinician was left to ask: `report_watch` is silent about what is taken."""
    since_taken = SymptomReport.objects.holding().unanswered().filter(reminded_at__gte=F("taken_at"))
    since_taken = since_taken.exclude(pk__in=[report.pk for report in left])  # said already
    rows = list(since_taken.select_related("patient", "taken_by").order_by("due_at", "pk")[: _NAMED + 1])
    for report in rows[:_NAMED]:
        yield Alert(
            f"{report.taken_by} took the report of {report.patient.name}, but no clinician has answered in time.",
            reverse("aftercare:queue_report", args=[report.public_id]),
            "Open it",
            is_urgent=report.level in _URGENT,
        )
    if len(rows) > _NAMED:
        yield Alert("More reports were taken and not answered in time.", reverse("aftercare:queue"), "Open the queue")


def _unread(now: datetime) -> Iterable[Alert]:
    """What is usually expected asks nobody by e-mail, but its giver was told by when we read it."""
    late = SymptomReport.objects.open().unanswered().filter(level=Level.REASSURE, due_at__lt=now).count()
    if late:
        words = "1 report of what is expected is" if late == 1 else f"{late} reports of what is expected are"
        words = f"{words} over time: we said by when we read {'it' if late == 1 else 'them'}."
        yield Alert(words, reverse("aftercare:queue"), "Open the queue")


def _stockings(now: datetime) -> Iterable[Alert]:
    late = late_help(now)
    if late:
        words = "1 patient waits" if late == 1 else f"{late} patients wait"
        words = f"{words} for help with the stocking since before the last working day."
        yield Alert(words, f"{reverse('sessions_app:calls')}#list-stocking", "Open the calls")


def late_help(now: datetime) -> int:
    """How many patients wait longer than until the end of the next working day. One query, three when some may."""
    asked_at = StaffTask.objects.open().filter(kind=HELP_TASK).values_list("created_at", flat=True)
    return sum(next_working_day_is_over(list(asked_at), now))
