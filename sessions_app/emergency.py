"""What is done at once in an emergency of the chair, and the words in which a step that was done is kept.

Sources: US Asclera prescribing information, warnings (anaphylaxis, intra-arterial injection) and administration
(perivascular injection); the clinic's founding text. Nobody of a clinic has signed these words off: pages that show
them say "to be confirmed by the clinical lead".
"""

from dataclasses import dataclass
from enum import StrEnum

from sessions_app.models import AdverseEvent

Kind = AdverseEvent.Kind


class Step(StrEnum):
    """A usual step in the words that are stored and shown; `sessions_app.facts` looks for them in the rows."""

    STOPPED = "Stopped injecting at this place"
    ANAESTHETIC = "Local anaesthetic without adrenaline given"
    SKIN_CHECK = "Skin check planned for the next contact"
    SURGEON = "Vascular surgeon called"
    CLINICIAN = "Responsible clinician called"
    AMBULANCE = "Emergency number called"
    KIT = "Anaphylaxis kit and oxygen fetched"


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do now, and the step that pressing it writes."""

    step: Step
    do: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """A kind of emergency: how it shows, and what is done at once, in order."""

    kind: Kind
    title: str
    signs: str
    steps: tuple[ToDo, ...]


EMERGENCIES = (
    Emergency(
        Kind.ANAPHYLAXIS,
        "Allergic sign, anaphylaxis",
        "Trouble breathing, wheeze, swelling of face, lips, tongue or throat, hives away from the injection sites, "
        "tight throat, faint or collapse. Treat the patient first.",
        (
            ToDo(Step.AMBULANCE, "Call the emergency number"),
            ToDo(Step.CLINICIAN, "Call the responsible clinician"),
            ToDo(Step.KIT, "Fetch the anaphylaxis kit and oxygen"),
        ),
    ),
    Emergency(
        Kind.INTRA_ARTERIAL,
        "Injected into an artery",
        "Blanching, severe pain, mottling.",
        (
            ToDo(Step.STOPPED, "Stop injecting"),
            ToDo(Step.SURGEON, "Call the vascular surgeon at once"),
            ToDo(Step.CLINICIAN, "Call the responsible clinician"),
        ),
    ),
    Emergency(
        Kind.EXTRAVASATION,
        "Injected beside the vein",
        "Severe pain at the place of the injection.",
        (
            ToDo(Step.STOPPED, "Stop injecting at this place"),
            ToDo(Step.ANAESTHETIC, "Severe pain: give local anaesthetic without adrenaline"),
            ToDo(Step.SKIN_CHECK, "Plan a skin check for the next contact"),
        ),
    ),
)

# An allergy is confirmed or ruled out after one of these.
GENERAL_ALLERGY = frozenset({Kind.ALLERGIC_GENERAL, Kind.ANAPHYLAXIS})
# They come before all other events wherever events wait for somebody.
GRAVE_KINDS = GENERAL_ALLERGY | {each.kind for each in EMERGENCIES} | {Kind.DVT, Kind.PE, Kind.STROKE}


def emergency_of(kind: str) -> Emergency | None:
    """What is done at once for an event of this kind; None where nothing stands in the protocol."""
    wanted = Kind.ANAPHYLAXIS if kind in GENERAL_ALLERGY else kind
    return next((each for each in EMERGENCIES if each.kind == wanted), None)


def _first_step(kind: Kind) -> Step | None:
    found = emergency_of(kind)
    return found.steps[0].step if found else None


# Of the grave ones, those in which the emergency number is called before anything else: first of all.
AMBULANCE_KINDS = frozenset(kind for kind in GRAVE_KINDS if _first_step(kind) is Step.AMBULANCE)


def stop_words(kind: str) -> str:
    """What an open event of this kind says to who holds the syringe, as a sentence; "" where it stops nothing."""
    found = emergency_of(kind)
    stop = next((each.do for each in found.steps if each.step is Step.STOPPED), "") if found else ""
    if not stop and kind in GRAVE_KINDS:
        stop = "Inject nothing more"
    return f"{stop}." if stop else ""


# What was seen in a session, by the name of its fact, and the kinds of event that record it.
SIGNS: dict[str, frozenset[str]] = {
    "suspected_extravasation": frozenset({Kind.EXTRAVASATION}),
    "suspected_intra_arterial": frozenset({Kind.INTRA_ARTERIAL}),
    "generalised_allergic_sign": GENERAL_ALLERGY,
}
