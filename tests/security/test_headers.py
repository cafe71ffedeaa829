"""What answers carry when something goes wrong or is not a page; `test_matrix` looks at every address."""

import re

import pytest
from django.conf import settings
from django.test import override_settings

from tests.security.addresses import every_address
from tests.security.defences import faults
from tests.security.routes import ROUTES

pytestmark = pytest.mark.django_db

ADDRESSES = every_address()


@pytest.mark.parametrize("number", ["400", "403", "404", "429", "500", "database"])
def test_errors_carry_all_defences_and_tell_nothing_of_the_inside(world, number):
    with override_settings(ROOT_URLCONF="tests.security.broken_urls"):
        response = world.browser("nurse").get(f"/broken/{number}/")

    inside = re.findall(r"Traceback|ZeroDivision|OperationalError|away|django|site-packages", response.content.decode())
    status = 500 if number == "database" else int(number)
    assert (response.status_code, faults(response), inside) == (status, [], [])


def test_an_unknown_host_gets_all_defences(world):
    response = world.browser("anonymous").get("/accounts/sign-in/", headers={"host": "evil.example"})

    assert (response.status_code, faults(response), "evil" in response.content.decode()) == (400, [], False)


def test_a_missing_slash_leads_on_with_all_defences(world):
    response = world.browser("nurse").get("/my-day")

    assert (response.status_code, response.url, faults(response)) == (301, "/my-day/", [])


def test_a_refused_token_carries_all_defences(world):
    assert faults(world.browser("nurse", csrf=True).post("/patients/")) == []


def test_too_large_a_body_is_answered_with_all_defences(world):
    response = world.browser("nurse").post("/patients/", {"q": "x" * 600_000})

    assert (response.status_code, faults(response)) == (413, [])


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31536000)
def test_plain_http_is_sent_to_https_with_all_defences(client):
    response = client.get("/accounts/sign-in/")

    assert (response.url, faults(response)) == ("https://testserver/accounts/sign-in/", [])


@pytest.mark.parametrize(
    ("file", "status"), [("css/base.css", 200), ("js/ui.js", 200), ("img/icons.svg", 200), ("css/none.css", 404)]
)
def test_static_files_carry_the_defences_of_a_browser(world, file, status):
    response = world.browser("anonymous").get(f"/static/{file}")

    assert (response.status_code, faults(response, may_be_kept=True)) == (status, [])


def test_pages_are_told_apart_from_what_a_browser_may_keep(world):
    kept = {
        path: "no-store" not in world.browser("nurse").get(path).headers["Cache-Control"]
        for path in ("/static/css/base.css", "/my-day/", "/healthz", "/nowhere/")
    }

    assert kept == {"/static/css/base.css": True, "/my-day/": False, "/healthz": False, "/nowhere/": False}


PICTURES = {"sessions_app:photograph_file", "sessions_app:photograph_thumbnail"}
PAGES = [
    a
    for a in ADDRESSES
    if 200 in ROUTES[a.label].methods.get("GET", ()) and not a.name.startswith("admin:") and a.name not in PICTURES
]


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.label)
def test_a_page_needs_nothing_that_the_policy_forbids(world, undone, address):
    who = min(ROUTES[address.label].who)
    with undone():
        response = world.browser("anonymous" if who == "everybody" else who).get(address.path(world))
    page = response.content.decode()
    nonces = set(re.findall(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"]))
    scripts = re.findall(r"<script\b([^>]*)>", page)

    assert re.findall(r'<[^>]+\sstyle="[^"]*"', page) == []
    assert re.findall(r"<style\b", page) == []
    assert re.findall(r"<[^>]+\s(on[a-z]+)=", page) == []
    assert re.findall(r'(?:href|src|action)="(?:javascript:|data:text|//|https?:)[^"]*', page) == []
    assert [
        script
        for script in scripts
        if "src=" not in script and not nonces & set(re.findall(r'nonce="([^"]+)"', script))
    ] == []


def test_a_nonce_is_good_for_one_answer(world):
    policies = {world.browser("nurse").get("/my-day/").headers["Content-Security-Policy"] for _ in range(3)}
    with_nonce = {policy for policy in policies if "nonce-" in policy}

    assert len(with_nonce) in (0, 3)


def test_the_policy_allows_nothing_unsafe():
    assert "unsafe" not in str(settings.CONTENT_SECURITY_POLICY)
