"""How much a patient has had: by session, by year and in all, for each strength. Computed from the sites that hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clinic.protocol.checks.findings import plain
from sessions_app.facts import session_date
from sessions_app.record import Dose, Entry, PatientRecord
from sessions_app.wording import amount_words


@dataclass(frozen=True, slots=True)
class Cell:
    """One strength in one row; both are "" where none of it was given."""

    ml: str = ""
    mg: str = ""


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One session, one year or all of them. `per_kg` and `lots` are of sessions only."""

    name: str
    cells: tuple[Cell, ...]
    ml: str
    mg: str
    per_kg: str = ""
    lots: str = ""


@dataclass(frozen=True, slots=True)
class Doses:
    """`strengths` are the heads of the columns ("0.5 %"), in the order of each row's cells."""

    strengths: tuple[str, ...]
    sessions: tuple[DoseRow, ...]
    years: tuple[DoseRow, ...]
    whole: DoseRow | None


def dose_words(dose: Dose) -> tuple[str, str]:
    """("3.4 mL", "22 mg")"""
    return f"{amount_words(dose.ml)} mL", f"{amount_words(dose.mg)} mg"


def doses_of(record: PatientRecord, shown: Sequence[Entry], *, today: date) -> Doses:
    """Rows for the sessions that are shown, and sums over all of the record."""
    treatments = record.treatments
    strengths = tuple(sorted({site.strength_percent for entry in treatments for site in entry.sites}))
    by_year: dict[int, list[Entry]] = {}
    for entry in treatments:
        by_year.setdefault(session_date(entry.session).year, []).append(entry)
    return Doses(
        strengths=tuple(f"{plain(strength)} %" for strength in strengths),
        sessions=tuple(_session_row(entry, strengths, today) for entry in shown),
        years=tuple(_sum_row(f"{year}", entries, strengths) for year, entries in by_year.items()),
        whole=_sum_row("In all", treatments, strengths) if treatments else None,
    )


def _session_row(entry: Entry, strengths: tuple[Decimal, ...], today: date) -> DoseRow:
    day = session_date(entry.session)
    when = f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"
    dose, weight = entry.dose, entry.session.weight_kg
    per_kg = f"{amount_words(dose.mg / weight)} mg/kg" if weight else ""
    lots = ", ".join(dict.fromkeys(lot.lot for lot in entry.lots if lot.lot))
    return _row(f"{entry.number}, {when}", dose, strengths, per_kg=per_kg, lots=lots)


def _sum_row(name: str, entries: Sequence[Entry], strengths: tuple[Decimal, ...]) -> DoseRow:
    number = f"{len(entries)} session{'' if len(entries) == 1 else 's'}"
    return _row(f"{name}, {number}", Dose.of(site for entry in entries for site in entry.sites), strengths)


def _row(name: str, dose: Dose, strengths: tuple[Decimal, ...], *, per_kg: str = "", lots: str = "") -> DoseRow:
    cells = []
    for strength in strengths:
        ml = dose.ml_by_strength.get(strength)
        cells.append(Cell(f"{amount_words(ml)} mL", f"{amount_words(ml * strength * 10)} mg") if ml else Cell())
    ml_words, mg_words = dose_words(dose)
    return DoseRow(name, tuple(cells), ml_words, mg_words, per_kg, lots)
