"""One-time codes: six digits for patients only, few, short-lived, and good in one browser."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import portal
from clinic.access import Role
from clinic.models import Patient
from tests.makers import make_carer, make_clinic, make_patient_user, make_user

MORNING = "2026-01-13T12:00:00+00:00"
CONFIRM = reverse("account_confirm_login_code")


def wrong(code):
    """A code of the same shape that is not the code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_has_six_digits_and_opens_the_patients_page(
    client, patient, ask_code, newest_code, type_code, is_signed_in
):
    ask_code(client, patient.email)
    answer = type_code(client, newest_code())

    assert (answer.url, is_signed_in(client)) == (reverse("aftercare:today"), True)


def test_spaces_in_the_typed_code_do_not_matter(client, patient, ask_code, newest_code, type_code, is_signed_in):
    ask_code(client, patient.email)
    code = newest_code()
    type_code(client, f" {code[:3]} {code[3:]} ")

    assert is_signed_in(client)


def test_the_code_field_asks_a_phone_for_digits(client, patient, ask_code):
    ask_code(client, patient.email)

    assert 'inputmode="numeric"' in client.get(CONFIRM).content.decode()


def test_staff_get_no_code(client, nurse, ask_code):
    ask_code(client, nurse.email)

    assert mail.outbox == []


def test_a_deactivated_patient_gets_no_code(client, patient, ask_code):
    patient.is_active = False
    patient.save()
    ask_code(client, patient.email)

    assert mail.outbox == []


def test_an_address_that_was_given_up_gets_no_code(client, patient, ask_code, newest_code, type_code):
    ask_code(client, patient.email)
    type_code(client, newest_code())
    mail.outbox.clear()
    old, patient.email = patient.email, "new@mail.example"
    patient.save()
    ask_code(Client(), old)

    assert mail.outbox == []


def test_patient_staff_and_stranger_cannot_be_told_apart(nurse, patient, ask_code, type_code, plain):
    seen = []
    for address in (patient.email, nurse.email, "who@mail.example"):
        browser = Client()
        asked = ask_code(browser, address)
        pages = [browser.get(CONFIRM), type_code(browser, "000000"), browser.get(CONFIRM)]
        resent = browser.post(CONFIRM, {"action": "resend"}, follow=True)
        seen.append([asked.status_code, asked.url, *(plain(page).replace(address, "") for page in [*pages, resent])])

    assert seen == [seen[0]] * 3


@pytest.mark.parametrize("path", [reverse("account_request_login_code"), reverse("account_reset_password")])
def test_known_and_unknown_addresses_cost_the_same_work(nurse, patient, path):
    costs = []
    for address in (nurse.email, patient.email, "who@mail.example"):
        browser = Client()
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(path, {"email": address})
        costs.append((len(queries), len(answer.templates or [])))

    assert costs == [costs[0]] * 3


@pytest.mark.parametrize(
    ("reads", "asks_in", "said"),
    [("es", "en", "Su código de acceso"), ("en", "es", "Your sign-in code"), ("es", "es", "Su código de acceso")],
)
def test_the_code_is_written_in_the_language_of_the_reader(client, patient, ask_code, reads, asks_in, said):
    Patient.objects.filter(user=patient).update(language=reads)
    answer = ask_code(client, patient.email, headers={"accept-language": asks_in}, follow=True)

    assert (mail.outbox[-1].subject, mail.outbox[-1].body.count(f"{said}:")) == (said, 1)
    # The page stays as it was: whether the address is known shows in no language.
    assert answer.headers["Content-Language"].partition("-")[0] == asks_in


def test_the_code_of_a_carer_is_written_in_the_carers_language(client, patient, ask_code):
    Patient.objects.filter(user=patient).update(language="en")
    carer = make_carer(patient=patient.patient, language="es")
    ask_code(client, carer.user.email, headers={"accept-language": "en"})

    assert mail.outbox[-1].subject == "Su código de acceso"


def test_the_pages_of_the_code_lead_to_the_other_language_and_the_browser_keeps_it(client, patient, ask_code):
    ask = reverse("account_request_login_code")
    page = client.get(f"{ask}?next=/today/").content.decode()
    assert 'href="?next=%2Ftoday%2F&amp;language=es" hreflang="es" lang="es"' in page

    client.get(f"{ask}?language=es")
    ask_code(client, patient.email)
    spanish = client.get(CONFIRM).content.decode()

    assert ('<html lang="es"' in spanish, 'href="?language=en" hreflang="en" lang="en"' in spanish) == (True, True)
    assert '<html lang="en-gb"' in client.get(f"{CONFIRM}?language=en").content.decode()


def test_the_mail_with_a_code_is_of_the_clinics_own_host_and_does_not_name_this_machine(
    client, patient, ask_code, settings
):
    settings.DEFAULT_FROM_EMAIL = "Larkfield Clinic <clinic@larkfield.example>"
    ask_code(client, patient.email)

    [message] = mail.outbox
    assert message.message()["Message-ID"].rpartition("@")[2] == "larkfield.example>"


def test_strangers_get_no_mail(client, ask_code):
    ask_code(client, "who@mail.example")
    client.post(reverse("account_reset_password"), {"email": "who@mail.example"})

    assert mail.outbox == []


def test_a_code_is_dead_after_five_wrong_tries(client, patient, ask_code, newest_code, type_code, is_signed_in):
    ask_code(client, patient.email)
    code = newest_code()
    answers = [type_code(client, wrong(code)) for _ in range(5)]
    after = type_code(client, code, follow=True)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 302]
    assert (answers[-1].url, is_signed_in(client)) == (reverse("account_request_login_code"), False)
    assert "Five wrong tries: this code no longer works. Ask for a new one." in after.content.decode()


def test_a_new_code_does_not_bring_new_tries_for_the_old_one(client, patient, ask_code, newest_code, type_code):
    ask_code(client, patient.email)
    for _ in range(3):
        type_code(client, wrong(newest_code()))
    client.post(CONFIRM, {"action": "resend"})
    answers = [type_code(client, wrong(newest_code())) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 302]


def test_a_code_works_only_in_the_browser_that_asked_for_it(
    client, another_browser, patient, ask_code, newest_code, type_code, is_signed_in
):
    ask_code(client, patient.email)
    code = newest_code()
    ask_code(another_browser, patient.email)
    type_code(another_browser, code)

    assert not is_signed_in(another_browser)
    type_code(client, code)
    assert is_signed_in(client)


def test_a_code_is_nothing_in_a_browser_that_asked_for_none(another_browser, patient, ask_code, newest_code, type_code):
    ask_code(Client(), patient.email)

    assert type_code(another_browser, newest_code()).url == f"{reverse('account_request_login_code')}?ended=1"


def test_a_code_works_once(client, patient, ask_code, newest_code, type_code, is_signed_in):
    ask_code(client, patient.email)
    code = newest_code()
    type_code(client, code)
    client.post(reverse("account_logout"))
    type_code(client, code)

    assert not is_signed_in(client)


@pytest.mark.parametrize(("seconds", "works"), [(595, True), (601, False)])
def test_a_code_lives_for_ten_minutes(client, patient, ask_code, newest_code, type_code, is_signed_in, seconds, works):
    with time_machine.travel(MORNING, tick=False) as clock:
        ask_code(client, patient.email)
        clock.shift(timedelta(seconds=seconds))
        type_code(client, newest_code())

        assert is_signed_in(client) is works


def test_ten_requests_bring_three_messages_and_ten_equal_answers(patient, ask_code, plain):
    answers = []
    for _ in range(10):
        asked = ask_code(Client(), patient.email, follow=True)
        answers.append((asked.status_code, asked.redirect_chain, plain(asked)))

    assert (answers, len(mail.outbox)) == ([answers[0]] * 10, 3)


def test_codes_come_again_after_a_quarter_of_an_hour(patient, ask_code):
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(4):
            ask_code(Client(), patient.email)
        clock.shift(timedelta(minutes=15))
        ask_code(Client(), patient.email)

    assert len(mail.outbox) == 4


def test_a_new_code_can_be_sent_and_replaces_the_first(client, patient, ask_code, newest_code, type_code, is_signed_in):
    ask_code(client, patient.email)
    first = newest_code()
    page = client.post(CONFIRM, {"action": "resend"}, follow=True).content.decode()
    assert "If the address is known to the clinic, a new code is on its way." in page
    if first != newest_code():
        type_code(client, first)
        assert not is_signed_in(client)
    type_code(client, newest_code())

    assert is_signed_in(client)


def test_new_codes_count_like_first_ones_the_last_stays_good_and_nobody_sees_the_limit(
    patient, ask_code, newest_code, type_code, is_signed_in, plain
):
    pages = []
    for address in ("who@mail.example", patient.email):
        ask_code(Client(), address)
        browser = Client()
        ask_code(browser, address)
        resent = [browser.post(CONFIRM, {"action": "resend"}, follow=True) for _ in range(2)]
        pages.append([plain(page).replace(address, "") for page in resent])
    type_code(browser, newest_code())

    assert (pages[0] == pages[1], len(mail.outbox), is_signed_in(browser)) == (True, 3, True)


def test_one_address_asks_for_twenty_codes_and_then_waits(client, ask_code):
    answers = [ask_code(Client(), f"person{number}@x.example") for number in range(21)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900


def test_a_page_behind_a_link_names_the_address_by_its_first_letter_only(client):
    patient = make_patient_user(email="marigold@mail.example").patient
    path = portal.make_link(patient, timezone.now()).split("://", 1)[1].partition("/")[2]
    page = client.post(f"/{path}", follow=True).content.decode()

    assert ("marigold@" in page, "m…@mail.example" in page) == (False, True)


def test_a_new_code_after_a_link_goes_to_the_address_on_file(client, newest_code, type_code, is_signed_in):
    patient = make_patient_user(email="marigold@mail.example").patient
    path = portal.make_link(patient, timezone.now()).split("://", 1)[1].partition("/")[2]
    client.post(f"/{path}")
    client.post(CONFIRM, {"action": "resend"})
    type_code(client, newest_code())

    assert [message.to for message in mail.outbox] == [["marigold@mail.example"]] * 2
    assert is_signed_in(client)


def test_a_staff_account_of_the_same_person_stays_out_of_reach_of_codes(client, ask_code):
    make_user(role={Role.NURSE, Role.CLINICIAN}, email="both@clinic.example")
    ask_code(client, "both@clinic.example")

    assert mail.outbox == []


def test_a_mail_server_that_is_away_breaks_no_page(client, patient, ask_code, settings, caplog):
    settings.EMAIL_BACKEND = "tests.clinic.accounts.mail_servers.Away"

    assert ask_code(client, patient.email).url == CONFIRM
    assert re.findall(r"marigold|\d{6}", caplog.text) == []
    assert "was not sent: ConnectionRefusedError" in caplog.text


def test_no_answer_waits_for_the_mail_server(client, patient, ask_code, settings):
    from tests.clinic.accounts.mail_servers import Slow

    settings.EMAIL_BACKEND = "tests.clinic.accounts.mail_servers.Slow"
    settings.ACCOUNT_MAIL_IN_BACKGROUND = True
    ask_code(client, patient.email)

    assert Slow.delivered == []
    Slow.may_go_on.set()
    Slow.done.wait(10)
    assert len(Slow.delivered) == 1


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_at_the_same_time_are_five_at_most(patient, ask_code, newest_code):
    browser = Client()
    ask_code(browser, patient.email)
    code = newest_code()

    def guess(number):
        try:
            other_tab = Client()
            other_tab.cookies = browser.cookies
            return other_tab.post(CONFIRM, {"code": f"{(int(code) + 1 + number) % 1_000_000:06d}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as at_once:
        answers = list(at_once.map(guess, range(24)))

    assert (set(answers) <= {200, 302, 429}, answers.count(200) <= 5) == (True, True)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "No e-mail with us? Call the clinic: "), ("es", "Llame a la clínica: ")]
)
def test_who_has_no_code_to_come_finds_the_number_of_the_clinic(client, language, said):
    make_clinic(phone="212-555-0100")

    page = client.get(reverse("account_request_login_code"), headers={"Accept-Language": language}).content.decode()

    assert f'{said}<a class="nowrap" href="tel:212-555-0100">212-555-0100</a>' in page
