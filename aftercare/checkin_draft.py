"""What somebody has answered so far, kept in their session between the steps, so that going back loses nothing.

Nothing of it is in an address, and it goes with the session. An emergency is filed as soon as anything is sent; only
a page that is left without sending keeps one here, ticked, so that it is seen when that page opens again.

What a page keeps by itself may arrive after what was sent from it. So each page that was sent is a turn of the draft,
and what comes of an earlier turn, or of a draft that was filed, changes nothing any more.

A yes to an emergency question never becomes a no by itself. A script keeps it as soon as it is pressed, whatever turn
it comes of. Without a script nobody can know what was pressed on a page that was left: so the answers that were all no
stand on the step that is opened again, and hold once it is sent again, not before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aftercare.forms.checkin import NO, YES
from aftercare.portal_patient import Reader
from aftercare.presenters.symptoms import FOLLOWS, LISTED, QUESTIONS, codes_of
from aftercare.reports import Said
from clinic.requests import SignedInRequest

_IN_SESSION = "how_are_you"
# Answers to the emergency questions hold for this long; then they are asked again, and the rest is kept.
_FRESH = timedelta(minutes=30)
_CODES = {each.code for each in LISTED}
ALL_KEYS = tuple(question.key for question in QUESTIONS)
"""Keys of the emergency questions; with no to all of them the other steps open."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers of one reader about one patient. `denied` are the questions answered with no, `affirmed` those
    answered with yes on a page that was left, `follows` the lines that make an emergency, ticked on such a page; `turn`
    counts the pages that were sent, 0 in a new draft.
    """

    key: UUID = field(default_factory=uuid4)
    turn: int = 0
    denied: tuple[str, ...] = ()
    affirmed: tuple[str, ...] = ()
    asked_at: datetime | None = None
    symptoms: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    leg: str = ""
    free_text: str = ""

    def is_asked(self, now: datetime) -> bool:
        """Whether every emergency question was answered with no a short while ago, and none with yes since."""
        if self.affirmed:
            return False
        return set(self.denied) >= set(ALL_KEYS) and self.asked_at is not None and now - self.asked_at < _FRESH

    def is_of(self, key: UUID, turn: int | None) -> bool:
        """Whether a page with these is still the one that is open."""
        return key == self.key and turn == self.turn

    @property
    def said(self) -> Said:
        return Said(symptoms=self.symptoms, denied=self.denied, leg=self.leg, free_text=self.free_text)


def draft_of(request: SignedInRequest, reader: Reader) -> Draft:
    """The draft as it is; an empty one where there is none."""
    stored = _stored(request, reader)
    return _read(stored) if stored else Draft()


def keep(request: SignedInRequest, reader: Reader, draft: Draft, **changes: Any) -> Draft:
    """Store the draft with some answers changed."""
    changed = replace(draft, **changes)
    row = {
        "key": str(changed.key),
        "denied": list(changed.denied),
        "affirmed": list(changed.affirmed),
        "asked_at": changed.asked_at.isoformat() if changed.asked_at else None,
        "turn": changed.turn,
        "symptoms": list(changed.symptoms),
        "follows": list(changed.follows),
        "leg": changed.leg,
        "free_text": changed.free_text,
    }
    request.session[_IN_SESSION] = {**request.session.get(_IN_SESSION, {}), _whose(reader): row}
    return changed


def keep_answers(request: SignedInRequest, reader: Reader, yes: Sequence[str], no: Sequence[str], *, key: UUID) -> None:
    """What stands on the page of the questions that is being left; `key` is the page's, for a draft that is not yet.

    Nothing but a yes is kept of it; one that was taken back leaves the questions open.
    """
    draft = draft_of(request, reader)
    if yes:
        given = draft if _stored(request, reader) else replace(draft, key=key)
        keep(request, reader, given, affirmed=tuple(yes), denied=tuple(no), asked_at=None)
    elif draft.affirmed:
        keep(request, reader, draft, affirmed=(), denied=(), asked_at=None)


def reopen_answers(request: SignedInRequest, reader: Reader, draft: Draft, now: datetime) -> dict[str, str]:
    """The answers with which the page of the questions opens, by key of the question.

    A yes stays there. When all were no, they count as not answered from now on, until the page is sent again.
    """
    if draft.affirmed:
        return dict.fromkeys(draft.denied, NO) | dict.fromkeys(draft.affirmed, YES)
    if not draft.is_asked(now):
        return {}
    if request.method == "GET":
        keep(request, reader, draft, denied=(), asked_at=None)
    return dict.fromkeys(draft.denied, NO)


def drop(request: SignedInRequest, reader: Reader) -> None:
    """After it was sent."""
    kept = dict(request.session.get(_IN_SESSION, {}))
    if kept.pop(_whose(reader), None) is not None:
        request.session[_IN_SESSION] = kept


def with_emergency(said: Said, answers: list[str]) -> Said:
    """What was said, with the questions or lines `answers` answered with yes, and their symptoms before the others."""
    symptoms = tuple(dict.fromkeys([*codes_of(answers), *said.symptoms]))
    return replace(said, symptoms=symptoms, affirmed=tuple(answers))


def _stored(request: SignedInRequest, reader: Reader) -> Mapping[str, Any] | None:
    kept = request.session.get(_IN_SESSION)
    stored = kept.get(_whose(reader)) if isinstance(kept, Mapping) else None
    return stored if isinstance(stored, Mapping) else None


def _whose(reader: Reader) -> str:
    return str(reader.carer.public_id) if reader.carer else "own"


def _read(row: Mapping[str, Any]) -> Draft:
    return Draft(
        key=UUID(row["key"]),
        denied=tuple(row["denied"]),
        affirmed=tuple(key for key in row.get("affirmed", ()) if key in ALL_KEYS),
        asked_at=datetime.fromisoformat(row["asked_at"]) if row["asked_at"] else None,
        turn=row.get("turn", 0),
        symptoms=tuple(code for code in row["symptoms"] if code in _CODES),
        follows=tuple(key for key in row.get("follows", ()) if key in FOLLOWS),
        leg=row["leg"],
        free_text=row["free_text"],
    )
