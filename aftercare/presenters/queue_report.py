"""One report as staff read it: what was answered, what was told, what was injected, what was done about it.

The front desk reads what the patient said and who has it; the chart and the notes of those who treat stay theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from aftercare.adherence import State, last_days
from aftercare.issuing import running_plans
from aftercare.missed_calls import is_told_of
from aftercare.models import ReportNotice, ReportStep, SymptomReport, Tick
from aftercare.models.report import takes_nothing
from aftercare.presenters.queue import level_key, near_words, source_words, title_of
from aftercare.presenters.stocking_told import page_again
from aftercare.presenters.symptoms import (
    QUESTIONS,
    affirmed_words,
    codes_of,
    denied_words,
    leg_words,
    symptom_words,
    unanswered_words,
)
from aftercare.presenters.words import Clock
from aftercare.report_stuck import refusal_words
from aftercare.report_work import may_close
from aftercare.stocking_told import is_off, told_to
from aftercare.stocking_word import off_words
from aftercare.stored import plan_of
from aftercare.today import today_of
from aftercare.told import told_english
from clinic.access import Permission
from clinic.language import page_language
from clinic.models import Clinic, Patient, User
from clinic.protocol.triage import FREE_TEXT, SYMPTOMS, Level
from sessions_app.facts import session_date
from sessions_app.presenters.record import places_words
from sessions_app.presenters.record_doses import dose_words
from sessions_app.presenters.visit import stocking_words
from sessions_app.record import Entry, read_record
from sessions_app.wording import day_words, time_words

What = ReportStep.What
_OTHERS = 5
_LEVELS = {symptom.code: symptom.level for symptom in SYMPTOMS}
_STOCKING = Tick.Task.STOCKING.value
_SAID = {State.YES: "yes", State.PART: "in part", State.NO: "no", State.UNANSWERED: "not answered"}
# After so many tries an e-mail is not merely late.
_TRIES_UNTIL_SAID = 3


@dataclass(frozen=True, slots=True)
class AnswerLine:
    words: str
    answer: str
    icon: str


@dataclass(frozen=True, slots=True)
class StepLine:
    at: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OtherLine:
    url: str
    title: str
    when: str
    level: str
    state: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ReportCard:
    """One report with all that its reader may see; `facts` are pairs of name and words."""

    report: SymptomReport
    title: str
    level: str
    who: str
    reported: str
    answers: Sequence[AnswerLine]
    told_language: str
    told_english: str  # what was told in another language
    stocking_again: str  # what the patient's page says after the call
    stocking_off: str  # until when it stays off by a clinician's word
    may_put_on: bool
    scan: str
    facts: Sequence[tuple[str, str]]
    steps: Sequence[StepLine]
    others: Sequence[OtherLine]
    warnings: Sequence[str]
    until: str
    state: str
    is_over: bool
    holds: bool
    sees_chart: bool
    may_answer: bool
    may_take: bool
    may_take_over: bool
    may_close: bool
    needs_reached: bool
    writes_after_call: bool  # a call in vain is followed by a message
    seen: int


def report_card(report: SymptomReport, *, reader: User, clinic: Clinic, now: datetime) -> ReportCard:
    """`report` comes with its people. At most sixteen queries, however much was done about it."""
    zone = clinic.zone
    answers_reports, is_open = reader.may(Permission.ANSWER_REPORTS), report.closed_at is None
    steps = list(report.steps.select_related("by", "to"))
    sees_chart = reader.may(Permission.VIEW_CHART)
    return ReportCard(
        report=report,
        title=title_of(report),
        level=level_key(report),
        who=_who(report),
        reported=f"{near_words(report.reported_at, now, zone)}{source_words(report)}",
        answers=list(_answers(report)),
        told_language=page_language(report.language),
        told_english=told_english(report, clinic),
        stocking_again=_stocking_again(report, now, zone) if answers_reports and is_open else "",
        stocking_off=_stocking_off(report, now, zone),
        may_put_on=reader.may(Permission.CLOSE_REPORTS),
        scan=_scan(report, zone),
        facts=list(_facts(report, reader, now, zone)) if sees_chart else [],
        steps=[step_line(step, now, zone, reads_notes=answers_reports) for step in steps],
        others=_others(report, reader, now, zone),
        warnings=list(_warnings(report)) if is_open else [],
        until=near_words(report.due_at, now, zone),
        state=state_words(report, reader, now, zone),
        is_over=is_open and report.due_at < now,
        holds=is_open and report.level != Level.REASSURE,
        sees_chart=sees_chart,
        may_answer=answers_reports and is_open,
        may_take=answers_reports and is_open and report.taken_by is None,
        may_take_over=answers_reports and is_open and report.taken_by not in (None, reader),
        may_close=is_open and may_close(report, reader),
        needs_reached=report.level != Level.REASSURE and all(step.what != What.REACHED for step in steps),
        writes_after_call=is_told_of(report, clinic),
        seen=len(steps),
    )


def news_since(report: SymptomReport, seen: int, *, reader: User, clinic: Clinic, now: datetime) -> list[str]:
    """A sentence for each step after the first `seen` ones: what a page that was opened earlier does not show."""
    steps = list(report.steps.select_related("by", "to"))[max(seen, 0) :]
    reads_notes = reader.may(Permission.ANSWER_REPORTS)
    lines = [step_line(step, now, clinic.zone, reads_notes=reads_notes) for step in steps]
    return [f"{line.at}: {line.words}.{f' “{line.note}”' if line.note else ''}" for line in lines]


def state_words(report: SymptomReport, reader: User, now: datetime, zone: ZoneInfo) -> str:
    """Who has it: "Petra Fallowell has it since 09:40"."""
    if report.closed_at is not None:
        return f"{report.closed_by} closed it {near_words(report.closed_at, now, zone)}"
    if report.taken_at is not None:
        who = "You have" if report.taken_by == reader else f"{report.taken_by} has"
        return f"{who} it since {near_words(report.taken_at, now, zone)}"
    if report.given_to is None:
        return "Nobody has taken it"
    return f"Given to {'you' if report.given_to == reader else report.given_to}, not taken yet"


def step_line(step: ReportStep, now: datetime, zone: ZoneInfo, *, reads_notes: bool) -> StepLine:
    words = {
        What.TAKEN: f"{step.by} took it",
        What.REACHED: f"{step.by} reached the patient",
        What.NO_ANSWER: f"{step.by} rang, no answer",
        What.NOTED: f"{step.by} wrote a note",
        What.HANDED_OVER: f"{step.by} gave it to {step.to}",
        What.ESCALATED: f"Time over: {step.to} was asked",
        What.CLOSED: f"{step.by} closed it",
    }[What(step.what)]
    return StepLine(near_words(step.at, now, zone), words, step.words if reads_notes else "")


def report_lines(patient: Patient, reader: User, now: datetime, zone: ZoneInfo, *, limit: int) -> list[OtherLine]:
    """The patient's reports, open ones and then the newest first. One query."""
    rows = SymptomReport.objects.visible_to(reader).filter(patient=patient)
    related = rows.select_related("taken_by", "given_to", "closed_by", "reported_by")
    newest = list(related.order_by("-reported_at", "-pk")[:limit])
    return [_other_line(row, reader, now, zone) for row in sorted(newest, key=lambda row: row.closed_at is not None)]


def _others(report: SymptomReport, reader: User, now: datetime, zone: ZoneInfo) -> list[OtherLine]:
    rows = SymptomReport.objects.visible_to(reader).filter(patient_id=report.patient_id).exclude(pk=report.pk)
    related = rows.select_related("taken_by", "given_to", "closed_by", "reported_by")
    return [_other_line(row, reader, now, zone) for row in related.order_by("-reported_at", "-pk")[:_OTHERS]]


def _other_line(row: SymptomReport, reader: User, now: datetime, zone: ZoneInfo) -> OtherLine:
    return OtherLine(
        url=reverse("aftercare:queue_report", args=[row.public_id]),
        title=title_of(row),
        when=f"{near_words(row.reported_at, now, zone)}{source_words(row)}",
        level=level_key(row),
        state=f"Closed: {row.get_outcome_display().lower()}" if row.closed_at else state_words(row, reader, now, zone),
        is_open=row.closed_at is None,
    )


def _who(report: SymptomReport) -> str:
    """ "Born 22 Jul 1964, session Wed 31 Dec, day 13" """
    born = report.patient.birth_date
    parts = [f"Born {born.day} {born:%b %Y}"]
    if report.session is not None:
        parts.append(f"session {day_words(session_date(report.session))}")
    if report.day is not None:
        parts.append(f"day {report.day}")
    return ", ".join(parts)


def _answers(report: SymptomReport) -> Iterable[AnswerLine]:
    """Each question as it was answered: yes, no or not at all; seven times no is one line."""
    leg = leg_words(report.leg).lower()
    for words in affirmed_words(report.affirmed):
        yield AnswerLine(words, "yes", "octagon-alert")
    told = {*codes_of(report.affirmed), FREE_TEXT}
    others = [code for code in report.symptoms if code not in told]
    for code in others:
        is_urgent = _LEVELS.get(code, Level.SAME_DAY) in (Level.EMERGENCY, Level.SAME_DAY)
        icon = (
            "octagon-alert" if _LEVELS.get(code) is Level.EMERGENCY else "triangle-alert" if is_urgent else "circle-dot"
        )
        yield AnswerLine(symptom_words(code, denied=report.denied), f"yes, {leg}" if leg else "yes", icon)
    if leg and not others:
        yield AnswerLine("Which leg", leg, "circle-dot")
    denied, unanswered = denied_words(report.denied), unanswered_words(report.affirmed, report.denied)
    if len(denied) == len(QUESTIONS):
        yield AnswerLine(f"Emergency signs, {len(QUESTIONS)} questions", "all no", "check")
        return
    for words in denied:
        yield AnswerLine(words, "no", "check")
    for words in unanswered:
        yield AnswerLine(words, "not answered", "circle-help")


def _facts(report: SymptomReport, reader: User, now: datetime, zone: ZoneInfo) -> Iterable[tuple[str, str]]:
    patient = report.patient
    entry = _entry(report, reader)
    if entry is not None and entry.sites:
        ml, mg = dose_words(entry.dose)
        sites = "1 site" if len(entry.sites) == 1 else f"{len(entry.sites)} sites"
        yield "Injected", f"{ml}, {mg} at {sites}. {places_words(entry)}"
    risks = [str(Patient.RiskFactor(risk).label) for risk in patient.risk_factors]
    yield "Risks noted", ", ".join(risks) or "none"
    allergies = [*(["polidocanol"] if patient.polidocanol_allergy else []), patient.allergies.strip()]
    if any(allergies):
        yield "Allergies", ", ".join(filter(None, allergies))
    if entry is not None:
        yield "Stocking", stocking_words(entry.session)
        said = _said(patient, now, zone)
        if said:
            yield "Worn, as given", said
        for event in entry.events:
            yield "Adverse event", f"{event.words}, {'open' if event.is_open else 'closed'}"


def _stocking_again(report: SymptomReport, now: datetime, zone: ZoneInfo) -> str:
    """Nothing is asked of the database for a report about something else; at most three queries."""
    told = told_to(report.patient, now) if is_off(report) else None
    if told is None or not told.is_off:
        return ""
    plans = [plan_of(row) for row in running_plans(report.patient, now=now)]
    today = today_of(plans, now, zone=zone)
    return page_again(today, Clock(today.zone, today.day_date))


def _stocking_off(report: SymptomReport, now: datetime, zone: ZoneInfo) -> str:
    """ "Stocking off until seen at a visit, said Mon 23 Nov, 10:40"; empty while the plan holds."""
    said_at: datetime | None = report.off_said_at  # type: ignore[attr-defined]
    if said_at is None:
        return ""
    return f"{off_words(report.off_on_again_at, zone)}, said {near_words(said_at, now, zone)}"  # type: ignore[attr-defined]


def _scan(report: SymptomReport, zone: ZoneInfo) -> str:
    at = time_words(report.scan_at, zone) if report.scan_at else ""
    return ", ".join(part for part in (at, report.scan_place) if part)


def _said(patient: Patient, now: datetime, zone: ZoneInfo) -> str:
    """What the patient ticked of the stocking, a day that was not answered apart from a "no"; newest first."""
    asked = [day for day in reversed(last_days(patient, now=now, zone=zone)) if day.states[_STOCKING] in _SAID]
    if not any(_STOCKING in day.ticks for day in asked):
        return "not answered in the last days" if asked else ""
    return ", ".join(f"{day.date:%a} {_SAID[day.states[_STOCKING]]}" for day in asked)


def _entry(report: SymptomReport, reader: User) -> Entry | None:
    """The session that the report follows, in the version that holds now."""
    if report.session is None:
        return None
    record = read_record(report.patient, reader=reader)
    return next((entry for entry in record.treatments if entry.session.lineage == report.session.lineage), None)


def _warnings(report: SymptomReport) -> Iterable[str]:
    """Who is asked and cannot be reached by e-mail, as long as it matters that they are."""
    unsent = (
        ReportNotice.objects.wanted()
        .annotate(is_refused=takes_nothing())
        .filter(report=report, to_id=report.given_to_id)
    )
    tries = list(unsent.values_list("attempts", "is_refused"))
    if any(is_refused for _, is_refused in tries):
        yield refusal_words(str(report.given_to))
    elif any(attempts >= _TRIES_UNTIL_SAID for attempts, _ in tries):
        yield f"The e-mail to {report.given_to} does not leave. Tell them yourself."
