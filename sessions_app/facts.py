"""From the rows of a session to the facts that `clinic.protocol` is asked with. Reads no clock and no table of its own.

``TreatmentSession.screening`` holds the answers to the safety questions by the field names of `BeforeFacts` (dates as
ISO text, decimals as text), and what was seen during the session by those of `LoggingFacts`; a question that was not
asked is absent. Its other keys are the draft's own: ``answers`` (see `sessions_app.answers`), ``groups`` (which way a
group of questions was answered) and ``unfinished`` (what was typed and could not become a value yet).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.models import User
from clinic.protocol.checks import AmpouleFacts, BeforeFacts, LoggingFacts, SiteFacts, has_vte_risk
from clinic.protocol.plan import InjectedSite, SessionFacts
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Answer, Leg, ProductForm, StockingLegs, VeinType
from clinic.protocol.zones import local_date
from sessions_app.emergency import SIGNS, Step
from sessions_app.models import AdverseEvent, SessionAmpoule, TreatedSite, TreatmentSession


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An adverse event of the session that no clinician has closed; ``kind`` is an `AdverseEvent.Kind`.

    ``done``: the steps that are stamped, in the words that are stored.
    """

    public_id: UUID
    kind: str
    recorded_at: datetime
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """The adverse events of a session: each kind that is recorded, with what was done then; and the open ones."""

    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    open: tuple[OpenEvent, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)


class StatusAtEnd(StrEnum):
    """How the patient was when the observation ended, in the words that are stored and shown."""

    WALKED = "Walked and well"
    DID_NOT_WALK = "Well, did not walk"
    UNWELL = "Not well"


def _yes_no(stored: object) -> bool | None:
    return stored if isinstance(stored, bool) else None


def _day(stored: object) -> date | None:
    try:
        return date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None


def _when(stored: object) -> date | bool | None:
    return stored if isinstance(stored, bool) else _day(stored)


def _number(stored: object) -> Decimal | None:
    try:
        return Decimal(str(stored)) if stored not in (None, "") and not isinstance(stored, bool) else None
    except InvalidOperation:
        return None


def _whole(stored: object) -> int | None:
    return stored if isinstance(stored, int) and not isinstance(stored, bool) else None


def _answer(stored: object) -> Answer | None:
    return Answer(stored) if isinstance(stored, str) and stored in set(Answer) else None


def _text(stored: object) -> str | None:
    return stored if isinstance(stored, str) and stored else None


_READERS: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(
        (
            "polidocanol_allergy",
            "acute_thromboembolism",
            "breastfeeding",
            "reduced_mobility",
            "history_of_clot",
            "thrombophilia",
            "oestrogen",
            "obesity",
            "smoking",
            "long_immobility",
            "severe_event_before",
            "acute_illness",
            "skin_infection_at_site",
            "critical_limb_ischaemia",
            "cannot_walk",
            "stocking_allergy",
            "severe_neuropathy",
            "consent_signed",
            "kit_checked_today",
            "allergy_prone",
            "duplex_on_file",
            "tetracycline",
            "medication_confirmed",
            "identifiers_confirmed",
        ),
        _yes_no,
    ),
    **dict.fromkeys(
        ("major_surgery", "hospital_stay", "recent_pregnancy", "long_flight", "hard_training"),
        _when,
    ),
    "pregnant": _answer,
    "abpi": _number,
    "ankle_pressure_mmhg": _whole,
    "toe_pressure_mmhg": _whole,
    "nyha_class": _whole,
    "ceap": _text,
}
_SEEN = (
    "suspected_extravasation",
    "suspected_intra_arterial",
    "generalised_allergic_sign",
    "actions_recorded",
    "vascular_surgeon_contacted",
)
# Where a consent on paper is kept, in words; no check asks for it.
_NOTED = ("consent_paper", "ampoule_used_before")
FACT_NAMES = frozenset(_READERS) | frozenset(_SEEN) | frozenset(_NOTED)


def zone_of(session: TreatmentSession) -> ZoneInfo:
    return ZoneInfo(session.time_zone)


def session_date(session: TreatmentSession) -> date:
    """Day 0: the date of the session end in the session's zone, or of its start while it is not over."""
    return local_date(session.ended_at or session.started_at, zone_of(session))


def before_facts(
    session: TreatmentSession,
    *,
    last_session_date: date | None = None,
    starting: bool = False,
    known: Mapping[str, Any] = MappingProxyType({}),
    clinician: User | None = None,
) -> BeforeFacts:
    """The screening as the checks take it. What the patient's own record knows (age, allergy) is always part of it.

    ``known`` and ``clinician`` hold for the session without being its own answers, see `sessions_app.preparation`.
    """
    asked = {name: read(session.screening.get(name)) for name, read in _READERS.items()}
    if session.patient.polidocanol_allergy:
        asked["polidocanol_allergy"] = True
    asked |= known
    named = session.responsible_clinician or clinician
    return BeforeFacts(
        **asked,
        session_date=session_date(session),
        birth_date=session.patient.birth_date,
        responsible_clinician=str(named) if named else None,
        last_session_date=last_session_date,
        starting=starting,
    )


def site_facts(site: TreatedSite) -> SiteFacts:
    return SiteFacts(
        leg=Leg(site.leg),
        segment=site.segment,
        vein_type=VeinType(site.vein_type),
        diameter_mm=site.diameter_mm,
        strength_percent=site.strength_percent,
        injections=tuple(map(Decimal, site.injections_ml)) or None,
        injection_count=site.injection_count,
        volume_ml=site.volume_ml,
        treated_length_cm=site.treated_length_cm,
        needle_gauge=site.needle_gauge,
    )


def ampoule_facts(ampoule: SessionAmpoule, *, already_used: bool | None = None) -> AmpouleFacts:
    """Of a row that was read with its stock lot, if it has one."""
    lot = ampoule.stock_lot
    return AmpouleFacts(
        strength_percent=ampoule.strength_percent,
        lot=ampoule.lot,
        expiry=ampoule.expiry,
        opened=ampoule.opened,
        already_used=already_used,
        withdrawn=None if lot is None else lot.withdrawn_at is not None,
    )


def observation_minutes(session: TreatmentSession) -> Decimal | None:
    """How long the patient was watched, in full minutes; None while that is not over."""
    if session.observation_started_at is None or session.observation_ended_at is None:
        return None
    return Decimal((session.observation_ended_at - session.observation_started_at) // timedelta(minutes=1))


def _walk_minutes(session: TreatmentSession) -> Decimal | None:
    if session.observation_status == StatusAtEnd.DID_NOT_WALK:
        return Decimal(0)
    return observation_minutes(session) if session.observation_status == StatusAtEnd.WALKED else None


def _seen(session: TreatmentSession, events: RecordedEvents) -> dict[str, Any]:
    """What was suspected: ticked on the page, or recorded as an event; and what its rows say that was done.

    A sign that somebody ticked counts as recorded only by an event of its own kind.
    """
    ticked = {sign: _yes_no(session.screening.get(sign)) for sign in SIGNS}
    seen = {sign: True if kinds & events.steps.keys() else ticked[sign] for sign, kinds in SIGNS.items()}
    unrecorded = [sign for sign, is_seen in seen.items() if is_seen and not SIGNS[sign] & events.steps.keys()]
    into_artery = events.steps.get(AdverseEvent.Kind.INTRA_ARTERIAL, frozenset())
    return {
        **seen,
        "adverse_event_recorded": bool(events) and not unrecorded,
        "actions_recorded": bool(into_artery - {Step.SURGEON}),  # calling somebody is the contact, not what was done
        "vascular_surgeon_contacted": Step.SURGEON in into_artery,
    }


def logging_facts(
    session: TreatmentSession,
    *,
    sites: Iterable[TreatedSite],
    ampoules: Iterable[SessionAmpoule],
    events: RecordedEvents = RecordedEvents(),
    earlier_mg_today: Decimal,
    now: datetime,
    signing: bool = False,
) -> LoggingFacts:
    """What was done and seen. A session without opened ampoules says nothing about them until it is to be signed."""
    used_before = _yes_no(session.screening.get("ampoule_used_before"))
    opened = tuple(ampoule_facts(ampoule, already_used=used_before) for ampoule in ampoules)
    legs = session.compression_legs
    return LoggingFacts(
        **_seen(session, events),
        sites=tuple(site_facts(site) for site in sites),
        session_date=session_date(session),
        started_at=session.started_at,
        ended_at=session.ended_at,
        observation_started_at=session.observation_started_at,
        observation_ended_at=session.observation_ended_at,
        now=now,
        weight_kg=session.weight_kg,
        earlier_mg_today=earlier_mg_today,
        form=ProductForm.FOAM if session.foam else ProductForm.LIQUID,
        ampoules=opened if opened or signing else None,
        observation_minutes=observation_minutes(session),
        observation_status=session.observation_status or None,
        compression_applied=None if not legs else legs != TreatmentSession.CompressionLegs.NONE,
        compression_legs=StockingLegs(legs) if legs in set(StockingLegs) else None,
        compression_class=session.compression_garment or None,
        compression_mmhg=session.compression_mmhg or None,
        walk_minutes=_walk_minutes(session),
        signed_on=local_date(now, zone_of(session)),
        signing=signing,
    )


def plan_facts(session: TreatmentSession, protocol: Protocol, sites: Iterable[TreatedSite]) -> SessionFacts:
    """What the aftercare plan is made from. The session must have ended."""
    assert session.ended_at is not None
    before = before_facts(session)
    return SessionFacts(
        session_end=session.ended_at,
        time_zone=session.time_zone,
        sites=tuple(InjectedSite(Leg(site.leg), VeinType(site.vein_type), site.volume_ml) for site in sites),
        extensive_days=session.extensive_days,
        breastfeeding=bool(before.breastfeeding),
        vte_risk=has_vte_risk(before, protocol),
        ref=str(session.public_id),
    )


def screening_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of a form as they are stored: known facts that were asked, dates and decimals as text."""
    return {
        name: str(value) if isinstance(value, Decimal | date) else value
        for name, value in facts.items()
        if name in FACT_NAMES and value is not None and value != ""
    }
