"""Open reports that were taken and that nobody works on any more: the taker left, or answered and never closed it.

No timer runs for what was answered, and what is taken asks nobody: without this such a report is nobody's for ever, and
the patient's next treatment waits for it. What waits for a scan or a visit is not left: it must stay open until then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from aftercare.models import SymptomReport
from aftercare.report_timing import Allowed, due_at
from clinic.access import Permission
from clinic.models import Clinic
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period
from sessions_app.models import Appointment
from sessions_app.worked import worked

# Openings are looked up from this far back: what is older is over its time wherever the clinic was open since.
_LOOK_BACK = timedelta(days=14)
# A visit that begins later is not the one that was agreed: nobody must wait for a repeat in spring.
_SOON = timedelta(days=14)


def left_open(now: datetime) -> list[SymptomReport]:
    """Those reports, what is due first on top, with `answered_at`, their patients and who took them.

    What is usually expected and was read waits for nobody but its taker. One query; three when a report was answered
    before today.
    """
    taken = SymptomReport.objects.open().filter(taken_at__isnull=False).with_answered_at()
    rows = list(taken.annotate(visit_at=_visit_at()).select_related("patient", "taken_by").order_by("due_at", "pk"))
    answered = {
        row.pk: moment for row in rows if (moment := _waited_from(row)) and row.level != SymptomReport.Level.REASSURE
    }
    over = dict(zip(answered, next_working_day_is_over(list(answered.values()), now), strict=True))
    return [row for row in rows if over.get(row.pk) or taker_left(row)]


def taker_left(report: SymptomReport) -> bool:
    """Whether who has the report works here no more, or may no longer answer reports."""
    taker = report.taken_by
    return taker is not None and not (taker.is_active and taker.may(Permission.ANSWER_REPORTS))


def next_working_day_is_over(moments: Sequence[datetime], now: datetime) -> list[bool]:
    """For each moment whether the clinic has closed on the working day after it. Two queries; none for today's.

    A moment may be still to come.
    """
    clinic = Clinic.current()
    today = start_of_day(local_date(now, clinic.zone), clinic.zone)
    if all(moment >= today for moment in moments):
        return [False] * len(moments)
    ends = next_working_day_ends(moments, now, clinic)
    return [moment < today and end <= now for moment, end in zip(moments, ends, strict=True)]


def next_working_day_ends(moments: Sequence[datetime], now: datetime, clinic: Clinic) -> list[datetime]:
    """For each moment when the clinic closes on the working day after it: by when what can wait is dealt with.

    Moments of more than two weeks ago have some end that is over. Two queries, none without moments.
    """
    if not moments:
        return []
    opened = lately_opened(now, clinic)
    return [next_working_day_end(moment, opened, clinic) for moment in moments]


def lately_opened(now: datetime, clinic: Clinic) -> list[Period]:
    """The openings from two weeks ago on. Two queries."""
    return worked(clinic, now - _LOOK_BACK)


def next_working_day_end(moment: datetime, opened: Sequence[Period], clinic: Clinic) -> datetime:
    """The same for one moment, of openings that were looked up before."""
    allowed = Allowed(emergency=timedelta(0), same_day=timedelta(0))  # neither is asked for here
    return due_at(Level.NEXT_DAY, moment, allowed=allowed, opened=opened, zone=clinic.zone)


def _visit_at() -> Subquery:
    """When the first visit after the answer is or was: one that was cancelled or missed is none."""
    visits = Appointment.objects.standing().filter(
        entry__patient=OuterRef("patient"), entry__starts_at__gt=OuterRef("answered_at")
    )
    return Subquery(visits.order_by("entry__starts_at").values("entry__starts_at")[:1])


def _waited_from(report: SymptomReport) -> datetime | None:
    """From when on somebody has to close it: it was answered, and its scan, or the visit that was agreed, is over."""
    answered_at: datetime | None = report.answered_at  # type: ignore[attr-defined]
    if answered_at is None:
        return None
    visit_at: datetime | None = report.visit_at  # type: ignore[attr-defined]
    is_agreed = report.outcome == SymptomReport.Outcome.VISIT
    if visit_at is None or not is_agreed or visit_at > answered_at + _SOON:
        visit_at = answered_at
    return max(answered_at, report.scan_at or answered_at, visit_at)
