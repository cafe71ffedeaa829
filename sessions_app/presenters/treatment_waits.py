"""Why the treatment of a visit waits, in a line: on the board and on paper, in its dialog, where it begins."""

from collections.abc import Iterable, Mapping

from clinic.protocol.vocabulary import Hold
from sessions_app.models import Appointment
from sessions_app.visit_holds import holds_at
from sessions_app.wording import list_words

# In the order in which they are named. Boards, paper and toasts are seen by who reads no chart: what it is about stands
# in the chart.
_WHY: dict[Hold, str] = {
    Hold.UNANSWERED_RED_FLAG: "a report of symptoms is open",
    Hold.OPEN_ADVERSE_EVENT: "a clinician has something to clear first",
    Hold.CLINICIAN_HOLD: "a clinician holds it",
}
# On paper, in the column of the notes.
_SHORT: dict[Hold, str] = {
    Hold.UNANSWERED_RED_FLAG: "open report",
    Hold.OPEN_ADVERSE_EVENT: "something to clear first",
    Hold.CLINICIAN_HOLD: "a clinician decides",
}


def waits_words(holds: Iterable[Hold | str]) -> str:
    """ "Treatment waits: a report of symptoms is open and a clinician holds it."; "" for no holds."""
    why = _named(_WHY, holds)
    return f"Treatment waits: {why}." if why else ""


def paper_words(holds: Iterable[Hold | str]) -> str:
    """ "On hold: open report and a clinician decides"; "" for no holds."""
    why = _named(_SHORT, holds)
    return f"On hold: {why}" if why else ""


def _named(words: Mapping[Hold, str], holds: Iterable[Hold | str]) -> str:
    standing = {Hold(each) for each in holds}
    return list_words([said for hold, said in words.items() if hold in standing])


def waits_at(visit: Appointment) -> str:
    """The same of one visit, all reasons. One query at most."""
    return waits_words(holds_at(visit))
