"""The booking dialog: what it opens on, what it books, what it refuses, and that nothing typed is lost."""

import json
import re
import uuid
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import Room
from clinic.search import index_patient
from sessions_app.free_times import Slot, SlotKind
from sessions_app.models import Appointment, CalendarEntry, Service
from sessions_app.presenters.days import Wanted
from sessions_app.presenters.time_options import near_options
from sessions_app.presenters.times import times_for
from sessions_app.slot_value import parsed
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_hours,
    make_patient,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import HTMX, make_first_visit, make_treatment, open_clinic

pytestmark = pytest.mark.django_db
BOOK = "sessions_app:book"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:41"), tick=False):
        yield


@pytest.fixture
def house():
    """Two nurses, two rooms, a treatment and a first visit; the windows are those of the shipped protocol."""
    ada = open_clinic()
    make_hours(make_user(Role.NURSE, name="Tomas Pinewright"), starts="10:00", ends="18:00")
    treatment = make_treatment()
    make_first_visit()
    return {"ada": ada, "treatment": treatment}


@pytest.fixture
def greta(house):
    """Her last session was on Tuesday 6 January: the window is 13 to 20 January."""
    born = date(1971, 9, 19)
    patient = make_patient(given_name="Greta", family_name="Sandpiper", birth_date=born, phone="+12125550177")
    index_patient(patient)
    past = make_appointment(
        patient=patient, nurse=house["ada"], service=house["treatment"], starts_at=at("2026-01-06 10:00"), status="done"
    )
    make_signed_session(appointment=past, patient=patient)
    return patient


def form(house, who, clock="2026-01-15 09:00", **changed):
    data = {
        "confirm": "1",
        "patient": str(who.public_id),
        "service": house["treatment"].pk,
        "slot": f"{at(clock).isoformat()}|{house['ada'].pk}",
        "request_key": str(uuid.uuid4()),
        **changed,
    }
    return {name: value for name, value in data.items() if value is not None}


def press(client, data, **options):
    return client.post(reverse(BOOK), data, headers=HTMX, **options)


def bookings():
    return Appointment.objects.filter(status="booked").select_related("entry__nurse", "entry__room")


def times(house, patient, by, **facts):
    now = facts.pop("now", at("2026-01-13 10:41"))
    wanted = Wanted(clinic=make_clinic(), service=house["treatment"], by=by, now=now, patient=patient, **facts)
    return times_for(wanted)


# --- What it opens on ------------------------------------------------------------------------------------------------


def test_a_patient_with_a_signed_session_is_offered_the_window_and_the_reason(client, desk, house, greta):
    body = client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX).content.decode()

    assert "Session on Tue 6 Jan: the usual window is Tue 13 to Tue 20 Jan." in body
    assert "Born 19 Sep 1971, phone ending 0177" in body
    assert "Same nurse as last time" in body
    assert body.count('name="slot"') == 4


def test_the_best_time_is_chosen_and_stands_on_the_button(client, desk, house, greta):
    body = client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX).content.decode()

    chosen = times(house, greta, desk).choosing("").chosen_option
    assert f"Book {chosen.when}" in body
    assert parsed(chosen.value)[1] == house["ada"].pk


def test_the_weeks_show_the_window_and_what_comes_too_early(house, desk, greta):
    weeks = times(house, greta, desk).weeks

    looks = {cell.date: cell.look for week in weeks for cell in week}
    assert looks[date(2026, 1, 12)] == "past"
    assert [looks[date(2026, 1, day)] for day in (13, 16, 19, 20)] == ["in", "in", "in", "in"]
    assert looks[date(2026, 1, 21)] == "open"


def test_days_before_the_window_are_closed_to_the_desk_and_open_to_a_clinician(house, desk, greta):
    clinician = make_user(Role.CLINICIAN)
    seen = {by: times(house, greta, by, now=at("2026-01-08 09:00")) for by in (desk, clinician)}

    by_desk, by_clinician = (
        {cell.date: cell.look for week in seen[by].weeks for cell in week} for by in (desk, clinician)
    )
    assert (by_desk[date(2026, 1, 9)], by_clinician[date(2026, 1, 9)]) == ("early", "open")
    assert (seen[desk].early, bool(seen[clinician].early)) == ([], True)


def test_a_free_place_of_the_board_is_the_first_time(client, desk, house):
    asked = {"date": "2026-01-13", "at": "12:30", "nurse": house["ada"].public_id}

    body = client.get(reverse(BOOK), asked, headers=HTMX).content.decode()

    assert "The time you chose" in body
    assert "Book Tue 13 Jan, 12:30" in body


def test_a_free_place_that_is_too_short_says_so(client, desk, house, greta):
    make_appointment(nurse=house["ada"], service=house["treatment"], starts_at=at("2026-01-14 13:00"))
    asked = {"date": "2026-01-14", "at": "12:30", "nurse": house["ada"].public_id, "patient": greta.public_id}

    body = client.get(reverse(BOOK), asked, headers=HTMX).content.decode()

    assert "Wed 14 Jan, 12:30 is not free for the 75 minutes that Treatment takes. Choose another time." in body


def test_a_free_place_before_the_window_says_who_may_approve_it(client, desk, house, greta):
    with time_machine.travel(at("2026-01-08 09:00"), tick=False):
        client.logout()
        client.force_login(desk)
        asked = {"date": "2026-01-09", "at": "12:30", "nurse": house["ada"].public_id, "patient": greta.public_id}

        body = client.get(reverse(BOOK), asked, headers=HTMX).content.decode()

    assert "is before the usual window, which opens Tue 13 Jan. A clinician may approve it." in body


def test_a_new_patient_who_prefers_afternoons_is_offered_them_first_and_reads_why(desk, house):
    first = {"treatment": Service.objects.get(kind="first_visit")}
    anybody, likes_afternoons = make_patient(), make_patient(prefers="afternoon")

    soonest, preferred = (times(first, patient, desk).options for patient in (anybody, likes_afternoons))

    assert [(option.when, option.why) for option in soonest][:2] == [
        ("Tue 13 Jan, 10:45", "The earliest free time"),
        ("Tue 13 Jan, 12:00", ""),
    ]
    assert [(option.when, option.why) for option in preferred][:3] == [
        ("Tue 13 Jan, 12:00", "Soonest, in the afternoon, as preferred"),
        ("Wed 14 Jan, 12:00", "Soonest, in the afternoon, as preferred"),
        ("Tue 13 Jan, 10:45", "Soonest"),
    ]


def test_a_new_patient_is_offered_a_first_visit(client, desk, house):
    patient = make_patient()

    body = client.get(reverse(BOOK), {"patient": patient.public_id}, headers=HTMX).content.decode()

    assert "First visit: any day is possible." in body


def test_a_chosen_day_shows_its_times_by_nurse(house, desk, greta):
    shown = times(house, greta, desk, day=date(2026, 1, 15))

    assert [(nurse, options[0].time, options[-1].time) for nurse, options in shown.groups] == [
        ("Ada Birchwood", "08:00", "14:45"),
        ("Tomas Pinewright", "10:00", "16:45"),
    ]


def test_a_wished_nurse_or_room_narrows_the_times(house, desk, greta):
    tomas = make_user(Role.NURSE, name="Zita Solo")
    shown = times(house, greta, desk, nurse_id=house["ada"].pk, day=date(2026, 1, 15))
    nobody = times(house, greta, desk, nurse_id=tomas.pk, day=date(2026, 1, 15))

    assert [nurse for nurse, _ in shown.groups] == ["Ada Birchwood"]
    assert nobody.groups == []


def test_with_a_treatment_booked_already_moving_it_comes_first(client, desk, house, greta):
    other = make_appointment(patient=greta, service=house["treatment"], starts_at=at("2026-01-16 09:00"))

    body = client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX).content.decode()
    lead = body.split("booked-ahead")[1].split("</div>")[0]

    assert "Booked already: Treatment Fri 16 Jan, 09:00." in lead
    assert f'hx-get="{reverse("sessions_app:move", args=[other.public_id])}"' in lead
    assert (lead.count("autofocus"), body.count("autofocus")) == (1, 1)


def test_another_visit_than_a_treatment_is_said_in_the_list(client, desk, house, greta):
    first = Service.objects.get(kind="first_visit")
    make_appointment(patient=greta, service=first, starts_at=at("2026-01-16 09:00"))

    body = client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX).content.decode()

    assert "Already booked:" in body
    assert "First visit Fri 16 Jan, 09:00 <a href=" in body


def test_times_beside_a_booked_treatment_are_neither_offered_nor_chosen_and_say_why(house, desk, greta):
    make_appointment(patient=greta, service=house["treatment"], starts_at=at("2026-01-16 09:00"))

    offered = times(house, greta, desk).choosing("")
    picked = times(house, greta, desk, day=date(2026, 1, 19)).choosing("")

    assert [option for option in offered.options if abs((option.date - date(2026, 1, 16)).days) < 7] == []
    assert offered.chosen_option.date >= date(2026, 1, 23)
    assert picked.near == "Only 3 days after the treatment of Fri 16 Jan."
    assert {option.why for option in picked.everything} == {"Only 3 days after the treatment of Fri 16 Jan"}
    assert picked.chosen == ""


def test_the_visit_that_is_moved_keeps_nothing_away_from_itself(house, desk, greta):
    visit = make_appointment(patient=greta, service=house["treatment"], starts_at=at("2026-01-16 09:00"))

    moving = times(house, greta, desk, moves=visit).choosing("")

    assert date(2026, 1, 13) <= moving.chosen_option.date <= date(2026, 1, 20)


def test_a_day_that_is_picked_chooses_the_first_time_of_the_nurse_of_last_time_who_stands_on_top(house, desk, greta):
    picked = times(house, greta, desk, day=date(2026, 1, 15)).choosing("")

    assert [nurse for nurse, _ in picked.groups] == ["Ada Birchwood", "Tomas Pinewright"]
    assert picked.chosen_option == picked.groups[0][1][0]
    assert [option.key for option in picked.groups[0][1][:9]] == list("123456789")


def test_after_taken_a_time_inside_the_window_is_chosen_before_a_nearer_one_after_it(house, desk, greta):
    slot = Slot(at("2026-01-21 08:00"), at("2026-01-21 09:15"), house["ada"].pk, "Ada", 1, "Room 1", "", SlotKind.LATER)
    inside = slot._replace(starts_at=at("2026-01-19 08:00"), kind=SlotKind.IN_WINDOW)

    near = near_options([slot, inside], make_clinic().zone)
    chosen = times(house, greta, desk).with_first(near[1:]).choosing("").chosen_option

    assert [(option.when, option.why) for option in near] == [
        ("Mon 19 Jan, 08:00", "Free, and near the time you wanted"),
        ("Wed 21 Jan, 08:00", "Free, and near the time you wanted, later than usual"),
    ]
    assert date(2026, 1, 13) <= chosen.date <= date(2026, 1, 20)


def test_without_services_the_dialog_says_who_sets_them_up(client, desk):
    body = client.get(reverse(BOOK), headers=HTMX).content.decode()

    assert "Nothing can be booked yet" in body


def test_the_search_in_the_dialog_posts_and_its_answers_are_buttons(client, desk, house, greta):
    body = client.post(reverse("sessions_app:book_patients"), {"q": "sandp"}, headers=HTMX).content.decode()

    assert f'name="patient" value="{greta.public_id}"' in body
    assert client.get(reverse("sessions_app:book_patients"), {"q": "sandp"}).status_code == 405


# --- Booking ---------------------------------------------------------------------------------------------------------


def test_booking_writes_the_visit_and_answers_with_a_toast(client, desk, house, greta):
    response = press(client, form(house, greta, note="Prefers mornings"))

    (booked,) = bookings()
    assert (booked.patient, booked.starts_at, booked.entry.nurse) == (greta, at("2026-01-15 09:00"), house["ada"])
    assert (booked.note, booked.booked_by, booked.window_note) == ("Prefers mornings", desk, "")
    events = json.loads(response["HX-Trigger"])
    assert response.status_code == 204
    assert events["toast"]["text"] == "Booked: Greta Sandpiper, Thu 15 Jan, 09:00 with Ada Birchwood in Room 1."
    assert {"dialog:close", "day:refresh"} <= set(events)


def test_without_script_booking_leads_to_the_day_of_the_visit(client, desk, house, greta):
    response = client.post(reverse(BOOK), form(house, greta), follow=True)

    assert response.redirect_chain == [(f"{reverse('sessions_app:day')}?date=2026-01-15", 302)]
    assert "Booked: Greta Sandpiper" in response.content.decode()


def test_pressing_twice_books_once_and_says_the_same(client, desk, house, greta):
    data = form(house, greta)

    first, second = press(client, data), press(client, data)

    assert bookings().count() == 1
    assert first["HX-Trigger"] == second["HX-Trigger"]


def test_a_used_form_books_nobody_else(client, desk, house, greta):
    data = form(house, greta)
    press(client, data)

    response = press(client, data | {"patient": str(make_patient().public_id)})

    assert (response.status_code, bookings().count()) == (422, 1)
    assert "This form has made another booking already. Open a new one." in response.content.decode()


def test_a_taken_time_offers_others_and_keeps_what_was_typed(client, desk, house, greta):
    make_appointment(nurse=house["ada"], starts_at=at("2026-01-15 09:00"))
    data = form(house, greta, note="Comes by bus", travel="yes", travel_what="Flight to Lisbon", travel_on="2026-01-30")

    response = press(client, data)

    body = response.content.decode()
    assert (response.status_code, bookings().filter(entry__patient=greta).count()) == (422, 0)
    assert "Thu 15 Jan, 09:00 with Ada Birchwood is taken. Choose another time." in body
    assert body.count("Free, and near the time you wanted") == 3
    assert 'value="Comes by bus"' in body
    assert 'value="Flight to Lisbon"' in body
    assert 'value="2026-01-30"' in body
    assert f'value="{data["request_key"]}"' in body


def test_before_the_window_the_desk_is_refused_in_words(client, desk, house, greta):
    with time_machine.travel(at("2026-01-08 09:00"), tick=False):
        client.logout()
        client.force_login(desk)
        response = press(client, form(house, greta, "2026-01-09 09:00", early_reason="She travels"))

    assert (response.status_code, bookings().count()) == (422, 0)
    assert "Choose a later date or ask a clinician." in response.content.decode()


def test_a_clinician_books_earlier_with_a_reason_only(client, house, greta):
    clinician = make_user(Role.CLINICIAN)
    with time_machine.travel(at("2026-01-08 09:00"), tick=False):
        client.force_login(clinician)
        without = press(client, form(house, greta, "2026-01-09 09:00"))
        press(client, form(house, greta, "2026-01-09 09:00", early_reason="Leaves the country"))

    assert without.status_code == 422
    assert "Give the reason for booking earlier." in without.content.decode()
    (booked,) = bookings()
    assert (booked.early_approved_by, booked.early_reason) == (clinician, "Leaves the country")


def test_later_than_usual_is_booked_and_noted(client, desk, house, greta):
    press(client, form(house, greta, "2026-01-21 09:00"))

    assert bookings().get().window_note == "Later than usual: the window ended on day 14."


@pytest.mark.parametrize(
    ("answer", "what", "on", "kept"),
    [
        ("no", "", "", "Nothing planned"),
        ("", "", "", ""),
        ("yes", "Flight to Lisbon", "2026-01-17", "Flight to Lisbon, Sat 17 Jan: inside the 3 days after the visit"),
        ("yes", "Flight to Lisbon", "2026-01-19", "Flight to Lisbon, Mon 19 Jan"),
        ("yes", "", "", "Something is planned"),
    ],
)
def test_the_travel_question_is_kept_in_words(client, desk, house, greta, answer, what, on, kept):
    press(client, form(house, greta, travel=answer, travel_what=what, travel_on=on))

    assert bookings().get().travel_note == kept


def test_an_event_inside_the_days_after_is_pointed_out_with_another_time(client, desk, house, greta):
    data = form(house, greta, travel="yes", travel_on="2026-01-17", confirm=None)

    body = press(client, data).content.decode()

    assert "Inside the 3 days after Thu 15 Jan" in body
    assert "or book and the nurse will be asked to decide." in body
    assert bookings().count() == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"patient": None}, "Choose the patient."),
        ({"patient": "0bd6b63a-2ddd-4f40-8d9e-7854931ad8fa"}, "Choose the patient."),
        ({"patient": "' OR 1=1"}, "Choose the patient."),
        ({"service": None}, "Choose the service."),
        ({"service": "999999"}, "Choose the service."),
        ({"service": "9" * 40}, "Choose the service."),
        ({"slot": None}, "Choose a time."),
        ({"slot": "tomorrow|1"}, "Choose a time."),
        ({"slot": "2026-01-15T09:00:00|1"}, "Choose a time."),
        ({"slot": "2026-01-15T09:00:00+00:00|-1"}, "Choose a time."),
        ({"slot": f"{at('2026-01-15 09:07').isoformat()}|ADA"}, "Visits start every 15 minutes."),
        ({"slot": f"{at('2026-01-12 09:00').isoformat()}|ADA"}, "This time is over. Choose a later one."),
        ({"slot": f"{at('2031-01-15 09:00').isoformat()}|ADA"}, "Choose a date up to"),
        ({"slot": f"{at('2026-01-15 03:00').isoformat()}|ADA"}, "Choose another time."),
        ({"request_key": None}, "Open the dialog again"),
        ({"note": "x" * 301}, "at most 300 characters"),
        ({"travel": "yes", "travel_on": "soon"}, "Enter the day of the event"),
        ({"travel_what": "x" * 10_000}, "at most 120 characters"),
    ],
)
def test_what_cannot_be_booked_comes_back_with_words_and_books_nothing(client, desk, house, greta, changed, words):
    changed = {
        name: value.replace("ADA", str(house["ada"].pk)) if name == "slot" and value else value
        for name, value in changed.items()
    }
    response = press(client, form(house, greta, **changed))

    assert (response.status_code, bookings().count()) == (422, 0)
    assert words in response.content.decode()


def test_a_chosen_nurse_who_has_left_meanwhile_is_not_silently_somebody_else(client, desk, house, greta):
    response = press(client, form(house, greta, slot=f"{at('2026-01-15 09:00').isoformat()}|987654"))

    assert (response.status_code, bookings().count()) == (422, 0)
    assert "This nurse is no longer here. Choose another." in response.content.decode()


def test_fields_that_are_not_the_forms_change_nothing(client, desk, house, greta):
    extra = {
        "status": "done", "version": "7", "booked_by": "1", "early_approved_by": "1", "chair_minutes": "5",
        "ends_at": "2030-01-01", "is_staff": "1", "role": "clinician", "window_note": "x", "cancel_reason": "x",
    }  # fmt: skip

    press(client, form(house, greta, **extra))

    (booked,) = bookings()
    assert (booked.version, booked.booked_by, booked.early_approved_by, booked.chair_minutes) == (1, desk, None, 45)
    assert (booked.window_note, booked.cancel_reason) == ("", "")
    desk.refresh_from_db()
    assert desk.roles == {Role.FRONT_DESK}


def test_payloads_are_shown_as_text(client, desk, house, greta):
    script, picture = "<script>alert(1)</script>", "<img src=x onerror=1>"
    press(client, form(house, greta, note=script, travel="yes", travel_what=picture))

    body = client.get(reverse("sessions_app:appointment", args=[bookings().get().public_id])).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>alert" not in body
    assert "<img src=x" not in body


def test_choosing_a_day_shows_its_times_and_books_nothing(client, desk, house, greta):
    response = press(client, form(house, greta, confirm=None, day="2026-01-16", note="Typed before"))

    body = response.content.decode()
    assert (response.status_code, bookings().count()) == (200, 0)
    assert "Fri 16 Jan" in body
    assert 'value="Typed before"' in body


def test_the_dialog_costs_the_same_for_one_visit_and_for_many(client, desk, house, greta):
    counts = []
    for number in (1, 30):
        for n in range(number):
            make_appointment(starts_at=at(f"2026-02-{n % 27 + 1:02d} 09:00"))
        client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(BOOK), {"patient": greta.public_id}, headers=HTMX)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_free_times_without_a_patient_cost_at_most_eight_queries(client, desk, house):
    client.get(reverse(BOOK), headers=HTMX)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse(BOOK), {"service": house["treatment"].pk}, headers=HTMX)

    assert len(queries) <= 8, [query["sql"] for query in queries]


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.FRONT_DESK, 204), (Role.NURSE, 204), (Role.CLINICIAN, 204), (Role.ADMINISTRATOR, 403), (Role.PATIENT, 403)],
)
def test_who_may_book(client, house, greta, role, status):
    client.force_login(make_user(role))

    assert press(client, form(house, greta)).status_code == status
    assert bookings().count() == (status == 204)


def test_nobody_books_without_signing_in_or_without_the_forms_token(house, greta):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    anonymous = strict.post(reverse(BOOK), form(house, greta))
    strict.force_login(make_user(Role.FRONT_DESK))
    without_token = strict.post(reverse(BOOK), form(house, greta))

    assert (anonymous.status_code, without_token.status_code) == (403, 403)
    assert CalendarEntry.objects.filter(patient=greta, starts_at__gte=at("2026-01-13 00:00")).count() == 0


# --- What the patient hears ------------------------------------------------------------------------------------------


def test_the_dialog_says_that_the_patient_is_told_only_where_somebody_may_be_written_to(client, desk, house, greta):
    reached = make_patient(email="otto@example.org", email_allowed=True)

    for_greta, for_otto = (
        client.get(reverse(BOOK), {"patient": each.public_id}, headers=HTMX).content.decode()
        for each in (greta, reached)
    )

    assert "The patient is told in" not in for_greta
    assert "Nobody writes to this patient: say it yourself, and ask how the clinic may write." in for_greta
    assert "The patient is told in 5 minutes." in for_otto


def test_the_dialog_for_a_patient_costs_the_same_queries_and_one_more_before_the_first_treatment(client, desk, house):
    def queries_for(patient):
        asked = {"patient": patient.public_id, "service": house["treatment"].pk}
        client.get(reverse(BOOK), asked, headers=HTMX)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(BOOK), asked, headers=HTMX)
        return len(queries)

    treated = make_signed_session(patient=make_patient(email_allowed=True)).patient

    assert (queries_for(treated), queries_for(make_patient(email_allowed=True))) == (10, 11)


# --- What is promised is booked --------------------------------------------------------------------------------------


def in_room(house, clock, name):
    return f"{at(clock).isoformat()}|{house['ada'].pk}|{Room.objects.get(name=name).pk}"


def test_the_room_that_stands_beside_the_chosen_time_is_booked(client, desk, house, greta):
    press(client, form(house, greta, slot=in_room(house, "2026-01-15 09:00", "Room 2")))

    assert str(bookings().get().entry.room) == "Room 2"


@pytest.mark.parametrize("number", range(4))
def test_an_offered_time_is_booked_with_the_nurse_and_room_it_names(client, desk, house, greta, number):
    make_appointment(nurse=make_user(), room=Room.objects.get(name="Room 1"), starts_at=at("2026-01-16 14:00"))
    option = list(times(house, greta, desk).choosing("").options)[number]

    press(client, form(house, greta, slot=option.value))

    entry = bookings().get(entry__patient=greta).entry
    assert (option.where, entry.starts_at) == (f"{entry.nurse}, {entry.room}", parsed(option.value).starts_at)


def test_a_promised_room_that_went_meanwhile_is_refused_and_the_other_room_is_chosen(client, desk, house, greta):
    make_appointment(nurse=make_user(), room=Room.objects.get(name="Room 1"), starts_at=at("2026-01-15 09:00"))

    response = press(client, form(house, greta, slot=in_room(house, "2026-01-15 09:00", "Room 1")))

    body = response.content.decode()
    assert (response.status_code, bookings().filter(entry__patient=greta).count()) == (422, 0)
    assert "Thu 15 Jan, 09:00 with Ada Birchwood in Room 1 is taken. Choose another time." in body
    chosen = in_room(house, "2026-01-15 09:00", "Room 2")
    assert re.search(f'value="{re.escape(chosen)}"[^>]* checked', body)


@pytest.mark.parametrize("room", ["0", "x", "-1", "1|2", str(2**63)])
def test_a_time_with_a_room_that_cannot_be_books_nothing(client, desk, house, greta, room):
    response = press(client, form(house, greta, slot=f"{at('2026-01-15 09:00').isoformat()}|{house['ada'].pk}|{room}"))

    assert (response.status_code, bookings().filter(entry__patient=greta).count()) == (422, 0)
    assert "Choose a time." in response.content.decode()


def test_a_form_that_booked_already_books_no_other_time_and_says_so(client, desk, house, greta):
    sent = form(house, greta)
    press(client, sent)

    again = press(client, sent | {"slot": f"{at('2026-01-16 09:00').isoformat()}|{house['ada'].pk}"})

    assert (again.status_code, bookings().get(entry__patient=greta).starts_at) == (422, at("2026-01-15 09:00"))
    assert "This form has booked already, at another time. Nothing more was booked." in again.content.decode()
