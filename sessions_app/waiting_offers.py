"""A free time offered to somebody on the wait list: kept for that person until a moment that is told.

The hold in the calendar ends then by itself, without any job. Two desks that offer one time, or an offer and a booking,
meet in the calendar's own rule: one wins, the other is told in words.

Whoever offers, answers or takes somebody off the list locks the waiting entry first, then its offers, then what the
calendar holds: in one order, nobody waits for somebody who waits for them.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Room, User
from sessions_app import booking
from sessions_app.bookable import Wish, period_of, verdict_on
from sessions_app.closures import hold as keep
from sessions_app.closures import release_hold
from sessions_app.models import Appointment, CalendarEntry, WaitListEntry, WaitListOffer
from sessions_app.refusals import Refused
from sessions_app.repeat import repeat_rules
from sessions_app.retrying import retried, with_retries
from sessions_app.waiting_fit import Visit, visit_to_move, visits_of
from sessions_app.waiting_return import ended_with
from sessions_app.wording import time_words

Answer = WaitListOffer.Answer


def offer(
    *,
    entry: WaitListEntry,
    starts_at: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    by: User,
    now: datetime | None = None,
) -> WaitListOffer:
    """Keep a free time for somebody on the wait list for `Clinic.offer_minutes`. No nurse or room means any free one.

    `Taken` when somebody else has it by now; `Refused` when the person does not wait any more, holds an offer already,
    or may not be booked there (hours, notice, repeat window).
    """
    at = now or timezone.now()
    return with_retries(lambda: _write_offer(entry, starts_at, nurse, room, by, at))


@transaction.atomic
def _write_offer(
    entry: WaitListEntry, starts_at: datetime, nurse: User | None, room: Room | None, by: User, now: datetime
) -> WaitListOffer:
    # Who offers another time to the same person at this moment waits here, and is refused below.
    current = (
        WaitListEntry.objects.select_for_update(of=("self",)).select_related("patient", "service").get(pk=entry.pk)
    )
    clinic, patient, service = Clinic.current(), current.patient, current.service
    if current.ended_at is not None:
        raise Refused(f"{patient.name} does not wait for {service.name} any more.", rule="ended")
    _refuse_second_offer(current, clinic, now)
    visit = visit_to_move(current, visits_of([patient.pk], now).get(patient.pk, ()))
    length = visit.ends_at - visit.starts_at if visit else service.length
    wish = Wish(
        clinic=clinic,
        service=service,
        period=period_of(starts_at, length),
        by=by,
        now=now,
        nurse=nurse,
        patient=patient,
    )
    verdict_on(wish, repeat_rules(patient, service))
    kept = keep(
        service=service,
        starts_at=starts_at,
        nurse=nurse,
        room=room,
        patient=patient,
        by=by,
        minutes=clinic.offer_minutes,
        length=length,
        now=now,
    )
    made = WaitListOffer.objects.create(
        waiting=current,
        hold=kept,
        starts_at=kept.starts_at,
        expires_at=now + timedelta(minutes=clinic.offer_minutes),
        offered_at=now,
        offered_by=by,
    )
    audit.record(
        "time offered", by=by, subject=made, patient=patient, starts_at=kept.starts_at.isoformat(), nurse=kept.nurse_id
    )
    return made


def _refuse_second_offer(entry: WaitListEntry, clinic: Clinic, now: datetime) -> None:
    other = WaitListOffer.objects.filter(
        waiting__patient=entry.patient_id, answer="", expires_at__gt=now, hold__active=True
    ).first()
    if other is not None:
        when, until = time_words(other.starts_at, clinic.zone), other.expires_at.astimezone(clinic.zone)
        text = f"{entry.patient.name} has an offer already: {when}, kept until {until:%H:%M}. Take it back first."
        raise Refused(text, rule="offered")


def accept(*, offer: WaitListOffer, by: User, now: datetime | None = None) -> Appointment:
    """The person says yes: the offered time is booked, or the waiting visit moves there and its old time is free.

    One transaction, with the end of waiting. Saying yes again gives the same visit; `Refused` when the offer has run
    out or was answered otherwise.
    """
    at = now or timezone.now()
    try:
        return with_retries(lambda: _write_acceptance(offer, by, at))
    except Refused:
        # Perhaps another desk said yes to this very offer at the same moment.
        if made := _made_by(_fresh(offer)):
            return made
        raise


def _made_by(offer: WaitListOffer) -> Appointment | None:
    """The visit that this yes has made already; None also when that was taken back, and the person waits again."""
    is_done = offer.answer == Answer.ACCEPTED and offer.waiting.ended_at is not None
    return offer.waiting.appointment if is_done else None


@transaction.atomic
def _write_acceptance(offer: WaitListOffer, by: User, now: datetime) -> Appointment:
    current = _locked(offer)
    entry = current.waiting
    if made := _made_by(current):
        return made
    _answer(current, Answer.ACCEPTED, now)
    kept = current.hold
    assert kept is not None  # `_answer` lets nothing else pass
    visit = visit_to_move(entry, visits_of([entry.patient_id], now).get(entry.patient_id, ()))
    made = _move_there(visit, current, by, now) if visit else _book_there(current, by, now)
    ended = WaitListEntry.objects.filter(pk=entry.pk, ended_at__isnull=True).update(
        ended_at=now, ended_by=by, ended_why=WaitListEntry.End.BOOKED, appointment=made
    )
    if not ended:
        raise Refused(f"{entry.patient.name} does not wait for {entry.service.name} any more.", rule="ended")
    audit.record("offer accepted", by=by, subject=current, patient=entry.patient, moved=visit is not None)
    return made


def _move_there(visit: Visit, offer: WaitListOffer, by: User, now: datetime) -> Appointment:
    assert offer.hold is not None
    assert visit.id is not None
    appointment = Appointment.objects.get(pk=visit.id)
    moved = booking.move(
        appointment=appointment,
        version=appointment.version,
        starts_at=offer.starts_at,
        nurse=offer.hold.nurse,
        room=offer.hold.room,
        by=by,
        now=now,
    )
    ended_with(moved, offer.waiting)
    return moved


def _book_there(offer: WaitListOffer, by: User, now: datetime) -> Appointment:
    assert offer.hold is not None
    return booking.book(
        patient=offer.waiting.patient,
        service=offer.waiting.service,
        starts_at=offer.starts_at,
        nurse=offer.hold.nurse,
        room=offer.hold.room,
        request_key=offer.public_id,
        by=by,
        now=now,
    )


def decline(*, offer: WaitListOffer, by: User, now: datetime | None = None) -> WaitListOffer:
    """The person does not want this time: it is free at once, and is not offered to this person again."""
    return _give_back(offer, Answer.DECLINED, by=by, now=now)


def take_back(*, offer: WaitListOffer, by: User, now: datetime | None = None) -> WaitListOffer:
    """The desk needs the time, or offered it by mistake: it is free at once."""
    return _give_back(offer, Answer.TAKEN_BACK, by=by, now=now)


@retried
@transaction.atomic
def _give_back(offer: WaitListOffer, answer: WaitListOffer.Answer, *, by: User, now: datetime | None) -> WaitListOffer:
    current = _locked(offer)
    if current.answer == answer:
        return current
    _answer(current, answer, now or timezone.now())
    assert current.hold is not None
    release_hold(hold=current.hold, by=by)
    audit.record(f"offer {answer.label.lower()}", by=by, subject=current, patient=current.waiting.patient)
    return _fresh(offer)


def _locked(offer: WaitListOffer) -> WaitListOffer:
    """The offer as it stands, after everybody who is answering it or ending the wait at this moment."""
    WaitListEntry.objects.select_for_update().get(pk=offer.waiting_id)
    WaitListOffer.objects.select_for_update().get(pk=offer.pk)
    return _fresh(offer)


def _fresh(offer: WaitListOffer) -> WaitListOffer:
    related = ("hold__nurse", "hold__room", "waiting__patient", "waiting__service", "waiting__appointment")
    return WaitListOffer.objects.select_related(*related).get(pk=offer.pk)


def _answer(current: WaitListOffer, answer: WaitListOffer.Answer, now: datetime) -> None:
    """The conditional update that every answer begins with; an offer is answered once, and not after its time.

    It looks at columns of its own row alone: who waited for another answer is judged anew by these, while a joined
    table would be read as it stood before.
    """
    answered = WaitListOffer.objects.filter(pk=current.pk, answer="", expires_at__gt=now).update(
        answer=answer, answered_at=now
    )
    if answered and CalendarEntry.objects.filter(offer=current, active=True).exists():
        return
    zone = Clinic.current().zone
    stands = WaitListOffer.objects.get(pk=current.pk)
    if stands.answer and not answered:
        raise Refused(f"This offer was answered already: {stands.get_answer_display().lower()}.", rule="answered")
    until = current.expires_at.astimezone(zone)
    raise Refused(f"This offer ended at {until:%H:%M}. Offer the time again if it is still free.", rule="over")
