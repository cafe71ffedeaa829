"""Any sequence of bookings, moves, cancellations, holds and closures does what a list on paper would do.

The paper is the model: a list of who has which minutes. Where it says free, booking must succeed; where it says taken,
booking must refuse and leave everything as it was. Now and then an answer is lost and the form is sent again.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from clinic.access import Role
from sessions_app import booking
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry
from tests.makers import at, make_clinic, make_hours, make_patient, make_room, make_service, make_user

OPENS = at("2026-01-14 08:00")
GRID = timedelta(minutes=15)
places = st.integers(min_value=0, max_value=1)
people = st.integers(min_value=0, max_value=2)
starts = st.integers(min_value=0, max_value=9).map(lambda number: OPENS + GRID * number)


@dataclass(frozen=True)
class Line:
    """One line of the paper: who has `[starts, ends)`; a hold counts until its last moment."""

    nurse: object
    room: object
    patient: object
    starts: object
    ends: object
    held_by: object = None
    until: object = None

    def shares(self, other):
        return any(
            mine is not None and mine == theirs
            for mine, theirs in ((self.nurse, other.nurse), (self.room, other.room), (self.patient, other.patient))
        )

    def stands_in_the_way_of(self, other, *, by, now):
        if self.held_by is not None and (self.held_by == by or self.until <= now):
            return False
        return self.shares(other) and self.starts < other.ends and other.starts < self.ends


class Calendar(RuleBasedStateMachine):
    visits = Bundle("visits")

    def __init__(self):
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        make_clinic()
        self.now = at("2026-01-13 07:00")
        self.nurses, self.rooms = [make_user() for _ in range(2)], [make_room() for _ in range(2)]
        for nurse in self.nurses:
            make_hours(nurse)
        self.patients = [make_patient(email_allowed=True) for _ in range(3)]
        self.desks = [make_user(Role.FRONT_DESK) for _ in range(2)]
        self.service = make_service(kind="review", chair_minutes=30, walk_minutes=5, buffer_minutes=5)
        self.paper = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    def line(self, start, nurse, room, patient):
        return Line(self.nurses[nurse], self.rooms[room], patient, start, start + self.service.length)

    def keys_in_the_way(self, line, by, but=None):
        return [
            key
            for key, other in self.paper.items()
            if key != but and other.stands_in_the_way_of(line, by=by, now=self.now)
        ]

    def is_free(self, line, by, but=None):
        return not self.keys_in_the_way(line, by, but)

    def lift_holds(self, line, by):
        for key, other in list(self.paper.items()):
            meets = other.shares(line) and other.starts < line.ends and line.starts < other.ends
            if meets and other.held_by is not None and (other.held_by == by or other.until <= self.now):
                del self.paper[key]

    @rule(
        target=visits, start=starts, nurse=places, room=places, patient=people, desk=places, answer_lost=st.booleans()
    )
    def book(self, start, nurse, room, patient, desk, answer_lost):
        line = self.line(start, nurse, room, self.patients[patient])
        form = {
            "patient": line.patient,
            "service": self.service,
            "starts_at": start,
            "nurse": line.nurse,
            "room": line.room,
            "request_key": uuid.uuid4(),
            "by": self.desks[desk],
            "now": self.now,
        }
        if not self.is_free(line, self.desks[desk]):
            with pytest.raises(booking.Taken):
                booking.book(**form)
            return None
        made = booking.book(**form)
        if answer_lost:
            assert booking.book(**form).pk == made.pk
        self.lift_holds(line, self.desks[desk])
        self.paper[made.pk] = line
        return made.pk

    @rule(visit=visits, start=starts, nurse=places, room=places, desk=places)
    def move(self, visit, start, nurse, room, desk):
        if visit not in self.paper:
            return
        line = self.line(start, nurse, room, self.paper[visit].patient)
        current = Appointment.objects.get(pk=visit)
        wish = {
            "appointment": current, "version": current.version, "starts_at": start, "nurse": line.nurse,
            "room": line.room, "by": self.desks[desk], "now": self.now,
        }  # fmt: skip
        if not self.is_free(line, self.desks[desk], but=visit):
            with pytest.raises(booking.Taken):
                booking.move(**wish)
            return
        assert booking.move(**wish).starts_at == start
        if line != self.paper[visit]:
            self.lift_holds(line, self.desks[desk])
            with pytest.raises(booking.Stale):
                booking.move(**{**wish, "starts_at": OPENS + 20 * GRID})
        self.paper[visit] = line

    @rule(visit=consumes(visits))
    def cancel(self, visit):
        if visit not in self.paper:
            return
        current = Appointment.objects.get(pk=visit)
        for _ in range(2):
            booking.cancel(appointment=current, version=current.version, reason="test", by=self.desks[0], now=self.now)
        del self.paper[visit]

    @rule(start=starts, nurse=places, room=places, desk=places)
    def hold(self, start, nurse, room, desk):
        line = replace(
            self.line(start, nurse, room, None), held_by=self.desks[desk], until=self.now + timedelta(minutes=5)
        )
        wish = {
            "service": self.service, "starts_at": start, "nurse": line.nurse, "room": line.room, "by": self.desks[desk],
            "now": self.now,
        }  # fmt: skip
        if not self.is_free(line, self.desks[desk]):
            with pytest.raises(booking.Taken):
                booking.hold(**wish)
            return
        self.lift_holds(line, self.desks[desk])
        self.paper[f"hold {booking.hold(**wish).pk}"] = line

    @rule(start=starts, room=places, quarters=st.integers(min_value=1, max_value=4))
    def close_a_room(self, start, room, quarters):
        line = Line(None, self.rooms[room], None, start, start + GRID * quarters)
        facts = {
            "title": "Painting",
            "starts_at": line.starts,
            "ends_at": line.ends,
            "rooms": [line.room],
            "by": self.desks[0],
            "now": self.now,
        }
        in_the_way = [key for key in self.keys_in_the_way(line, self.desks[0]) if not str(key).startswith("closure")]
        if in_the_way:
            with pytest.raises(booking.Refused):
                booking.close(**facts)
            return
        self.lift_holds(line, self.desks[0])
        closure = booking.close(**facts)
        self.paper[f"closure {closure.pk}"] = line

    @rule(minutes=st.sampled_from([1, 4, 5]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_calendar_is_what_the_paper_says(self):
        assert list(problems()) == []
        booked = {
            visit.pk: Line(
                visit.entry.nurse, visit.entry.room, visit.entry.patient, visit.entry.starts_at, visit.entry.ends_at
            )
            for visit in Appointment.objects.filter(status="booked").select_related(
                "entry__nurse", "entry__room", "entry__patient"
            )
        }
        assert booked == {key: line for key, line in self.paper.items() if isinstance(key, int)}
        holds = CalendarEntry.objects.filter(kind="hold", active=True).count()
        assert holds == sum(line.held_by is not None for line in self.paper.values())


@pytest.mark.django_db
def test_the_calendar_does_what_a_list_on_paper_would_do():
    run_state_machine_as_test(
        Calendar, settings=settings(max_examples=15, stateful_step_count=25, phases=[Phase.generate])
    )
