"""What a report means for the stocking: to whom it was told to take it off, the plan's "on" must not lead.

It holds from the report on, until a clinician has spoken with the patient or closed it, as the advice itself does. That
clinician may then say that it stays off, until a visit or until a date (`StockingOff`): the same holds until then.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from aftercare.models import SymptomReport
from clinic.models import Patient

_TOES = "TOES_UNDER_STOCKING"
_TOES_NOT_BETTER = "TOES_NOT_BETTER"  # asked beside it: the stocking is off, and that did not help


@dataclass(frozen=True, slots=True)
class OffFor:
    """A clinician's word, and when it was said. `on_again_at` as in `StockingOff`: None until they were seen."""

    said_at: datetime
    on_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class StockingTold:
    """What was told and holds still.

    `off_since`: when the newest report came in whose advice is to take the stocking off and that is not answered yet;
    None while there is none. `by_patient`: whether that one came from the patient, or for the patient by phone.
    `is_emergency`: an emergency is open, whatever it is about: its number comes before everything else. `off_for`: the
    clinician's word that ends last; it speaks where nothing newer is unanswered.
    """

    off_since: datetime | None
    by_patient: bool
    is_emergency: bool
    off_for: OffFor | None = None

    @property
    def is_off(self) -> bool:
        return self.off_since is not None or self.off_for is not None

    @property
    def is_open(self) -> bool:
        """Whether a report that is not answered stands behind it."""
        return self.off_since is not None or self.is_emergency

    @property
    def said(self) -> OffFor | None:
        """The clinician's word where it is what leads."""
        return self.off_for if self.off_since is None else None


def told_by(reports: Iterable[SymptomReport]) -> StockingTold | None:
    """Of one patient's reports, with `is_answered` and `off_said_at`; None while nothing stands against the plan."""
    reports = list(reports)
    waiting = [report for report in reports if report.closed_at is None and not report.is_answered]  # type: ignore[attr-defined]
    off = max((report for report in waiting if is_off(report)), key=lambda each: each.reported_at, default=None)
    is_emergency = any(report.level == SymptomReport.Level.EMERGENCY for report in waiting)
    off_for = _last(OffFor(each.off_said_at, each.off_on_again_at) for each in reports if each.off_said_at)  # type: ignore[attr-defined]
    if off is None and off_for is None and not is_emergency:
        return None
    by_patient = off is not None and off.source != SymptomReport.Source.CARER
    return StockingTold(off.reported_at if off else None, by_patient, is_emergency, off_for)


def _last(words: Iterable[OffFor]) -> OffFor | None:
    """What ends last: of "until you were seen" nobody knows when."""
    return max(words, key=lambda each: (each.on_again_at is None, each.on_again_at or each.said_at), default=None)


def told_to(patient: Patient, now: datetime, *, but: SymptomReport | None = None) -> StockingTold | None:
    """The same for all reports about a patient, whoever gave them, `but` one. One query."""
    about = SymptomReport.objects.filter(patient=patient).about_now(now)
    others = about.exclude(pk=but.pk) if but else about
    return told_by(others.with_answered().with_stocking_off(now))


def told_off(patient_ids: Collection[int]) -> Mapping[int, bool]:
    """Of these patients those whose stocking is to be off: whether a clinician said so, after the report. One query."""
    about = SymptomReport.objects.filter(patient__in=patient_ids)
    now = timezone.now()
    reports = list(about.about_now(now).with_answered().with_stocking_off(now))
    said = {each.patient_id: True for each in reports if each.off_said_at}  # type: ignore[attr-defined]
    unanswered = [each for each in reports if each.closed_at is None and not each.is_answered]  # type: ignore[attr-defined]
    waiting = {each.patient_id: False for each in unanswered if is_off(each)}
    return said | waiting


def is_off(report: SymptomReport) -> bool:
    """Whether who gave the report was told to take the stocking off."""
    return _TOES in report.symptoms or _TOES_NOT_BETTER in report.affirmed
