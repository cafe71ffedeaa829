"""Checks while a session is logged (L1 to L20).

What happened must always be recordable: a BLOCK stops the signature, never the draft. Only impossible numbers (L6d,
L19) and missing emergency facts (L14) cannot be lifted.
"""

from clinic.protocol.checks import course, dose, places, product
from clinic.protocol.checks.facts import LoggingFacts
from clinic.protocol.checks.findings import Finding, in_order
from clinic.protocol.checks.rules import Rule
from clinic.protocol.checks.totals import totals_of
from clinic.protocol.values import Protocol

_RULES: tuple[Rule, ...] = (*dose.RULES, *product.RULES, *places.RULES, *course.RULES)


def findings_logged(facts: LoggingFacts, protocol: Protocol) -> tuple[Finding, ...]:
    """All findings on what was logged so far, by severity, then id."""
    totals = totals_of(facts, protocol)
    return in_order(rule(facts, totals, protocol) for rule in _RULES)
