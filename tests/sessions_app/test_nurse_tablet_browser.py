"""A tablet at the chair that loses its network, dies or sleeps: what was taken out stays out, and "Now" is now."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.preparation import today_of
from tests.makers import make_adverse_event, make_day_check, make_user
from tests.sessions_app.test_nurse_browser import (
    LOST,
    OFFLINE,
    draft_now,
    open_visit,
    opened_again,
    saved,
    stored,
    without,
)
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["open_visit"]

# The tablet's two clocks, standing: the date, which somebody may set, and the browser's own count, which sleeps, too.
CLOCKS = """
  const began = Date.now();
  window.went = { date: 0, awake: 0 };
  Date.now = () => began + window.went.date * 60000;
  performance.now = () => window.went.awake * 60000;
"""
GO_ON = "([date, awake]) => { window.went = { date, awake }; }"
ENDED = "[data-now=ended_at]"


def test_a_site_that_was_taken_out_before_the_tab_died_stays_out(open_visit, page_problems):
    session = draft_now(sites=3)
    page = open_visit(session)
    page.context.set_offline(True)
    row = page.locator("[data-site]").nth(1)
    row.locator("summary").first.click()
    row.locator("[data-remove]").click()
    page.locator("#id_note").fill("two sites were enough")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)

    again = opened_again(page)
    saved(again, 2)

    expect(again.locator("[data-site]")).to_have_count(2)
    expect(again.locator(".site-no")).to_have_text(["1", "2"])
    assert stored(session).sites.count() == 2
    assert "unfinished" not in stored(session).screening
    without(page_problems, LOST)


def test_a_question_that_is_open_on_my_day_outlives_one_refresh_and_not_two(new_context, live_server):
    context = new_context(size="tablet")
    sign_in(context, make_user(), live_server)
    page = context.new_page()
    for days in (0, 1):  # also where midnight comes in between
        make_day_check(date=today_of(timezone.now()) + timedelta(days=days))
    page.clock.install()
    page.goto(reverse("sessions_app:my_day"))
    fold = page.locator(".day-change", has_text="Report a kit problem")
    fold.locator("summary").click()
    expect(fold).to_have_attribute("open", "")

    page.clock.fast_forward("01:01")
    expect(fold).to_have_attribute("data-held", "")
    expect(fold).to_have_attribute("open", "")

    page.clock.fast_forward("01:01")
    expect(fold).not_to_have_attribute("open", "")


def test_what_is_missing_wraps_beside_the_doses_and_never_squeezes_them(open_visit):
    session = draft_now(sites=2, reaction="none", weight_kg=84)
    make_adverse_event(session=session, kind="extravasation", onset_at=session.started_at)
    page = open_visit(session)
    expect(page.locator("#missing-list")).to_contain_text("an adverse event is recorded, so “none seen” cannot stand")

    totals = page.locator("#bar .total > *")
    squeezed = totals.evaluate_all("parts => parts.filter((each) => each.scrollWidth > each.clientWidth).length")

    assert (totals.count() > 10, squeezed) == (True, 0)
    bar, sign = page.locator("#bar").bounding_box(), page.locator("#sign").bounding_box()
    assert sign["x"] + sign["width"] <= bar["x"] + bar["width"]


def test_do_not_inject_stands_at_the_tick_and_moves_nothing_that_is_pressed_next(open_visit):
    page = open_visit(draft_now())
    page.locator("#before-head").click()
    page.locator("#group-stop").get_by_text("Something applies").click()
    ticks = page.locator("#group-stop .ask-list .tick")
    expect(ticks.nth(1)).to_be_visible()
    lies = ticks.evaluate_all("all => all.map((each) => each.offsetTop)")

    ticks.first.click()

    expect(ticks.first.get_by_text("Do not inject")).to_be_visible()
    expect(ticks.nth(1).get_by_text("Do not inject")).to_be_hidden()
    assert ticks.evaluate_all("all => all.map((each) => each.offsetTop)") == lies


@pytest.fixture
def tablet(new_context, live_server):
    """`tablet(session)`: the visit's page on a tablet whose clocks only go on when `GO_ON` says so."""

    def open_page(session):
        context = new_context(size="tablet")
        context.add_init_script(CLOCKS)
        sign_in(context, session.nurse, live_server)
        page = context.new_page()
        page.goto(reverse("sessions_app:visit", args=[session.appointment.public_id]))
        return page

    return open_page


def server_time(page, *, minutes=0):
    """What the page heard from the server last, "10:30", and so many minutes later."""
    heard = datetime.strptime(page.locator("#saved").get_attribute("data-wall"), "%H:%M:%S")
    return f"{heard + timedelta(minutes=minutes):%H:%M}"


@pytest.mark.parametrize(
    ("date", "awake", "minutes"),
    [
        pytest.param(20, 20, 20, id="awake"),
        pytest.param(20, 1, 20, id="asleep for most of the walk"),
        pytest.param(-300, 5, 5, id="its clock was set back"),
        pytest.param(3 * 24 * 60, 5, 5, id="its clock was set days ahead"),
    ],
)
def test_now_is_now_on_a_tablet_without_network_that_slept_or_whose_clock_was_set(
    tablet, page_problems, date, awake, minutes
):
    page = tablet(draft_now())
    page.context.set_offline(True)
    page.evaluate(GO_ON, [date, awake])

    page.locator(ENDED).click()

    expect(page.locator("#id_ended_at")).to_have_value(server_time(page, minutes=minutes))
    # The page tries to save for as long as it is there.
    page.close(run_before_unload=False)
    without(page_problems, LOST)


def test_each_answer_of_the_server_sets_the_clock_that_now_stamps(tablet):
    page = tablet(draft_now())
    # Set ahead by two hours: that looks like a sleep, until the server is heard.
    page.evaluate(GO_ON, [120, 1])
    page.locator("#id_note").fill("the clock of this tablet was wrong")
    saved(page, 2)

    page.locator(ENDED).click()

    expect(page.locator("#id_ended_at")).to_have_value(server_time(page))


def test_the_whole_map_is_seen_above_the_totals_although_a_colleague_opened_the_visit(open_visit):
    page = open_visit(draft_now(), make_user())
    expect(page.locator("#holder .visit-notice")).to_be_visible()
    drawn, bar = page.locator(".visit-map .legmap").bounding_box(), page.locator(".chart-bar").bounding_box()

    assert drawn["y"] + drawn["height"] <= bar["y"]
