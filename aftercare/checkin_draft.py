"""What somebody has answered so far, kept in their session between the steps, so that going back loses nothing.

Nothing of it is in an address, and it goes with the session. An emergency is never kept here: it is filed at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aftercare.portal_patient import Reader
from aftercare.presenters.symptoms import LISTED, QUESTIONS, codes_of
from aftercare.reports import Said
from clinic.requests import SignedInRequest

_IN_SESSION = "how_are_you"
# Answers to the emergency questions hold for this long; then they are asked again, and the rest is kept.
_FRESH = timedelta(minutes=30)
_CODES = {each.code for each in LISTED}
_KEYS = {question.key for question in QUESTIONS}


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers of one reader about one patient. `denied` are the questions answered with no."""

    key: UUID = field(default_factory=uuid4)
    denied: tuple[str, ...] = ()
    asked_at: datetime | None = None
    symptoms: tuple[str, ...] = ()
    leg: str = ""
    free_text: str = ""

    def is_asked(self, now: datetime) -> bool:
        """Whether every emergency question was answered with no a short while ago."""
        return set(self.denied) >= _KEYS and self.asked_at is not None and now - self.asked_at < _FRESH

    @property
    def said(self) -> Said:
        return Said(symptoms=self.symptoms, denied=self.denied, leg=self.leg, free_text=self.free_text)


def draft_of(request: SignedInRequest, reader: Reader) -> Draft:
    """The draft as it is; an empty one where there is none."""
    kept = request.session.get(_IN_SESSION)
    stored = kept.get(_whose(reader)) if isinstance(kept, Mapping) else None
    return _read(stored) if isinstance(stored, Mapping) else Draft()


def keep(request: SignedInRequest, reader: Reader, draft: Draft, **changes: Any) -> Draft:
    """Store the draft with some answers changed."""
    changed = replace(draft, **changes)
    row = {
        "key": str(changed.key),
        "denied": list(changed.denied),
        "asked_at": changed.asked_at.isoformat() if changed.asked_at else None,
        "symptoms": list(changed.symptoms),
        "leg": changed.leg,
        "free_text": changed.free_text,
    }
    request.session[_IN_SESSION] = {**request.session.get(_IN_SESSION, {}), _whose(reader): row}
    return changed


def drop(request: SignedInRequest, reader: Reader) -> None:
    """After it was sent."""
    kept = dict(request.session.get(_IN_SESSION, {}))
    if kept.pop(_whose(reader), None) is not None:
        request.session[_IN_SESSION] = kept


def with_emergency(said: Said, answers: list[str]) -> Said:
    """What was said, with the symptoms of the questions or lines `answers` before it."""
    return replace(said, symptoms=tuple(dict.fromkeys([*codes_of(answers), *said.symptoms])))


def _whose(reader: Reader) -> str:
    return str(reader.carer.public_id) if reader.carer else "own"


def _read(row: Mapping[str, Any]) -> Draft:
    return Draft(
        key=UUID(row["key"]),
        denied=tuple(row["denied"]),
        asked_at=datetime.fromisoformat(row["asked_at"]) if row["asked_at"] else None,
        symptoms=tuple(code for code in row["symptoms"] if code in _CODES),
        leg=row["leg"],
        free_text=row["free_text"],
    )
