"""What takes time without a patient: closures of the clinic, time off of a nurse, and holds of a few minutes.

All of them are calendar entries, so that one rule of the database decides every race with a booking.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.zones import local_date
from sessions_app.availability import Period, day_period, days_between, without
from sessions_app.bookable import Wish, candidates_for, check_texts, period_of
from sessions_app.capacity import entries_meeting
from sessions_app.entries import Candidate, Conflict, is_overlap, lock_resources, take
from sessions_app.models import CalendarEntry, Closure, Service
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries
from sessions_app.taken import taken
from sessions_app.wording import list_words, time_words

HOLD_MINUTES = 5
LONGEST_CLOSURE = timedelta(days=366)
_SHOWN = 3
_CLOSED = (CalendarEntry.Kind.CLOSURE, CalendarEntry.Kind.TIME_OFF)


def close(
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    nurses: Sequence[User] | None = None,
    rooms: Sequence[Room] | None = None,
    by: User,
    now: datetime | None = None,
) -> Closure:
    """Close the whole clinic (neither nurses nor rooms named), or some nurses or rooms; one entry for each and day.

    `Refused` when visits are booked in that time. What is closed already stays closed by its own closure.
    """
    check_texts(title=(title, 80))
    if not title.strip():
        raise Refused("Say what it is, for example Public holiday.", rule="title", field="title")
    if not timedelta(0) < ends_at - starts_at <= LONGEST_CLOSURE:
        raise Refused("The end comes after the start, at most a year later.", rule="closure_length", field="ends_at")
    whole = nurses is None and rooms is None
    nurse_ids = [nurse.pk for nurse in (User.objects.nurses() if whole else nurses or ())]
    room_ids = [room.pk for room in (Room.objects.filter(is_active=True) if whole else rooms or ())]
    kind = CalendarEntry.Kind.CLOSURE if room_ids else CalendarEntry.Kind.TIME_OFF
    period = period_of(starts_at, ends_at - starts_at)
    unsaved = Closure(title=title.strip(), created_by=by)
    try:
        return with_retries(
            lambda: _write_closure(unsaved, kind, period, nurse_ids, room_ids, by, now or timezone.now())
        )
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        text = "Something was booked in that time at this moment. Nothing was closed; please send it again."
        raise Refused(text, rule="taken") from error


@transaction.atomic
def _write_closure(
    closure: Closure,
    kind: CalendarEntry.Kind,
    period: Period,
    nurse_ids: list[int],
    room_ids: list[int],
    by: User,
    now: datetime,
) -> Closure:
    lock_resources(nurse_ids, room_ids)
    closed = _closed_already(period, nurse_ids, room_ids, by=by, now=now)
    closure.pk = None
    closure.save(force_insert=True)
    CalendarEntry.objects.bulk_create(
        CalendarEntry(kind=kind, closure=closure, starts_at=part.starts_at, ends_at=part.ends_at, **{whom: id})
        for whom, ids in (("nurse_id", nurse_ids), ("room_id", room_ids))
        for id in ids
        for piece in _by_day(period)
        for part in without([piece], closed.get((whom, id), []))
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


def _closed_already(
    period: Period, nurse_ids: Iterable[int], room_ids: Iterable[int], *, by: User, now: datetime
) -> dict[tuple[str, int], list[Period]]:
    """Which parts are closed for whom; `Refused` when a visit is booked in the period."""
    entries = entries_meeting(period.starts_at, period.ends_at).filter(Q(nurse__in=nurse_ids) | Q(room__in=room_ids))
    own = Q(held_by=by, patient__isnull=True)  # a time kept for a patient stands in the way like a visit
    entries.filter(Q(hold_expires_at__lte=now) | own, kind=CalendarEntry.Kind.HOLD).delete()
    closed: dict[tuple[str, int], list[Period]] = {}
    in_the_way = []
    for entry in entries.select_related("nurse").order_by("starts_at"):
        if entry.kind not in _CLOSED:
            in_the_way.append(entry)
        for whom, id in (("nurse_id", entry.nurse_id), ("room_id", entry.room_id)):
            if id is not None:
                closed.setdefault((whom, id), []).append(Period(entry.starts_at, entry.ends_at))
    if in_the_way:
        raise Refused(_visits_in_the_way(in_the_way), rule="visits", field="starts_at")
    return closed


def _visits_in_the_way(entries: list[CalendarEntry]) -> str:
    zone = Clinic.current().zone
    shown = [f"{time_words(entry.starts_at, zone)} with {entry.nurse}" for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        shown.append(f"{len(entries) - _SHOWN} more")
    what = "A visit is" if len(entries) == 1 else f"{len(entries)} visits are"
    return f"{what} booked in that time: {list_words(shown)}. Move or cancel first; nothing was closed."


@transaction.atomic
def reopen(*, closure: Closure, by: User) -> int:
    """End a closure: its time is free again. Returns how many entries were released; the rows stay for the record."""
    released = CalendarEntry.objects.filter(closure=closure, active=True).update(active=False)
    if released:
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
