"""Who has a draft open. A colleague sees it and can take over; whoever loses it is told within seconds.

A hold is presence, not a lock: two people cannot overwrite each other because a save names the version that it was made
from (`sessions_app.actions.save_draft`). ``held_at`` is the last sign of life of the page that has the draft open; a
tablet that went dark, or a page that was left, holds nothing after `HELD_FOR`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clinic import audit
from clinic.models import AuditEvent, User
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused
from sessions_app.retrying import retried

# The page asks every few seconds; a few lost questions in a dead corner of the building are no absence.
HELD_FOR = timedelta(seconds=40)
# A sign of life is written at most this often.
_STEP = timedelta(seconds=10)
_HELD, _TAKEN = "session held", "session taken over"
_DRAFT = TreatmentSession.Status.DRAFT


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the draft, seen by one reader. ``since`` and ``was_mine`` are known where somebody else has it.

    ``was_mine``: that person took it over from the reader. Not ``is_known``: the database was too busy to say.
    ``had``: who had it last, where nobody has it open and the reader only looks.
    """

    person: User | None
    is_mine: bool
    since: datetime | None = None
    was_mine: bool = False
    is_known: bool = True
    had: User | None = None


@retried
def hold(*, session: TreatmentSession, by: User, now: datetime | None = None) -> Holder:
    """A sign of life of `by` at an open draft: takes it when nobody has it, otherwise says who does.

    Brings ``held_by`` and ``held_at`` of the session up to date. One statement at most while nothing changes hands.
    """
    now = now or timezone.now()
    if session.status != _DRAFT or _has(session, now) not in (None, by.pk):
        return holder_of(session, by=by, now=now)
    is_new = _has(session, now) is None
    if is_new or session.held_at is None or now - session.held_at >= _STEP:
        _take(session, by=by, now=now, is_new=is_new)
    return holder_of(session, by=by, now=now)


@retried
@transaction.atomic
def take_over(*, session: TreatmentSession, by: User, now: datetime | None = None) -> TreatmentSession:
    """`by` has the draft from now on, whoever had it before. Twice is once. `Refused` when the session is closed."""
    now = now or timezone.now()
    session.refresh_from_db(fields=["held_by", "held_at"])
    former = _has(session, now)
    if not TreatmentSession.objects.filter(pk=session.pk, status=_DRAFT).update(held_by=by, held_at=now):
        raise Refused("This session is closed. Nothing in it can be taken over.", rule="closed")
    session.held_by, session.held_at = by, now
    if former != by.pk:
        audit.record(_TAKEN, by=by, subject=session, patient=session.patient, former=former)
    return session


def open_page(*, session: TreatmentSession, by: User, now: datetime | None = None) -> Holder:
    """`by` opens the page of a draft: takes what nobody ever had, what was theirs last and what they treat.

    What a colleague had last stays the colleague's until `by` presses "take over": who left for a minute, to record
    an adverse event, comes back to a visit that is open.
    """
    if session.held_by_id in (None, by.pk) or session.nurse_id == by.pk:
        return hold(session=session, by=by, now=now)
    return look(session=session, by=by, now=now)


def look(*, session: TreatmentSession, by: User, now: datetime | None = None) -> Holder:
    """Who has the draft, for a page that is to be read: however long it stays open, it takes nothing."""
    holder = holder_of(session, by=by, now=now or timezone.now())
    return replace(holder, had=session.held_by) if holder.person is None else holder


def leave(*, session: TreatmentSession, by: User) -> None:
    """`by` closed the page: nobody has the draft now. Who had it last stays known, for the list of what is unsigned."""
    TreatmentSession.objects.filter(pk=session.pk, status=_DRAFT, held_by=by).update(held_at=None)


def holder_of(session: TreatmentSession, *, by: User, now: datetime) -> Holder:
    """Who has the session at this moment, as `by` sees it."""
    person = session.held_by if _has(session, now) is not None else None
    if person is None or person.pk == by.pk:
        return Holder(person, is_mine=person is not None)
    begun = (
        AuditEvent.objects.filter(
            subject=session._meta.label,
            subject_id=str(session.public_id),
            action__in=(_HELD, _TAKEN),
            by_id=person.pk,
        )
        .order_by("-pk")
        .first()
    )
    if begun is None:
        return Holder(person, is_mine=False, since=session.held_at)
    was_mine = begun.action == _TAKEN and begun.details.get("former") == by.pk
    return Holder(person, is_mine=False, since=begun.at, was_mine=was_mine)


def _has(session: TreatmentSession, now: datetime) -> int | None:
    """Id of the person whose hold is alive."""
    is_alive = session.held_at is not None and now - session.held_at < HELD_FOR
    return session.held_by_id if is_alive else None


@transaction.atomic
def _take(session: TreatmentSession, *, by: User, now: datetime, is_new: bool) -> None:
    """Conditional: of two who come in one moment one gets it, and the other reads who."""
    free = Q(held_by=None) | Q(held_at=None) | Q(held_at__lte=now - HELD_FOR) | Q(held_by=by)
    mine = TreatmentSession.objects.filter(free, pk=session.pk, status=_DRAFT)
    if not mine.update(held_by=by, held_at=now):
        session.refresh_from_db(fields=["held_by", "held_at", "status", "version"])
        return
    session.held_by, session.held_at = by, now
    if is_new:
        audit.record(_HELD, by=by, subject=session, patient=session.patient)
