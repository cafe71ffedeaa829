"""Safety checks: facts in, findings out. ``findings_before`` before the first injection, ``findings_logged`` after."""

from clinic.protocol.checks.before import findings_before, has_vte_risk, once_treated
from clinic.protocol.checks.facts import AmpouleFacts, BeforeFacts, LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import Finding
from clinic.protocol.checks.logged import findings_logged
from clinic.protocol.checks.screening import Group, GroupAnswer, Unsaid, says_what_applies, unsaid
from clinic.protocol.checks.totals import Totals, totals_of

__all__ = [
    "AmpouleFacts",
    "BeforeFacts",
    "Finding",
    "Group",
    "GroupAnswer",
    "LoggingFacts",
    "SiteFacts",
    "Totals",
    "Unsaid",
    "findings_before",
    "findings_logged",
    "has_vte_risk",
    "once_treated",
    "says_what_applies",
    "totals_of",
    "unsaid",
]
