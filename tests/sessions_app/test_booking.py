"""Booking, moving, cancelling: what is refused, what is written, and that nothing is written in part."""

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction

from clinic.access import Role
from clinic.models import AuditEvent, Delivery, StaffTask
from clinic.protocol.vocabulary import Hold
from sessions_app import booking, repeat, retrying
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.outside import open_tasks_for
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_entry,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


def active():
    return CalendarEntry.objects.filter(active=True)


def rule_of(refused):
    return refused.value.rule, refused.value.field


# --- What a booking writes ------------------------------------------------------------------------------------


def test_booking_writes_entry_appointment_and_audit_event(house, book):
    made = book("2026-01-14 10:00", note="prefers mornings", travel_note="flies on 20 Jan")

    made.refresh_from_db()
    entry = CalendarEntry.objects.get()
    assert (entry.nurse, entry.room, entry.patient) == (house.nurse, house.room, house.patient)
    assert (entry.kind, entry.active) == ("appointment", True)
    assert (entry.starts_at, entry.ends_at) == (at("2026-01-14 10:00"), at("2026-01-14 11:00"))
    assert (made.entry, made.status, made.version, made.booked_by) == (entry, "booked", 1, house.desk)
    assert (made.note, made.travel_note, made.window_note) == ("prefers mornings", "flies on 20 Jan", "")
    assert (made.chair_minutes, made.walk_minutes, made.buffer_minutes) == (30, 20, 10)
    event = AuditEvent.objects.get()
    assert (event.action, event.by_id, event.patient_id) == ("appointment booked", house.desk.pk, house.patient.pk)
    assert event.details["starts_at"] == "2026-01-14T15:00:00+00:00"


def test_times_are_stored_in_utc_whatever_the_zone_they_come_in(book):
    made = book(at("2026-01-14 10:00").astimezone())

    made.refresh_from_db()
    assert made.starts_at == datetime(2026, 1, 14, 15, 0, tzinfo=UTC)


def test_a_start_without_offset_is_a_programming_error(book):
    with pytest.raises(ValueError):
        book(datetime(2026, 1, 14, 10, 0))


def test_changing_a_service_never_moves_a_booked_visit(house, book):
    made = book("2026-01-14 10:00")
    house.service.chair_minutes = 45
    house.service.save()

    moved = booking.move(appointment=made, version=1, starts_at=at("2026-01-15 10:00"), by=house.desk, now=NOW)

    assert moved.entry.ends_at == at("2026-01-15 11:00")
    assert moved.chair_minutes == 30


# --- BK-03: the same form twice -------------------------------------------------------------------------------


def test_the_same_request_shows_the_same_booking(book):
    key = uuid.uuid4()

    first, second = book("2026-01-14 10:00", request_key=key), book("2026-01-14 10:00", request_key=key)

    assert first.pk == second.pk
    assert (Appointment.objects.count(), active().count(), AuditEvent.objects.count()) == (1, 1, 1)


def test_a_used_form_does_not_pretend_to_have_booked_somebody_else(book):
    key = uuid.uuid4()
    book("2026-01-14 10:00", request_key=key)

    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 12:00", request_key=key, patient=make_patient())

    assert refused.value.message == "This form has made another booking already. Open a new one."
    assert Appointment.objects.count() == 1


def test_a_used_form_does_not_pretend_to_have_booked_something_else(book):
    key = uuid.uuid4()
    book("2026-01-14 10:00", request_key=key)
    other = make_service(kind="first_visit", name="First visit")

    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 12:00", request_key=key, service=other)

    assert refused.value.message == "This form has made another booking already. Open a new one."
    assert Appointment.objects.count() == 1


# --- BK-04, BK-05: intervals, grid, hours, notice, horizon ----------------------------------------------------


def test_neighbouring_bookings_both_fit(book):
    book("2026-01-14 10:00")
    book("2026-01-14 11:00", patient=make_patient())
    book("2026-01-14 09:00", patient=make_patient())

    assert active().count() == 3


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        (at("2026-01-14 10:05"), "grid"),
        (at("2026-01-14 10:00") + timedelta(seconds=1), "grid"),
        (at("2026-01-13 06:45"), "past"),
        (at("2026-01-14 07:45"), "hours"),
        (at("2026-01-14 17:15"), "hours"),
        (at("2026-01-17 10:00"), "hours"),
        (at("2031-01-14 10:00"), "horizon"),
        (datetime.max.replace(tzinfo=UTC), "horizon"),
        (datetime.min.replace(tzinfo=UTC), "horizon"),
    ],
)
def test_a_start_is_refused(book, when, rule):
    with pytest.raises(booking.Refused) as refused:
        book(when)

    assert rule_of(refused) == (rule, "starts_at")
    assert not CalendarEntry.objects.exists()


def test_the_last_visit_ends_with_the_hours_and_the_first_begins_with_them(book):
    book("2026-01-14 08:00")
    book("2026-01-14 17:00")

    assert active().count() == 2


def test_the_horizon_is_the_last_date_that_can_be_booked(book):
    make_clinic(booking_horizon_days=8)

    book("2026-01-21 10:00")
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-22 10:00", patient=make_patient())

    assert refused.value.message == "Choose a date up to Wed 21 Jan 2026."


def test_a_visit_may_begin_at_this_very_minute_but_not_with_notice(house, book):
    now = at("2026-01-14 10:00")
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 10:00", now=now, service=make_service(kind="review", minimum_notice_minutes=60))
    assert rule_of(refused) == ("notice", "starts_at")

    book("2026-01-14 11:00", now=now, service=make_service(kind="review", minimum_notice_minutes=60))
    book("2026-01-14 10:00", now=now, patient=make_patient())


def test_the_length_comes_from_the_service(house, book):
    long = make_service(kind="review", chair_minutes=45, walk_minutes=20, buffer_minutes=0)

    assert book("2026-01-14 10:00", service=long).entry.ends_at == at("2026-01-14 11:05")


def test_a_visit_does_not_run_into_a_break(house, book):
    nurse = make_user(name="Bea Break")
    make_hours(nurse, starts="08:00", ends="12:00")
    make_hours(nurse, starts="13:00", ends="18:00")

    book("2026-01-14 11:00", nurse=nurse)
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 12:15", nurse=nurse)

    assert (
        refused.value.message
        == "The visit takes 60 minutes and Bea Break works 08:00 to 12:00, 13:00 to 18:00. Choose another time."
    )


def test_hours_end_on_their_last_valid_date(house, book):
    leaver = make_user(name="Lea Leaver")
    make_hours(leaver, valid_until=at("2026-01-14 00:00").date())

    book("2026-01-14 10:00", nurse=leaver)
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-15 10:00", nurse=leaver)

    assert refused.value.message == "Lea Leaver does not work on that day. Choose another day or nurse."


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": frozenset({Role.CLINICIAN})}])
def test_only_nurses_who_work_here_are_booked(house, book, change):
    for name, value in change.items():
        setattr(house.nurse, name, value)
    house.nurse.save()

    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 10:00", nurse=house.nurse)

    assert refused.value.message == "Nora Pike does not give Review. Choose another nurse."


def test_a_service_is_given_by_its_own_nurses_in_its_own_rooms(house, book):
    other, closet = make_user(name="Una Other"), make_room(name="Closet")
    make_hours(other)
    special = make_service(kind="review", name="Special", nurses=[other], rooms=[closet])

    with pytest.raises(booking.Refused) as wrong_nurse:
        book("2026-01-14 10:00", service=special, nurse=house.nurse)
    with pytest.raises(booking.Refused) as wrong_room:
        book("2026-01-14 10:00", service=special, room=house.room)
    made = book("2026-01-14 10:00", service=special)

    assert rule_of(wrong_nurse) == ("nurse", "nurse")
    assert wrong_room.value.message == "Room 1 is not used for Special. Choose another room."
    assert (made.entry.nurse, made.entry.room) == (other, closet)


def test_rooms_and_services_that_are_retired_are_not_booked(house, book):
    house.room.is_active = False
    house.room.save()
    with pytest.raises(booking.Refused) as no_room:
        book("2026-01-14 10:00")
    assert no_room.value.message == "No room is set up for Review. Choose another room."

    house.service.is_active = False
    with pytest.raises(booking.Refused) as no_service:
        book("2026-01-14 10:00")
    assert rule_of(no_service) == ("service", "service")


@pytest.mark.parametrize(("field", "longest"), [("note", 300), ("travel_note", 200), ("early_reason", 300)])
def test_texts_have_a_length(book, field, longest):
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 10:00", **{field: "x" * (longest + 1)})

    assert (rule_of(refused), refused.value.message) == (("length", field), f"Shorten this to {longest} characters.")


# --- BK-02: taken ---------------------------------------------------------------------------------------------


def test_a_taken_time_is_answered_with_the_three_nearest_and_nothing_is_written(house, book):
    book("2026-01-14 10:00")

    with pytest.raises(booking.Taken) as taken:
        book("2026-01-14 10:30", patient=make_patient(), nurse=house.nurse)

    assert taken.value.message == "Wed 14 Jan, 10:30 with Nora Pike is taken. Choose another time."
    assert [slot.starts_at for slot in taken.value.alternatives] == [
        at("2026-01-14 11:00"),
        at("2026-01-14 11:15"),
        at("2026-01-14 11:30"),
    ]
    assert (CalendarEntry.objects.count(), AuditEvent.objects.count()) == (1, 1)


def test_alternatives_prefer_the_wished_nurse(house, book):
    other = make_user(name="Una Other")
    make_hours(other)
    make_room()
    book("2026-01-14 10:00", nurse=house.nurse)

    with pytest.raises(booking.Taken) as taken:
        book("2026-01-14 10:00", patient=make_patient(), nurse=house.nurse)

    assert [slot.nurse_id for slot in taken.value.alternatives] == [house.nurse.pk] * 3


def test_a_booking_inside_a_closure_is_refused_as_closed(house, book):
    booking.close(title="Holiday", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk)

    with pytest.raises(booking.Taken) as taken:
        book("2026-01-14 10:00")

    assert taken.value.message == "Wed 14 Jan, 10:00 is closed. Choose another time."
    assert min(slot.starts_at for slot in taken.value.alternatives) == at("2026-01-13 16:30")


def test_a_patient_cannot_be_in_two_places(house, book):
    other = make_user(name="Una Other")
    make_hours(other)
    make_room()
    book("2026-01-14 10:00", nurse=house.nurse)

    with pytest.raises(booking.Taken) as taken:
        book("2026-01-14 10:30", nurse=other)

    assert taken.value.message == (
        f"{house.patient.name} already has a visit at that time: Wed 14 Jan, 10:00. "
        "Choose another time or move that one."
    )
    assert taken.value.alternatives[0].starts_at == at("2026-01-14 11:00")


def test_any_nurse_and_room_takes_the_first_that_are_free(house, book):
    other = make_user(name="Zoe Other")
    make_hours(other)
    second = make_room(name="Room 2")

    chairs = [book("2026-01-14 10:00", patient=make_patient()).entry for _ in range(2)]

    assert [(entry.nurse, entry.room) for entry in chairs] == [(house.nurse, house.room), (other, second)]
    with pytest.raises(booking.Taken):
        book("2026-01-14 10:00", patient=make_patient())


def test_any_room_is_the_nurses_own_of_that_day_and_a_colleagues_at_last(house, book):
    other = make_user(name="Una Other")
    make_hours(other)
    second = make_room(name="Room 2")
    book("2026-01-14 08:00", room=second)
    book("2026-01-15 08:00", patient=make_patient(), room=house.room)

    hers = [book(f"2026-01-{day} 14:00", patient=make_patient(), nurse=house.nurse) for day in (14, 15)]
    others = [book(f"2026-01-{day} 14:00", patient=make_patient(), nurse=other) for day in (14, 15)]

    assert [made.entry.room for made in hers] == [second, house.room]
    assert [made.entry.room for made in others] == [house.room, second]


def test_a_move_to_another_nurse_goes_into_her_room_of_that_day(house, book):
    other = make_user(name="Una Other")
    make_hours(other)
    second = make_room(name="Room 2")
    book("2026-01-14 08:00", nurse=other, room=second)
    made = book("2026-01-14 12:00", patient=make_patient(), nurse=house.nurse, room=house.room)

    moved = booking.move(appointment=made, version=1, starts_at=made.starts_at, nurse=other, by=house.desk, now=NOW)
    back = booking.move(
        appointment=made, version=2, starts_at=at("2026-01-15 12:00"), nurse=house.nurse, by=house.desk, now=NOW
    )

    assert (moved.entry.room, back.entry.room) == (second, second)


def test_a_free_room_is_found_when_the_first_one_is_closed(house, book):
    second = make_room(name="Room 2")
    booking.close(
        title="Painting",
        starts_at=at("2026-01-14 08:00"),
        ends_at=at("2026-01-14 18:00"),
        rooms=[house.room],
        by=house.desk,
    )

    assert book("2026-01-14 10:00").entry.room == second


# --- BK-06, BK-12: moving -------------------------------------------------------------------------------------


def test_moving_changes_the_entry_and_raises_the_version(house, book):
    made = book("2026-01-14 10:00")

    moved = booking.move(appointment=made, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    assert (moved.pk, moved.version, moved.starts_at) == (made.pk, 2, at("2026-01-15 09:00"))
    assert CalendarEntry.objects.get().ends_at == at("2026-01-15 10:00")
    event = AuditEvent.objects.get(action="appointment moved")
    assert event.details["was"] == "2026-01-14T15:00:00+00:00"


def test_a_refused_move_keeps_the_old_time_whole(house, book):
    made = book("2026-01-14 10:00")
    book("2026-01-14 12:00", patient=make_patient())

    with pytest.raises(booking.Taken) as taken:
        booking.move(appointment=made, version=1, starts_at=at("2026-01-14 12:30"), by=house.desk, now=NOW)

    made.refresh_from_db()
    assert (made.version, made.starts_at) == (1, at("2026-01-14 10:00"))
    assert len(taken.value.alternatives) == 3
    assert not AuditEvent.objects.filter(action="appointment moved").exists()


def test_a_visit_may_move_into_its_own_time(house, book):
    made = book("2026-01-14 10:00")

    moved = booking.move(appointment=made, version=1, starts_at=at("2026-01-14 10:30"), by=house.desk, now=NOW)

    assert moved.starts_at == at("2026-01-14 10:30")


def test_alternatives_of_a_move_count_its_own_time_as_free(house, book):
    made = book("2026-01-14 10:00")
    book("2026-01-14 11:00", patient=make_patient())

    with pytest.raises(booking.Taken) as taken:
        booking.move(appointment=made, version=1, starts_at=at("2026-01-14 10:15"), by=house.desk, now=NOW)

    assert taken.value.alternatives[0].starts_at == at("2026-01-14 10:00")


def test_a_move_keeps_nurse_and_room_when_they_are_free(house, book):
    first = make_user(name="Ada First")
    make_hours(first)
    make_room(name="Room 0")
    made = book("2026-01-14 10:00", nurse=house.nurse, room=house.room)

    moved = booking.move(appointment=made, version=1, starts_at=at("2026-01-15 10:00"), by=house.desk, now=NOW)

    assert (moved.entry.nurse, moved.entry.room) == (house.nurse, house.room)


def test_a_move_to_the_same_place_changes_nothing(house, book):
    made = book("2026-01-14 10:00")

    same = booking.move(appointment=made, version=1, starts_at=at("2026-01-14 10:00"), by=house.desk, now=NOW)

    assert same.version == 1
    assert AuditEvent.objects.count() == 1


def test_the_second_of_two_edits_is_refused_and_sees_the_difference(house, book):
    made = book("2026-01-14 10:00")
    booking.move(appointment=made, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    with pytest.raises(booking.Stale) as stale:
        booking.move(appointment=made, version=1, starts_at=at("2026-01-16 09:00"), by=house.clinician, now=NOW)

    assert stale.value.difference == ["Moved to Thu 15 Jan, 09:00 with Nora Pike in Room 1 by Dee Desk."]
    assert CalendarEntry.objects.get().starts_at == at("2026-01-15 09:00")


def test_the_difference_tells_every_change_since_the_page_was_opened(house, book):
    made = book("2026-01-14 10:00")
    booking.change_status(appointment=made, to=Appointment.Status.ARRIVED, by=house.desk, now=at("2026-01-14 09:50"))
    booking.cancel(appointment=made, version=2, reason="unwell", by=house.clinician, now=NOW)

    with pytest.raises(booking.Stale) as stale:
        booking.move(appointment=made, version=1, starts_at=at("2026-01-16 09:00"), by=house.desk, now=NOW)

    assert stale.value.difference == ["Now arrived, says Dee Desk.", "Cancelled by Cleo Clinician."]


def test_only_booked_visits_move(house, book):
    made = book("2026-01-14 10:00")
    booking.change_status(appointment=made, to=Appointment.Status.ARRIVED, by=house.desk, now=at("2026-01-14 09:50"))

    with pytest.raises(booking.Refused) as refused:
        booking.move(appointment=made, version=2, starts_at=at("2026-01-16 09:00"), by=house.desk, now=NOW)

    assert refused.value.message == "This visit is already arrived."


# --- BK-07: cancelling ----------------------------------------------------------------------------------------


def test_a_cancelled_time_can_be_booked_again_and_cancelling_twice_changes_nothing(house, book):
    made = book("2026-01-14 10:00")

    cancelled = booking.cancel(appointment=made, version=1, reason="has a cold", by=house.desk, now=NOW)
    again = booking.cancel(appointment=made, version=1, reason="has a cold", by=house.desk, now=NOW)
    book("2026-01-14 10:00", patient=make_patient())

    assert (cancelled.status, cancelled.cancel_reason, cancelled.version) == ("cancelled", "has a cold", 2)
    assert (again.status, again.version) == ("cancelled", 2)
    assert AuditEvent.objects.filter(action="appointment cancelled").count() == 1
    assert Appointment.objects.count() == 2


def test_cancelling_needs_a_reason(house, book):
    with pytest.raises(booking.Refused) as refused:
        booking.cancel(appointment=book("2026-01-14 10:00"), version=1, reason="  ", by=house.desk, now=NOW)

    assert rule_of(refused) == ("reason", "reason")


def test_cancelling_from_an_old_page_is_refused(house, book):
    made = book("2026-01-14 10:00")
    booking.move(appointment=made, version=1, starts_at=at("2026-01-15 09:00"), by=house.desk, now=NOW)

    with pytest.raises(booking.Stale):
        booking.cancel(appointment=made, version=1, reason="unwell", by=house.desk, now=NOW)

    assert active().count() == 1


def test_a_visit_in_treatment_is_not_cancelled(house):
    visit = make_appointment(status="in_treatment")

    with pytest.raises(booking.Refused) as refused:
        booking.cancel(appointment=visit, version=1, reason="unwell", by=house.desk, now=NOW)

    assert refused.value.message == "This visit is already in treatment."


# --- Statuses -------------------------------------------------------------------------------------------------

STATUSES = list(Appointment.Status)


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("to", [status for status in STATUSES if status != "cancelled"])
def test_statuses_move_along_the_table_and_in_no_other_way(house, before, to):
    visit = make_appointment(status=before)
    after = at("2026-01-13 12:00")

    if to == before or to in {**booking.MAY_GO_BACK, **booking.MAY_BECOME}.get(before, ()):
        changed = booking.change_status(appointment=visit, to=to, by=house.desk, now=after)
        assert changed.status == to
        assert changed.entry.active == (to != "no_show")
    else:
        with pytest.raises(booking.Refused):
            booking.change_status(appointment=visit, to=to, by=house.desk, now=after)
        visit.refresh_from_db()
        assert (visit.status, visit.version) == (before, 1)


def test_a_status_asked_twice_is_recorded_once(house, book):
    made = book("2026-01-14 10:00")

    versions = [
        booking.change_status(
            appointment=made, to=Appointment.Status.ARRIVED, by=house.desk, now=at("2026-01-14 09:50")
        ).version
        for _ in range(2)
    ]

    assert versions == [2, 2]
    assert AuditEvent.objects.filter(action="appointment status").count() == 1


@pytest.mark.parametrize("to", [Appointment.Status.ARRIVED, Appointment.Status.IN_TREATMENT])
def test_nobody_arrives_on_an_earlier_day(house, book, to):
    made = book("2026-01-14 10:00")
    if to == Appointment.Status.IN_TREATMENT:
        Appointment.objects.filter(pk=made.pk).update(status=Appointment.Status.ARRIVED)

    with pytest.raises(booking.Refused) as refused:
        booking.change_status(appointment=made, to=to, by=house.desk, now=at("2026-01-13 23:00"))

    assert refused.value.message == "This visit is on Wed 14 Jan. Move it to today first."


def test_cancelling_is_no_status_move(house, book):
    with pytest.raises(ValueError):
        booking.change_status(appointment=book("2026-01-14 10:00"), to=Appointment.Status.CANCELLED, by=house.desk)


@pytest.fixture
def with_tasks(house, book):
    """A visit of today that lies outside of its nurse's hours, and that its patient wants to move."""
    made = book("2026-01-13 10:00")
    booking.ask_to_move(appointment=made, version=1, wish="later today", by=house.desk, now=NOW)
    open_tasks_for([made], by=house.desk, now=NOW)
    return made


def open_kinds(visit):
    return set(StaffTask.objects.open().filter(about_id=visit.public_id).values_list("kind", flat=True))


@pytest.mark.parametrize("way", [["arrived", "booked"], ["no_show", "arrived", "booked"]])
def test_the_wrong_line_taken_back_leaves_what_is_to_be_done_as_it_was(house, with_tasks, way):
    made, at_last = with_tasks, way.pop()
    for minutes, status in enumerate(way):
        now = at("2026-01-13 10:10") + timedelta(minutes=minutes)
        booking.change_status(appointment=made, to=status, by=house.desk, now=now)
        assert open_kinds(made) == set()

    back = booking.change_status(appointment=made, to=at_last, by=house.desk, now=at("2026-01-13 10:20"))

    assert open_kinds(made) == {"visit_move_asked", "visit_outside_hours"}
    assert (back.status, back.move_wish, back.move_asked_at) == ("booked", "later today", NOW)
    assert StaffTask.objects.filter(about_id=made.public_id).count() == 2


def test_what_was_done_before_the_wrong_line_stays_done(house, with_tasks):
    made = with_tasks
    StaffTask.objects.filter(kind="visit_outside_hours").update(done_at=NOW, done_by=house.desk)
    for minutes, status in enumerate(("arrived", "booked")):
        booking.change_status(
            appointment=made, to=status, by=house.desk, now=at("2026-01-13 10:10") + timedelta(minutes=minutes)
        )

    assert open_kinds(made) == {"visit_move_asked"}


def test_a_no_show_is_known_only_after_the_start(house, book):
    made = book("2026-01-14 10:00")

    with pytest.raises(booking.Refused) as refused:
        booking.change_status(appointment=made, to=Appointment.Status.NO_SHOW, by=house.desk, now=NOW)

    assert refused.value.message == "The visit starts Wed 14 Jan, 10:00. Mark a no-show after that, or cancel it."


def test_who_comes_late_takes_the_time_again_unless_somebody_has_it(house, book):
    made, after = book("2026-01-14 10:00"), at("2026-01-14 10:15")
    booking.change_status(appointment=made, to=Appointment.Status.NO_SHOW, by=house.desk, now=after)
    back = booking.change_status(appointment=made, to=Appointment.Status.ARRIVED, by=house.desk, now=after)
    assert back.entry.active

    booking.change_status(appointment=made, to=Appointment.Status.BOOKED, by=house.desk, now=after)
    booking.change_status(appointment=made, to=Appointment.Status.NO_SHOW, by=house.desk, now=after)
    book("2026-01-14 10:30", patient=make_patient(), now=after)
    with pytest.raises(booking.Taken) as taken:
        booking.change_status(appointment=made, to=Appointment.Status.ARRIVED, by=house.desk, now=after)

    made.refresh_from_db()
    assert (made.status, taken.value.message) == ("no_show", "Somebody else has this time by now. Book a new visit.")


# --- The repeat window: B1 to B4 ------------------------------------------------------------------------------


@pytest.fixture
def treated(house):
    """The patient had a session on Monday 4 May 2026; it is the Tuesday after."""
    make_signed_protocol()
    visit = make_appointment(
        patient=house.patient,
        nurse=house.nurse,
        room=house.room,
        status="in_treatment",
        starts_at=at("2026-05-04 10:00"),
    )
    make_signed_session(appointment=visit)
    house.treatment = make_service(name="Treatment")
    return house


@pytest.fixture
def repeat_on(treated, book):
    def repeat_on(when, **facts):
        return book(when, **{"service": treated.treatment, "now": at("2026-05-05 07:00"), **facts})

    return repeat_on


@pytest.mark.parametrize("day", ["2026-05-07", "2026-05-08"])
def test_before_day_7_the_front_desk_is_refused_and_a_clinician_may_approve(treated, repeat_on, day):
    with pytest.raises(booking.EarlyNeedsClinician) as refused:
        repeat_on(f"{day} 10:00")
    assert rule_of(refused) == ("B1", "starts_at")

    with pytest.raises(booking.Refused) as unexplained:
        repeat_on(f"{day} 10:00", by=treated.clinician)
    assert rule_of(unexplained) == ("B1", "early_reason")
    assert unexplained.value.message == "The usual window opens Mon 11 May. Give the reason for booking earlier."

    made = repeat_on(f"{day} 10:00", by=treated.clinician, early_reason="other leg, travels next week")
    assert (made.early_approved_by, made.early_reason) == (treated.clinician, "other leg, travels next week")


def test_a_reason_typed_by_the_front_desk_approves_nothing(repeat_on):
    with pytest.raises(booking.EarlyNeedsClinician):
        repeat_on("2026-05-08 10:00", early_reason="please")


@pytest.mark.parametrize(
    ("day", "note"),
    [
        ("2026-05-11", ""),
        ("2026-05-18", ""),
        ("2026-05-19", "Later than usual: the window ended on day 14."),
    ],
)
def test_from_day_7_it_is_accepted_and_after_day_14_noted(repeat_on, day, note):
    made = repeat_on(f"{day} 10:00")

    assert (made.window_note, made.early_approved_by) == (note, None)


def test_day_6_is_early_and_day_7_is_not_at_any_hour(treated, repeat_on):
    make_hours(treated.nurse, weekdays=[6], starts="00:00", ends="23:45")  # 10 May 2026 is a Sunday

    with pytest.raises(booking.EarlyNeedsClinician):
        repeat_on("2026-05-10 22:30")
    repeat_on("2026-05-11 08:00")


def test_a_date_before_the_last_session_cannot_be_approved(treated, repeat_on):
    with pytest.raises(booking.Refused) as refused:
        repeat_on("2026-05-01 10:00", by=treated.clinician, early_reason="x", now=at("2026-04-30 07:00"))

    assert refused.value.message == "This date is before the last session. Choose a later one."


@pytest.mark.parametrize("kind", ["first_visit", "review"])
def test_other_visits_are_booked_on_any_day(repeat_on, kind):
    assert repeat_on("2026-05-06 10:00", service=make_service(kind=kind)).window_note == ""


def test_without_a_signed_session_no_window_applies(treated, repeat_on):
    stranger = make_patient()

    assert repeat_on("2026-05-06 10:00", patient=stranger).window_note == ""


def test_the_window_follows_the_protocol_in_force(repeat_on):
    make_signed_protocol(overrides={"repeat_min_days": 10})

    with pytest.raises(booking.EarlyNeedsClinician) as refused:
        repeat_on("2026-05-13 10:00")
    assert refused.value.message == "Before day 10 after the last session. Choose a later date or ask a clinician."
    repeat_on("2026-05-14 10:00")


def test_an_open_hold_refuses_even_a_clinician(treated, repeat_on):
    asked = []
    repeat.register_holds("test", lambda patient: asked.append(patient) or [Hold.UNANSWERED_RED_FLAG])
    try:
        with pytest.raises(booking.Refused) as refused:
            repeat_on("2026-05-12 10:00", by=treated.clinician, early_reason="all is well")
    finally:
        repeat.unregister_holds("test")

    assert (refused.value.rule, refused.value.message) == (
        "B4",
        "Booking is on hold. Ask a clinician to clear it first.",
    )
    assert asked == [treated.patient]


def test_a_move_is_judged_by_its_new_date(treated, repeat_on):
    made = repeat_on("2026-05-12 10:00")

    def move_to(when, version, **facts):
        facts = {"by": treated.desk, "now": at("2026-05-05 07:00"), **facts}
        return booking.move(appointment=made, version=version, starts_at=at(when), **facts)

    with pytest.raises(booking.EarlyNeedsClinician):
        move_to("2026-05-08 10:00", 1)
    assert move_to("2026-05-20 10:00", 1).window_note == "Later than usual: the window ended on day 14."
    early = move_to("2026-05-08 10:00", 2, by=treated.clinician, early_reason="holiday")
    assert (early.window_note, early.early_reason) == ("", "holiday")
    # Another hour of a date that was approved stays approved, whoever moves it.
    assert move_to("2026-05-08 14:00", 3).early_approved_by == treated.clinician
    assert move_to("2026-05-13 14:00", 4).early_approved_by is None


# --- Holds ----------------------------------------------------------------------------------------------------


def test_a_hold_keeps_others_out_until_it_ends_by_itself(house, book):
    somebody = make_user(Role.FRONT_DESK)
    booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), by=somebody, now=NOW)

    with pytest.raises(booking.Taken):
        book("2026-01-14 10:00", now=NOW + timedelta(minutes=4, seconds=59))
    book("2026-01-14 10:00", now=NOW + timedelta(minutes=5))

    assert [entry.kind for entry in CalendarEntry.objects.all()] == ["appointment"]


def test_the_booking_of_the_person_who_holds_takes_its_place(house, book):
    booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), by=house.desk, now=NOW)

    book("2026-01-14 10:00")

    assert [entry.kind for entry in CalendarEntry.objects.all()] == ["appointment"]


def test_a_released_hold_is_free_at_once(house, book):
    held = booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), by=make_user(Role.FRONT_DESK), now=NOW)

    for _ in range(2):
        booking.release_hold(hold=held, by=house.desk)
    book("2026-01-14 10:00")

    assert AuditEvent.objects.filter(action="slot released").count() == 1


def test_two_people_cannot_hold_the_same_time(house):
    booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), by=house.desk, now=NOW)

    with pytest.raises(booking.Taken):
        booking.hold(service=house.service, starts_at=at("2026-01-14 10:30"), by=house.clinician, now=NOW)


# --- Clock changes --------------------------------------------------------------------------------------------


def test_the_missing_hour_is_not_booked_and_the_repeated_hour_twice(house, book):
    owl = make_user(name="Olga Owl")
    make_hours(owl, weekdays=[6], starts="00:00", ends="06:00")
    first, second = at("2026-11-01 01:00"), at("2026-11-01 01:00") + timedelta(hours=1)

    entries = [book(start, patient=make_patient()).entry for start in (first, second)]

    assert [entry.starts_at for entry in entries] == [first, second]
    assert {entry.nurse for entry in entries} == {owl}
    # 02:30 does not exist on 8 March: the instant is 03:30, an hour after 01:30.
    make_clinic(booking_horizon_days=500)
    spring = book(at("2027-03-14 01:30"), patient=make_patient()).entry
    assert book(at("2027-03-14 02:30"), patient=make_patient()).entry.starts_at - spring.starts_at == timedelta(hours=1)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_hours_are_the_clinics_wall_clock_in_any_zone(house, book, zone):
    make_clinic(time_zone=zone, grid_minutes=60)
    now = at("2026-04-30 07:00", zone)

    made = book(at("2026-05-06 08:00", zone), now=now)

    assert made.starts_at.astimezone(UTC) == at("2026-05-06 08:00", zone)
    for off in ("07:00", "08:30", "17:30"):
        with pytest.raises(booking.Refused):
            book(at(f"2026-05-07 {off}", zone), now=now)


# --- Nothing in part ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["clinic.audit.record", "sessions_app.visit_writes.plan_reminders"])
def test_a_booking_that_fails_half_way_leaves_no_trace(house, book, monkeypatch, broken):
    def fail(*_, **__):
        raise RuntimeError("the power went out")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(RuntimeError):
        book("2026-01-14 10:00")

    assert not any(model.objects.exists() for model in (CalendarEntry, Appointment, AuditEvent, Delivery))


def test_a_row_past_the_checks_is_still_refused_by_the_database(house, book, monkeypatch):
    book("2026-01-14 10:00")
    monkeypatch.setattr("sessions_app.entries._rows_in_the_way", lambda *_, **__: [])
    make_room(name="Room 2")

    with pytest.raises(booking.Taken):
        book("2026-01-14 10:30", patient=make_patient())
    with pytest.raises(booking.Taken):
        book("2026-01-14 10:30", patient=make_patient(), nurse=house.nurse, room=house.room)

    assert active().count() == 1


def test_candidates_after_a_refused_one_are_tried_in_the_same_transaction(house, book, monkeypatch):
    other = make_user(name="Zoe Other")
    make_hours(other)
    second = make_room(name="Room 2")
    book("2026-01-14 10:00")
    monkeypatch.setattr("sessions_app.entries._rows_in_the_way", lambda *_, **__: [])

    made = book("2026-01-14 10:00", patient=make_patient())

    assert (made.entry.nurse, made.entry.room) == (other, second)


# --- Nobody sees a lock error ---------------------------------------------------------------------------------


def given_up(sqlstate=None, text="database is locked"):
    error = OperationalError(text)
    error.__cause__ = type("DriverError", (Exception,), {"pgcode": sqlstate})()
    return error


def as_the_driver_says_it(sqlstate):
    """The error of a real PostgreSQL that gives a transaction up; on SQLite its one lock error."""
    if connection.vendor != "postgresql":
        return given_up()
    raise_it = f"DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '{sqlstate}'; END $$"
    with pytest.raises(OperationalError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(raise_it)
    return raised.value


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(retrying, "connection", SimpleNamespace(in_atomic_block=False))
    pauses = []
    monkeypatch.setattr(retrying.time, "sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("error", [given_up(), given_up("40P01", "deadlock detected"), given_up("40001", "serialize")])
def test_a_transaction_that_was_given_up_is_tried_again(no_pause, error):
    outcomes = iter([error, error, error, "done"])

    def attempt():
        if isinstance(outcome := next(outcomes), Exception):
            raise outcome
        return outcome

    assert retrying.with_retries(attempt) == "done"
    assert len(no_pause) == 3
    assert max(no_pause) < 1


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03"])
def test_the_drivers_own_error_is_recognised(no_pause, sqlstate):
    outcomes = iter([as_the_driver_says_it(sqlstate), "done"])

    def attempt():
        if isinstance(outcome := next(outcomes), Exception):
            raise outcome
        return outcome

    assert retrying.with_retries(attempt) == "done"


def test_after_three_retries_people_are_asked_to_send_it_again(no_pause):
    def attempt():
        raise given_up()

    with pytest.raises(booking.Refused) as refused:
        retrying.with_retries(attempt)

    assert refused.value.message == (
        "Many people are saving at this moment. Nothing was changed; please send it again."
    )


def test_other_database_errors_are_not_hidden(no_pause):
    def attempt():
        raise given_up("57P01", "terminating connection")

    with pytest.raises(OperationalError):
        retrying.with_retries(attempt)
    assert no_pause == []


def test_inside_of_another_transaction_nothing_is_repeated():
    attempts = []

    def attempt():
        attempts.append(1)
        raise given_up()

    with pytest.raises(OperationalError):
        retrying.with_retries(attempt)
    assert attempts == [1]


# --- What it costs --------------------------------------------------------------------------------------------


def test_booking_costs_the_same_queries_in_a_full_calendar(house, book, django_assert_max_num_queries):
    with django_assert_max_num_queries(19):
        book("2026-01-14 10:00")
    for number in range(30):
        nurse = make_user()
        make_hours(nurse)
        room = make_room()
        make_entry(nurse=nurse, room=room, starts_at=at("2026-01-14 08:00"), ends_at=at("2026-01-14 10:00"))
        if number % 2:
            make_patient()

    with django_assert_max_num_queries(19):
        book("2026-01-14 12:00", patient=make_patient())
