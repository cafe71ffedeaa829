"""The emergency card: on one page what somebody who takes over must know. Large, black on white, no clinical guess.

What is normal and what is not are the words of the symptom list (`clinic.protocol.triage`); nothing is written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import segno
from django.utils.safestring import SafeString, mark_safe

from clinic.models import Clinic, Patient, User
from clinic.phones import phone_words
from clinic.protocol.checks.findings import plain
from clinic.protocol.triage import SYMPTOMS, Level
from clinic.templatetags.drawings import place_name
from sessions_app.facts import session_date, zone_of
from sessions_app.models import TreatmentSession
from sessions_app.preparation import check_of
from sessions_app.presenters.record import places_words
from sessions_app.presenters.record_doses import dose_words
from sessions_app.presenters.visit import patient_line, stocking_words
from sessions_app.record import Entry, Lot, PatientRecord
from sessions_app.wording import time_words

# Without a chosen session: the last one in full, and those before it in a line each.
SHOWN = 3
# What a page can hold: more sites than these are named without their volumes, a longer note is cut.
_MOST_SITES, _LONGEST_NOTE = 8, 110
# Characters of variable text above which the page is set smaller.
_FULL_FROM = 420


@dataclass(frozen=True, slots=True)
class DrugLine:
    """One strength of a session."""

    product: str
    ml: str
    mg: str
    lots: str


@dataclass(frozen=True, slots=True)
class Given:
    """One session on the card. `when` is its end, with the zone; `so_far`: it is not signed, and may still go on."""

    when: str
    drugs: tuple[DrugLine, ...]
    short: str
    total: str
    places: str
    compression: str
    nurse: str
    clinician: str
    reaction: str
    so_far: bool


@dataclass(frozen=True, slots=True)
class Call:
    who: str
    number: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    identity: str
    phone: str
    warnings: tuple[str, ...]
    risks: tuple[str, ...]
    last: Given
    earlier: tuple[Given, ...]
    emergencies: tuple[str, ...]
    same_day: tuple[str, ...]
    expected: tuple[str, ...]
    calls: tuple[Call, ...]
    printed: str

    @property
    def is_full(self) -> bool:
        """Printed smaller, so that it stays one page."""
        last = self.last
        words = (*self.warnings, *self.risks, last.places, last.reaction, *(drug.lots for drug in last.drugs))
        return sum(len(each) for each in words) + sum(len(each.short) for each in self.earlier) > _FULL_FROM


def card_of(record: PatientRecord, chosen: Entry | None, *, clinic: Clinic, now: datetime) -> Card | None:
    """The chosen treatment, or the last ones, signed or not; None while nothing was injected."""
    entries = [chosen] if chosen is not None else record.injected[:SHOWN]
    if not entries:
        return None
    patient = record.patient
    zone = zone_of(entries[0].session)
    return Card(
        name=patient.name,
        identity=patient_line(patient, on=now.astimezone(zone).date(), weight_kg=patient.weight_kg),
        phone=phone_words(patient.phone) if patient.phone else "",
        warnings=tuple(_warnings(patient)),
        risks=tuple(str(Patient.RiskFactor(risk).label) for risk in patient.risk_factors),
        last=_given(entries[0]),
        earlier=tuple(_given(entry) for entry in entries[1:]),
        emergencies=_signs(Level.EMERGENCY),
        same_day=_signs(Level.SAME_DAY),
        expected=_expected(),
        calls=tuple(_calls(clinic, entries[0])),
        printed=_instant(now, zone),
    )


def _warnings(patient: Patient) -> Sequence[str]:
    found = ["polidocanol"] if patient.polidocanol_allergy else []
    return [*found, *([patient.allergies.strip()] if patient.allergies.strip() else [])]


def _instant(instant: datetime, zone: ZoneInfo) -> str:
    """ "Tue 13 Jan 2026, 10:30 EST (America/New York)" """
    local = instant.astimezone(zone)
    day, clock = time_words(instant, zone).split(", ")
    return f"{day} {local:%Y}, {clock} {local:%Z} ({zone.key.replace('_', ' ')})"


def _given(entry: Entry) -> Given:
    session = entry.session
    ml, mg = dose_words(entry.dose)
    words = session.get_reaction_display().lower() if session.reaction else "not recorded"
    if entry.events and session.reaction != session.Reaction.SEEN:
        words = ""  # the events say it; "none seen" beside them would be read first
    return Given(
        when=_instant(session.ended_at or session.started_at, zone_of(session)),
        drugs=tuple(_drugs(entry)),
        short=_short(entry),
        total=f"{ml}, {mg}",
        places=_places(entry),
        compression=stocking_words(session),
        nurse=str(session.nurse),
        clinician=str(_clinician(session) or "not named"),
        reaction=". ".join(filter(None, (words, _cut(session.reaction_note.strip()), *_event_words(entry)))),
        so_far=entry.is_charted_so_far,
    )


def _clinician(session: TreatmentSession) -> User | None:
    """Who answers for it; while it goes on, whoever is named for its day counts when it names nobody yet."""
    if session.responsible_clinician or session.status != TreatmentSession.Status.DRAFT:
        return session.responsible_clinician
    check = check_of(session_date(session))
    return check.responsible_clinician if check else None


def _event_words(entry: Entry) -> Sequence[str]:
    return [f"{event.words}, grade {event.grade}" if event.grade else event.words for event in entry.events]


def _cut(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"{note[:_LONGEST_NOTE].rstrip()}… (see the record)"


def _short(entry: Entry) -> str:
    """ "0.5 %: 1.2 mL, lot DEMO-7; 1 %: 0.6 mL, lot DEMO-9" """
    parts = []
    for strength, ml in entry.dose.ml_by_strength.items():
        lots = dict.fromkeys(lot.lot for lot in entry.lots if lot.strength_percent == strength and lot.lot)
        parts.append(f"{plain(strength)} %: {plain(ml)} mL, lot {' and '.join(lots) or 'not recorded'}")
    return "; ".join(parts)


def _drugs(entry: Entry) -> Sequence[DrugLine]:
    form = "foam" if entry.session.foam else "liquid"
    lines = []
    for strength, ml in entry.dose.ml_by_strength.items():
        lots = [lot for lot in entry.lots if lot.strength_percent == strength]
        lines.append(
            DrugLine(
                product=f"{_product(lots)} {plain(strength)} %, {form}",
                ml=f"{plain(ml)} mL",
                mg=f"{plain(ml * strength * 10)} mg",
                lots=", ".join(_lot_words(lot) for lot in lots if lot.lot) or "lot not recorded",
            )
        )
    return lines


def _product(lots: Sequence[Lot]) -> str:
    """The name from the clinic's stock beside the substance, which everybody knows."""
    names = dict.fromkeys(
        ", ".join(filter(None, (lot.product, lot.manufacturer)))
        for lot in lots
        if lot.product and lot.product.casefold() != "polidocanol"
    )
    return f"Polidocanol ({'; '.join(names)})" if names else "Polidocanol"


def _lot_words(lot: Lot) -> str:
    return f"{lot.lot} (exp. {lot.expiry})" if lot.expiry else lot.lot


def _places(entry: Entry) -> str:
    """Each place with its volume, as far as a page can hold them; else places by vein type."""
    if len(entry.sites) > _MOST_SITES:
        return places_words(entry)
    return "; ".join(f"{place_name(site.segment, site.leg)}: {plain(site.volume_ml)} mL" for site in entry.sites)


def _signs(level: Level) -> tuple[str, ...]:
    return tuple(symptom.report for symptom in SYMPTOMS if symptom.level is level)


def _expected() -> tuple[str, ...]:
    return tuple(
        f"{symptom.report}. {symptom.advice}".strip() for symptom in SYMPTOMS if symptom.level is Level.REASSURE
    )


def _calls(clinic: Clinic, entry: Entry) -> Sequence[Call]:
    found = [Call("Emergency", clinic.emergency_number)]
    clinician = _clinician(entry.session)
    name = f"{clinic.name}, {clinician} (responsible clinician)" if clinician else clinic.name
    if clinic.phone:
        found.append(Call(name, clinic.phone, clinic.phone_hours))
    if clinic.out_of_hours_phone:
        found.append(Call("Out of hours", clinic.out_of_hours_phone))
    return found


def qr_of(address: str) -> SafeString:
    """The address as a picture without style attributes; it must hold no fact about anybody."""
    picture = BytesIO()
    segno.make(address, error="m").save(
        picture, kind="svg", xmldecl=False, svgns=True, omitsize=True, svgclass="qr", lineclass=None, border=2
    )
    return mark_safe(picture.getvalue().decode())  # nosec B308 B703
