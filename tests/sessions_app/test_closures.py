"""Closures and time off are entries like visits: one rule decides who has the time."""

from datetime import timedelta

import pytest

from clinic.models import AuditEvent
from sessions_app import booking
from sessions_app.models import CalendarEntry, Closure
from tests.makers import at, make_clinic, make_entry, make_hours, make_patient, make_room, make_user
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def close(house):
    def close(starts, ends, **facts):
        return booking.close(starts_at=at(starts), ends_at=at(ends), **{"title": "Holiday", "by": house.desk, **facts})

    return close


def periods(entries):
    return [(entry.starts_at, entry.ends_at) for entry in entries.order_by("starts_at")]


def test_a_closed_clinic_is_one_entry_for_each_nurse_and_room_and_day(house, close):
    make_hours(make_user())
    make_room(is_active=False)

    closure = close("2026-01-14 12:00", "2026-01-16 12:00")

    assert closure.entries.count() == (2 + 1) * 3
    assert {entry.kind for entry in closure.entries.all()} == {"closure"}
    assert periods(closure.entries.filter(room=house.room)) == [
        (at("2026-01-14 12:00"), at("2026-01-15 00:00")),
        (at("2026-01-15 00:00"), at("2026-01-16 00:00")),
        (at("2026-01-16 00:00"), at("2026-01-16 12:00")),
    ]
    assert AuditEvent.objects.get().action == "closure made"


def test_the_absence_of_a_nurse_is_time_off_and_leaves_the_room_open(house, close, book):
    other = make_user(name="Zoe Other")
    make_hours(other)

    closure = close("2026-01-14 00:00", "2026-01-15 00:00", nurses=[house.nurse])

    assert [(entry.kind, entry.nurse, entry.room) for entry in closure.entries.all()] == [
        ("time_off", house.nurse, None)
    ]
    assert book("2026-01-14 10:00").entry.nurse == other


def test_no_visit_fits_into_a_closure_and_none_is_left_in_one(house, close, book):
    book("2026-01-14 10:00")

    with pytest.raises(booking.Refused) as refused:
        close("2026-01-14 00:00", "2026-01-15 00:00")

    assert refused.value.message == (
        "A visit is booked in that time: Wed 14 Jan, 10:00 with Nora Pike. Move or cancel first; nothing was closed."
    )
    assert not Closure.objects.exists()
    close("2026-01-14 11:00", "2026-01-15 00:00")
    with pytest.raises(booking.Taken):
        book("2026-01-14 11:00", patient=make_patient())


def test_many_visits_in_the_way_are_counted(house, close, book):
    for hour in ("08", "09", "10", "11", "12"):
        book(f"2026-01-14 {hour}:00", patient=make_patient())

    with pytest.raises(booking.Refused) as refused:
        close("2026-01-14 00:00", "2026-01-15 00:00")

    assert refused.value.message == (
        "5 visits are booked in that time: Wed 14 Jan, 08:00 with Nora Pike, Wed 14 Jan, 09:00 with Nora Pike, "
        "Wed 14 Jan, 10:00 with Nora Pike and 2 more. Move or cancel first; nothing was closed."
    )


def test_what_is_closed_already_stays_with_its_own_closure(house, close):
    close("2026-01-14 00:00", "2026-01-15 00:00", nurses=[house.nurse])

    second = close("2026-01-13 12:00", "2026-01-15 12:00")

    assert periods(second.entries.filter(nurse=house.nurse)) == [
        (at("2026-01-13 12:00"), at("2026-01-14 00:00")),
        (at("2026-01-15 00:00"), at("2026-01-15 12:00")),
    ]
    assert second.entries.filter(room=house.room).count() == 3


def test_a_hold_that_is_over_does_not_stop_a_closure(house, close):
    make_entry(
        kind=CalendarEntry.Kind.HOLD, nurse=house.nurse, room=house.room, starts_at=at("2026-01-14 10:00"),
        ends_at=at("2026-01-14 11:00"), held_by=house.desk, hold_expires_at=NOW - timedelta(days=1),
    )  # fmt: skip

    assert close("2026-01-14 00:00", "2026-01-15 00:00").entries.count() == 2


def test_a_closure_over_a_clock_change_is_cut_at_midnight(house, close):
    closure = close("2026-03-07 00:00", "2026-03-10 00:00", nurses=[house.nurse])

    assert [ends - starts for starts, ends in periods(closure.entries)] == [timedelta(hours=h) for h in (24, 23, 24)]


def test_days_are_those_of_the_clinics_zone(house, close):
    make_clinic(time_zone="Asia/Kolkata")

    closure = booking.close(
        title="Holiday",
        starts_at=at("2026-01-14 00:00", "Asia/Kolkata"),
        ends_at=at("2026-01-15 00:00", "Asia/Kolkata"),
        nurses=[house.nurse],
        by=house.desk,
    )

    assert closure.entries.count() == 1


def test_reopening_frees_the_time_and_keeps_the_record(house, close, book):
    closure = close("2026-01-14 00:00", "2026-01-15 00:00")

    assert [booking.reopen(closure=closure, by=house.desk) for _ in range(2)] == [2, 0]

    book("2026-01-14 10:00")
    assert closure.entries.count() == 2
    assert AuditEvent.objects.filter(action="closure ended").count() == 1


@pytest.mark.parametrize(
    ("starts", "ends", "facts", "field"),
    [
        ("2026-01-14 10:00", "2026-01-14 10:00", {}, "ends_at"),
        ("2026-01-14 10:00", "2026-01-13 10:00", {}, "ends_at"),
        ("2026-01-14 10:00", "2028-01-13 10:00", {}, "ends_at"),
        ("9999-12-30 10:00", "9999-12-30 11:00", {}, "starts_at"),
        ("2026-01-14 10:00", "2026-01-15 10:00", {"title": "  "}, "title"),
        ("2026-01-14 10:00", "2026-01-15 10:00", {"title": "x" * 81}, "title"),
    ],
)
def test_a_closure_is_refused(close, starts, ends, facts, field):
    with pytest.raises(booking.Refused) as refused:
        close(starts, ends, **facts)

    assert refused.value.field == field
    assert not CalendarEntry.objects.exists()


def test_a_booking_that_slips_in_is_told_in_words(close, book, monkeypatch):
    book("2026-01-14 10:00")
    monkeypatch.setattr("sessions_app.closures._closed_already", lambda *_, **__: {})

    with pytest.raises(booking.Refused) as refused:
        close("2026-01-14 00:00", "2026-01-15 00:00")

    assert refused.value.message.startswith("Something was booked in that time at this moment.")
    assert not Closure.objects.exists()
