"""The way in by a link: looking does nothing, the button sends a code, nothing of one patient reaches another."""

import logging
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from aftercare.forms.checkin import NO
from aftercare.presenters.symptoms import QUESTIONS
from clinic import portal
from clinic.logs import OneRecord
from clinic.models import AuditEvent, Patient, PortalLink, User
from tests.aftercare.people import RETICULAR, make_plan
from tests.makers import at, make_clinic, make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 12:00")
CONFIRM = "/accounts/code/confirm/"
HOW = PortalLink.LeadsTo.HOW
ENDED = "/accounts/code/?ended=1"  # the way to a new code, which says why


@pytest.fixture(autouse=True)
def _thursday():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather", email="marigold@example.com").patient


def link_of(patient, **facts):
    return portal.make_link(patient, NOW, **facts).removeprefix("http://localhost:8000")


def code_in_mail():
    return re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1)


def sign_in(client, link):
    client.post(link)
    return client.post(CONFIRM, {"code": code_in_mail()})


def signed_in(client):
    return "_auth_user_id" in client.session


# --- Looking -----------------------------------------------------------------------------------------------------


def test_looking_three_times_shows_a_button_and_uses_nothing_up(patient):
    link = link_of(patient)
    for _ in range(3):
        scanner = Client()
        answer = scanner.get(link)
        page = answer.content.decode()
        assert (answer.status_code, page.count('<button class="btn btn-primary')) == (200, 1)
        assert not signed_in(scanner)
        assert "sessionid" not in answer.cookies
        for private in ("Marigold", "Quillfeather", "marigold@example.com"):
            assert private not in page

    assert mail.outbox == []
    assert sign_in(Client(), link).url == reverse("aftercare:today")


def test_the_page_has_no_clinical_word_not_even_the_clinics_name(patient):
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield")

    page = Client().get(link_of(patient)).content.decode().lower()

    assert "larkfield" in page
    for word in ("vein", "leg ", "sclero", "polidocanol", "stocking", "injection", "treatment", "plan"):
        assert word not in page


def test_the_page_speaks_the_language_of_its_patient():
    patient = make_patient_user(language="es").patient

    assert "Enviarme el código" in Client().get(link_of(patient)).content.decode()


def test_the_page_tells_no_other_page_its_address(patient):
    answer = Client().get(link_of(patient))

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]


# --- The button --------------------------------------------------------------------------------------------------


def test_the_button_sends_a_code_and_the_secret_leaves_the_address(patient):
    answer = Client().post(link_of(patient))

    assert (answer.status_code, answer.url) == (302, CONFIRM)
    assert [message.to for message in mail.outbox] == [["marigold@example.com"]]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_after_the_link_the_page_says_where_the_code_went_and_after_a_typed_address_it_does_not(patient):
    browser, other = Client(), Client()
    browser.post(link_of(patient))
    other.post(reverse("account_request_login_code"), {"email": patient.email})

    by_link, typed = (each.get(CONFIRM).content.decode() for each in (browser, other))

    assert "We sent a code to <b>m…@example.com</b>. It works for 10 minutes." in by_link
    assert "If <b>marigold@example.com</b> is known to the clinic, a code is on its way." in typed
    assert ("We sent a code" in typed, "is known to the clinic" in by_link) == (False, False)


def test_the_code_opens_the_own_page(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    client = Client()

    answer = sign_in(client, link_of(patient))

    assert "Stocking on, day and night" in client.get(answer.url).content.decode()


def test_the_holder_of_a_link_is_not_told_the_address(patient):
    page = Client().post(link_of(patient), follow=True).content.decode()

    assert "Enter the code" in page
    assert "marigold@" not in page


def test_both_ways_to_a_code_share_one_limit(patient):
    client, link = Client(), link_of(patient)
    for _ in range(2):
        client.post(link)
        Client().post("/accounts/code/", {"email": patient.email})

    assert len(mail.outbox) == 3


def test_a_code_works_once_and_a_second_press_sends_a_new_one(patient):
    client, link = Client(), link_of(patient)
    sign_in(client, link)
    first = code_in_mail()
    client.post("/accounts/sign-out/")

    assert client.post(CONFIRM, {"code": first}).url == ENDED
    assert not signed_in(client)
    assert sign_in(client, link).url == reverse("aftercare:today")
    assert code_in_mail() != first


def test_a_code_is_of_no_use_in_another_browser(patient):
    Client().post(link_of(patient))
    thief = Client()

    assert thief.post(CONFIRM, {"code": code_in_mail()}).url == ENDED
    assert not signed_in(thief)


def test_a_code_ends_after_ten_minutes(patient):
    client = Client()
    client.post(link_of(patient))
    code = code_in_mail()

    with time_machine.travel(NOW + timedelta(minutes=10, seconds=1), tick=False):
        client.post(CONFIRM, {"code": code})

    assert not signed_in(client)


def test_a_code_is_dead_after_five_wrong_tries(patient):
    client = Client()
    client.post(link_of(patient))
    code = code_in_mail()
    answers = [client.post(CONFIRM, {"code": "WRONG1"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 302]
    assert client.post(CONFIRM, {"code": code}).url == ENDED
    assert not signed_in(client)


def test_ten_requests_send_three_codes_and_answer_alike(patient):
    client, link = Client(), link_of(patient)
    answers = [client.post(link) for _ in range(10)]

    assert {(answer.status_code, answer.url) for answer in answers} == {(302, CONFIRM)}
    assert len(mail.outbox) == 3
    pages = {client.get(CONFIRM).status_code for _ in range(2)}
    assert pages == {200}


def test_the_last_code_stays_good_when_more_are_asked_for(patient):
    client, link = Client(), link_of(patient)
    for _ in range(6):
        client.post(link)

    assert client.post(CONFIRM, {"code": code_in_mail()}).url == reverse("aftercare:today")


def test_after_a_quarter_of_an_hour_codes_go_out_again(patient):
    client, link = Client(), link_of(patient)
    for _ in range(4):
        client.post(link)
    with time_machine.travel(NOW + timedelta(minutes=15, seconds=1), tick=False):
        client.post(link)

    assert len(mail.outbox) == 4


# --- Where it leads -----------------------------------------------------------------------------------------------


def test_looking_at_a_link_to_the_questions_does_nothing_either(patient):
    link = link_of(patient, leads_to=HOW)
    for _ in range(3):
        scanner = Client()
        answer = scanner.get(link)
        assert (answer.status_code, "sessionid" in answer.cookies, signed_in(scanner)) == (200, False, False)
        assert answer.content.decode().count('<button class="btn btn-primary') == 1

    assert mail.outbox == []


def test_the_page_behind_a_link_does_not_tell_what_it_is_about(patient):
    pages = [Client().get(link_of(patient, leads_to=word)).content.decode() for word in PortalLink.LeadsTo]

    assert [word for word in ("how/", "How are you") if any(word in page for page in pages)] == []


def test_a_link_to_the_questions_leads_there_after_the_code(patient):
    client = Client()

    answer = sign_in(client, link_of(patient, leads_to=HOW))

    assert answer.url == "/how/"
    assert client.get(answer.url).status_code == 200


def test_a_link_to_the_visits_leads_there_after_the_code_and_straight_for_who_is_signed_in(patient):
    client, link = Client(), link_of(patient, leads_to=PortalLink.LeadsTo.VISITS)

    answer = sign_in(client, link)

    assert (answer.url, client.get(link).url) == ("/my-visits/", "/my-visits/")
    assert client.get(answer.url).status_code == 200


def test_a_link_to_the_visits_shows_nobody_else_those_of_its_patient(patient):
    other = Client()
    sign_in(other, link_of(make_patient_user(email="other@example.com").patient))
    mail.outbox.clear()

    answer = other.get(link_of(patient, leads_to=PortalLink.LeadsTo.VISITS))

    assert (answer.status_code, answer.content.decode().count('<button class="btn btn-primary')) == (200, 1)
    assert mail.outbox == []


def test_who_is_signed_in_already_is_led_straight_to_the_questions(patient):
    client = Client()
    sign_in(client, link_of(patient))
    mail.outbox.clear()
    link = link_of(patient, leads_to=HOW)

    answers = [client.get(link), client.post(link)]

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/how/")] * 2
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert mail.outbox == []


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nothing_in_an_address_or_a_form_changes_where_a_link_leads(patient, elsewhere):
    client, link = Client(), link_of(patient, leads_to=HOW)
    given = {"next": elsewhere, "leads_to": elsewhere}

    asked = client.post(f"{link}?{urlencode(given)}", given)
    answer = client.post(f"{CONFIRM}?{urlencode(given)}", {"code": code_in_mail(), **given})

    assert (asked.url, answer.url) == (CONFIRM, "/how/")
    assert client.get(f"{link}?{urlencode(given)}").url == "/how/"


def test_the_link_that_was_pressed_last_decides_also_when_no_further_code_goes_out(patient):
    client, link = Client(), link_of(patient)
    for _ in range(4):
        client.post(link)
    client.post(link_of(patient, leads_to=HOW))

    assert len(mail.outbox) == 3
    assert client.post(CONFIRM, {"code": code_in_mail()}).url == "/how/"


def test_a_new_code_for_the_same_link_leads_there_too(patient):
    client = Client()
    client.post(link_of(patient, leads_to=HOW))
    client.post(CONFIRM, {"action": "resend"})

    assert len(mail.outbox) == 2
    assert client.post(CONFIRM, {"code": code_in_mail()}).url == "/how/"


def test_a_code_that_was_asked_for_by_e_mail_after_a_link_leads_home(patient):
    client = Client()
    client.post(link_of(patient, leads_to=HOW))
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        client.post(CONFIRM, {"code": code_in_mail()})  # too late
        client.post("/accounts/code/", {"email": patient.email})

        assert client.post(CONFIRM, {"code": code_in_mail()}).url == reverse("aftercare:today")


def test_the_database_keeps_no_page_but_those_that_a_link_may_lead_to(patient):
    with pytest.raises(IntegrityError, match="portal_link_leads_to_a_known_page"), transaction.atomic():
        link_of(patient, leads_to="//evil")


# --- Posts from elsewhere ----------------------------------------------------------------------------------------


def posted(link, **headers):
    """A press as a browser sends it from a page without referrer; the token is the page's own unless given."""
    browser = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', browser.get(link).content.decode()).group(1)
    given = {"csrfmiddlewaretoken": headers.pop("token", token)}
    return browser.post(link, given, headers={"origin": "null", **headers}).status_code


def test_a_press_is_taken_although_the_browser_names_no_origin(patient):
    assert posted(link_of(patient), **{"sec-fetch-site": "same-origin"}) == 302
    assert posted(link_of(patient)) == 302


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"token": "x" * 64}, {"token": ""}],
    ids=["other site", "other origin", "wrong token", "no token"],
)
def test_a_press_from_elsewhere_is_refused(patient, headers):
    assert posted(link_of(patient), **headers) == 403
    assert mail.outbox == []


# --- Ends --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_ended_says_how_to_get_a_new_one(patient, method):
    link = link_of(patient, expires_at=NOW)

    answer = getattr(Client(), method)(link)

    assert answer.status_code == 404
    assert "This link has ended" in answer.content.decode()
    assert reverse("account_request_login_code") in answer.content.decode()
    assert mail.outbox == []


def test_a_changed_link_and_one_that_never_was_answer_like_an_ended_one(patient):
    link = link_of(patient)
    changed = link[:-2] + ("A" if link[-2] != "A" else "B") + "/"
    pages = [Client().get(address) for address in (changed, "/l/never-was/", link_of(patient, expires_at=NOW))]

    bodies = {
        re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"', "", page.content.decode())
        for page in pages
    }
    assert ({page.status_code for page in pages}, len(bodies)) == ({404}, 1)


def test_the_link_of_a_plan_lives_as_long_as_the_plan(patient):
    plan = make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    link = link_of(patient, expires_at=plan.ends_at)

    with time_machine.travel(plan.ends_at - timedelta(seconds=1), tick=False):
        assert Client().get(link).status_code == 200
    with time_machine.travel(plan.ends_at, tick=False):
        assert Client().get(link).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_do_nothing(patient, method):
    assert getattr(Client(), method)(link_of(patient)).status_code == 405


# --- Secrets -----------------------------------------------------------------------------------------------------


def test_secrets_never_repeat_and_have_256_bits():
    secrets = {portal.secrets.token_urlsafe(portal._SECRET_BYTES) for _ in range(100_000)}

    assert len(secrets) == 100_000
    assert {len(secret) for secret in secrets} == {43}


def test_the_table_holds_hashes_only(patient):
    secret = link_of(patient).split("/")[2]

    row = PortalLink.objects.get()
    assert row.secret_hash == portal.hash_of(secret)
    assert secret not in str([getattr(row, field.attname) for field in row._meta.concrete_fields])


def test_links_are_built_from_the_base_url(patient, settings):
    settings.BASE_URL = "https://portal.larkfield.example"

    assert portal.make_link(patient, NOW).startswith("https://portal.larkfield.example/l/")


def test_logs_black_out_the_secret(patient, caplog):
    link = link_of(patient, expires_at=NOW)
    line = OneRecord("{message}", style="{")
    with caplog.at_level(logging.WARNING, logger="django.request"):
        Client().get(link)

    lines = [record for record in caplog.records if "/l/" in record.getMessage()]
    assert lines != []
    assert [line.format(record) for record in lines] == ["Not Found: /l/…/"] * len(lines)


# --- Two people, one phone ---------------------------------------------------------------------------------------


def test_the_link_of_another_person_shows_nothing_of_the_first(patient):
    other = make_patient_user(given_name="Casimir", family_name="Thistledown").patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    phone = Client()
    sign_in(phone, link_of(patient))

    page = phone.get(link_of(other)).content.decode()
    assert "Marigold" not in page
    phone.post(link_of(other))
    assert not signed_in(phone)
    answer = phone.post(CONFIRM, {"code": code_in_mail()}, follow=True).content.decode()
    assert "No plan yet" in answer
    assert "Marigold" not in answer


def test_the_link_of_another_person_to_the_questions_brings_no_answer_of_the_first(patient):
    other = make_patient_user(given_name="Casimir", family_name="Thistledown").patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    make_plan("2026-01-13 10:30", RETICULAR, patient=other)
    phone = Client()
    page = phone.get(sign_in(phone, link_of(patient, leads_to=HOW)).url).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    calm = {question.key: NO for question in QUESTIONS}
    assert phone.post("/how/", {**calm, "key": key}).url == "/how/2/"

    link = link_of(other, leads_to=HOW)
    assert phone.get(link).status_code == 200
    assert sign_in(phone, link).url == "/how/"
    assert phone.get("/how/2/").url == "/how/"  # nobody has answered the first step here
    assert key not in phone.get("/how/").content.decode()


def test_a_half_finished_sign_in_of_the_first_is_gone_too(patient):
    other = make_patient_user().patient
    phone = Client()
    phone.post(link_of(patient))
    first_code = code_in_mail()
    phone.post(link_of(other))

    phone.post(CONFIRM, {"code": first_code})

    assert not signed_in(phone)


def test_pages_are_not_kept_for_the_back_button(patient):
    phone = Client()
    answer = sign_in(phone, link_of(patient))

    assert phone.get(answer.url).headers["Cache-Control"] == "no-store, private"


def test_staff_who_try_a_patients_link_are_signed_out_first(patient):
    client = Client()
    client.force_login(make_user())

    client.post(link_of(patient))

    assert not signed_in(client)


# --- Accounts ----------------------------------------------------------------------------------------------------


def test_a_patient_without_an_account_gets_one_with_the_first_code():
    patient = make_patient(email="Nadia@Example.com")
    client = Client()

    sign_in(client, link_of(patient))

    patient.refresh_from_db()
    assert (patient.user.email, patient.user.is_patient, signed_in(client)) == ("nadia@example.com", True, True)


def test_the_account_follows_the_patients_e_mail(patient):
    Patient.objects.filter(pk=patient.pk).update(email="new@example.com")
    client = Client()

    sign_in(client, link_of(Patient.objects.get(pk=patient.pk)))

    assert mail.outbox[-1].to == ["new@example.com"]
    assert User.objects.get(patient=patient).email == "new@example.com"


def test_two_people_who_share_an_e_mail_do_not_reach_each_others_plan(patient):
    second = make_patient(email=patient.email)
    client = Client()

    answer = client.post(link_of(second))

    assert (answer.url, mail.outbox) == (CONFIRM, [])
    second.refresh_from_db()
    assert second.user is None


def test_an_e_mail_of_staff_opens_no_patients_page():
    nurse = make_user(email="nurse@example.com")
    patient = make_patient(email=nurse.email)

    Client().post(link_of(patient))

    assert mail.outbox == []


def test_a_closed_account_gets_no_code(patient):
    User.objects.filter(pk=patient.user_id).update(is_active=False)

    assert Client().post(link_of(patient)).url == CONFIRM
    assert mail.outbox == []


def test_without_an_e_mail_the_page_says_whom_to_call(patient):
    link = link_of(patient)
    Patient.objects.filter(pk=patient.pk).update(email="")

    page = Client().post(link).content.decode()

    assert "We have no e-mail address of yours" in page


def test_every_press_is_in_the_audit_trail_without_the_secret(patient):
    link = link_of(patient)
    Client().post(link)

    event = AuditEvent.objects.get(action="code asked by link")
    assert (event.patient_id, event.details) == (patient.pk, {"sent": True})


def test_the_session_speaks_the_patients_language_after_the_sign_in():
    patient = make_patient_user(language="es").patient
    client = Client()

    sign_in(client, link_of(patient))

    assert client.session["language"] == "es"
    assert "Todavía no hay plan" in client.get(reverse("aftercare:today")).content.decode()
