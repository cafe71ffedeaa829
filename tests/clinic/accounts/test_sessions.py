"""Sessions: a new id at sign-in, nothing left at sign-out, and one always stays on this site."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from clinic.access import Role
from clinic.accounts import client_address
from tests.makers import make_user

LOGIN = reverse("account_login")


def session_id(client):
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else None


def test_the_session_id_changes_when_a_nurse_signs_in(client, nurse, sign_in):
    client.session.save()
    session = client.session
    session["something"] = "before"
    session.save()
    before = session_id(client)
    sign_in(client, nurse.email)

    assert len({before, session_id(client), None}) == 3


def test_the_session_id_changes_when_a_patient_signs_in(client, patient, ask_code, newest_code, type_code):
    ask_code(client, patient.email)
    before = session_id(client)
    type_code(client, newest_code())

    assert len({before, session_id(client), None}) == 3


def test_a_session_id_that_somebody_planted_is_not_taken_over(client, nurse, sign_in, is_signed_in):
    client.cookies[settings.SESSION_COOKIE_NAME] = "plantedplantedplantedplanted1234"
    sign_in(client, nurse.email)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = "plantedplantedplantedplanted1234"

    assert (is_signed_in(client), is_signed_in(thief)) == (True, False)


def test_a_cookie_of_before_the_sign_out_opens_nothing(client, nurse, sign_in, is_signed_in):
    sign_in(client, nurse.email)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = session_id(client)
    assert is_signed_in(thief)
    client.post(reverse("account_logout"))

    assert (is_signed_in(client), is_signed_in(thief)) == (False, False)


def test_looking_at_the_sign_out_page_signs_nobody_out(client, nurse, sign_in, is_signed_in):
    sign_in(client, nurse.email)
    client.get(reverse("account_logout"))

    assert is_signed_in(client)


def test_a_deactivated_nurse_is_out_of_both_her_sessions_at_the_next_request(client, another_browser, nurse, sign_in):
    for browser in (client, another_browser):
        sign_in(browser, nurse.email)
    nurse.is_active = False
    nurse.save()

    assert [browser.get("/my-day/").url for browser in (client, another_browser)] == [f"{LOGIN}?next=/my-day/"] * 2


def test_a_second_person_on_one_browser_finds_nothing_of_the_first(client, nurse, sign_in):
    sign_in(client, nurse.email)
    first = client.session
    first["note"] = "of the first"
    first.save()
    client.post(reverse("account_logout"))
    sign_in(client, make_user(role=Role.NURSE).email)

    assert "note" not in client.session


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "%2F%2Fevil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "https://testserver@evil.example/",
    "https://evil.example#@testserver/",
    "http://testserver.evil.example/",
]


def leads_away(url):
    return not url.startswith("/") or url.startswith(("//", "/\\"))


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(client, nurse, sign_in, target):
    answer = sign_in(client, nurse.email, QUERY_STRING=f"next={target}")
    posted = client.post(LOGIN, {"next": target})

    assert [leads_away(url) for url in (answer.url, posted.url)] == [False, False]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_out_never_leads_to_another_site(client, nurse, sign_in, target):
    sign_in(client, nurse.email)

    assert not leads_away(client.post(reverse("account_logout"), {"next": target}).url)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_code_never_leads_to_another_site(client, patient, ask_code, newest_code, type_code, target):
    asked = client.post(reverse("account_request_login_code"), {"email": patient.email, "next": target})
    signed_in = client.post(reverse("account_confirm_login_code"), {"code": newest_code(), "next": target})

    assert [leads_away(url) for url in (asked.url, signed_in.url)] == [False, False]


def test_one_comes_back_to_the_page_that_asked_to_sign_in(client, nurse):
    asked = client.get("/patients/?q=a")
    answer = client.post(asked.url, {"login": nurse.email, "password": "a-long-test-password"})

    assert answer.url == "/patients/?q=a"


def test_an_address_with_two_slashes_is_not_taken_for_a_host(client):
    assert "evil" not in client.get("//evil.example/my-day/").headers.get("Location", "")


def test_after_a_form_one_comes_back_to_its_page_and_not_to_the_step(client):
    answer = client.post("/patients/new/", headers={"referer": "http://testserver/patients/?q=a"})

    assert answer.url == f"{LOGIN}?next=/patients/%3Fq%3Da"


def test_a_fragment_leads_back_to_the_page_that_wanted_it(client):
    answer = client.get(
        "/patients/suggestions/", headers={"hx-request": "true", "hx-current-url": "http://testserver/day/?date=1"}
    )

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"{LOGIN}?next=/day/%3Fdate%3D1")


def test_a_form_that_htmx_sends_for_its_page_leads_to_the_sign_in_too_and_leaves_no_hole(client):
    """The forms of the desk on a page of their own ask for the page, not for a fragment."""
    answer = client.post("/patients/new/", headers={"hx-current-url": "http://testserver/patients/?q=a"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"{LOGIN}?next=/patients/%3Fq%3Da")


@pytest.mark.parametrize("page", ["http://evil.example/x", "//evil.example", "javascript:alert(1)", ""])
def test_a_page_of_another_site_is_not_come_back_to(client, page):
    answers = [
        client.post("/patients/new/", headers={"referer": page}).url,
        client.get("/patients/", headers={"hx-request": "true", "hx-current-url": page}).headers["HX-Redirect"],
    ]

    assert answers == [f"{LOGIN}?next=/"] * 2


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("198.51.100.1", 0, "192.0.2.1"),
        ("198.51.100.1, 203.0.113.9", 1, "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.0.0.2", 2, "203.0.113.9"),
        ("203.0.113.9", 2, "192.0.2.1"),
        ("", 1, "192.0.2.1"),
        ("198.51.100.1, not an address", 1, "192.0.2.1"),
        ("198.51.100.1, 2001:DB8::1", 1, "2001:db8::1"),
    ],
)
def test_the_address_of_a_request_is_the_one_that_our_own_outermost_proxy_noted(forwarded, proxies, address):
    meta = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}

    assert client_address(meta, trusted_proxies=proxies) == address


def test_a_request_by_a_socket_without_address_is_still_counted():
    assert client_address({"REMOTE_ADDR": ""}, trusted_proxies=0) == "unknown"


def test_a_refresh_in_the_background_leads_nobody_away_from_what_they_type(client):
    answer = client.get("/alerts/", headers={"hx-request": "true", "x-background": "1"})

    assert (answer.status_code, "HX-Redirect" in answer.headers) == (401, False)
