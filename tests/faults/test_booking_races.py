"""Many desks at once, and desks that lose power: one gets the time, the others are told, nothing is left half done."""

import multiprocessing
import random
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic.access import Role
from clinic.models import AuditEvent, Delivery, Room
from sessions_app import booking, visit_writes
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.retrying import with_retries
from tests.faults.forks import KILLED, in_processes, kill_me
from tests.makers import at, make_hours, make_patient, make_room, make_service, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NOW = at("2026-01-13 07:00")
DAYS = ("2026-01-14", "2026-01-15", "2026-01-16")


@pytest.fixture
def nurses():
    people = [make_user(name=f"Nurse {number}") for number in (1, 2)]
    for nurse in people:
        make_hours(nurse)
    return people


@pytest.fixture
def rooms():
    return [make_room(name=f"Room {number}") for number in (1, 2)]


@pytest.fixture
def service():
    return make_service(kind="review", chair_minutes=25, walk_minutes=0, buffer_minutes=5)


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK, name="Dee Desk")


def book(*, when, **facts):
    facts = {"request_key": uuid.uuid4(), "now": NOW, **facts}
    return booking.book(starts_at=at(when) if isinstance(when, str) else when, **facts)


# --- BK-01 ----------------------------------------------------------------------------------------------------

PROCESSES, ATTEMPTS = 16, 150


@pytest.mark.slow
def test_sixteen_desks_book_move_and_cancel_at_random_without_an_overlap(tmp_path, nurses, rooms, service, desk):
    patients = [make_patient(email_allowed=number % 2 == 0) for number in range(12)]
    starts = [at(f"{day} 08:00") + timedelta(minutes=15 * n) for day in DAYS for n in range(39)]

    def one_desk(number):
        chance = random.Random(number)
        outcomes, moves = Counter(), []

        def wish():
            return {
                "starts_at": chance.choice(starts),
                "nurse": chance.choice([*nurses, None]),
                "room": chance.choice([*rooms, None]),
                "by": desk,
                "now": NOW,
            }

        def act():
            what = chance.random()
            booked = Appointment.objects.filter(status="booked")
            known = booked.filter(pk__gte=chance.randint(0, 400)).first() or booked.first()
            if what < 0.3 or known is None:
                booking.book(patient=chance.choice(patients), service=service, request_key=uuid.uuid4(), **wish())
                return "booked"
            if what < 0.9:
                moved = booking.move(appointment=known, version=known.version, **wish())
                if moved.version == known.version:
                    return "same place"
                # Another desk may have put it there a moment before: then both were told of one and the same move.
                moves.append((moved.pk, moved.version))
                return "moved"
            return booking.cancel(appointment=known, version=known.version, reason="test", by=desk, now=NOW).status

        for _ in range(ATTEMPTS):
            try:
                outcomes[act()] += 1
            except booking.Refused as refused:
                outcomes[refused.rule] += 1
        return outcomes, moves

    answers = in_processes(PROCESSES, one_desk, tmp_path)
    together = sum((Counter(outcomes) for outcomes, _ in answers), Counter())
    moves = {tuple(move) for _, moves in answers for move in moves}

    assert together.total() == PROCESSES * ATTEMPTS
    assert set(together) <= {"booked", "moved", "same place", "cancelled", "taken", "stale", "status"}
    assert min(together[outcome] for outcome in ("booked", "moved", "cancelled", "taken")) > 0
    assert list(problems()) == []
    events = Counter(AuditEvent.objects.values_list("action", flat=True))
    assert events["appointment booked"] == together["booked"] == Appointment.objects.count()
    assert events["appointment moved"] == len(moves)
    assert CalendarEntry.objects.filter(active=True).count() == Appointment.objects.filter(status="booked").count()
    assert_reminders_follow_the_appointments()


def assert_reminders_follow_the_appointments():
    """Every reminder that waits speaks of a visit as it is now, and no visit has one twice."""
    waiting = list(Delivery.objects.filter(state="pending").values_list("source_id", "step", "not_after"))
    starts = dict(Appointment.objects.filter(status="booked").values_list("public_id", "entry__starts_at"))
    assert all(starts[visit] == not_after for visit, _, not_after in waiting)
    assert len({(visit, step) for visit, step, _ in waiting}) == len(waiting)


# --- BK-02, BK-03, BK-08, BK-11 -------------------------------------------------------------------------------


def test_of_two_desks_that_click_the_same_slot_one_gets_it_and_one_gets_alternatives(
    tmp_path, nurses, rooms, service, desk
):
    patients = [make_patient() for _ in range(2)]

    def click(number):
        try:
            book(when="2026-01-14 10:00", patient=patients[number], service=service, nurse=nurses[0], by=desk)
        except booking.Taken as taken:
            return [taken.message, len(taken.alternatives)]
        return "booked"

    for _ in range(5):
        answers = in_processes(2, click, tmp_path)
        booked = Appointment.objects.get(status="booked")

        assert sorted(map(str, answers)) == [
            "['Wed 14 Jan, 10:00 with Nurse 1 is taken. Choose another time.', 3]",
            "booked",
        ]
        booking.cancel(appointment=booked, version=1, reason="next round", by=desk, now=NOW)


def test_a_form_sent_eight_times_at_once_makes_one_booking_that_all_answers_show(
    tmp_path, nurses, rooms, service, desk
):
    patient, key = make_patient(), uuid.uuid4()

    def send(_):
        return book(when="2026-01-14 10:00", patient=patient, service=service, request_key=key, by=desk).pk

    answers = in_processes(8, send, tmp_path)

    assert answers == [Appointment.objects.get().pk] * 8
    assert AuditEvent.objects.filter(action="appointment booked").count() == 1
    assert list(problems()) == []


def test_a_closure_and_a_booking_at_once_have_one_winner(tmp_path, nurses, rooms, service, desk):
    patient, nurse = make_patient(), nurses[0]

    for day in range(10):
        start = at("2026-02-02 10:00") + timedelta(weeks=day)

        def act(number, start=start):
            try:
                if number == 0:
                    book(when=start, patient=patient, service=service, nurse=nurse, by=desk)
                    return "booked"
                booking.close(
                    title="Away", starts_at=start, ends_at=start + timedelta(hours=2), nurses=[nurse], by=desk
                )
            except booking.Refused as refused:
                return refused.rule
            return "closed"

        assert in_processes(2, act, tmp_path) in (["booked", "visits"], ["taken", "closed"])

    assert list(problems()) == []


def test_three_rooms_take_three_of_ten_bookings_for_any_room(tmp_path, nurses, rooms, service, desk):
    rooms.append(make_room(name="Room 3"))
    for number in range(8):
        make_hours(make_user(name=f"Nurse {number + 3}"))
    patients = [make_patient() for _ in range(10)]

    def send(number):
        try:
            return book(when="2026-01-14 10:00", patient=patients[number], service=service, by=desk).entry.room_id
        except booking.Taken:
            return None

    answers = in_processes(10, send, tmp_path)

    assert sorted(answer for answer in answers if answer) == [room.pk for room in rooms]
    assert Appointment.objects.count() == 3


def test_two_visits_that_change_places_at_once_do_not_lock_each_other_out(tmp_path, nurses, rooms, service, desk):
    visits = [
        book(when=when, patient=make_patient(), service=service, nurse=nurse, room=room, by=desk)
        for when, nurse, room in zip(("2026-01-14 10:00", "2026-01-14 10:15"), nurses, rooms, strict=True)
    ]

    def swap(number):
        other = visits[1 - number].entry
        visit = Appointment.objects.get(pk=visits[number].pk)
        for _ in range(20):
            try:
                booking.move(
                    appointment=visit, version=visit.version, starts_at=other.starts_at, nurse=other.nurse,
                    room=other.room, by=desk, now=NOW,
                )  # fmt: skip
            except booking.Taken:
                continue
            return "moved"
        return "taken"

    assert in_processes(2, swap, tmp_path) == ["taken", "taken"]
    assert list(problems()) == []


def test_a_real_deadlock_is_tried_again_and_seen_by_nobody(tmp_path, rooms):
    both_began = multiprocessing.get_context("fork").Barrier(2)

    def rename(number):
        order = [room.pk for room in rooms][:: 1 if number else -1]
        attempts = []

        def in_this_order():
            attempts.append(1)
            with transaction.atomic():
                Room.objects.filter(pk=order[0]).update(name=f"Process {number} was here first")
                if len(attempts) == 1 and connection.vendor == "postgresql":  # SQLite's second writer waits outside
                    both_began.wait(timeout=30)
                Room.objects.filter(pk=order[1]).update(name=f"Process {number} was here second")

        with_retries(in_this_order)
        return len(attempts)

    attempts = in_processes(2, rename, tmp_path)

    assert sum(attempts) == (3 if connection.vendor == "postgresql" else 2)


# --- BK-10 ----------------------------------------------------------------------------------------------------


WRITES = "sessions_app.visit_writes"


def power_cut_in(monkeypatch, name):
    monkeypatch.setattr(name, kill_me)


def counts():
    return [model.objects.count() for model in (CalendarEntry, Appointment, AuditEvent, Delivery)]


@pytest.mark.parametrize("point", [f"{WRITES}.take", "clinic.audit.record", f"{WRITES}.plan_reminders"])
def test_a_desk_killed_between_the_writes_of_a_booking_leaves_nothing(
    tmp_path, monkeypatch, nurses, rooms, service, desk, point
):
    patient, key = make_patient(email_allowed=True), uuid.uuid4()

    def send(_):
        with monkeypatch.context() as in_child:
            power_cut_in(in_child, point)
            book(when="2026-01-20 10:00", patient=patient, service=service, request_key=key, by=desk)

    assert in_processes(1, send, tmp_path) == [KILLED]
    assert counts() == [0, 0, 0, 0]

    book(when="2026-01-20 10:00", patient=patient, service=service, request_key=key, by=desk)
    assert counts() == [1, 1, 1, 3]


def test_a_desk_killed_after_the_last_write_but_before_the_commit_leaves_nothing(
    tmp_path, monkeypatch, nurses, rooms, service, desk
):
    patient = make_patient(email_allowed=True)

    def send(_):
        settle_placed = visit_writes.settle_placed

        def settle_then_die(*args, **facts):
            settle_placed(*args, **facts)
            kill_me()

        with monkeypatch.context() as in_child:
            in_child.setattr(visit_writes, "settle_placed", settle_then_die)
            book(when="2026-01-20 10:00", patient=patient, service=service, by=desk)

    assert in_processes(1, send, tmp_path) == [KILLED]
    assert counts() == [0, 0, 0, 0]


def test_a_booking_whose_answer_was_lost_is_shown_when_the_form_is_sent_again(
    tmp_path, monkeypatch, nurses, rooms, service, desk
):
    patient, key = make_patient(email_allowed=True), uuid.uuid4()

    def send(_):
        run = booking.with_retries

        def run_then_die(transaction):
            run(transaction)
            kill_me()

        with monkeypatch.context() as in_child:
            in_child.setattr(booking, "with_retries", run_then_die)
            book(when="2026-01-20 10:00", patient=patient, service=service, request_key=key, by=desk)

    assert in_processes(1, send, tmp_path) == [KILLED]
    again = book(when="2026-01-20 10:00", patient=patient, service=service, request_key=key, by=desk)

    assert again.starts_at == at("2026-01-20 10:00")
    assert counts() == [1, 1, 1, 3]


@pytest.mark.parametrize("point", [f"{WRITES}.{name}" for name in ("take", "call_off_reminders", "plan_reminders")])
def test_a_desk_killed_in_a_move_leaves_the_old_time_whole(tmp_path, monkeypatch, nurses, rooms, service, desk, point):
    visit = book(when="2026-01-20 10:00", patient=make_patient(email_allowed=True), service=service, by=desk)

    def move(_):
        with monkeypatch.context() as in_child:
            power_cut_in(in_child, point)
            booking.move(appointment=visit, version=1, starts_at=at("2026-01-21 10:00"), by=desk, now=NOW)

    assert in_processes(1, move, tmp_path) == [KILLED]

    visit.refresh_from_db()
    assert (visit.version, visit.entry.starts_at) == (1, at("2026-01-20 10:00"))
    assert {row.state for row in Delivery.objects.all()} == {"pending"}
    assert list(problems()) == []
