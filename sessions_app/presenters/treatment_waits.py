"""Why the treatment of a visit waits, in a line: on the board, in its dialog, on a nurse's day, where it begins."""

from collections.abc import Iterable

from clinic.protocol.vocabulary import Hold
from sessions_app.models import Appointment
from sessions_app.visit_holds import holds_at
from sessions_app.wording import list_words

_WHY: dict[Hold, str] = {
    # Boards and toasts are seen by who reads no chart: what it is about stands in the chart.
    Hold.CLINICIAN_HOLD: "a clinician holds it",
    Hold.OPEN_ADVERSE_EVENT: "a clinician has something to clear first",
    Hold.UNANSWERED_RED_FLAG: "a report of symptoms is open",
}


def waits_words(holds: Iterable[Hold | str]) -> str:
    """ "Treatment waits: a report of symptoms is open."; "" for no holds."""
    why = [_WHY[Hold(each)] for each in dict.fromkeys(holds) if each]
    return f"Treatment waits: {list_words(why)}." if why else ""


def waits_at(visit: Appointment) -> str:
    """The same of one visit, all reasons. One query at most."""
    return waits_words(holds_at(visit))
