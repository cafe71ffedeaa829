"""Guessing passwords is hopeless, locking others out does not last, and nobody learns who is known here."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from tests.clinic.accounts import hasher
from tests.makers import PASSWORD, make_user

MORNING = "2026-01-13T12:00:00+00:00"


def test_the_right_password_signs_in(client, nurse, sign_in, is_signed_in):
    assert (sign_in(client, nurse.email).url, is_signed_in(client)) == ("/my-day/", True)


def test_the_address_may_be_typed_in_capitals(client, nurse, sign_in, is_signed_in):
    sign_in(client, "ADA@Clinic.Example")

    assert is_signed_in(client)


def test_the_eleventh_wrong_password_is_not_even_checked(client, nurse, checks, sign_in):
    with time_machine.travel(MORNING, tick=False):
        answers = [sign_in(client, nurse.email, "not this one").status_code for _ in range(11)]

    assert (answers, len(checks)) == ([200] * 10 + [429], 10)


def test_the_right_password_waits_too_and_is_told_how_long(client, nurse, checks, sign_in, is_signed_in):
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(10):
            sign_in(client, nurse.email, "not this one")
        clock.shift(timedelta(minutes=5))
        answer = sign_in(client, nurse.email)
        signed_in = is_signed_in(client)

    words = "Too many tries. Wait 15 minutes" in answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"], words) == (429, "600", True)
    assert (signed_in, len(checks)) == (False, 10)


def test_an_account_recovers_by_itself_and_refused_tries_do_not_lengthen_the_wait(client, nurse, sign_in, is_signed_in):
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(10):
            sign_in(client, nurse.email, "not this one")
        for _ in range(14):
            clock.shift(timedelta(minutes=1))
            sign_in(client, nurse.email, "not this one")
        clock.shift(timedelta(minutes=1))
        sign_in(client, nurse.email)

        assert is_signed_in(client)


def test_an_hour_holds_forty_tries_and_no_more(client, nurse, checks, sign_in):
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(60):
            sign_in(client, nurse.email, "not this one")
            clock.shift(timedelta(minutes=1))

    assert len(checks) == 40


def test_right_passwords_cost_nothing(nurse, sign_in, is_signed_in):
    for _ in range(12):
        browser = Client()
        sign_in(browser, nurse.email)
        assert is_signed_in(browser)


def test_signing_in_oneself_does_not_pay_for_guesses(client, nurse, checks, sign_in):
    make_user(role=Role.NURSE, email="mallory@clinic.example")
    for _ in range(6):
        sign_in(client, nurse.email, "not this one")
        sign_in(client, nurse.email, "not this one")
        sign_in(Client(), "mallory@clinic.example")
    checks.clear()

    assert (sign_in(client, nurse.email).status_code, checks) == (429, [])


def test_the_thirty_first_wrong_try_of_one_address_is_refused_whoever_it_is_for(client, sign_in):
    answers = [sign_in(client, f"person{number}@x.example", "not this one").status_code for number in range(31)]

    assert answers == [200] * 30 + [429]


def test_another_address_can_still_sign_in(client, another_browser, nurse, sign_in, is_signed_in):
    for number in range(31):
        sign_in(client, f"person{number}@x.example", "not this one")
    sign_in(another_browser, nurse.email, REMOTE_ADDR="198.51.100.7")

    assert is_signed_in(another_browser)


def test_an_address_that_is_blocked_cannot_go_on_to_lock_accounts(
    client, another_browser, nurse, sign_in, is_signed_in
):
    for number in range(30):
        sign_in(client, f"person{number}@x.example", "not this one")
    for _ in range(10):
        sign_in(client, nurse.email, "not this one")
    sign_in(another_browser, nurse.email, REMOTE_ADDR="198.51.100.7")

    assert is_signed_in(another_browser)


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_CLIENT_IP"])
def test_headers_of_the_sender_do_not_make_other_addresses(client, sign_in, header):
    answers = [
        sign_in(client, f"person{number}@x.example", "not this one", **{header: f"198.51.100.{number}"}).status_code
        for number in range(31)
    ]

    assert answers[-1] == 429


def test_behind_one_proxy_the_hop_it_noted_counts_and_not_what_the_sender_wrote(client, sign_in, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    forged = [
        sign_in(
            client, f"a{number}@x.example", "not this one", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 203.0.113.9"
        ).status_code
        for number in range(31)
    ]
    elsewhere = sign_in(client, "b@x.example", "not this one", HTTP_X_FORWARDED_FOR="203.0.113.10").status_code

    assert (forged[-1], elsewhere) == (429, 200)


def test_known_and_unknown_addresses_get_the_same_answer(client, nurse, sign_in, plain):
    answers = [sign_in(client, address, "not this one") for address in (nurse.email, "who@clinic.example")]

    bodies = [plain(answer).replace("ada@", "who@") for answer in answers]
    headers = [{**answer.headers, "Content-Length": "", "Content-Security-Policy": ""} for answer in answers]
    assert (bodies[0], headers[0], answers[0].status_code) == (bodies[1], headers[1], answers[1].status_code)


def test_known_and_unknown_addresses_cost_the_same_work(client, nurse, patient, checks, sign_in):
    costs = []
    for address in (nurse.email, patient.email, "who@clinic.example"):
        checks.clear()
        with CaptureQueriesContext(connection) as queries:
            sign_in(client, address, "not this one")
        costs.append((len(checks), len(queries)))

    assert costs == [costs[0]] * 3


def test_a_patients_account_never_opens_by_password(client, patient, sign_in, is_signed_in):
    patient.set_password(PASSWORD)
    patient.save()
    sign_in(client, patient.email)

    assert not is_signed_in(client)


def test_a_deactivated_nurse_with_the_right_password_is_told_that_the_account_is_closed(client, sign_in, is_signed_in):
    gone = make_user(role=Role.NURSE, is_active=False)

    assert (sign_in(client, gone.email).url, is_signed_in(client)) == (reverse("account_inactive"), False)


def test_a_lock_is_on_record_once(client, nurse, sign_in):
    for _ in range(14):
        sign_in(client, nurse.email, "not this one")

    locks = AuditEvent.objects.filter(action="sign-in locked")
    assert [(lock.subject_id, lock.details["per"]) for lock in locks] == [(str(nurse.public_id), "key")]


def test_a_flood_of_sign_ins_from_one_address_ends_with_a_page_that_says_to_wait(client, settings, sign_in, nurse):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/15m/ip"}
    answers = [sign_in(Client(), nurse.email) for _ in range(3)]

    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers] == [
        (302, None),
        (302, None),
        (429, "900"),
    ]


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_time_are_counted_one_by_one(nurse, checks):
    def guess(number):
        try:
            answer = Client().post(
                reverse("account_login"),
                {"login": nurse.email, "password": f"guess {number}"},
                REMOTE_ADDR=f"198.51.100.{number}",
            )
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as at_once:
        answers = list(at_once.map(guess, range(24)))

    assert set(answers) == {200, 429}
    assert answers.count(200) == len(hasher.CHECKS) <= 10
