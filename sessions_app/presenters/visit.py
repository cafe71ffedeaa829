"""A visit in words: the patient, what must catch the eye, what is missing, the stocking, the walk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from clinic.models import Patient
from clinic.protocol.checks.calendar import age_on
from clinic.protocol.checks.findings import plain
from clinic.protocol.zones import local_time
from sessions_app.charting import Chart
from sessions_app.facts import zone_of
from sessions_app.missing import Missing
from sessions_app.models import TreatmentSession

_MISSING_ICONS = {"field": "circle-dashed", "time": "hourglass", "finding": "triangle-alert"}


def patient_line(patient: Patient, *, on: date, weight_kg: Decimal | None, number: int | None = None) -> str:
    """ "4 Mar 1967 (58), 68 kg, session 3" """
    born = patient.birth_date
    parts = [f"{born.day} {born:%b %Y} ({age_on(on, born)})"]
    if weight_kg is not None:
        parts.append(f"{plain(weight_kg)} kg")
    if number is not None:
        parts.append(f"session {number}")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Warn:
    words: str
    kind: str
    icon: str


def warnings(patient: Patient) -> list[Warn]:
    """What must catch the eye in the head of every page of this patient."""
    found = [Warn("Allergy to polidocanol", "danger", "octagon-alert")] if patient.polidocanol_allergy else []
    if patient.allergies.strip():
        found.append(Warn(f"Allergies: {patient.allergies.strip()}", "attention", "triangle-alert"))
    return found


def missing(chart: Chart, keys: Mapping[int, str]) -> list[dict[str, str]]:
    """Rows of the list of what is missing; `keys` are the row keys of the page's sites by position.

    Findings come first: they may stand out of sight, and the bar of totals shows the first few rows.
    """
    return [
        {"words": each.words, "anchor": _anchor(each, keys), "icon": _MISSING_ICONS[each.kind]}
        for each in sorted(chart.missing, key=lambda each: each.kind != "finding")
    ]


def _anchor(each: Missing, keys: Mapping[int, str]) -> str:
    name, _, position = each.anchor.partition("-")
    if name == "site" and position.isdigit():
        return f"site-{keys.get(int(position), position)}"
    return each.anchor


def stocking_words(session: TreatmentSession) -> str:
    """ "Both legs, thigh stocking, 20-30 mmHg" """
    if not session.compression_legs:
        return "not recorded"
    if session.compression_legs == session.CompressionLegs.NONE:
        return "none"
    parts = [session.get_compression_legs_display(), session.compression_garment]
    if session.compression_mmhg:
        parts.append(f"{session.compression_mmhg} mmHg")
    return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Walk:
    """The observed walk while it runs."""

    started_at: datetime
    may_leave_at: datetime
    minutes: int


def walk(chart: Chart) -> Walk | None:
    """The running walk, None before and after. The gate is the protocol's least time."""
    session, minutes = chart.session, chart.protocol.observation_minutes_min
    if session.observation_started_at is None or session.observation_ended_at is not None:
        return None
    began = session.observation_started_at
    return Walk(began, began + timedelta(minutes=minutes), minutes)


def clock_words(instant: datetime | None, session: TreatmentSession) -> str:
    return f"{local_time(instant, zone_of(session)):%H:%M}" if instant else ""
