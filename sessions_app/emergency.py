"""What is done at once in an emergency of the chair, and the words in which a step that was done is kept.

Sources: US Asclera prescribing information, warnings (anaphylaxis, intra-arterial injection) and administration
(perivascular injection); the clinic's founding text. Nobody of a clinic has signed these words off: the register of
adverse events says "to be confirmed by the clinical lead", where nobody is in an emergency.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sessions_app.models import AdverseEvent

Kind = AdverseEvent.Kind


class Step(StrEnum):
    """A usual step in the words that are stored and shown; `sessions_app.facts` looks for them in the rows."""

    STOPPED = "Stopped injecting at this place"
    STOPPED_ALL = "Stopped injecting"
    ANAESTHETIC = "Local anaesthetic without adrenaline given"
    SKIN_CHECK = "Skin check planned for the next contact"
    SURGEON = "Vascular surgeon called"
    CLINICIAN = "Responsible clinician called"
    AMBULANCE = "Emergency number called"
    KIT = "Anaphylaxis kit and oxygen fetched"


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do now, and the step that pressing it writes; only some cases need one that `may_be_skipped`."""

    step: Step
    do: str
    may_be_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Emergency:
    """A kind of emergency: how it shows, what comes before everything, and what is done at once, in order."""

    kind: Kind
    title: str
    signs: str
    steps: tuple[ToDo, ...]
    above_all: str = ""


EMERGENCIES = (
    Emergency(
        Kind.ANAPHYLAXIS,
        "Allergic sign, anaphylaxis",
        "Trouble breathing, wheeze, swelling of face, lips, tongue or throat, hives away from the injection sites, "
        "tight throat, faint or collapse.",
        (
            ToDo(Step.STOPPED_ALL, "Stop injecting"),
            ToDo(Step.AMBULANCE, "Call the emergency number"),
            ToDo(Step.CLINICIAN, "Call the responsible clinician"),
            ToDo(Step.KIT, "Fetch the anaphylaxis kit and oxygen"),
        ),
        above_all="Treat the patient first.",
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
            ToDo(Step.ANAESTHETIC, "In severe pain give local anaesthetic without adrenaline", may_be_skipped=True),
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


def _calls_the_ambulance(kind: Kind) -> bool:
    found = emergency_of(kind)
    return found is not None and any(each.step is Step.AMBULANCE for each in found.steps)


# Of the grave ones, those in which the emergency number is called at once: first of all.
AMBULANCE_KINDS = frozenset(kind for kind in GRAVE_KINDS if _calls_the_ambulance(kind))


def next_words(kind: str, done: Collection[str] = ()) -> str:
    """What an open event of this kind says to who treats, as a sentence; "" where nothing stands in the protocol.

    That is the first step that nobody has stamped yet, with those before it that only some cases need. ``done``: the
    steps of the event, as they are stored.
    """
    found = emergency_of(kind)
    if found is None:
        return "Inject nothing more." if kind in GRAVE_KINDS else ""
    said: list[str] = []
    for each in found.steps:
        if each.step in done:
            continue
        said.append(f"{each.do}.")
        if not each.may_be_skipped:
            return " ".join(said)
    return "The first steps are done."


# What was seen in a session, by the name of its fact, and the kinds of event that record it.
SIGNS: dict[str, frozenset[str]] = {
    "suspected_extravasation": frozenset({Kind.EXTRAVASATION}),
    "suspected_intra_arterial": frozenset({Kind.INTRA_ARTERIAL}),
    "generalised_allergic_sign": GENERAL_ALLERGY,
}
