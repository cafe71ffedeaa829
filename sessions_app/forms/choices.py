"""The words of the visit page's choices, by the values that are stored."""

import re

from clinic.models import Patient
from clinic.protocol.checks import GroupAnswer
from clinic.protocol.vocabulary import Leg, Segment
from clinic.templatetags.drawings import place_name

SEGMENTED = {"data-look": "segmented"}
TICK = {"class": "form-check-input"}
QUICK, SOME, CLEARED, OTHER = GroupAnswer.NONE.value, GroupAnswer.SOME.value, GroupAnswer.CLEARED.value, "other"
PLACES = [(f"{leg.value}:{segment.value}", place_name(segment, leg)) for leg in Leg for segment in Segment]
GARMENTS = ["Thigh stocking", "Knee stocking", "Tights", "Bandage"]
PRESSURES = ["15-20", "18-20", "20-30", "23-32", "30-40"]
_PRESSURE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")

STOP_ITEMS = {
    "polidocanol_allergy": "Allergy to polidocanol or another part of the drug",
    "acute_thromboembolism": "A deep vein clot or lung embolism now",
    "breastfeeding": "Breastfeeding",
    "severe_event_before": "Severe nerve or heart event in an earlier sclerotherapy",
    "acute_illness": "Severely ill, or an infection with fever",
    "skin_infection_at_site": "Skin infection where treatment is planned",
    "critical_limb_ischaemia": "Critical lack of blood flow in a leg",
    "cannot_walk": "Cannot walk",
    "severe_neuropathy": "Severe diabetic neuropathy, or skin at risk",
}
# Ticks that are a reason by themselves which nobody lifts: what to do stands at the tick before the page is saved.
ABSOLUTE_STOPS = frozenset(
    {
        "polidocanol_allergy",
        "acute_thromboembolism",
        "severe_event_before",
        "acute_illness",
        "critical_limb_ischaemia",
    }
)
RISK_ITEMS = {
    **{risk.value: risk.label for risk in Patient.RiskFactor},
    "long_immobility": "Sitting or lying for long",
    "stocking_allergy": "Allergy to the stocking's material",
    "tetracycline": "Takes minocycline or another tetracycline",
}
SEEN_ITEMS = {
    "suspected_extravasation": "Injected beside the vein: lasting pain, white or blue skin",
    "suspected_intra_arterial": "Injected into an artery: blanching, mottling, severe pain",
    "generalised_allergic_sign": "Allergic sign: hives, swelling, short of breath, faint",
}
# Ticks of sessions from before adverse events had rows of their own; still shown where they were signed.
STEPS_TAKEN = {
    "actions_recorded": "What was done is written below",
    "vascular_surgeon_contacted": "The vascular surgeon was called",
}


def garments_offered(usual: str) -> list[str]:
    """`GARMENTS`, those first that the clinic's usual stocking ("Knee stocking, 20-30 mmHg") names."""
    return sorted(GARMENTS, key=lambda garment: garment.lower() not in usual.lower())


def pressures_offered(usual: str) -> list[str]:
    """`PRESSURES`, in mmHg, with that of the clinic's usual stocking first."""
    named = [f"{least}-{most}" for least, most in _PRESSURE.findall(usual)]
    return list(dict.fromkeys([*named, *PRESSURES]))
