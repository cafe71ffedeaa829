"""Offers of the wait list under many hands: one time is kept for one person, and every answer is given once."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest

from clinic.access import Role
from sessions_app import booking, retrying, waiting
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry, WaitListEntry, WaitListOffer
from tests.faults.forks import in_processes
from tests.makers import at, make_hours, make_patient, make_room, make_service, make_user, make_wait_entry

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NOW, FREE = at("2026-01-13 07:00"), at("2026-01-14 10:00")
DESKS = 6


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK, name="Dee Desk")


@pytest.fixture
def service():
    make_hours(make_user(name="Nora Pike"))
    make_room()
    return make_service(kind="review")


def told(act):
    """What one desk is told: "done", or the rule that refused."""
    try:
        act()
    except booking.Refused as refused:
        return refused.rule
    return "done"


def test_of_desks_that_offer_one_time_to_different_people_one_wins_and_the_others_are_told(tmp_path, service, desk):
    entries = [make_wait_entry(service=service) for _ in range(DESKS)]

    answers = in_processes(
        DESKS,
        lambda number: told(lambda: waiting.offer(entry=entries[number], starts_at=FREE, by=desk, now=NOW)),
        tmp_path,
    )

    assert Counter(answers) == {"done": 1, "taken": DESKS - 1}
    assert (WaitListOffer.objects.count(), CalendarEntry.objects.filter(active=True).count()) == (1, 1)
    assert list(problems(NOW)) == []


def test_one_person_gets_one_offer_from_however_many_desks(tmp_path, service, desk):
    entry = make_wait_entry(service=service)
    times = [FREE + number * timedelta(hours=1) for number in range(DESKS)]

    answers = in_processes(
        DESKS,
        lambda number: told(lambda: waiting.offer(entry=entry, starts_at=times[number], by=desk, now=NOW)),
        tmp_path,
    )

    assert Counter(answers) == {"done": 1, "offered": DESKS - 1}
    assert list(problems(NOW)) == []


@pytest.mark.parametrize("has_visit", [False, True])
def test_an_offer_that_is_accepted_everywhere_at_once_makes_one_visit(tmp_path, service, desk, has_visit):
    entry = make_wait_entry(service=service)
    if has_visit:
        booking.book(
            patient=entry.patient, service=service, starts_at=at("2026-01-20 10:00"), request_key=uuid.uuid4(), by=desk,
            now=NOW,
        )  # fmt: skip
    made = waiting.offer(entry=entry, starts_at=FREE, by=desk, now=NOW)

    answers = in_processes(DESKS, lambda _: told(lambda: waiting.accept(offer=made, by=desk, now=NOW)), tmp_path)

    assert Counter(answers) == {"done": DESKS}
    assert Appointment.objects.get().starts_at == FREE
    assert WaitListEntry.objects.get().ended_why == "booked"
    assert list(problems(NOW)) == []


def test_yes_and_no_at_once_leave_one_answer_and_nothing_half_done(tmp_path, service, desk):
    made = waiting.offer(entry=make_wait_entry(service=service), starts_at=FREE, by=desk, now=NOW)
    verbs = [waiting.accept, waiting.decline, waiting.take_back] * 2

    in_processes(DESKS, lambda number: told(lambda: verbs[number](offer=made, by=desk, now=NOW)), tmp_path)

    made.refresh_from_db()
    assert Appointment.objects.count() == (made.answer == "accepted")
    assert CalendarEntry.objects.filter(kind="hold", active=True).count() == 0
    assert list(problems(NOW)) == []


@pytest.mark.parametrize("has_visit", [False, True])
def test_yes_and_leaving_the_list_at_once_never_wait_for_each_other(tmp_path, service, desk, has_visit, monkeypatch):
    """On PostgreSQL a deadlock would end one of them after a second; nobody is to need a second try."""
    monkeypatch.setattr(retrying, "RETRIES", 0)
    made = []
    for number in range(8):
        entry = make_wait_entry(service=service)
        if has_visit:
            booking.book(
                patient=entry.patient, service=service, starts_at=at(f"2026-01-20 {8 + number:02}:00"),
                request_key=uuid.uuid4(), by=desk, now=NOW,
            )  # fmt: skip
        starts_at = at("2026-01-14 08:00") + number * timedelta(hours=1)
        made.append(waiting.offer(entry=entry, starts_at=starts_at, by=desk, now=NOW))

    def act(number):
        verbs = [
            lambda one: waiting.accept(offer=one, by=desk, now=NOW),
            lambda one: waiting.leave(entry=one.waiting, by=desk, now=NOW),
        ]
        return [told(lambda one=one: verbs[number % 2](one)) for one in made]

    answers = in_processes(4, act, tmp_path)

    assert {answer for each in answers for answer in each} <= {"done", "answered"}
    for one in WaitListOffer.objects.select_related("waiting"):
        assert (one.answer, one.waiting.ended_why) in {("accepted", "booked"), ("taken_back", "withdrawn")}
    assert Appointment.objects.filter(entry__starts_at__lt=at("2026-01-15 00:00")).count() == (
        WaitListOffer.objects.filter(answer="accepted").count()
    )
    assert CalendarEntry.objects.filter(kind="hold", active=True).count() == 0
    assert list(problems(NOW)) == []


def test_a_time_whose_offer_ends_is_booked_by_one_of_many_at_that_moment(tmp_path, service, desk):
    made = waiting.offer(entry=make_wait_entry(service=service), starts_at=FREE, by=desk, now=NOW)
    people = [make_patient() for _ in range(DESKS)]
    over = made.expires_at

    def act(number):
        if number == 0:
            return told(lambda: waiting.accept(offer=made, by=desk, now=over - timedelta(seconds=1)))
        wish = {"patient": people[number], "service": service, "request_key": uuid.uuid4(), "by": desk, "now": over}
        return told(lambda: booking.book(starts_at=FREE, **wish))

    answers = in_processes(DESKS, act, tmp_path)

    assert Counter(answers)["done"] == 1
    assert Appointment.objects.count() == 1
    assert list(problems(over)) == []
