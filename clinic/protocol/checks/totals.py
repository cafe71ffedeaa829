"""Totals of a session, in exact decimals: mg = mL × percent × 10 (0.5 % is 5 mg/mL, 1 % is 10 mg/mL)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from clinic.protocol.checks.facts import LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol

MG_PER_ML_AND_PERCENT = 10
_SHOWN = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all sites and strengths.

    ``mg`` is ``None`` while a site with a volume has no strength, ``mg_per_kg`` also while the weight is not known;
    it counts the whole date (``day_mg``), as the limit does. ``known_mg`` is the part of ``day_mg`` that is certain.
    ``by_strength_ml`` and ``ampoules_min`` are keyed by percent; the product's strengths are always present.
    """

    ml: Decimal
    mg: Decimal | None
    day_mg: Decimal | None
    known_mg: Decimal
    mg_per_kg: Decimal | None
    injections: int
    by_strength_ml: Mapping[Decimal, Decimal]
    ampoules_min: Mapping[Decimal, int]

    def as_dict(self) -> dict[str, Any]:
        """The totals as the command prints them: decimals as strings without trailing zeros."""
        return {
            "ml": plain(self.ml),
            "mg": None if self.mg is None else plain(self.mg),
            "mg_per_kg": None if self.mg_per_kg is None else plain(self.mg_per_kg),
            "injections": self.injections,
            "ampoules_min": {plain(strength): count for strength, count in self.ampoules_min.items()},
        }


def totals_of(facts: LoggingFacts, protocol: Protocol) -> Totals:
    """The totals of the logged sites; sites without a volume yet count as nothing."""
    ml = sum((site.ml for site in facts.sites if site.ml is not None), Decimal(0))
    known = sum((_mg(site) for site in facts.sites), Decimal(0))
    earlier = facts.earlier_mg_today or Decimal(0)
    mg = None if any(site.ml and site.strength_percent is None for site in facts.sites) else known
    by_strength = _by_strength(facts.sites, protocol)
    return Totals(
        ml=ml,
        mg=mg,
        day_mg=None if mg is None else mg + earlier,
        known_mg=known + earlier,
        mg_per_kg=_per_kg(None if mg is None else mg + earlier, facts.weight_kg),
        injections=sum(site.count or 0 for site in facts.sites),
        by_strength_ml=by_strength,
        ampoules_min={strength: ampoules_for(volume, protocol) for strength, volume in by_strength.items()},
    )


def ampoules_for(volume_ml: Decimal, protocol: Protocol) -> int:
    """The least number of ampoules that hold a volume of one strength."""
    return max(0, int((volume_ml / protocol.ampoule_ml).to_integral_value(rounding=ROUND_CEILING)))


def _mg(site: SiteFacts) -> Decimal:
    if site.ml is None or site.strength_percent is None:
        return Decimal(0)
    return site.ml * site.strength_percent * MG_PER_ML_AND_PERCENT


def _per_kg(mg: Decimal | None, weight_kg: Decimal | None) -> Decimal | None:
    if mg is None or weight_kg is None or weight_kg <= 0:
        return None
    return (mg / weight_kg).quantize(_SHOWN, rounding=ROUND_HALF_UP)


def _by_strength(sites: Iterable[SiteFacts], protocol: Protocol) -> dict[Decimal, Decimal]:
    sums = dict.fromkeys(protocol.product_strengths_percent, Decimal(0))
    for site in sites:
        if site.strength_percent is not None and site.ml is not None:
            sums[site.strength_percent] = sums.get(site.strength_percent, Decimal(0)) + site.ml
    return dict(sorted(sums.items()))
