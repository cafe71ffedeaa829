"""From reported symptoms to how soon somebody must look at them.

The highest level of any reported symptom wins. What is unknown or written in own words is for a clinician on the same
day. Only ``ITCHING`` looks at the time since treatment: an emergency never depends on it, nor on having stopped.
Software never closes EMERGENCY or SAME_DAY; a clinician does. All texts must be signed off by the clinical lead.

Sources: US Asclera prescribing information (warnings, patient counselling), public leaflets on anaphylaxis, stroke and
deep vein thrombosis, the consensus on medical compression of 2020, the founding clinic text; ``CHOICE`` where named.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from clinic.protocol.errors import ProtocolError
from clinic.protocol.values import Protocol

FREE_TEXT = "FREE_TEXT"
_ITCHING_IS_EXPECTED_THROUGH_DAY = 2


class Level(StrEnum):
    """How soon somebody must look at a report, most urgent first."""

    EMERGENCY = "EMERGENCY"
    SAME_DAY = "SAME_DAY"
    NEXT_DAY = "NEXT_DAY"
    REASSURE = "REASSURE"


@dataclass(frozen=True, slots=True)
class Symptom:
    """One line of the list: its code, its level, what people report, and what to say besides the level's own text."""

    code: str
    level: Level
    report: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class TriageAnswer:
    """The level of a report, the codes that made it, and what the patient is told at once."""

    level: Level
    because: tuple[str, ...]
    text: str


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "ALLERGIC_REACTION",
        Level.EMERGENCY,
        "trouble breathing, wheeze, swelling of face, lips, tongue or throat, hives away from the injection sites, "
        "tight throat",
    ),
    Symptom("COLLAPSE", Level.EMERGENCY, "faint, collapse, confusion"),
    Symptom(
        "CHEST_OR_BREATH",
        Level.EMERGENCY,
        "chest pain, breathlessness, coughing blood, racing or irregular heartbeat",
    ),
    Symptom(
        "LEG_WITH_EMERGENCY_SIGN",
        Level.EMERGENCY,
        "swelling or pain of one leg together with trouble breathing, faintness, chest pain or any sign above",
    ),
    Symptom(
        "STROKE_SIGN",
        Level.EMERGENCY,
        "weak or numb face, arm or leg, speech, vision or balance problem, sudden severe headache, even if it has gone",
    ),
    Symptom("COLD_FOOT", Level.EMERGENCY, "severe leg pain with a pale, blue or cold foot or mottled skin"),
    Symptom(
        "ONE_LEG",
        Level.SAME_DAY,
        "calf or thigh pain, swelling, warmth or redness of one leg, swelling of a whole calf, ankle or foot",
    ),
    Symptom(
        "SKIN_DAMAGE",
        Level.SAME_DAY,
        "blister, open sore, scab turning black, skin turning white or dark at a site",
    ),
    Symptom("SEVERE_SITE_PAIN", Level.SAME_DAY, "severe or increasing pain at a site"),
    Symptom("INFECTION_SIGN", Level.SAME_DAY, "fever, spreading redness, pus"),
    Symptom(
        "TOES_UNDER_STOCKING",
        Level.SAME_DAY,
        "toes numb, blue or cold under the stocking",
        "Take the stocking off now. If the toes do not get better promptly, call {emergency_number}.",
    ),
    Symptom(
        "HEADACHE_OR_FLICKER",
        Level.SAME_DAY,
        "new headache, migraine, short visual flicker at home",
        "If you lose any part of your sight, call {emergency_number}.",
    ),
    Symptom("TENDER_CORD", Level.NEXT_DAY, "tender red cord or lump along a treated vein, no leg swelling"),
    Symptom("TRAPPED_BLOOD", Level.NEXT_DAY, "firm dark tender lump (trapped blood)"),
    Symptom("STOCKING_PROBLEM", Level.NEXT_DAY, "stocking does not fit, slips, skin irritation"),
    Symptom("BRUISES", Level.REASSURE, "bruises", "Bruises usually fade in 2 to 4 weeks."),
    Symptom(
        "ITCHING",
        Level.REASSURE,
        "itching, local wheals at injection points, stinging",
        "Expected in the first 2 days.",
    ),
    Symptom("DARKER_VEINS", Level.REASSURE, "veins darker than before", "Expected at first."),
    Symptom("BROWN_MARK", Level.REASSURE, "brown line or stain", "Most brown marks fade within a year."),
    Symptom("FINE_RED_VEINS", Level.REASSURE, "fine new red veins", "Mention them at the next visit."),
)
_BY_CODE = {symptom.code: symptom for symptom in SYMPTOMS}


def triage_of(
    symptoms: Collection[str], *, protocol: Protocol, free_text: str = "", day: int | None = None
) -> TriageAnswer:
    """The level of a report and what to tell the patient.

    ``symptoms`` are codes of ``SYMPTOMS``; a code that is not known counts like free text. ``day`` is the number of
    days since the treatment, when known. ``ProtocolError`` when nothing was reported.
    """
    reported = {code: _level(code, day) for code in symptoms}
    if free_text.strip():
        reported[FREE_TEXT] = Level.SAME_DAY
    if not reported:
        raise ProtocolError("symptoms", "choose at least one, or write free_text")
    level = min(reported.values(), key=list(Level).index)
    because = tuple(code for code, each in reported.items() if each is level)
    return TriageAnswer(level, because, _text(level, reported, protocol))


def _level(code: str, day: int | None) -> Level:
    if code not in _BY_CODE:
        return Level.SAME_DAY
    if code == "ITCHING" and day is not None and day > _ITCHING_IS_EXPECTED_THROUGH_DAY:
        return Level.NEXT_DAY
    return _BY_CODE[code].level


def _text(level: Level, reported: dict[str, Level], protocol: Protocol) -> str:
    """The level's text first, then the advice of the reported symptoms of that level."""
    advice = [
        _BY_CODE[code].advice
        for code, each in reported.items()
        # Advice that an expected course is expected must not follow a symptom that has lasted too long for it.
        if each is level and code in _BY_CODE and _BY_CODE[code].level is level
    ]
    whole = " ".join((_LEVEL_TEXTS[level], *filter(None, advice)))
    told = whole.format(emergency_number=protocol.emergency_number)
    return f"Call {protocol.clinic_phone}. {told}" if level is Level.SAME_DAY and protocol.clinic_phone else told


_LEVEL_TEXTS: dict[Level, str] = {
    Level.EMERGENCY: "Call {emergency_number} now. Do not wait and do not drive yourself.",
    Level.SAME_DAY: (
        "Speak to a clinician today. When the clinic is closed, go to urgent care or an emergency department. "
        "If it gets worse, call {emergency_number}."
    ),
    Level.NEXT_DAY: "The clinic contacts you by the next working day. Call earlier if it gets worse.",
    Level.REASSURE: "This is usually part of the expected course. Call the clinic if it changes or worries you.",
}
