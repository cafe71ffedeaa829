"""The lines on top of a staff page in a real browser: they come after it, and move nothing."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic import alerts
from clinic.access import Role
from clinic.alerts import Alert
from tests.makers import make_user
from tests.support.browser import intercept, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _two_alerts():
    alerts.register_alerts("a test", lambda user: [Alert("A report waits.", is_urgent=True), Alert("Stock is low.")])
    yield
    alerts.unregister_alerts("a test")


def top_of_page(page):
    return page.evaluate("document.querySelector('main').getBoundingClientRect().top")


@pytest.mark.usefixtures("_two_alerts")
@pytest.mark.parametrize(
    ("size", "role", "second"),
    [
        ("phone", Role.FRONT_DESK, "clinic:patients"),
        ("desk", Role.FRONT_DESK, "clinic:patients"),
        ("desk", Role.NURSE, "sessions_app:my_day"),  # its letters are larger
    ],
)
def test_alerts_that_come_late_move_no_page_but_the_first(page, live_server, role, second):
    sign_in(page.context, make_user(role), live_server)
    page.goto(reverse("sessions_app:day"))
    page.wait_for_function("() => Number(localStorage.getItem('legwork.alerts')) > 30")
    asked = []
    page.route("**/alerts/", lambda route: asked.append(route))

    with page.expect_request("**/alerts/"):
        page.goto(reverse(second))
    before = top_of_page(page)
    shown_before = page.get_by_text("Stock is low.").count()
    asked[0].continue_()
    page.get_by_text("Stock is low.").wait_for()

    assert (shown_before, top_of_page(page)) == (0, before)


def test_room_kept_for_alerts_goes_when_none_come(page, live_server):
    sign_in(page.context, make_user(Role.FRONT_DESK), live_server)
    page.goto(reverse("sessions_app:day"))
    page.evaluate("localStorage.setItem('legwork.alerts', '80')")

    with page.expect_response("**/alerts/"):
        page.goto(reverse("clinic:patients"))

    page.wait_for_function("() => document.querySelector('.page-alerts').offsetHeight === 0")
    assert page.evaluate("localStorage.getItem('legwork.alerts')") == "0"


@pytest.mark.usefixtures("_two_alerts")
def test_alerts_that_get_no_answer_are_said_until_there_is_one(page, live_server, page_problems):
    unanswered = page.get_by_text("There is no answer from the server: new reports")
    sign_in(page.context, make_user(Role.FRONT_DESK), live_server)
    page.clock.install()
    page.goto(reverse("clinic:patients"))
    expect(page.get_by_text("A report waits.")).to_be_visible()

    intercept(page, "**/alerts/", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(31_000)
    with page.expect_event("requestfailed"):
        page.clock.run_for(31_000)
    expect(unanswered).to_be_visible()
    expect(page.get_by_text("A report waits.")).to_be_visible()

    page.unroute("**/alerts/")
    with page.expect_response("**/alerts/"):
        page.clock.run_for(31_000)
    expect(unanswered).to_have_count(0)
    expect(page.get_by_text("A report waits.")).to_be_visible()
    lost = ("htmx:sendError", "net::ERR_FAILED")
    page_problems[:] = [problem for problem in page_problems if not any(word in problem for word in lost)]


@pytest.fixture
def _three_quiet_alerts():
    alerts.register_alerts("a test", lambda user: [Alert(f"Thing {number} waits.") for number in (1, 2, 3)])
    yield
    alerts.unregister_alerts("a test")


@pytest.mark.usefixtures("_three_quiet_alerts")
def test_what_was_unfolded_stays_so_when_the_alerts_are_asked_for_again(page, live_server):
    sign_in(page.context, make_user(Role.FRONT_DESK), live_server)
    page.clock.install()
    page.goto(reverse("clinic:patients"))
    page.get_by_text("3 things wait").wait_for()
    folded = page.get_by_text("Thing 2 waits.").is_visible()
    page.get_by_text("3 things wait").click()
    page.get_by_text("Thing 2 waits.").wait_for()

    with page.expect_response("**/alerts/"):
        page.clock.run_for(31_000)
    page.clock.run_for(1000)

    assert (folded, page.get_by_text("Thing 2 waits.").is_visible()) == (False, True)
