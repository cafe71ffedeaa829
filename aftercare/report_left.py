"""Open reports that were taken and that nobody works on any more: the taker left, or answered and never closed it.

No timer runs for what was answered, and what is taken asks nobody: without this such a report is nobody's for ever, and
the patient's next treatment waits for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aftercare.models import SymptomReport
from aftercare.report_timing import Allowed, due_at
from clinic.access import Permission
from clinic.models import Clinic
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period
from sessions_app.worked import worked

# Openings are looked up from this far back: what is older is over its time wherever the clinic was open since.
_LOOK_BACK = timedelta(days=14)


def left_open(now: datetime) -> list[SymptomReport]:
    """Those reports, what is due first on top, with `answered_at`, their patients and who took them.

    What is usually expected and was read waits for nobody but its taker. One query; three when a report was answered
    before today.
    """
    taken = SymptomReport.objects.open().filter(taken_at__isnull=False).with_answered_at()
    rows = list(taken.select_related("patient", "taken_by").order_by("due_at", "pk"))
    answered = {
        row.pk: moment for row in rows if (moment := _answered_at(row)) and row.level != SymptomReport.Level.REASSURE
    }
    over = dict(zip(answered, next_working_day_is_over(list(answered.values()), now), strict=True))
    return [row for row in rows if over.get(row.pk) or taker_left(row)]


def taker_left(report: SymptomReport) -> bool:
    """Whether who has the report works here no more, or may no longer answer reports."""
    taker = report.taken_by
    return taker is not None and not (taker.is_active and taker.may(Permission.ANSWER_REPORTS))


def next_working_day_is_over(moments: Sequence[datetime], now: datetime) -> list[bool]:
    """For each moment whether the clinic has closed on the working day after it. Two queries; none for today's."""
    clinic = Clinic.current()
    today = start_of_day(local_date(now, clinic.zone), clinic.zone)
    if all(moment >= today for moment in moments):
        return [False] * len(moments)
    return [end <= now for end in next_working_day_ends(moments, now, clinic)]


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


def _answered_at(report: SymptomReport) -> datetime | None:
    moment: datetime | None = report.answered_at  # type: ignore[attr-defined]
    return moment
