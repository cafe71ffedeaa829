"""What an open report means for the stocking: to whom it was told to take it off, the plan's "on" must not lead.

It holds from the report on, until a clinician has spoken with the patient or closed it, as the advice itself does.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from aftercare.models import SymptomReport
from clinic.models import Patient

_TOES = "TOES_UNDER_STOCKING"
_TOES_NOT_BETTER = "TOES_NOT_BETTER"  # asked beside it: the stocking is off, and that did not help


@dataclass(frozen=True, slots=True)
class StockingTold:
    """What was told and is not answered yet.

    `off_since`: when the newest report came in whose advice is to take the stocking off; None while there is none.
    `by_patient`: whether that one came from the patient, or for the patient by phone. `is_emergency`: an emergency is
    open, whatever it is about: its number comes before everything else.
    """

    off_since: datetime | None
    by_patient: bool
    is_emergency: bool

    @property
    def is_off(self) -> bool:
        return self.off_since is not None


def told_by(reports: Iterable[SymptomReport]) -> StockingTold | None:
    """Of one patient's reports, with `is_answered`; None while nothing stands against the plan."""
    waiting = [report for report in reports if report.closed_at is None and not report.is_answered]  # type: ignore[attr-defined]
    off = max((report for report in waiting if is_off(report)), key=lambda each: each.reported_at, default=None)
    is_emergency = any(report.level == SymptomReport.Level.EMERGENCY for report in waiting)
    if off is None and not is_emergency:
        return None
    by_patient = off is not None and off.source != SymptomReport.Source.CARER
    return StockingTold(off.reported_at if off else None, by_patient, is_emergency)


def told_to(patient: Patient) -> StockingTold | None:
    """The same for all reports about a patient, whoever gave them. One query."""
    return told_by(SymptomReport.objects.filter(patient=patient).open().with_answered())


def told_off(patient_ids: Collection[int]) -> set[int]:
    """Of these patients those who were told to take the stocking off. One query."""
    waiting = SymptomReport.objects.filter(patient__in=patient_ids).open().unanswered()
    return {report.patient_id for report in waiting if is_off(report)}


def is_off(report: SymptomReport) -> bool:
    """Whether who gave the report was told to take the stocking off."""
    return _TOES in report.symptoms or _TOES_NOT_BETTER in report.affirmed
