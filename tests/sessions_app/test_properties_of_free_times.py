"""Free times against the slow obvious reading: every minute of the day is looked at, one by one, on the wall clock.

The reading below shares nothing with `sessions_app.availability`: no periods, no bits, no search by halves. Random
clinics in zones whose clocks change in different ways, half of them on the very day of a change. What the search
offers, what the reading finds and what booking and moving accept must be the same.
"""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.access import Role
from sessions_app import booking, slots
from sessions_app.models import CalendarEntry
from tests.makers import (
    make_clinic,
    make_dated_hours,
    make_entry,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_user,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# A zone, a day on which its clock changes, and an ordinary one. Half an hour, at midnight, a whole one, and never.
PLACES = [
    ("America/New_York", date(2027, 3, 14), date(2027, 3, 16)),
    ("America/New_York", date(2027, 11, 7), date(2027, 11, 9)),
    ("Europe/London", date(2027, 10, 31), date(2027, 12, 31)),
    ("Australia/Adelaide", date(2027, 10, 3), date(2028, 2, 29)),
    ("Australia/Lord_Howe", date(2027, 4, 4), date(2028, 1, 1)),
    ("Australia/Lord_Howe", date(2027, 10, 3), date(2027, 10, 4)),
    ("Africa/Casablanca", date(2027, 3, 14), date(2027, 3, 15)),
    ("Africa/Cairo", date(2027, 4, 30), date(2027, 5, 1)),
    ("America/Havana", date(2027, 11, 7), date(2027, 11, 8)),
    ("Asia/Kolkata", date(2027, 3, 14), date(2028, 2, 29)),
]
# Often in the small hours, in which clocks change.
quarters = st.one_of(st.integers(min_value=0, max_value=14), st.integers(min_value=0, max_value=95))
stretches = st.lists(st.tuples(quarters, quarters).map(sorted).filter(lambda p: p[0] < p[1]), max_size=2)
# Who has it (nurse, room, patient), from which quarter of the day, for how many minutes, and as what.
entries = st.lists(
    st.tuples(
        st.sampled_from([(0, None, None), (1, None, None), (None, 0, None), (None, 1, None), (0, 1, 0), (1, 0, 1)]),
        quarters,
        st.sampled_from([5, 15, 40, 90, 300]),
        st.sampled_from(["closure", "hold", "hold that is over", "released"]),
    ),
    max_size=6,
)


def wall(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def minutes_of(day, zone):
    """Every minute at which the clock of the zone shows this date, in the order in which they come."""
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    around = (noon + MINUTE * number for number in range(-15 * 60, 16 * 60))
    return [instant for instant in around if wall(instant, zone).date() == day]


def open_minutes(minutes, rows, zone):
    """From the first minute that shows the beginning, or later, to the last one before the end is shown for good."""
    shown = [(instant, wall(instant, zone).time()) for instant in minutes]
    found = set()
    for starts, ends in rows:
        begun = next((instant for instant, clock in shown if clock >= starts), None)
        at_the_end = [instant for instant, clock in shown if clock == ends]
        over = at_the_end[-1] if at_the_end else max((i for i, c in shown if c < ends), default=minutes[0]) + MINUTE
        if begun is not None:
            found |= {instant for instant in minutes if begun <= instant < over}
    return found


def clock(quarter):
    return time(quarter // 4, quarter % 4 * 15)


@st.composite
def clinics(draw):
    zone, *days = draw(st.sampled_from(PLACES))
    return {
        "zone": zone,
        "day": draw(st.sampled_from(days)),
        "grid": draw(st.sampled_from([5, 15, 30, 60])),
        "hours": [draw(stretches), draw(stretches)],
        "dated": draw(st.one_of(st.none(), stretches)),
        "entries": draw(entries),
        "length": draw(st.sampled_from([10, 45, 60, 120])),
        "notice": draw(st.sampled_from([0, 90])),
        "only_nurse": draw(st.sampled_from([None, 0, 1])),
        "only_room": draw(st.sampled_from([None, 0, 1])),
        "wished": draw(st.sampled_from([(None, None), (0, None), (None, 1), (1, 0)])),
        "now": draw(st.integers(min_value=-48, max_value=48)),
    }


class Clinic:
    """A drawn clinic in the database, and the slow reading of it."""

    def __init__(self, drawn):
        self.zone = ZoneInfo(drawn["zone"])
        self.day, self.grid, self.length = drawn["day"], drawn["grid"], timedelta(minutes=drawn["length"])
        make_clinic(time_zone=drawn["zone"], grid_minutes=drawn["grid"], booking_horizon_days=400)
        self.minutes = minutes_of(self.day, self.zone)
        self.now = self.minutes[0] + timedelta(minutes=15) * drawn["now"]
        self.earliest = self.now + timedelta(minutes=drawn["notice"])
        self.nurses = [make_user(name=f"Nurse {name}") for name in "AB"]
        self.rooms = [make_room(name=f"Room {name}") for name in "AB"]
        self.patients = [make_patient(time_zone=drawn["zone"]) for _ in range(2)]
        self.desk, self.other = make_user(Role.FRONT_DESK), make_user(Role.FRONT_DESK)
        only_nurses = [] if drawn["only_nurse"] is None else [self.nurses[drawn["only_nurse"]]]
        only_rooms = [] if drawn["only_room"] is None else [self.rooms[drawn["only_room"]]]
        self.service = make_service(
            "review", chair_minutes=drawn["length"], walk_minutes=0, buffer_minutes=0,
            minimum_notice_minutes=drawn["notice"], nurses=only_nurses, rooms=only_rooms,
        )  # fmt: skip
        wished_nurse, wished_room = drawn["wished"]
        self.wish = {
            "nurse": None if wished_nurse is None else self.nurses[wished_nurse],
            "room": None if wished_room is None else self.rooms[wished_room],
        }
        self.givers = [each for each in only_nurses or self.nurses if self.wish["nurse"] in (None, each)]
        self.usable = [each for each in only_rooms or self.rooms if self.wish["room"] in (None, each)]
        self.open = {nurse: self.hours_of(nurse, drawn) for nurse in self.nurses}
        self.taken = {each: set() for each in (*self.nurses, *self.rooms, *self.patients)}
        self.placed = []
        for whose, first, minutes, kind in drawn["entries"]:
            self.put(whose, self.minutes[0] + timedelta(minutes=15) * first, minutes, kind)

    def hours_of(self, nurse, drawn):
        weekly = [(clock(first), clock(last)) for first, last in drawn["hours"][self.nurses.index(nurse)]]
        for starts, ends in weekly:
            make_hours(nurse, weekdays=[self.day.weekday()], starts=f"{starts}", ends=f"{ends}")
        if drawn["dated"] is None or nurse is not self.nurses[0]:
            return open_minutes(self.minutes, weekly, self.zone)
        dated = list({first: (clock(first), clock(last)) for first, last in drawn["dated"]}.values())
        for starts, ends in dated:
            make_dated_hours(nurse, self.day, f"{starts}", f"{ends}")
        return open_minutes(self.minutes, dated or weekly, self.zone)

    def put(self, whose, starts_at, length, kind):
        """An entry, unless it meets an earlier one of this draw; those that take no time are written all the same."""
        who = [row[number] for row, number in zip(self.columns(), whose, strict=True) if number is not None]
        minutes = {starts_at + MINUTE * number for number in range(length)}
        counts = kind in ("closure", "hold")
        if any(minutes & self.taken[each] for each in who) or (kind != "released" and self.meets_dead(who, minutes)):
            return
        facts = {"kind": "closure"}
        if kind.startswith("hold"):
            over = timedelta(minutes=3) if kind == "hold" else timedelta(0)
            facts = {"kind": "hold", "held_by": self.other, "hold_expires_at": self.now + over}
        nurse, room, patient = (
            None if number is None else row[number] for row, number in zip(self.columns(), whose, strict=True)
        )
        make_entry(
            nurse=nurse, room=room, patient=patient, starts_at=starts_at, ends_at=starts_at + MINUTE * length,
            active=kind != "released", **facts,
        )  # fmt: skip
        for each in who if counts else ():
            self.taken[each] |= minutes
        if counts and nurse and room and starts_at in self.minutes:
            self.placed.append((nurse, room, starts_at))

    def columns(self):
        return self.nurses, self.rooms, self.patients

    def meets_dead(self, who, minutes):
        """Holds that are over still stand in the table, and its rule knows no clock."""
        first, last = min(minutes), max(minutes) + MINUTE
        there = CalendarEntry.objects.filter(active=True, starts_at__lt=last, ends_at__gt=first)
        return any(each in (row.nurse, row.room, row.patient) for row in there for each in who)

    def found(self):
        """(start, nurse, room) of what is free, in the order in which it is offered."""
        answer = []
        for start in self.minutes:
            clock_shown = wall(start, self.zone)
            if (clock_shown.hour * 60 + clock_shown.minute) % self.grid or start < self.earliest:
                continue
            visit = {start + MINUTE * number for number in range(self.length // MINUTE)}
            for nurse in self.givers:
                room = next((room for room in self.rooms_for(nurse) if not visit & self.taken[room]), None)
                is_free = not visit & self.taken[nurse] and not visit & self.taken[self.patients[0]]
                if room and is_free and visit <= self.open[nurse]:
                    answer.append((start, nurse.pk, room.pk))
        return answer

    def own_room(self, nurse):
        """Where most of her day is, of equals where it begins; None where nothing of hers is in a room."""
        there = {}
        for who, room, start in self.placed:
            if who == nurse:
                there.setdefault(room, []).append(start)
        return min(there, key=lambda room: (-len(there[room]), min(there[room])), default=None)

    def rooms_for(self, nurse):
        """Her room of the day first, a colleague's last."""
        mine, others = self.own_room(nurse), [self.own_room(each) for each in self.nurses if each != nurse]
        return sorted(self.usable, key=lambda room: (room != mine, room in others))

    def accepts(self, act):
        """Whether an action is accepted; it is taken back."""
        undo = transaction.savepoint()
        try:
            act()
        except booking.Refused:
            return False
        finally:
            transaction.savepoint_rollback(undo)
        return True

    def book(self, start):
        return booking.book(
            patient=self.patients[0], service=self.service, starts_at=start, request_key=uuid.uuid4(), by=self.desk,
            now=self.now, **self.wish,
        )  # fmt: skip


class FreeTimes(TestCase):
    @settings(max_examples=60)
    @given(clinics())
    def test_the_search_offers_exactly_what_the_slow_reading_finds(self, drawn):
        clinic = Clinic(drawn)

        offered = slots.find_slots(
            service=clinic.service, first_date=clinic.day, last_date=clinic.day, patient=clinic.patients[0],
            now=clinic.now, **clinic.wish,
        )  # fmt: skip

        assert [(slot.starts_at, slot.nurse_id, slot.room_id) for slot in offered] == clinic.found()

    @settings(max_examples=25)
    @given(clinics(), st.data())
    def test_booking_accepts_exactly_what_the_slow_reading_finds(self, drawn, data):
        clinic = Clinic(drawn)
        free = sorted({start for start, _, _ in clinic.found()})
        # Half of them from what is free, its edges too; half of them any five minutes of the day.
        any_start = st.integers(min_value=0, max_value=len(clinic.minutes) // 5 - 1).map(
            lambda number: clinic.minutes[0] + timedelta(minutes=5) * number
        )
        tried = data.draw(st.lists(any_start, max_size=8))
        tried += data.draw(st.lists(st.sampled_from(free), max_size=6)) + free[:1] + free[-1:] if free else []
        tried += [start + step for start in free[:1] + free[-1:] for step in (-5 * MINUTE, 5 * MINUTE, MINUTE)]

        for start in tried:
            assert clinic.accepts(lambda start=start: clinic.book(start)) == (start in free), start

    @settings(max_examples=25)
    @given(clinics(), st.data())
    def test_a_visit_may_move_to_what_is_free_and_into_its_own_time(self, drawn, data):
        clinic = Clinic(drawn)
        free = clinic.found()
        if not free:
            return
        visit = clinic.book(data.draw(st.sampled_from(free))[0])
        # Nobody's wish any more; what the visit itself takes is free for it.
        clinic.wish = {"nurse": visit.entry.nurse, "room": visit.entry.room}
        clinic.givers, clinic.usable = [visit.entry.nurse], [visit.entry.room]
        may_move_to = {start for start, _, _ in clinic.found()}
        assert visit.starts_at in may_move_to

        for start in data.draw(st.lists(st.sampled_from(clinic.minutes[::5]), max_size=8)) + sorted(may_move_to)[:2]:
            wish = {"appointment": visit, "version": 1, "starts_at": start, "by": clinic.desk, "now": clinic.now}
            assert clinic.accepts(lambda wish=wish: booking.move(**wish, **clinic.wish)) == (start in may_move_to)
