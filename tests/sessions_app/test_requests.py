"""The desk and the public page's requests: overdue first, each press once, a patient only when the desk says so."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.access import Role
from clinic.models import AuditEvent, Patient
from clinic.search import index_patient
from sessions_app import requests
from sessions_app.models import VisitRequest
from sessions_app.presenters.visit_requests import names_of, request_words
from sessions_app.refusals import Refused
from tests.makers import at, make_appointment, make_patient, make_patient_user, make_user, make_visit_request

pytestmark = pytest.mark.django_db

NOW = at("2026-01-13 10:00")


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK, name="Dee Desk")


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk)
    return client


def path(asked, more=""):
    return f"/requests/{asked.public_id}/{more}"


# --- the list -----------------------------------------------------------------------------------------------------


def test_list_begins_with_those_whose_promise_is_over():
    late = make_visit_request(name="Late", asked_at=NOW - timedelta(hours=30), answer_by=NOW - timedelta(hours=6))
    soon = make_visit_request(name="Soon", asked_at=NOW - timedelta(hours=1), answer_by=NOW + timedelta(hours=2))
    make_visit_request(name="Done", ended_at=NOW, ended_why="answered")
    calm = make_visit_request(name="Calm", asked_at=NOW - timedelta(hours=2), answer_by=NOW + timedelta(hours=9))

    rows = requests.open_requests(NOW)

    assert [(row.public_id, row.is_overdue) for row in rows] == [
        (late.public_id, True),
        (soon.public_id, False),
        (calm.public_id, False),
    ]
    assert (rows[0].age, rows[0].left) == (timedelta(hours=30), timedelta(hours=-6))


@pytest.mark.parametrize("number", [1, 30])
def test_list_costs_one_query_however_long_it_is(django_assert_num_queries, number):
    for _ in range(number):
        make_visit_request()

    with django_assert_num_queries(1):
        assert len(requests.open_requests(NOW)) == number


# --- what is pressed ----------------------------------------------------------------------------------------------


def test_try_is_counted_once_however_often_it_is_pressed(desk):
    asked = make_visit_request()

    for _ in range(2):
        tried = requests.try_again(request=asked, tries=0, note="mailbox", by=desk, now=NOW)

    assert (tried.tries, tried.last_try_at, tried.note) == (1, NOW, "mailbox")
    assert AuditEvent.objects.filter(action="visit request tried").count() == 1


def test_end_holds_and_the_same_press_again_changes_nothing(desk):
    asked = make_visit_request()

    ended = [requests.answer(request=asked, by=desk, now=NOW + timedelta(minutes=at)) for at in range(2)]

    assert [(each.ended_why, each.ended_at, each.ended_by) for each in ended] == [("answered", NOW, desk)] * 2
    assert AuditEvent.objects.filter(action="visit request answered").count() == 1


def test_another_end_is_refused_in_words(desk):
    asked = make_visit_request()
    requests.junk(request=asked, by=desk, now=NOW)

    with pytest.raises(Refused, match="closed meanwhile by Dee Desk: not a request"):
        requests.answer(request=asked, by=desk, now=NOW)
    with pytest.raises(Refused, match="closed meanwhile"):
        requests.try_again(request=asked, tries=0, by=desk, now=NOW)


def test_nobody_gives_up_before_the_first_call(desk):
    asked = make_visit_request()

    with pytest.raises(Refused, match="Nobody has called yet"):
        requests.not_reached(request=asked, by=desk, now=NOW)
    requests.try_again(request=asked, tries=0, by=desk, now=NOW)
    assert requests.not_reached(request=asked, by=desk, now=NOW).ended_why == "not_reached"


def test_reopened_request_is_on_the_list_again_and_belongs_to_nobody(desk):
    asked = make_visit_request()
    requests.register(request=asked, patient=make_patient(), by=desk, now=NOW)

    again = requests.reopen(request=asked, by=desk)

    assert (again.ended_at, again.ended_why, again.patient) == (None, "", None)
    assert [row.public_id for row in requests.open_requests(NOW)] == [asked.public_id]


def test_registering_from_a_request_that_was_closed_meanwhile_makes_no_patient(desk):
    asked = make_visit_request()
    requests.junk(request=asked, by=desk, now=NOW)

    facts = {"given_name": "Ivy", "family_name": "Larkspur", "birth_date": at("1980-02-03 12:00").date()}
    with pytest.raises(Refused):
        requests.register_new(request=asked, facts=facts, contact={}, by=desk, now=NOW)

    assert Patient.objects.count() == 0


# --- the page -----------------------------------------------------------------------------------------------------


def test_page_shows_those_who_may_be_the_same_person(at_desk):
    asked = make_visit_request(name="Ivy Larkspur", phone="+12125550142", email="ivy@example.com")
    for facts in (
        {"given_name": "Ivy Ann", "family_name": "Larkspur"},
        {"family_name": "Samephone", "phone": "+12125550142"},
        {"family_name": "Stranger"},
    ):
        index_patient(make_patient(**facts))
    make_patient_user(family_name="Samemail", email="ivy@example.com")

    text = at_desk.get(path(asked)).content.decode()

    assert [name in text for name in ("Ivy Ann Larkspur", "Samephone", "Samemail", "Stranger")] == [
        True,
        True,
        True,
        False,
    ]
    assert text.count("Same phone") == 1
    assert text.count("Same e-mail") == 1


def test_page_costs_no_more_queries_for_thirty_who_are_alike_than_for_one(at_desk):
    asked = make_visit_request(name="Invented Patient", phone="+12125550142")
    costs = []
    for number in (1, 29):
        for _ in range(number):
            index_patient(make_patient(phone="+12125550142"))
        at_desk.get(path(asked))
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(path(asked))
        costs.append(len(queries))

    assert costs[1] <= costs[0]


def test_a_linked_request_stays_on_the_list_and_leads_to_booking_or_answering(at_desk):
    asked, patient = make_visit_request(), make_patient()

    response = at_desk.post(path(asked), {"link": patient.public_id}, follow=True)

    asked.refresh_from_db()
    assert (asked.patient, asked.ended_at) == (patient, None)
    text = response.content.decode()
    assert f"/book/?patient={patient.public_id}" in text
    assert 'value="answered"' in text


def test_a_booking_answers_the_linked_request_and_keeps_whose_it_was(desk):
    asked, patient = make_visit_request(), make_patient()
    other = make_visit_request()
    requests.link(request=asked, patient=patient, by=desk)

    requests.booked_for(patient=patient, by=desk, now=NOW)

    asked.refresh_from_db(), other.refresh_from_db()
    assert (asked.ended_why, asked.patient, asked.ended_by) == ("answered", patient, desk)
    assert other.ended_at is None


def test_a_request_that_was_closed_meanwhile_is_not_linked(desk):
    asked = make_visit_request(ended_at=NOW, ended_why="junk")

    with pytest.raises(Refused):
        requests.link(request=asked, patient=make_patient(), by=desk)


def test_who_is_alike_is_the_first_choice_with_the_next_visit_and_registering_the_second(at_desk):
    asked = make_visit_request(phone="+12125550177")
    patient = make_patient(given_name="Magnolia", family_name="Quillfeather", phone="+12125550177")
    make_appointment(patient=patient, starts_at=timezone.now().replace(microsecond=0) + timedelta(days=9))

    page = at_desk.get(path(asked))
    text = page.content.decode()

    has = page.context["alike"][0][1]
    assert f"It is Magnolia Quillfeather, has {has}" in text
    assert 'class="btn btn-primary btn-sm" type="submit" name="link"' in text
    assert f'<a class="btn btn-secondary" href="{path(asked, "register/")}"' in text


def test_desk_finds_another_patient_by_search(at_desk):
    asked = make_visit_request()
    index_patient(make_patient(given_name="Magnolia", family_name="Quillfeather"))

    text = at_desk.post(path(asked), {"do": "find", "q": "quill"}).content.decode()

    assert "It is Magnolia Quillfeather" in text


def test_desk_registers_somebody_and_goes_on_to_book(at_desk, desk):
    asked = make_visit_request(name="Ivy Larkspur", phone="+12125550142", email="ivy@example.com", language="es")
    form = at_desk.get(path(asked, "register/")).context["form"]
    assert {name: form.initial[name] for name in ("given_name", "family_name", "phone", "email", "language")} == {
        "given_name": "Ivy",
        "family_name": "Larkspur",
        "phone": "(212) 555-0142",
        "email": "ivy@example.com",
        "language": "es",
    }
    typed = {**form.initial, "birth_date": "1980-02-03"}
    response = at_desk.post(path(asked, "register/"), typed)

    patient = Patient.objects.get()
    asked.refresh_from_db()
    assert response.url == f"/book/?patient={patient.public_id}"
    assert (patient.name, str(patient.phone), patient.language) == ("Ivy Larkspur", "+12125550142", "es")
    assert (asked.patient, asked.ended_why, asked.ended_by) == (patient, "registered", desk)


def test_asking_makes_no_patient():
    make_visit_request()

    assert Patient.objects.count() == 0


@pytest.mark.parametrize(
    ("pressed", "why"),
    [({"do": "answered"}, "answered"), ({"do": "junk"}, "junk"), ({"do": "tried", "tries": "0"}, "")],
)
def test_presses_of_the_page(at_desk, pressed, why):
    asked = make_visit_request()

    assert at_desk.post(path(asked), pressed).status_code == 302

    asked.refresh_from_db()
    assert asked.ended_why == why


def test_undo_of_a_press_puts_the_request_back(at_desk):
    asked = make_visit_request()
    at_desk.post(path(asked), {"do": "junk"})

    at_desk.post(path(asked, "reopen/"))

    asked.refresh_from_db()
    assert asked.ended_at is None


@pytest.mark.parametrize("pressed", [{}, {"do": "delete"}, {"note": "x" * 201, "do": "tried"}, {"link": "nobody"}])
def test_press_that_means_nothing_is_refused_and_changes_nothing(at_desk, pressed):
    asked = make_visit_request()

    response = at_desk.post(path(asked), pressed, headers={"hx-request": "true"})

    asked.refresh_from_db()
    assert (response.status_code, asked.ended_at, asked.tries) == (422, None, 0)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PATIENT])
def test_request_is_for_those_who_book(client, role):
    asked = make_visit_request(name="Secret Asker")
    client.force_login(make_user(role))

    response = client.get(path(asked))

    assert (response.status_code, b"Secret Asker" in response.content) == (403, False)


# --- words --------------------------------------------------------------------------------------------------------


def test_target_of_an_overdue_request_says_for_how_long():
    asked = make_visit_request(asked_at=at("2026-01-12 09:00"), answer_by=at("2026-01-13 07:00"))

    words = request_words(asked, now=NOW, zone=ZoneInfo("America/New_York"))

    assert (words.is_overdue, words.target, words.age) == (
        True,
        "Tue 13 Jan, 07:00, 3 h too late",
        "Mon 12 Jan, 09:00 (25 h ago)",
    )


@pytest.mark.parametrize(
    ("name", "language", "names"),
    [
        ("Ivy Larkspur", "en", ("Ivy", "Larkspur")),
        ("Cher", "en", ("Cher", "")),
        ("Ana López García", "es", ("Ana", "López García")),
        ("Ana María López García", "es", ("Ana María", "López García")),
        (f"Ivy {'x' * 70}", "en", ("Ivy", "x" * 70)),
    ],
)
def test_first_guess_at_names(name, language, names):
    assert names_of(VisitRequest(name=name, language=language)) == names
