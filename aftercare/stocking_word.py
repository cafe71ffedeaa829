"""A clinician says about a report whether the stocking stays off, and until when; and takes that back.

Written in the transaction of what is done about the report (`aftercare.report_work`); what follows from it is asked of
`aftercare.stocking_told`. A word is never changed: another one ends it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from aftercare.models import ReportStep, StockingOff, SymptomReport
from aftercare.stocking_told import told_to
from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, User
from clinic.protocol.catalogue import extensive_days_range
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries
from sessions_app.wording import day_words

LONGEST_DAYS = extensive_days_range()[1]  # no stocking is worn day and night for longer
AGAIN = "Wears the stocking again as the plan says"
STILL_OFF = "Word about the stocking taken back; their page still says off"
_UNTIL_SEEN = "Stocking off until seen at a visit"


class Wear(StrEnum):
    """What a clinician may say of the stocking."""

    PLAN = "plan"
    SEEN = "seen"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Word:
    """`on_again_on` is the first date on which it is worn again, of `Wear.DATE` alone."""

    wear: Wear
    on_again_on: date | None = None


def check(report: SymptomReport, word: Word, *, is_reached: bool, by: User, now: datetime) -> bool:
    """Whether `word` is another than what holds; `Refused` where it cannot be said.

    `is_reached`: whether anybody has spoken with the patient, who must have heard it before the page says it.
    """
    zone = Clinic.current().zone
    if word.wear is Wear.DATE:
        _refuse_day(word.on_again_on, local_date(now, zone))
    held = StockingOff.objects.holding(now).filter(report=report).first()
    if word == _word_of(held, zone):
        return False
    if not by.may(Permission.CLOSE_REPORTS):
        raise Refused("A clinician decides about the stocking. Hand it over to one.", rule="permission")
    if not is_reached:
        words = "Tell them first: choose “Reached” when you have spoken. Until then their page stays as it is."
        raise Refused(words, rule="reached", field="contact")
    return True


def write(report: SymptomReport, word: Word, *, is_answered: bool, by: User, now: datetime) -> str:
    """Store a word that `check` found new; returns it in short, for the step and the trail.

    `is_answered`: whether this very press answers or closes the report, so that it asks for nothing any more.
    """
    StockingOff.objects.filter(report=report, ended_at__isnull=True).update(ended_at=now, ended_by=by)
    if word.wear is Wear.PLAN:
        return _again_words(report, now, but=report if is_answered else None)
    zone = Clinic.current().zone
    on_again_at = start_of_day(word.on_again_on, zone) if word.on_again_on else None
    StockingOff.objects.create(report=report, on_again_at=on_again_at, said_at=now, said_by=by)
    return off_words(on_again_at, zone)


def off_words(on_again_at: datetime | None, zone: ZoneInfo) -> str:
    """`Stocking off, on again from Thu 26 Nov`: for staff."""
    if on_again_at is None:
        return _UNTIL_SEEN
    return f"Stocking off, on again from {day_words(local_date(on_again_at, zone))}"


def put_on_again(*, report: SymptomReport, by: User, now: datetime | None = None) -> bool:
    """The word holds no more, also after the report was closed. False when it does not already: pressed twice is once.

    What the patient reads then is asked of `aftercare.stocking_told`: another report may say the same.
    """
    now = now or timezone.now()
    if not by.may(Permission.CLOSE_REPORTS):
        raise Refused("A clinician decides about the stocking. Ask one.", rule="permission")

    @transaction.atomic
    def once() -> bool:
        held = StockingOff.objects.holding(now).filter(report=report).first()
        if held is None:
            return False
        # By its key alone: what `holding` asks of other tables would move into a subquery, which PostgreSQL does not
        # look at again when a colleague was quicker.
        if not StockingOff.objects.filter(pk=held.pk, ended_at__isnull=True).update(ended_at=now, ended_by=by):
            return False
        # Who has the report open hears of it before they save.
        SymptomReport.objects.open().filter(pk=report.pk).update(version=F("version") + 1)
        words = _again_words(report, now)
        ReportStep.objects.create(report=report, what=ReportStep.What.NOTED, at=now, by=by, words=words)
        audit.record("stocking on again", by=by, subject=report, patient=report.patient)
        return True

    return with_retries(once)


def _again_words(report: SymptomReport, now: datetime, *, but: SymptomReport | None = None) -> str:
    told = told_to(report.patient, now, but=but)
    return STILL_OFF if told is not None and told.is_off else AGAIN


def _word_of(held: StockingOff | None, zone: ZoneInfo) -> Word:
    if held is None:
        return Word(Wear.PLAN)
    if held.on_again_at is None:
        return Word(Wear.SEEN)
    return Word(Wear.DATE, local_date(held.on_again_at, zone))


def _refuse_day(day: date | None, today: date) -> None:
    if day is None:
        raise Refused("Choose the day on which they wear it again.", rule="day", field="on_again_on")
    if not today < day <= today + timedelta(days=LONGEST_DAYS):
        words = f"Choose a day after today, within {LONGEST_DAYS} days."
        raise Refused(words, rule="day", field="on_again_on")
