"""What takes time without a patient: closures of the clinic, time off of a nurse, and holds of a few minutes.

All of them are calendar entries, so that one rule of the database decides every race with a booking. Where visits stand
in the way of a closure, it is closed around them; their own time becomes a gap, an entry that is not active, and is
closed in the transaction in which the visit goes elsewhere (`sessions_app.gaps`).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.zones import local_date
from sessions_app.availability import Period, day_period, days_between, without
from sessions_app.bookable import Wish, candidates_for, check_texts, period_of
from sessions_app.capacity import LONGEST_ENTRY, entries_meeting
from sessions_app.entries import Candidate, Conflict, is_overlap, lock_resources, take
from sessions_app.gaps import Resource, by_resource, close_gaps, meeting, place_of
from sessions_app.models import CalendarEntry, Closure, Service, WaitListOffer
from sessions_app.outside import visits_meeting, with_consequences
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries
from sessions_app.taken import taken
from sessions_app.wording import list_words, time_words

HOLD_MINUTES = 5
LONGEST_CLOSURE = timedelta(days=366)
_SHOWN = 3
_TAKEN_BACK = WaitListOffer.Answer.TAKEN_BACK


def close(
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    nurses: Sequence[User] | None = None,
    rooms: Sequence[Room] | None = None,
    accepted: Collection[UUID] | None = None,
    by: User,
    now: datetime | None = None,
) -> Closure:
    """Close the whole clinic (neither nurses nor rooms named), or some nurses or rooms; one entry for each and day.

    `Refused` when something is booked in that time. With `accepted`, it is closed around what is booked, each visit
    gets a task and times kept for somebody are given up; `VisitsOutside` when a booked visit is not among the accepted
    ones. What is closed already stays closed by its own closure.
    """
    check_texts(title=(title, 80))
    if not title.strip():
        raise Refused("Say what it is, for example Public holiday.", rule="title", field="title")
    if not timedelta(0) < ends_at - starts_at <= LONGEST_CLOSURE:
        raise Refused("The end comes after the start, at most a year later.", rule="closure_length", field="ends_at")
    whole = nurses is None and rooms is None
    nurse_ids = [nurse.pk for nurse in (User.objects.nurses() if whole else nurses or ())]
    room_ids = [room.pk for room in (Room.objects.filter(is_active=True) if whole else rooms or ())]
    period, at = period_of(starts_at, ends_at - starts_at), now or timezone.now()
    unsaved = Closure(
        title=title.strip(),
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        whole_clinic=whole,
        created_by=by,
        created_at=at,
    )
    try:
        return with_retries(lambda: _write_closure(unsaved, period, nurse_ids, room_ids, accepted, by, at))
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        text = "Something was booked in that time at this moment. Nothing was closed; please send it again."
        raise Refused(text, rule="taken") from error


@transaction.atomic
def _write_closure(
    closure: Closure,
    period: Period,
    nurse_ids: list[int],
    room_ids: list[int],
    accepted: Collection[UUID] | None,
    by: User,
    now: datetime,
) -> Closure:
    lock_resources(nurse_ids, room_ids)
    closure.pk = None
    closure.save(force_insert=True)
    whose = _resources(nurse_ids, room_ids)
    if accepted is None:
        _refuse_what_is_booked(period, nurse_ids, room_ids, by=by, now=now)
    with_consequences(
        lambda: _write_entries(closure, whose, by=by, now=now),
        visits_meeting(period, nurse_ids, room_ids),
        accepted=accepted or (),
        by=by,
        now=now,
    )
    audit.record(
        "closure made",
        by=by,
        subject=closure,
        starts_at=period.starts_at.isoformat(),
        ends_at=period.ends_at.isoformat(),
        nurses=nurse_ids,
        rooms=room_ids,
    )
    return closure


def given_up_for(closures: Collection[Closure]) -> dict[int, list[WaitListOffer]]:
    """By closure: the times kept for people of the wait list that were given up when it was made, by start. One query.

    Of those who wait still: who was told of such a time has to be called.
    """
    made = {closure.created_at for closure in closures}
    ended = WaitListOffer.objects.filter(
        answer=_TAKEN_BACK,
        answered_at__in=made,
        waiting__ended_at__isnull=True,
    )
    offers = list(ended.select_related("waiting__patient").order_by("starts_at", "pk"))
    return {closure.pk: [offer for offer in offers if _was_given_up(offer, closure)] for closure in closures}


def _was_given_up(offer: WaitListOffer, closure: Closure) -> bool:
    # None in a closure that is older than these columns: it had no entries and ended nothing.
    if closure.starts_at is None or closure.ends_at is None or offer.answered_at != closure.created_at:
        return False
    return closure.starts_at - LONGEST_ENTRY < offer.starts_at < closure.ends_at


def cover(*, nurse_ids: Collection[int] = (), room_ids: Collection[int] = (), by: User, now: datetime) -> None:
    """Close the closures of the whole clinic for nurses and rooms that came after them, around what is booked.

    Inside the caller's transaction, after it has locked them.
    """
    coming = Closure.objects.filter(whole_clinic=True, ended_at__isnull=True, ends_at__gt=now)
    for closure in coming.order_by("starts_at"):
        known = {
            resource
            for nurse_id, room_id in closure.entries.values_list("nurse_id", "room_id")
            for resource in (("nurse_id", nurse_id), ("room_id", room_id))
        }
        whose = [resource for resource in _resources(nurse_ids, room_ids) if resource not in known]
        if whose:
            _write_entries(closure, whose, by=by, now=now)


def _resources(nurse_ids: Iterable[int], room_ids: Iterable[int]) -> list[Resource]:
    return [*(("nurse_id", id) for id in nurse_ids), *(("room_id", id) for id in room_ids)]


def _write_entries(closure: Closure, whose: Sequence[Resource], *, by: User, now: datetime) -> None:
    """The closure for these: active entries around what is booked, and entries that are not active in its time."""
    assert closure.starts_at is not None
    assert closure.ends_at is not None
    period = Period(closure.starts_at, closure.ends_at)
    ids = {name: [id for whom, id in whose if whom == name] for name in ("nurse_id", "room_id")}
    taken_already = _taken_already(period, ids["nurse_id"], ids["room_id"], by=by, now=now)
    kind = CalendarEntry.Kind.CLOSURE if ids["room_id"] or closure.whole_clinic else CalendarEntry.Kind.TIME_OFF
    days = _by_day(period)
    CalendarEntry.objects.bulk_create(
        CalendarEntry(kind=kind, closure=closure, starts_at=p.starts_at, ends_at=p.ends_at, active=active, **{whom: id})
        for whom, id in whose
        for piece in days
        for active, parts in _around(piece, meeting(taken_already.get((whom, id), []), piece))
        for p in parts
    )


def _around(part: Period, others: Sequence[Period]) -> list[tuple[bool, list[Period]]]:
    """What of the part is closed at once, and the gaps in it that visits or other closures keep for now."""
    free = without([part], others)
    return [(True, free), (False, without([part], free))]


def _by_day(period: Period) -> list[Period]:
    """The period, cut at the clinic's midnights."""
    zone = Clinic.current().zone
    days = (
        day_period(day, zone)
        for day in days_between(*(local_date(at, zone) for at in (period.starts_at, period.ends_at)))
    )
    return [
        Period(max(day.starts_at, period.starts_at), min(day.ends_at, period.ends_at))
        for day in days
        if day.meets(period)
    ]


def _refuse_what_is_booked(
    period: Period, nurse_ids: Iterable[int], room_ids: Iterable[int], *, by: User, now: datetime
) -> None:
    entries = _entries_of(period, nurse_ids, room_ids)
    own = Q(held_by=by, patient__isnull=True)  # a time kept for a patient stands in the way like a visit
    entries.filter(Q(hold_expires_at__lte=now) | own, kind=CalendarEntry.Kind.HOLD).delete()
    in_the_way = list(entries.exclude(kind__in=CalendarEntry.SHUT).select_related("nurse").order_by("starts_at"))
    if in_the_way:
        raise Refused(_visits_in_the_way(in_the_way), rule="visits", field="starts_at")


def _entries_of(period: Period, nurse_ids: Iterable[int], room_ids: Iterable[int]) -> QuerySet[CalendarEntry]:
    entries = entries_meeting(period.starts_at, period.ends_at)
    return entries.filter(Q(nurse__in=nurse_ids) | Q(room__in=room_ids))


def _taken_already(
    period: Period, nurse_ids: Iterable[int], room_ids: Iterable[int], *, by: User, now: datetime
) -> dict[Resource, list[Period]]:
    """What is closed or booked for whom, after giving up what was only kept for somebody."""
    entries = _entries_of(period, nurse_ids, room_ids)
    held = list(entries.filter(kind=CalendarEntry.Kind.HOLD).values_list("pk", flat=True))
    if held:
        living = WaitListOffer.objects.filter(hold__in=held, answer="", expires_at__gt=now)
        for offer in living.select_related("waiting__patient"):
            if WaitListOffer.objects.filter(pk=offer.pk, answer="").update(answer=_TAKEN_BACK, answered_at=now):
                audit.record("offer taken back", by=by, subject=offer, patient=offer.waiting.patient)
        CalendarEntry.objects.filter(pk__in=held).delete()
    return by_resource(entries)


def _visits_in_the_way(entries: list[CalendarEntry]) -> str:
    zone = Clinic.current().zone
    shown = [f"{time_words(entry.starts_at, zone)} with {entry.nurse}" for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        shown.append(f"{len(entries) - _SHOWN} more")
    what = "A visit is" if len(entries) == 1 else f"{len(entries)} visits are"
    return f"{what} booked in that time: {list_words(shown)}. Move or cancel first; nothing was closed."


def reopen(*, closure: Closure, by: User, now: datetime | None = None) -> int:
    """End a closure: its time is free again. Returns how many entries were released; the rows stay for the record.

    Tasks of visits that fit again are closed. Ending it again changes nothing.
    """
    return with_retries(lambda: _write_reopening(closure, by, now or timezone.now()))


@transaction.atomic
def _write_reopening(closure: Closure, by: User, now: datetime) -> int:
    whose = closure.entries.values_list("nurse_id", "room_id")
    nurse_ids, room_ids = ({pair[place] for pair in whose if pair[place]} for place in (0, 1))
    lock_resources(nurse_ids, room_ids)
    if Closure.objects.filter(pk=closure.pk, ended_at__isnull=False).exists():
        return 0
    released = 0

    def end() -> None:
        nonlocal released
        Closure.objects.filter(pk=closure.pk).update(ended_at=now, ended_by=by)
        places = [place_of(entry) for entry in CalendarEntry.objects.filter(closure=closure, active=True)]
        released = CalendarEntry.objects.filter(closure=closure, active=True).update(active=False)
        # What another closure closes as well stays closed, by that one now.
        close_gaps(places)

    if closure.starts_at and closure.ends_at:
        visits = visits_meeting(Period(closure.starts_at, closure.ends_at), nurse_ids, room_ids)
        with_consequences(end, visits, accepted=(), by=by, now=now)
    else:
        end()
    audit.record("closure ended", by=by, subject=closure)
    return released


def hold(
    *,
    service: Service,
    starts_at: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    patient: Patient | None = None,
    by: User,
    minutes: int = HOLD_MINUTES,
    length: timedelta | None = None,
    now: datetime | None = None,
) -> CalendarEntry:
    """Keep a time free for a few minutes while somebody asks the patient; it ends by itself, without any job.

    A hold for a patient gives way to a booking of that patient alone, any other to a booking by the same person;
    everybody else is told that the time is taken. `length` replaces the service's, for a visit that would move.
    """
    wish = Wish(
        clinic=Clinic.current(),
        service=service,
        period=period_of(starts_at, length or service.length),
        by=by,
        now=now or timezone.now(),
        nurse=nurse,
        room=room,
        patient=patient,
    )
    candidates = candidates_for(wish)
    expires_at = wish.now + timedelta(minutes=minutes)
    try:
        return with_retries(lambda: _write_hold(wish, candidates, expires_at))
    except Conflict as conflict:
        raise taken(wish, conflict) from conflict


@transaction.atomic
def _write_hold(wish: Wish, candidates: list[Candidate], expires_at: datetime) -> CalendarEntry:
    entry = CalendarEntry(
        kind=CalendarEntry.Kind.HOLD,
        patient=wish.patient,
        starts_at=wish.period.starts_at,
        ends_at=wish.period.ends_at,
        held_by=wish.by,
        hold_expires_at=expires_at,
    )
    take(entry, candidates, by=wish.by, now=wish.now)
    audit.record("slot held", by=wish.by, subject=entry, patient=wish.patient, until=expires_at.isoformat())
    return entry


@transaction.atomic
def release_hold(*, hold: CalendarEntry, by: User) -> None:
    """Give a held time back before it ends by itself; nothing happens when it is gone already."""
    if CalendarEntry.objects.filter(pk=hold.pk, kind=CalendarEntry.Kind.HOLD, active=True).update(active=False):
        audit.record("slot released", by=by, subject=hold, patient=hold.patient)
