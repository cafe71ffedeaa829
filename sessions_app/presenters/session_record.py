"""A closed session (or a draft) to read: every fact in words, the findings with their answers, who signed and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.models import User
from clinic.protocol.checks import GroupAnswer
from clinic.protocol.checks.findings import plain
from clinic.templatetags.drawings import place_name
from sessions_app.facts import observation_minutes, session_date, zone_of
from sessions_app.forms.choices import RISK_ITEMS, SEEN_ITEMS, STEPS_TAKEN, STOP_ITEMS
from sessions_app.group_gaps import GROUPS, RISK, STOP
from sessions_app.models import SessionFinding, TreatmentSession
from sessions_app.preparation import CONSENT
from sessions_app.presenters.visit import Warn, clock_words, patient_line, stocking_words, warnings
from sessions_app.presenters.visit_sites import site_words
from sessions_app.wording import day_words, list_words, time_words

_NUMBERS = {
    "nyha_class": "heart failure NYHA {}",
    "abpi": "ankle-brachial index {}",
    "ankle_pressure_mmhg": "ankle pressure {} mmHg",
    "toe_pressure_mmhg": "toe pressure {} mmHg",
    "major_surgery": "major surgery on {}",
    "hospital_stay": "hospital stay until {}",
    "recent_pregnancy": "pregnancy until {}",
    "long_flight": "long flight on {}",
    "hard_training": "hard training on {}",
    "ceap": "CEAP {}",
}
_STOP_NUMBERS = ("nyha_class", "abpi", "ankle_pressure_mmhg", "toe_pressure_mmhg")


@dataclass(frozen=True, slots=True)
class AnsweredFinding:
    check: str
    kind: str
    text: str
    reason: str
    answer: str


@dataclass(frozen=True, slots=True)
class Record:
    """A session as lists of (label, words), in the order in which a visit goes."""

    title: str
    is_draft: bool
    patient_line: str
    warnings: list[Warn]
    status: str
    signature: str
    before: list[tuple[str, str]]
    sites: list[tuple[int, str, str, str, str]]
    total: str
    ampoules: list[tuple[str, str, str, str]]
    after: list[tuple[str, str]]
    findings: list[AnsweredFinding]
    marks: list[dict[str, Any]]


def record_of(session: TreatmentSession) -> Record:
    """Everything that stands in the session. Costs four queries: sites, ampoules, findings, the people named."""
    sites = list(session.sites.all())
    ml = sum(site.volume_ml for site in sites)
    mg = sum(site.dose_mg for site in sites)
    people = _people(session)
    return Record(
        title=f"session of {day_words(session_date(session))}",
        is_draft=session.status == TreatmentSession.Status.DRAFT,
        patient_line=patient_line(session.patient, on=session_date(session), weight_kg=session.weight_kg),
        warnings=warnings(session.patient),
        status=session.get_status_display(),
        signature=_signature(session, people),
        before=list(_before(session)),
        sites=[
            (
                site.position,
                place_name(site.segment, site.leg),
                site_words(site),
                f"{plain(site.volume_ml)} mL",
                _more(site),
            )
            for site in sites
        ],
        total=f"{plain(ml)} mL, {plain(mg)} mg" if sites else "",
        ampoules=[
            (f"{plain(each.strength_percent)} %", each.lot or "no lot", each.expiry or "no expiry", str(each.opened))
            for each in session.ampoules.all()
        ],
        after=list(_after(session)),
        findings=[_finding(row, session) for row in session.findings.select_related("answered_by").order_by("pk")],
        marks=[{"leg": site.leg, "segment": site.segment, "kind": "today", "text": site.position} for site in sites],
    )


def _people(session: TreatmentSession) -> dict[int, str]:
    wanted = {session.signed_by_id} - {None}
    return {person.pk: str(person) for person in User.objects.filter(pk__in=wanted)} if wanted else {}


def _signature(session: TreatmentSession, people: dict[int, str]) -> str:
    if session.signed_at is None or session.signed_by_id is None:
        return ""
    return f"by {people[session.signed_by_id]}, {time_words(session.signed_at, zone_of(session))}"


def _before(session: TreatmentSession) -> Iterator[tuple[str, str]]:
    asked = session.screening
    groups = asked.get(GROUPS, {})
    yield "Name and birth date", "confirmed" if asked.get("identifiers_confirmed") else "not confirmed"
    yield "Reasons not to treat", _group(asked, STOP_ITEMS, _STOP_NUMBERS, answer=groups.get(STOP))
    others = tuple(name for name in _NUMBERS if name not in _STOP_NUMBERS)
    yield "Risks and plans", _group(asked, RISK_ITEMS, others, answer=groups.get(RISK))
    yield "Medication and allergies", "gone through" if asked.get("medication_confirmed") else "not confirmed"
    yield _consent(session)
    yield "Emergency kit", "checked" if asked.get("kit_checked_today") else "not recorded"
    yield "Responsible clinician", str(session.responsible_clinician or "not named")
    yield "Weight", f"{plain(session.weight_kg)} kg" if session.weight_kg is not None else "not known"


def _consent(session: TreatmentSession) -> tuple[str, str]:
    """On the screen with its time, or on paper with what the nurse wrote about it."""
    asked, zone = session.screening, zone_of(session)
    if not asked.get("consent_signed"):
        return "Consent", "not recorded"
    note, place = asked.get(CONSENT) or {}, asked.get("consent_paper")
    if place and not note:
        return "Consent on paper", f"{place}, by {session.nurse}"
    when = f", {time_words(datetime.fromisoformat(note['signed_at']), zone)}" if note.get("signed_at") else ""
    return "Consent", f"signed for this series{when}"


def _group(asked: dict[str, Any], items: dict[str, str], numbers: tuple[str, ...], *, answer: str | None) -> str:
    """What was said. A session may have been signed with "something applies" when what was not asked for yet."""
    said = [words for name, words in items.items() if asked.get(name) is True]
    if asked.get("pregnant") in ("yes", "unknown") and "nyha_class" in numbers:
        said.append("Pregnant" if asked["pregnant"] == "yes" else "Pregnancy possible")
    said += [_NUMBERS[name].format(asked[name]) for name in numbers if asked.get(name) not in (None, "")]
    if said or not answer:
        return list_words(said) or "not asked"
    return "something applies, not recorded what" if answer == GroupAnswer.SOME else "none"


def _more(site: Any) -> str:
    parts = [f"{plain(site.diameter_mm)} mm"] if site.diameter_mm is not None else []
    parts += [f"{site.needle_gauge} G"] if site.needle_gauge else []
    return ", ".join([*parts, *([site.technique] if site.technique else [])])


def _after(session: TreatmentSession) -> Iterator[tuple[str, str]]:
    yield "Began", time_words(session.started_at, zone_of(session))
    yield "Ended, stocking on", clock_words(session.ended_at, session) or "not recorded"
    yield "Stocking", stocking_words(session)
    if session.extensive_days:
        yield "Extensive veins", f"day and night for {session.extensive_days} days"
    if session.foam:
        yield "Form", "foam"
    minutes = observation_minutes(session)
    if minutes is not None:
        began, ended = (
            clock_words(each, session) for each in (session.observation_started_at, session.observation_ended_at)
        )
        yield "Watched", f"{plain(minutes)} min, {began} to {ended}. {session.observation_status}"
    elif session.observation_status:
        yield "Watched", session.observation_status
    yield "Reaction", _reaction(session)
    if session.note:
        yield "Note", session.note
    if session.not_treated_reason:
        yield "Not treated", session.not_treated_reason
    if session.amendment_reason:
        yield "Corrected because", session.amendment_reason


def _reaction(session: TreatmentSession) -> str:
    if session.reaction != session.Reaction.SEEN:
        return session.get_reaction_display().lower() if session.reaction else "not recorded"
    seen = [words for name, words in {**SEEN_ITEMS, **STEPS_TAKEN}.items() if session.screening.get(name) is True]
    return ". ".join(part for part in ("; ".join(seen), session.reaction_note) if part)


def _finding(row: SessionFinding, session: TreatmentSession) -> AnsweredFinding:
    answer = ""
    if row.answered_by is not None and row.answered_at is not None:
        verb = "Lifted" if row.overridden else "Answered"
        answer = f"{verb} by {row.answered_by}, {time_words(row.answered_at, zone_of(session))}"
    return AnsweredFinding(row.check_id, row.severity, row.text, row.reason, answer)
