"""Nothing is changed by a request that another site could have made a browser send."""

import pytest
from django.conf import settings
from django.utils.crypto import get_random_string

from tests.security.addresses import every_address
from tests.security.routes import EVERYBODY as ANYBODY
from tests.security.routes import ROUTES

pytestmark = pytest.mark.django_db

POSTED = [a for a in every_address() if any(method in ROUTES[a.label].methods for method in ("POST", "PUT", "DELETE"))]
GUARDED = [a for a in POSTED if not ROUTES[a.label].no_csrf]


def token_of(world):
    """The token that stands in the forms of a page, and the cookie that belongs to it."""
    browser = world.browser("anonymous", csrf=True)
    page = browser.get("/accounts/password/reset/")
    return str(page.context["csrf_token"]), browser.cookies[settings.CSRF_COOKIE_NAME].value


@pytest.fixture(scope="module")
def tokens(world, django_db_blocker):
    with django_db_blocker.unblock():
        return token_of(world), token_of(world)


def somebody(address):
    who = ROUTES[address.label].who
    return "anonymous" if who == ANYBODY else min(who)


def tried(world, undone, address, *, token=None, header=None, cookie=None, method="POST"):
    browser = world.browser(somebody(address), csrf=True)
    if cookie:
        browser.cookies[settings.CSRF_COOKIE_NAME] = cookie
    data = {"csrfmiddlewaretoken": token} if token else {}
    headers = {"x-csrftoken": header} if header else {}
    with undone():
        if method == "POST":
            return browser.post(address.path(world), data, headers=headers).status_code
        return browser.generic(method, address.path(world), headers=headers).status_code


@pytest.mark.parametrize("address", GUARDED, ids=lambda address: address.label)
def test_a_change_needs_the_token_of_this_browser(world, undone, tokens, address):
    (right, cookie), (others, _) = tokens
    wrong = get_random_string(64)
    refused = {
        "no token": tried(world, undone, address),
        "no cookie": tried(world, undone, address, token=right),
        "a wrong one": tried(world, undone, address, token=wrong, cookie=cookie),
        "a wrong header": tried(world, undone, address, header=wrong, cookie=cookie),
        "somebody else's": tried(world, undone, address, token=others, cookie=cookie),
        "PUT": tried(world, undone, address, cookie=cookie, method="PUT"),
        "DELETE": tried(world, undone, address, cookie=cookie, method="DELETE"),
    }
    taken = {
        tried(world, undone, address, token=right, cookie=cookie),
        tried(world, undone, address, header=right, cookie=cookie),
    }
    expected = ROUTES[address.label].expected(somebody(address), "POST")

    assert ({name: status for name, status in refused.items() if status != 403}, taken <= expected) == ({}, True)


def test_only_the_stop_address_takes_no_token():
    assert [address.label for address in POSTED if address not in GUARDED] == ["clinic:stop"]


def test_a_token_changes_at_sign_in(world, undone):
    browser = world.browser("anonymous", csrf=True)
    with undone():
        page = browser.get("/accounts/sign-in/")
        before = browser.cookies[settings.CSRF_COOKIE_NAME].value
        nurse = world.people["nurse"]
        form = {"login": nurse.email, "password": "a-long-test-password"}
        answer = browser.post("/accounts/sign-in/", {**form, "csrfmiddlewaretoken": str(page.context["csrf_token"])})

        assert (answer.status_code, before == browser.cookies[settings.CSRF_COOKIE_NAME].value) == (302, False)


def test_the_page_that_refuses_says_what_to_do(world):
    answer = world.browser("anonymous", csrf=True).post("/accounts/sign-in/")

    assert (answer.status_code, "load the page again, and repeat your last step" in answer.content.decode()) == (
        403,
        True,
    )
