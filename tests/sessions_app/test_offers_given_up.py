"""A booking of the same kind ends the patient's offer, and a yes says that a visit moves, from where and with undo."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connections
from django.urls import reverse

from clinic.models import AuditEvent
from sessions_app import booking, waiting
from sessions_app.booking import CourseVisit
from sessions_app.integrity_of_records import problems_of_records
from sessions_app.models import Appointment, CalendarEntry, WaitListEntry
from sessions_app.offers_given_up import given_up_by
from sessions_app.refusals import Refused
from tests.makers import at, make_clinic, make_patient, make_service, make_wait_entry
from tests.sessions_app.conftest import NOW

HTMX = {"HX-Request": "true"}
KEPT, OTHER = "2026-01-14 15:00", "2026-01-15 09:00"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def offered(house):
    """The house's patient waits for its service and has an offer of Wed 14 Jan, 15:00."""
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    return waiting.offer(entry=entry, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)


def test_a_booking_of_the_same_kind_ends_the_offer_and_its_time_is_free(house, book, offered):
    booked = book(OTHER)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("taken_back", False)
    assert given_up_by(booked) == [offered]
    assert WaitListEntry.objects.waiting().get() == offered.waiting
    assert AuditEvent.objects.filter(action="offer taken back").count() == 1
    assert book(KEPT, patient=make_patient()).status == "booked"
    assert list(problems_of_records(NOW)) == []


def test_a_move_of_a_visit_of_the_same_kind_ends_the_offer_too(house, book):
    visit = book("2026-01-20 10:00")
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    offered = waiting.offer(entry=entry, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)

    moved = booking.move(appointment=visit, version=visit.version, starts_at=at(OTHER), by=house.desk, now=NOW + MINUTE)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("taken_back", False)
    assert given_up_by(moved) == [offered]
    assert WaitListEntry.objects.waiting().get() == entry
    assert list(problems_of_records(NOW + MINUTE)) == []
    with pytest.raises(Refused) as refused:
        waiting.accept(offer=offered, by=house.desk, now=NOW + MINUTE)
    assert refused.value.rule == "answered"


def test_a_move_of_another_visit_than_the_one_that_waits_leaves_the_offer_and_says_nothing_of_it(house, book, client):
    first, second = book("2026-01-20 10:00"), book("2026-02-20 10:00")
    named = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    offered = waiting.offer(entry=named, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)
    client.force_login(house.desk)

    with time_machine.travel(NOW, tick=False):
        dialogs = [client.get(reverse("sessions_app:move", args=[each.public_id])) for each in (first, second)]
    later = booking.move(appointment=second, version=1, starts_at=at("2026-02-23 10:00"), by=house.desk, now=NOW)

    offered.refresh_from_db()
    assert (named.appointment, offered.answer, offered.hold.active) == (first, "", True)
    assert [bool(each.context["kept"]) for each in dialogs] == [True, False]
    assert given_up_by(later) == []
    assert waiting.accept(offer=offered, by=house.desk, now=NOW).pk == first.pk
    assert list(problems_of_records(NOW)) == []


def test_of_an_entry_that_names_no_visit_the_next_one_is_what_waits(house, book):
    first, second = book("2026-01-20 10:00"), book("2026-02-20 10:00")
    entry = make_wait_entry(patient=house.patient, service=house.service, appointment=None)
    offered = waiting.offer(entry=entry, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)
    answers = []

    for visit, when in ((second, "2026-02-23 10:00"), (first, "2026-01-21 10:00")):
        booking.move(appointment=visit, version=1, starts_at=at(when), by=house.desk, now=NOW)
        offered.refresh_from_db()
        answers.append(offered.answer)

    assert answers == ["", "taken_back"]


def test_a_move_of_another_kind_or_of_somebody_else_leaves_the_offer(house, book, offered):
    first = book("2026-01-20 10:00", service=make_service(kind="first_visit", name="First visit"))
    others = book("2026-01-20 15:00", patient=make_patient())

    for visit, when in ((first, OTHER), (others, "2026-01-16 09:00")):
        booking.move(appointment=visit, version=visit.version, starts_at=at(when), by=house.desk, now=NOW)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("", True)


def test_a_refused_move_leaves_the_offer(house, book):
    visit, other = book("2026-01-20 10:00"), book(OTHER, patient=make_patient())
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    offered = waiting.offer(entry=entry, starts_at=at(KEPT), by=house.desk, now=NOW)

    with pytest.raises(booking.Taken):
        booking.move(appointment=visit, version=1, starts_at=other.starts_at, by=house.desk, now=NOW)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("", True)


def test_what_is_taken_back_keeps_no_time_again_and_the_person_waits_on(house, book, offered):
    booked = book(OTHER)

    booking.undo(appointment=booked, version=1, by=house.desk, now=NOW + MINUTE)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("taken_back", False)
    assert WaitListEntry.objects.waiting().get() == offered.waiting
    again = waiting.offer(entry=offered.waiting, starts_at=at(KEPT), by=house.desk, now=NOW + MINUTE)
    assert again.is_open(NOW + MINUTE)


def test_a_booking_of_another_kind_leaves_the_offer(house, book, offered):
    booked = book(OTHER, service=make_service(kind="first_visit", name="First visit"))

    offered.refresh_from_db()
    assert (offered.answer, given_up_by(booked)) == ("", [])


def test_a_booking_of_somebody_else_leaves_the_offer(house, book, offered):
    book(OTHER, patient=make_patient())

    offered.refresh_from_db()
    assert offered.answer == ""


def test_a_refused_booking_leaves_the_offer(house, book, offered):
    book(OTHER, patient=make_patient())

    with pytest.raises(booking.Taken):
        book(OTHER)

    offered.refresh_from_db()
    assert (offered.answer, offered.hold.active) == ("", True)


def test_into_the_kept_time_itself_nothing_is_said_to_be_free(house, book, offered):
    booked = book(KEPT)

    offered.refresh_from_db()
    assert (offered.answer, given_up_by(booked)) == ("taken_back", [])


def test_a_yes_after_the_booking_moves_nothing(house, book, offered):
    booked = book(OTHER)

    with pytest.raises(Refused) as refused:
        waiting.accept(offer=offered, by=house.desk, now=NOW)

    booked.refresh_from_db()
    assert (refused.value.rule, booked.starts_at) == ("answered", at(OTHER))


def test_a_course_ends_the_offer_too(house):
    service, patient = make_service(kind="treatment", name="Treatment"), make_patient()
    entry = waiting.join(patient=patient, service=service, by=house.desk, now=NOW)
    offered = waiting.offer(entry=entry, starts_at=at(KEPT), by=house.desk, now=NOW)

    course = booking.book_course(
        patient=patient,
        service=service,
        visits=[CourseVisit(at(OTHER)), CourseVisit(at("2026-01-26 09:00"))],
        planned_sessions=2,
        request_key=uuid.uuid4(),
        by=house.desk,
        now=NOW,
    )

    offered.refresh_from_db()
    assert offered.answer == "taken_back"
    assert given_up_by(*course.appointments.all()) == [offered]


def at_once(*actions):
    """What each returned, or why it was refused; all begin together, each with a connection of its own."""
    start = Barrier(len(actions))

    def run(action):
        start.wait()
        try:
            return action()
        except Refused as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_booking_at_once_leave_no_offer_and_no_held_time(house, offered):
    def book():
        wish = {"patient": house.patient, "service": house.service, "request_key": uuid.uuid4(), "by": house.desk}
        return booking.book(starts_at=at(OTHER), now=NOW, **wish)

    def say_yes():
        return waiting.accept(offer=offered, by=house.desk, now=NOW)

    booked, yes = at_once(book, say_yes)

    offered.refresh_from_db()
    starts = set(Appointment.objects.filter(status="booked").values_list("entry__starts_at", flat=True))
    # Either came first: two visits after the yes, one after the booking; never is the booked one moved silently.
    expected = {"accepted": {at(OTHER), at(KEPT)}, "taken_back": {at(OTHER)}}
    assert starts == expected[offered.answer]
    assert isinstance(yes, Refused) == (offered.answer == "taken_back")
    assert booked.starts_at == at(OTHER)
    assert CalendarEntry.objects.filter(kind="hold", active=True).count() == 0
    assert list(problems_of_records(NOW)) == []


@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_move_of_the_same_visit_at_once_move_it_once(house, book):
    visit = book("2026-01-20 10:00")
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    offered = waiting.offer(entry=entry, starts_at=at(KEPT), by=house.desk, now=NOW)

    def move():
        return booking.move(appointment=visit, version=1, starts_at=at(OTHER), by=house.desk, now=NOW)

    def say_yes():
        return waiting.accept(offer=offered, by=house.desk, now=NOW)

    moved, yes = at_once(move, say_yes)

    offered.refresh_from_db(), visit.refresh_from_db()
    # Either came first; the other was refused: by the stale page, or by the offer that was given up.
    assert (offered.answer, visit.entry.starts_at, isinstance(moved, Refused), isinstance(yes, Refused)) in (
        ("taken_back", at(OTHER), False, True),
        ("accepted", at(KEPT), True, False),
    )
    assert CalendarEntry.objects.filter(kind="hold", active=True).count() == 0
    assert list(problems_of_records(NOW)) == []


# --- What the desk reads -------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client, house):
    client.force_login(house.desk)
    with time_machine.travel(NOW, tick=False):
        make_clinic()
        yield client


def toast(answer):
    return json.loads(answer.headers["HX-Trigger"])["toast"]


def calls(desk):
    answer = desk.get(reverse("sessions_app:calls"), {"list": "offers"})
    return [(row.name, row.acts[0].words) for row in answer.context["calls"].named("offers").rows]


def test_the_dialog_says_what_is_kept_and_the_toast_that_it_is_free(desk, house, offered):
    name, until = house.patient.name, "07:30"
    opened = desk.get(reverse("sessions_app:book"), {"patient": house.patient.public_id, "service": house.service.pk})

    assert opened.context["kept"] == (
        f"Wed 14 Jan, 15:00 is kept for {name} until {until}. Booking another time gives it free."
    )
    assert f'href="{reverse("sessions_app:calls")}?list=offers"' in opened.content.decode()

    slot = next(each.value for each in opened.context["times"].choosing("").options)
    sent = {
        "patient": house.patient.public_id,
        "service": house.service.pk,
        "slot": slot,
        "request_key": uuid.uuid4(),
        "confirm": "1",
    }
    told = toast(desk.post(reverse("sessions_app:book"), sent, headers=HTMX))

    assert told["text"].endswith(" The time kept from the wait list, Wed 14 Jan, 15:00, is free again.")
    assert calls(desk) == []


def test_the_dialog_that_moves_says_what_is_kept_and_the_toast_that_it_is_free(desk, house, book):
    visit, name = book("2026-01-20 10:00"), house.patient.name
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    waiting.offer(entry=entry, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)
    address = reverse("sessions_app:move", args=[visit.public_id])
    slot = f"{at(OTHER).isoformat()}|{house.nurse.pk}|{house.room.pk}"

    for opened in (desk.get(address), desk.get(address, {"slot": slot})):
        assert opened.context["kept"] == (
            f"Wed 14 Jan, 15:00 is kept for {name} until 07:30. Moving the visit gives it free."
        )
        assert f'href="{reverse("sessions_app:calls")}?list=offers"' in opened.content.decode()
    sent = {"version": 1, "slot": slot, "confirm": "1"}
    told = toast(desk.post(address, sent, headers=HTMX))

    assert told["text"] == (
        f"Moved: {name}, Thu 15 Jan, 09:00 with Nora Pike in Room 1."
        " The time kept from the wait list, Wed 14 Jan, 15:00, is free again."
    )
    assert calls(desk) == []


def test_undo_says_before_and_after_that_the_given_up_time_is_not_kept_again(desk, house, book, offered):
    booked, name = book(OTHER), house.patient.name
    says = f" Wed 14 Jan, 15:00 is not kept for {name} again; they are still on the wait list."

    opened = desk.get(reverse("sessions_app:appointment", args=[booked.public_id]))
    address = f"{reverse('sessions_app:undo', args=[booked.public_id])}?version=1"
    first, again = (toast(desk.post(address, headers=HTMX))["text"] for _ in range(2))

    taken_back = f"Taken back: {name} is not booked Thu 15 Jan, 09:00."
    assert f"The patient is not told of it.{says}<" in opened.content.decode()
    assert (first, again) == (taken_back + says, taken_back)


def test_undo_of_a_course_says_it_too_and_of_what_gave_nothing_up_says_nothing(desk, house, book):
    service, patient = make_service(kind="treatment", name="Treatment"), make_patient()
    entry = waiting.join(patient=patient, service=service, by=house.desk, now=NOW)
    waiting.offer(entry=entry, starts_at=at(KEPT), by=house.desk, now=NOW)
    plain = book("2026-01-16 09:00")
    course = booking.book_course(
        patient=patient,
        service=service,
        visits=[CourseVisit(at(OTHER)), CourseVisit(at("2026-01-26 09:00"))],
        planned_sessions=2,
        request_key=uuid.uuid4(),
        by=house.desk,
        now=NOW,
    )

    address = f"{reverse('sessions_app:undo', args=[plain.public_id])}?version=1"
    told = toast(desk.post(address, headers=HTMX))
    of_course = toast(desk.post(reverse("sessions_app:undo_course", args=[course.public_id]), headers=HTMX))

    assert told["text"] == f"Taken back: {house.patient.name} is not booked Fri 16 Jan, 09:00."
    assert of_course["text"] == (
        f"Taken back: the course of {patient.name}."
        f" Wed 14 Jan, 15:00 is not kept for {patient.name} again; they are still on the wait list."
    )


def test_a_yes_that_moves_says_so_on_the_button_and_in_the_toast_and_is_undone(desk, house, book):
    visit = book("2026-01-20 10:00")
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk, now=NOW)
    made = waiting.offer(entry=entry, starts_at=at(KEPT), nurse=house.nurse, by=house.desk, now=NOW)
    assert calls(desk) == [(house.patient.name, "Move Tue 20 Jan, 10:00 to Wed 14 Jan, 15:00")]

    told = toast(desk.post(reverse("sessions_app:offer_accept", args=[made.public_id]), headers=HTMX))

    assert told["text"] == (
        f"Moved: {house.patient.name}, from Tue 20 Jan, 10:00 to Wed 14 Jan, 15:00 with Nora Pike. Off the wait list."
    )
    desk.post(told["undo"])
    visit.refresh_from_db()
    assert visit.starts_at == at("2026-01-20 10:00")
    assert WaitListEntry.objects.waiting().get() == entry


def test_a_yes_that_books_says_so_and_is_undone(desk, house, offered):
    assert calls(desk) == [(house.patient.name, "Book Wed 14 Jan, 15:00")]

    told = toast(desk.post(reverse("sessions_app:offer_accept", args=[offered.public_id]), headers=HTMX))

    assert told["text"] == f"Booked: {house.patient.name}, Wed 14 Jan, 15:00 with Nora Pike. Off the wait list."
    desk.post(told["undo"])
    assert Appointment.objects.get().status == "cancelled"
