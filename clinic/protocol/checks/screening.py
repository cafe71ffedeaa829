"""Whether a group of screening questions was answered. "Something applies" without saying what is no answer.

A page asks the questions of the screening in two groups, each with "none of these" in one tap. That tap answers every
question of its group with no; its opposite answers none by itself. Without this rule a "yes" that was never spelled
out would be signed, and handed on, as "none".
"""

from enum import StrEnum

from clinic.protocol.checks.facts import BeforeFacts
from clinic.protocol.vocabulary import Answer


class Group(StrEnum):
    """The two groups in which the questions before a session are asked."""

    STOP = "stop"
    RISK = "risk"


class GroupAnswer(StrEnum):
    """How a group was answered. ``CLEARED``: nothing applies any more of what was on file."""

    NONE = "none"
    SOME = "some"
    CLEARED = "cleared"


class Unsaid(StrEnum):
    """What is left open in a group."""

    GROUP = "group"
    WHICH = "which"
    PREGNANT = "pregnant"


_APPLIES: dict[Group, tuple[str, ...]] = {
    Group.STOP: (
        "polidocanol_allergy",
        "acute_thromboembolism",
        "breastfeeding",
        "severe_event_before",
        "acute_illness",
        "skin_infection_at_site",
        "critical_limb_ischaemia",
        "cannot_walk",
        "severe_neuropathy",
    ),
    Group.RISK: (
        "reduced_mobility",
        "history_of_clot",
        "thrombophilia",
        "oestrogen",
        "obesity",
        "smoking",
        "long_immobility",
        "allergy_prone",
        "stocking_allergy",
        "tetracycline",
        "major_surgery",
        "hospital_stay",
        "recent_pregnancy",
        "long_flight",
        "hard_training",
    ),
}
_MEASURED: dict[Group, tuple[str, ...]] = {
    Group.STOP: ("nyha_class", "abpi", "ankle_pressure_mmhg", "toe_pressure_mmhg"),
    Group.RISK: ("ceap",),
}


def says_what_applies(group: Group, facts: BeforeFacts) -> bool:
    """Whether at least one question of the group has an answer that is more than a no: a yes, a date, a measure."""
    if group is Group.STOP and facts.pregnant in (Answer.YES, Answer.UNKNOWN):
        return True
    if any(getattr(facts, name) not in (None, False) for name in _APPLIES[group]):
        return True
    return any(getattr(facts, name) not in (None, "") for name in _MEASURED[group])


def unsaid(group: Group, answer: str | None, facts: BeforeFacts) -> tuple[Unsaid, ...]:
    """What is still to be said in the group; empty when it is answered. ``answer``: as stored, None or "" for none."""
    if not answer:
        return (Unsaid.GROUP,)
    if answer != GroupAnswer.SOME:
        return ()
    left = [] if says_what_applies(group, facts) else [Unsaid.WHICH]
    if group is Group.STOP and facts.pregnant is None:
        left.append(Unsaid.PREGNANT)
    return tuple(left)
