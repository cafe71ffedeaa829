"""Two people at once with the newer verbs: overbooking, taking back, courses, the wait list's offers, closing around.

Each race is run several times; whoever loses is told in words, and what is left is checked as a whole.
"""

import uuid
from datetime import timedelta

import pytest

from clinic.access import Role
from clinic.models import Clinic
from sessions_app import booking, waiting
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry, Closure, Course, WaitListEntry
from tests.faults.forks import in_processes
from tests.makers import at, make_hours, make_patient, make_room, make_service, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NOW = at("2026-01-13 07:00")
TEN = at("2026-01-14 10:00")
ROUNDS = 4


@pytest.fixture
def nurse():
    nurse = make_user(name="Nora Pike")
    make_hours(nurse)
    return nurse


@pytest.fixture
def room():
    return make_room(name="Room 1")


@pytest.fixture
def service():
    return make_service(chair_minutes=30, walk_minutes=20, buffer_minutes=10)


@pytest.fixture
def desk():
    return make_user({Role.FRONT_DESK, Role.CLINICIAN}, name="Dee Desk")


@pytest.fixture
def book(nurse, room, service, desk):
    def book(starts_at=TEN, patient=None, **facts):
        wish = {"nurse": nurse, "room": room, "service": service, "by": desk, "now": NOW, **facts}
        return booking.book(patient=patient or make_patient(), starts_at=starts_at, request_key=uuid.uuid4(), **wish)

    return book


def rule_of(act):
    """ "done", or the rule by which it was refused."""
    try:
        act()
    except booking.Refused as refused:
        return refused.rule
    return "done"


def in_rounds(tmp_path, prepare, *acts, now=NOW):
    """The outcomes of each round in order of the acts; `prepare` gives what a round's acts are called with."""
    outcomes = []
    for number in range(ROUNDS):
        facts = prepare(number)
        outcomes.append(in_processes(len(acts), lambda who, facts=facts: rule_of(lambda: acts[who](*facts)), tmp_path))
        assert list(problems(now)) == []
    return outcomes


def test_of_two_who_overbook_one_visit_at_once_one_stands_beside_it(tmp_path, book):
    def prepare(number):
        start = TEN + timedelta(days=7 * number)
        book(start)
        return start, make_patient(), make_patient()

    outcomes = in_rounds(
        tmp_path,
        prepare,
        lambda start, one, other: book(start, one, overbook_reason="Cannot wait"),
        lambda start, one, other: book(start, other, overbook_reason="Cannot wait"),
    )

    assert [sorted(each) for each in outcomes] == [["done", "taken"]] * ROUNDS
    assert CalendarEntry.objects.exclude(overbook_reason="").count() == ROUNDS


def test_taking_a_cancellation_back_and_booking_its_time_have_one_winner(tmp_path, book, desk):
    def prepare(number):
        visit = book(TEN + timedelta(days=7 * number))
        cancelled = booking.cancel(appointment=visit, version=1, reason="ill", by=desk, now=NOW)
        return cancelled, make_patient()

    outcomes = in_rounds(
        tmp_path,
        prepare,
        lambda visit, patient: booking.undo(appointment=visit, version=2, by=desk, now=NOW),
        lambda visit, patient: book(visit.starts_at, patient),
    )

    assert [sorted(each) for each in outcomes] == [["done", "taken"]] * ROUNDS
    assert Appointment.objects.filter(status="booked").count() == ROUNDS


def test_a_change_that_two_take_back_at_once_is_taken_back_once(tmp_path, book, desk):
    def prepare(number):
        visit = book(TEN + timedelta(days=7 * number))
        later = visit.starts_at + timedelta(hours=2)
        return (booking.move(appointment=visit, version=1, starts_at=later, by=desk, now=NOW),)

    def take_back(visit):
        booking.undo(appointment=visit, version=2, by=desk, now=NOW)

    outcomes = in_rounds(tmp_path, prepare, take_back, take_back)

    assert outcomes == [["done", "done"]] * ROUNDS
    assert set(Appointment.objects.values_list("version", flat=True)) == {3}


def test_of_two_courses_that_want_the_same_times_one_is_booked_whole(tmp_path, nurse, room, service, desk):
    def course(patient, starts):
        visits = [booking.CourseVisit(start, nurse, room) for start in starts]
        booking.book_course(
            patient=patient, service=service, visits=visits, planned_sessions=3, request_key=uuid.uuid4(), by=desk,
            now=NOW,
        )  # fmt: skip

    def prepare(number):
        first = TEN + timedelta(hours=2 * number)
        # They share the middle date only, and come to it from other sides.
        one = [first, first + timedelta(days=7), first + timedelta(days=14)]
        other = [first + timedelta(days=7), first + timedelta(days=15), first + timedelta(days=23)]
        return make_patient(), one, make_patient(), other

    outcomes = in_rounds(
        tmp_path,
        prepare,
        lambda patient, one, _, other: course(patient, one),
        lambda _, one, patient, other: course(patient, other),
    )

    assert [sorted(each) for each in outcomes] == [["course", "done"]] * ROUNDS
    assert (Course.objects.count(), Appointment.objects.count()) == (ROUNDS, 3 * ROUNDS)


def test_of_two_who_are_offered_one_time_at_once_one_has_it(tmp_path, nurse, room, service, desk):
    def prepare(number):
        entries = [waiting.join(patient=make_patient(), service=service, by=desk, now=NOW) for _ in range(2)]
        return TEN + timedelta(days=7 * number), *entries

    def offer(entry, start):
        waiting.offer(entry=entry, starts_at=start, nurse=nurse, room=room, by=desk, now=NOW)

    outcomes = in_rounds(
        tmp_path, prepare, lambda start, one, _: offer(one, start), lambda start, _, other: offer(other, start)
    )

    assert [sorted(each) for each in outcomes] == [["done", "taken"]] * ROUNDS


def test_an_offer_that_two_desks_accept_at_once_is_one_visit(tmp_path, nurse, room, service, desk):
    def prepare(number):
        entry = waiting.join(patient=make_patient(), service=service, by=desk, now=NOW)
        start = TEN + timedelta(days=7 * number)
        return (waiting.offer(entry=entry, starts_at=start, nurse=nurse, room=room, by=desk, now=NOW),)

    def accept(offer):
        waiting.accept(offer=offer, by=desk, now=NOW)

    outcomes = in_rounds(tmp_path, prepare, accept, accept)

    assert outcomes == [["done", "done"]] * ROUNDS
    assert Appointment.objects.filter(status="booked").count() == ROUNDS
    assert set(WaitListEntry.objects.values_list("ended_why", flat=True)) == {"booked"}


def test_an_offer_that_is_over_at_the_moment_of_accepting_books_nothing(tmp_path, nurse, room, service, desk, book):
    over = NOW + timedelta(minutes=Clinic.current().offer_minutes)

    def prepare(number):
        entry = waiting.join(patient=make_patient(), service=service, by=desk, now=NOW)
        start = TEN + timedelta(days=7 * number)
        made = waiting.offer(entry=entry, starts_at=start, nurse=nurse, room=room, by=desk, now=NOW)
        return made, make_patient()

    outcomes = in_rounds(
        tmp_path,
        prepare,
        lambda offer, _: waiting.accept(offer=offer, by=desk, now=over),
        lambda offer, patient: book(offer.starts_at, patient, now=over),
        now=over,
    )

    assert [each[1] for each in outcomes] == ["done"] * ROUNDS
    assert {each[0] for each in outcomes} <= {"over", "expired", "answered", "offer"}
    assert Appointment.objects.count() == ROUNDS


def test_a_closure_around_visits_and_a_cancellation_at_once_leave_no_open_hour(tmp_path, nurse, service, desk, book):
    def prepare(number):
        return (book(TEN + timedelta(days=7 * number)),)

    def close(visit):
        booking.close(
            title="Away", starts_at=visit.starts_at - timedelta(hours=2), ends_at=visit.starts_at + timedelta(hours=4),
            nurses=[nurse], accepted={visit.public_id}, by=desk, now=NOW,
        )  # fmt: skip

    outcomes = in_rounds(
        tmp_path,
        prepare,
        close,
        lambda visit: booking.cancel(appointment=visit, version=1, reason="ill", by=desk, now=NOW),
    )

    assert outcomes == [["done", "done"]] * ROUNDS
    for closure in Closure.objects.all():
        closed = closure.entries.filter(active=True, nurse=nurse).order_by("starts_at")
        length = sum((entry.ends_at - entry.starts_at for entry in closed), timedelta(0))
        assert length == closure.ends_at - closure.starts_at
