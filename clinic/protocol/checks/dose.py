"""Dose checks of a logged session (L1 to L5b): strength, volume per injection, totals, dose per kilogram.

Sources: US Asclera prescribing information, dosage and administration and warnings; the 3 mL of the founding clinic
text; for the dose per kilogram the European product information.
"""

from collections.abc import Callable
from decimal import Decimal

from clinic.protocol.checks.facts import LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import Finding, acknowledge, block, note, plain
from clinic.protocol.checks.rules import Rule, at, named, where
from clinic.protocol.checks.totals import Totals
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Override


def _strength_of_type(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L1: a strength of the product, but not the one for this vein type."""
    other = where(
        facts.sites,
        lambda site: (
            site.vein_type is not None
            and site.strength_percent in protocol.product_strengths_percent
            and site.strength_percent not in protocol.veins[site.vein_type].strengths_percent
        ),
    )
    if not other:
        return None
    text = f"Not the strength for the vein type at {named(facts, other)}. Correct it or write why."
    return acknowledge("L1", "Other strength than usual", text, sites=other)


def _strength_of_product(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L1b: a strength the product does not come in."""
    unknown = where(
        facts.sites,
        lambda site: (
            site.strength_percent is not None and site.strength_percent not in protocol.product_strengths_percent
        ),
    )
    if not unknown:
        return None
    strengths = " or ".join(plain(strength) for strength in protocol.product_strengths_percent)
    text = f"The product comes in {strengths} %. Check the ampoule and correct the strength at {named(facts, unknown)}."
    return at(block("L1b", "Unknown strength", text, override=Override.PRESCRIBER), unknown)


def _injection_too_large(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L2: an injection above the most per injection."""
    limit = protocol.injection_ml_max
    large = where(facts.sites, lambda site: _any_injection(site, lambda ml, count: ml > limit * count))
    if not large:
        return None
    text = f"More than {plain(limit)} mL in one injection at {named(facts, large)}. Correct it or write why."
    return acknowledge("L2", "Large injection", text, sites=large)


def _injection_small(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L2b: an injection below the least per injection."""
    limit = protocol.injection_ml_min
    small = where(facts.sites, lambda site: _any_injection(site, lambda ml, count: 0 < ml < limit * count))
    if not small:
        return None
    text = f"Less than {plain(limit)} mL in one injection at {named(facts, small)}. Check the volume and the count."
    return note("L2b", "Small injection", text, sites=small)


def _volume_above_warning(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L3: total above the volume with most severe allergic reactions."""
    if totals.ml <= protocol.warn_total_ml:
        return None
    text = (
        f"{plain(totals.ml)} mL in total. Severe allergic reactions are more frequent above "
        f"{plain(protocol.warn_total_ml)} mL: keep the dose small, and write the reason for the volume."
    )
    return acknowledge("L3", f"Total above {plain(protocol.warn_total_ml)} mL", text)


def _volume_above_most(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L4: total above the most per session."""
    if totals.ml <= protocol.max_total_ml:
        return None
    text = (
        f"{plain(totals.ml)} mL in total, the most per session is {plain(protocol.max_total_ml)} mL. "
        "Inject no more. Correct a typing error; otherwise the prescriber writes the reason."
    )
    return block(
        "L4", f"Total above {plain(protocol.max_total_ml)} mL", text, override=Override.PRESCRIBER, incident=True
    )


def _volume_near_most(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L4b: total near the most per session."""
    near = protocol.max_total_ml * protocol.near_total_percent / 100
    if not near <= totals.ml <= protocol.max_total_ml:
        return None
    rest = protocol.max_total_ml - totals.ml
    text = f"{plain(totals.ml)} mL of at most {plain(protocol.max_total_ml)} mL: {plain(rest)} mL left in this session."
    return note("L4b", "Near the most per session", text)


def _dose_above_weight(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L5: dose of the date above the most per kilogram."""
    limit = protocol.max_mg_per_kg_day
    if limit is None or facts.weight_kg is None or facts.weight_kg <= 0 or totals.known_mg <= limit * facts.weight_kg:
        return None
    text = (
        f"{plain(totals.known_mg)} mg today, {plain(limit)} mg per kg allow {plain(limit * facts.weight_kg)} mg. "
        "Inject no more, check the weight, or write why."
    )
    return acknowledge("L5", f"Dose above {plain(limit)} mg per kg", text)


def _weight_missing(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L5b: a dose that needs the weight, and no weight."""
    if facts.weight_kg is not None or protocol.max_mg_per_kg_day is None:
        return None
    if totals.known_mg <= protocol.no_weight_note_mg:
        return None
    return note(
        "L5b", "Weight missing", f"{plain(totals.known_mg)} mg today: enter the weight to check the dose per kg."
    )


def _any_injection(site: SiteFacts, test: Callable[[Decimal, int], bool]) -> bool:
    """Whether a volume passes the test, for each injection alone or for equal volumes together (exact, no division)."""
    if site.injections is not None:
        return any(test(ml, 1) for ml in site.injections)
    if site.volume_ml is None or site.injection_count is None or site.injection_count < 1:
        return False
    return test(site.volume_ml, site.injection_count)


RULES: tuple[Rule, ...] = (
    _strength_of_type,
    _strength_of_product,
    _injection_too_large,
    _injection_small,
    _volume_above_warning,
    _volume_above_most,
    _volume_near_most,
    _dose_above_weight,
    _weight_missing,
)
