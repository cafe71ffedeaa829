"""Courses, overbooking, undo and confirming from many desks at once: one wins, the others are told, nothing in part."""

import uuid
from datetime import timedelta

import pytest

from clinic.access import Role
from clinic.models import AuditEvent, StaffTask
from sessions_app import booking, repeat_holds, visit_writes
from sessions_app.integrity import problems
from sessions_app.models import Appointment, Course, RepeatHold
from tests.faults.forks import KILLED, in_processes, kill_me
from tests.makers import at, make_hours, make_patient, make_patient_user, make_room, make_service, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NOW = at("2026-01-13 07:00")
DAYS = ("2026-01-14", "2026-01-21", "2026-01-28")


@pytest.fixture
def nurse():
    nurse = make_user(name="Nora Pike")
    make_hours(nurse)
    make_room(name="Room 1")
    return nurse


@pytest.fixture
def treatment(nurse):
    return make_service(name="Treatment")


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK, name="Dee Desk")


@pytest.fixture
def clinician():
    return make_user(Role.CLINICIAN, name="Cleo Clinician")


@pytest.fixture
def course(treatment, desk):
    def course(*when, **facts):
        wish = {
            "patient": facts.pop("patient", None) or make_patient(),
            "service": treatment,
            "planned_sessions": len(when),
            "request_key": uuid.uuid4(),
            "by": desk,
            "now": NOW,
            **facts,
        }
        return booking.book_course(visits=[booking.CourseVisit(at(each)) for each in when], **wish)

    return course


@pytest.fixture
def book(treatment, desk):
    def book(when, **facts):
        wish = {"service": treatment, "request_key": uuid.uuid4(), "by": desk, "now": NOW, **facts}
        return booking.book(starts_at=at(when), **wish)

    return book


def outcome(action):
    """What the desk is told: "done", or the rule that refused."""
    try:
        action()
    except booking.CourseRefused as refused:
        return sorted({problem.rule for problem in refused.problems.values()})
    except booking.Refused as refused:
        return refused.rule
    return "done"


def test_of_many_courses_for_the_same_times_one_is_booked_whole(tmp_path, course):
    patients = [make_patient() for _ in range(6)]

    told = in_processes(
        6,
        lambda number: outcome(lambda: course(*(f"{day} 10:00" for day in DAYS), patient=patients[number])),
        tmp_path,
    )

    assert sorted(map(str, told)) == ["['taken']"] * 5 + ["done"]
    assert (Course.objects.count(), Appointment.objects.count()) == (1, 3)
    assert list(problems()) == []


def test_courses_that_share_one_time_each_way_round_never_deadlock(tmp_path, course):
    patients = [make_patient() for _ in range(8)]

    def times(number):
        hours = ("10:00", "11:00") if number % 2 else ("11:00", "10:00")
        return f"{DAYS[0]} {hours[0]}", f"{DAYS[1]} {hours[1]}", f"{DAYS[2]} 10:00"

    told = in_processes(8, lambda number: outcome(lambda: course(*times(number), patient=patients[number])), tmp_path)

    assert {str(each) for each in told} == {"done", "['taken']"}
    assert Appointment.objects.count() == 3 * Course.objects.count()
    assert list(problems()) == []


def test_the_same_course_sent_from_many_clicks_at_once_is_booked_once(tmp_path, course):
    patient, key = make_patient(), uuid.uuid4()

    told = in_processes(
        5,
        lambda _: course(*(f"{day} 10:00" for day in DAYS), patient=patient, request_key=key).pk,
        tmp_path,
    )

    assert len(set(told)) == 1
    assert (Course.objects.count(), Appointment.objects.count()) == (1, 3)


def test_a_desk_killed_in_the_middle_of_a_course_leaves_nothing(tmp_path, monkeypatch, course):
    patient = make_patient()

    def send(_):
        plan, calls = visit_writes.plan_reminders, []

        def die_at_the_second(*args, **facts):
            calls.append(1)
            if len(calls) == 2:
                kill_me()
            plan(*args, **facts)

        with monkeypatch.context() as in_child:
            in_child.setattr(visit_writes, "plan_reminders", die_at_the_second)
            course(*(f"{day} 10:00" for day in DAYS), patient=patient)

    assert in_processes(1, send, tmp_path) == [KILLED]
    assert [model.objects.count() for model in (Course, Appointment, AuditEvent)] == [0, 0, 0]


def test_the_last_place_of_a_course_is_given_once(tmp_path, course, book):
    patient = make_patient()
    made = course(f"{DAYS[0]} 10:00", patient=patient, planned_sessions=2)

    told = in_processes(
        4,
        lambda number: outcome(lambda: book(f"{DAYS[1]} {10 + number}:00", patient=patient, course=made)),
        tmp_path,
    )

    assert sorted(told) == ["course_full"] * 3 + ["done"]
    assert list(problems()) == []


def test_of_many_who_overbook_the_same_time_one_does(tmp_path, book, clinician):
    book(f"{DAYS[0]} 10:00", patient=make_patient())
    patients = [make_patient() for _ in range(6)]

    told = in_processes(
        6,
        lambda number: outcome(
            lambda: book(
                f"{DAYS[0]} 10:{number % 3 * 15:02}", patient=patients[number], by=clinician, overbook_reason="urgent"
            )
        ),
        tmp_path,
    )

    assert sorted(told) == ["done"] + ["taken"] * 5
    assert list(problems()) == []


def test_nobody_slips_in_plainly_beside_somebody_who_is_overbooked_at_that_moment(tmp_path, book, clinician):
    patients = [make_patient() for _ in range(6)]

    def wish(number):
        overbooks = {"by": clinician, "overbook_reason": "urgent"} if number % 2 else {}
        return outcome(lambda: book(f"{DAYS[0]} 10:{number % 3 * 15:02}", patient=patients[number], **overbooks))

    told = in_processes(6, wish, tmp_path)

    plain = Appointment.objects.filter(entry__overbook_reason="")
    beside = Appointment.objects.exclude(entry__overbook_reason="")
    # However it went: who came beside somebody said so, and came later.
    assert (plain.count(), beside.count()) == (1, told.count("done") - 1)
    assert beside.count() <= 1
    assert all(each.pk > plain.get().pk for each in beside)
    assert list(problems()) == []


def test_an_undone_move_and_a_booking_of_its_former_time_are_one_or_the_other(tmp_path, book, desk):
    visit = book(f"{DAYS[0]} 10:00", patient=make_patient())
    moved = booking.move(appointment=visit, version=1, starts_at=at(f"{DAYS[0]} 14:00"), by=desk, now=NOW)
    patient, soon = make_patient(), NOW + timedelta(minutes=1)

    def one_of_two(number):
        if number % 2:
            return outcome(lambda: book(f"{DAYS[0]} 10:30", patient=patient))
        return outcome(lambda: booking.undo(appointment=moved, version=2, by=desk, now=soon))

    assert sorted(in_processes(2, one_of_two, tmp_path)) == ["done", "taken"]
    assert list(problems()) == []


def test_undo_sent_from_many_clicks_at_once_is_done_once(tmp_path, book, desk):
    visit = book(f"{DAYS[0]} 10:00", patient=make_patient())
    moved = booking.move(appointment=visit, version=1, starts_at=at(f"{DAYS[0]} 14:00"), by=desk, now=NOW)

    told = in_processes(
        4, lambda _: outcome(lambda: booking.undo(appointment=moved, version=2, by=desk, now=NOW)), tmp_path
    )

    assert told == ["done"] * 4
    visit.refresh_from_db()
    assert (visit.version, visit.entry.starts_at) == (3, at(f"{DAYS[0]} 10:00"))
    assert AuditEvent.objects.filter(action="appointment change undone").count() == 1


def test_a_time_that_moves_at_this_moment_is_never_confirmed_unseen(tmp_path, book, desk):
    patient = make_patient()
    visit, own = book(f"{DAYS[0]} 10:00", patient=patient), make_patient_user(patient)

    def one_of_two(number):
        if number % 2:
            return outcome(lambda: booking.confirm(appointment=visit, via="portal", by=own, now=NOW))
        return outcome(
            lambda: booking.move(appointment=visit, version=1, starts_at=at(f"{DAYS[0]} 14:00"), by=desk, now=NOW)
        )

    told = in_processes(2, one_of_two, tmp_path)

    assert told[0] == "done"
    assert told[1] in ("done", "stale")
    visit.refresh_from_db()
    assert (visit.entry.starts_at, visit.confirmed_at) == (at(f"{DAYS[0]} 14:00"), None)


def test_confirmed_from_many_clicks_at_once_is_recorded_once(tmp_path, book, desk):
    visit = book(f"{DAYS[0]} 10:00", patient=make_patient())

    told = in_processes(
        4, lambda _: outcome(lambda: booking.confirm(appointment=visit, via="desk", by=desk, now=NOW)), tmp_path
    )

    assert told == ["done"] * 4
    assert AuditEvent.objects.filter(action="appointment confirmed").count() == 1


def test_a_wish_and_a_confirmation_at_once_are_both_heard_and_the_last_counts(tmp_path, book, desk):
    visit = book(f"{DAYS[0]} 10:00", patient=make_patient())

    def one_of_two(number):
        if number % 2:
            return outcome(lambda: booking.confirm(appointment=visit, via="desk", by=desk, now=NOW))
        return outcome(lambda: booking.ask_to_move(appointment=visit, version=1, wish="later", by=desk, now=NOW))

    assert in_processes(2, one_of_two, tmp_path) == ["done", "done"]
    visit.refresh_from_db()
    asked = visit.move_asked_at is not None
    assert (visit.confirmed_at is None) == asked
    assert StaffTask.objects.open().filter(kind="visit_move_asked").count() == asked


def test_a_wish_sent_from_many_clicks_is_one_task(tmp_path, book):
    patient = make_patient()
    visit, own = book(f"{DAYS[0]} 10:00", patient=patient), make_patient_user(patient)

    told = in_processes(
        4,
        lambda _: outcome(lambda: booking.ask_to_move(appointment=visit, version=1, wish="Fridays", by=own, now=NOW)),
        tmp_path,
    )

    assert told == ["done"] * 4
    assert StaffTask.objects.filter(kind="visit_move_asked").count() == 1


def test_a_hold_placed_from_many_clicks_is_one_hold(tmp_path, clinician):
    patient = make_patient()

    told = in_processes(
        4, lambda _: repeat_holds.place(patient=patient, reason="Blood test.", by=clinician, now=NOW).pk, tmp_path
    )

    assert len(set(told)) == 1
    assert RepeatHold.objects.count() == 1
    assert AuditEvent.objects.filter(action="repeat held").count() == 1
