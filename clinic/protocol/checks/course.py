"""Checks of the course of a session (L10 to L15, L17, L19, L20): observation, stocking, walk, events, wrong values.

L11b and L12b are the house's own: a treated leg without the stocking, and a walk before the stocking went on.

Sources: US Asclera prescribing information, dosage and administration (15 to 20 minutes under observation,
compression) and warnings; the founding clinic text.
"""

from datetime import datetime, timedelta

from clinic.protocol.checks.facts import LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import Finding, acknowledge, block, note, plain
from clinic.protocol.checks.rules import Rule, at, has_text, named, where
from clinic.protocol.checks.times import FOLLOWS, WrongTime, walked_early, wrong_times
from clinic.protocol.checks.totals import Totals
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Leg, Override, StockingLegs


def _observation(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L10: observed for too short, or no status at its end."""
    least = protocol.observation_minutes_min
    missing = []
    if facts.observation_minutes is not None and facts.observation_minutes < 0:
        missing.append("The observation ends before it begins: correct the two times.")
    elif facts.observation_minutes is not None and facts.observation_minutes < least:
        seen = plain(facts.observation_minutes)
        missing.append(f"Observed for {seen} min, the least is {least} min: keep watching and enter the new time.")
    elif facts.observation_minutes is None and facts.signing:
        missing.append(f"Enter how long the patient was observed, at least {least} min.")
    if _is_missing(facts.observation_status, facts):
        missing.append("Enter how the patient was at the end of the observation.")
    return block("L10", "Observation", " ".join(missing), override=Override.PRESCRIBER) if missing else None


def _is_missing(text: str | None, facts: LoggingFacts) -> bool:
    return facts.signing if text is None else not text.strip()


def _compression(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L11: no compression, or its class or mmHg missing."""
    applied = facts.compression_applied
    if applied is None and (facts.compression_class or facts.compression_mmhg):
        applied = True
    if applied is False:
        text = "Put the stocking on before the patient walks, or write why there is none."
        return acknowledge("L11", "No compression", text)
    if applied is None and not facts.signing:
        return None
    if has_text(facts.compression_class) and has_text(facts.compression_mmhg):
        return None
    return acknowledge(
        "L11", "Stocking not recorded", "Enter class and mmHg of the stocking, or write why they are missing."
    )


def _treated_legs(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L11b: a stocking is on, and not on each leg that was treated."""
    worn = facts.compression_legs
    if worn is None or worn is StockingLegs.BOTH or facts.compression_applied is False:
        return None
    bare = Leg.LEFT if worn is StockingLegs.RIGHT else Leg.RIGHT
    if not any(site.leg is bare for site in facts.sites):
        return None
    text = (
        f"The {bare} leg was treated, and the stocking is on the {worn} leg only. "
        f"Put one on the {bare} leg, correct the leg, or write why there is none."
    )
    return acknowledge("L11b", "Stocking not on the treated leg", text)


def _walk(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L12: no walk straight after the session."""
    if facts.walk_minutes is None or facts.walk_minutes >= protocol.walk_now_minutes_min:
        return None
    text = f"Let the patient walk for {protocol.walk_now_minutes_min} min before leaving, or write why not."
    return acknowledge("L12", "No walk after the session", text)


def _walk_before_stocking(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L12b: the walk began before the end of the session, when the stocking goes on."""
    if not walked_early(_times_of(facts), facts.now):
        return None
    if facts.compression_applied is False:
        text = "The walk began before the session ended. Correct the times, or write how it came to this."
        return acknowledge("L12b", "Walk before the end of the session", text)
    text = "The walk began before the stocking went on. Correct the times, or write how it came to this."
    return acknowledge("L12b", "Walk before the stocking", text)


def _extravasation(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L13: suspected injection beside the vein."""
    if not facts.suspected_extravasation:
        return None
    text = (
        "Stop at this place. Severe pain: local anaesthetic without adrenaline. Record it as an adverse event "
        "and look at the skin at the next contact."
    )
    return acknowledge("L13", "Injected beside the vein", text)


def _intra_arterial(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L14: suspected injection into an artery, until everything is recorded."""
    if not facts.suspected_intra_arterial:
        return None
    steps = (facts.adverse_event_recorded, facts.actions_recorded, facts.vascular_surgeon_contacted)
    if all(steps):
        return None
    text = (
        "Stop and call the vascular surgeon now. Record the adverse event, what was done, and the contact "
        "with the vascular surgeon; then you can sign."
    )
    return block("L14", "Injected into an artery", text)


def _allergic_sign(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L15: a generalised allergic sign needs an adverse event."""
    if not facts.generalised_allergic_sign:
        return None
    if not facts.adverse_event_recorded:
        text = "Treat the patient first. Record the adverse event before you sign."
        return block("L15", "Generalised allergic sign", text, override=Override.PRESCRIBER)
    text = "The clinician confirms or rules out an allergy to polidocanol; confirmed, it blocks further sessions."
    return note("L15", "Generalised allergic sign", text)


def _session_length(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L17: a session shorter or longer than usual."""
    length = None if facts.session_minutes is None else timedelta(minutes=facts.session_minutes)
    if length is None and facts.started_at and facts.ended_at and facts.started_at <= facts.ended_at:
        length = facts.ended_at - facts.started_at
    least, most = protocol.session_minutes_min, protocol.session_minutes_max
    if length is None or timedelta(minutes=least) <= length <= timedelta(minutes=most):
        return None
    text = f"{int(length.total_seconds() // 60)} min; usual is {least} to {most} min. Check start and end."
    return note("L17", "Unusual length of the session", text)


def _impossible(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L19: values that cannot be."""
    wrong = where(facts.sites, _is_impossible)
    faults = [f"Enter a volume above 0 mL and a count that fits it at {named(facts, wrong)}."] if wrong else []
    if facts.total_ml is not None and facts.total_ml != totals.ml:
        faults.append(
            f"The sites add up to {plain(totals.ml)} mL, not {plain(facts.total_ml)} mL: correct one of them."
        )
    if facts.weight_kg is not None and facts.weight_kg <= 0:
        faults.append("Enter the weight in kg.")
    faults += [_in_words(each) for each in wrong_times(_times_of(facts), facts.now)]
    return at(block("L19", "Impossible values", " ".join(faults)), wrong) if faults else None


def _times_of(facts: LoggingFacts) -> dict[str, datetime | None]:
    return {name: getattr(facts, name) for name in FOLLOWS}


_TIMES = {
    "started_at": "the start of the session",
    "ended_at": "the end of the session",
    "observation_started_at": "the start of the walk",
    "observation_ended_at": "the end of the walk",
}


def _in_words(wrong: WrongTime) -> str:
    name = _TIMES[wrong.name].capitalize()
    if wrong.before:
        return f"{name} is before {_TIMES[wrong.before]}: correct one of them."
    return f"{name} is in the future: enter when it was."


def _is_impossible(site: SiteFacts) -> bool:
    parts = [*(site.injections or ()), *([] if site.volume_ml is None else [site.volume_ml])]
    if any(part <= 0 for part in parts) or (site.count is not None and site.count <= 0):
        return True
    if site.injections is None:
        return False
    return (site.volume_ml is not None and site.volume_ml != site.ml) or (
        site.injection_count is not None and site.injection_count != len(site.injections)
    )


def _signed_late(facts: LoggingFacts, totals: Totals, protocol: Protocol) -> Finding | None:
    """L20: signed more than two weeks after the session."""
    if facts.signed_on is None or facts.session_date is None:
        return None
    days = (facts.signed_on - facts.session_date).days
    if days <= protocol.late_signature_days:
        return None
    return acknowledge("L20", "Signed late", f"{days} days after the session: write why it is signed now.")


RULES: tuple[Rule, ...] = (
    _observation,
    _compression,
    _treated_legs,
    _walk,
    _walk_before_stocking,
    _extravasation,
    _intra_arterial,
    _allergic_sign,
    _session_length,
    _impossible,
    _signed_late,
)
