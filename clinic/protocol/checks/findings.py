"""What a check says."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from clinic.protocol.vocabulary import Acknowledger, Override, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of one check.

    ``text`` says what to do, ``title`` names it in a few words. ``override`` tells who may lift a BLOCK with a
    written reason, ``acknowledged_by`` who may give the reason an ACK asks for. ``sites`` are the positions (from 0)
    of the sites it is about. ``opens_incident`` means that lifting it also opens an incident for the clinical lead.
    ``basis`` is set by whoever keeps answers: a fingerprint of the facts that the finding was made from.
    """

    id: str
    severity: Severity
    title: str
    text: str
    override: Override = Override.NONE
    acknowledged_by: Acknowledger = Acknowledger.NURSE
    sites: tuple[int, ...] = ()
    opens_incident: bool = False
    basis: str = ""

    def as_dict(self) -> dict[str, str]:
        """The finding as the command prints it."""
        return {"id": self.id, "severity": str(self.severity), "override": str(self.override), "text": self.text}


def block(check: str, title: str, text: str, *, override: Override = Override.NONE, incident: bool = False) -> Finding:
    """A finding that stops the start or the signature."""
    return Finding(check, Severity.BLOCK, title, text, override=override, opens_incident=incident)


def acknowledge(
    check: str, title: str, text: str, *, by: Acknowledger = Acknowledger.NURSE, sites: Iterable[int] = ()
) -> Finding:
    """A finding that wants a tick and a reason."""
    return Finding(check, Severity.ACK, title, text, acknowledged_by=by, sites=tuple(sites))


def note(check: str, title: str, text: str, *, sites: Iterable[int] = ()) -> Finding:
    """A finding that is only shown."""
    return Finding(check, Severity.NOTE, title, text, sites=tuple(sites))


def in_order(findings: Iterable[Finding | None]) -> tuple[Finding, ...]:
    """The findings that fired, by severity, then by id."""
    ranks = list(Severity)
    fired = (finding for finding in findings if finding is not None)
    return tuple(sorted(fired, key=lambda finding: (ranks.index(finding.severity), finding.id)))


def plain(number: Decimal | int) -> str:
    """A number without trailing zeros or exponent: ``10``, ``0.3``, ``5.4``."""
    text = format(Decimal(number), "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
