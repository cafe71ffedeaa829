"""Product checks of a logged session (L6 to L6e, L8): lots, expiry, single use, recalls, ampoules, foam.

Sources: US Asclera prescribing information (2 mL ampoules, single use, liquid) and vein centre standards of the
Intersocietal Accreditation Commission (lot and expiry on record).
"""

from clinic.protocol.checks.calendar import last_valid_day
from clinic.protocol.checks.facts import AmpouleFacts, LoggingFacts
from clinic.protocol.checks.findings import Finding, acknowledge, block, plain
from clinic.protocol.checks.rules import Rule, has_text, listed
from clinic.protocol.checks.totals import Totals, ampoules_for
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Override, ProductForm


def _lot_or_expiry_missing(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L6: an opened ampoule without lot or readable expiry date."""
    if all(has_text(ampoule.lot) and last_valid_day(ampoule.expiry or "") for ampoule in _opened(facts)):
        return None
    text = (
        "Enter lot and expiry of every opened ampoule as printed, for example 2027-05. "
        "If they cannot be found, the prescriber writes that they are not recoverable."
    )
    return block("L6", "Lot or expiry missing", text, override=Override.PRESCRIBER)


def _expired(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L6b: an ampoule that expired before the session date; it is valid through the printed day or month."""
    if facts.session_date is None:
        return None
    lots = []
    for ampoule in _opened(facts):
        last_day = last_valid_day(ampoule.expiry or "")
        if last_day is not None and last_day < facts.session_date:
            lots.append(ampoule.lot or ampoule.expiry or "")
    if not lots:
        return None
    text = f"Expired before the session: {listed(lots)}. Take another ampoule; if it was used, tell the prescriber."
    return block("L6b", "Ampoule expired", text, override=Override.PRESCRIBER, incident=True)


def _used_before(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L6c: an ampoule that was already used for another patient or session."""
    if not any(ampoule.already_used for ampoule in _opened(facts)):
        return None
    text = "An ampoule is for one patient and one session. Open a new one; if it was used, tell the prescriber."
    return block("L6c", "Ampoule used before", text, override=Override.PRESCRIBER, incident=True)


def _too_few_ampoules(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L6d: more volume than the opened ampoules of a strength hold."""
    if facts.ampoules is None and not facts.signing:
        return None
    ampoules = facts.ampoules or ()
    wrong = []
    for strength, volume in totals.by_strength_ml.items():
        counts = [ampoule.opened for ampoule in ampoules if ampoule.strength_percent in {strength, None}]
        opened = sum(count or 0 for count in counts)
        if None not in counts and volume > protocol.ampoule_ml * opened:
            needed = ampoules_for(volume, protocol)
            wrong.append(f"{plain(volume)} mL of {plain(strength)} % need {needed}, {opened} entered")
    if not wrong:
        return None
    text = f"Too few ampoules: {listed(wrong)}. Enter all opened ampoules or correct the volumes."
    return block("L6d", "Ampoules and volume do not match", text)


def _withdrawn(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L6e: an ampoule of a lot that was recalled or taken out of use, also when that became known afterwards."""
    lots = [ampoule.lot or "" for ampoule in _opened(facts) if ampoule.withdrawn]
    if not lots:
        return None
    text = (
        f"Taken out of use: {listed(lots)}. Open nothing more of it. "
        "If it was injected, tell the responsible clinician before the patient leaves, and write here what was agreed."
    )
    return acknowledge("L6e", "Lot withdrawn", text)


def _foam(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L8: foam where the protocol does not allow it."""
    if facts.form is not ProductForm.FOAM or protocol.allow_foam:
        return None
    text = "Use the liquid. If foam was injected, the prescriber writes the reason."
    return block("L8", "Foam", text, override=Override.PRESCRIBER, incident=True)


def _opened(facts: LoggingFacts) -> list[AmpouleFacts]:
    return [ampoule for ampoule in facts.ampoules or () if ampoule.opened != 0]


RULES: tuple[Rule, ...] = (
    _lot_or_expiry_missing,
    _expired,
    _used_before,
    _too_few_ampoules,
    _withdrawn,
    _foam,
)
