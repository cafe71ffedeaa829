"""Free times as values: opening hours, rooms and entries, read once as tuples and combined as integers.

A search costs two queries for any number of nurses, rooms and days. Nothing is stored or held.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, reduce
from itertools import chain, islice, pairwise
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
        self._taken: dict[int, list[tuple[datetime, datetime]]] = {each.id: [] for each in self.nurses}
        self.placed: list[Placed] = []
        self._subtract_entries(now=now, patient=patient, ignore_entry=ignore_entry)

    def _subtract_entries(self, *, now: datetime, patient: Patient | None, ignore_entry: int | None) -> None:
        starts, patient_id = self.starts, patient.pk if patient is not None else None
        nurse_taken = {nurse.id: 0 for nurse in self.nurses}
        room_taken = {room_id: 0 for room_id, _ in self.rooms}
        patient_taken = 0
        for nurse, room, person, starts_at, ends_at in self._busy_rows(now, ignore_entry):
            bits = starts.meeting(starts_at, ends_at)
            if nurse in nurse_taken:
                nurse_taken[nurse] |= bits
                self._taken[nurse].append((starts_at, ends_at))
            if room in room_taken:
                room_taken[room] |= bits
            if nurse is not None and room is not None:
                self.placed.append((starts_at, nurse, room))
            if patient_id is not None and person == patient_id:
                patient_taken |= bits
        self.nurse_free = {
            nurse.id: starts.within(nurse.opened) & ~nurse_taken[nurse.id] & ~patient_taken for nurse in self.nurses
        }
        self.room_free = {room_id: starts.all & ~taken for room_id, taken in room_taken.items()}

    @cached_property
    def busy(self) -> dict[int, list[Period]]:
        """What takes the time of each nurse."""
        return {nurse: [Period(*each) for each in taken] for nurse, taken in self._taken.items()}

    def _busy_rows(self, now: datetime, ignore_entry: int | None) -> Iterator[BusyRow]:
        """Of whole days: where a nurse was in the morning says in which room she is."""
        edges = self.edges
        if not edges:
            return iter(())
        until = max(edges[-1], self.starts.instants[-1] + self.length)
        return busy_rows(edges[0], until, now=now, ignore_entry=ignore_entry)

    @cached_property
    def edges(self) -> list[datetime]:
        """The beginnings of the days on which visits can start, and the end of the last."""
        instants = self.starts.instants
        if not instants:
            return []
        first, last = (local_date(instants[number], self.zone) for number in (0, -1))
        return [start_of_day(day, self.zone) for day in days_between(first, last + timedelta(days=1))]

    @cached_property
    def _days(self) -> list[tuple[int, dict[int, int]]]:
        """Of each day its starts, as bits, and the room of each nurse."""
        edges = self.edges
        by_day: list[list[Placed]] = [[] for _ in edges[1:]]
        for each in self.placed:
            number = bisect_right(edges, each[0]) - 1
            if 0 <= number < len(by_day):
                by_day[number].append(each)
        return [
            (self.starts.from_to(*day), own_rooms(placed)) for day, placed in zip(pairwise(edges), by_day, strict=True)
        ]

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
        """The first free room of her turn at each of the starts, day by day."""
        names = dict(self.rooms)
        for at, own in self._days if bits else ():
            left = bits & at
            for room_id in in_turn([*names], nurse_id, own, self.keeps) if left else ():
                here = left & self.room_free[room_id]
                for number in self.starts.numbers(here):
                    yield number, room_id, names[room_id]
                left &= ~here
                if not left:
                    break


def last_bookable_date(clinic: Clinic, now: datetime, service: Service) -> date:
    """The horizon: the last date of the clinic's calendar for which a visit of the service may be booked.

    A service may be booked less far ahead than the clinic books, never farther.
    """
    days = clinic.booking_horizon_days
    if service.booking_horizon_days is not None:
        days = min(days, service.booking_horizon_days)
    return local_date(now, clinic.zone) + timedelta(days=days)
