"""The fields of the FDA's voluntary report, form 3500, filled from what the clinic knows; a draft that somebody checks.

The patient stands there by a code, never by name. What the form asks and nobody recorded is said, field by field.
Source: the FDA's instructions for form 3500. The sub-fields of section G, and where our wording of a field may differ
from the printed form, could not be verified; the page says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic.models import Clinic, Patient, User
from clinic.protocol.checks.findings import plain
from clinic.protocol.zones import local_date, local_time
from sessions_app.amending import CLOSED
from sessions_app.models import AdverseEvent, SessionAmpoule, TreatedSite, TreatmentSession

Kind, Serious, Relation = AdverseEvent.Kind, AdverseEvent.Serious, AdverseEvent.Relation


class State(StrEnum):
    FILLED = "filled"
    MISSING = "missing"  # we keep it, and nobody entered it
    BY_HAND = "by hand"  # we do not keep it
    NOT_ASKED = "not asked"  # does not apply to this event


@dataclass(frozen=True, slots=True)
class ReportField:
    """``code`` as on the form, "A1"; ``value`` in words, or what to do where there is none."""

    code: str
    label: str
    value: str
    state: State = State.FILLED


@dataclass(frozen=True, slots=True)
class Section:
    letter: str
    title: str
    fields: Sequence[ReportField]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What the report is made of; `session` is the version that holds, None for an event without a session."""

    event: AdverseEvent
    session: TreatmentSession | None
    sites: Sequence[TreatedSite]
    ampoules: Sequence[SessionAmpoule]
    reporter: User
    clinic: Clinic
    now: datetime


def material_of(event: AdverseEvent, *, reporter: User, clinic: Clinic, now: datetime) -> Material:
    """Reads the session as it holds now, with all its corrections. Five queries at most."""
    session = _version_that_holds(event.session) if event.session else None
    was_treated = session is not None and session.status != TreatmentSession.Status.NOT_TREATED
    return Material(
        event=event,
        session=session,
        sites=list(session.sites.all()) if session and was_treated else [],
        ampoules=list(session.ampoules.select_related("stock_lot__product")) if session and was_treated else [],
        reporter=reporter,
        clinic=clinic,
        now=now,
    )


def _version_that_holds(session: TreatmentSession) -> TreatmentSession:
    """Of the session's lineage the newest closed version, whether it was treated or not; while none is, the draft."""
    closed = TreatmentSession.objects.filter(lineage=session.lineage, status__in=CLOSED)
    holding = closed.exclude(amended_by__status__in=CLOSED).first()
    return holding or TreatmentSession.objects.get(lineage=session.lineage, amends__isnull=True)


def report(given: Material) -> list[Section]:
    """The sections in the form's order."""
    return [
        Section("A", "Patient", _patient(given)),
        Section("B", "Adverse event or product problem", _event(given)),
        Section("C", "Product availability", [_by_hand("C", "Product kept for evaluation?")]),
        Section("D", "Suspect product", _product(given)),
        Section("E", "Suspect medical device", _device(given)),
        Section(
            "F",
            "Other products taken at the same time",
            [_by_hand("F", "Concomitant products", "Not kept here: copy them from the medication list.")],
        ),
        Section("G", "Reporter", _reporter(given), note="Sub-fields not verified against the printed form."),
    ]


def open_fields(sections: Sequence[Section]) -> list[ReportField]:
    """What somebody still has to fill in."""
    return [each for section in sections for each in section.fields if each.state in (State.MISSING, State.BY_HAND)]


def patient_code(patient: Patient) -> str:
    """Initials and the beginning of the record's own id: enough for the clinic to find the patient again."""
    return f"{patient.initials}-{patient.public_id.hex[:8]}"


# --- A ------------------------------------------------------------------------------------------------------------


def _patient(given: Material) -> list[ReportField]:
    patient = given.event.patient
    born, began = patient.birth_date, local_date(given.event.onset_at, given.clinic.zone)
    age = began.year - born.year - ((began.month, began.day) < (born.month, born.day))
    weight = (given.session.weight_kg if given.session else None) or patient.weight_kg
    return [
        ReportField("A1", "Patient identifier, in confidence", patient_code(patient)),
        ReportField("A2", "Age at the time of the event", f"{age} years"),
        _known("A3", "Sex", patient.get_sex_display() if patient.sex else "", "Enter it on the patient's page."),
        _known("A4", "Weight", f"{plain(weight)} kg" if weight else "", "Enter it on the patient's page."),
    ]


# --- B ------------------------------------------------------------------------------------------------------------

_OUTCOMES = {
    Serious.DEATH: "Death",
    Serious.LIFE_THREATENING: "Life-threatening",
    Serious.HOSPITAL: "Hospitalisation, initial or prolonged",
    Serious.DISABILITY: "Disability or permanent damage",
    Serious.BIRTH_DEFECT: "Congenital anomaly or birth defect",
    Serious.INTERVENTION: "Required intervention to prevent permanent damage (devices)",
    Serious.OTHER: "Other serious, important medical event",
}
_REPORT_KINDS = {Kind.PRODUCT_DEFECT: "Product problem", Kind.MEDICATION_ERROR: "Product use or medication error"}


def _event(given: Material) -> list[ReportField]:
    event, zone = given.event, given.clinic.zone
    kinds = _REPORT_KINDS.get(Kind(event.kind), "Adverse event")
    outcomes = "; ".join(_OUTCOMES[Serious(each)] for each in event.serious_because)
    return [
        ReportField("B1", "Kind of report", kinds),
        ReportField("B2", "Outcomes attributed to the event", outcomes or "None of the listed outcomes was ticked"),
        ReportField("B3", "Date of the event", _date(local_date(event.onset_at, zone))),
        ReportField("B4", "Date of this report", _date(local_date(given.now, zone))),
        _description(given),
        _by_hand("B6", "Tests with their dates"),
        _history(given),
    ]


def _description(given: Material) -> ReportField:
    event, zone = given.event, given.clinic.zone
    told = event.description.strip()
    if not told:
        return ReportField("B5", "Description", "Write what was seen and what was done.", State.MISSING)
    lines = [f"{event.get_kind_display()}. {told}"]
    lines += [f"{local_time(step.at, zone):%d %b %Y, %H:%M}: {step.what}." for step in event.steps.all()]
    if event.outcome:
        on = f", {_date(event.outcome_on)}" if event.outcome_on else ""
        lines.append(f"Outcome: {event.get_outcome_display().lower()}{on}.")
    return ReportField("B5", "Description", without_names("\n".join(lines), event.patient))


def without_names(text: str, patient: Patient) -> str:
    """Free text as it may leave the building: the patient's names are taken out, whoever typed them."""
    names = [re.escape(name) for name in sorted({patient.name, patient.given_name, patient.family_name}, key=len)]
    return re.sub(rf"\b({'|'.join(reversed(names))})\b", "[patient]", text, flags=re.IGNORECASE)


def _history(given: Material) -> ReportField:
    patient = given.event.patient
    known = [Patient.RiskFactor(risk).label for risk in patient.risk_factors if risk in Patient.RiskFactor.values]
    if patient.allergies:
        known.append(f"Allergies: {without_names(patient.allergies, patient)}")
    if patient.polidocanol_allergy:
        known.append("Allergic to polidocanol")
    return _known("B7", "Other relevant history", "; ".join(known), "Nothing is recorded: ask, and add it here.")


# --- C to G -------------------------------------------------------------------------------------------------------


def _product(given: Material) -> list[ReportField]:
    session, sites = given.session, given.sites
    if session is None or not sites:
        empty = "No session is linked to this event: choose it on the event's page."
        if session is not None:
            empty = (
                "In the session of this event nothing was injected, as it stands now. If that is right, choose another."
            )
        return [ReportField("D", "Suspect product", empty, State.MISSING)]
    zone = ZoneInfo(session.time_zone)
    day = _date(local_date(session.ended_at or session.started_at, zone))
    lots, expiries, makers, codes = _of_ampoules(given.ampoules)
    veins = ", ".join(sorted({site.vein_type for site in sites}))
    form = "foam" if session.foam else "liquid"
    strengths = " and ".join(f"{plain(each)} %" for each in sorted({site.strength_percent for site in sites}))
    return [
        ReportField("D1", "Name, strength", f"{_name(given.ampoules)}, {strengths}, {form}"),
        _known("D1", "Manufacturer", makers, "Not in the clinic's stock: copy it from the carton."),
        ReportField("D2", "Dose, frequency, route", f"{_dose(sites)}; once, in one session; intravenous"),
        ReportField("D3", "Dates of use", f"{day}, one day"),
        ReportField("D4", "Reason for use", f"Sclerotherapy of leg veins: {veins}"),
        _by_hand("D5", "Did it abate after the use was stopped?", "A single session: say whether this applies."),
        _known("D6", "Lot", lots, "No lot is recorded in the session."),
        _known("D7", "Expiry", expiries, "No expiry is recorded in the session."),
        _by_hand("D8", "Did it reappear when it was given again?"),
        _known("D9", "NDC", codes, "Not in the clinic's stock: copy it from the carton."),
    ]


def _dose(sites: Sequence[TreatedSite]) -> str:
    """ "1.6 mL of 0.5 % (8 mg)" per strength."""
    by_strength: dict[Decimal, Decimal] = {}
    for site in sites:
        by_strength[site.strength_percent] = by_strength.get(site.strength_percent, Decimal(0)) + site.volume_ml
    return ", ".join(
        f"{plain(ml)} mL of {plain(percent)} % ({plain(ml * percent * 10)} mg)"
        for percent, ml in sorted(by_strength.items())
    )


def _name(ampoules: Sequence[SessionAmpoule]) -> str:
    names = {each.stock_lot.product.name for each in ampoules if each.stock_lot}
    return ", ".join(sorted(names)) or "Polidocanol"


def _of_ampoules(ampoules: Sequence[SessionAmpoule]) -> tuple[str, str, str, str]:
    """Lots, expiry dates, manufacturers and register codes, each once, in words."""
    products = [each.stock_lot.product for each in ampoules if each.stock_lot]
    lots = {f"{each.lot} ({plain(each.strength_percent)} %)" for each in ampoules if each.lot}
    return (
        ", ".join(sorted(lots)),
        ", ".join(sorted({each.expiry for each in ampoules if each.expiry})),
        ", ".join(sorted({product.manufacturer for product in products if product.manufacturer})),
        ", ".join(sorted({product.register_code for product in products if product.register_code})),
    )


def _device(given: Material) -> list[ReportField]:
    suspected = given.event.relation_compression not in (Relation.NOT_SAID, Relation.NONE)
    if not suspected and given.event.kind != Kind.GARMENT:
        return [ReportField("E", "Compression garment", "Not suspected", State.NOT_ASKED)]
    session = given.session
    garment = session.compression_garment if session else ""
    pressure = f", {session.compression_mmhg} mmHg" if session and session.compression_mmhg else ""
    return [
        _known("E", "Compression garment", f"{garment}{pressure}" if garment else "", "Not recorded in the session."),
        _by_hand("E", "Its manufacturer, model and lot"),
    ]


def _reporter(given: Material) -> list[ReportField]:
    reporter, clinic = given.reporter, given.clinic
    address = ", ".join(line.strip() for line in clinic.address.splitlines() if line.strip())
    reported = given.event.reported_to_manufacturer_on
    return [
        ReportField("G", "Name", reporter.name),
        _known("G", "Address", ", ".join(part for part in (clinic.name, address) if part), "Enter it in the set-up."),
        _known("G", "Phone", clinic.phone, "Enter the clinic's phone in the set-up."),
        ReportField("G", "E-mail", reporter.email),
        ReportField("G", "Occupation", reporter.role_names),
        ReportField("G", "Also reported to the manufacturer", _date(reported) if reported else "No"),
    ]


# --- Fields -------------------------------------------------------------------------------------------------------


def _known(code: str, label: str, value: str, otherwise: str) -> ReportField:
    return ReportField(code, label, value) if value else ReportField(code, label, otherwise, State.MISSING)


def _by_hand(code: str, label: str, words: str = "Not kept here: fill it in by hand.") -> ReportField:
    return ReportField(code, label, words, State.BY_HAND)


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
