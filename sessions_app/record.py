"""Everything that was ever done to a patient's legs, read at once: sessions as they hold now, sites, lots, events.

Four queries, whatever the number of sessions. Corrected versions are left out and what replaced them is marked; doses
are added from the sites of the versions that hold, so that a correction changes every sum.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from clinic.models import Patient, User
from sessions_app.amending import CLOSED
from sessions_app.models import AdverseEvent, SessionAmpoule, TreatedSite, TreatmentSession


class Injected(NamedTuple):
    """One treated site as it is stored; mL and percent."""

    session_id: int
    position: int
    leg: str
    segment: str
    vein_type: str
    strength_percent: Decimal
    injection_count: int
    volume_ml: Decimal

    @property
    def place(self) -> tuple[str, str]:
        return self.leg, self.segment


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of each strength: mL by percent, the weakest first."""

    ml_by_strength: Mapping[Decimal, Decimal]

    @classmethod
    def of(cls, sites: Iterable[Injected]) -> "Dose":
        found: dict[Decimal, Decimal] = {}
        for site in sites:
            found[site.strength_percent] = found.get(site.strength_percent, Decimal(0)) + site.volume_ml
        return cls(dict(sorted(found.items())))

    @property
    def ml(self) -> Decimal:
        return sum(self.ml_by_strength.values(), Decimal(0))

    @property
    def mg(self) -> Decimal:
        """1 mL of 1 % holds 10 mg."""
        return sum((ml * strength * 10 for strength, ml in self.ml_by_strength.items()), Decimal(0))


@dataclass(frozen=True, slots=True)
class Lot:
    """Ampoules that were opened; `product` is empty where the lot was not taken from the clinic's stock."""

    lot: str
    expiry: str
    strength_percent: Decimal
    opened: int
    product: str = ""
    manufacturer: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An adverse event of a session, as its time line names it."""

    words: str
    grade: int | None
    is_open: bool


@dataclass(slots=True)
class Entry:
    """One session as it holds now. `number` counts the treatments from the first on; None where there was none."""

    session: TreatmentSession
    number: int | None = None
    sites: list[Injected] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    is_being_corrected: bool = False

    @property
    def is_treatment(self) -> bool:
        return self.session.status == TreatmentSession.Status.SIGNED

    @property
    def is_charted_so_far(self) -> bool:
        """Injected and not signed: who takes the patient over in an emergency must know of it all the same."""
        return self.session.status == TreatmentSession.Status.DRAFT and bool(self.sites)

    @property
    def dose(self) -> Dose:
        return Dose.of(self.sites)


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Newest first. `entries` are closed sessions and drafts of first versions."""

    patient: Patient
    entries: list[Entry]

    @property
    def treatments(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_treatment]

    @property
    def injected(self) -> list[Entry]:
        """The treatments, and what was injected without being signed yet."""
        return [entry for entry in self.entries if entry.is_treatment or entry.is_charted_so_far]

    def entry_of(self, public_id: UUID) -> Entry | None:
        return next((entry for entry in self.entries if entry.session.public_id == public_id), None)


def read_record(patient: Patient, *, reader: User) -> PatientRecord:
    """Empty for somebody who may not see charts."""
    rows = list(
        TreatmentSession.objects.visible_to(reader)
        .filter(patient=patient)
        .select_related("nurse", "responsible_clinician", "appointment")
        .order_by("-started_at", "-pk")
    )
    entries = _holding(rows)
    for session in rows:
        session.patient = patient
    by_session = {entry.session.pk: entry for entry in entries}
    shown = TreatmentSession.objects.filter(pk__in=by_session)
    if entries:
        _add_sites(by_session, shown)
        _add_lots(by_session, shown)
        _add_events(entries, patient, reader)
    _number(entries)
    return PatientRecord(patient, entries)


def _holding(rows: list[TreatmentSession]) -> list[Entry]:
    """Without versions that a closed correction replaced; the draft of a correction only marks what it corrects."""
    replaced = {row.amends_id for row in rows if row.amends_id is not None and row.status in CLOSED}
    corrected_now = {row.amends_id for row in rows if row.amends_id is not None and row.status not in CLOSED}
    return [
        Entry(row, is_being_corrected=row.pk in corrected_now)
        for row in rows
        if row.pk not in replaced and (row.status in CLOSED or row.amends_id is None)
    ]


def _add_sites(by_session: dict[int, Entry], shown: QuerySet[TreatmentSession]) -> None:
    sites = TreatedSite.objects.filter(session__in=shown).order_by("session_id", "position")
    for row in sites.values_list(*Injected._fields):
        site = Injected(*row)
        by_session[site.session_id].sites.append(site)


def _add_lots(by_session: dict[int, Entry], shown: QuerySet[TreatmentSession]) -> None:
    opened = SessionAmpoule.objects.filter(session__in=shown).order_by("session_id", "strength_percent", "id")
    for session_id, lot, expiry, strength, count, product, manufacturer in opened.values_list(
        "session_id",
        "lot",
        "expiry",
        "strength_percent",
        "opened",
        "stock_lot__product__name",
        "stock_lot__product__manufacturer",
    ):
        by_session[session_id].lots.append(Lot(lot, expiry, strength, count, product or "", manufacturer or ""))


def _add_events(entries: list[Entry], patient: Patient, reader: User) -> None:
    """An event hangs on one version of a session and speaks of all of them."""
    by_lineage = {entry.session.lineage: entry for entry in entries}
    events = AdverseEvent.objects.visible_to(reader).real().filter(patient=patient, session__isnull=False)
    for lineage, kind, grade, closed_at in events.order_by("onset_at").values_list(
        "session__lineage", "kind", "severity_grade", "closed_at"
    ):
        if lineage in by_lineage:
            words = str(AdverseEvent.Kind(kind).label)
            by_lineage[lineage].events.append(Happened(words, grade, closed_at is None))


def _number(entries: list[Entry]) -> None:
    treatments = [entry for entry in reversed(entries) if entry.is_treatment]
    for number, entry in enumerate(treatments, start=1):
        entry.number = number
