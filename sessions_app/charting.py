"""The chart of one session at one moment: totals, findings with their answers, and what is missing for the signature.

`chart_of` reads the rows and asks `clinic.protocol`; pages, autosave and signing all use it, so that what the nurse
sees is what the signature is judged by. It costs the same queries whatever the number of sites.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
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
from clinic.protocol.plan import SessionFacts
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Moment
from clinic.protocol.zones import local_date
from sessions_app import facts
from sessions_app.answers import Reply, is_open, needs_prescriber, replies_in
from sessions_app.basis import asked_basis, logged_basis
from sessions_app.event_watch import recorded_in
from sessions_app.missing import Missing, missing_in, missing_reaction
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession
from sessions_app.preparation import Ready, is_on_paper_somewhere
from sessions_app.surroundings import Surroundings, last_session_before, surroundings_of
from sessions_app.visit_clashes import clashes_of
from sessions_app.visit_holds import finding_of, standing_against
from sessions_app.weight_clash import weight_clash_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the answer it got; ``is_open`` means that it still stands in the way of the signature."""

    finding: Finding
    moment: Moment
    reply: Reply
    is_open: bool


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
    totals = totals_of(logged, protocol)
    found = [
        *_held(session, around, is_treated=bool(sites)),
        *_findings(session, logged, around.last_ended_at, protocol, ready, signing=signing),
        *((clash, Moment.LOGGING) for clash in clashes_of(session, around.elsewhere)),
        *((clash, Moment.LOGGING) for clash in weight_clash_of(session, totals, protocol)),
    ]
    judged = _judged(found, replies_in(session.screening))
    gaps = (
        *([] if version else [Missing("A protocol that the clinical lead has signed", "")]),
        *missing_in(session, sites, ampoules, totals, protocol, now, ready, {finding.id for finding, _ in found}),
        *missing_reaction(session, events),
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
