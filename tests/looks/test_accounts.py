"""Sign-in, codes and their messages in plain words, the same for those whom the clinic knows and does not know."""

import re

import pytest
from django.core import mail
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone

from clinic.access import Role
from clinic.models import User
from clinic.portal import make_link
from tests.makers import make_clinic, make_patient_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return User.objects.create_user("marigold@mail.example", name="Marigold Quillfeather", roles=[Role.PATIENT])


@pytest.fixture
def nurse():
    return User.objects.create_user(
        "ada@clinic.example", "a long pass phrase", name="Ada Birchwood", roles=[Role.NURSE]
    )


def body(response):
    """The page without what differs at every load."""
    return re.sub(r'value="[A-Za-z0-9]{64}"|"X-CSRFToken": "[^"]*"', "", response.content.decode())


def test_wrong_password_is_said_at_the_field_and_keeps_the_address(client, nurse):
    response = client.post(reverse("account_login"), {"login": nurse.email, "password": "not this one"})

    html = body(response)
    assert (
        "This e-mail and password do not belong together. Try again." in html,
        'value="ada@clinic.example"' in html,
        'aria-describedby="id_password_error"' in html,
    ) == (True, True, True)


def test_unknown_address_gets_the_same_answer_as_a_wrong_password(client, nurse):
    answers = [
        body(client.post(reverse("account_login"), {"login": address, "password": "not this one"})).replace(address, "")
        for address in (nurse.email, "who@clinic.example")
    ]

    assert answers[0] == answers[1]


def test_empty_sign_in_says_what_to_enter(client):
    html = body(client.post(reverse("account_login"), {}))

    assert ("Enter your e-mail" in html, "Enter your password" in html) == (True, True)


def test_code_page_is_the_same_whether_the_address_is_known(client, client_of_somebody_else, patient):
    pages = []
    for person, address in ((client, patient.email), (client_of_somebody_else, "who@mail.example")):
        asked = person.post(reverse("account_request_login_code"), {"email": address}, follow=True)
        pages.append(body(asked).replace(address, ""))

    assert pages[0] == pages[1]


@pytest.fixture
def client_of_somebody_else():
    from django.test import Client

    return Client()


def test_code_message_is_short_and_tells_nothing_of_the_clinic_work(client, patient):
    client.post(reverse("account_request_login_code"), {"email": patient.email})

    [message] = mail.outbox
    revealing = re.findall(r"vein|scler|treat|leg|plan|patient", f"{message.subject} {message.body}", re.I)
    assert (message.subject, revealing, message.alternatives) == ("Your sign-in code", [], [])


def test_wrong_code_says_what_to_do(client, patient):
    client.post(reverse("account_request_login_code"), {"email": patient.email})

    html = body(client.post(reverse("account_confirm_login_code"), {"code": "WRONG"}))

    assert "This is not the code. Look at our newest message and type it again." in html


def test_a_code_that_was_not_typed_is_not_called_wrong(client, patient):
    client.post(reverse("account_request_login_code"), {"email": patient.email})

    html = body(client.post(reverse("account_confirm_login_code"), {"code": ""}))

    assert "Type the code from our message." in html
    assert "This is not the code." not in html


def test_every_page_says_the_same_time_for_a_code(client, settings):
    patient = make_patient_user(email="rosa@mail.example").patient
    said = f"works for {settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60} minutes"
    link = client.get(make_link(patient, timezone.now()).removeprefix(settings.BASE_URL))
    asked = client.post(reverse("account_request_login_code"), {"email": patient.email}, follow=True)

    assert [said in body(page) for page in (link, asked)] == [True, True]
    assert said in mail.outbox[-1].body


def test_the_emergency_number_before_the_sign_in_is_called_by_a_press(client):
    make_clinic(phone="212-555-0100")

    assert '<a href="tel:911">In an emergency call 911</a>' in body(client.get(reverse("account_request_login_code")))


def test_code_field_can_be_filled_from_the_message(client, patient):
    client.post(reverse("account_request_login_code"), {"email": patient.email})

    field = re.search(r'<input[^>]*id="id_code"[^>]*>', body(client.get(reverse("account_confirm_login_code")))).group(
        0
    )

    assert 'autocomplete="one-time-code"' in field


def test_password_reset_page_answers_the_same_to_everybody(client, nurse):
    answers = [
        body(client.post(reverse("account_reset_password"), {"email": address}, follow=True))
        for address in (nurse.email, "who@clinic.example")
    ]

    assert (answers[0] == answers[1], "Look at your e-mail" in answers[0]) == (True, True)


def test_nobody_can_sign_up(client):
    assert "Nobody signs up here" in body(client.get(reverse("account_signup")))


def test_people_of_the_demo_are_offered_in_the_demo_only(rf):
    people = [
        {"name": "Ada Birchwood", "role": "Nurse", "email": "nurse@example.com", "kind": "staff"},
        {"name": "Marigold Quillfeather", "role": "day 2", "email": "marigold@example.com", "kind": "patient"},
    ]
    source = Template('{% extends "account/login.html" %}')
    context = {"demo_people": people, "demo_password": "shared", "LOGIN_BY_CODE_ENABLED": True}

    pages = [source.render(Context({**context, "demo_mode": demo})) for demo in (True, False)]

    assert [("nurse@example.com" in page, "shared" in page) for page in pages] == [(True, True), (False, False)]
