"""One visit at the desk: its page, its status in one press, moving and cancelling it."""

import json
import uuid

import pytest
import time_machine
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app import booking
from sessions_app.models import Appointment
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_hours,
    make_patient,
    make_patient_user,
    make_room,
    make_service,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import HTMX

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:41"), tick=False):
        yield


@pytest.fixture
def ada():
    nurse = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(nurse)
    return nurse


@pytest.fixture
def visit(ada):
    patient = make_patient(given_name="Odette", family_name="Fennimore")
    return make_appointment(
        patient=patient, nurse=ada, room=make_room(name="Room 1"), service=make_service(name="Treatment"),
        starts_at=at("2026-01-13 13:00"),
    )  # fmt: skip


def url(name, visit):
    return reverse(f"sessions_app:{name}", args=[visit.public_id])


def press(client, visit, to, **options):
    return client.post(url("status", visit), {"to": to}, headers=HTMX, **options)


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def now_of(visit):
    return Appointment.objects.select_related("entry__nurse", "entry__room").get(pk=visit.pk)


def slot(clock, nurse):
    return f"{at(clock).isoformat()}|{nurse.pk}"


def move_form(visit, nurse, clock="2026-01-14 09:00", **changed):
    return {"confirm": "1", "version": visit.version, "slot": slot(clock, nurse), **changed}


# --- Status ----------------------------------------------------------------------------------------------------------


def test_one_press_checks_in_and_can_be_undone(client, desk, visit):
    response = press(client, visit, "arrived")

    assert (response.status_code, now_of(visit).status) == (204, "arrived")
    assert toast(response) == {
        "text": "Odette Fennimore is here.",
        "undo": f"{url('status', visit)}?to=booked",
        "level": "",
        "undo_minutes": 5,
    }
    undone = client.post(toast(response)["undo"], follow=True)
    assert now_of(visit).status == "booked"
    assert "Odette Fennimore is back to booked." in undone.content.decode()


def test_a_visit_goes_its_way_to_done(client, desk, visit):
    for status in ("arrived", "in_treatment", "done"):
        press(client, visit, status)

    assert now_of(visit).status == "done"
    events = AuditEvent.objects.filter(action="appointment status").order_by("id")
    assert [event.details["status"] for event in events] == ["arrived", "in_treatment", "done"]


def test_done_on_the_wrong_line_says_what_is_not_signed_and_is_taken_back(client, desk, visit):
    for status in ("arrived", "in_treatment"):
        press(client, visit, status)
    make_draft_session(appointment=now_of(visit))
    response = press(client, visit, "done")

    assert toast(response) == {
        "text": "Odette Fennimore: the visit is done. The treatment is not signed yet.",
        "undo": f"{url('status', visit)}?to=in_treatment",
        "level": "",
        "undo_minutes": 5,
    }
    client.post(toast(response)["undo"])
    assert (now_of(visit).status, now_of(visit).entry.active) == ("in_treatment", True)


def test_a_visit_that_is_signed_or_of_another_day_stays_done(client, desk, visit):
    Appointment.objects.update(status="done")
    make_signed_session(appointment=visit)
    of_yesterday = make_appointment(status="done", starts_at=at("2026-01-12 15:00"))

    said = [toast(press(client, each, "in_treatment"))["text"] for each in (visit, of_yesterday)]

    assert said == [
        "The treatment of this visit is signed or closed. The visit stays done.",
        "This visit was on another day. It stays done.",
    ]
    assert (now_of(visit).status, now_of(of_yesterday).status) == ("done", "done")


def test_pressing_twice_changes_nothing_more(client, desk, visit):
    first, second = press(client, visit, "arrived"), press(client, visit, "arrived")

    assert (first.status_code, second.status_code) == (204, 204)
    assert now_of(visit).version == 2


def test_a_no_show_is_marked_once_the_visit_should_have_begun(client, desk, visit):
    early = press(client, visit, "no_show")
    with time_machine.travel(at("2026-01-13 13:20"), tick=False):
        client.logout()
        client.force_login(desk)
        press(client, visit, "no_show")

    assert toast(early)["level"] == "error"
    assert "Mark a no-show after that, or cancel it." in toast(early)["text"]
    assert (now_of(visit).status, now_of(visit).entry.active) == ("no_show", False)


@pytest.mark.parametrize("to", ["cancelled", "", "gone", "<script>", "arrived' --"])
def test_only_offered_states_can_be_asked_for(client, desk, visit, to):
    response = press(client, visit, to)

    assert (response.status_code, now_of(visit).status) == (400, "booked")


def test_a_move_that_the_table_does_not_know_is_refused_in_words(client, desk, visit):
    response = press(client, visit, "done")

    assert toast(response) == {"text": "This visit is already booked.", "undo": "", "level": "error"}
    assert now_of(visit).status == "booked"


# --- The visit's page ------------------------------------------------------------------------------------------------


def test_the_visit_says_who_when_where_and_what_happened(client, desk, ada):
    make_room(name="Room 1")
    patient = make_patient(given_name="Odette", family_name="Fennimore", phone="+12125550177")
    made = booking.book(
        patient=patient, service=make_service(name="Treatment"), starts_at=at("2026-01-13 13:00"),
        request_key=uuid.uuid4(), by=desk, note="Comes with her son",
    )  # fmt: skip
    booking.move(appointment=made, version=1, starts_at=at("2026-01-13 14:00"), by=desk)
    press(client, made, "arrived")

    body = client.get(url("appointment", made), headers=HTMX).content.decode()

    for words in (
        "Odette Fennimore", "Tue 13 Jan, 14:00 to 14:50", "Ada Birchwood, Room 1", "(212) 555-0177",
        "Comes with her son", "Booked for Tue 13 Jan, 13:00", "Moved to Tue 13 Jan, 14:00", "Arrived",
        "Petra Fallowell",
    ):  # fmt: skip
        assert words in body


def test_the_visit_offers_what_can_be_done_with_it(client, desk, visit):
    def offered():
        body = client.get(url("appointment", visit), headers=HTMX).content.decode()
        return [
            words
            for words in ("Check in", "Called in", "Not here after all", "Move", "Cancel…", "Done")
            if words in body
        ]

    booked = offered()
    press(client, visit, "arrived")
    arrived = offered()

    assert (booked, arrived) == (["Check in", "Move", "Cancel…"], ["Called in", "Not here after all", "Cancel…"])


def test_the_reason_for_an_early_visit_is_for_those_who_treat(client, desk, visit):
    clinician = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    Appointment.objects.filter(pk=visit.pk).update(early_approved_by=clinician, early_reason="CANARYREASON")

    at_desk = client.get(url("appointment", visit)).content.decode()
    client.force_login(clinician)
    by_clinician = client.get(url("appointment", visit)).content.decode()

    assert "approved by Hugo Ashdown" in at_desk
    assert "CANARYREASON" not in at_desk
    assert "CANARYREASON" in by_clinician


# --- Moving ----------------------------------------------------------------------------------------------------------


def test_moving_keeps_the_visit_and_says_where_it_went(client, desk, ada, visit):
    response = client.post(url("move", visit), move_form(visit, ada), headers=HTMX)

    assert (response.status_code, now_of(visit).starts_at) == (204, at("2026-01-14 09:00"))
    assert toast(response)["text"] == "Moved: Odette Fennimore, Wed 14 Jan, 09:00 with Ada Birchwood in Room 1."


def test_a_visit_does_not_stand_in_its_own_way(client, desk, ada, visit):
    body = client.post(url("move", visit), {"day": "2026-01-13", "version": "1"}, headers=HTMX).content.decode()

    assert f'value="{slot("2026-01-13 13:15", ada)}|' in body


def test_moving_to_a_taken_time_keeps_the_old_one(client, desk, ada, visit):
    make_appointment(nurse=ada, starts_at=at("2026-01-14 09:00"))

    response = client.post(url("move", visit), move_form(visit, ada), headers=HTMX)

    assert (response.status_code, now_of(visit).starts_at) == (422, at("2026-01-13 13:00"))
    assert "is taken. Choose another time." in response.content.decode()
    assert "Free, and near the time you wanted" in response.content.decode()


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_stale_move_answers_409_with_the_difference_and_changes_nothing(client, desk, ada, visit, headers):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-13 15:00"), by=make_user(name="Imani Rowanfield"))

    response = client.post(url("move", visit), move_form(visit, ada), headers=headers)

    body = response.content.decode()
    assert (response.status_code, now_of(visit).starts_at) == (409, at("2026-01-13 15:00"))
    assert "Moved to Tue 13 Jan, 15:00 with Ada Birchwood in Room 1 by Imani Rowanfield." in body
    assert 'name="version" value="2"' in body


def test_a_visit_that_is_over_cannot_be_moved(client, desk, ada):
    done = make_appointment(nurse=ada, status="done")

    shown = client.get(url("move", done), headers=HTMX).content.decode()
    client.post(url("move", done), move_form(done, ada), headers=HTMX)

    assert "This visit is done; it cannot be moved." in shown
    assert now_of(done).starts_at == at("2026-01-13 10:00")


IN_ROOM_2 = ["Ada Birchwood, Room 2", "Imani Rowanfield, Room 2"]


def offered_at(client, visit, clock, **asked):
    """Who and where at one time of the visit's day."""
    answer = client.post(url("move", visit), {"version": visit.version, "day": "2026-01-13", **asked}, headers=HTMX)
    return [each.where for each in answer.context["times"].everything if each.time == clock]


@pytest.fixture
def house_of_two(ada, visit):
    """Beside Ada's visit at 13:00 in room 1 a second nurse and a second room are free."""
    make_hours(make_user(Role.NURSE, name="Imani Rowanfield"))
    return make_room(name="Room 2")


def closed(ada, visit, **whose):
    day = {"starts_at": at("2026-01-13 00:00"), "ends_at": at("2026-01-14 00:00")}
    booking.close(title="Shut", **day, **whose, accepted=[visit.public_id], by=make_user(Role.ADMINISTRATOR))


def test_a_visit_is_not_offered_the_place_that_it_has(client, desk, ada, visit, house_of_two):
    best = client.get(url("move", visit), headers=HTMX).context["times"].everything

    assert slot("2026-01-13 13:00", ada) not in [each.value.rpartition("|")[0] for each in best]
    assert offered_at(client, visit, "13:00") == ["Imani Rowanfield, Room 1"]
    assert offered_at(client, visit, "13:15") == ["Ada Birchwood, Room 1", "Imani Rowanfield, Room 1"]
    # Somebody who asks for another room may have it at the same time.
    assert offered_at(client, visit, "13:00", room=house_of_two.pk) == IN_ROOM_2


def test_who_is_sick_is_not_offered_for_the_visits_that_have_to_move(client, desk, ada, visit, house_of_two):
    closed(ada, visit, nurses=[ada])

    answer = client.post(url("move", visit), {"version": 1, "day": "2026-01-13"}, headers=HTMX)

    assert [nurse for nurse, _ in answer.context["times"].groups] == ["Imani Rowanfield"]
    assert offered_at(client, visit, "13:00", room=house_of_two.pk) == IN_ROOM_2[1:]


def test_a_visit_in_a_closed_room_may_keep_its_time_and_its_nurse(client, desk, ada, visit, house_of_two):
    closed(ada, visit, rooms=[visit.entry.room])

    assert offered_at(client, visit, "13:00") == IN_ROOM_2
    assert offered_at(client, visit, "13:15") == IN_ROOM_2


# --- Cancelling ------------------------------------------------------------------------------------------------------


def test_cancelling_asks_for_the_reason_and_frees_the_time(client, desk, visit):
    without = client.post(url("cancel", visit), {"version": 1}, headers=HTMX)
    response = client.post(url("cancel", visit), {"version": 1, "reason": "The patient is ill"}, headers=HTMX)

    assert (without.status_code, "Choose the reason." in without.content.decode()) == (422, True)
    cancelled = now_of(visit)
    assert (cancelled.status, cancelled.cancel_reason, cancelled.entry.active) == (
        "cancelled",
        "The patient is ill",
        False,
    )
    assert toast(response)["text"] == "Cancelled: Odette Fennimore, Tue 13 Jan, 13:00."


def test_another_reason_is_written_in_words(client, desk, visit):
    empty = client.post(url("cancel", visit), {"version": 1, "reason": "other", "other": " "}, headers=HTMX)
    client.post(url("cancel", visit), {"version": 1, "reason": "other", "other": "Moved away"}, headers=HTMX)

    assert "Write the reason." in empty.content.decode()
    assert "optional" not in empty.content.decode()
    assert now_of(visit).cancel_reason == "Moved away"


def test_a_stale_cancellation_answers_409_with_the_difference(client, desk, visit):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-13 15:00"), by=desk)

    response = client.post(url("cancel", visit), {"version": 1, "reason": "The patient is ill"}, headers=HTMX)

    assert (response.status_code, now_of(visit).status) == (409, "booked")
    assert "Moved to Tue 13 Jan, 15:00" in response.content.decode()


def test_cancelling_twice_is_no_second_cancellation(client, desk, visit):
    data = {"version": 1, "reason": "The patient is ill"}

    client.post(url("cancel", visit), data, headers=HTMX)
    again = client.post(url("cancel", visit), data, headers=HTMX)

    assert again.status_code == 204
    assert AuditEvent.objects.filter(action="appointment cancelled").count() == 1


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["status", "move", "cancel", "appointment"])
def test_an_id_that_never_was_is_not_found(client, desk, name):
    address = reverse(f"sessions_app:{name}", args=[uuid.uuid4()])

    assert (client.get(address) if name != "status" else client.post(address, {"to": "arrived"})).status_code == 404


@pytest.mark.parametrize("name", ["status", "move", "cancel"])
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PATIENT, None])
def test_who_may_not_book_changes_no_visit(client, visit, ada, name, role):
    client.force_login(make_user(role))

    response = client.post(url(name, visit), {**move_form(visit, ada), "to": "arrived", "reason": "The patient is ill"})

    assert (response.status_code, now_of(visit).version) == (403, 1)


def test_a_patient_does_not_reach_the_desks_page_of_an_own_visit(client, visit):
    client.force_login(make_patient_user(visit.patient))

    assert client.get(url("appointment", visit)).status_code == 403


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_a_status_is_changed_by_post_only(client, desk, visit, method):
    response = getattr(client, method)(f"{url('status', visit)}?to=arrived")

    assert (response.status_code, now_of(visit).status) == (405, "booked")


def test_a_move_offers_the_room_that_the_visit_has_and_books_the_one_it_names(client, desk, ada, visit):
    second = make_room(name="Room 0")
    body = client.get(url("move", visit), headers=HTMX).content.decode()
    assert ("Ada Birchwood, Room 1" in body, "Ada Birchwood, Room 0" in body) == (True, False)

    chosen = f"{slot('2026-01-14 09:00', ada)}|{second.pk}"
    client.post(url("move", visit), move_form(visit, ada, slot=chosen), headers=HTMX)

    assert (str(now_of(visit).entry.room), now_of(visit).starts_at) == ("Room 0", at("2026-01-14 09:00"))


def test_a_move_sent_twice_is_answered_twice_alike(client, desk, ada, visit):
    first, second = (client.post(url("move", visit), move_form(visit, ada), headers=HTMX) for _ in range(2))

    assert (first.status_code, first["HX-Trigger"]) == (second.status_code, second["HX-Trigger"])
    assert now_of(visit).version == 2
