"""A booking ends the offers of its patient for a visit of the same kind: the time kept is free again.

A move does so where the time was kept for the visit that moves, or for a new one.

Part of the transaction that books or moves. The waiting entry is locked before its offers, and both before the
calendar, as in `sessions_app.waiting_offers`: of a change and a yes to the offer at one moment, one comes first and the
other sees it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet

from clinic import audit
from clinic.models import Patient, User
from clinic.prepared import Blank, Prepared
from sessions_app.closures import release_hold
from sessions_app.models import Appointment, Service, WaitListEntry, WaitListOffer
from sessions_app.undo_facts import last_change
from sessions_app.waiting_fit import Visit, visit_to_move, visits_of

_TAKEN_BACK = WaitListOffer.Answer.TAKEN_BACK


def give_up_offers(
    *, patient: Patient, service: Service, by: User, now: datetime, moves: Appointment | None = None
) -> None:
    """Take back what the wait list keeps for this patient for a visit of this kind. One query if they do not wait.

    Inside the transaction of the booking or move, before it takes anything of the calendar. The person waits on. With
    `moves`, what is kept for another visit than this stays kept.
    """
    entries = [pk for (pk,) in _LOCKED.rows(patient=patient.pk, kind=service.kind)]
    if not entries:
        return
    living = _living_of(entries, now)
    for offer in _kept_for(living, moves, now):
        _take_back(offer, patient=patient, by=by, now=now)


def _locked() -> QuerySet[Any, tuple[Any, ...]]:
    theirs = WaitListEntry.objects.waiting().filter(patient=Blank("patient", BigIntegerField()))
    of_kind = theirs.filter(service__kind=Blank("kind", CharField()))
    return of_kind.select_for_update(of=("self",)).order_by("pk").values_list("pk")


# Every booking and move asks, and nearly nobody waits.
_LOCKED = Prepared(_locked)


def end_wait(entry: WaitListEntry, *, visit: Appointment, by: User, now: datetime) -> bool:
    """The booking or move that was just written is what this person waited for. False when they wait no more.

    Inside its transaction, which `give_up_offers` began, so that the entry is locked before the calendar. For a visit
    of another patient or kind nothing happens: the lock is not held there. What is still kept for them is free again.
    """
    theirs = WaitListEntry.objects.waiting().filter(patient=visit.patient, service__kind=visit.service.kind)
    ended = theirs.filter(pk=entry.pk).values_list("pk", flat=True)
    changed = WaitListEntry.objects.filter(pk__in=list(ended), ended_at__isnull=True).update(
        ended_at=now, ended_by=by, ended_why=WaitListEntry.End.BOOKED, appointment=visit
    )
    if not changed:
        return False
    for offer in _living_of([entry.pk], now):
        _take_back(offer, patient=visit.patient, by=by, now=now)
    audit.record("wait list left", by=by, subject=entry, patient=visit.patient, why=str(WaitListEntry.End.BOOKED))
    return True


def _living_of(entries: Iterable[int], now: datetime) -> Iterable[WaitListOffer]:
    living = WaitListOffer.objects.filter(waiting__in=entries, answer="", expires_at__gt=now)
    return living.select_related("hold", "waiting").order_by("pk")


def _take_back(offer: WaitListOffer, *, patient: Patient, by: User, now: datetime) -> None:
    ended = WaitListOffer.objects.filter(pk=offer.pk, answer="").update(answer=_TAKEN_BACK, answered_at=now)
    if ended and offer.hold is not None:
        release_hold(hold=offer.hold, by=by)
        audit.record("offer taken back", by=by, subject=offer, patient=patient)


def _kept_for(offers: Iterable[WaitListOffer], moves: Appointment | None, now: datetime) -> Iterator[WaitListOffer]:
    """The offers that a change of this visit ends, all where none moves."""
    found = list(offers)
    visits = visits_of([moves.patient.pk], now).get(moves.patient.pk, ()) if moves and found else ()
    for offer in found:
        if moves is None or is_kept_for(offer, moves, visits):
            yield offer


def is_kept_for(offer: WaitListOffer, visit: Appointment, visits: Iterable[Visit]) -> bool:
    """Whether a yes to the offer would move this visit, or none of the patient's `visits`, as they are booked now."""
    replaced = visit_to_move(offer.waiting, visits)
    return replaced is None or replaced.id == visit.pk


def given_up_by(*changed: Appointment) -> list[WaitListOffer]:
    """The offers that this booking (of one visit or of a course) or move ended and whose time it left free.

    Of the last change of the first visit, as long as it is known; one query.
    """
    first = changed[0]
    at = last_change(first)
    if at is None:
        return []
    ended = WaitListOffer.objects.filter(
        waiting__patient=first.entry.patient_id,
        waiting__service__kind=first.service.kind,
        answer=_TAKEN_BACK,
        answered_at=at,
        hold__isnull=False,
    )
    for visit in changed:
        ended = ended.exclude(hold__starts_at__lt=visit.entry.ends_at, hold__ends_at__gt=visit.entry.starts_at)
    return list(ended.select_related("waiting").order_by("starts_at"))
