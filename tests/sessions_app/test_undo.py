"""Taking back the last change within the grace: the former state returns whole, and the patient is told nothing."""

import uuid
from datetime import timedelta

import pytest

from clinic.models import AuditEvent, Delivery, StaffTask
from sessions_app import booking
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry
from tests.makers import at, make_clinic, make_patient, make_patient_user, make_service
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=2)


@pytest.fixture
def undo(house):
    def undo(visit, version=None, **facts):
        wish = {"by": house.desk, "now": SOON, **facts}
        return booking.undo(appointment=visit, version=version or visit.version, **wish)

    return undo


@pytest.fixture
def move(house):
    def move(visit, when, **facts):
        wish = {"version": visit.version, "by": house.desk, "now": NOW, **facts}
        return booking.move(appointment=visit, starts_at=at(when), **wish)

    return move


@pytest.fixture
def cancel(house):
    def cancel(visit, **facts):
        wish = {"version": visit.version, "reason": "ill", "by": house.desk, "now": NOW, **facts}
        return booking.cancel(appointment=visit, **wish)

    return cancel


def refused(action, *args, error=booking.Refused, **facts):
    with pytest.raises(error) as raised:
        action(*args, **facts)
    return raised.value


def waiting():
    """What will be sent: step and what it will speak of."""
    return {(row.step, row.not_after) for row in Delivery.objects.filter(state="pending")}


def test_a_move_is_taken_back_whole(house, book, move, undo):
    made = book("2026-01-14 10:00")
    booking.confirm(appointment=made, via="desk", by=house.desk, now=NOW)
    moved = move(made, "2026-01-15 09:00")
    assert moved.confirmed_at is None

    back = undo(moved)

    back.refresh_from_db()
    assert (back.starts_at, back.entry.ends_at) == (at("2026-01-14 10:00"), at("2026-01-14 11:00"))
    assert (back.confirmed_at, back.confirmed_via, back.version) == (NOW, "desk", 3)
    event = AuditEvent.objects.get(action="appointment change undone")
    assert (event.by_id, event.details["was"]) == (house.desk.pk, "2026-01-15T14:00:00+00:00")
    assert list(problems()) == []


def test_a_cancellation_is_taken_back_whole(house, book, cancel, undo):
    made = book("2026-01-14 10:00")

    back = undo(cancel(made))

    assert (back.status, back.cancel_reason, back.entry.active) == ("booked", "", True)
    assert list(problems()) == []


def test_a_booking_that_is_taken_back_is_cancelled(book, undo):
    back = undo(book("2026-01-14 10:00"))

    assert (back.status, back.cancel_reason, back.entry.active) == ("cancelled", "Booking taken back", False)


def test_a_form_whose_booking_was_taken_back_does_not_say_that_it_stands(book, undo):
    key, patient = uuid.uuid4(), make_patient()
    undo(book("2026-01-14 10:00", patient=patient, request_key=key))

    error = refused(book, "2026-01-14 10:00", patient=patient, request_key=key)

    assert (error.rule, Appointment.objects.filter(status="booked").count()) == ("request_key", 0)
    assert (
        error.message == "What this form booked was taken back or cancelled since. Nothing is booked: open a new one."
    )


def test_what_is_taken_back_is_told_to_nobody(house, book, move, cancel, undo):
    patient = make_patient(email_allowed=True)
    made = book("2026-01-20 10:00", patient=patient)
    as_booked = waiting()

    moved = move(made, "2026-01-21 10:00")
    assert waiting() != as_booked
    back = undo(moved)
    assert {(step, when) for step, when in waiting()} == as_booked

    again = undo(cancel(back, now=SOON))
    assert waiting() == as_booked
    assert again.status == "booked"


def test_a_booking_that_is_taken_back_sends_nothing(book, undo):
    undo(book("2026-01-20 10:00", patient=make_patient(email_allowed=True)))

    assert waiting() == set()


def test_after_the_grace_nothing_is_taken_back(book, move, undo):
    moved = move(book("2026-01-14 10:00"), "2026-01-15 09:00")

    error = refused(undo, moved, now=NOW + timedelta(minutes=5))

    assert error.rule == "grace"
    assert error.message == (
        "The 5 minutes for taking it back are over, and the patient is being told. Change it anew."
    )
    assert undo(moved, now=NOW + timedelta(minutes=4, seconds=59)).starts_at == at("2026-01-14 10:00")


def test_the_grace_is_the_clinics(book, undo):
    made = book("2026-01-14 10:00")
    make_clinic(change_grace_minutes=0)

    assert refused(undo, made, now=NOW).rule == "grace"


def test_a_former_time_that_somebody_has_by_now_is_gone(house, book, move, undo):
    moved = move(book("2026-01-14 10:00"), "2026-01-15 09:00")
    book("2026-01-14 10:30", patient=make_patient())

    error = refused(undo, moved, error=booking.Taken)

    assert error.message == "Somebody else has the former time by now. The visit stays as it is; choose another time."
    moved.refresh_from_db()
    assert (moved.version, moved.starts_at) == (2, at("2026-01-15 09:00"))
    assert list(problems()) == []


def test_a_former_time_that_was_closed_meanwhile_is_gone(house, book, cancel, undo):
    cancelled = cancel(book("2026-01-14 10:00"))
    booking.close(
        title="Holiday", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk, now=NOW
    )

    refused(undo, cancelled, error=booking.Taken)


@pytest.mark.parametrize("goes", ["moved", "cancelled"])
def test_a_former_time_in_which_something_short_was_closed_since_is_gone(house, book, move, cancel, undo, goes):
    made = book("2026-01-14 10:00")
    changed = move(made, "2026-01-14 14:00") if goes == "moved" else cancel(made)
    booking.close(
        title="Fire drill", starts_at=at("2026-01-14 10:00"), ends_at=at("2026-01-14 11:00"), nurses=[house.nurse],
        by=house.clinician, now=NOW + timedelta(minutes=1),
    )  # fmt: skip

    error = refused(undo, changed, error=booking.Taken)

    assert error.message == "The former time was closed meanwhile. The visit stays as it is; choose another time."
    assert CalendarEntry.objects.get(kind="time_off").active
    assert list(problems()) == []


def test_a_visit_returns_beside_the_one_that_was_overbooked_with_it(house, book, cancel, undo):
    first = book("2026-01-14 10:00")
    book("2026-01-14 10:00", patient=make_patient(), by=house.clinician, overbook_reason="urgent")

    back = undo(cancel(first))

    assert (back.status, back.entry.overbook_reason) == ("booked", "")
    assert list(problems()) == []


def test_an_overbooked_visit_returns_as_one(house, book, cancel, undo):
    book("2026-01-14 10:00")
    second = book("2026-01-14 10:00", patient=make_patient(), by=house.clinician, overbook_reason="urgent")

    back = undo(cancel(second))

    back.refresh_from_db()
    assert (back.entry.overbook_reason, back.overbooked_by) == ("urgent", house.clinician)
    assert list(problems()) == []


def test_sent_twice_it_is_done_once(book, move, undo):
    moved = move(book("2026-01-14 10:00"), "2026-01-15 09:00")

    first, second = undo(moved, 2), undo(moved, 2)

    assert (first.version, second.version, second.starts_at) == (3, 3, at("2026-01-14 10:00"))
    assert AuditEvent.objects.filter(action="appointment change undone").count() == 1


def test_a_booking_taken_back_twice_is_cancelled_once(book, undo):
    made = book("2026-01-14 10:00")

    assert [undo(made, 1).status for _ in range(2)] == ["cancelled", "cancelled"]
    assert AuditEvent.objects.filter(action="appointment cancelled").count() == 1


def test_what_was_taken_back_is_not_taken_back_again(book, move, undo):
    back = undo(move(book("2026-01-14 10:00"), "2026-01-15 09:00"))

    assert refused(undo, back).rule == "nothing_to_undo"


def test_only_the_last_change_is_taken_back_and_no_change_of_status(house, book, move, undo):
    moved = move(book("2026-01-13 10:00"), "2026-01-13 12:00")
    arrived = booking.change_status(appointment=moved, to=Appointment.Status.ARRIVED, by=house.desk, now=NOW)

    assert refused(undo, arrived).message == "This visit is already arrived."


def test_an_old_page_is_told_the_difference(house, book, move, undo):
    made = book("2026-01-14 10:00")
    moved = move(made, "2026-01-15 09:00")
    undo(moved)

    error = refused(move, moved, "2026-01-16 09:00", error=booking.Stale)

    assert error.difference == ["Put back to Wed 14 Jan, 10:00 with Nora Pike in Room 1 by Dee Desk."]
    assert refused(undo, made, 1, error=booking.Stale).rule == "stale"


def test_a_task_that_the_move_had_closed_is_open_again(house, book, move, undo):
    made = book("2026-01-14 10:00")
    asked = booking.ask_to_move(appointment=made, version=1, wish="any Friday", by=house.desk, now=NOW)
    moved = move(asked, "2026-01-16 10:00")
    assert not StaffTask.objects.open().filter(kind="visit_move_asked").exists()
    assert moved.move_asked_at is None

    back = undo(moved)

    back.refresh_from_db()
    assert (back.move_wish, back.move_asked_at) == ("any Friday", NOW)
    task = StaffTask.objects.open().get(kind="visit_move_asked")
    assert (task.about_id, task.done_by) == (made.public_id, None)


def test_a_patient_takes_back_an_own_change_only(house, book, move, undo):
    made = book("2026-01-14 10:00")
    own, stranger = make_patient_user(house.patient), make_patient_user()
    moved = move(made, "2026-01-15 09:00")

    assert refused(undo, moved, by=stranger).rule == "not_yours"
    assert undo(moved, by=own).starts_at == at("2026-01-14 10:00")


def test_a_visit_does_not_return_to_a_course_that_is_full_by_now(house, cancel, undo, book):
    treatment = make_service(name="Treatment")
    course = booking.book_course(
        patient=house.patient,
        service=treatment,
        visits=[booking.CourseVisit(at(f"{day} 10:00")) for day in ("2026-01-14", "2026-01-23")],
        planned_sessions=2,
        request_key=uuid.uuid4(),
        by=house.desk,
        now=NOW,
    )
    first = course.appointments.get(entry__starts_at=at("2026-01-14 10:00"))
    cancelled = cancel(first)
    book("2026-02-02 10:00", service=treatment, course=course)

    assert refused(undo, cancelled).rule == "course_full"
    assert list(problems()) == []


def test_a_failure_half_way_leaves_the_change_as_it_was(book, move, undo, monkeypatch):
    moved = move(book("2026-01-14 10:00"), "2026-01-15 09:00")

    def fail(*_, **__):
        raise RuntimeError("the power went out")

    monkeypatch.setattr("sessions_app.undo.announce_undone", fail)
    with pytest.raises(RuntimeError):
        undo(moved)

    moved.refresh_from_db()
    assert (moved.version, CalendarEntry.objects.get().starts_at) == (2, at("2026-01-15 09:00"))


def test_pages_may_ask_whether_it_can_be_taken_back(book, move, undo):
    clinic, made = make_clinic(), book("2026-01-14 10:00")
    assert booking.may_undo(made, clinic=clinic, now=SOON)
    assert not booking.may_undo(made, clinic=clinic, now=NOW + timedelta(minutes=5))

    back = undo(move(made, "2026-01-15 09:00"))

    assert not booking.may_undo(back, clinic=clinic, now=SOON)
