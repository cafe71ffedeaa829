"""Checks of the treated places (L7, L7b, L9, L16, L18): diameter, leg, spacing, needle.

Sources: US Asclera prescribing information, indications and dosage; one injection per inch from the founding text.
"""

from clinic.protocol.checks.facts import LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import Finding, acknowledge, block, note, plain
from clinic.protocol.checks.rules import Rule, at, named, where
from clinic.protocol.checks.totals import Totals
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Acknowledger, Override, Segment


def _diameter_of_type(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L7: a diameter outside the range of the vein type."""

    def outside(site: SiteFacts) -> bool:
        if site.vein_type is None or site.diameter_mm is None or site.diameter_mm > protocol.studied_diameter_mm_max:
            return False
        values = protocol.veins[site.vein_type]
        return not values.diameter_mm_min <= site.diameter_mm <= values.diameter_mm_max or site.diameter_mm <= 0

    wrong = where(facts.sites, outside)
    if not wrong:
        return None
    text = f"The diameter does not fit the vein type at {named(facts, wrong)}. Correct one of them or write why."
    return acknowledge("L7", "Diameter outside the vein type", text, sites=wrong)


def _diameter_not_studied(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L7b: a vein wider than the drug was studied in."""
    limit = protocol.studied_diameter_mm_max
    wide = where(facts.sites, lambda site: site.diameter_mm is not None and site.diameter_mm > limit)
    if not wide:
        return None
    text = f"Wider than {plain(limit)} mm at {named(facts, wide)}: not studied. The prescriber writes why to treat."
    return acknowledge("L7b", "Diameter not studied", text, by=Acknowledger.PRESCRIBER, sites=wide)


def _not_on_a_leg(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L9: a site that is not on a leg."""
    places = set(Segment)
    elsewhere = where(facts.sites, lambda site: site.segment is not None and site.segment not in places)
    if not elsewhere:
        return None
    text = f"The drug is for legs only. Choose the place on the leg for {named(facts, elsewhere)}."
    return at(block("L9", "Not on a leg", text, override=Override.PRESCRIBER), elsewhere)


def _spacing(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L16: many more injections than the treated length suggests."""

    def crowded(site: SiteFacts) -> bool:
        if site.count is None or not site.treated_length_cm:
            return False
        return site.count * protocol.cm_per_injection > protocol.injections_per_spacing_max * site.treated_length_cm

    dense = where(facts.sites, crowded)
    if not dense:
        return None
    text = f"Many injections for the length at {named(facts, dense)}. Check the count and the length."
    return note("L16", "Many injections for the length", text, sites=dense)


def _needle(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L18: a needle outside the usual gauges."""
    least, most = protocol.needle_gauge_min, protocol.needle_gauge_max
    other = where(facts.sites, lambda site: site.needle_gauge is not None and not least <= site.needle_gauge <= most)
    if not other:
        return None
    text = f"Usual needles are {least} to {most} G. Check the gauge at {named(facts, other)}."
    return note("L18", "Unusual needle", text, sites=other)


RULES: tuple[Rule, ...] = (
    _diameter_of_type,
    _diameter_not_studied,
    _not_on_a_leg,
    _spacing,
    _needle,
)
