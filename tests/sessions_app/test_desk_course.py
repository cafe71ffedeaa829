"""A course at the desk: every date shown before anything is booked, changed in its row, all of them or none."""

import json
import re
import uuid
from datetime import date
from itertools import pairwise

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import Room
from sessions_app import booking, repeat_holds
from sessions_app.models import Appointment, Course
from tests.makers import (
    at,
    make_appointment,
    make_patient,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import HTMX, make_treatment, open_clinic

pytestmark = pytest.mark.django_db
COURSE = "sessions_app:book_course"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:41"), tick=False):
        yield


@pytest.fixture
def ada():
    return open_clinic()


@pytest.fixture
def treatment():
    return make_treatment()


@pytest.fixture
def greta(ada, treatment):
    """Her last session was on Tuesday 6 January: the window is 13 to 20 January."""
    patient = make_patient(given_name="Greta", family_name="Sandpiper")
    past = make_appointment(
        patient=patient, nurse=ada, service=treatment, starts_at=at("2026-01-06 10:00"), status="done"
    )
    make_signed_session(appointment=past, patient=patient)
    return patient


def slot(clock, nurse):
    return f"{at(clock).isoformat()}|{nurse.pk}"


def form(patient, treatment, nurse, *clocks, **changed):
    return {
        "confirm": "1",
        "patient": str(patient.public_id),
        "service": treatment.pk,
        "count": len(clocks),
        "done_before": 1,
        "visit": [slot(clock, nurse) for clock in clocks],
        "shape": f"||{treatment.pk}",
        "request_key": str(uuid.uuid4()),
        **changed,
    }


def press(client, data):
    data = {name: value for name, value in data.items() if value is not None}
    return client.post(reverse(COURSE), data, headers=HTMX)


def chosen(body):
    """The chosen time of each row."""
    return re.findall(r'<option value="([^"]+)" selected>(\w{3} \d+ \w{3}, \d\d:\d\d)', body)


THREE = ("2026-01-15 09:00", "2026-01-27 09:00", "2026-02-05 09:00")


def test_every_date_is_proposed_in_the_window_of_the_one_before_it_and_nothing_is_booked(client, desk, ada, greta):
    body = client.get(reverse(COURSE), {"patient": greta.public_id}, headers=HTMX).content.decode()

    days = [date(2026, 1, 6), *(date.fromisoformat(value[:10]) for value, _ in chosen(body))]
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    assert (len(gaps), all(7 <= gap <= 14 for gap in gaps)) == (3, True)
    assert "window Tue 13 to Tue 20 Jan" in body
    assert "Session 2 of 4" in body  # one was given already
    assert "Book 3 sessions" in body
    assert Course.objects.count() == 0


def test_all_are_booked_with_one_press_and_each_knows_its_place(client, desk, ada, treatment, greta):
    response = press(client, form(greta, treatment, ada, *THREE))

    course = Course.objects.get()
    assert (course.planned_sessions, course.done_before) == (4, 1)
    starts = [visit.starts_at for visit in course.appointments.order_by("entry__starts_at").select_related("entry")]
    assert starts == [at(clock) for clock in THREE]
    toast = json.loads(response["HX-Trigger"])["toast"]
    assert toast["text"] == (
        "Booked: Greta Sandpiper, 3 sessions: Thu 15 Jan, 09:00; Tue 27 Jan, 09:00; Thu 5 Feb, 09:00."
    )
    body = client.get(reverse("sessions_app:appointment", args=[course.appointments.last().public_id])).content.decode()
    assert "Session 4 of 4" in body


def test_pressing_twice_books_one_course(client, desk, ada, treatment, greta):
    data = form(greta, treatment, ada, *THREE)

    first, second = press(client, data), press(client, data)

    assert first["HX-Trigger"] == second["HX-Trigger"]
    assert (Course.objects.count(), Appointment.objects.filter(course__isnull=False).count()) == (1, 3)


def test_a_form_whose_course_was_taken_back_does_not_say_booked(client, desk, ada, treatment, greta):
    data = form(greta, treatment, ada, *THREE)
    client.post(json.loads(press(client, data)["HX-Trigger"])["toast"]["undo"])

    again = press(client, data)

    assert (again.status_code, "HX-Trigger" in again.headers) == (422, False)
    assert "The course that this form booked was taken back or cancelled since." in again.content.decode()


def test_a_form_that_booked_already_books_no_other_dates_and_says_so(client, desk, ada, treatment, greta):
    data = form(greta, treatment, ada, *THREE)
    press(client, data)

    later = form(greta, treatment, ada, "2026-01-16 09:00", *THREE[1:], request_key=data["request_key"])
    response = press(client, later)

    assert (response.status_code, Appointment.objects.filter(course__isnull=False).count()) == (422, 3)
    assert "This form has booked already, at another time. Nothing more was booked." in response.content.decode()


def test_each_session_is_booked_in_the_room_that_its_row_names(client, desk, ada, treatment, greta):
    second = Room.objects.get(name="Room 2")
    visits = [f"{slot(clock, ada)}|{second.pk}" for clock in THREE]

    press(client, form(greta, treatment, ada, *THREE, visit=visits))

    rooms = Course.objects.get().appointments.values_list("entry__room__name", flat=True)
    assert list(rooms) == ["Room 2"] * 3


def test_the_first_session_begins_with_the_time_that_a_single_booking_offers_first_and_says_why(client, desk, greta):
    single = client.get(reverse("sessions_app:book"), {"patient": greta.public_id}, headers=HTMX).content.decode()
    body = client.get(reverse(COURSE), {"patient": greta.public_id}, headers=HTMX).content.decode()

    best = re.search(r'name="slot" value="([^"]+)"[^>]* checked', single)[1]
    rows = re.findall(r'<option value="([^"]+)" selected>[^<(]*\(([^)]*)\)', body)
    assert rows[0][0] == best
    assert [why.startswith("same nurse as last time, middle of the window") for _, why in rows] == [True] * 3


def test_the_whole_course_can_be_taken_back(client, desk, ada, treatment, greta):
    toast = json.loads(press(client, form(greta, treatment, ada, *THREE))["HX-Trigger"])["toast"]

    undone = client.post(toast["undo"], follow=True)

    assert "Taken back: the course of Greta Sandpiper." in undone.content.decode()
    assert set(Appointment.objects.filter(course__isnull=False).values_list("status", flat=True)) == {"cancelled"}


def test_one_taken_date_books_none_and_is_said_next_to_its_row(client, desk, ada, treatment, greta):
    make_appointment(nurse=ada, starts_at=at("2026-01-27 09:00"))

    response = press(client, form(greta, treatment, ada, *THREE, travel="yes", travel_what="Flight to Lisbon"))

    body = response.content.decode()
    assert (response.status_code, Course.objects.count()) == (422, 0)
    row = body.split('class="course-row')[2]
    assert "Tue 27 Jan, 09:00 with Ada Birchwood is taken. Choose another time." in row
    assert "is taken" not in body.split('class="course-row')[1]
    assert [words for _, words in chosen(body)][::2] == ["Thu 15 Jan, 09:00", "Thu 5 Feb, 09:00"]
    assert 'value="Flight to Lisbon"' in body


def test_a_row_is_changed_in_place_and_later_ones_follow_only_where_they_must(client, desk, ada, treatment, greta):
    data = form(greta, treatment, ada, "2026-01-20 09:00", "2026-01-26 09:00", "2026-02-05 09:00", confirm=None)

    body = press(client, data).content.decode()

    words = [words for _, words in chosen(body)]
    assert (words[0], words[2]) == ("Tue 20 Jan, 09:00", "Thu 5 Feb, 09:00")
    assert "Mon 26 Jan, 09:00 does not fit here any more; this is the nearest that does." in body
    assert date(2026, 1, 27) <= date.fromisoformat(chosen(body)[1][0][:10]) <= date(2026, 2, 3)


def test_every_time_of_a_day_can_be_shown_for_a_row(client, desk, ada, treatment, greta):
    data = form(greta, treatment, ada, *THREE, confirm=None, day=["2026-01-16", "2026-01-27", "2026-02-05"])

    body = press(client, data).content.decode()

    first = body.split('class="course-row')[1]
    assert "Fri 16 Jan, 08:00" in first
    assert "Fri 16 Jan, 14:45" in first


RETYPED = {"day": ["2026-01-19", "2026-01-27", "2026-02-05"], "day_was": ["2026-01-15", "2026-01-27", "2026-02-05"]}


def test_a_day_that_is_typed_chooses_the_time_of_that_day(client, desk, ada, treatment, greta):
    body = press(client, form(greta, treatment, ada, *THREE, confirm=None, **RETYPED)).content.decode()

    words = [words for _, words in chosen(body)]
    assert words == ["Mon 19 Jan, 09:00", "Tue 27 Jan, 09:00", "Thu 5 Feb, 09:00"]
    assert re.findall(r'name="day" value="([^"]+)"', body) == ["2026-01-19", "2026-01-27", "2026-02-05"]


def test_a_typed_day_that_was_not_looked_at_books_nothing_of_another_day(client, desk, ada, treatment, greta):
    body = press(client, form(greta, treatment, ada, *THREE, **RETYPED)).content.decode()

    assert "Nothing is booked yet: the day of a session was changed. Look at its time, then book." in body
    assert chosen(body)[0][1] == "Mon 19 Jan, 09:00"
    assert Course.objects.count() == 0


def test_a_typed_day_without_a_free_time_says_so(client, desk, ada, treatment, greta):
    booking.close(title="Fair", starts_at=at("2026-01-19 00:00"), ends_at=at("2026-01-20 00:00"), by=desk)

    body = press(client, form(greta, treatment, ada, *THREE, confirm=None, **RETYPED)).content.decode()

    assert "Nothing is free on Mon 19 Jan. Choose another time or day." in body
    assert [words for _, words in chosen(body)] == ["Tue 27 Jan, 09:00", "Thu 5 Feb, 09:00"]
    assert "selected>Choose a time</option>" in body


def sent_again(data, body):
    """What a browser sends when the dialog that came back is pressed as it is."""
    fields = {name: re.findall(rf'name="{name}" value="([^"]+)"', body) for name in ("day", "day_was")}
    return {**data, "visit": re.findall(r'<option value="([^"]+)" selected>(?!Treatment)', body), **fields}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2026-01-19", "Nothing is free on Mon 19 Jan. Choose another time or day."),
        ("2026-01-12", "Nothing is free on Mon 12 Jan. Choose another time or day."),
    ],
)
def test_pressing_on_after_a_typed_day_without_a_free_time_never_books_another_day(
    client, desk, ada, treatment, greta, typed, words
):
    booking.close(title="Fair", starts_at=at("2026-01-19 00:00"), ends_at=at("2026-01-20 00:00"), by=desk)
    data = form(greta, treatment, ada, *THREE, **{**RETYPED, "day": [typed, *RETYPED["day"][1:]]})

    body = press(client, data).content.decode()
    for _ in range(3):
        data = sent_again(data, body)
        body = press(client, data).content.decode()

        assert "Choose a time for every session." in body
        assert words in body
        assert re.findall(r'name="day" value="([^"]+)"', body)[0] == typed
    assert Course.objects.count() == 0
    chosen_now = {**data, "visit": [slot("2026-01-15 09:00", ada), *data["visit"][1:]]}
    assert press(client, chosen_now).status_code == 204
    assert Appointment.objects.filter(course__isnull=False).count() == 3


def test_a_typed_day_before_the_window_of_its_session_asks_for_another_instead_of_taking_one(
    client, desk, ada, treatment, greta
):
    days = {"day": ["2026-01-15", "2026-01-20", "2026-02-05"], "day_was": ["2026-01-15", "2026-01-27", "2026-02-05"]}
    data = form(greta, treatment, ada, *THREE, **days)

    body = press(client, data).content.decode()
    again = press(client, sent_again(data, body)).content.decode()

    assert "Tue 20 Jan is too early for this session. Choose another time or day." in again
    assert [words for _, words in chosen(again)] == ["Thu 15 Jan, 09:00", "Thu 5 Feb, 09:00"]
    assert Course.objects.count() == 0
    # Another day that has times chooses one of them, as ever.
    other = {**sent_again(data, again), "confirm": None, "day": ["2026-01-15", "2026-01-28", "2026-02-05"]}
    assert chosen(press(client, other).content.decode())[1][1].startswith("Wed 28 Jan")


def test_rows_that_a_typed_day_overtakes_go_into_the_window_of_the_session_before_them(
    client, desk, ada, treatment, greta
):
    days = {"day": ["2026-03-10", "2026-01-27", "2026-02-05"], "day_was": ["2026-01-15", "2026-01-27", "2026-02-05"]}
    data = form(greta, treatment, ada, *THREE, confirm=None, **days)

    body = press(client, data).content.decode()

    assert [words for _, words in chosen(body)] == ["Tue 10 Mar, 09:00", "Tue 17 Mar, 08:00", "Tue 24 Mar, 08:00"]
    assert [words.strip() for words in re.findall(r'class="muted">window ([^<]+)<', body)][1:] == [
        "Tue 17 to Tue 24 Mar",
        "Tue 24 to Tue 31 Mar",
    ]
    assert press(client, {**sent_again(data, body), "confirm": "1"}).status_code == 204


def test_a_time_chosen_from_another_day_takes_its_day_along(client, desk, ada, treatment, greta):
    shown = ["2026-01-16", "2026-01-27", "2026-02-05"]
    body = press(client, form(greta, treatment, ada, *THREE, confirm=None, day=shown, day_was=shown)).content.decode()

    assert chosen(body)[0][1] == "Thu 15 Jan, 09:00"
    assert re.findall(r'name="day" value="([^"]+)"', body)[0] == "2026-01-15"


@pytest.mark.parametrize(("count", "kept"), [(2, 2), (5, 3)])
def test_fewer_or_more_sessions_leave_what_was_chosen(client, desk, ada, treatment, greta, count, kept):
    asked = form(greta, treatment, ada, *THREE, count=count, confirm=None)
    body = press(client, asked).content.decode()

    assert [words for _, words in chosen(body)][:kept] == [
        "Thu 15 Jan, 09:00",
        "Tue 27 Jan, 09:00",
        "Thu 5 Feb, 09:00",
    ][:kept]
    assert len(chosen(body)) == count
    assert f"Session {count + 1} of {count + 1}" in body
    press(client, {**asked, "confirm": "1"})
    assert Course.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"count": "1"}, "Enter at least 2"),
        ({"count": "99"}, "A course has at most 20 sessions."),
        ({"count": "many"}, "Enter a number from 2 to 20."),
        ({"done_before": "19"}, "A course has at most 20 sessions in all"),
        ({"done_before": "-1"}, "Enter 0 or more."),
        ({"visit": []}, "Choose a time for every session."),
        ({"visit": ["tomorrow", "x", "y"]}, "Choose a time for every session."),
        ({"travel": "yes", "travel_on": "soon"}, "Enter the day of the event"),
        ({"first_day": "0001-01-01"}, "Enter a day between 1901 and 2199"),
    ],
)
def test_nonsense_books_nothing_and_says_so(client, desk, ada, treatment, greta, changed, words):
    response = press(client, form(greta, treatment, ada, *THREE, **changed))

    assert (response.status_code, Course.objects.count()) == (422, 0)
    assert words in response.content.decode()


def test_a_held_patient_gets_no_course_and_the_reason(client, desk, ada, treatment, greta):
    repeat_holds.place(patient=greta, reason="CANARYREASON", by=make_user(Role.CLINICIAN, name="Hugo Ashdown"))

    body = client.get(reverse(COURSE), {"patient": greta.public_id}, headers=HTMX).content.decode()

    assert "Hugo Ashdown lets the next treatment wait" in body
    assert "CANARYREASON" not in body
    assert "Book 3 sessions" not in body


def test_the_next_single_booking_takes_its_place_in_the_course(client, desk, ada, treatment, greta):
    press(client, form(greta, treatment, ada, *THREE, done_before=0))
    Course.objects.update(planned_sessions=5)
    shown = client.get(reverse("sessions_app:book"), {"patient": greta.public_id}, headers=HTMX).content.decode()
    client.post(
        reverse("sessions_app:book"),
        {"confirm": "1", "patient": str(greta.public_id), "service": treatment.pk, "request_key": str(uuid.uuid4()),
         "slot": slot("2026-02-16 09:00", ada)},
        headers=HTMX,
    )  # fmt: skip

    assert "This is session 4 of 5 of the course." in shown
    assert Course.objects.get().appointments.count() == 4


def test_a_course_costs_the_same_for_two_sessions_and_for_eight(client, desk, ada, treatment, greta):
    counts = []
    client.get(reverse(COURSE), {"patient": greta.public_id}, headers=HTMX)
    for number in (2, 8):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(COURSE), {"patient": greta.public_id, "count": number}, headers=HTMX)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PATIENT, None])
def test_who_may_not_book_books_no_course(client, ada, treatment, greta, role):
    client.force_login(make_user(role))

    assert press(client, form(greta, treatment, ada, *THREE)).status_code == 403
    assert Course.objects.count() == 0


def test_a_patient_that_never_was_is_not_found(client, desk, ada):
    assert client.get(reverse(COURSE), {"patient": uuid.uuid4()}).status_code == 404


@pytest.mark.parametrize("asked", [{}, {"patient": ""}, {"patient": "' OR 1=1"}])
def test_without_a_patient_the_usual_dialog_asks_for_one(client, desk, ada, asked):
    body = client.get(reverse(COURSE), asked).content.decode()

    assert 'id="book-q"' in body
