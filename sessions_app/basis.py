"""What a finding was made from, as a fingerprint: a prescriber's answer holds for these facts and for no others."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from clinic.protocol.checks import BeforeFacts, Finding, LoggingFacts
from clinic.protocol.checks.findings import plain

_CLOTS = ("reduced_mobility", "history_of_clot", "major_surgery", "hospital_stay", "recent_pregnancy")
# Facts by check, where the words of the finding alone do not give them away.
_ASKED: dict[str, tuple[str, ...]] = {
    "P5": _CLOTS,
    "P8": ("critical_limb_ischaemia", "abpi", "ankle_pressure_mmhg", "toe_pressure_mmhg"),
    "P8b": ("abpi",),
    "P13": ("birth_date", "age_years"),
    "P16": ("last_session_date", "session_date"),
}
_AMPOULES = ("ampoules",)
_LOGGED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("L6", "L6b", "L6c", "L6e"), _AMPOULES),
    "L10": ("observation_minutes", "observation_status"),
    "L15": (),
}


def asked_basis(finding: Finding, facts: BeforeFacts, logged: LoggingFacts) -> Finding:
    """A finding of the screening with its basis. One that is lifted after the treatment holds for what was injected."""
    values = [getattr(facts, name) for name in _ASKED.get(finding.id, ())]
    return replace(finding, basis=_digest([values, logged.sites if finding.opens_incident else ()]))


def logged_basis(finding: Finding, facts: LoggingFacts) -> Finding:
    """A finding of the log with its basis: the sites that it names, or all of them, unless the table says otherwise."""
    names = _LOGGED.get(finding.id)
    if names is not None:
        return replace(finding, basis=_digest([getattr(facts, name) for name in names]))
    sites = [facts.sites[position] for position in finding.sites] or facts.sites
    return replace(finding, basis=_digest([facts.form, sites]))


def _digest(value: Any) -> str:
    return sha256(_text(value).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    """The same text for the same facts: 0.50 is 0.5, whichever column or form it came from."""
    if isinstance(value, Decimal):
        return plain(value)
    if is_dataclass(value):
        return _text([getattr(value, each.name) for each in fields(value)])
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    return repr(value.value if isinstance(value, StrEnum) else value)
