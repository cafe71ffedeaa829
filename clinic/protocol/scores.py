"""Two scales of vein disease, per leg: CEAP (2020) and the revised Venous Clinical Severity Score. Pure.

Sources: CEAP, Porter and Moneta 1995, 2020 update by Lurie et al.; revised VCSS, Vasquez et al. 2010. The words of the
items are the published ones, shortened.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from clinic.protocol.errors import ProtocolError

# --- CEAP ---------------------------------------------------------------------------------------------------------

CEAP_CLASSES: dict[str, str] = {
    "C0": "No visible sign",
    "C1": "Telangiectasia or reticular veins",
    "C2": "Varicose veins",
    "C2r": "Recurrent varicose veins",
    "C3": "Oedema",
    "C4a": "Pigmentation or eczema",
    "C4b": "Lipodermatosclerosis or atrophie blanche",
    "C4c": "Corona phlebectatica",
    "C5": "Healed ulcer",
    "C6": "Active ulcer",
    "C6r": "Recurrent active ulcer",
}
CEAP_SYMPTOMS: dict[str, str] = {"s": "with symptoms", "a": "without symptoms"}
CEAP_CAUSES: dict[str, str] = {
    "Ep": "primary",
    "Es": "secondary",
    "Esi": "secondary, inside the vein",
    "Ese": "secondary, outside the vein",
    "Ec": "congenital",
    "En": "no cause found",
}
CEAP_PLACES: dict[str, str] = {"As": "superficial", "Ap": "perforator", "Ad": "deep", "An": "no place found"}
CEAP_MECHANISMS: dict[str, str] = {
    "Pr": "reflux",
    "Po": "obstruction",
    "Pr,o": "reflux and obstruction",
    "Pn": "no mechanism found",
}


@dataclass(frozen=True, slots=True)
class Ceap:
    """One leg's classification. Only the clinical class is required; the rest may be unknown ("")."""

    clinical: str
    symptoms: str = ""
    cause: str = ""
    places: tuple[str, ...] = ()
    mechanism: str = ""

    def __post_init__(self) -> None:
        parts = (
            ("clinical", self.clinical, CEAP_CLASSES),
            ("symptoms", self.symptoms, {"", *CEAP_SYMPTOMS}),
            ("cause", self.cause, {"", *CEAP_CAUSES}),
            *(("places", place, CEAP_PLACES) for place in self.places),
            ("mechanism", self.mechanism, {"", *CEAP_MECHANISMS}),
        )
        for name, value, known in parts:
            if value not in known:
                raise ProtocolError(name, "choose one of the listed classes")
        if "An" in self.places and len(self.places) > 1:
            raise ProtocolError("places", "no place found stands alone")

    @property
    def text(self) -> str:
        """As it is usually written: ``C2r,s Ep As,p Pr``."""
        clinical = ",".join(part for part in (self.clinical, self.symptoms) if part)
        places = f"A{','.join(place[1:] for place in self.places)}" if self.places else ""
        return " ".join(part for part in (clinical, self.cause, places, self.mechanism) if part)


# --- Revised VCSS -------------------------------------------------------------------------------------------------

SEVERE_FROM = 8
MOST_PER_ITEM = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One of the ten questions; ``answers[n]`` is what ``n`` points mean."""

    name: str
    title: str
    answers: tuple[str, str, str, str]


RVCSS_ITEMS: tuple[Item, ...] = (
    Item(
        "pain",
        "Pain or discomfort from the veins",
        (
            "None",
            "Occasional, no limit to usual activity",
            "Daily, disturbs but does not prevent usual activity",
            "Daily, limits most usual activity",
        ),
    ),
    Item(
        "varicose_veins",
        "Varicose veins, 3 mm or more, standing",
        ("None", "Few, scattered; includes ankle flare", "Calf or thigh", "Calf and thigh"),
    ),
    Item(
        "oedema",
        "Oedema from the veins",
        ("None", "Foot and ankle", "Above the ankle, below the knee", "To the knee and above"),
    ),
    Item(
        "pigmentation",
        "Pigmentation, not the line over a treated vein",
        ("None or focal", "Around the malleoli", "Diffuse, lower third of the calf", "Wider than the lower third"),
    ),
    Item("inflammation", "Inflammation", ("None", "Around the malleoli", "Lower third of the calf", "Wider")),
    # The first answer is blank in the copy that was read; it is taken by analogy with the items above.
    Item("induration", "Induration", ("None", "Around the malleoli", "Lower third of the calf", "Wider")),
    Item("ulcers", "Active ulcers", ("None", "1", "2", "3 or more")),
    Item(
        "ulcer_duration",
        "Longest time of an active ulcer",
        ("None", "Under 3 months", "3 months to under 1 year", "1 year or more, not healed"),
    ),
    Item("ulcer_size", "Largest active ulcer", ("None", "Under 2 cm", "2 to 6 cm", "Over 6 cm")),
    Item("compression", "Wears compression", ("None", "Now and then", "Most days", "Always, as advised")),
)


@dataclass(frozen=True, slots=True)
class Rvcss:
    """The total of one leg, 0 to 30, with what was answered."""

    answers: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.answers.values())

    @property
    def is_severe(self) -> bool:
        return self.total >= SEVERE_FROM


def rvcss(answers: Mapping[str, int]) -> Rvcss:
    """The score from points by item name; `ProtocolError` names the first item that is missing or cannot be.

    All ten are required. Without an ulcer there is neither its time nor its size, and the other way round.
    """
    for item in RVCSS_ITEMS:
        points = answers.get(item.name)
        if points is None:
            raise ProtocolError(item.name, "answer this item; all ten make the score")
        if isinstance(points, bool) or not isinstance(points, int) or not 0 <= points <= MOST_PER_ITEM:
            raise ProtocolError(item.name, f"give 0 to {MOST_PER_ITEM} points")
    unknown = sorted(set(answers) - {item.name for item in RVCSS_ITEMS})
    if unknown:
        raise ProtocolError(unknown[0], "no item of this score")
    _refuse_half_an_ulcer(answers)
    return Rvcss(dict(answers))


def _refuse_half_an_ulcer(answers: Mapping[str, int]) -> None:
    has_ulcer = answers["ulcers"] > 0
    for name, what in (("ulcer_duration", "time"), ("ulcer_size", "size")):
        if (answers[name] > 0) != has_ulcer:
            text = f"give the {what} of the ulcer" if has_ulcer else f"an ulcer's {what} needs an active ulcer"
            raise ProtocolError(name, text)
