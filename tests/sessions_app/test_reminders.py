"""Reminders of a visit are rows of the very transaction that books, moves or cancels it."""

from datetime import time, timedelta

import pytest

from clinic.models import Delivery, StaffTask
from sessions_app import booking
from sessions_app.models import Appointment
from sessions_app.reminders import reminder_letters, unwanted_reminders
from tests.makers import at, make_clinic, make_patient
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(house):
    house.patient = make_patient(email_allowed=True)
    return house.patient


def reminders():
    """The rows of reminders; what is told at once of a booking or a change is in test_notices.py."""
    return Delivery.objects.filter(step__in=("APPT_3", "APPT_1"))


def waiting():
    rows = reminders().filter(state="pending").order_by("due_at")
    return [(row.step, row.local_time) for row in rows]


def move(made, when, house, **facts):
    facts = {"by": house.desk, "now": NOW, **facts}
    return booking.move(appointment=made, version=made.version, starts_at=at(when), **facts)


def test_a_booking_plans_one_reminder_3_days_and_one_1_day_before(patient, book):
    made = book("2026-01-20 10:00")

    three, one = reminders().order_by("due_at")
    assert (three.step, three.local_time, three.due_at) == ("APPT_3", "2026-01-17T09:00", at("2026-01-17 09:00"))
    assert (one.step, one.local_time, one.due_at) == ("APPT_1", "2026-01-19T09:00", at("2026-01-19 09:00"))
    for row in (three, one):
        assert (row.kind, row.source, row.source_id, row.policy) == (
            "appointment",
            "appointment",
            made.public_id,
            "hold",
        )
        assert (row.patient, row.time_zone, row.not_after) == (patient, "America/New_York", made.starts_at)
    assert three.why == "3 days before the appointment"


def test_reminders_come_at_the_clinics_hour_in_the_patients_zone(house, book):
    make_clinic(send_at=time(10, 30))
    house.patient = make_patient(email_allowed=True, time_zone="Europe/London")

    book("2026-01-20 10:00", patient=house.patient)

    assert [row.due_at for row in reminders().order_by("due_at")] == [
        at("2026-01-17 10:30", "Europe/London"),
        at("2026-01-19 10:30", "Europe/London"),
    ]


def test_days_before_are_counted_on_the_patients_calendar(house, book):
    # 17:00 in New York on Monday is Tuesday in Auckland.
    house.patient = make_patient(email_allowed=True, time_zone="Pacific/Auckland")

    book("2026-01-19 17:00", patient=house.patient)

    assert waiting() == [("APPT_3", "2026-01-17T09:00"), ("APPT_1", "2026-01-19T09:00")]


@pytest.mark.parametrize(
    ("when", "steps"),
    [
        ("2026-01-13 10:00", []),
        ("2026-01-14 10:00", ["APPT_1"]),
        ("2026-01-15 10:00", ["APPT_1"]),
        ("2026-01-16 10:00", ["APPT_3", "APPT_1"]),
    ],
)
def test_times_that_are_past_when_it_is_booked_are_not_written(patient, book, when, steps):
    book(when, patient=patient)

    assert [step for step, _ in waiting()] == steps


def test_a_reminder_keeps_its_wall_clock_over_a_clock_change(patient, book):
    book("2026-03-09 10:00", patient=patient)

    assert [row.due_at for row in reminders().order_by("due_at")] == [
        at("2026-03-06 09:00"),
        at("2026-03-08 09:00"),
    ]


@pytest.mark.parametrize(
    ("visit", "now", "days"),
    [
        ("2027-01-01 10:00", "2026-12-20 08:00", ["2026-12-29", "2026-12-31"]),
        ("2028-03-01 10:00", "2028-02-20 08:00", ["2028-02-27", "2028-02-29"]),
    ],
)
def test_reminders_cross_the_turn_of_the_year_and_a_leap_day(patient, book, visit, now, days):
    book(visit, now=at(now))

    assert [local_time for _, local_time in waiting()] == [f"{day}T09:00" for day in days]


def test_a_moved_visit_is_announced_anew_and_the_old_rows_are_cancelled(house, patient, book):
    made = book("2026-01-20 10:00")

    move(made, "2026-01-22 15:00", house)

    assert waiting() == [("APPT_3", "2026-01-19T09:00"), ("APPT_1", "2026-01-21T09:00")]
    old = reminders().filter(state="cancelled")
    assert {(row.step, row.reason) for row in old} == {
        ("APPT_3", "the appointment was moved"),
        ("APPT_1", "the appointment was moved"),
    }


def test_a_visit_moved_there_and_back_has_one_living_reminder_of_each_step(house, patient, book):
    made = book("2026-01-20 10:00")

    move(move(made, "2026-01-22 15:00", house), "2026-01-20 10:00", house)

    assert waiting() == [("APPT_3", "2026-01-17T09:00"), ("APPT_1", "2026-01-19T09:00")]
    assert reminders().count() == 6


def test_a_refused_move_keeps_its_reminders(house, patient, book):
    made = book("2026-01-20 10:00")
    book("2026-01-21 10:00", patient=make_patient())

    with pytest.raises(booking.Taken):
        move(made, "2026-01-21 10:30", house)

    assert waiting() == [("APPT_3", "2026-01-17T09:00"), ("APPT_1", "2026-01-19T09:00")]


def test_cancelling_and_not_coming_call_the_reminders_off(house, patient, book):
    cancelled, missed = book("2026-01-20 10:00"), book("2026-01-21 10:00")
    booking.cancel(appointment=cancelled, version=1, reason="unwell", by=house.desk, now=NOW)
    booking.change_status(
        appointment=missed, to=Appointment.Status.NO_SHOW, by=house.desk, now=missed.starts_at + timedelta(minutes=15)
    )

    assert waiting() == []
    assert {row.reason for row in reminders().filter(source_id=cancelled.public_id)} == {
        "the appointment was cancelled"
    }


def test_the_same_booking_sent_twice_plans_its_reminders_once(house, patient, book):
    made = book("2026-01-20 10:00")

    book("2026-01-20 10:00", request_key=made.request_key)

    assert reminders().count() == 2


def test_who_cannot_be_written_to_has_just_heard_of_a_booking_and_is_no_call_for_today(book):
    book("2026-01-20 10:00")

    assert not Delivery.objects.exists()
    assert not StaffTask.objects.exists()


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_who_cannot_be_written_to_is_a_call_for_the_desk_when_a_visit_is_moved_or_cancelled(house, book, change):
    made = book("2026-01-20 10:00")

    if change == "move":
        move(made, "2026-01-21 10:00", house)
    else:
        booking.cancel(appointment=made, version=made.version, reason="Nurse is ill", by=house.desk, now=NOW)

    assert not Delivery.objects.exists()
    assert [task.kind for task in StaffTask.objects.open()] == ["message_unreachable"]


# --- What the engine asks -------------------------------------------------------------------------------------


def test_reminders_of_a_booked_visit_are_wanted_and_say_when(patient, book):
    made = book("2026-01-20 10:00")
    rows = list(reminders())

    assert unwanted_reminders(rows) == {}
    facts = {"starts_at": made.starts_at, "minutes": 50, "link_leads_to": "visits"}
    assert reminder_letters(rows) == {row.pk: facts for row in rows}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "cancelled"}, "the appointment is cancelled"),
        ({"status": "no_show"}, "the appointment is no-show"),
        ({"status": "arrived"}, "the appointment is arrived"),
    ],
)
def test_reminders_of_any_other_visit_are_not_wanted(patient, book, changes, reason):
    book("2026-01-20 10:00")
    Appointment.objects.update(**changes)
    rows = list(reminders())

    assert unwanted_reminders(rows) == {row.pk: reason for row in rows}


def test_a_reminder_whose_visit_moved_to_another_day_is_not_wanted(patient, book):
    made = book("2026-01-20 10:00")
    made.entry.starts_at, made.entry.ends_at = at("2026-01-21 10:00"), at("2026-01-21 11:00")
    made.entry.save()
    rows = list(reminders())

    assert set(unwanted_reminders(rows).values()) == {"the appointment was moved"}


def test_a_changed_hour_of_sending_leaves_reminders_wanted(patient, book):
    book("2026-01-20 10:00")
    make_clinic(send_at=time(11, 0))

    assert unwanted_reminders(list(reminders())) == {}


def test_a_batch_is_asked_with_few_queries(patient, book, django_assert_num_queries):
    for day in (20, 21, 22):
        book(f"2026-01-{day} 10:00", patient=make_patient(email_allowed=True))
    rows, with_notices = list(reminders()), list(Delivery.objects.all())

    with django_assert_num_queries(1):
        unwanted_reminders(rows)
    with django_assert_num_queries(1):
        reminder_letters(rows)
    with django_assert_num_queries(2):
        reminder_letters(with_notices)
