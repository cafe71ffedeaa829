"""The calendar's rows. Nothing outside of booking (its verbs, its courses, its undo) and closures calls this.

Who may have a moment is decided by the database alone (`sessions_app.rules`). What is read here beforehand only finds
a free candidate sooner, and on PostgreSQL the locks only keep two writers from waiting for each other.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from clinic.models import User
from clinic.prepared import Prepared
from sessions_app.capacity import entries_meeting_blanks, meeting
from sessions_app.models import CalendarEntry, WaitListOffer

Candidate = tuple[int, int]
"""Ids of a nurse and a room."""

_OVERLAP = "sessions_app_calendarentry_"
# Places of the advisory locks, so that nurse 7 and room 7 are two keys.
_NURSE, _ROOM, _PATIENT = (number << 48 for number in (1, 2, 3))


class Row(NamedTuple):
    """What stands in the way."""

    id: int
    kind: str
    nurse_id: int | None
    room_id: int | None
    patient_id: int | None
    starts_at: datetime
    hold_expires_at: datetime | None
    held_by_id: int | None
    overbook_reason: str

    @property
    def may_be_beside(self) -> bool:
        """A visit that nobody else was put beside yet."""
        return self.kind == CalendarEntry.Kind.APPOINTMENT and not self.overbook_reason

    def shares_a_lane_with(self, entry: CalendarEntry) -> bool:
        """What the rule of the database refuses: see `sessions_app.rules`. A patient is in one place in any lane."""
        if self.kind in CalendarEntry.SHUT or (self.patient_id is not None and self.patient_id == entry.patient_id):
            return True
        return bool(self.overbook_reason) == bool(entry.overbook_reason)


class Conflict(Exception):
    """No candidate is free. Raised inside the transaction, so that all of it is undone."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        super().__init__("the time is taken")
        self.rows = rows

    @property
    def is_closed(self) -> bool:
        """Whether a closure or time off stands in the way."""
        return any(row.kind in CalendarEntry.SHUT for row in self.rows)


def take(
    entry: CalendarEntry,
    candidates: Sequence[Candidate],
    *,
    by: User,
    now: datetime,
    also_lock: Iterable[int] = (),
    overbook_reason: str = "",
    careful: bool = False,
) -> None:
    """Save `entry` (new, or moved) with the first of the candidates that is free; `Conflict` when none is.

    Free is where nobody stands, overbooked or not: nobody is put beside somebody silently. With `overbook_reason` a
    taken time is shared: beside one other visit, never a closure, a hold or a second overbooked visit. `careful` keeps
    the surrounding transaction usable when the database itself refuses.

    Holds in the wanted time that are over, that keep it for this very patient, or that this person put there for nobody
    in particular are removed first. A time that is kept for somebody else stays theirs, whoever asks.
    """
    in_the_way = _read_what_is_in_the_way(entry, candidates, by=by, now=now, also_lock=also_lock)
    free = _free(candidates, in_the_way, entry.patient_id)
    if _took(entry, free, overbook_reason="", careful=careful or bool(overbook_reason)):
        return
    if overbook_reason:
        closed = [row for row in in_the_way if not row.may_be_beside or row.patient_id == entry.patient_id]
        shared = _free(candidates, closed, entry.patient_id)
        shared.sort(key=lambda candidate: _number_taken(candidate, in_the_way))
        if _took(entry, shared, overbook_reason=overbook_reason, careful=careful):
            return
    raise Conflict(in_the_way)


def take_back(
    entry: CalendarEntry, *, by: User, now: datetime, also_lock: Iterable[int] = (), careful: bool = False
) -> None:
    """Save an entry that returns to a time it had, in the lane it had; `Conflict` when that is gone.

    Somebody who was overbooked beside it in the meantime is no obstacle.
    """
    assert entry.nurse_id is not None
    assert entry.room_id is not None
    candidates = [(entry.nurse_id, entry.room_id)]
    in_the_way = [
        row
        for row in _read_what_is_in_the_way(entry, candidates, by=by, now=now, also_lock=also_lock)
        if row.shares_a_lane_with(entry)
    ]
    free = _free(candidates, in_the_way, entry.patient_id)
    if not _took(entry, free, overbook_reason=entry.overbook_reason, careful=careful):
        raise Conflict(in_the_way)


def _read_what_is_in_the_way(
    entry: CalendarEntry, candidates: Sequence[Candidate], *, by: User, now: datetime, also_lock: Iterable[int]
) -> list[Row]:
    nurses, rooms = ({candidate[place] for candidate in candidates} for place in (0, 1))
    _lock(nurses, rooms, entry.patient_id, also_lock)
    return _rows_in_the_way(entry, nurses, rooms, by=by, now=now)


def _free(candidates: Sequence[Candidate], in_the_way: Sequence[Row], patient_id: int | None) -> list[Candidate]:
    if patient_id is not None and any(row.patient_id == patient_id for row in in_the_way):
        return []
    return [candidate for candidate in candidates if not _number_taken(candidate, in_the_way)]


def _number_taken(candidate: Candidate, in_the_way: Sequence[Row]) -> int:
    """How many of the candidate's two, nurse and room, are taken."""
    nurse, room = candidate
    return any(row.nurse_id == nurse for row in in_the_way) + any(row.room_id == room for row in in_the_way)


def _took(entry: CalendarEntry, free: Sequence[Candidate], *, overbook_reason: str, careful: bool) -> bool:
    """Whether the database let the entry in with one of the candidates, in their order."""
    entry.overbook_reason = overbook_reason
    for nurse, room in free:
        entry.nurse_id, entry.room_id = nurse, room
        if _saved(entry, savepoint=careful or len(free) > 1):
            return True
    return False


def _saved(entry: CalendarEntry, *, savepoint: bool) -> bool:
    """Whether the database let the entry in. Without a savepoint a refusal spoils the transaction, which then ends."""
    try:
        with transaction.atomic(savepoint=savepoint):
            entry.save()
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        return False
    return True


def is_overlap(error: IntegrityError) -> bool:
    """Whether it was the rule against two entries at one moment that refused."""
    text = str(error)
    return _OVERLAP in text and "_overlap" in text


def lock_keys_of(entry: CalendarEntry) -> list[int]:
    """The lock keys of what an entry takes now, for `also_lock` of the change that moves it away."""
    return _keys({entry.nurse_id}, {entry.room_id}, entry.patient_id)


def lock_candidates(candidates: Iterable[Candidate], patient_id: int | None) -> None:
    """Queue for everything that several entries of one transaction may take, so that two such never deadlock."""
    nurses, rooms = zip(*candidates, strict=True)
    _lock(nurses, rooms, patient_id, ())


def lock_resources(nurse_ids: Iterable[int], room_ids: Iterable[int]) -> None:
    """Queue for these nurses and rooms before writing several entries at once."""
    _lock(nurse_ids, room_ids, None, ())


def _keys(nurse_ids: Iterable[int | None], room_ids: Iterable[int | None], patient_id: int | None) -> list[int]:
    places = ((_NURSE, nurse_ids), (_ROOM, room_ids), (_PATIENT, [patient_id]))
    return [place + id for place, ids in places for id in ids if id is not None]


def _lock(
    nurse_ids: Iterable[int | None], room_ids: Iterable[int | None], patient_id: int | None, also: Iterable[int]
) -> None:
    """Writers of the same nurse, room or patient queue in one order, instead of a deadlock that ends after a second.

    SQLite has one writer and needs none.
    """
    if connection.vendor != "postgresql":
        return
    keys = sorted({*_keys(nurse_ids, room_ids, patient_id), *also})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key", [keys])


def _rows_in_the_way(
    entry: CalendarEntry, nurse_ids: Container[int | None], room_ids: Container[int | None], *, by: User, now: datetime
) -> list[Row]:
    """What else takes these nurses, rooms or this patient in the entry's time, after lifting holds that do not count.

    The hour of the whole clinic is read and sorted out here: a few rows, and a third of the cost of asking by name.
    """
    at_that_time = _MEETING.rows(**meeting(entry.starts_at, entry.ends_at))
    rows = [
        row
        for row in map(Row._make, at_that_time)
        if row.id != entry.pk
        and (
            (row.nurse_id is not None and row.nurse_id in nurse_ids)
            or (row.room_id is not None and row.room_id in room_ids)
            or (row.patient_id is not None and row.patient_id == entry.patient_id)
        )
    ]
    lifted = [row.id for row in rows if _is_lifted(row, patient_id=entry.patient_id, by=by, now=now)]
    if lifted:
        _answer_offers([row.id for row in rows if row.id in lifted and row.patient_id is not None], now=now)
        CalendarEntry.objects.filter(pk__in=lifted).delete()
    return [row for row in rows if row.id not in lifted]


_MEETING = Prepared(lambda: entries_meeting_blanks().values_list(*Row._fields))


def _is_lifted(row: Row, *, patient_id: int | None, by: User, now: datetime) -> bool:
    """A hold that is over; one for a patient gives way to that patient alone, any other to who put it there."""
    if row.kind != CalendarEntry.Kind.HOLD or row.hold_expires_at is None:
        return False
    if row.hold_expires_at <= now:
        return True
    return row.held_by_id == by.pk if row.patient_id is None else row.patient_id == patient_id


def _answer_offers(hold_ids: Sequence[int], *, now: datetime) -> None:
    """Who books another way into the time that the wait list kept for them leaves no offer open without its time."""
    if hold_ids:
        open_offers = WaitListOffer.objects.filter(hold__in=hold_ids, answer="", expires_at__gt=now)
        open_offers.update(answer=WaitListOffer.Answer.TAKEN_BACK, answered_at=now)


def release(entry: CalendarEntry) -> None:
    """Give the time back; the row stays for the record.

    Queued like a writer who takes it: whoever closes this time at this moment sees the visit, or sees it gone.
    """
    _lock({entry.nurse_id}, {entry.room_id}, entry.patient_id, ())
    CalendarEntry.objects.filter(pk=entry.pk).update(active=False)
