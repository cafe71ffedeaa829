"""A session of staff comes to its end under an open page: asked before, and nothing that was typed is lost."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from clinic.access import Role
from tests.makers import make_user
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def last_minutes(route):
    """What a page asks in the background is answered as the server does shortly before the end."""
    if "x-background" in route.request.headers:
        route.fulfill(status=204, headers={"X-Session-Left": "100"})
    else:
        route.continue_()


@pytest.fixture
def ending(page, live_server):
    """The form of a new patient with a name typed, and the line that asks whether somebody is there."""
    sign_in(page.context, make_user(Role.FRONT_DESK), live_server)
    page.route("**/alerts/", last_minutes)
    page.goto(reverse("clinic:patient_new"))
    page.locator("#id_family_name").fill("Quillfeather")
    expect(page.get_by_text("you will be signed out in a few minutes")).to_be_visible()
    return page


def test_staying_takes_the_question_away(ending):
    def asked_by_a_person(response):
        return response.url.endswith("/alerts/") and "x-background" not in response.request.headers

    with ending.expect_response(asked_by_a_person) as stayed:
        ending.get_by_role("button", name="Stay signed in").click()

    expect(ending.get_by_text("you will be signed out in a few minutes")).to_have_count(0)
    assert stayed.value.status == 200


def test_a_server_that_fails_when_somebody_stays_costs_no_typing(ending, page_problems):
    ending.unroute("**/alerts/")
    ending.route("**/alerts/", lambda route: route.fulfill(status=503, body=""))

    ending.get_by_role("button", name="Stay signed in").click()

    expect(ending.get_by_text("The server did not answer. Press again.")).to_be_visible()
    expect(ending.locator("#id_family_name")).to_have_value("Quillfeather")
    page_problems[:] = [problem for problem in page_problems if "status of 503" not in problem]


def test_who_stays_too_late_keeps_what_was_typed_and_reads_how_to_send_it(ending):
    Session.objects.all().delete()

    ending.get_by_role("button", name="Stay signed in").click()

    expect(ending.get_by_text("What you typed is still here: sign in again in another tab")).to_be_visible()
    expect(ending.get_by_text("you will be signed out in a few minutes")).to_have_count(0)
    expect(ending.locator("#id_family_name")).to_have_value("Quillfeather")


def test_the_question_can_be_answered_over_an_open_dialog(page, live_server):
    sign_in(page.context, make_user(Role.FRONT_DESK), live_server)
    page.clock.install()
    page.route("**/*/", last_minutes)
    page.goto(reverse("sessions_app:day"))
    expect(page.get_by_text("you will be signed out in a few minutes")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()

    with page.expect_response("**/alerts/"):
        page.clock.run_for(31_000)
    page.get_by_role("dialog").get_by_role("button", name="Stay signed in").click()

    expect(page.get_by_text("you will be signed out in a few minutes")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
