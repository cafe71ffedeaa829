"""The chart of one session at one moment: totals, findings with their answers, and what is missing for the signature.

`chart_of` reads the rows and asks `clinic.protocol`; pages, autosave and signing all use it, so that what the nurse
sees is what the signature is judged by. It costs the same queries whatever the number of sites.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from clinic.access import Permission
from clinic.models import Clinic, ProtocolVersion, User
from clinic.protocol.checks import (
    Finding,
    LoggingFacts,
    Totals,
    findings_before,
    findings_logged,
    once_treated,
    totals_of,
)
from clinic.protocol.checks.findings import plain
from clinic.protocol.checks.times import FOLLOWS, wrong_times
from clinic.protocol.plan import SessionFacts
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Moment
from clinic.protocol.zones import local_date
from sessions_app import facts
from sessions_app.answers import Reply, is_open, needs_prescriber, replies_in
from sessions_app.basis import asked_basis, logged_basis
from sessions_app.event_watch import recorded_in
from sessions_app.group_gaps import group_gaps
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession
from sessions_app.preparation import Ready, is_on_paper_somewhere
from sessions_app.surroundings import Surroundings, last_session_before, surroundings_of
from sessions_app.visit_clashes import clashes_of
from sessions_app.visit_holds import finding_of, standing_against
from sessions_app.visit_times import words_of

UNFINISHED = "unfinished"
GROUPS = "groups"
STOP, RISK = "stop", "risk"


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the answer it got; ``is_open`` means that it still stands in the way of the signature."""

    finding: Finding
    moment: Moment
    reply: Reply
    is_open: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that must be done before signing. ``anchor`` is the id on the page to go to, "" for nowhere.

    ``kind``: "field" to fill in, "time" to wait for, "finding" to answer.
    """

    words: str
    anchor: str
    kind: str = "field"


@dataclass(frozen=True, slots=True)
class Chart:
    session: TreatmentSession
    protocol: Protocol
    version: ProtocolVersion | None
    sites: tuple[TreatedSite, ...]
    ampoules: tuple[SessionAmpoule, ...]
    totals: Totals
    findings: tuple[Judged, ...]
    gaps: tuple[Missing, ...]
    ready: Ready = field(default_factory=Ready)
    open_events: tuple[facts.OpenEvent, ...] = ()

    @property
    def missing(self) -> tuple[Missing, ...]:
        """All that stands between this draft and its signature: what is not filled in, then what is not answered."""
        return (*self.gaps, *_unanswered(self.findings))

    @property
    def last_session(self) -> TreatmentSession | None:
        """The session before this one, with one query; the page shows it, the judgement needs its date alone."""
        return last_session_before(self.session)

    def answered(self) -> "Chart":
        """The same chart after its session's answers changed, without reading the rows again."""
        found = [(judged.finding, judged.moment) for judged in self.findings]
        return replace(self, findings=_judged(found, replies_in(self.session.screening)))

    def at(self, moment: Moment) -> tuple[Judged, ...]:
        return tuple(judged for judged in self.findings if judged.moment is moment)


def chart_of(
    session: TreatmentSession,
    *,
    now: datetime,
    version: ProtocolVersion | None = None,
    clinic: Clinic | None = None,
    signing: bool = False,
) -> Chart:
    """Everything that follows from the session's rows. ``version``: the protocol to judge by, the one in force if None.

    ``signing=True`` lets the checks count as missing what was left open; drafts say that in ``missing`` instead, so
    that an empty form is not full of alarms.
    """
    version = version or ProtocolVersion.in_force()
    protocol = values_of(version)
    prefetch_related_objects([session], *parts())
    sites, ampoules = tuple(session.sites.all()), tuple(session.ampoules.all())
    around = surroundings_of(session, clinic=clinic)
    events = recorded_in(session) if around.has_events else facts.RecordedEvents()
    logged = facts.logging_facts(
        session,
        sites=sites,
        ampoules=ampoules,
        events=events,
        earlier_mg_today=around.earlier_mg_today,
        now=now,
        signing=signing,
    )
    ready = around.ready
    found = [
        *_held(session, around, is_treated=bool(sites)),
        *_findings(session, logged, around.last_ended_at, protocol, ready, signing=signing),
        *((clash, Moment.LOGGING) for clash in clashes_of(session, around.elsewhere)),
    ]
    judged = _judged(found, replies_in(session.screening))
    totals = totals_of(logged, protocol)
    gaps = (
        *([] if version else [Missing("A protocol that the clinical lead has signed", "")]),
        *_missing(session, sites, ampoules, totals, protocol, now, ready, {finding.id for finding, _ in found}),
        *_missing_reaction(session, events),
    )
    return Chart(session, protocol, version, sites, ampoules, totals, judged, gaps, ready, events.open)


def parts() -> "tuple[str | Prefetch[Any], ...]":
    """What a session is read with where it is judged: its sites, and its ampoules with the lots of the stock."""
    return "sites", Prefetch("ampoules", SessionAmpoule.objects.select_related("stock_lot__product"))


def session_facts(session: TreatmentSession, protocol: Protocol) -> SessionFacts:
    """What `clinic.protocol.plan.plan_for` is asked with. The session must have ended."""
    return facts.plan_facts(session, protocol, session.sites.all())


def values_of(version: ProtocolVersion | None) -> Protocol:
    """What a draft is judged by: the signed version, or the shipped one while nothing is signed."""
    return version.protocol() if version else Protocol.default()


def _findings(
    session: TreatmentSession,
    logged: LoggingFacts,
    last_ended_at: datetime | None,
    protocol: Protocol,
    ready: Ready,
    *,
    signing: bool,
) -> list[tuple[Finding, Moment]]:
    last_date = local_date(last_ended_at, facts.zone_of(session)) if last_ended_at else None
    known = {**_never_done(session, logged, ready), **ready.facts}
    before = facts.before_facts(
        session, last_session_date=last_date, starting=signing, known=known, clinician=ready.clinician
    )
    asked = findings_before(before, protocol)
    asked = once_treated(asked) if logged.sites else asked
    return [
        *((asked_basis(finding, before, logged), Moment.BEFORE) for finding in asked),
        *((logged_basis(finding, logged), Moment.LOGGING) for finding in findings_logged(logged, protocol)),
    ]


def _held(session: TreatmentSession, around: Surroundings, *, is_treated: bool) -> Iterator[tuple[Finding, Moment]]:
    """The patient's treatment waits for a clinician. A correction gives none, so it waits for nobody."""
    if session.amends_id is not None or not (around.is_treatment or is_treated):
        return
    rows = standing_against(around.holds, patient=session.patient, visit=session.appointment_id)
    if finding := finding_of([*rows]):
        yield finding, Moment.BEFORE


# What must have been done before the first injection and cannot be made up for (checks P14, P15).
_BEFORE_ONLY = ("consent_signed", "kit_checked_today")


def _never_done(session: TreatmentSession, logged: LoggingFacts, ready: Ready) -> dict[str, bool]:
    """What is not open any more but was left out, because the treatment is over; a clinician answers for it.

    A tick for a consent on paper that nobody can find is none.
    """
    if not logged.sites or session.ended_at is None:
        return {}
    left_out = {name: False for name in _BEFORE_ONLY if not session.screening.get(name)}
    return left_out | ({"consent_signed": False} if is_on_paper_somewhere(session, ready) else {})


def _judged(found: Collection[tuple[Finding, Moment]], replies: Mapping[str, Reply]) -> tuple[Judged, ...]:
    prescribers = _prescribers(found, replies)
    return tuple(
        Judged(
            finding,
            moment,
            reply=replies.get(finding.id, Reply()),
            is_open=is_open(finding, replies.get(finding.id), prescribers),
        )
        for finding, moment in found
    )


def _prescribers(found: Collection[tuple[Finding, Moment]], replies: Mapping[str, Reply]) -> frozenset[int]:
    """Those who gave a prescriber's answer and may still do so today."""
    asked = {
        reply.by
        for finding, _ in found
        if needs_prescriber(finding) and (reply := replies.get(finding.id)) and reply.ack and reply.by
    }
    if not asked:
        return frozenset()
    people = User.objects.filter(pk__in=asked, is_active=True)
    return frozenset(person.pk for person in people if person.may(Permission.OVERRIDE_CHECK))


def _unanswered(judged: Collection[Judged]) -> Iterator[Missing]:
    for each in judged:
        if each.is_open:
            yield Missing(each.finding.title, f"finding-{each.finding.id}", "finding")


def _missing(
    session: TreatmentSession,
    sites: Collection[TreatedSite],
    ampoules: Collection[SessionAmpoule],
    totals: Totals,
    protocol: Protocol,
    now: datetime,
    ready: Ready,
    checks: Collection[str],
) -> Iterator[Missing]:
    """``checks``: the ids of the findings. What one of them asks for after the treatment is not asked twice."""
    unfinished = session.screening.get(UNFINISHED, {})
    said = checks if sites and session.ended_at else ()
    yield from _missing_before(session, ready, said)
    if not sites and not unfinished.get("sites"):
        yield Missing("A treated site", "sites")
    for raw in unfinished.get("sites", ()):
        yield Missing(f"Site {raw.get('position', '')}: {_wanted(raw)}", f"site-{raw.get('position', '')}")
    yield from _missing_ampoules(ampoules, totals)
    if unfinished.get("ampoules"):
        yield Missing("Ampoules: a line is not complete", "ampoules")
    wrong = [
        *(Missing(f"{FIELD_WORDS.get(name, name)}: not saved", f"id_{name}") for name in unfinished.get("fields", {})),
        *_wrong_times(session, now),
    ]
    yield from wrong
    # What is typed and cannot be is not also asked for.
    named = {each.anchor for each in wrong}
    yield from (each for each in _missing_after(session, protocol, now) if each.anchor not in named)


# Words for the fields of the page, as the list of what is missing names them.
FIELD_WORDS = {
    "weight_kg": "Weight",
    "abpi": "Ankle-brachial index",
    "ankle_pressure_mmhg": "Ankle pressure",
    "toe_pressure_mmhg": "Toe pressure",
    "major_surgery": "Date of the surgery",
    "hospital_stay": "Date of the hospital stay",
    "recent_pregnancy": "End of the pregnancy",
    "long_flight": "Date of the flight",
    "hard_training": "Date of the training",
    "started_at": "Start of the session",
    "ended_at": "End of the session",
    "observation_started_at": "Start of the walk",
    "observation_ended_at": "End of the walk",
    "extensive_days": "Days for extensive veins",
    "compression_garment": "Stocking",
    "compression_mmhg": "mmHg of the stocking",
    "reaction_note": "What was seen",
    "note": "Note",
}


def _missing_before(session: TreatmentSession, ready: Ready, said: Collection[str]) -> Iterator[Missing]:
    asked = {**session.screening, **ready.facts}
    if not asked.get("identifiers_confirmed"):
        yield Missing("Name and birth date confirmed", "id_identifiers_confirmed")
    yield from (Missing(words, anchor) for words, anchor in group_gaps(session))
    if not asked.get("medication_confirmed"):
        yield Missing("Medication and allergies", "id_medication_confirmed")
    if not asked.get("consent_signed"):
        if "P14" not in said:
            yield Missing("Consent", "consent")
    elif is_on_paper_somewhere(session, ready):
        few = " (a few words, such as Folder 3)" if session.screening.get("consent_paper") else ""
        yield Missing(f"Where the signed paper is{few}", "id_consent_paper")
    if not asked.get("kit_checked_today") and "P15" not in said:
        yield Missing("Emergency kit checked", "id_kit_checked_today")
    if session.responsible_clinician_id is None and ready.clinician is None:
        yield Missing("Responsible clinician", "id_responsible_clinician")


def _wrong_times(session: TreatmentSession, now: datetime) -> Iterator[Missing]:
    """Stored times that cannot be, each at its field; check L19 says that nobody can lift them."""
    times = {name: getattr(session, name) for name in FOLLOWS}
    for wrong in wrong_times(times, now):
        yield Missing(words_of(wrong, times, facts.zone_of(session)).removesuffix("."), f"id_{wrong.name}")


def _wanted(raw: Mapping[str, Any]) -> str:
    """What an unfinished site still needs, in a few words."""
    wanted = [
        words
        for words, present in (
            ("place", raw.get("place")),
            ("vein type", raw.get("vein_type")),
            ("strength", raw.get("strength")),
            ("injections", raw.get("injections_ml") if raw.get("one_by_one") else raw.get("injection_count")),
            ("volume", raw.get("one_by_one") or raw.get("each_ml") or raw.get("volume_ml")),
        )
        if not present
    ]
    return " and ".join([", ".join(wanted[:-1]), wanted[-1]] if len(wanted) > 1 else wanted) or "correct what is marked"


def _missing_ampoules(ampoules: Collection[SessionAmpoule], totals: Totals) -> Iterator[Missing]:
    recorded = {ampoule.strength_percent for ampoule in ampoules}
    if not recorded:
        used = [plain(strength) for strength, volume in totals.by_strength_ml.items() if volume]
        if used:
            yield Missing(f"Ampoules of {' and '.join(used)} %", "ampoules")


def _missing_after(session: TreatmentSession, protocol: Protocol, now: datetime) -> Iterator[Missing]:
    if not session.compression_legs:
        yield Missing("Stocking: which legs", "group-legs")
    if session.ended_at is None:
        yield Missing("Time the stocking went on", "id_ended_at")
    least = protocol.observation_minutes_min
    if session.observation_started_at is None:
        yield Missing("Observed walk", "id_observation_started_at")
    elif session.observation_ended_at is None:
        seen = (now - session.observation_started_at) // timedelta(minutes=1)
        if seen < least:
            yield Missing(f"{least - seen} min of the walk", "id_observation_ended_at", "time")
        else:
            yield Missing("End of the walk", "id_observation_ended_at")
    if not session.observation_status:
        yield Missing("How the patient is at the end", "group-status")


def _missing_reaction(session: TreatmentSession, events: facts.RecordedEvents) -> Iterator[Missing]:
    """Words are asked once: an adverse event that is recorded says what was seen."""
    seen = session.reaction == TreatmentSession.Reaction.SEEN
    if not session.reaction:
        yield Missing("Reaction: yes or none", "group-reaction")
    elif events and not seen and session.amends_id is None:
        # A correction may come after an event that began at home.
        yield Missing("Reaction: an adverse event is recorded, so “none seen” cannot stand", "group-reaction")
    elif seen and not events and not session.reaction_note.strip():
        yield Missing("What was seen", "id_reaction_note")
