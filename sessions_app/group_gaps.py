"""What a draft still leaves open in its groups of safety questions, in words and with the place on the page."""

from collections.abc import Iterator

from clinic.protocol.checks import Group, Unsaid, unsaid
from sessions_app.facts import before_facts
from sessions_app.models import TreatmentSession

GROUPS = "groups"
"""The key of a draft's screening under which it says how each group was answered."""
STOP, RISK = Group.STOP.value, Group.RISK.value
NAMES = {Group.STOP: "Reasons not to treat", Group.RISK: "Risks and plans"}
_WORDS = {
    Unsaid.GROUP: "{}",
    Unsaid.WHICH: "{}: tick what applies, or “None of these”",
    Unsaid.PREGNANT: "Pregnant: no, possible or yes",
}


def group_gaps(session: TreatmentSession) -> Iterator[tuple[str, str]]:
    """Words and anchor of each open question; how a group was answered is stored by its name."""
    given, facts = session.screening.get(GROUPS, {}), before_facts(session)
    for group, name in NAMES.items():
        for left in unsaid(group, given.get(group), facts):
            yield _WORDS[left].format(name), f"group-{group}"
