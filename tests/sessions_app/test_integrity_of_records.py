"""`manage.py check_integrity` names what hangs on the appointments and does not agree with them: one test per fault.

Each test first has everything in order, then changes one row as somebody does who repairs a database by hand.
"""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.models import StaffTask
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry, Course, WaitListEntry, WaitListOffer
from tests.makers import at, make_appointment, make_entry, make_patient, make_service, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 07:00")


def check():
    return list(problems(NOW))


@pytest.fixture
def desk():
    return make_user("front_desk")


# --- Courses --------------------------------------------------------------------------------------------------


@pytest.fixture
def course(desk):
    patient, service = make_patient(), make_service()
    made = Course.objects.create(
        patient=patient, service=service, planned_sessions=4, done_before=1, request_key=uuid.uuid4(), created_by=desk
    )
    for number in range(3):
        make_appointment(
            patient=patient, service=service, course=made, starts_at=NOW + timedelta(weeks=number), booked_by=desk
        )
    assert check() == []
    return made


def test_a_visit_of_another_patient_in_a_course_is_named(course):
    visit = course.appointments.first()
    CalendarEntry.objects.filter(pk=visit.entry_id).update(patient=make_patient())

    assert check() == [f"Course {course.public_id}: its visit {visit.public_id} is of another patient."]


def test_a_visit_for_another_service_in_a_course_is_named(course):
    visit = course.appointments.last()
    Appointment.objects.filter(pk=visit.pk).update(service=make_service())

    assert check() == [f"Course {course.public_id}: its visit {visit.public_id} is for another service."]


def test_more_visits_than_a_course_needs_are_named_and_cancelled_ones_do_not_count(course):
    make_appointment(patient=course.patient, service=course.service, course=course, status="cancelled")
    assert check() == []

    Course.objects.update(done_before=2)

    assert check() == [f"Course {course.public_id}: it has 3 visits and needs 2."]


# --- The wait list and its offers -----------------------------------------------------------------------------


@pytest.fixture
def waiting(desk):
    visit = make_appointment(starts_at=at("2026-01-20 10:00"))
    made = WaitListEntry.objects.create(
        patient=visit.patient, service=visit.service, appointment=visit, first_date=NOW.date(), created_by=desk
    )
    assert check() == []
    return made


@pytest.fixture
def offer(waiting, desk):
    starts_at, until = at("2026-01-14 10:00"), NOW + timedelta(minutes=30)
    hold = make_entry(
        kind="hold", nurse=make_user(), patient=waiting.patient, held_by=desk, hold_expires_at=until,
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
    )  # fmt: skip
    made = WaitListOffer.objects.create(
        waiting=waiting, hold=hold, starts_at=starts_at, expires_at=until, offered_by=desk
    )
    assert check() == []
    return made


def test_a_waiting_patient_with_the_visit_of_somebody_else_is_named(waiting):
    visit = waiting.appointment
    WaitListEntry.objects.update(patient=make_patient())

    assert check() == [f"Wait list {waiting.public_id}: its visit {visit.public_id} is of another patient."]


def test_a_waiting_patient_with_a_visit_for_another_service_is_named(waiting):
    visit = waiting.appointment
    WaitListEntry.objects.update(service=make_service())

    assert check() == [f"Wait list {waiting.public_id}: its visit {visit.public_id} is for another service."]


@pytest.mark.parametrize("lose", ["release", "delete"])
def test_an_open_offer_whose_time_is_not_kept_is_named(offer, lose):
    if lose == "delete":
        CalendarEntry.objects.filter(kind="hold").delete()
    else:
        CalendarEntry.objects.filter(kind="hold").update(active=False)

    assert check() == [f"Offer {offer.public_id}: it is open, but its time is not kept."]


def test_an_offer_that_is_over_keeps_nothing(offer):
    CalendarEntry.objects.filter(kind="hold").delete()

    assert list(problems(offer.expires_at)) == []


def test_an_offer_to_somebody_who_waits_no_more_is_named(offer, desk):
    WaitListEntry.objects.update(ended_at=NOW, ended_by=desk, ended_why="withdrawn")

    assert check() == [f"Offer {offer.public_id}: it is open, but nobody waits for it any more."]


def test_an_answered_offer_that_still_keeps_its_time_is_named(offer):
    WaitListOffer.objects.update(answer="declined", answered_at=NOW)

    assert check() == [f"Offer {offer.public_id}: it is answered, but its time is still kept."]


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": at("2026-01-14 09:45")},
        {"hold_expires_at": NOW + timedelta(minutes=40)},
        {"patient": None},
    ],
)
def test_a_hold_that_is_not_what_was_offered_is_named(offer, change):
    CalendarEntry.objects.filter(kind="hold").update(**change)

    assert check() == [f"Offer {offer.public_id}: what is kept in the calendar is not what was offered."]


# --- Confirmations and tasks ----------------------------------------------------------------------------------


def test_a_confirmation_older_than_its_booking_is_named():
    visit = make_appointment(booked_at=NOW, confirmed_at=NOW + timedelta(hours=1), confirmed_via="desk")
    assert check() == []

    Appointment.objects.update(confirmed_at=NOW - timedelta(hours=1))

    assert check() == [f"Appointment {visit.public_id}: it was confirmed before it was booked."]


@pytest.fixture
def task():
    visit = make_appointment()
    made = StaffTask.objects.create(kind="visit_outside_hours", patient=visit.patient, about_id=visit.public_id)
    StaffTask.objects.create(kind="message_failed", patient=visit.patient)
    assert check() == []
    return made


@pytest.mark.parametrize("about", [None, uuid.UUID(int=7)])
def test_a_task_about_a_visit_that_does_not_exist_is_named(task, about):
    StaffTask.objects.filter(pk=task.pk).update(about_id=about)

    assert check() == [f"Task {task.public_id}: the visit it is about does not exist."]


def test_a_task_about_a_visit_of_another_patient_is_named(task):
    StaffTask.objects.filter(pk=task.pk).update(patient=make_patient(), done_at=timezone.now())

    assert check() == [f"Task {task.public_id}: the visit it is about is of another patient."]
