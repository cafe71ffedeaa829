"""The set-up of the schedule on its pages: typed quickly, refused in words, shown before it is saved."""

import re
from datetime import date, time

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.access import Role
from clinic.models import AuditEvent, Clinic, Room, StaffTask
from sessions_app import booking, waiting
from sessions_app.forms.spans import parse_spans, spans_words
from sessions_app.models import CalendarEntry, Closure, DatedHours, NurseHours, Service
from tests.makers import (
    at,
    make_appointment,
    make_dated_hours,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_user,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
WEEK = {f"day_{number}": "" for number in range(7)}


@pytest.fixture(autouse=True)
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead(db):
    return make_user(Role.CLINICAL_LEAD, name="Miriam Lead")


@pytest.fixture
def client(lead):
    client = Client()
    client.force_login(lead)
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def accepted_in(answer):
    return re.search(r'name="accepted" value="([^"]+)"', answer.content.decode())[1]


def nurse_url(nurse, more=""):
    return f"/setup/hours/{nurse.public_id}/{more}"


def open_about():
    return set(StaffTask.objects.open().filter(kind="visit_outside_hours").values_list("about_id", flat=True))


# --- Hours as they are typed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("08:00-12:00, 13:00-17:00", "08:00-12:00, 13:00-17:00"),
        ("8-12 and 13-17", "08:00-12:00, 13:00-17:00"),
        ("13:00 – 17:00; 8.30 to 12", "08:30-12:00, 13:00-17:00"),
        ("8:00-12:00,12:00-13:00", "08:00-12:00, 12:00-13:00"),
    ],
)
def test_hours_are_read_however_they_are_typed(typed, meant):
    assert spans_words(parse_spans(typed)) == meant


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("morning", "“morning” is not from and to. Write the hours like 08:00-12:00, 13:00-17:00."),
        ("8-25", "25:00 is not a time of day; 23:59 is the latest."),
        ("12-8", "12-8 ends before it starts."),
        ("8-12, 11-13", "11:00 lies inside of the hours before it."),
        ("8-", "“8-” is not from and to."),
    ],
)
def test_hours_that_cannot_be_read_say_what_to_type(typed, problem):
    with pytest.raises(ValueError) as refused:
        parse_spans(typed)

    assert str(refused.value).startswith(problem)


# --- Weekly hours ---------------------------------------------------------------------------------------------


def test_a_week_is_saved_from_a_day_on(house, client):
    week = {**WEEK, "day_0": "8-12, 13-17", "day_1": "=", "day_2": "=", "first_date": "2026-02-02"}

    answer = client.post(nurse_url(house.nurse), week, follow=True)

    assert "From Mon 2 Feb, Nora Pike works these hours." in text_of(answer)
    new = NurseHours.objects.filter(nurse=house.nurse, valid_from=date(2026, 2, 2))
    assert [(row.weekday, row.starts) for row in new] == [
        (day, start) for day in range(3) for start in (time(8), time(13))
    ]
    assert "Wed 1 Jan 2020 until Sun 1 Feb 2026 Now" in text_of(answer)
    assert "Mon to Wed 08:00-12:00, 13:00-17:00" in text_of(answer)


def test_bad_hours_stand_at_their_day_and_the_rest_is_kept(house, client):
    typed = {**WEEK, "day_0": "8 till late", "day_1": "9-10", "day_3": "=", "first_date": "2026-01-01"}

    answer = client.post(nurse_url(house.nurse), typed)

    assert answer.status_code == 200
    assert answer.context["form"].errors["day_0"] == [
        "“8 till late” is not from and to. Write the hours like 08:00-12:00, 13:00-17:00."
    ]
    assert 'value="8 till late"' in answer.content.decode()
    assert 'value="9-10"' in answer.content.decode()
    assert client.post(nurse_url(house.nurse), typed, headers={"HX-Request": "true"}).status_code == 422
    fine = client.post(nurse_url(house.nurse), {**typed, "day_0": "8-10"})
    assert fine.context["form"].errors["first_date"] == ["Choose Tue 13 Jan or later: what was worked stays as it is."]


def test_the_same_as_the_day_above_needs_a_day_above(house, client):
    answer = client.post(nurse_url(house.nurse), {**WEEK, "day_0": "=", "first_date": "2026-02-02"})

    assert list(answer.context["form"].errors) == ["day_0"]


def test_visits_outside_are_shown_and_saved_with_a_task_for_each(house, client, book):
    visit = book("2026-02-03 16:00")
    week = {**WEEK, "day_1": "08:00-12:00", "first_date": "2026-02-02"}

    shown = client.post(nurse_url(house.nurse), week)
    assert "1 visit falls outside" in text_of(shown)
    assert "Save the hours and make a task" in text_of(shown)
    assert f"Tue 3 Feb, 16:00 {visit.patient.name}" in text_of(shown)
    assert "Nora Pike does not work then." in text_of(shown)
    assert NurseHours.objects.filter(valid_from=date(2026, 2, 2)).count() == 0

    client.post(nurse_url(house.nurse), {**week, "accepted": accepted_in(shown)})
    assert NurseHours.objects.filter(valid_from=date(2026, 2, 2)).count() == 1
    assert open_about() == {visit.public_id}


def test_a_page_that_became_stale_saves_nothing(house, client):
    stamp = re.search(r'name="stamp" value="(\w+)"', client.get(nurse_url(house.nurse)).content.decode())[1]
    make_hours(house.nurse, weekdays=[6])

    answer = client.post(nurse_url(house.nurse), {**WEEK, "day_1": "8-9", "first_date": "2026-02-02", "stamp": stamp})

    assert answer.status_code == 409
    assert "Somebody changed these hours while the page was open." in text_of(answer)
    assert 'value="8-9"' in answer.content.decode()
    assert not NurseHours.objects.filter(valid_from=date(2026, 2, 2)).exists()


# --- One date -------------------------------------------------------------------------------------------------


def test_one_date_gets_its_own_hours_and_loses_them_again(house, client, book):
    date_url, clear_url = nurse_url(house.nurse, "date/"), nurse_url(house.nurse, "date/clear/")
    sunday = {"day": "2026-01-18", "spans": "9-12", "note": "Open day"}

    page = client.post(date_url, sunday, follow=True)
    assert "Sun 18 Jan 2026 09:00-12:00, Open day" in text_of(page)
    visit = book("2026-01-18 10:00")

    shown = client.post(clear_url, {"day": "2026-01-18"})
    assert "Remove the exception and make a task" in text_of(shown)
    client.post(clear_url, {"day": "2026-01-18", "accepted": accepted_in(shown)})
    assert not DatedHours.objects.exists()
    assert open_about() == {visit.public_id}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"day": "2026-01-18", "spans": ""}, "spans"),
        ({"day": "2026-01-18", "spans": "x"}, "spans"),
        ({"day": "18th", "spans": "9-12"}, "day"),
        ({"day": "2026-01-01", "spans": "9-12"}, "day"),
        ({"day": "9999-01-01", "spans": "9-12"}, "day"),
    ],
)
def test_an_exception_that_cannot_be_is_refused_at_its_field(house, client, typed, field):
    answer = client.post(nurse_url(house.nurse, "date/"), typed)

    assert (answer.status_code, list(answer.context["date_form"].errors)) == (200, [field])


# --- Closures -------------------------------------------------------------------------------------------------


def test_a_day_is_closed_and_opened_again(house, client):
    page = client.post(
        "/setup/closures/", {"title": "Holiday", "scope": "clinic", "first_date": "2026-01-14"}, follow=True
    )

    assert "Holiday Wed 14 Jan 2026 · Whole clinic" in text_of(page)
    assert CalendarEntry.objects.filter(kind="closure", active=True).count() == 2
    closure = Closure.objects.get()
    client.post(f"/setup/closures/{closure.pk}/end/")
    client.post(f"/setup/closures/{closure.pk}/end/")
    assert not CalendarEntry.objects.filter(active=True).exists()
    assert AuditEvent.objects.filter(action="closure ended").count() == 1
    assert "Nothing is closed" in text_of(client.get("/setup/closures/"))


def test_time_off_has_a_nurse_days_and_times(house, client):
    opened = client.get(f"/setup/closures/?nurse={house.nurse.public_id}")
    assert opened.context["form"].initial == {"scope": "nurses", "nurses": [house.nurse.pk]}
    facts = {"title": "Course", "scope": "nurses", "nurses": [house.nurse.pk], "first_date": "2026-01-14"}

    client.post("/setup/closures/", {**facts, "last_date": "2026-01-15", "starts": "12:00", "ends": "10:00"})

    entries = CalendarEntry.objects.order_by("starts_at")
    assert [(e.kind, e.starts_at, e.ends_at) for e in entries] == [
        ("time_off", at("2026-01-14 12:00"), at("2026-01-15 00:00")),
        ("time_off", at("2026-01-15 00:00"), at("2026-01-15 10:00")),
    ]
    page = text_of(client.get(nurse_url(house.nurse)))
    assert "Course Wed 14 Jan, 12:00 until Thu 15 Jan, 10:00 · Nora Pike" in page


def test_a_day_with_visits_is_closed_around_them(house, client, book):
    visit = book("2026-01-14 10:00")
    facts = {"title": "Holiday", "scope": "clinic", "first_date": "2026-01-14"}

    shown = client.post("/setup/closures/", facts)
    assert "Close it and make a task" in text_of(shown)
    assert "Closed: Holiday." in text_of(shown)
    assert not Closure.objects.exists()
    page = client.post("/setup/closures/", {**facts, "accepted": accepted_in(shown)}, follow=True)

    assert "1 visit is still in it" in text_of(page)
    assert open_about() == {visit.public_id}
    booking.cancel(appointment=visit, version=1, reason="closed", by=house.desk)
    assert "still in it" not in text_of(client.get("/setup/closures/"))


def test_the_visits_still_in_a_closure_are_those_that_fell_outside(house, client, book):
    """Two that meet are two, and who is here is none: nobody moves that visit."""
    for clock in ("09:00", "10:00", "15:00"):
        book(f"2026-01-13 {clock}", patient=make_patient())
    here = book("2026-01-13 13:00", patient=make_patient())
    booking.change_status(appointment=here, to="arrived", by=house.desk)
    facts = {"title": "Flood", "scope": "clinic", "first_date": "2026-01-13"}

    shown = client.post("/setup/closures/", facts)
    page = client.post("/setup/closures/", {**facts, "accepted": accepted_in(shown)}, follow=True)

    assert "3 visits fall outside" in text_of(shown)
    assert "3 visits are still in it" in text_of(page)


def test_who_loses_a_kept_time_to_a_closure_is_named_and_waits_on(house, client):
    waits = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    facts = {"nurse": house.nurse, "by": house.desk, "now": NOW}
    offer = waiting.offer(entry=waits, starts_at=at("2026-01-14 10:00"), **facts)

    page = client.post(
        "/setup/closures/", {"title": "Flood", "scope": "clinic", "first_date": "2026-01-14"}, follow=True
    )

    kept = f"No longer kept from the wait list: Wed 14 Jan, 10:00 for {house.patient.name}. They wait on; call them."
    assert f"Closed: Flood. {kept}" in text_of(page)
    assert kept in text_of(client.get("/setup/closures/"))
    offer.refresh_from_db()
    waits.refresh_from_db()
    assert (offer.answer, waits.ended_at) == ("taken_back", None)
    assert AuditEvent.objects.filter(action="offer taken back", patient_id=house.patient.pk).count() == 1
    waiting.leave(entry=waits, by=house.desk)
    assert "No longer kept" not in text_of(client.get("/setup/closures/"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "title"),
        ({"title": "X" * 81}, "title"),
        ({"scope": "moon"}, "scope"),
        ({"scope": "nurses"}, "nurses"),
        ({"scope": "nurses", "nurses": "9" * 30}, "nurses"),
        ({"scope": "rooms"}, "rooms"),
        ({"first_date": ""}, "first_date"),
        ({"last_date": "2026-01-01"}, "last_date"),
        ({"last_date": "2028-01-01"}, "__all__"),
        ({"starts": "25:00"}, "starts"),
        ({"starts": "12:00", "ends": "10:00"}, "__all__"),
    ],
)
def test_a_closure_that_cannot_be_is_refused_at_its_field(house, client, typed, field):
    fine = {"title": "Holiday" if typed else "", "scope": "clinic", "first_date": "2026-01-14"}

    answer = client.post("/setup/closures/", {**fine, **typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (200, [field])
    assert not Closure.objects.exists()


# --- Rooms ----------------------------------------------------------------------------------------------------


def test_rooms_are_added_renamed_and_taken_out_of_use(house, client, book):
    visit = book("2026-01-14 10:00")
    client.post("/setup/rooms/", {"name": "Room 2"})
    assert client.post("/setup/rooms/", {"name": "Room 2"}).context["form"].errors == {
        "name": ["There is a room of this name. Choose another name."]
    }
    url = f"/setup/rooms/{house.room.pk}/"
    client.post(url, {"name": "Garden room", "is_active": "on"})

    shown = client.post(url, {"name": "Garden room"})
    assert "Take it out of use and make a task" in text_of(shown)
    assert "Garden room is out of use." in text_of(shown)
    assert Room.objects.get(pk=house.room.pk).is_active
    client.post(url, {"name": "Garden room", "accepted": accepted_in(shown)})

    assert not Room.objects.get(pk=house.room.pk).is_active
    assert open_about() == {visit.public_id}
    client.post(url, {"name": "Garden room", "is_active": "on"})
    assert open_about() == set()


def test_a_room_in_which_alone_a_service_is_given_says_so(house, client):
    make_service(name="Laser", rooms=[house.room])

    assert "Laser can only be given here." in text_of(client.get(f"/setup/rooms/{house.room.pk}/"))


def test_a_room_that_comes_after_a_closure_of_the_clinic_is_closed_too(house, client):
    client.post("/setup/closures/", {"title": "Holiday", "scope": "clinic", "first_date": "2026-01-14"})
    client.post("/setup/rooms/", {"name": "New room"})

    assert CalendarEntry.objects.filter(room__name="New room", kind="closure").count() == 1


# --- Services -------------------------------------------------------------------------------------------------

SERVICE = {
    "name": "Treatment, one leg",
    "kind": "treatment",
    "chair_minutes": "45",
    "walk_minutes": "20",
    "buffer_minutes": "10",
    "minimum_notice_hours": "2",
    "booking_horizon_days": "",
    "is_active": "on",
}


def test_a_service_is_added_with_who_and_where(house, client):
    client.post("/setup/services/new/", {**SERVICE, "nurses": [house.nurse.pk], "booking_horizon_days": "60"})

    made = Service.objects.get(name="Treatment, one leg")
    assert (made.chair_minutes, made.walk_minutes, made.buffer_minutes) == (45, 20, 10)
    assert (made.minimum_notice_minutes, made.booking_horizon_days) == (120, 60)
    assert (list(made.nurses.all()), list(made.rooms.all())) == ([house.nurse], [])
    page = text_of(client.get("/setup/services/"))
    assert "45 min in the chair, 20 min walk, 10 min turn-round" in page
    assert "Nora Pike; every room · at least 2 h ahead, at most 60 days ahead" in page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter the name, for example Treatment, one leg."),
        ("chair_minutes", "4", "Enter a whole number from 5 to 240."),
        ("walk_minutes", "", "Enter a whole number from 0 to 60."),
        ("buffer_minutes", "1.5", "Enter a whole number from 0 to 60."),
        ("booking_horizon_days", "0", "Enter a whole number from 1 to 3650."),
        ("name", "Review", "There is a service of this name. Choose another name."),
    ],
)
def test_a_service_that_cannot_be_is_refused_at_its_field(house, client, field, typed, words):
    answer = client.post("/setup/services/new/", {**SERVICE, field: typed})

    assert answer.context["form"].errors == {field: [words]}
    assert 'value="45"' in answer.content.decode() or field == "chair_minutes"
    assert Service.objects.count() == 1


def test_what_was_set_to_the_minute_stays_until_somebody_changes_it(house, client):
    house.service.minimum_notice_minutes = 90
    house.service.save()
    facts = {**SERVICE, "name": "Review", "minimum_notice_hours": "1"}

    client.post(f"/setup/services/{house.service.pk}/", facts)
    assert Service.objects.get().minimum_notice_minutes == 90
    client.post(f"/setup/services/{house.service.pk}/", {**facts, "minimum_notice_hours": "3"})
    assert Service.objects.get().minimum_notice_minutes == 180


def test_visits_of_a_service_that_is_no_longer_offered_stay(house, client, book):
    visit = book("2026-01-14 10:00")
    url, facts = f"/setup/services/{house.service.pk}/", {**SERVICE, "is_active": ""}

    shown = client.post(url, facts)
    assert "1 visit of it is booked" in text_of(shown)
    assert "Stop offering it; 1 visit stays booked" in text_of(shown)
    assert Service.objects.get().is_active
    client.post(url, {**facts, "accepted": accepted_in(shown)})

    visit.refresh_from_db()
    assert (Service.objects.get().is_active, visit.status, open_about()) == (False, "booked", set())


def test_visits_of_a_nurse_who_no_longer_gives_the_service_fall_outside(house, client, book):
    visit, other = book("2026-01-14 10:00"), make_user(name="Zoe Other")
    url, facts = f"/setup/services/{house.service.pk}/", {**SERVICE, "nurses": [other.pk]}

    shown = client.post(url, facts)
    assert "Nora Pike does not give Treatment, one leg." in text_of(shown)
    client.post(url, {**facts, "accepted": accepted_in(shown)})

    assert open_about() == {visit.public_id}


# --- Rules ----------------------------------------------------------------------------------------------------

RULES = {
    "grid_minutes": "10",
    "booking_horizon_days": "180",
    "change_grace_minutes": "3",
    "patients_may_move": "on",
    "patient_move_notice_hours": "48",
    "offer_minutes": "60",
    "request_answer_hours": "12",
    "report_emergency_minutes": "4",
    "report_same_day_minutes": "180",
}


def test_the_rules_are_saved_and_what_they_were_is_on_record(client):
    client.post("/setup/rules/", RULES)
    client.post("/setup/rules/", RULES)

    clinic = Clinic.current()
    assert (clinic.grid_minutes, clinic.patients_may_move, clinic.offer_minutes) == (10, True, 60)
    assert (clinic.report_emergency_minutes, clinic.report_same_day_minutes) == (4, 180)
    event = AuditEvent.objects.get(action="booking rules changed")
    assert (event.details["grid_minutes"], event.details["grid_minutes_was"]) == (10, 15)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("grid_minutes", "7"), ("booking_horizon_days", "0"), ("change_grace_minutes", "61"), ("offer_minutes", "x")],
)
def test_rules_that_cannot_be_are_refused_at_their_field(client, field, typed):
    answer = client.post("/setup/rules/", {**RULES, field: typed})

    assert list(answer.context["form"].errors) == [field]
    assert Clinic.current().grid_minutes == 15


# --- All pages ------------------------------------------------------------------------------------------------


def test_pages_of_an_empty_clinic_say_what_comes_next(client):
    words = {
        "/setup/": "Nobody treats here yet",
        "/setup/hours/": "Nobody treats here yet",
        "/setup/closures/": "Nothing is closed",
        "/setup/rooms/": "No room yet",
        "/setup/services/": "No service yet",
    }

    assert {path: text in text_of(client.get(path)) for path, text in words.items()} == dict.fromkeys(words, True)


def test_the_week_at_a_glance_shows_exceptions_and_time_off(house, client):
    make_dated_hours(house.nurse, date(2026, 1, 14), "10:00", "11:00")
    booking.close(
        title="Dentist", starts_at=at("2026-01-15 10:00"), ends_at=at("2026-01-15 12:00"), nurses=[house.nurse],
        by=house.desk,
    )  # fmt: skip

    row = client.get("/setup/hours/?week=2026-01-16").context["glance"].rows[0]

    assert [cell.words for cell in row.cells[:4]] == ["08:00–18:00", "08:00–18:00", "10:00–11:00", "08:00–18:00"]
    assert [cell.is_exception for cell in row.cells].index(True) == 2
    assert [cell.off for cell in row.cells[2:4]] == [[], ["Dentist, 10:00–12:00"]]
    assert row.hours == "41 h"
    assert client.get("/setup/hours/?week=nonsense").status_code == 200


@pytest.mark.parametrize("path", ["/setup/", "/setup/hours/", "/setup/closures/", "/setup/rooms/", "/setup/services/"])
def test_a_list_costs_the_same_queries_with_1_and_with_40_rows(house, client, path):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    booking.close(title="One", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk)
    make_appointment(service=house.service, starts_at=at("2026-02-02 10:00"), room=house.room, nurse=house.nurse)
    client.get(path)
    one = count()
    for number in range(39):
        nurse, room = make_user(name=f"Nurse {number}"), make_room()
        make_hours(nurse)
        make_dated_hours(nurse, date(2026, 1, 14))
        make_service(nurses=[nurse], rooms=[room])
        booking.close(
            title="More",
            starts_at=at("2026-01-16 00:00"),
            ends_at=at("2026-01-17 00:00"),
            nurses=[nurse],
            by=house.desk,
        )

    assert count() == one


@pytest.mark.parametrize("path", ["/setup/rooms/x/", "/setup/services/٣/", f"/setup/rooms/{'9' * 40}/"])
def test_an_address_of_nothing_is_not_found(client, path):
    assert client.get(path).status_code == 404
