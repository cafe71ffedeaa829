"""The page on which a session is signed: what was done, what is missing, what the patient will do and be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from aftercare.issuing import Issue, preview_of
from aftercare.presenters.staff import MessageLine, PlanCard, card_of_issue, preview_lines, reached_by, times_note
from aftercare.telling import former_plan, telling
from clinic.models import Clinic, Delivery, Patient, User
from clinic.notifications.consent import ways_to
from clinic.protocol.checks import Finding
from clinic.protocol.checks.findings import plain
from clinic.protocol.vocabulary import Severity
from clinic.protocol.zones import local_date
from sessions_app.answers import is_outdated, may_answer, needs_prescriber, tick_value, wants_answer
from sessions_app.charting import Chart, Judged, chart_of
from sessions_app.facts import observation_minutes, zone_of
from sessions_app.missing import Missing
from sessions_app.models import TreatmentSession
from sessions_app.presenters.session_record import record_of
from sessions_app.presenters.versions import Difference, differences, record_to_sign
from sessions_app.presenters.visit import Warn, warnings
from sessions_app.presenters.visit_findings import answer_words
from sessions_app.wording import list_words


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding with its answer. `can_answer`: this person may answer it here and now."""

    code: str
    severity: str
    title: str
    text: str
    answer: str
    can_answer: bool
    reason: str
    tick_value: str
    ticked: bool
    waits_for: str
    reason_label: str
    tick_words: str
    error: str = ""

    @property
    def shown(self) -> str:
        """The text of a finding that is not answered here: the answer as it was written, or what it is and who acts."""
        return self.answer or " ".join(part for part in (self.text, self.waits_for) if part)


@dataclass(frozen=True, slots=True)
class MissingLine:
    """One thing that stands between the draft and its signature, and where to do it. `is_here`: on this page."""

    words: str
    anchor: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class SignPage:
    who: str
    who_line: str
    warnings: tuple[Warn, ...]
    facts: tuple[Fact, ...]
    missing: tuple[MissingLine, ...]
    findings: tuple[FindingLine, ...]
    protocol_number: int
    plan: PlanCard | None
    no_plan: str
    messages: tuple[MessageLine, ...]
    new_messages: int
    reached_by: str
    times_note: str
    changes: tuple[Difference, ...]
    waits_for_clinician: bool


def sign_page(
    session: TreatmentSession, *, clinic: Clinic, by: User, now: datetime, typed: Mapping[str, Mapping[str, Any]]
) -> SignPage:
    """Everything that the page shows of a draft, judged as the signature will judge it. `typed` are unsaved answers."""
    chart = chart_of(session, now=now)
    if not chart.gaps:
        # Nothing is left open, so it can be judged as the signature will judge it.
        chart = chart_of(session, now=now, version=chart.version, signing=True)
    issue = None
    if chart.version is not None and session.ended_at is not None and session.ended_at <= now:
        issue = preview_of(session, version=chart.version, clinic=clinic, now=now)
    findings = tuple(_finding_line(judged, by, typed) for judged in chart.findings)
    answerable = {f"finding-{line.code}" for line in findings if line.can_answer}
    channel = _channel_to(session.patient)
    planned = _planned_for_visits(session.patient, now) if issue else []
    told = telling(former_plan(issue), None, issue=issue, now=now) if issue else []
    return SignPage(
        who=str(session.patient),
        who_line=_who_line(session, now),
        warnings=tuple(warnings(session.patient)),
        facts=tuple(done_facts(chart)),
        missing=tuple(_missing_line(each) for each in chart.missing if each.anchor not in answerable),
        findings=findings,
        protocol_number=chart.version.number if chart.version else 0,
        plan=card_of_issue(issue, sites=chart.sites, now=now) if issue and not issue.plan.is_empty else None,
        no_plan=_why_no_plan(chart, issue),
        messages=tuple(preview_lines(issue, channel=channel, planned=planned, told=told)) if issue else (),
        new_messages=len(issue.messages) + len(told) if issue else 0,
        reached_by=reached_by(channel, session.patient),
        times_note=times_note(session.patient, clinic),
        waits_for_clinician=any(judged.is_open and needs_prescriber(judged.finding) for judged in chart.findings),
        changes=differences(record_of(session.amends), record_to_sign(session)) if session.amends else (),
    )


def _missing_line(missing: Missing) -> MissingLine:
    return MissingLine(missing.words, missing.anchor, is_here=missing.kind == "finding")


def _why_no_plan(chart: Chart, issue: Issue | None) -> str:
    if chart.version is None:
        return (
            "No protocol is signed yet, so no plan can be made and no session can be signed. "
            "The clinical lead signs one on the page Protocol."
        )
    if issue is None:
        return "The plan counts from the moment the stocking went on. Enter that time first."
    return "Nothing was injected: there will be no plan and no message." if issue.plan.is_empty else ""


def _who_line(session: TreatmentSession, now: datetime) -> str:
    patient = session.patient
    today, born = local_date(now, zone_of(session)), patient.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    weight = f", {plain(session.weight_kg)} kg" if session.weight_kg else ""
    return f"{born.day} {born:%b %Y} ({age}){weight}"


def done_facts(chart: Chart) -> list[Fact]:
    """What was done, in one line: amounts, lots, stocking, observation, answered findings."""
    session, totals = chart.session, chart.totals
    places = "1 site" if len(chart.sites) == 1 else f"{len(chart.sites)} sites"
    lots = sorted({ampoule.lot for ampoule in chart.ampoules if ampoule.lot})
    answered = [
        judged.finding.title for judged in chart.findings if wants_answer(judged.finding) and not judged.is_open
    ]
    facts = [
        Fact("Injected", f"{plain(totals.ml)} mL, {plain(totals.known_mg)} mg at {places}"),
        Fact("Lots", ", ".join(lots) or "none"),
        Fact("Stocking", _stocking_words(session)),
        Fact("Watched", _observation_words(session)),
    ]
    return [*facts, Fact("Acknowledged", list_words(answered))] if answered else facts


def _stocking_words(session: TreatmentSession) -> str:
    if session.compression_legs == TreatmentSession.CompressionLegs.NONE:
        return "none"
    pressure = f"{session.compression_mmhg} mmHg" if session.compression_mmhg else ""
    legs = session.get_compression_legs_display() if session.compression_legs else ""
    return ", ".join(part for part in (legs, pressure) if part) or "not said"


def _observation_words(session: TreatmentSession) -> str:
    minutes = observation_minutes(session)
    if minutes is None:
        return "not yet"
    reaction = {"none": "no reaction seen", "seen": "reaction recorded"}.get(session.reaction, "reaction not said")
    return f"{plain(minutes)} min, {reaction}"


def _finding_line(judged: Judged, by: User, typed: Mapping[str, Mapping[str, Any]]) -> FindingLine:
    finding, reply = judged.finding, judged.reply
    given = typed.get(finding.id, {})
    can_answer = judged.is_open and may_answer(finding, by)
    is_answered = wants_answer(finding) and not judged.is_open
    label, tick = answer_words(finding, by)
    return FindingLine(
        code=finding.id,
        severity="DONE" if is_answered else finding.severity.value,
        title=finding.title,
        text=finding.text,
        answer=f"“{reply.reason}” {_who_answered(judged)}" if is_answered else "",
        can_answer=can_answer,
        reason=str(given.get("reason", reply.reason)),
        tick_value=tick_value(finding),
        ticked=bool(given.get("of") == tick_value(finding) if given else reply.ack and not is_outdated(finding, reply)),
        waits_for=_waits_for(judged, by),
        reason_label=label,
        tick_words=tick,
        error=_answer_error(finding, given) if can_answer and given else "",
    )


def _who_answered(judged: Judged) -> str:
    """ "Ada Birchwood, 10:41" """
    reply = judged.reply
    if not reply.at:
        return reply.by_name
    return f"{reply.by_name}, {timezone.localtime(datetime.fromisoformat(reply.at)):%H:%M}"


def _answer_error(finding: Finding, given: Mapping[str, Any]) -> str:
    """What a sent answer still lacks."""
    if not str(given.get("reason", "")).strip():
        return "Write the reason, then tick the box."
    if given.get("ack") and given.get("of") != tick_value(finding):
        return "This changed after the page was opened. Read what it says now, then tick the box again."
    return "" if given.get("ack") else "Tick the box below to confirm the reason."


def _waits_for(judged: Judged, by: User) -> str:
    """Who must act when this person cannot."""
    if not judged.is_open or may_answer(judged.finding, by):
        return ""
    if judged.finding.severity is Severity.BLOCK and not wants_answer(judged.finding):
        return "Nobody can lift this. Correct the session, or end the visit as not treated."
    return "A clinician answers this, on this page."


def _channel_to(patient: Patient) -> str:
    ways = ways_to([patient]).get(patient.pk, {})
    return next(iter(ways), "")


def _planned_for_visits(patient: Patient, now: datetime) -> Sequence[Delivery]:
    waiting = (Delivery.State.PENDING, Delivery.State.CLAIMED)
    rows = Delivery.objects.filter(patient=patient, source="appointment", state__in=waiting, due_at__gte=now)
    return list(rows.order_by("due_at"))
