"""The set-up changes while desks book: no visit is left in a closed day or outside of the hours without a task."""

import uuid
from datetime import date, time, timedelta

import pytest

from clinic.access import Role
from clinic.models import StaffTask
from sessions_app import booking, hours
from sessions_app.availability import Period, without
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.outside import VisitsOutside, reasons_of
from tests.faults.forks import KILLED, in_processes, kill_me
from tests.makers import at, make_hours, make_patient, make_room, make_service, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NOW = at("2026-01-13 07:00")
DAYS = [date(2026, 2, 2) + timedelta(weeks=week) for week in range(4)]
DESKS = 6


@pytest.fixture
def nurse():
    nurse = make_user(name="Nurse 1")
    make_hours(nurse, ends="20:30")
    return nurse


@pytest.fixture
def rooms():
    return [make_room(name=f"Room {number}") for number in (1, 2)]


@pytest.fixture
def service(rooms):
    return make_service(kind="review", chair_minutes=25, walk_minutes=0, buffer_minutes=5)


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK, name="Dee Desk")


def until_nobody_new(change):
    """As the page does: shown who falls outside, the same again with these."""
    seen = set()
    while True:
        try:
            return change(seen)
        except VisitsOutside as shown:
            seen |= {visit.public_id for visit in shown.visits}
        except booking.Refused as refused:
            if refused.rule not in ("taken", "busy"):
                raise


def assert_every_visit_outside_has_a_task():
    visits = list(Appointment.objects.filter(status="booked").select_related("entry__nurse", "entry__room", "service"))
    outside = {visit.public_id for visit in visits if reasons_of([visit])[visit.pk]}
    open_about = StaffTask.objects.open().filter(kind="visit_outside_hours").values_list("about_id", flat=True)
    assert outside == set(open_about)
    return visits, outside


def test_a_day_that_is_closed_while_six_desks_book_move_and_cancel_has_no_free_moment(
    tmp_path, nurse, rooms, service, desk
):
    patients = [make_patient() for _ in range(DESKS)]
    for day in DAYS:
        start = at(f"{day} 08:00")

        def act(number, start=start, day=day):
            if number == 0:
                until_nobody_new(
                    lambda seen: booking.close(
                        title="Away",
                        starts_at=at(f"{day} 00:00"),
                        ends_at=at(f"{day} 00:00") + timedelta(days=1),
                        accepted=seen,
                        by=desk,
                        now=NOW,
                    )
                )
                return "closed"
            answers = []
            for turn in range(4):
                when = start + timedelta(minutes=30 * (number + DESKS * turn))
                try:
                    visit = booking.book(
                        patient=patients[number - 1], service=service, starts_at=when, request_key=uuid.uuid4(),
                        by=desk, now=NOW,
                    )  # fmt: skip
                    if turn == 1:
                        booking.cancel(appointment=visit, version=1, reason="test", by=desk, now=NOW)
                    if turn == 2:
                        booking.move(appointment=visit, version=1, starts_at=when + timedelta(days=1), by=desk, now=NOW)
                    answers.append("booked")
                except booking.Refused as refused:
                    answers.append(refused.rule)
            return answers

        answers = in_processes(DESKS, act, tmp_path)

        assert answers[0] == "closed"
        assert {answer for some in answers[1:] for answer in some} <= {"booked", "taken"}
        whole = Period(at(f"{day} 00:00"), at(f"{day} 00:00") + timedelta(days=1))
        for resource in ({"nurse": nurse}, *({"room": room} for room in rooms)):
            taken = CalendarEntry.objects.filter(active=True, **resource)
            assert without([whole], [Period(entry.starts_at, entry.ends_at) for entry in taken]) == []

    assert_every_visit_outside_has_a_task()
    assert list(problems(NOW)) == []


def test_hours_that_change_while_desks_book_leave_no_visit_outside_without_a_task(
    tmp_path, nurse, rooms, service, desk
):
    patients = [make_patient() for _ in range(DESKS)]
    ends = {}
    for turn, day in enumerate(DAYS):
        ends[day] = time(13 - turn)

        def act(number, day=day):
            if number == 0:
                until_nobody_new(
                    lambda seen: hours.change_week(
                        nurse=nurse, week={0: [(time(8), ends[day])]}, first_date=day, accepted=seen, by=desk, now=NOW
                    )
                )
                return "changed"
            try:
                when = at(f"{day} 14:00") + timedelta(minutes=30 * number)
                return booking.book(
                    patient=patients[number - 1], service=service, starts_at=when, request_key=uuid.uuid4(), by=desk,
                    now=NOW,
                ).status  # fmt: skip
            except booking.Refused as refused:
                return refused.rule

        answers = in_processes(DESKS, act, tmp_path)

        assert set(answers[1:]) <= {"booked", "hours"}
        assert_every_visit_outside_has_a_task()

    assert list(problems(NOW)) == []


@pytest.mark.parametrize("point", ["sessions_app.outside.open_tasks_for", "sessions_app.closures.audit.record"])
def test_a_desk_killed_while_it_closes_a_day_leaves_nothing(tmp_path, monkeypatch, nurse, rooms, service, desk, point):
    visit = booking.book(
        patient=make_patient(), service=service, starts_at=at("2026-02-02 10:00"), request_key=uuid.uuid4(), by=desk,
        now=NOW,
    )  # fmt: skip

    def close(_):
        with monkeypatch.context() as in_child:
            in_child.setattr(point, kill_me)
            booking.close(
                title="Away", starts_at=at("2026-02-02 00:00"), ends_at=at("2026-02-03 00:00"),
                accepted={visit.public_id}, by=desk, now=NOW,
            )  # fmt: skip

    assert in_processes(1, close, tmp_path) == [KILLED]

    assert CalendarEntry.objects.count() == 1
    assert not StaffTask.objects.filter(kind="visit_outside_hours").exists()
