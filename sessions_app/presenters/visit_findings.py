"""What the checks found, as the page of the visit shows it: who may answer, what was answered, what is still open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.models import User
from clinic.protocol.checks import Finding
from clinic.protocol.vocabulary import Moment, Override, Severity
from sessions_app.answers import facts_of, is_outdated, may_answer, tick_value, wants_answer
from sessions_app.charting import Judged

# An injection beside the vein: the answer says what was done about it, nobody goes on with it.
_DONE_NOT_EXCUSED = "L13"
_CONSENT = "P14"
# What is still to be done before the start; the other blocks that nobody lifts are reasons not to treat at all.
_TO_DO = frozenset({_CONSENT, "P15", "P21", "P22"})


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it is shown. ``digest`` changes when anything but the person's own typing changed.

    ``cause``: what of this visit it comes from, where its own text does not know it.
    """

    id: str
    severity: str
    title: str
    text: str
    is_open: bool
    may_answer: bool
    wants_answer: bool
    reason_label: str
    tick_words: str
    reason: str
    ack: bool
    tick_value: str
    who: str
    digest: str
    is_stop: bool = False
    cause: str = ""

    @property
    def state(self) -> str:
        """Kind for the look: the severity while it is open, "done" once it was answered."""
        return self.severity.lower() if self.is_open or self.severity == Severity.NOTE else "done"


def answer_words(finding: Finding, user: User) -> tuple[str, str]:
    """What an answer asks for: the label of its reason, and the words of its tick. The same on every page."""
    if finding.severity is Severity.BLOCK:
        return "Reason to go on all the same", f"I lift this as {user}"
    if finding.id == _DONE_NOT_EXCUSED:
        return "What was done", "I have stopped at this place"
    return "Reason", "I have seen this and go on"


def findings(judged: Iterable[Judged], user: User) -> list[FindingView]:
    return [_finding_view(each, user) for each in judged]


def with_consent(views: Iterable[FindingView], why: str) -> list[FindingView]:
    """The finding on the consent says why none holds: none was signed, or one was, and when."""
    return [
        replace(view, cause=why, digest=f"{view.digest}|{why}") if view.id == _CONSENT and view.is_open else view
        for view in views
    ]


def _finding_view(judged: Judged, user: User) -> FindingView:
    finding, reply = judged.finding, judged.reply
    may = may_answer(finding, user)
    label, tick = answer_words(finding, user)
    who = ""
    if reply.ack and reply.by_name and not judged.is_open:
        who = f"Answered by {reply.by_name}"
    elif wants_answer(finding) and not may:
        who = "A clinician answers this: ask one to open this visit and write the reason."
    elif is_outdated(finding, reply):
        who = "The facts changed after it was answered. Answer it again."
    elif judged.is_open and reply.ack and not reply.reason.strip():
        who = "Write the reason too."
    elif finding.severity is Severity.BLOCK and finding.override is Override.NONE:
        who = (
            "Nobody can lift this. Correct the answer, or end the visit as not treated."
            if judged.moment is Moment.BEFORE
            else "Nobody can lift this: correct what is wrong."
        )
    return FindingView(
        id=finding.id,
        severity=str(finding.severity),
        title=finding.title,
        text=finding.text,
        is_open=judged.is_open,
        may_answer=may,
        wants_answer=wants_answer(finding),
        reason_label=label,
        tick_words=tick,
        reason=reply.reason,
        ack=reply.ack and not is_outdated(finding, reply),
        tick_value=tick_value(finding),
        who=who,
        digest=f"{finding.severity}|{facts_of(finding)}|{judged.is_open}|{who}|{may}",
        is_stop=_is_stop(judged),
    )


def _is_stop(judged: Judged) -> bool:
    """Nothing may be injected, whoever asks. It stays one when something was injected all the same."""
    finding = judged.finding
    is_absolute = finding.override is Override.NONE or finding.opens_incident
    is_reason = judged.moment is Moment.BEFORE and finding.id not in _TO_DO
    return judged.is_open and finding.severity is Severity.BLOCK and is_absolute and is_reason


def tray(before: Sequence[FindingView], logging: Sequence[FindingView]) -> dict[str, Any]:
    """What the tray below the sites shows: everything open, severest first; notes and answers on what was logged.

    The worst is unfolded, the others wait behind their number, so that findings do not fill the page.

    Notes and answers to the questions before the session stand with those questions.
    """
    order = list(Severity)
    unanswered = [view for view in (*before, *logging) if view.is_open]
    return {
        "is_alone": len(unanswered) == 1,
        "open": sorted(unanswered, key=lambda view: order.index(Severity(view.severity))),
        "done": [view for view in logging if not view.is_open and view.severity != Severity.NOTE],
        "notes": [view for view in logging if view.severity == Severity.NOTE],
    }
