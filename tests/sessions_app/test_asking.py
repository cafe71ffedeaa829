"""What patients say of a booked time: it holds, another one is wished; and moving it themselves."""

from datetime import timedelta

import pytest

from clinic.models import AuditEvent, StaffTask
from sessions_app import booking
from sessions_app.models import Appointment
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_patient_user,
    make_service,
    make_signed_protocol,
    make_signed_session,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db

Via = Appointment.ConfirmedVia


@pytest.fixture
def visit(book):
    return book("2026-01-14 10:00")


@pytest.fixture
def patient_user(house):
    return make_patient_user(house.patient)


def refused(action, error=booking.Refused, **facts):
    with pytest.raises(error) as raised:
        action(**{"now": NOW, **facts})
    return raised.value


def tasks():
    return StaffTask.objects.filter(kind="visit_move_asked")


# --- Confirming -----------------------------------------------------------------------------------------------


def test_a_patient_confirms_and_the_version_stays(visit, patient_user):
    confirmed = booking.confirm(appointment=visit, via=Via.PORTAL, by=patient_user, now=NOW)

    assert (confirmed.confirmed_at, confirmed.confirmed_via, confirmed.version) == (NOW, "portal", 1)
    event = AuditEvent.objects.get(action="appointment confirmed")
    assert (event.by_id, event.patient_id, event.details["via"]) == (patient_user.pk, visit.patient.pk, "portal")


def test_confirming_again_changes_nothing(house, visit):
    booking.confirm(appointment=visit, via=Via.PORTAL, by=house.desk, now=NOW)

    again = booking.confirm(appointment=visit, via=Via.DESK, by=house.desk, now=NOW + timedelta(hours=1))

    assert (again.confirmed_at, again.confirmed_via) == (NOW, "portal")
    assert AuditEvent.objects.filter(action="appointment confirmed").count() == 1


def test_a_time_that_moved_meanwhile_is_not_confirmed_by_an_old_page(house, visit):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    error = refused(booking.confirm, booking.Stale, appointment=visit, via=Via.PORTAL, by=house.desk)

    assert error.difference == ["Moved to Thu 15 Jan, 09:00 with Nora Pike in Room 1 by Dee Desk."]
    fresh = Appointment.objects.get()
    assert refused(booking.confirm, booking.Stale, appointment=fresh, version=1, via=Via.DESK, by=house.desk)
    assert Appointment.objects.get().confirmed_at is None


def test_a_moved_visit_is_to_be_confirmed_anew(house, visit):
    booking.confirm(appointment=visit, via=Via.DESK, by=house.desk, now=NOW)

    booking.move(appointment=visit, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    moved = Appointment.objects.get()
    assert (moved.confirmed_at, moved.confirmed_via) == (None, "")


def test_only_a_booked_visit_is_confirmed(house, visit):
    booking.cancel(appointment=visit, version=1, reason="ill", by=house.desk, now=NOW)

    error = refused(booking.confirm, appointment=visit, version=2, via=Via.DESK, by=house.desk)

    assert error.message == "This visit is already cancelled."


def test_nobody_confirms_or_asks_for_somebody_else(visit):
    stranger = make_patient_user()

    assert refused(booking.confirm, appointment=visit, via=Via.PORTAL, by=stranger).rule == "not_yours"
    assert refused(booking.ask_to_move, appointment=visit, version=1, wish="x", by=stranger).rule == "not_yours"


# --- Asking for another time ----------------------------------------------------------------------------------


def test_asking_for_another_time_makes_one_task_with_the_words(house, visit, patient_user):
    booking.confirm(appointment=visit, via=Via.PORTAL, by=patient_user, now=NOW)

    asked = booking.ask_to_move(appointment=visit, version=1, wish=" Fridays, please ", by=patient_user, now=NOW)

    assert (asked.move_wish, asked.move_asked_at, asked.version) == ("Fridays, please", NOW, 1)
    assert (asked.confirmed_at, asked.confirmed_via) == (None, "")
    task = tasks().get()
    assert (task.about_id, task.patient, task.created_at, task.done_at) == (visit.public_id, house.patient, NOW, None)


def test_asking_twice_is_asked_once_and_other_words_replace_the_first(visit, patient_user):
    for minute, wish in enumerate(["Fridays", "Fridays", "any morning"]):
        booking.ask_to_move(
            appointment=visit, version=1, wish=wish, by=patient_user, now=NOW + timedelta(minutes=minute)
        )

    asked = Appointment.objects.get()
    assert (asked.move_wish, asked.move_asked_at) == ("any morning", NOW)
    assert tasks().count() == 1
    assert AuditEvent.objects.filter(action="appointment move asked").count() == 2


@pytest.mark.parametrize("answer", ["move", "cancel", "confirm", "arrive"])
def test_the_task_closes_when_the_wish_is_answered(house, visit, patient_user, answer):
    booking.ask_to_move(appointment=visit, version=1, wish="later", by=patient_user, now=NOW)
    later = NOW + timedelta(hours=1)
    by = {"appointment": visit, "by": house.desk, "now": later}

    if answer == "move":
        booking.move(version=1, starts_at=at("2026-01-14 15:00"), **by)
    elif answer == "cancel":
        booking.cancel(version=1, reason="ill", **by)
    elif answer == "confirm":
        booking.confirm(via=Via.DESK, **by)
    else:
        later = by["now"] = at("2026-01-14 09:55")
        booking.change_status(to=Appointment.Status.ARRIVED, **by)

    task = tasks().get()
    assert (task.done_at, task.done_by) == (later, house.desk)
    if answer != "arrive":
        assert Appointment.objects.get().move_asked_at is None


def test_asking_from_an_old_page_is_refused(house, visit, patient_user):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    refused(booking.ask_to_move, booking.Stale, appointment=visit, version=1, wish="later", by=patient_user)

    assert not tasks().exists()


def test_a_visit_that_has_begun_is_not_asked_to_move(visit, patient_user):
    error = refused(
        booking.ask_to_move, appointment=visit, version=1, wish="x", by=patient_user, now=at("2026-01-14 10:00")
    )

    assert error.message == "This visit has begun already. Call the clinic."


def test_a_wish_has_a_length(visit, patient_user):
    error = refused(booking.ask_to_move, appointment=visit, version=1, wish="x" * 201, by=patient_user)

    assert (error.rule, error.field) == ("length", "wish")


# --- Patients move their own visit ----------------------------------------------------------------------------


@pytest.fixture
def own_move(visit, patient_user):
    make_clinic(patients_may_move=True, patient_move_notice_hours=24)

    def own_move(when, **facts):
        wish = {"appointment": visit, "version": visit.version, "by": patient_user, "now": NOW, **facts}
        return booking.move(starts_at=at(when), **wish)

    return own_move


def test_a_patient_moves_an_own_visit(own_move, patient_user):
    moved = own_move("2026-01-15 09:00")

    assert moved.starts_at == at("2026-01-15 09:00")
    assert AuditEvent.objects.get(action="appointment moved").by_id == patient_user.pk


def test_a_patient_moves_nothing_where_the_clinic_does_not_allow_it(own_move):
    make_clinic(patients_may_move=False)

    with pytest.raises(booking.Refused) as raised:
        own_move("2026-01-15 09:00")

    assert raised.value.rule == "patients_may_move"
    assert raised.value.message == "Ask the clinic for another time; it cannot be changed here."


def test_a_patient_does_not_move_the_visit_of_somebody_else(own_move):
    with pytest.raises(booking.Refused) as raised:
        own_move("2026-01-15 09:00", by=make_patient_user())

    assert raised.value.rule == "not_yours"


def test_a_patient_keeps_the_notice_before_both_times(own_move):
    with pytest.raises(booking.Refused) as too_late:
        own_move("2026-01-16 09:00", now=at("2026-01-13 10:01"))
    with pytest.raises(booking.Refused) as too_soon:
        own_move("2026-01-14 08:00", now=at("2026-01-13 08:01"))

    assert too_late.value.message == "This visit is less than 24 hours away. Call the clinic to change it."
    assert (too_soon.value.message, too_soon.value.field) == ("Choose a time at least 24 hours from now.", "starts_at")
    assert own_move("2026-01-14 10:15", now=at("2026-01-13 10:00")).starts_at == at("2026-01-14 10:15")


def test_a_patient_overbooks_nothing(own_move):
    with pytest.raises(booking.Refused) as raised:
        own_move("2026-01-15 09:00", overbook_reason="please")

    assert raised.value.rule == "overbook"


def test_a_patient_stays_inside_the_repeat_window(house, book, own_move, patient_user):
    make_signed_protocol()
    treated = make_appointment(patient=house.patient, status="in_treatment", starts_at=at("2026-01-05 10:00"))
    make_signed_session(appointment=treated)
    visit = book("2026-01-15 10:00", service=make_service(name="Treatment"))

    for outside in ("2026-01-20 10:00", "2026-01-11 10:00"):
        with pytest.raises(booking.Refused) as raised:
            own_move(outside, appointment=visit, now=at("2026-01-08 07:00"))
        assert raised.value.message == "Choose a date from Mon 12 to Mon 19 Jan, or call the clinic."

    assert own_move("2026-01-19 10:00", appointment=visit).window_note == ""
