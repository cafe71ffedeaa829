"""Free times as values: opening hours, rooms and entries, read once as tuples and combined as integers.

A search costs two queries for any number of nurses, rooms and days. Nothing is stored or held.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, reduce
from itertools import chain, islice
from operator import or_
from typing import NamedTuple

from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period, Starts, days_between, grid_starts
from sessions_app.capacity import BusyRow, busy_rows, set_up_for
from sessions_app.models import Service
from sessions_app.rooms_of_day import Keeps, Placed, in_turn, own_rooms


class SlotKind(StrEnum):
    """Where a slot lies relative to the patient's repeat window."""

    FREE = "free"  # no window applies
    IN_WINDOW = "in_window"
    LATER = "later"
    EARLY = "early"  # a clinician may book it with a reason


class Slot(NamedTuple):
    """A free period for one nurse and one room. `ends_at` is the end in the calendar, after the room's turn-round."""

    starts_at: datetime
    ends_at: datetime
    nurse_id: int
    nurse_name: str
    room_id: int
    room_name: str
    why: str = ""
    kind: SlotKind = SlotKind.FREE


class Search:
    """What is open and free for one service between two dates of the clinic's calendar, both inclusive."""

    def __init__(
        self,
        *,
        clinic: Clinic,
        service: Service,
        first_date: date,
        last_date: date,
        now: datetime,
        nurse: User | None = None,
        room: Room | None = None,
        patient: Patient | None = None,
        length: timedelta | None = None,
        ignore_entry: int | None = None,
        keeps: Keeps | None = None,
    ) -> None:
        """`length` replaces the service's, because a visit keeps the length it was booked with.

        `ignore_entry` is the id of the entry that would be moved, which does not stand in its own way; `keeps` are its
        nurse and its room, which she is offered wherever it is free.
        """
        self.zone, self.length = clinic.zone, length or service.length
        self.service, self.patient = service, patient
        earliest = now + timedelta(minutes=service.minimum_notice_minutes)
        first_date = max(first_date, local_date(earliest, self.zone))
        last_date = min(last_date, last_bookable_date(clinic, now, service))
        there = set_up_for(service, first_date=first_date, last_date=last_date, zone=self.zone, nurse=nurse, room=room)
        self.nurses, self.rooms, self.keeps = there.nurses, there.rooms, keeps
        # A stretch of this length can still be used.
        self.shortest = min(there.shortest or service.length, service.length)
        opened = [period for each in self.nurses for period in each.opened]
        on_grid = grid_starts(opened, zone=self.zone, grid_minutes=clinic.grid_minutes)
        self.starts = Starts([start for start in on_grid if start >= earliest], self.length)
        self.busy: dict[int, list[Period]] = {each.id: [] for each in self.nurses}
        self.placed: list[Placed] = []
        self._subtract_entries(now=now, patient=patient, ignore_entry=ignore_entry)

    def _subtract_entries(self, *, now: datetime, patient: Patient | None, ignore_entry: int | None) -> None:
        starts = self.starts
        nurse_taken = {nurse.id: 0 for nurse in self.nurses}
        room_taken = {room_id: 0 for room_id, _ in self.rooms}
        patient_taken = 0
        for nurse, room, person, starts_at, ends_at in self._busy_rows(now, ignore_entry):
            bits = starts.meeting(starts_at, ends_at)
            if nurse in nurse_taken:
                nurse_taken[nurse] |= bits
                self.busy[nurse].append(Period(starts_at, ends_at))
            if room in room_taken:
                room_taken[room] |= bits
            if nurse is not None and room is not None:
                self.placed.append((starts_at, nurse, room))
            if patient is not None and person == patient.pk:
                patient_taken |= bits
        self.nurse_free = {
            nurse.id: starts.within(nurse.opened) & ~nurse_taken[nurse.id] & ~patient_taken for nurse in self.nurses
        }
        self.room_free = {room_id: starts.all & ~taken for room_id, taken in room_taken.items()}

    def _busy_rows(self, now: datetime, ignore_entry: int | None) -> Iterator[BusyRow]:
        """Of whole days: where a nurse was in the morning says in which room she is."""
        edges = self._edges
        if not edges:
            return iter(())
        until = max(edges[-1], self.starts.instants[-1] + self.length)
        return busy_rows(edges[0], until, now=now, ignore_entry=ignore_entry)

    @cached_property
    def _edges(self) -> list[datetime]:
        """The beginnings of the days on which visits can start, and the end of the last."""
        instants = self.starts.instants
        if not instants:
            return []
        first, last = (local_date(instants[number], self.zone) for number in (0, -1))
        return [start_of_day(day, self.zone) for day in days_between(first, last + timedelta(days=1))]

    @cached_property
    def _turns(self) -> dict[int, dict[tuple[int, ...], int]]:
        """By nurse: in which order the rooms are offered, and at which starts it is so."""
        turns: dict[int, dict[tuple[int, ...], int]] = {nurse.id: {} for nurse in self.nurses}
        ids, edges = [room_id for room_id, _ in self.rooms], self._edges
        by_day: list[list[Placed]] = [[] for _ in edges[1:]]
        for each in self.placed:
            number = bisect_right(edges, each[0]) - 1
            if 0 <= number < len(by_day):
                by_day[number].append(each)
        for number, placed in enumerate(by_day):
            bits, own = self.starts.from_to(edges[number], edges[number + 1]), own_rooms(placed)
            for nurse_id, found in turns.items():
                turn = in_turn(ids, nurse_id, own, self.keeps)
                found[turn] = found.get(turn, 0) | bits
        return turns

    def slots(
        self, bits: int, *, kind: SlotKind = SlotKind.FREE, why: str = "", limit: int | None = None
    ) -> list[Slot]:
        """One slot per start and nurse, in that order, each in the first free room of her turn (`rooms_of_day`)."""
        instants, length = self.starts.instants, self.length
        if limit is not None:
            bits = self._first_starts(bits, limit)
        by_start: list[list[Slot]] = [[] for _ in instants]
        for nurse in self.nurses:
            for number, room_id, room_name in self._rooms_for(nurse.id, self.nurse_free[nurse.id] & bits):
                start = instants[number]
                by_start[number].append(
                    Slot(start, start + length, nurse.id, nurse.name, room_id, room_name, why, kind)
                )
        return list(chain.from_iterable(by_start))[:limit]

    def _first_starts(self, bits: int, count: int) -> int:
        """The first `count` starts that have a slot, so that a short list is not cut from a long one."""
        some_nurse = reduce(or_, self.nurse_free.values(), 0)
        some_room = reduce(or_, self.room_free.values(), 0)
        first = list(islice(self.starts.numbers(bits & some_nurse & some_room), count))
        return bits & ((1 << (first[-1] + 1)) - 1) if first else 0

    def _rooms_for(self, nurse_id: int, bits: int) -> Iterator[tuple[int, int, str]]:
        names = dict(self.rooms)
        for turn, at in self._turns[nurse_id].items() if bits else ():
            left = bits & at
            for room_id in turn:
                if not left:
                    break
                here = left & self.room_free[room_id]
                for number in self.starts.numbers(here):
                    yield number, room_id, names[room_id]
                left &= ~here


def last_bookable_date(clinic: Clinic, now: datetime, service: Service) -> date:
    """The horizon: the last date of the clinic's calendar for which a visit of the service may be booked.

    A service may be booked less far ahead than the clinic books, never farther.
    """
    days = clinic.booking_horizon_days
    if service.booking_horizon_days is not None:
        days = min(days, service.booking_horizon_days)
    return local_date(now, clinic.zone) + timedelta(days=days)
