"""Why the treatment of a visit waits, in a line: on the board and on paper, in its dialog, where it begins."""

from collections.abc import Container, Iterable, Mapping

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
    Hold.POLIDOCANOL_ALLERGY: "something on record stands against it",
}
# Where there are several, and on paper in the column of the notes.
_SHORT: dict[Hold, str] = {
    Hold.UNANSWERED_RED_FLAG: "open report",
    Hold.OPEN_ADVERSE_EVENT: "something to clear first",
    Hold.CLINICIAN_HOLD: "a clinician decides",
    Hold.POLIDOCANOL_ALLERGY: "something on record",
}


def waits_words(holds: Iterable[Hold | str]) -> str:
    """ "Treatment waits: a report of symptoms is open.", shorter where there are several; "" for no holds."""
    standing = {Hold(each) for each in holds}
    why = _named(_WHY if len(standing) == 1 else _SHORT, standing)
    return f"Treatment waits: {why}." if why else ""


def paper_words(holds: Iterable[Hold | str]) -> str:
    """ "On hold: open report and a clinician decides"; "" for no holds."""
    why = _named(_SHORT, {Hold(each) for each in holds})
    return f"On hold: {why}" if why else ""


def _named(words: Mapping[Hold, str], standing: Container[Hold]) -> str:
    return list_words([said for hold, said in words.items() if hold in standing])


def waits_at(visit: Appointment) -> str:
    """The same of one visit, all reasons. One query at most."""
    return waits_words(holds_at(visit))
