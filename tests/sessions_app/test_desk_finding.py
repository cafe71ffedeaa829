"""Finding a time: holds in words, a clinician asked by a link, parts of the day, overbooking, one hit, undo."""

import json
import uuid
from datetime import date
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse
from django.utils.html import escape

from clinic.access import Role
from clinic.search import index_patient
from sessions_app import booking, repeat_holds
from sessions_app.models import Appointment, PartOfDay, Service
from sessions_app.presenters.days import Wanted
from sessions_app.presenters.times import times_for
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_patient,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import HTMX, make_first_visit, make_treatment, open_clinic

pytestmark = pytest.mark.django_db
BOOK = "sessions_app:book"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-08 09:00"), tick=False):
        yield


@pytest.fixture
def ada():
    return open_clinic(until="20:00", signed_by=make_user(Role.CLINICAL_LEAD, name="Lena Marsh"))


@pytest.fixture
def treatment():
    make_first_visit()
    return make_treatment()


@pytest.fixture
def hugo():
    return make_user(Role.CLINICIAN, name="Hugo Ashdown")


@pytest.fixture
def greta(ada, treatment):
    """Her last session was on Tuesday 6 January: the window is 13 to 20 January. Today is Thursday the 8th."""
    patient = make_patient(given_name="Greta", family_name="Sandpiper", email_allowed=True)
    index_patient(patient)
    past = make_appointment(
        patient=patient, nurse=ada, service=treatment, starts_at=at("2026-01-06 10:00"), status="done"
    )
    make_signed_session(appointment=past, patient=patient)
    return patient


def form(patient, treatment, ada, clock="2026-01-15 09:00", **changed):
    data = {
        "confirm": "1",
        "patient": str(patient.public_id),
        "service": treatment.pk,
        "slot": f"{at(clock).isoformat()}|{ada.pk}",
        "request_key": str(uuid.uuid4()),
        **changed,
    }
    return {name: value for name, value in data.items() if value is not None}


def press(client, data, name=BOOK, *args):
    return client.post(reverse(name, args=args), data, headers=HTMX)


def opened(client, patient, **asked):
    return client.get(reverse(BOOK), {"patient": patient.public_id, **asked}, headers=HTMX).content.decode()


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def times(treatment, patient, by, **facts):
    wanted = Wanted(
        clinic=make_clinic(), service=treatment, by=by, now=at("2026-01-08 09:00"), patient=patient, **facts
    )
    return times_for(wanted)


# --- Rule B4: what makes a booking wait -------------------------------------------------------------------------------


def test_a_hold_says_who_placed_it_and_who_can_lift_it_but_not_its_reason_to_the_desk(client, desk, greta, hugo):
    repeat_holds.place(patient=greta, reason="CANARYREASON", by=hugo)

    at_desk = opened(client, greta)
    client.force_login(hugo)
    by_clinician = opened(client, greta)

    assert "No treatment can be booked now" in at_desk
    assert "Hugo Ashdown lets the next treatment wait, since Thu 8 Jan, 09:00." in at_desk
    assert "Hugo Ashdown or Lena Marsh can clear this." in at_desk
    assert 'name="slot"' not in at_desk
    assert ("CANARYREASON" in at_desk, "CANARYREASON" in by_clinician) == (False, True)
    assert ("Lift the hold" in at_desk, "Lift the hold" in by_clinician) == (False, True)


def test_a_review_can_be_booked_while_treatments_wait(client, desk, ada, greta, hugo):
    review = make_service("review", name="Review")
    repeat_holds.place(patient=greta, reason="Skin not healed", by=hugo)

    response = press(client, form(greta, review, ada, "2026-01-09 09:00"))

    assert response.status_code == 204


def test_a_clinician_places_and_lifts_a_hold_on_the_patients_page(client, greta, hugo, treatment, ada):
    client.force_login(hugo)
    free = client.get(reverse("clinic:patient", args=[greta.public_id])).content.decode()
    assert "Hold the next treatment…" in free
    without = press(client, {"reason": " "}, "sessions_app:hold_place", greta.public_id)
    press(client, {"reason": "Skin not healed"}, "sessions_app:hold_place", greta.public_id)
    held = client.get(reverse("clinic:patient", args=[greta.public_id])).content.decode()
    refused = press(client, form(greta, treatment, ada))
    hold = repeat_holds.open_hold(greta).public_id
    press(client, {"note": "Healed", "hold": hold}, "sessions_app:hold_lift", greta.public_id)
    booked = press(client, form(greta, treatment, ada))

    assert (without.status_code, "Write why the next treatment waits." in without.content.decode()) == (422, True)
    assert "The next treatment waits since Thu 8 Jan, 09:00, says Hugo Ashdown." in held
    assert (refused.status_code, booked.status_code) == (422, 204)


def test_a_dialog_that_was_opened_for_another_hold_lifts_none(client, greta, hugo):
    first = repeat_holds.place(patient=greta, reason="Waits for a scan", by=hugo)
    client.force_login(hugo)
    shown = client.get(reverse("sessions_app:hold_lift", args=[greta.public_id])).content.decode()
    repeat_holds.lift(hold=first, note="Scan done", by=hugo)
    second = repeat_holds.place(patient=greta, reason="Clot suspected, do not treat", by=hugo)

    said = {"note": "The scan is normal", "hold": first.public_id}
    answer = press(client, said, "sessions_app:hold_lift", greta.public_id)

    page = answer.content.decode()
    assert (answer.status_code, repeat_holds.open_hold(greta)) == (422, second)
    assert str(first.public_id) in shown
    assert all(
        words in page
        for words in (str(second.public_id), "Another hold stands now", "Clot suspected", "The scan is normal")
    )


@pytest.mark.parametrize("name", ["hold_place", "hold_lift"])
@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.ADMINISTRATOR, Role.PATIENT])
def test_only_a_clinician_holds_and_lifts(client, greta, hugo, name, role):
    if name == "hold_lift":
        repeat_holds.place(patient=greta, reason="Skin not healed", by=hugo)
    client.force_login(make_user(role))

    response = press(client, {"reason": "x", "note": "x"}, f"sessions_app:{name}", greta.public_id)

    assert (response.status_code, bool(repeat_holds.open_hold(greta))) == (403, name == "hold_lift")


# --- Rule B1: a clinician is asked -----------------------------------------------------------------------------------


def test_the_desk_sees_the_times_of_an_early_day_and_the_button_asks(client, desk, ada, treatment, greta):
    shown = press(client, form(greta, treatment, ada, confirm=None, slot=None, day="2026-01-09"))

    body = shown.content.decode()
    assert "data-asks" in body
    assert "This day is before the window." in body
    assert times(treatment, greta, desk, day=date(2026, 1, 9)).groups[0][1][0].asks is True


def test_asking_gives_a_link_that_opens_this_very_wish_for_a_clinician(client, desk, ada, treatment, greta, hugo):
    refused = press(client, form(greta, treatment, ada, "2026-01-09 12:30", note="Typed before"))

    body = refused.content.decode()
    assert (refused.status_code, Appointment.objects.filter(status="booked").count()) == (422, 0)
    assert "A clinician decides about Fri 9 Jan, 12:30" in body
    assert "Send this link to Hugo Ashdown or Lena Marsh." in body
    assert 'value="Typed before"' in body
    (address,) = [part.split('"')[0] for part in body.split('id="ask-address" value="')[1:]]
    assert "Greta" not in address
    client.force_login(hugo)
    link = urlsplit(address.replace("&amp;", "&"))
    seen = client.get(f"{link.path}?{link.query}").content.decode()
    assert "Greta Sandpiper" in seen
    assert "Book Fri 9 Jan, 12:30" in seen
    booked = press(client, form(greta, treatment, ada, "2026-01-09 12:30", early_reason="Leaves the country"))
    assert booked.status_code == 204
    assert Appointment.objects.get(status="booked").early_approved_by == hugo


def test_a_move_before_the_window_asks_a_clinician_too(client, desk, ada, treatment, greta, hugo):
    visit = make_appointment(patient=greta, nurse=ada, service=treatment, starts_at=at("2026-01-15 09:00"))
    slot = f"{at('2026-01-09 12:30').isoformat()}|{ada.pk}"

    refused = press(client, {"confirm": "1", "version": 1, "slot": slot}, "sessions_app:move", visit.public_id)

    assert refused.status_code == 422
    assert "A clinician decides about Fri 9 Jan, 12:30" in refused.content.decode()
    assert Appointment.objects.get(pk=visit.pk).version == 1


# --- Narrowing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "hours"),
    [(PartOfDay.MORNING, range(12)), (PartOfDay.AFTERNOON, range(12, 17)), (PartOfDay.EVENING, range(17, 24))],
)
def test_a_part_of_the_day_narrows_the_best_times_and_each_says_why(desk, treatment, greta, part, hours):
    shown = times(treatment, greta, desk, part=part)

    assert len(shown.options) == 4
    assert {int(option.time[:2]) in hours for option in shown.options} == {True}
    assert all(option.why for option in shown.options)


def test_the_weeks_say_in_which_parts_of_a_day_times_are_free(desk, ada, treatment, greta):
    make_appointment(nurse=ada, room=None, service=make_service(chair_minutes=240), starts_at=at("2026-01-15 07:30"))

    cells = {cell.date: cell for week in times(treatment, greta, desk).weeks for cell in week}

    assert cells[date(2026, 1, 14)].spoken == "Wed 14 Jan, free: morning, afternoon and evening, inside the window"
    assert cells[date(2026, 1, 15)].spoken == "Thu 15 Jan, free: afternoon and evening, inside the window"
    assert cells[date(2026, 1, 9)].spoken == "Fri 9 Jan, free: morning, afternoon and evening, before the window"


def test_where_a_filter_leaves_nothing_the_dialog_says_that_it_is_the_filter(client, desk, treatment, greta):
    zita = make_user(Role.NURSE, name="Zita Solo")

    body = press(client, {"patient": greta.public_id, "service": treatment.pk, "nurse": zita.pk}).content.decode()

    assert "Nothing that you ask for is free here." in body
    assert "Nothing is free in it." not in body


def test_the_travel_question_names_the_days_of_the_chosen_time(client, desk, ada, treatment, greta):
    body = press(client, form(greta, treatment, ada, confirm=None)).content.decode()

    assert "Anything planned <span data-avoid-words>from Thu 15 to Sun 18 Jan</span>?" in body


# --- Who ------------------------------------------------------------------------------------------------------------


def test_a_search_with_one_hit_and_enter_picks_it(client, desk, greta):
    body = press(client, {"q": "sandp", "find": "1"}).content.decode()

    assert f'<input type="hidden" name="patient" value="{greta.public_id}">' in body


def test_a_search_with_two_hits_picks_nobody(client, desk, greta):
    index_patient(make_patient(given_name="Otto", family_name="Sandpiper"))

    body = press(client, {"q": "sandp", "find": "1"}).content.decode()

    assert '<input type="hidden" name="patient"' not in body
    assert body.count('<button class="suggestion" type="submit" name="patient"') == 2


def test_registering_from_the_dialog_keeps_the_typed_name(client, desk, greta):
    body = press(client, {"q": "Basil Oakenshaw"}, "sessions_app:book_patients").content.decode()
    address = body.split('formaction="')[1].split('"')[0].replace("&amp;", "&")

    registering = client.post(address, {"typed": "Basil Oakenshaw"}).content.decode()

    assert "Register “Basil Oakenshaw”" in body
    assert 'value="Basil"' in registering
    assert 'value="Oakenshaw"' in registering


def test_a_second_first_visit_is_warned_of_before_it_is_booked(client, desk, ada, treatment, greta):
    first = treatment.__class__.objects.get(name="First visit")
    new = make_patient(given_name="Basil", family_name="Oakenshaw")
    before = opened(client, new)
    booking.book(
        patient=new, service=first, starts_at=at("2026-01-15 09:00"), request_key=uuid.uuid4(), by=desk, nurse=ada
    )

    after, was_here = opened(client, new), opened(client, greta, service=first.pk)

    assert "already" not in before.split("dialog-body")[1].split("booking-cols")[0]
    assert escape("Basil Oakenshaw has a first visit already: First visit Thu 15 Jan, 09:00.") in after
    assert "Greta Sandpiper was here before (Treatment, Tue 6 Jan 2026)." in was_here


@pytest.mark.parametrize(
    ("came", "service_of_it", "is_new"),
    [(None, None, True), ("booked", "review", True), ("booked", "first_visit", False), ("arrived", "review", False)],
)
def test_a_treatment_of_somebody_who_never_came_says_that_the_first_visit_is_missing(
    client, desk, ada, treatment, came, service_of_it, is_new
):
    new = make_patient(given_name="Basil", family_name="Oakenshaw")
    if came:
        other = make_service(kind=service_of_it, name="Other")
        starts_at = at("2026-01-08 08:45" if came == "arrived" else "2026-01-15 09:00")
        make_appointment(patient=new, service=other, starts_at=starts_at, status=came, nurse=ada)

    for_treatment = opened(client, new, service=treatment.pk)
    course = client.get(reverse("sessions_app:book_course"), {"patient": new.public_id}, headers=HTMX).content.decode()

    hint = "Basil Oakenshaw was not here yet and has no first visit."
    assert (hint in for_treatment, hint in course) == (is_new, is_new)
    assert hint not in opened(client, new)
    Service.objects.filter(kind="first_visit").update(is_active=False)
    assert hint not in opened(client, new, service=treatment.pk)


def test_the_question_about_flights_says_the_hours_of_the_signed_protocol(client, desk, treatment, greta):
    make_signed_protocol(overrides={"long_flight_hours": 6})

    course = client.get(
        reverse("sessions_app:book_course"), {"patient": greta.public_id}, headers=HTMX
    ).content.decode()

    assert "Flight over 6 hours, hard training" in opened(client, greta, service=treatment.pk)
    assert "Flight over 6 hours, hard training" in course


# --- Overbooking -----------------------------------------------------------------------------------------------------


def overbooking(patient, treatment, nurse, **changed):
    asked = {
        "overbook_day": "2026-01-15",
        "overbook_at": "09:00",
        "overbook_reason": "Came from far",
        "nurse": nurse.pk,
    }
    return form(patient, treatment, nurse, confirm="overbook", slot=None, **{**asked, **changed})


def test_who_may_overbooks_with_a_reason_and_the_visit_says_so(client, ada, treatment, greta, hugo):
    make_appointment(nurse=ada, service=treatment, starts_at=at("2026-01-15 09:00"))
    client.force_login(hugo)

    response = press(client, overbooking(greta, treatment, ada))

    booked = Appointment.objects.get(entry__patient=greta, status="booked")
    assert (response.status_code, booked.entry.overbook_reason) == (204, "Came from far")
    body = client.get(reverse("sessions_app:appointment", args=[booked.public_id])).content.decode()
    assert "by Hugo Ashdown: Came from far" in body


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"overbook_reason": ""}, "Write why it goes beside another visit."),
        ({"overbook_at": ""}, "Enter the day and the time to overbook."),
        ({"overbook_at": "soon"}, "Enter the day and the time to overbook."),
        ({"overbook_day": ""}, "Enter the day and the time to overbook."),
    ],
)
def test_overbooking_without_day_time_or_reason_books_nothing(client, ada, treatment, greta, hugo, changed, words):
    make_appointment(nurse=ada, service=treatment, starts_at=at("2026-01-15 09:00"))
    client.force_login(hugo)

    response = press(client, overbooking(greta, treatment, ada, **changed))

    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert not Appointment.objects.filter(entry__patient=greta, status="booked").exists()


def test_with_a_reason_to_overbook_the_big_button_and_enter_overbook(client, ada, treatment, greta, hugo):
    client.force_login(hugo)
    typed = {"overbook_day": "2026-01-15", "overbook_at": "09:00", "overbook_reason": "Came from far"}

    body = press(client, form(greta, treatment, ada, confirm=None, **typed)).content.decode()

    assert "Overbook Thu 15 Jan, 09:00</span>" in body
    assert body.count('name="confirm" value="1"') == 0


def test_the_button_of_a_free_time_books_nothing_while_a_reason_to_overbook_stands_there(
    client, ada, treatment, greta, hugo
):
    client.force_login(hugo)
    typed = {"overbook_day": "2026-01-15", "overbook_at": "09:00", "overbook_reason": "Came from far"}

    response = press(client, form(greta, treatment, ada, **typed))

    assert response.status_code == 422
    assert "A reason to overbook Thu 15 Jan, 09:00 stands below." in response.content.decode()
    assert not Appointment.objects.filter(entry__patient=greta, status="booked").exists()


def test_the_desk_is_not_offered_to_overbook_and_cannot(client, desk, ada, treatment, greta):
    make_appointment(nurse=ada, service=treatment, starts_at=at("2026-01-15 09:00"))

    shown, sent = opened(client, greta), press(client, overbooking(greta, treatment, ada))

    assert "Overbook" not in shown
    assert (sent.status_code, Appointment.objects.filter(entry__patient=greta, status="booked").count()) == (422, 0)


# --- Undo, confirm, a move that comes with its time -------------------------------------------------------------------


@pytest.fixture
def visit(ada, treatment, greta, desk):
    return booking.book(
        patient=greta, service=treatment, starts_at=at("2026-01-15 09:00"), nurse=ada, request_key=uuid.uuid4(), by=desk
    )


def at_now(visit):
    return Appointment.objects.select_related("entry").get(pk=visit.pk)


def test_a_booking_is_taken_back_from_its_toast(client, desk, ada, treatment, greta):
    undo = toast(press(client, form(greta, treatment, ada)))["undo"]

    said = client.post(undo, headers=HTMX)

    assert toast(said)["text"] == "Taken back: Greta Sandpiper is not booked Thu 15 Jan, 09:00."
    assert Appointment.objects.get(entry__patient=greta, service=treatment, status="cancelled").version == 2


@pytest.mark.parametrize("what", ["move", "cancel"])
def test_a_move_and_a_cancellation_are_taken_back_from_their_toasts(client, desk, ada, visit, what):
    slot = f"{at('2026-01-16 10:00').isoformat()}|{ada.pk}"
    data = {
        "move": {"confirm": "1", "version": 1, "slot": slot},
        "cancel": {"version": 1, "reason": "The patient is ill"},
    }
    undo = toast(press(client, data[what], f"sessions_app:{what}", visit.public_id))["undo"]

    said = client.post(undo, headers=HTMX)

    assert (
        toast(said)["text"] == "Taken back: Greta Sandpiper is booked Thu 15 Jan, 09:00 with Ada Birchwood in Room 1."
    )
    assert (at_now(visit).status, at_now(visit).starts_at) == ("booked", at("2026-01-15 09:00"))


def test_the_visits_dialog_undoes_too_until_the_grace_is_over(client, desk, visit):
    page = reverse("sessions_app:appointment", args=[visit.public_id])
    inside = client.get(page).content.decode()
    with time_machine.travel(at("2026-01-08 09:06"), tick=False):
        outside = client.get(page).content.decode()
        late = press(client, {"version": 1}, "sessions_app:undo", visit.public_id)

    assert ("Take the booking back" in inside, "Take the booking back" in outside) == (True, False)
    assert toast(late)["level"] == "error"
    assert at_now(visit).status == "booked"


def test_the_visits_dialog_says_what_the_patient_is_told(client, desk, visit):
    body = client.get(reverse("sessions_app:appointment", args=[visit.public_id])).content.decode()

    assert "Visit booked: will be told Thu 8 Jan, 09:05, by e-mail" in body


@pytest.mark.parametrize("version", ["", "x", "0", "99", "9" * 30])
def test_an_undo_of_another_version_changes_nothing(client, desk, visit, version):
    response = press(client, {"version": version}, "sessions_app:undo", visit.public_id)

    assert (toast(response)["level"], at_now(visit).status) == ("error", "booked")


def test_a_visit_is_confirmed_by_phone_once(client, desk, visit):
    press(client, {}, "sessions_app:confirm_visit", visit.public_id)
    said = press(client, {}, "sessions_app:confirm_visit", visit.public_id)

    assert toast(said)["text"] == "Confirmed: Greta Sandpiper comes Thu 15 Jan, 09:00."
    assert at_now(visit).confirmed_via == "desk"
    body = client.get(reverse("sessions_app:appointment", args=[visit.public_id])).content.decode()
    assert "By phone, Thu 8 Jan, 09:00" in body
    assert "Confirmed by phone" in body  # in the history; the button is gone
    assert 'data-key="p"' not in body


def test_a_move_that_comes_with_its_time_shows_both_and_asks_for_one_press(client, desk, ada, visit):
    slot = f"{at('2026-01-16 10:00').isoformat()}|{ada.pk}"

    body = client.get(
        reverse("sessions_app:move", args=[visit.public_id]), {"slot": slot}, headers=HTMX
    ).content.decode()

    assert "Thu 15 Jan, 09:00 to 10:05" in body
    assert "Move to Fri 16 Jan, 10:00" in body
    assert 'class="month"' not in body
    data = {"confirm": "1", "version": 1, "slot": slot, "asked_for": slot}
    assert press(client, data, "sessions_app:move", visit.public_id).status_code == 204
    assert at_now(visit).starts_at == at("2026-01-16 10:00")


def test_a_move_to_a_time_that_is_not_free_says_so_and_offers_others(client, desk, ada, visit):
    make_appointment(nurse=ada, starts_at=at("2026-01-16 10:00"))
    slot = f"{at('2026-01-16 10:00').isoformat()}|{ada.pk}"

    body = client.get(
        reverse("sessions_app:move", args=[visit.public_id]), {"slot": slot}, headers=HTMX
    ).content.decode()

    assert "Fri 16 Jan, 10:00 is not free for this visit. Choose another time; the old one stays booked" in body
    assert body.count('name="slot"') >= 4


@pytest.mark.parametrize("slot", ["x", "tomorrow|1", "2026-01-16T10:00:00+00:00|99999999999999999999", "'--"])
def test_a_time_that_is_none_shows_the_usual_dialog(client, desk, visit, slot):
    response = client.get(reverse("sessions_app:move", args=[visit.public_id]), {"slot": slot}, headers=HTMX)

    assert response.status_code == 200
    assert at_now(visit).version == 1


@pytest.mark.parametrize("name", ["undo", "confirm_visit"])
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PATIENT])
def test_who_may_not_book_undoes_and_confirms_nothing(client, visit, name, role):
    client.force_login(make_user(role))

    response = press(client, {"version": 1}, f"sessions_app:{name}", visit.public_id)

    assert (response.status_code, at_now(visit).confirmed_at, at_now(visit).version) == (403, None, 1)
