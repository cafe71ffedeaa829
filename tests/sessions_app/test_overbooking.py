"""Overbooking on purpose: with the permission and a reason, beside one other visit, flagged, and never silently."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app import booking
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.slots import find_slots
from tests.makers import at, make_hours, make_patient, make_room, make_user
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db

TEN = "2026-01-14 10:00"


@pytest.fixture
def squeeze(house, book):
    """The clinician books a patient of her own at a time, with a reason."""

    def squeeze(when, **facts):
        wish = {
            "patient": make_patient(),
            "by": house.clinician,
            "overbook_reason": "painful cord, seen today",
            **facts,
        }
        return book(when, **wish)

    return squeeze


def refused(action, *args, error=booking.Refused, **facts):
    with pytest.raises(error) as raised:
        action(*args, **facts)
    return raised.value


def test_a_taken_time_is_shared_with_one_visit_and_says_so(house, book, squeeze):
    book(TEN)

    second = squeeze(TEN)

    second.refresh_from_db()
    assert second.entry.overbook_reason == "painful cord, seen today"
    assert second.overbooked_by == house.clinician
    assert (second.entry.nurse, second.entry.room) == (house.nurse, house.room)
    event = AuditEvent.objects.filter(action="appointment booked").order_by("-id").first()
    assert (event.by_id, event.details["overbooked"]) == (house.clinician.pk, True)
    assert "painful" not in str(event.details)
    assert list(problems()) == []


def test_a_free_time_is_booked_plainly_whatever_reason_was_typed(squeeze):
    made = squeeze(TEN)

    assert (made.entry.overbook_reason, made.overbooked_by) == ("", None)
    assert AuditEvent.objects.get(action="appointment booked").details["overbooked"] is False


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE])
def test_without_the_permission_it_is_refused_even_where_the_time_is_free(squeeze, role):
    error = refused(squeeze, TEN, by=make_user(role))

    assert (error.rule, error.field) == ("overbook", "overbook_reason")
    assert error.message == (
        "Two visits at one time need a clinician. Choose a free time, or ask a clinician to book it."
    )
    assert not CalendarEntry.objects.exists()


def test_without_a_reason_a_taken_time_is_taken_for_a_clinician_too(book, squeeze):
    book(TEN)

    assert refused(squeeze, TEN, overbook_reason="  ", error=booking.Taken).rule == "taken"


def test_a_reason_has_a_length(squeeze):
    error = refused(squeeze, TEN, overbook_reason="x" * 201)

    assert (error.rule, error.field) == ("length", "overbook_reason")


def test_a_third_visit_finds_no_place(book, squeeze):
    book(TEN)
    squeeze(TEN)

    error = refused(squeeze, "2026-01-14 10:30", error=booking.Taken)

    assert error.message == (
        "Wed 14 Jan, 10:30 cannot be shared: an overbooked visit is there already. Choose another time."
    )
    assert Appointment.objects.count() == 2


def test_nobody_is_booked_plainly_beside_an_overbooked_visit(house, book, squeeze):
    first = book(TEN)
    squeeze(TEN)
    booking.cancel(appointment=first, version=1, reason="ill", by=house.desk, now=NOW)

    error = refused(book, TEN, patient=make_patient(), error=booking.Taken)

    assert error.message == "Wed 14 Jan, 10:00 is taken. Choose another time."


def test_a_closure_refuses_it(house, squeeze):
    day = {"starts_at": at("2026-01-14 00:00"), "ends_at": at("2026-01-15 00:00"), "by": house.desk, "now": NOW}
    booking.close(title="Holiday", **day)

    error = refused(squeeze, TEN, error=booking.Taken)

    assert error.message == "Wed 14 Jan, 10:00 is closed. Choose another time."


def test_a_time_kept_for_somebody_is_not_shared(house, squeeze):
    somebody = make_patient()
    booking.hold(service=house.service, starts_at=at(TEN), patient=somebody, by=house.desk, now=NOW)

    error = refused(squeeze, TEN, error=booking.Taken)

    assert error.message == "Wed 14 Jan, 10:00 cannot be shared: it is kept for somebody. Choose another time."


def test_a_patient_is_still_in_one_place(house, book, squeeze):
    book(TEN)

    error = refused(squeeze, "2026-01-14 10:30", patient=house.patient, error=booking.Taken)

    assert error.message == (
        f"{house.patient.name} already has a visit at that time: Wed 14 Jan, 10:00. "
        "Choose another time or move that one."
    )


def test_hours_hold_for_overbooked_visits_too(squeeze):
    assert refused(squeeze, "2026-01-14 17:30").rule == "hours"


def test_any_nurse_means_one_who_has_the_least_in_the_way(house, book, squeeze):
    other = make_user(name="Zoe Other")
    make_hours(other)
    book(TEN)  # Nora Pike in Room 1; Zoe is free, and the room is not

    second = squeeze(TEN)

    assert (second.entry.nurse, second.entry.room) == (other, house.room)
    assert second.entry.overbook_reason != ""


def test_a_move_onto_a_taken_time_is_overbooked_and_one_to_a_free_time_no_more(house, book, squeeze):
    book(TEN)
    made = book("2026-01-14 12:00", patient=make_patient())

    def move(when, version, **facts):
        return booking.move(appointment=made, version=version, starts_at=at(when), now=NOW, **facts)

    assert refused(move, TEN, 1, by=house.desk, overbook_reason="please").rule == "overbook"
    shared = move(TEN, 1, by=house.clinician, overbook_reason="only today")
    assert (shared.entry.overbook_reason, shared.overbooked_by) == ("only today", house.clinician)
    assert AuditEvent.objects.get(action="appointment moved").details["overbooked"] is True
    # Another hour beside the same visit is a new decision.
    assert refused(move, "2026-01-14 10:15", 2, by=house.clinician, error=booking.Taken).rule == "taken"
    free = move("2026-01-14 14:00", 2, by=house.desk)
    free.refresh_from_db()
    assert (free.entry.overbook_reason, free.overbooked_by) == ("", None)
    assert list(problems()) == []


def test_who_came_late_returns_beside_the_visit_that_was_overbooked_meanwhile(house, book, squeeze):
    late, after = book(TEN), at("2026-01-14 10:15")
    squeeze(TEN)
    booking.change_status(appointment=late, to=Appointment.Status.NO_SHOW, by=house.desk, now=after)

    back = booking.change_status(appointment=late, to=Appointment.Status.ARRIVED, by=house.desk, now=after)

    assert (back.status, back.entry.active) == ("arrived", True)
    assert list(problems()) == []


def test_the_same_form_sent_twice_overbooks_once(book, squeeze):
    book(TEN)
    patient, key = make_patient(), uuid.uuid4()

    first, second = (squeeze(TEN, patient=patient, request_key=key) for _ in range(2))

    assert first.pk == second.pk
    assert Appointment.objects.count() == 2


def test_free_times_do_not_offer_what_is_shared(house, book, squeeze):
    book(TEN)
    squeeze("2026-01-14 10:30")
    day = at(TEN).date()

    found = find_slots(service=house.service, first_date=day, last_date=day, now=NOW)

    starts = {slot.starts_at for slot in found}
    assert at("2026-01-14 11:30") in starts
    assert not {start for start in starts if at("2026-01-14 09:00") < start < at("2026-01-14 11:30")}


# --- What the database itself refuses -------------------------------------------------------------------------


def entry(house, *, reason="", kind="appointment", start=TEN, **facts):
    visit = {"nurse": house.nurse, "room": house.room, "patient": make_patient()} if kind == "appointment" else {}
    return CalendarEntry.objects.create(
        kind=kind,
        starts_at=at(start),
        ends_at=at(start) + timedelta(hours=1),
        overbook_reason=reason,
        **{**visit, **facts},
    )


def is_refused_by_the_database(house, **facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        entry(house, **facts)


def test_the_database_holds_two_lanes_and_no_third(house):
    entry(house)
    entry(house, reason="urgent", start="2026-01-14 10:30")

    is_refused_by_the_database(house, reason="urgent too")
    is_refused_by_the_database(house)
    is_refused_by_the_database(house, reason="urgent", start="2026-01-14 11:00")
    entry(house, start="2026-01-14 11:00")


@pytest.mark.parametrize("kind", ["closure", "time_off"])
@pytest.mark.parametrize("reason", ["", "urgent"])
def test_the_database_lets_nothing_stand_in_what_is_closed(house, kind, reason):
    entry(house, kind=kind, nurse=house.nurse)

    is_refused_by_the_database(house, reason=reason, room=make_room())


@pytest.mark.parametrize("reason", ["", "urgent"])
def test_the_database_closes_nothing_over_a_visit_in_either_lane(house, reason):
    entry(house, reason=reason)

    is_refused_by_the_database(house, kind="closure", room=house.room)


def test_the_database_keeps_a_patient_in_one_place_in_any_lane(house):
    patient = make_patient()
    entry(house, patient=patient)

    is_refused_by_the_database(house, reason="urgent", patient=patient, nurse=make_user(), room=make_room())


def test_a_row_past_the_checks_is_refused_by_the_database_and_told_as_taken(book, squeeze, monkeypatch):
    book(TEN)
    squeeze(TEN)
    monkeypatch.setattr("sessions_app.entries._rows_in_the_way", lambda *_, **__: [])

    assert refused(squeeze, TEN, error=booking.Taken).rule == "taken"
    assert CalendarEntry.objects.filter(active=True).count() == 2
