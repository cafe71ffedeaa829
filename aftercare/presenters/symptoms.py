"""The questions and the list of symptoms in a patient's words, English and Spanish in one place.

The core questions come first and cover every line of the triage that is an emergency. Their words are ours, what they
ask is the triage's (`clinic.protocol.triage`). To be confirmed by the clinical lead.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.protocol.triage import FREE_TEXT


@dataclass(frozen=True, slots=True)
class Question:
    """A core question: yes means the symptom `code`. `key` names it on forms and in reports."""

    key: str
    code: str
    words: Promise


@dataclass(frozen=True, slots=True)
class Follow:
    """What makes a symptom of the list an emergency: ticked, it reports `code` as well."""

    key: str
    code: str
    words: Promise


@dataclass(frozen=True, slots=True)
class Listed:
    """One symptom of the list; `asks_leg`: which leg is worth knowing."""

    code: str
    words: Promise
    asks_leg: bool = True
    follow: Follow | None = None


QUESTIONS: tuple[Question, ...] = (
    Question("BREATH", "ALLERGIC_REACTION", _("Trouble breathing, wheezing, or a tight throat")),
    Question("FACE", "ALLERGIC_REACTION", _("Swollen face, lips or tongue, or hives away from the treated places")),
    Question(
        "CHEST", "CHEST_OR_BREATH", _("Chest pain, short of breath, coughing blood, or a racing or uneven heartbeat")
    ),
    Question(
        "STROKE",
        "STROKE_SIGN",
        _("Weak or numb face, arm or leg, trouble speaking, seeing or keeping your balance, even if it has gone"),
    ),
    Question("HEAD", "STROKE_SIGN", _("A sudden, very bad headache")),
    Question("FAINT", "COLLAPSE", _("Fainted, collapsed or confused")),
    Question("FOOT", "COLD_FOOT", _("Strong leg pain with a pale, blue or cold foot, or blotchy skin")),
)

SAME_DAY: tuple[Listed, ...] = (
    Listed("ONE_LEG", _("One leg hurts, or is swollen, warm or red: calf, thigh, ankle or foot")),
    Listed("SKIN_DAMAGE", _("A blister, an open sore, a scab turning black, or skin turning white or dark")),
    Listed("SEVERE_SITE_PAIN", _("Strong or growing pain at a treated place")),
    Listed("INFECTION_SIGN", _("Fever, spreading redness, or pus"), asks_leg=False),
    Listed(
        "TOES_UNDER_STOCKING",
        _("Toes numb, blue or cold under the stocking"),
        follow=Follow("TOES_NOT_BETTER", "COLD_FOOT", _("The stocking is off, and they do not get better")),
    ),
    Listed(
        "HEADACHE_OR_FLICKER",
        _("A new headache, a migraine, or flickering before the eyes"),
        asks_leg=False,
        follow=Follow("SIGHT_LOST", "STROKE_SIGN", _("I cannot see a part of what I look at, or could not")),
    ),
)
NEXT_DAY: tuple[Listed, ...] = (
    Listed("TENDER_CORD", _("A tender red cord or lump along a treated vein")),
    Listed("TRAPPED_BLOOD", _("A firm, dark, tender lump")),
    Listed("STOCKING_PROBLEM", _("The stocking does not fit, slips, or irritates the skin")),
)
EXPECTED: tuple[Listed, ...] = (
    Listed("BRUISES", _("Bruises")),
    Listed("ITCHING", _("Itching, stinging, or small wheals where the needle went in")),
    Listed("DARKER_VEINS", _("Veins darker than before")),
    Listed("BROWN_MARK", _("A brown line or stain")),
    Listed("FINE_RED_VEINS", _("Fine new red veins")),
)
LISTED: tuple[Listed, ...] = (*SAME_DAY, *NEXT_DAY, *EXPECTED)
FOLLOWS: dict[str, Follow] = {each.follow.key: each.follow for each in LISTED if each.follow}
TOPICS: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (_("Leg and skin"), ("ONE_LEG", "SEVERE_SITE_PAIN", "SKIN_DAMAGE", "TENDER_CORD", "TRAPPED_BLOOD")),
    (_("Stocking and toes"), ("TOES_UNDER_STOCKING", "STOCKING_PROBLEM")),
    (_("Fever and headache"), ("INFECTION_SIGN", "HEADACHE_OR_FLICKER")),
    (_("Marks, colour and itching"), ("BRUISES", "ITCHING", "DARKER_VEINS", "BROWN_MARK", "FINE_RED_VEINS")),
)
"""The list as it is shown: by what people look for, not by how grave it is."""
LEGS: dict[str, Promise] = {"left": _("Left leg"), "right": _("Right leg"), "both": _("Both legs")}

_WORDS: dict[str, Promise] = {each.code: each.words for each in LISTED}
_WORDS["LEG_WITH_EMERGENCY_SIGN"] = _("Swelling or pain of one leg together with a sign of an emergency")
_WORDS[FREE_TEXT] = _("In their own words")
_ANSWERABLE: dict[str, Promise] = {question.key: question.words for question in QUESTIONS}
_ANSWERABLE |= {key: follow.words for key, follow in FOLLOWS.items()}


def codes_of(answers: Iterable[str]) -> list[str]:
    """The symptoms that questions answered with yes, and follow-up lines that are ticked, report; each once."""
    codes = {question.key: question.code for question in QUESTIONS}
    codes.update((key, follow.code) for key, follow in FOLLOWS.items())
    return list(dict.fromkeys(codes[key] for key in answers if key in codes))


def said_words(symptoms: Iterable[str], *, affirmed: Collection[str], denied: Collection[str]) -> list[str]:
    """What was said, a line each: the questions answered with yes as they were asked, then the other symptoms."""
    told = set(codes_of(affirmed))
    others = (symptom_words(code, denied=denied) for code in symptoms if code not in told and code != FREE_TEXT)
    return [*affirmed_words(affirmed), *others]


def symptom_words(code: str, *, denied: Collection[str] = ()) -> str:
    """A reported code in a patient's words, in the active language.

    For a code that came without its question: of several questions about it those that were not answered with no.
    """
    asked = [question for question in QUESTIONS if question.code == code]
    if asked:
        meant = [question for question in asked if question.key not in denied] or asked
        return (" " + gettext("or:") + " ").join(str(question.words) for question in meant)
    return str(_WORDS.get(code, code))


def affirmed_words(keys: Iterable[str]) -> list[str]:
    """The emergency questions, and the lines that make an emergency, that were answered with yes; each by itself."""
    given = set(keys)
    return [str(words) for key, words in _ANSWERABLE.items() if key in given]


def denied_words(keys: Iterable[str]) -> list[str]:
    """The emergency questions that were answered with no."""
    given = set(keys)
    return [str(question.words) for question in QUESTIONS if question.key in given]


def unanswered_words(affirmed: Iterable[str], denied: Iterable[str]) -> list[str]:
    """The emergency questions that were answered neither with yes nor with no."""
    given = {*affirmed, *denied}
    return [str(question.words) for question in QUESTIONS if question.key not in given]


def leg_words(leg: str) -> str:
    return str(LEGS.get(leg, ""))
