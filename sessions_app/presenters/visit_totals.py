"""The totals of a visit, each against its limit."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clinic.protocol.checks.findings import plain
from sessions_app.charting import Chart
from sessions_app.wording import amount_words


def totals(chart: Chart, wrong_sites: Sequence[int] = (), *, is_ampoule_wrong: bool = False) -> list[dict[str, Any]]:
    """Rows for `components/totals.html`.

    While a number of a site (`wrong_sites`, by position) or of an ampoule line cannot be, there is no total that would
    be true: a dash stands there, with the reason.
    """
    rows = [_volume(chart), _dose(chart), _by_weight(chart), _injections(chart)]
    if wrong_sites:
        reason = f"correct site {' and '.join(str(each) for each in wrong_sites[:2])}"
        rows = [_unknown(row, reason) for row in rows]
    ampoules = _ampoules(chart)
    if is_ampoule_wrong:
        ampoules = _unknown(ampoules, "correct the ampoules")
    elif wrong_sites:
        ampoules = {**ampoules, "limit_text": "", "level": ""}
    return [*rows, ampoules]


def _unknown(row: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {"label": row["label"], "value": "–", "limit_text": reason, "level": "attention"}


def _volume(chart: Chart) -> dict[str, Any]:
    ml, protocol = chart.totals.ml, chart.protocol
    level = "danger" if ml > protocol.max_total_ml else "attention" if ml > protocol.warn_total_ml else ""
    return {
        "label": "Volume",
        "value": amount_words(ml),
        "unit": "mL",
        "number": ml,
        "limit": protocol.max_total_ml,
        "ask_at": protocol.warn_total_ml,
        "limit_text": f"ask at {plain(protocol.warn_total_ml)}, limit {plain(protocol.max_total_ml)}",
        "level": level,
    }


def _dose(chart: Chart) -> dict[str, Any]:
    mg, kg, per_kg = chart.totals.known_mg, chart.session.weight_kg, chart.protocol.max_mg_per_kg_day
    row: dict[str, Any] = {"label": "Dose today", "value": plain(mg), "unit": "mg", "limit_text": "enter the weight"}
    if per_kg is None:
        return {**row, "limit_text": "no limit set"}
    if kg:
        limit = per_kg * kg
        row |= {"number": mg, "limit": limit, "limit_text": f"limit {plain(limit.quantize(Decimal(1)))} mg"}
        row["level"] = "attention" if mg > limit else ""
    return row


def _by_weight(chart: Chart) -> dict[str, Any]:
    per_kg, value = chart.protocol.max_mg_per_kg_day, chart.totals.mg_per_kg
    row: dict[str, Any] = {"label": "By weight", "value": "–", "unit": "mg/kg", "limit_text": "enter the weight"}
    if value is not None:
        row["value"] = str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
        row |= {"number": value, "limit": per_kg, "limit_text": f"limit {per_kg} a day" if per_kg else "no limit set"}
        row["level"] = "attention" if per_kg and value > per_kg else ""
    return row


def _injections(chart: Chart) -> dict[str, Any]:
    sites = len(chart.sites)
    return {
        "label": "Injections",
        "value": str(chart.totals.injections),
        "limit_text": f"at {sites} site{'' if sites == 1 else 's'}",
    }


def _ampoules(chart: Chart) -> dict[str, Any]:
    needed = {strength: count for strength, count in chart.totals.ampoules_min.items() if count}
    opened = sum(ampoule.opened for ampoule in chart.ampoules)
    words = " + ".join(str(count) for count in needed.values())
    row: dict[str, Any] = {"label": "Ampoules", "value": str(opened), "unit": "opened", "limit_text": ""}
    if needed:
        row |= {"number": opened, "limit": max(sum(needed.values()), opened), "limit_text": f"{words} needed"}
        row["level"] = "attention" if opened < sum(needed.values()) else ""
    return row
