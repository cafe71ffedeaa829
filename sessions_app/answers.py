"""Answers to findings while a session is a draft.

They live in the draft itself, ``screening["answers"]``: one entry per check id, so that a reason that was
typed survives a dead battery like everything else. Signing copies them into `SessionFinding` rows.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from clinic.access import Permission
from clinic.models import User
from clinic.protocol.checks import Finding
from clinic.protocol.vocabulary import Acknowledger, Override, Severity

ANSWERS = "answers"
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to one finding: a reason, a tick, by whom and when.

    ``of`` says which facts it was given for, see `facts_of`. A prescriber's answer holds for those facts only: when
    they change, the question is open again.
    """

    reason: str = ""
    ack: bool = False
    by: int | None = None
    by_name: str = ""
    at: str = ""
    of: str = ""

    @staticmethod
    def read(stored: object) -> "Reply":
        if not isinstance(stored, Mapping):
            return Reply()
        by = stored.get("by")
        return Reply(
            reason=str(stored.get("reason", "")),
            ack=stored.get("ack") is True,
            by=by if isinstance(by, int) else None,
            by_name=str(stored.get("by_name", "")),
            at=str(stored.get("at", "")),
            of=str(stored.get("of", "")),
        )


def replies_in(screening: Mapping[str, Any]) -> dict[str, Reply]:
    """The answers of a draft by check id."""
    stored = screening.get(ANSWERS)
    return {check: Reply.read(entry) for check, entry in stored.items()} if isinstance(stored, Mapping) else {}


def facts_of(finding: Finding) -> str:
    """What an answer to the finding is bound to, as 16 hex digits: its words, and the facts that it was made from.

    Pages send it with the tick, so that a tick is for what stood beside it and not for what came meanwhile.
    """
    return sha256(f"{finding.text} [{finding.basis}]".encode()).hexdigest()[:16]


def needs_prescriber(finding: Finding) -> bool:
    """Whether only somebody who may override checks can answer it."""
    if finding.severity is Severity.BLOCK:
        return finding.override is Override.PRESCRIBER
    return finding.severity is Severity.ACK and finding.acknowledged_by is Acknowledger.PRESCRIBER


def tick_value(finding: Finding) -> str:
    """What a page gives the tick of a finding as its value, and gets back with it."""
    return facts_of(finding) if needs_prescriber(finding) else "seen"


def wants_answer(finding: Finding) -> bool:
    """Whether somebody can answer it; a BLOCK that nobody may lift stays open without a question."""
    return finding.severity is Severity.ACK or needs_prescriber(finding)


def may_answer(finding: Finding, user: User) -> bool:
    return wants_answer(finding) and (not needs_prescriber(finding) or user.may(Permission.OVERRIDE_CHECK))


def is_open(finding: Finding, reply: Reply | None, prescribers: Collection[int]) -> bool:
    """Whether the finding still stands in the way of the signature. ``prescribers``: ids that may override."""
    if finding.severity is Severity.NOTE:
        return False
    if not wants_answer(finding) or reply is None or not reply.ack or not reply.reason.strip():
        return True
    return needs_prescriber(finding) and (reply.by not in prescribers or is_outdated(finding, reply))


def is_outdated(finding: Finding, reply: Reply) -> bool:
    """Whether it was ticked for other facts than those that stand now: it is asked for anew."""
    return reply.ack and needs_prescriber(finding) and reply.of != facts_of(finding)


def merged(
    stored: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    findings: Collection[Finding],
    by: User,
    now: datetime,
) -> dict[str, Any]:
    """``stored`` (a draft's ``answers``) with what ``by`` gave: ``{"L3": {"reason": "…", "ack": True, "of": "…"}}``.

    ``of``: what the page ticked, see `tick_value`; without it, what stands now. What somebody may not answer is left as
    it was, whatever was sent. An answer that did not change keeps its author; an answer to a finding that does not
    stand any more is kept, because the finding may come back.
    """
    standing = {finding.id: finding for finding in findings}
    result = {str(check): entry for check, entry in stored.items()}
    for check, answer in given.items():
        finding = standing.get(check)
        if finding is None or not may_answer(finding, by) or not isinstance(answer, Mapping):
            continue
        before = Reply.read(stored.get(check))
        reason, ack = str(answer.get("reason", "")).strip()[:REASON_LENGTH], answer.get("ack") is True
        of = str(answer.get("of", tick_value(finding)))
        renewed = ack and needs_prescriber(finding) and before.of != of
        if (reason, ack) != (before.reason, before.ack) or renewed:
            result[check] = asdict(Reply(reason, ack, by.pk, str(by), now.isoformat(), of))
    return result
