"""The versions of one session side by side: what stood in one and what stands in the next, in the record's words."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass

from clinic.models import User
from sessions_app.amending import CLOSED
from sessions_app.facts import zone_of
from sessions_app.models import TreatmentSession
from sessions_app.preparation import ready_for, recorded
from sessions_app.presenters.session_record import Record, record_of
from sessions_app.wording import time_words

NOTHING = "–"
_ENDED_AS = "Ended as"


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that is not the same in both versions; ``NOTHING`` where a version does not have it."""

    label: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a session; ``differences`` are those from the version before it, none for the first."""

    number: int
    session: TreatmentSession
    heading: str
    reason: str
    differences: tuple[Difference, ...]

    @property
    def is_draft(self) -> bool:
        return self.session.status not in CLOSED


def record_to_sign(session: TreatmentSession) -> Record:
    """The record as the signature will lock it: a draft with the day's check and the consent that it stands on."""
    shown = copy(session)
    if session.status == TreatmentSession.Status.DRAFT:
        for name, value in recorded(session, ready_for(session)).items():
            setattr(shown, name, value)
    return record_of(shown)


def differences(former: Record, later: Record) -> tuple[Difference, ...]:
    """In the order of a visit. Facts that both versions have in the same words are left out."""
    was, now = dict(_facts(former)), dict(_facts(later))
    if later.is_draft:
        # That it is not signed yet is no change of the visit.
        was.pop(_ENDED_AS)
        now.pop(_ENDED_AS)
    labels = [*was, *(label for label in now if label not in was)]
    return tuple(
        Difference(label, was.get(label, NOTHING), now.get(label, NOTHING))
        for label in labels
        if was.get(label) != now.get(label)
    )


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    yield _ENDED_AS, record.status
    yield from record.before
    yield from _numbered(
        (place, ", ".join(part for part in (words, ml, more) if part)) for _, place, words, ml, more in record.sites
    )
    if record.total:
        yield "Total", record.total
    yield from _numbered(
        (f"Ampoules {strength}", f"{opened} of {lot}, {expiry}") for strength, lot, expiry, opened in record.ampoules
    )
    yield from (pair for pair in record.after if pair[0] != "Corrected because")


def _numbered(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same place twice is two facts."""
    seen: dict[str, int] = {}
    for label, words in pairs:
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label} ({seen[label]})"), words


def versions(sessions: Iterable[TreatmentSession]) -> list[Version]:
    """Versions of one lineage, oldest first, as the page shows them: the newest first."""
    shown: list[Version] = []
    former: Record | None = None
    ordered = list(sessions)
    signers = User.objects.in_bulk([session.signed_by_id for session in ordered if session.signed_by_id])
    for number, session in enumerate(ordered, start=1):
        record = record_to_sign(session)
        shown.append(
            Version(
                number=number,
                session=session,
                heading=_heading(session, signers),
                reason=session.amendment_reason,
                differences=differences(former, record) if former else (),
            )
        )
        former = record
    return shown[::-1]


def _heading(session: TreatmentSession, signers: dict[int, User]) -> str:
    if session.status == TreatmentSession.Status.DRAFT:
        return f"Correction in the making, begun {time_words(session.created_at, zone_of(session))}"
    if session.signed_at is None or session.signed_by_id is None:
        return session.get_status_display()
    return f"Signed by {signers[session.signed_by_id]}, {time_words(session.signed_at, zone_of(session))}"
