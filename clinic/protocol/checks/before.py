"""Checks before the first injection (P1 to P22), one rule each.

Sources: US Asclera prescribing information (contraindications, warnings, use in specific populations), the
international guideline on sclerotherapy of 2023, the European product information, the consensus on medical
compression of 2020, and vein centre standards of the Intersocietal Accreditation Commission.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta

from clinic.protocol.checks.calendar import age_on, months_before
from clinic.protocol.checks.facts import BeforeFacts, When
from clinic.protocol.checks.findings import Finding, acknowledge, block, in_order, note, plain
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Acknowledger, Answer, Override, Severity

_Rule = Callable[[BeforeFacts, Protocol], Finding | None]
_DO_NOT = "Do not inject."
_TREATED = (
    "Something was injected all the same: inject no more and record all of it. A clinician writes how it came to this; "
    "it opens an incident."
)


def findings_before(facts: BeforeFacts, protocol: Protocol) -> tuple[Finding, ...]:
    """All findings before the first injection, by severity, then id."""
    return in_order(rule(facts, protocol) for rule in _RULES)


def once_treated(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of `findings_before` on a session in which something was injected all the same.

    What happened must be recordable. A block that nobody may lift before the first injection is then lifted by the
    prescriber, for the signature, and opens an incident.
    """
    return tuple(_liftable(each) if each.severity is Severity.BLOCK else each for each in findings)


def _liftable(finding: Finding) -> Finding:
    if finding.override is not Override.NONE:
        return finding
    return replace(finding, text=f"{finding.text} {_TREATED}", override=Override.PRESCRIBER, opens_incident=True)


def _polidocanol_allergy(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.polidocanol_allergy:
        return None
    return block("P1", "Allergy to polidocanol", f"{_DO_NOT} End the visit as not treated and tell the clinician.")


def _acute_thromboembolism(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.acute_thromboembolism:
        return None
    return block("P2", "Acute clot or embolism", f"{_DO_NOT} Call the clinician now; this needs treatment of its own.")


def _pregnant(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.pregnant is not Answer.YES:
        return None
    override = Override.PRESCRIBER if protocol.pregnancy_override else Override.NONE
    return block("P3", "Pregnant", f"{_DO_NOT} Book again after the pregnancy.", override=override)


def _pregnancy_unknown(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.pregnant is not Answer.UNKNOWN:
        return None
    return acknowledge("P3b", "Pregnancy possible", "Offer a test, or write why treatment today is right.")


def _breastfeeding(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.breastfeeding:
        return None
    hours = protocol.breastfeeding_pause_hours
    text = f"Agree on a pause of {hours} hours and tell the patient to discard the milk. The plan will say so."
    return acknowledge("P4", "Breastfeeding", text)


def _vte_risk(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    risks = [
        name
        for name, present in (
            ("reduced mobility", facts.reduced_mobility),
            ("an earlier clot or embolism", facts.history_of_clot),
            ("major surgery", _is_recent(facts.major_surgery, facts, protocol)),
            ("a long hospital stay", _is_recent(facts.hospital_stay, facts, protocol)),
            ("a pregnancy", _is_recent(facts.recent_pregnancy, facts, protocol)),
        )
        if present
    ]
    if not risks:
        return None
    text = f"Recorded: {', '.join(risks)}. The prescriber weighs the risk of thrombosis and writes the reason to treat."
    return acknowledge("P5", "Risk of thrombosis", text, by=Acknowledger.PRESCRIBER)


def has_vte_risk(facts: BeforeFacts, protocol: Protocol) -> bool:
    """Whether a thrombosis risk of check P5 is recorded; the plan then advises against long flights for longer."""
    return _vte_risk(facts, protocol) is not None


def _is_recent(when: When | None, facts: BeforeFacts, protocol: Protocol) -> bool:
    """Whether something happened within the look-back months before the session, both ends inclusive."""
    if when is None or isinstance(when, bool):
        return bool(when)
    if facts.session_date is None:
        return False
    return months_before(facts.session_date, protocol.vte_lookback_months) <= when <= facts.session_date


def _thrombophilia(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.thrombophilia:
        return None
    text = "The prescriber weighs the risk of thrombosis and writes the reason to treat."
    return acknowledge("P5b", "Clotting disorder", text, by=Acknowledger.PRESCRIBER)


def _lesser_risks(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    risks = [
        name
        for name, present in (
            ("pill or hormone therapy", facts.oestrogen),
            ("obesity", facts.obesity),
            ("smoking", facts.smoking),
            ("long immobility", facts.long_immobility),
        )
        if present
    ]
    if not risks:
        return None
    recorded = f"Recorded: {', '.join(risks)}."
    if len(risks) == 1:
        return note("P5c", "One factor for thrombosis", f"{recorded} Go through the warning signs with the patient.")
    text = f"{recorded} Together they raise the risk of thrombosis: the prescriber writes the reason to treat."
    return acknowledge("P5c", "Several factors for thrombosis", text, by=Acknowledger.PRESCRIBER)


def _severe_event_before(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.severe_event_before:
        return None
    text = f"{_DO_NOT} A severe neurological or cardiac event in an earlier treatment rules it out. Tell the clinician."
    return block("P6", "Severe event in an earlier treatment", text)


def _acute_illness(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.acute_illness:
        return None
    return block("P7", "Severe acute illness or infection", f"{_DO_NOT} Book again when the patient is well.")


def _skin_infection(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.skin_infection_at_site:
        return None
    text = "Do not inject into this area. Choose another area or book again when the skin has healed."
    return block("P7b", "Skin infection at the site", text, override=Override.PRESCRIBER)


def _ischaemia(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    reasons = [
        text
        for text, present in (
            ("critical limb ischaemia", facts.critical_limb_ischaemia),
            (f"ankle-brachial index below {plain(protocol.abpi_block)}", _below(facts.abpi, protocol.abpi_block)),
            (
                f"ankle pressure below {protocol.ankle_pressure_mmhg_min} mmHg",
                _below(facts.ankle_pressure_mmhg, protocol.ankle_pressure_mmhg_min),
            ),
            (
                f"toe pressure below {protocol.toe_pressure_mmhg_min} mmHg",
                _below(facts.toe_pressure_mmhg, protocol.toe_pressure_mmhg_min),
            ),
        )
        if present
    ]
    if not reasons:
        return None
    text = f"Recorded: {', '.join(reasons)}. {_DO_NOT} No compression either; tell the clinician."
    return block("P8", "Poor arterial blood flow", text)


def _reduced_compression(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.abpi is None or not protocol.abpi_block <= facts.abpi < protocol.abpi_reduced:
        return None
    text = f"Ankle-brachial index {plain(facts.abpi)}: the prescriber chooses a lighter stocking and writes which."
    return acknowledge("P8b", "Reduced arterial blood flow", text, by=Acknowledger.PRESCRIBER)


def _cannot_walk(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.cannot_walk:
        return None
    text = "Do not treat a patient who cannot walk afterwards; walking lowers the risk of thrombosis."
    return block("P9", "Cannot walk", text, override=Override.PRESCRIBER)


def _heart_failure(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.nyha_class == 4:
        text = "Do not treat: compression can overload the heart. Tell the clinician."
        return block("P10", "Heart failure, NYHA IV", text, override=Override.PRESCRIBER)
    if facts.nyha_class == 3:
        text = "The prescriber decides about compression and writes the reason to treat."
        return acknowledge("P10", "Heart failure, NYHA III", text, by=Acknowledger.PRESCRIBER)
    return None


def _stocking_allergy(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.stocking_allergy:
        return None
    return acknowledge("P11", "Allergy to the stocking", "Use a garment of another material and write which one.")


def _neuropathy(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.severe_neuropathy:
        return None
    text = "Do not put a stocking on a leg that cannot feel pressure; without it do not treat."
    return block("P12", "Severe diabetic neuropathy", text, override=Override.PRESCRIBER)


def _age(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    ages = [] if facts.age_years is None else [facts.age_years]
    if facts.birth_date and facts.session_date:
        ages.append(age_on(facts.session_date, facts.birth_date))
    # Of two answers that disagree the stricter counts.
    if not ages or min(ages) >= protocol.minimum_age_years:
        return None
    text = f"Under {protocol.minimum_age_years}: do not treat; the drug is not established for this age."
    return block("P13", f"Younger than {protocol.minimum_age_years}", text, override=Override.PRESCRIBER)


def _consent(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not _is_open(facts.consent_signed, facts):
        return None
    return block(
        "P14", "Consent not signed", "Go through the consent for this series and have it signed before you start."
    )


def _emergency_ready(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    missing = []
    if _is_open(facts.kit_checked_today, facts):
        missing.append("Check the anaphylaxis kit and the oxygen, and tick it.")
    unnamed = facts.responsible_clinician is not None and not facts.responsible_clinician.strip()
    if unnamed or (facts.responsible_clinician is None and facts.starting):
        missing.append("Name the clinician who is responsible today.")
    return block("P15", "Emergency readiness", " ".join(missing)) if missing else None


def _last_session(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.last_session_date is None or facts.session_date is None:
        return None
    days = (facts.session_date - facts.last_session_date).days
    if not 0 <= days < protocol.repeat_min_days:
        return None
    text = (
        f"Day {days} after the last session, usual from day {protocol.repeat_min_days}: a clinician writes why today."
    )
    return acknowledge("P16", "Soon after the last session", text, by=Acknowledger.PRESCRIBER)


def _allergy_prone(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.allergy_prone:
        return None
    text = "Watch closely. European advice: at the first visit give one injection at most."
    return note("P17", "Allergic reactions or asthma", text)


def _more_than_c1(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if facts.ceap is None or facts.ceap[:2].upper() not in {"C2", "C3", "C4", "C5", "C6"}:
        return None
    text = f"{facts.ceap} is more than spider and reticular veins: write why this treatment is right."
    if facts.duplex_on_file is False:
        text += " No duplex is on file: have one done first, or write why not."
    return acknowledge("P18", "More than C1", text)


def _plans_inside_avoid(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    days = max(protocol.avoid_days.values())
    planned = [
        name
        for name, when in (("a long flight", facts.long_flight), ("hard training", facts.hard_training))
        if _falls_inside(when, facts.session_date, days)
    ]
    if not planned:
        return None
    text = f"{' and '.join(planned).capitalize()} within {days} days: offer another date, or write what was agreed."
    return acknowledge("P19", "Flight or training planned", text)


def _falls_inside(when: When | None, session_date: date | None, days: int) -> bool:
    if when is None or isinstance(when, bool):
        return bool(when)
    return session_date is not None and session_date <= when <= session_date + timedelta(days=days)


def _tetracycline(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not facts.tetracycline:
        return None
    return note("P20", "Minocycline or another tetracycline", "Tell the patient that brown marks are more likely.")


def _medication(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not _is_open(facts.medication_confirmed, facts):
        return None
    return block(
        "P21", "Medication and allergies not confirmed", "Go through the list with the patient and confirm it."
    )


def _identity(facts: BeforeFacts, protocol: Protocol) -> Finding | None:
    if not _is_open(facts.identifiers_confirmed, facts):
        return None
    return block("P22", "Identity not confirmed", "Ask the patient for name and birth date and confirm both.")


def _is_open(answer: bool | None, facts: BeforeFacts) -> bool:
    """Whether a gate is not met: answered with no, or left open by somebody about to start."""
    return answer is False or (answer is None and facts.starting)


def _below(value: object, least: object) -> bool:
    return value is not None and value < least  # type: ignore[operator]


_RULES: tuple[_Rule, ...] = (
    _polidocanol_allergy,
    _acute_thromboembolism,
    _pregnant,
    _pregnancy_unknown,
    _breastfeeding,
    _vte_risk,
    _thrombophilia,
    _lesser_risks,
    _severe_event_before,
    _acute_illness,
    _skin_infection,
    _ischaemia,
    _reduced_compression,
    _cannot_walk,
    _heart_failure,
    _stocking_allergy,
    _neuropathy,
    _age,
    _consent,
    _emergency_ready,
    _last_session,
    _allergy_prone,
    _more_than_c1,
    _plans_inside_avoid,
    _tetracycline,
    _medication,
    _identity,
)
