"""Any sequence of what people do to the calendar does what a list on paper would do.

Booking, moving, cancelling, taking back, overbooking, confirming, courses, kept times, the wait list's offers, closing
(around visits, too) and reopening, and time that passes. Where the paper says free, it must succeed; where it says
taken, it must be refused and everything be as it was. Now and then an answer is lost and the form is sent again.

After each step a checker that knows none of the product's code compares the entries pairwise, the entries with the
appointments, the appointments with their history, and every closed hour with what stands in it.
"""

import uuid
from datetime import timedelta
from itertools import combinations

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from clinic.access import Role
from clinic.models import AuditEvent, Delivery
from sessions_app import booking, waiting
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry, Closure, WaitListEntry, WaitListOffer
from tests.makers import at, make_clinic, make_hours, make_patient, make_room, make_service, make_user
from tests.sessions_app.paper import GRACE, Line, Paper

OPENS = at("2026-01-14 08:00")
GRID, WEEK = timedelta(minutes=15), timedelta(weeks=1)
SHUT = ("closure", "time_off")
places = st.integers(min_value=0, max_value=1)
people = st.integers(min_value=0, max_value=2)
starts = st.integers(min_value=0, max_value=9).map(lambda number: OPENS + GRID * number)
quarters = st.integers(min_value=1, max_value=8)


class Calendar(RuleBasedStateMachine):
    visits, closures, offers = Bundle("visits"), Bundle("closures"), Bundle("offers")

    def __init__(self):
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        make_clinic(change_grace_minutes=GRACE // timedelta(minutes=1), offer_minutes=10)
        self.now = at("2026-01-13 07:00")
        self.nurses, self.rooms = [make_user() for _ in range(2)], [make_room() for _ in range(2)]
        for nurse in self.nurses:
            make_hours(nurse)
        self.patients = [make_patient(email_allowed=True) for _ in range(3)]
        self.desks = [make_user(Role.FRONT_DESK) for _ in range(2)]
        self.boss = make_user({Role.FRONT_DESK, Role.CLINICIAN})
        # A treatment; nobody has had one, so that the repeat window binds the visits of a course alone.
        self.service = make_service(chair_minutes=30, walk_minutes=5, buffer_minutes=5)
        self.paper = Paper()
        # The wait that ended with the last change of a visit, and the waits that go on because that was taken back.
        self.said_yes, self.wait_again = {}, set()

    def teardown(self):
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    def line(self, start, nurse, room, patient, **facts):
        return Line(self.nurses[nurse], self.rooms[room], patient, start, start + self.service.length, **facts)

    def visit(self, key):
        return Appointment.objects.get(pk=key)

    def gap_under(self, line):
        """Whether a closure was written around the very visit that this line would stand beside."""
        gaps = CalendarEntry.objects.filter(
            kind__in=SHUT, active=False, closure__ended_at=None, starts_at__lt=line.ends, ends_at__gt=line.starts
        )
        return any(gap.nurse == line.nurse or gap.room == line.room for gap in gaps)

    # --- Visits ---------------------------------------------------------------------------------------------------

    @rule(
        target=visits, start=starts, nurse=places, room=places, patient=people, desk=places, answer_lost=st.booleans(),
        overbook=st.booleans(),
    )  # fmt: skip
    def book(self, start, nurse, room, patient, desk, answer_lost, overbook):
        by = self.boss if overbook else self.desks[desk]
        wanted = self.line(start, nurse, room, self.patients[patient])
        form = {
            "patient": wanted.patient, "service": self.service, "starts_at": start, "nurse": wanted.nurse,
            "room": wanted.room, "request_key": uuid.uuid4(), "by": by, "now": self.now,
            "overbook_reason": "Cannot wait" if overbook else "",
        }  # fmt: skip
        line = self.paper.place_for(wanted, by=by, now=self.now, overbook=overbook)
        if line is None or (line.beside and self.gap_under(line)):
            with pytest.raises(booking.Refused):
                booking.book(**form)
            return multiple()
        made = booking.book(**form)
        if answer_lost:
            assert booking.book(**form).pk == made.pk
        self.paper.give_up_what_is_kept_for(wanted.patient, self.now)
        self.paper.remember(made.pk, self.now, new=True)
        self.paper.write(made.pk, line, by=by, now=self.now)
        return made.pk

    @rule(visit=visits, start=starts, nurse=places, room=places, desk=places, overbook=st.booleans())
    def move(self, visit, start, nurse, room, desk, overbook):
        if visit not in self.paper.lines:
            return
        by, former = self.boss if overbook else self.desks[desk], self.paper.lines[visit]
        wanted = self.line(start, nurse, room, former.patient)
        current = self.visit(visit)
        wish = {
            "appointment": current, "version": current.version, "starts_at": start, "nurse": wanted.nurse,
            "room": wanted.room, "by": by, "now": self.now, "overbook_reason": "Cannot wait" if overbook else "",
        }  # fmt: skip
        if (wanted.starts, wanted.nurse, wanted.room) == (former.starts, former.nurse, former.room):
            assert booking.move(**wish).version == current.version
            return
        line = self.paper.place_for(wanted, by=by, now=self.now, but=visit, overbook=overbook)
        if line is None or (line.beside and self.gap_under(line)):
            with pytest.raises(booking.Refused):
                booking.move(**wish)
            return
        replaced = self.visit_that_waits(wanted.patient)
        assert booking.move(**wish).starts_at == start
        if replaced in (visit, None):
            self.paper.give_up_what_is_kept_for(wanted.patient, self.now)
        self.said_yes.pop(visit, None)
        with pytest.raises(booking.Stale):
            booking.move(**{**wish, "starts_at": OPENS + 20 * GRID})
        self.paper.remember(visit, self.now)
        self.paper.write(visit, line, by=by, now=self.now)

    def visit_that_waits(self, person):
        """What an earlier time would replace: the visit that the wait names, or else the next one."""
        waits = WaitListEntry.objects.waiting().filter(patient=person)
        named = waits.values_list("appointment", flat=True).first()
        ahead = {
            key: line.starts
            for key, line in self.paper.visits.items()
            if line.patient == person and line.starts >= self.now
        }
        return named if named in ahead else min(ahead, key=ahead.get, default=None)

    @rule(visit=visits)
    def cancel(self, visit):
        if visit not in self.paper.lines:
            return
        current = self.visit(visit)
        for _ in range(2):
            booking.cancel(appointment=current, version=current.version, reason="test", by=self.desks[0], now=self.now)
        self.paper.remember(visit, self.now)
        del self.paper.lines[visit]
        self.said_yes.pop(visit, None)

    @rule(visit=visits, desk=places)
    def undo(self, visit, desk):
        current, by = self.visit(visit), self.desks[desk]
        wish = {"appointment": current, "version": current.version, "by": by, "now": self.now}
        former = self.paper.former.get(visit)
        if former is None or self.now >= former.at + GRACE:
            with pytest.raises(booking.Refused):
                booking.undo(**{**wish, "version": current.version})
            return
        if former.line is None:
            assert booking.undo(**wish).status == "cancelled"
            del self.paper.lines[visit]
        else:
            line = self.paper.former_place(visit, by=by, now=self.now)
            if line is None:
                with pytest.raises(booking.Taken):
                    booking.undo(**wish)
                return
            assert booking.undo(**wish).starts_at == line.starts
            self.paper.write(visit, line, by=by, now=self.now)
        self.paper.confirmed -= {visit}
        self.paper.confirmed |= {visit} if former.is_confirmed else set()
        if visit in self.said_yes:
            self.wait_again.add(waited := self.said_yes.pop(visit))
            # On the list again, by this wait or by one that was begun since.
            person, service = current.entry.patient, self.service
            assert WaitListEntry.objects.waiting().filter(patient=person, service=service).exists(), waited
        # Sent twice, it is done once; and what was taken back is not taken back again.
        assert booking.undo(**wish).version == current.version + 1
        self.paper.former[visit] = None

    @rule(visit=visits, via=st.sampled_from(["portal", "desk"]))
    def confirm(self, visit, via):
        wish = {"appointment": self.visit(visit), "via": via, "by": self.desks[0], "now": self.now}
        if visit in self.paper.lines:
            booking.confirm(**wish)
            self.paper.confirmed.add(visit)
        else:
            with pytest.raises(booking.Refused):
                booking.confirm(**wish)

    @rule(target=visits, first=starts, second=starts, nurse=places, room=places, patient=people, desk=places)
    def book_a_course(self, first, second, nurse, room, patient, desk):
        person, by = self.patients[patient], self.desks[desk]
        lines = [self.line(start, nurse, room, person) for start in (first, second + WEEK)]
        free = all(self.paper.place_for(line, by=by, now=self.now) for line in lines)
        # With another visit before, the repeat window may refuse what is free.
        alone = not any(line.patient == person for line in self.paper.visits.values())
        form = {
            "patient": person, "service": self.service, "planned_sessions": 3, "request_key": uuid.uuid4(),
            "visits": [booking.CourseVisit(line.starts, line.nurse, line.room) for line in lines],
            "by": by, "now": self.now,
        }  # fmt: skip
        before = Appointment.objects.count()
        try:
            course = booking.book_course(**form)
        except booking.CourseRefused:
            assert not (free and alone)
            assert Appointment.objects.count() == before
            return multiple()
        assert free
        assert booking.book_course(**form).pk == course.pk
        self.paper.give_up_what_is_kept_for(person, self.now)
        made = list(course.appointments.order_by("entry__starts_at"))
        for visit, line in zip(made, lines, strict=True):
            self.paper.remember(visit.pk, self.now, new=True)
            self.paper.write(visit.pk, line, by=by, now=self.now)
        return multiple(*(visit.pk for visit in made))

    # --- Kept times and offers ------------------------------------------------------------------------------------

    @rule(start=starts, nurse=places, room=places, desk=places)
    def hold(self, start, nurse, room, desk):
        by = self.desks[desk]
        line = self.line(start, nurse, room, None, kind="hold", held_by=by, until=self.now + timedelta(minutes=5))
        wish = {
            "service": self.service, "starts_at": start, "nurse": line.nurse, "room": line.room, "by": by,
            "now": self.now,
        }  # fmt: skip
        if self.paper.in_the_way(line, by=by, now=self.now):
            with pytest.raises(booking.Taken):
                booking.hold(**wish)
            return
        self.paper.write(f"hold {booking.hold(**wish).pk}", line, by=by, now=self.now)

    @rule(target=offers, start=starts, nurse=places, room=places, patient=people, desk=places)
    def offer(self, start, nurse, room, patient, desk):
        person, by = self.patients[patient], self.desks[desk]
        entry = waiting.join(patient=person, service=self.service, by=by, now=self.now)
        line = self.line(start, nurse, room, person, kind="hold", held_by=by, until=self.now + timedelta(minutes=10))
        wish = {
            "entry": entry, "starts_at": start, "nurse": line.nurse, "room": line.room, "by": by, "now": self.now,
        }  # fmt: skip
        has_one = any(
            other.kind == "hold" and other.patient == person and other.until > self.now
            for other in self.paper.lines.values()
        )
        if has_one or self.paper.in_the_way(line, by=by, now=self.now):
            with pytest.raises(booking.Refused):
                waiting.offer(**wish)
            return multiple()
        made = waiting.offer(**wish)
        self.paper.write(f"hold {made.hold_id}", line, by=by, now=self.now)
        return made.pk

    @rule(target=visits, offer=offers, desk=places, answer=st.sampled_from(["accept", "accept", "decline"]))
    def answer(self, offer, desk, answer):
        made, by = WaitListOffer.objects.get(pk=offer), self.desks[desk]
        key = f"hold {made.hold_id}"
        kept = self.paper.lines.get(key)
        act = waiting.accept if answer == "accept" else waiting.decline
        if kept is None or kept.until <= self.now:
            if not made.answer:
                with pytest.raises(booking.Refused):
                    act(offer=made, by=by, now=self.now)
            return multiple()
        done = act(offer=made, by=by, now=self.now)
        del self.paper.lines[key]
        if answer == "decline":
            return multiple()
        assert waiting.accept(offer=made, by=by, now=self.now).pk == done.pk
        is_new = done.pk not in self.paper.lines
        line = Line(kept.nurse, kept.room, kept.patient, kept.starts, kept.ends)
        self.paper.remember(done.pk, self.now, new=is_new)
        self.paper.write(done.pk, line, by=by, now=self.now)
        self.said_yes[done.pk] = made.waiting_id
        return done.pk if is_new else multiple()

    # --- Closures and time ----------------------------------------------------------------------------------------

    @rule(target=closures, start=starts, whom=st.sampled_from(["nurse", "room"]), which=places, length=quarters,
          around=st.booleans())  # fmt: skip
    def close(self, start, whom, which, length, around):
        nurse, room = (self.nurses[which], None) if whom == "nurse" else (None, self.rooms[which])
        line = Line(nurse, room, None, start, start + GRID * length, kind="closed")
        there = self.paper.in_the_way(line, by=self.desks[0], now=self.now)
        facts = {
            "title": "Painting", "starts_at": line.starts, "ends_at": line.ends, "by": self.desks[0], "now": self.now,
            **({"nurses": [nurse]} if nurse else {"rooms": [room]}),
        }  # fmt: skip
        if around:
            facts["accepted"] = set(Appointment.objects.values_list("public_id", flat=True))
        elif any(other.kind != "closed" for other in there):
            with pytest.raises(booking.Refused):
                booking.close(**facts)
            return multiple()
        made = booking.close(**facts)
        for key, other in list(self.paper.lines.items()):
            # Closed around visits, all kept times go; without, those that would give way to a visit, too.
            if other.kind == "hold" and other.meets(line):
                assert around or other.gives_way_to(line, by=self.desks[0], now=self.now)
                del self.paper.lines[key]
        self.read_closed()
        return made.pk

    @rule(closure=closures)
    def reopen(self, closure):
        made = Closure.objects.get(pk=closure)
        for _ in range(2):
            booking.reopen(closure=made, by=self.desks[0], now=self.now)
        assert not CalendarEntry.objects.filter(closure=made, active=True).exists()
        self.read_closed()

    @rule(minutes=st.sampled_from([1, 4, 5]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    def read_closed(self):
        """Which parts are closed is read, not foretold: `closed_hours_hold_only_what_was_there` judges them."""
        kept = {key: line for key, line in self.paper.lines.items() if line.kind != "closed"}
        shut = CalendarEntry.objects.filter(active=True, kind__in=SHUT).select_related("nurse", "room")
        closed = {
            f"closed {row.pk}": Line(row.nurse, row.room, None, row.starts_at, row.ends_at, kind="closed")
            for row in shut
        }
        self.paper.lines = {**kept, **closed}

    # --- The checker ----------------------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self):
        self.the_calendar_is_what_the_paper_says()
        self.no_two_entries_share_a_moment()
        self.entries_are_the_appointments()
        self.the_history_leads_to_what_is()
        self.closed_hours_hold_only_what_was_there()
        self.messages_follow_the_visits()
        self.who_was_booked_from_the_list_waits_no_more()

    def the_calendar_is_what_the_paper_says(self):
        assert list(problems(self.now)) == []
        self.read_closed()
        rows = Appointment.objects.filter(status="booked").select_related(
            "entry__nurse", "entry__room", "entry__patient"
        )
        booked = {
            row.pk: Line(
                row.entry.nurse, row.entry.room, row.entry.patient, row.entry.starts_at, row.entry.ends_at,
                beside=bool(row.entry.overbook_reason),
            )
            for row in rows
        }  # fmt: skip
        assert booked == self.paper.visits
        assert {row.pk for row in rows if row.confirmed_at} == self.paper.confirmed & booked.keys()
        holds = CalendarEntry.objects.filter(kind="hold", active=True).values_list("pk", flat=True)
        assert {f"hold {pk}" for pk in holds} == {k for k, line in self.paper.lines.items() if line.kind == "hold"}

    def no_two_entries_share_a_moment(self):
        entries = list(CalendarEntry.objects.filter(active=True))
        for one, other in combinations(entries, 2):
            if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
                assert one.patient_id is None or one.patient_id != other.patient_id
                is_shut = one.kind in SHUT or other.kind in SHUT
                if is_shut or bool(one.overbook_reason) == bool(other.overbook_reason):
                    assert one.nurse_id is None or one.nurse_id != other.nurse_id
                    assert one.room_id is None or one.room_id != other.room_id

    def entries_are_the_appointments(self):
        taking = set(CalendarEntry.objects.filter(kind="appointment", active=True).values_list("pk", flat=True))
        assert taking == set(Appointment.objects.filter(status="booked").values_list("entry", flat=True))
        for visit in Appointment.objects.select_related("entry", "course"):
            assert bool(visit.entry.overbook_reason) == (visit.overbooked_by_id is not None)
            assert visit.course is None or visit.course.patient_id == visit.entry.patient_id

    def the_history_leads_to_what_is(self):
        events = {}
        for event in AuditEvent.objects.filter(subject="sessions_app.Appointment").order_by("pk"):
            if "version" in event.details:  # a task about a visit is told of it, and changes nothing
                events.setdefault(event.subject_id, []).append(event.details)
        for visit in Appointment.objects.select_related("entry"):
            told = events.pop(str(visit.public_id))
            # Confirming leaves the version as it is.
            assert sorted({details["version"] for details in told}) == list(range(1, visit.version + 1))
            last = told[-1]
            assert (last["status"], last["starts_at"]) == (visit.status, visit.entry.starts_at.isoformat())
            assert (last["nurse"], last["room"]) == (visit.entry.nurse_id, visit.entry.room_id)
        assert events == {}

    def closed_hours_hold_only_what_was_there(self):
        """Every quarter of a closure is closed, or a visit takes it: nothing new is let in."""
        active = list(CalendarEntry.objects.filter(active=True).exclude(kind="hold"))
        for closure in Closure.objects.filter(ended_at=None):
            whose = {(row.nurse_id, row.room_id) for row in closure.entries.all()}
            for nurse, room in whose:
                taken = [row for row in active if (nurse and row.nurse_id == nurse) or (room and row.room_id == room)]
                moment = closure.starts_at
                while moment < closure.ends_at:
                    assert any(row.starts_at <= moment < row.ends_at for row in taken)
                    moment += timedelta(minutes=5)

    def messages_follow_the_visits(self):
        """A reminder that waits speaks of a visit as it is; nobody hears of what was taken back."""
        starts_of = dict(Appointment.objects.filter(status="booked").values_list("public_id", "entry__starts_at"))
        for row in Delivery.objects.filter(state="pending", source="appointment"):
            if row.step != "APPT_CANCELLED":
                assert starts_of[row.source_id] == row.not_after

    def who_was_booked_from_the_list_waits_no_more(self):
        for entry in WaitListEntry.objects.filter(ended_why="booked"):
            assert entry.appointment is not None
        accepted = WaitListOffer.objects.filter(answer="accepted", waiting__ended_at=None)
        # Who waits after a yes had it taken back.
        assert set(accepted.values_list("waiting_id", flat=True)) <= self.wait_again


@pytest.mark.django_db
def test_the_calendar_does_what_a_list_on_paper_would_do():
    run_state_machine_as_test(
        Calendar, settings=settings(max_examples=20, stateful_step_count=30, phases=[Phase.generate])
    )
