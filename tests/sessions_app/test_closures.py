"""Closures and time off are entries like visits: one rule decides who has the time."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, StaffTask
from sessions_app import booking
from sessions_app.availability import Period, without
from sessions_app.closures import cover
from sessions_app.models import Appointment, CalendarEntry, Closure
from sessions_app.outside import VisitsOutside, open_tasks
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_entry,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_user,
)
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

    assert periods(second.entries.filter(nurse=house.nurse, active=True)) == [
        (at("2026-01-13 12:00"), at("2026-01-14 00:00")),
        (at("2026-01-15 00:00"), at("2026-01-15 12:00")),
    ]
    assert second.entries.filter(room=house.room).count() == 3


def test_what_two_closures_close_stays_closed_until_both_have_ended(house, close, book):
    first = close("2026-01-14 00:00", "2026-01-15 00:00", nurses=[house.nurse])
    second = close("2026-01-14 09:00", "2026-01-14 12:00", nurses=[house.nurse])

    booking.reopen(closure=first, by=house.desk)

    with pytest.raises(booking.Taken):
        book("2026-01-14 10:00")
    assert book("2026-01-14 12:00").status == "booked"

    booking.reopen(closure=second, by=house.desk)

    assert book("2026-01-14 10:00", patient=make_patient()).status == "booked"


def test_what_three_closures_close_goes_to_one_of_those_that_stay(house, close):
    first = close("2026-01-14 00:00", "2026-01-15 00:00", nurses=[house.nurse])
    second = close("2026-01-14 09:00", "2026-01-14 12:00", nurses=[house.nurse])
    third = close("2026-01-14 11:00", "2026-01-14 14:00", nurses=[house.nurse])

    booking.reopen(closure=first, by=house.desk)

    assert (periods(second.entries.filter(active=True)), periods(third.entries.filter(active=True))) == (
        [(at("2026-01-14 09:00"), at("2026-01-14 12:00"))],
        [(at("2026-01-14 12:00"), at("2026-01-14 14:00"))],
    )
    assert periods(third.entries.filter(active=False)) == [(at("2026-01-14 11:00"), at("2026-01-14 12:00"))]

    booking.reopen(closure=second, by=house.desk)

    assert periods(third.entries.filter(active=True)) == [
        (at("2026-01-14 11:00"), at("2026-01-14 12:00")),
        (at("2026-01-14 12:00"), at("2026-01-14 14:00")),
    ]


def test_the_end_of_a_closure_of_one_nurse_leaves_the_gaps_of_another(house, close, book):
    other = make_user(name="Zoe Other")
    make_hours(other)
    visit = book("2026-01-14 10:00", nurse=other)
    ends = close("2026-01-14 09:00", "2026-01-14 12:00", nurses=[house.nurse])
    stays = close("2026-01-14 09:00", "2026-01-14 12:00", nurses=[other], accepted={visit.public_id})

    booking.reopen(closure=ends, by=house.desk)

    assert periods(stays.entries.filter(active=False)) == [(at("2026-01-14 10:00"), at("2026-01-14 11:00"))]


def test_a_closure_of_3_days_and_one_of_30_cost_the_same_queries(house, close, book):
    made, ended = [], []
    for days in (3, 30):
        until = f"2026-03-{1 + days:02}"
        for day in ("2026-03-02", until):
            book(f"{day} 10:00", patient=make_patient())
        visits = {visit.public_id for visit in Appointment.objects.filter(entry__starts_at__gte=at("2026-03-01 00:00"))}
        close("2026-03-02 09:00", f"{until} 12:00", accepted=visits)
        with CaptureQueriesContext(connection) as closing:
            whole = close("2026-03-02 00:00", f"{until} 23:00", accepted=visits)
        with CaptureQueriesContext(connection) as ending:
            booking.reopen(closure=Closure.objects.exclude(pk=whole.pk).get(ended_at=None), by=house.desk)
        booking.reopen(closure=whole, by=house.desk)
        made.append(len(closing))
        ended.append(len(ending))
        for visit in Appointment.objects.filter(status="booked"):
            booking.cancel(appointment=visit, version=visit.version, reason="x", by=house.desk, now=NOW)

    assert made[0] == made[1]
    assert ended[0] == ended[1]


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


def test_a_booking_that_slips_in_is_told_in_words(house, close, book, monkeypatch):
    book("2026-01-14 10:00")
    monkeypatch.setattr("sessions_app.closures._refuse_what_is_booked", lambda *_, **__: None)
    monkeypatch.setattr("sessions_app.closures._taken_already", lambda *_, **__: {})

    with pytest.raises(booking.Refused) as refused:
        close("2026-01-14 00:00", "2026-01-15 00:00", accepted=None)

    assert refused.value.message.startswith("Something was booked in that time at this moment.")
    assert not Closure.objects.exists()


# --- Closing around visits ------------------------------------------------------------------------------------

DAY = ("2026-01-14 00:00", "2026-01-15 00:00")


def open_about():
    return set(StaffTask.objects.open().filter(kind="visit_outside_hours").values_list("about_id", flat=True))


def is_whole(resource, starts=DAY[0], ends=DAY[1]):
    """Whether active entries take every moment of the day of one nurse or room."""
    taken = CalendarEntry.objects.filter(active=True, **resource)
    return without([Period(at(starts), at(ends))], [Period(e.starts_at, e.ends_at) for e in taken]) == []


def test_visits_are_shown_before_the_day_is_closed_around_them(house, close, book):
    first, second = book("2026-01-14 10:00"), book("2026-01-14 14:00", patient=make_patient())

    with pytest.raises(VisitsOutside) as shown:
        close(*DAY, accepted={first.public_id})
    assert shown.value.visits == [first, second]
    assert not Closure.objects.exists()

    closure = close(*DAY, accepted={first.public_id, second.public_id})

    assert is_whole({"nurse": house.nurse})
    assert is_whole({"room": house.room})
    assert open_about() == {first.public_id, second.public_id}
    assert [(row.appointment, row.why) for row in open_tasks()] == [
        (first, ("Closed: Holiday.",)), (second, ("Closed: Holiday.",)),
    ]  # fmt: skip
    assert closure.entries.filter(active=False).count() == 4
    assert AuditEvent.objects.filter(action="visit outside of hours").count() == 2


@pytest.mark.parametrize("goes", ["moved", "cancelled"])
def test_a_gap_is_closed_in_the_transaction_in_which_its_visit_goes(house, close, book, goes):
    visit = book("2026-01-14 10:00")
    close(*DAY, accepted={visit.public_id})

    if goes == "moved":
        booking.move(appointment=visit, version=1, starts_at=at("2026-01-15 10:00"), by=house.desk, now=NOW)
    else:
        booking.cancel(appointment=visit, version=1, reason="closed", by=house.desk, now=NOW)

    assert is_whole({"nurse": house.nurse})
    assert is_whole({"room": house.room})
    assert open_about() == set()
    assert not CalendarEntry.objects.filter(kind="closure", active=False).exists()
    with pytest.raises(booking.Taken):
        book("2026-01-14 10:00", patient=make_patient())


def test_what_another_visit_takes_of_a_gap_stays_one(house, close, book):
    visit = book("2026-01-14 10:00")
    short = make_service(kind="review", chair_minutes=15, walk_minutes=0, buffer_minutes=0)
    who = {"patient": make_patient(), "by": house.clinician}
    beside = book("2026-01-14 10:30", service=short, overbook_reason="asked", **who)
    close(*DAY, accepted={visit.public_id, beside.public_id})

    booking.cancel(appointment=visit, version=1, reason="closed", by=house.desk, now=NOW)
    assert is_whole({"nurse": house.nurse})
    assert open_about() == {beside.public_id}
    with pytest.raises(booking.Taken):
        book("2026-01-14 10:30", patient=make_patient())

    booking.cancel(appointment=beside, version=1, reason="closed", by=house.desk, now=NOW)
    assert is_whole({"nurse": house.nurse})
    assert is_whole({"room": house.room})
    assert not CalendarEntry.objects.filter(kind="closure", active=False).exists()


def test_nobody_is_overbooked_beside_a_visit_in_a_closed_day(house, close, book):
    visit = book("2026-01-14 10:00")
    close(*DAY, accepted={visit.public_id})

    with pytest.raises(booking.Refused):
        book("2026-01-14 10:00", patient=make_patient(), by=house.clinician, overbook_reason="asked")


def test_taking_back_a_cancellation_in_a_closed_day_opens_its_gap_again(house, close, book):
    visit = book("2026-01-14 10:00")
    close(*DAY, accepted={visit.public_id}, now=NOW)
    booking.cancel(appointment=visit, version=1, reason="closed", by=house.desk, now=NOW)

    booking.undo(appointment=visit, version=2, by=house.desk, now=NOW + timedelta(minutes=1))

    visit.refresh_from_db()
    assert (visit.status, open_about()) == ("booked", {visit.public_id})
    booking.cancel(appointment=visit, version=3, reason="closed", by=house.desk, now=NOW)
    assert is_whole({"nurse": house.nurse})


def test_who_comes_late_after_all_has_the_gap_of_the_closed_day_again(house, close, book):
    visit = book("2026-01-14 10:00")
    close(*DAY, accepted={visit.public_id}, now=NOW)
    missed = at("2026-01-14 10:10")
    booking.change_status(appointment=visit, to="no_show", by=house.desk, now=missed)
    assert is_whole({"nurse": house.nurse})

    late = booking.change_status(appointment=visit, to="arrived", by=house.desk, now=missed + timedelta(minutes=5))

    assert (late.status, late.entry.active) == ("arrived", True)


@pytest.mark.parametrize("ends", ["2026-01-14 10:30", "2026-01-14 12:00"])
def test_who_comes_late_does_not_return_into_what_was_closed_since(house, close, book, ends):
    visit = book("2026-01-14 10:00")
    missed = at("2026-01-14 10:10")
    booking.change_status(appointment=visit, to="no_show", by=house.desk, now=missed)
    close("2026-01-14 10:15", ends, nurses=[house.nurse], now=missed + timedelta(minutes=1))

    with pytest.raises(booking.Taken) as refused:
        booking.change_status(appointment=visit, to="arrived", by=house.desk, now=missed + timedelta(minutes=5))

    assert refused.value.message == "This time was closed meanwhile. Book a new visit."
    assert CalendarEntry.objects.get(kind="time_off").active


def test_the_end_of_a_closure_leaves_no_gap_to_close_and_closes_the_tasks(house, close, book):
    visit = book("2026-01-14 10:00")
    closure = close(*DAY, accepted={visit.public_id})

    booking.reopen(closure=closure, by=house.desk, now=NOW)
    assert open_about() == set()
    booking.cancel(appointment=visit, version=1, reason="ill", by=house.desk, now=NOW)

    assert book("2026-01-14 10:00", patient=make_patient()).status == "booked"


def test_a_time_kept_for_somebody_is_given_up_when_the_day_is_closed(house, close, book):
    booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), patient=house.patient, by=house.desk, now=NOW)

    close(*DAY, accepted=(), by=house.clinician, now=NOW)

    assert not CalendarEntry.objects.filter(kind="hold").exists()
    assert is_whole({"nurse": house.nurse})


def test_what_is_done_already_needs_nobodys_consent(house, close, book):
    done = make_appointment(nurse=house.nurse, room=house.room, starts_at=at("2026-01-14 08:00"), status="done")

    close(*DAY, accepted=())

    assert is_whole({"nurse": house.nurse})
    assert open_about() == set()
    assert done.entry.active


def test_nurses_and_rooms_that_come_later_are_closed_with_the_clinic(house, close):
    close(*DAY)
    later, room = make_user(), make_room()

    for _ in range(2):
        with transaction.atomic():
            cover(nurse_ids=[later.pk], room_ids=[room.pk, house.room.pk], by=house.desk, now=NOW)

    assert is_whole({"nurse": later})
    assert is_whole({"room": room})
    assert CalendarEntry.objects.filter(kind="closure").count() == 4
