"""Links and codes, case by case: what every one of them must withstand, and which tests prove it.

| case | what must hold |
|---|---|
| TK-01 | looking at a link three times, without cookies: a page with a button, nothing used up, no session, no data |
| TK-02 | pressing it works; a code works once, the second time says so and shows the way to a new one |
| TK-03 | a code ends after 10 minutes, a link with its plan |
| TK-04 | one character changed, another patient, another purpose, an old key: refused |
| TK-05 | 100,000 secrets: none twice, 256 bits of `secrets`; ids are no secrets |
| TK-06 | who reads a dump of the database finds no usable token in it |
| TK-07 | a code is dead after 5 wrong tries and of no use in another browser |
| TK-08 | a link's secret is told to no other page, leaves the address with the press, and is in no log |
| TK-09 | a stop address looked at does nothing; posted it stops, without sign-in; it shows no health fact |
| TK-10 | ten requests for a code: three messages in 15 minutes, ten equal answers |
"""

import ast
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail, signing
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from clinic import paper_link as paper
from clinic import portal
from clinic.models import PortalLink
from clinic.notifications import opt_out
from clinic.reader import HEADER
from tests.aftercare.people import RETICULAR, make_plan, reachable_patient
from tests.clinic.notifications.engine import make_due
from tests.makers import at, make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 12:00")
CONFIRM = "/accounts/code/confirm/"
TESTS = Path(__file__).resolve().parent.parent
LINK, PAPER, CODES = "aftercare/test_link.py", "aftercare/test_way_in.py", "clinic/accounts/test_codes.py"
STOP, BROWSER = "clinic/notifications/test_stop_page.py", "aftercare/test_way_in_browser.py"

PROVED_BY = {
    "TK-01": [
        (LINK, "test_looking_three_times_shows_a_button_and_uses_nothing_up"),
        (LINK, "test_looking_at_a_link_to_the_questions_does_nothing_either"),
        (PAPER, "test_looking_at_the_code_on_paper_three_times_does_nothing"),
    ],
    "TK-02": [
        (LINK, "test_a_code_works_once_and_a_second_press_sends_a_new_one"),
        (PAPER, "test_a_code_typed_twice_says_that_it_was_used_and_where_a_new_one_is"),
        (PAPER, "test_the_code_on_paper_opens_the_plan_by_a_one_time_code"),
    ],
    "TK-03": [
        (LINK, "test_a_code_ends_after_ten_minutes"),
        (LINK, "test_the_link_of_a_plan_lives_as_long_as_the_plan"),
        (PAPER, "test_the_code_on_paper_ends_with_its_plan"),
    ],
    "TK-04": [
        (LINK, "test_a_changed_link_and_one_that_never_was_answer_like_an_ended_one"),
        (PAPER, "test_no_changed_code_on_paper_is_taken"),
        (PAPER, "test_a_code_on_paper_of_a_former_key_is_good_while_the_key_is_known"),
        (STOP, "test_a_changed_or_invented_address_is_not_found_and_stops_nothing"),
        (STOP, "test_a_former_key_still_stops"),
    ],
    "TK-05": [
        (LINK, "test_secrets_never_repeat_and_have_256_bits"),
        (PAPER, "test_an_id_alone_opens_nothing"),
    ],
    "TK-06": [
        (LINK, "test_the_table_holds_hashes_only"),
        (PAPER, "test_a_dump_of_the_database_holds_no_usable_token"),
    ],
    "TK-07": [
        (LINK, "test_a_code_is_dead_after_five_wrong_tries"),
        (LINK, "test_a_code_is_of_no_use_in_another_browser"),
        (CODES, "test_a_code_is_dead_after_five_wrong_tries"),
        (CODES, "test_wrong_codes_at_the_same_time_are_five_at_most"),
    ],
    "TK-08": [
        (LINK, "test_the_page_tells_no_other_page_its_address"),
        (LINK, "test_the_button_sends_a_code_and_the_secret_leaves_the_address"),
        (LINK, "test_logs_black_out_the_secret"),
        (BROWSER, "test_no_request_of_the_browser_tells_the_secret_to_another_page"),
    ],
    "TK-09": [
        (STOP, "test_looking_at_the_page_changes_nothing_and_shows_nothing_of_anybody"),
        (STOP, "test_a_post_without_sign_in_or_csrf_token_stops_the_channel"),
    ],
    "TK-10": [
        (LINK, "test_ten_requests_send_three_codes_and_answer_alike"),
        (CODES, "test_ten_requests_bring_three_messages_and_ten_equal_answers"),
        (LINK, "test_both_ways_to_a_code_share_one_limit"),
    ],
}


@pytest.fixture(autouse=True)
def _thursday():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient():
    facts = {"given_name": "Marigold", "family_name": "Quillfeather", "email": "marigold@example.com"}
    return make_patient_user(reachable_patient(**facts)).patient


def on_paper(patient, *, days=30):
    return paper.paper_link(patient, NOW + timedelta(days=days)).removeprefix("http://localhost:8000")


def link_of(patient):
    return portal.make_link(patient, NOW).removeprefix("http://localhost:8000")


def code_in_mail():
    return re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1)


def sign_in(client, link):
    client.post(link)
    return client.post(CONFIRM, {"code": code_in_mail()})


def signed_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("case", PROVED_BY)
def test_each_case_is_proved_by_tests_that_exist(case):
    assert f"| {case} |" in __doc__
    for path, name in PROVED_BY[case]:
        tree = ast.parse((TESTS / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_case_is_there():
    assert set(PROVED_BY) == {f"TK-{number:02}" for number in range(1, 11)}


# --- The code on paper -------------------------------------------------------------------------------------------


def test_looking_at_the_code_on_paper_three_times_does_nothing(patient):
    link = on_paper(patient)
    for _ in range(3):
        scanner = Client()
        answer = scanner.get(link)
        assert (answer.status_code, answer.content.decode().count('<button class="btn btn-primary')) == (200, 1)
        assert "sessionid" not in answer.cookies
        assert not signed_in(scanner)
        assert [word for word in ("Marigold", "Quillfeather", "marigold@") if word in answer.content.decode()] == []

    assert (mail.outbox, PortalLink.objects.count()) == ([], 0)


def test_the_code_on_paper_opens_the_plan_by_a_one_time_code(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    client = Client()

    answer = sign_in(client, on_paper(patient))

    assert mail.outbox[0].to == ["marigold@example.com"]
    assert "Stocking on, day and night" in client.get(answer.url).content.decode()


def test_the_code_on_paper_ends_with_its_plan(patient):
    plan = make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    client = Client()
    client.force_login(patient.user)
    sheet = client.get("/plan/print/").content.decode()
    link = paper.paper_link(patient, plan.ends_at).removeprefix("http://localhost:8000")

    assert 'class="qr"' in sheet
    with time_machine.travel(plan.ends_at - timedelta(seconds=1), tick=False):
        assert Client().get(link).status_code == 200
    with time_machine.travel(plan.ends_at, tick=False):
        assert [getattr(Client(), method)(link).status_code for method in ("get", "post")] == [404, 404]


def changed(patient, how):
    """The secret on the patient's paper, tampered with."""
    secret = on_paper(patient).split("/")[2]
    packed, _, signature = secret.partition(".")
    other, _, _ = on_paper(make_patient()).split("/")[2].partition(".")
    longer, _, _ = on_paper(patient, days=300).split("/")[2].partition(".")
    return {
        "last character": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        "first character": ("A" if secret[0] != "A" else "B") + secret[1:],
        "another patient": f"{other}.{signature}",
        "a later end": f"{longer}.{signature}",
        "no signature": f"{packed}.",
        "another purpose": signing.Signer(sep=".", salt="clinic.notifications.stop").sign(packed),
        "an unknown key": signing.Signer(key="k" * 60, sep=".", salt="clinic.paper_link").sign(packed),
        "not base64": signing.Signer(sep=".", salt="clinic.paper_link").sign("%%%"),
        "another shape": signing.Signer(sep=".", salt="clinic.paper_link").sign("AAAA"),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "last character",
        "first character",
        "another patient",
        "a later end",
        "no signature",
        "another purpose",
        "an unknown key",
        "not base64",
        "another shape",
    ],
)
def test_no_changed_code_on_paper_is_taken(patient, how):
    address = f"/l/{changed(patient, how)}/"

    assert [getattr(Client(), method)(address).status_code for method in ("get", "post")] == [404, 404]
    assert mail.outbox == []


def test_a_code_on_paper_is_no_stop_address_and_the_other_way_round(patient):
    delivery = make_due(patient)
    stop = opt_out.stop_url(delivery.pk).rstrip("/").rpartition("/")[2]

    assert Client().post(f"/stop/{on_paper(patient).split('/')[2]}/").status_code == 404
    assert Client().post(f"/l/{stop}/").status_code == 404


def test_a_code_on_paper_of_a_former_key_is_good_while_the_key_is_known(patient, settings):
    link, former = on_paper(patient), settings.SECRET_KEY
    settings.SECRET_KEY = "another-key-another-key-another-key-another-key-another"
    settings.SECRET_KEY_FALLBACKS = [former]
    known = Client().get(link).status_code
    settings.SECRET_KEY_FALLBACKS = []

    assert (known, Client().get(link).status_code) == (200, 404)


def test_the_code_on_paper_of_one_patient_never_sends_a_code_to_another(patient):
    other = make_patient_user(email="casimir@example.com").patient
    Client().post(on_paper(other))

    assert [message.to for message in mail.outbox] == [["casimir@example.com"]]


def test_an_id_alone_opens_nothing(patient):
    ids = (patient.public_id, patient.public_id.hex, patient.user.public_id, patient.pk)

    assert {Client().get(f"/l/{each}/").status_code for each in ids} == {404}


# --- Staying signed in -------------------------------------------------------------------------------------------


def test_a_patient_who_is_signed_in_is_led_on_by_the_own_link_without_another_code(patient):
    client = Client()
    sign_in(client, link_of(patient))
    mail.outbox.clear()

    answers = [client.get(link_of(patient)), client.get(on_paper(patient)), client.post(link_of(patient))]

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/today/")] * 3
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert (mail.outbox, signed_in(client)) == ([], True)


def test_the_cookie_outlives_the_browser_and_not_the_limits(patient):
    client = Client()
    answer = sign_in(client, link_of(patient))

    assert int(answer.cookies[django_settings.SESSION_COOKIE_NAME]["max-age"]) == 12 * 3600
    with time_machine.travel(NOW + timedelta(minutes=29), tick=False):
        assert client.get("/today/").status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=60), tick=False):
        assert client.get("/today/").url == "/accounts/code/?next=/today/"


def test_no_way_of_staying_awake_passes_the_absolute_limit(patient):
    client = Client()
    sign_in(client, link_of(patient))
    client.get("/today/")
    answers = []
    for minutes in range(20, 12 * 60 + 21, 20):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            answers.append(client.get("/today/").status_code)

    assert answers == [200] * 36 + [302]


def test_the_cookie_of_staff_ends_with_the_browser():
    nurse = make_user()
    client = Client()
    answer = client.post("/accounts/sign-in/", {"login": nurse.email, "password": "a-long-test-password"})

    assert answer.cookies[django_settings.SESSION_COOKIE_NAME]["max-age"] == ""


@pytest.mark.parametrize("path", ["/today/", "/plan/print/", "/my-visits/", "/settings/", "/how/"])
def test_who_is_not_signed_in_on_a_patients_page_is_asked_for_a_code_and_comes_back(patient, path):
    client = Client()
    asked = client.get(path)
    client.post("/accounts/code/", {"email": patient.email, "next": path})
    answer = client.post(CONFIRM, {"code": code_in_mail(), "next": path})

    assert asked.url == f"/accounts/code/?next={path}"
    assert answer.url == path


def test_a_code_typed_twice_says_that_it_was_used_and_where_a_new_one_is(patient):
    client = Client()
    client.post(link_of(patient))
    code = code_in_mail()
    client.post(CONFIRM, {"code": code})
    client.post("/accounts/sign-out/")
    page = client.post(CONFIRM, {"code": code}, follow=True).content.decode()

    assert "This code was used already or has ended. Ask for a new one." in page
    assert 'name="email"' in page


def test_a_code_sent_twice_by_one_press_signs_nobody_out(patient):
    client, twin = Client(), Client()
    client.post(link_of(patient))
    twin.cookies[django_settings.SESSION_COOKIE_NAME] = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    code = code_in_mail()
    client.post(CONFIRM, {"code": code})

    second = twin.post(CONFIRM, {"code": code})

    assert django_settings.SESSION_COOKIE_NAME not in second.cookies or second.cookies["sessionid"].value == ""
    assert client.get("/today/").status_code == 200


# --- What others learn -------------------------------------------------------------------------------------------


def test_the_page_behind_a_link_says_whose_device_this_may_be_without_naming_anybody(patient):
    other = make_patient_user().patient
    words = [Client().get(each).headers[HEADER] for each in (link_of(patient), on_paper(patient), link_of(other))]
    own = Client()
    own.force_login(patient.user)

    assert words[0] == words[1] == own.get("/today/").headers[HEADER]
    assert words[2] != words[0]


def test_a_dump_of_the_database_holds_no_usable_token(patient, tmp_path):
    """Not the secret of a link, not the key of a session, and no code that another browser could use."""
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    link, paper_address, delivery = link_of(patient), on_paper(patient), make_due(patient)
    client, waiting = Client(), Client()
    sign_in(client, link)
    client.get("/plan/print/")
    waiting.post(link_of(make_patient_user().patient))
    stolen = tmp_path / "dump.json"
    call_command("dumpdata", output=str(stolen), verbosity=0)
    text = stolen.read_text()

    tokens = [
        link.split("/")[2],
        paper_address.split("/")[2],
        opt_out.stop_url(delivery.pk).rstrip("/").rpartition("/")[2],
        *(each.cookies[django_settings.SESSION_COOKIE_NAME].value for each in (client, waiting)),
    ]
    assert [token for token in tokens if token in text] == []
    for row in json.loads(text):
        if row["model"] == "sessions.session":
            thief = Client()
            thief.cookies[django_settings.SESSION_COOKIE_NAME] = row["pk"]
            assert thief.get("/today/").status_code == 302


def test_the_end_on_paper_is_a_second_and_no_secret(patient):
    secret = on_paper(patient).split("/")[2]
    row = paper.link_on_paper(secret, NOW)

    assert (row.pk, row.patient, row.expires_at) == (None, patient, NOW + timedelta(days=30))
    assert row.expires_at == datetime.fromtimestamp(int(row.expires_at.timestamp()), UTC)
    assert reverse("aftercare:plan_link", args=[secret]) == on_paper(patient)
