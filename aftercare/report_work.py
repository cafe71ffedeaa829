"""What staff do about a report: take it, say whether the patient was reached, note, hand over, close.

Every write is a conditional update on the report's version, one step (`ReportStep`), one event of the audit trail, in
one transaction. Nothing that was reported changes; only people close a report, only a clinician closes what needs one,
and only when the patient was reached, or what became of them was learnt another way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from aftercare import missed_calls, report_scan, stocking_word
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from aftercare.report_scan import Scan
from aftercare.stocking_word import Word
from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, User
from clinic.protocol.triage import Level
from clinic.protocol.zones import local_time
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import with_retries
from sessions_app.wording import without_nul

LONGEST_NOTE = 400
_LONGEST_WORDS = 500  # a step's words hold what happens now as well
What = ReportStep.What
CONTACTS = (What.REACHED, What.NO_ANSWER)
PENDING = (SymptomReport.Outcome.VISIT, SymptomReport.Outcome.SCAN)
"""Outcomes whose result comes later."""
_RELATED = ("patient", "session", "given_to", "taken_by", "closed_by", "reported_by")
P = ParamSpec("P")


def _work(action: Callable[P, SymptomReport]) -> Callable[P, SymptomReport]:
    """One transaction, tried again when the database gave it up; refused to who may only read reports."""

    @wraps(action)
    def done(*args: P.args, **kwargs: P.kwargs) -> SymptomReport:
        by = kwargs["by"]
        assert isinstance(by, User)
        if not by.may(Permission.ANSWER_REPORTS):
            raise Refused("A nurse or a clinician answers reports. Ask one.", rule="permission")
        return with_retries(lambda: transaction.atomic(action)(*args, **kwargs))

    return done


def may_close(report: SymptomReport, by: User) -> bool:
    """What is expected may be closed by whoever answers; everything else by a clinician."""
    return by.may(Permission.CLOSE_REPORTS if report.level != Level.REASSURE else Permission.ANSWER_REPORTS)


@_work
def take(*, report: SymptomReport, by: User, now: datetime | None = None) -> SymptomReport:
    """`by` answers it from now on: the alert ends. Twice is once; `Refused` when a colleague was first."""
    now = now or timezone.now()
    free = SymptomReport.objects.untaken().filter(pk=report.pk)
    if free.update(taken_at=now, taken_by=by, given_to=by, version=F("version") + 1):
        return _written(report, What.TAKEN, by=by, now=now)
    stored = fresh(report)
    _refuse_closed(stored)
    if stored.taken_by != by:
        raise Refused(
            f"{stored.taken_by} took this at {_clock(stored.taken_at)}. Ask before you call too.", rule="taken"
        )
    return stored


@_work
def take_over(*, report: SymptomReport, version: int, by: User, now: datetime | None = None) -> SymptomReport:
    """From a colleague who took it; who has it already keeps it."""
    now = now or timezone.now()
    stored = fresh(report)
    if stored.taken_by == by and stored.closed_at is None:
        return stored
    _change(report, version, taken_at=now, taken_by=by, given_to=by)
    words = f"Taken over from {stored.taken_by}" if stored.taken_by else ""
    return _written(report, What.TAKEN, words=words, by=by, now=now)


@_work
def save(
    *,
    report: SymptomReport,
    version: int,
    contact: str = "",
    outcome: str = "",
    note: str = "",
    stocking: Word | None = None,
    scan: Scan | None = None,
    by: User,
    now: datetime | None = None,
) -> SymptomReport:
    """Write down a call or a note; the report stays open.

    `contact` is `What.REACHED`, `What.NO_ANSWER` or "". `outcome` is what happens now. `stocking` and `scan` as they
    were left on the page; None where it did not ask. Who called takes the report if nobody has it.
    """
    now, note = now or timezone.now(), _clean(note)
    stored = fresh(report)
    is_new = bool(outcome) and outcome != stored.outcome
    _refuse_odd(contact)
    is_word_new = _is_word_new(stored, stocking, version, contact, by, now)
    scanned = report_scan.changes_of(stored, scan)
    is_empty = not (contact or note or is_new or is_word_new or scanned)
    if is_empty and (stored.version == version or stocking is None):  # a word that is older hears first what is new
        raise Refused("Say whether you reached the patient, or write a note.", rule="empty", field="note")
    changes: dict[str, Any] = scanned | ({"outcome": outcome} if is_new else {})
    if contact and stored.taken_by is None:
        changes |= {"taken_at": now, "taken_by": by, "given_to": by}
    _change(report, version, **changes)
    said = _said(report, stocking if is_word_new else None, is_answered=contact == What.REACHED, by=by, now=now)
    words = _words(
        SymptomReport.Outcome(outcome).label if is_new else "", said, report_scan.words_of(scanned), note=note
    )
    what = What(contact) if contact else What.NOTED
    written = _written(report, what, words=words, by=by, now=now, details=_details(said, scanned))
    if contact == What.NO_ANSWER:
        missed_calls.ask_to_call(written, now=now)
    elif contact:
        missed_calls.call_off(written, "somebody spoke with the patient")
    return written


@_work
def hand_over(
    *, report: SymptomReport, version: int, to: User, note: str = "", by: User, now: datetime | None = None
) -> SymptomReport:
    """Give it to a colleague, who is written to and must take it: until then everybody sees that nobody has it."""
    now, note = now or timezone.now(), _clean(note)
    if to == by:
        raise Refused("Choose a colleague. To answer it yourself, take it.", rule="self", field="to")
    if not note:
        raise Refused("Write what your colleague must know.", rule="note", field="note")
    if not (to.is_active and to.may(Permission.ANSWER_REPORTS)):
        raise Refused(f"{to} does not answer reports. Choose somebody else.", rule="to", field="to")
    stored = fresh(report)
    if stored.version == version and to in (stored.taken_by, stored.given_to):
        has = "has it already" if to == stored.taken_by else "was asked already and has not taken it yet"
        raise Refused(f"{to} {has}. Choose somebody else.", rule="to", field="to")
    _change(report, version, given_to=to, taken_at=None, taken_by=None)
    write_notice(report, to=to, now=now)
    return _written(report, What.HANDED_OVER, to=to, words=note, by=by, now=now)


@_work
def close(
    *,
    report: SymptomReport,
    version: int,
    outcome: str,
    note: str,
    contact: str = "",
    stocking: Word | None = None,
    scan: Scan | None = None,
    result_known: bool = False,
    by: User,
    now: datetime | None = None,
) -> SymptomReport:
    """The last word, with what became of it. Sent twice it is closed once; treatments can be booked again.

    `contact` is of this call, `stocking` and `scan` as for `save`. `Refused` when nobody reached the patient
    and `outcome` cannot be known without them, after a visit or a scan unless `result_known`, and as long as a scan is
    still to come, unless its time is taken out.
    """
    now, note = now or timezone.now(), _clean(note)
    if not may_close(report, by):
        raise Refused("A clinician closes this report. Hand it over to one.", rule="permission")
    stored = fresh(report)
    if stored.closed_by == by and (stored.outcome, stored.closing_note) == (outcome, note):
        return stored
    _refuse_odd(contact)
    if outcome not in SymptomReport.Outcome.values:
        raise Refused("Choose what happens now.", rule="outcome", field="outcome")
    scanned = report_scan.changes_of(stored, scan)
    if stored.version == version:  # what is older hears first what is new
        _refuse_unreached(stored, SymptomReport.Outcome(outcome), contact)
        report_scan.refuse_unscanned(stored, scanned.get("scan_at", stored.scan_at), now)
    if not note:
        raise Refused("Write what was found or said, or how you know: it closes the report.", rule="note", field="note")
    if stored.version == version:
        _refuse_pending(stored, SymptomReport.Outcome(outcome), result_known=result_known)
    is_word_new = _is_word_new(stored, stocking, version, contact, by, now)
    taken = {} if stored.taken_by else {"taken_at": now, "taken_by": by, "given_to": by}
    changes: dict[str, Any] = scanned | taken
    # The call comes first: the database closes nothing without it. A stale page takes both back.
    if contact:
        ReportStep.objects.create(report=report, what=contact, at=now, by=by)
    _change(report, version, closed_at=now, closed_by=by, outcome=outcome, closing_note=note, **changes)
    missed_calls.call_off(report, "the report was closed")
    said = _said(report, stocking if is_word_new else None, is_answered=True, by=by, now=now)
    words = _words(SymptomReport.Outcome(outcome).label, said, report_scan.words_of(scanned), note=note)
    details = _details(said, scanned) | {"outcome": outcome}
    return _written(report, What.CLOSED, words=words, by=by, now=now, details=details)


# --- for the escalation, too -------------------------------------------------------------------------------------


def escalate(*, report: SymptomReport, to: User, now: datetime) -> bool:
    """The time ran out: `to` is asked, and nobody has it until somebody takes it. False when somebody was quicker.

    `report` is as it was read: any write since then, another worker's escalation too, has raised its version.
    """

    @transaction.atomic
    def once() -> bool:
        due = SymptomReport.objects.open().filter(pk=report.pk, version=report.version)
        if not due.update(given_to=to, taken_at=None, taken_by=None, version=F("version") + 1):
            return False
        write_notice(report, to=to, now=now)
        _written(report, What.ESCALATED, to=to, by=None, now=now)
        return True

    return with_retries(once)


def write_notice(report: SymptomReport, *, to: User, now: datetime) -> None:
    """The row of an e-mail, in the transaction of what it tells; `aftercare.report_mail` sends it."""
    newest = ReportNotice.objects.filter(report=report).aggregate(newest=Max("number"))["newest"]
    # Number 0 is of the report itself, whether it is written yet or not.
    ReportNotice.objects.create(report=report, number=(newest or 0) + 1, to=to, written_at=now)


def fresh(report: SymptomReport) -> SymptomReport:
    return SymptomReport.objects.select_related(*_RELATED).get(pk=report.pk)


def _change(report: SymptomReport, version: int, **values: Any) -> None:
    mine = SymptomReport.objects.open().filter(pk=report.pk, version=version)
    if not mine.update(**values, version=F("version") + 1):
        _refuse_closed(fresh(report))
        raise Stale("Somebody else worked on this report meanwhile. Look at what is new, then send yours again.")


def _refuse_closed(stored: SymptomReport) -> None:
    if stored.closed_at is not None:
        words = f"{stored.closed_by} closed this report at {_clock(stored.closed_at)}. Nothing was saved."
        raise Stale(f"{words} What comes after it is a new report.")


def _refuse_odd(contact: str) -> None:
    if contact not in ("", *CONTACTS):
        raise Refused("Choose whether you reached the patient.", rule="contact", field="contact")


def _refuse_unreached(report: SymptomReport, outcome: SymptomReport.Outcome, contact: str) -> None:
    """The words say what to do; a call without answer is no advice, whoever spoke with the patient before."""
    if report.level == Level.REASSURE or not outcome.needs_reached or contact == What.REACHED:
        return
    if contact == What.NO_ANSWER:
        words = "No answer: the report stays open, and its time runs. Press “Save, keep open” and call again later."
        raise Refused(words, rule="reached", field="contact")
    if not report.steps.filter(what=What.REACHED).exists():
        words = "Nobody has reached the patient yet, so the report stays open. Choose “Reached” when you have spoken."
        raise Refused(words, rule="reached", field="contact")


def _refuse_pending(report: SymptomReport, outcome: SymptomReport.Outcome, *, result_known: bool) -> None:
    """Treatments wait for what a visit or a scan finds; what is expected lets nothing wait."""
    if result_known or report.level == Level.REASSURE or outcome not in PENDING:
        return
    words = (
        f"{outcome.label}: the result is still to come, and bookings wait for it. Press “Save, keep open”. "
        "Once you know it, write it down and tick that it is known."
    )
    raise Refused(words, rule="result", field="result_known")


def _is_word_new(report: SymptomReport, word: Word | None, version: int, contact: str, by: User, now: datetime) -> bool:
    """What is older than the report hears first what is new."""
    if word is None or report.version != version:
        return False
    is_reached = contact != What.NO_ANSWER and (
        contact == What.REACHED or report.steps.filter(what=What.REACHED).exists()
    )
    return stocking_word.check(report, word, is_reached=is_reached, by=by, now=now)


def _said(report: SymptomReport, word: Word | None, *, is_answered: bool, by: User, now: datetime) -> str:
    return stocking_word.write(report, word, is_answered=is_answered, by=by, now=now) if word else ""


def _written(
    report: SymptomReport,
    what: What,
    *,
    by: User | None,
    now: datetime,
    to: User | None = None,
    words: str = "",
    details: Mapping[str, str] = MappingProxyType({}),
) -> SymptomReport:
    ReportStep.objects.create(report=report, what=what, at=now, by=by, to=to, words=words)
    stored = fresh(report)
    given_to = {"to": str(to.public_id)} if to else {}
    audit.record(
        f"report {what.label.lower()}",
        by=by,
        subject=stored,
        patient=stored.patient,
        level=str(stored.level),
        **given_to,
        **details,
    )
    return stored


def _details(stocking: str, scanned: Mapping[str, Any]) -> dict[str, str]:
    return ({"stocking": stocking} if stocking else {}) | report_scan.details_of(scanned)


def _clean(note: str) -> str:
    note = without_nul(note).strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(f"Shorten this to {LONGEST_NOTE} characters.", rule="length", field="note")
    return note


def _words(*parts: str, note: str) -> str:
    """What a step says: what happens now, then the note, as far as both fit."""
    words = ". ".join(part for part in (*parts, note) if part)
    if len(words) > _LONGEST_WORDS:
        most = len(note) - (len(words) - _LONGEST_WORDS)
        raise Refused(f"Shorten this to {most} characters.", rule="length", field="note")
    return words


def _clock(instant: datetime | None) -> str:
    assert instant is not None
    return f"{local_time(instant, Clinic.current().zone):%H:%M}"
