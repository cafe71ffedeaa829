"""What the checks are told. ``None`` always means "not asked": no check fires on it, unless its rule says "missing"."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from clinic.protocol.vocabulary import Answer, Leg, ProductForm, StockingLegs, VeinType

When: TypeAlias = date | bool
"""The date of something, or just whether it was within the look-back time."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """One treated area.

    Either ``injections`` (the volume of each, mL), or ``injection_count`` with ``volume_ml`` (equal volumes), or
    ``volume_ml`` alone. ``segment`` is a ``Segment`` value; any other text is a place that is not on a leg.
    """

    leg: Leg | None = None
    segment: str | None = None
    vein_type: VeinType | None = None
    diameter_mm: Decimal | None = None
    strength_percent: Decimal | None = None
    injections: tuple[Decimal, ...] | None = None
    injection_count: int | None = None
    volume_ml: Decimal | None = None
    treated_length_cm: Decimal | None = None
    needle_gauge: int | None = None

    @property
    def ml(self) -> Decimal | None:
        """Volume of the site, mL: the sum of its injections where they were logged one by one."""
        return self.volume_ml if self.injections is None else sum(self.injections, Decimal(0))

    @property
    def count(self) -> int | None:
        """Number of injections."""
        return self.injection_count if self.injections is None else len(self.injections)

    @property
    def name(self) -> str:
        """Where it is: ``left calf medial``; empty when not known yet."""
        return " ".join(part.replace("_", " ") for part in (self.leg, self.segment) if part)


@dataclass(frozen=True, slots=True)
class AmpouleFacts:
    """Ampoules of one lot and strength. ``expiry`` as printed: ``2027-05`` or ``2027-05-31``.

    ``withdrawn``: the lot was recalled, or taken out of use by the clinic.
    """

    strength_percent: Decimal | None = None
    lot: str | None = None
    expiry: str | None = None
    opened: int | None = None
    already_used: bool | None = None
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True)
class BeforeFacts:
    """The screening before the first injection.

    ``starting=True`` means that somebody is about to start: the gates (consent, kit, clinician, medication list,
    identity) then fire when they were left open, not only when they were answered with no. An empty
    ``responsible_clinician`` means that nobody is named.
    """

    session_date: date | None = None
    polidocanol_allergy: bool | None = None
    acute_thromboembolism: bool | None = None
    pregnant: Answer | None = None
    breastfeeding: bool | None = None
    reduced_mobility: bool | None = None
    history_of_clot: bool | None = None
    major_surgery: When | None = None
    hospital_stay: When | None = None
    recent_pregnancy: When | None = None
    thrombophilia: bool | None = None
    oestrogen: bool | None = None
    obesity: bool | None = None
    smoking: bool | None = None
    long_immobility: bool | None = None
    severe_event_before: bool | None = None
    acute_illness: bool | None = None
    skin_infection_at_site: bool | None = None
    critical_limb_ischaemia: bool | None = None
    abpi: Decimal | None = None
    ankle_pressure_mmhg: int | None = None
    toe_pressure_mmhg: int | None = None
    cannot_walk: bool | None = None
    nyha_class: int | None = None
    stocking_allergy: bool | None = None
    severe_neuropathy: bool | None = None
    birth_date: date | None = None
    age_years: int | None = None
    consent_signed: bool | None = None
    kit_checked_today: bool | None = None
    responsible_clinician: str | None = None
    last_session_date: date | None = None
    allergy_prone: bool | None = None
    ceap: str | None = None
    duplex_on_file: bool | None = None
    long_flight: When | None = None
    hard_training: When | None = None
    tetracycline: bool | None = None
    medication_confirmed: bool | None = None
    identifiers_confirmed: bool | None = None
    starting: bool = False


@dataclass(frozen=True, slots=True)
class LoggingFacts:
    """What was done and seen in the session.

    Instants are aware. ``now`` is the caller's clock, for what lies in the future. ``total_ml`` is a total somebody
    typed, compared with the sites. ``earlier_mg_today`` is what the patient got in other sessions of the same date.
    An empty text means "asked and missing". ``signing=True`` means that somebody wants to sign: what is still
    unanswered then counts as missing (L6d, L10, L11).
    """

    sites: tuple[SiteFacts, ...] = ()
    session_date: date | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    now: datetime | None = None
    observation_started_at: datetime | None = None
    observation_ended_at: datetime | None = None
    session_minutes: int | None = None
    total_ml: Decimal | None = None
    weight_kg: Decimal | None = None
    earlier_mg_today: Decimal | None = None
    form: ProductForm | None = None
    ampoules: tuple[AmpouleFacts, ...] | None = None
    observation_minutes: Decimal | None = None
    observation_status: str | None = None
    compression_applied: bool | None = None
    compression_legs: StockingLegs | None = None
    compression_class: str | None = None
    compression_mmhg: str | None = None
    walk_minutes: Decimal | None = None
    suspected_extravasation: bool | None = None
    suspected_intra_arterial: bool | None = None
    generalised_allergic_sign: bool | None = None
    adverse_event_recorded: bool | None = None
    actions_recorded: bool | None = None
    vascular_surgeon_contacted: bool | None = None
    signed_on: date | None = None
    signing: bool = False
