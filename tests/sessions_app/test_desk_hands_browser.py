"""The hands of the front desk: narrow blocks, the first arrow, the present in sight, a button pressed twice."""

import uuid
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from clinic.access import Role
from clinic.models import Clinic
from sessions_app import booking
from sessions_app.models import Appointment
from tests.makers import (
    make_appointment,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import make_treatment, today_at
from tests.support.browser import intercept, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _afternoon():
    """A quarter to three of the next day at the clinic: the browser keeps the real clock, and its cookies live."""
    zone = Clinic.current().zone
    day = timezone.now().astimezone(zone).date() + timedelta(days=1)
    with time_machine.travel(datetime.combine(day, time(14, 45), zone), tick=True):
        yield


@pytest.fixture
def house():
    make_signed_protocol()
    rooms = [make_room(name=f"Room {number}") for number in (1, 2, 3)]
    ada = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada, weekdays=range(7), starts="06:00", ends="18:00")
    review = make_service(name="Review", kind="review", chair_minutes=30, walk_minutes=0, buffer_minutes=0)
    return {"rooms": rooms, "ada": ada, "review": review}


@pytest.fixture
def open_page(context, house, live_server):
    def open_one(address=None):
        sign_in(context, make_user(Role.FRONT_DESK, name="Petra Fallowell"), live_server)
        page = context.new_page()
        page.goto(address or reverse("sessions_app:day"))
        return page

    return open_one


def book(house, name, clock, **changed):
    patient = make_patient(given_name=name, family_name="Fennimore")
    shared = {"nurse": house["ada"], "room": house["rooms"][0], "service": house["review"]}
    return make_appointment(patient=patient, starts_at=today_at(clock), **(shared | changed))


def two_beside(house):
    """Ivy at 14:45 and Fern at 15:00, in one of three lanes."""
    for name in ("Imani Rowanfield", "Tomas Pinewright"):
        make_hours(make_user(Role.NURSE, name=name), weekdays=range(7), starts="06:00", ends="18:00")
    ivy = book(house, "Ivy", "14:45")
    fern = booking.book(
        patient=make_patient(given_name="Fern", family_name="Fennimore"), nurse=house["ada"], room=house["rooms"][0],
        service=house["review"], starts_at=today_at("15:00"), request_key=uuid.uuid4(),
        by=make_user(Role.CLINICIAN), overbook_reason="Cannot wait",
    )  # fmt: skip
    return [ivy, fern]


def treated(house):
    """Greta, whose window is open: her last session was nine days ago."""
    treatment = make_treatment()
    greta = make_patient(given_name="Greta", family_name="Sandpiper")
    past = make_appointment(
        patient=greta, nurse=house["ada"], room=house["rooms"][0], service=treatment,
        starts_at=today_at("10:00", days=-9), status="done",
    )  # fmt: skip
    make_signed_session(appointment=past, patient=greta)
    return greta


def block(page, visit):
    return page.locator(f'.board [data-focus-id="v-{visit.public_id}"]')


def focused(page):
    return page.evaluate("document.activeElement.dataset.focusId")


def status_of(visit):
    return Appointment.objects.get(pk=visit.pk).status


def closed(page):
    page.wait_for_selector("dialog#dialog:not([open])", state="attached")


def hold_back(page, pattern):
    """Answers to POSTs of an address wait until they are let go: what a slow line does to an impatient hand."""
    waiting = []

    def keep(route):
        if route.request.method == "POST":
            waiting.append(route)
        else:
            route.continue_()

    intercept(page, pattern, keep)
    return waiting


# --- Blocks that share a lane --------------------------------------------------------------------------------------
def test_a_click_on_the_middle_of_a_narrow_visit_opens_it_and_checks_nobody_in(open_page, house):
    visits = two_beside(house)
    page = open_page()

    for visit in visits:
        box = block(page, visit).bounding_box()
        assert box["width"] < 170
        page.mouse.move(box["x"] + 8, box["y"] + 8)
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.locator("dialog[open] .happened").wait_for()
        page.keyboard.press("Escape")
        closed(page)

    assert [status_of(visit) for visit in visits] == ["booked", "booked"]


@pytest.mark.parametrize("width", [780, 1000, 1440])
def test_no_button_of_a_visit_lies_under_its_middle_at_any_width(open_page, house, width):
    visits = [*two_beside(house), book(house, "Odette", "16:00")]
    page = open_page()
    page.set_viewport_size({"width": width, "height": 900})

    for visit in visits:
        block(page, visit).focus()
        under = block(page, visit).evaluate(
            """(block) => {
                const box = block.getBoundingClientRect();
                const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
                return block === at || block.contains(at);
            }"""
        )
        assert (visit.patient.given_name, under) == (visit.patient.given_name, True)


def test_a_narrow_visit_is_still_checked_in_by_its_key(open_page, house):
    _, fern = two_beside(house)
    page = open_page()

    block(page, fern).focus()
    page.keyboard.press("c")

    page.get_by_text("Fern Fennimore is here.").wait_for()
    assert status_of(fern) == "arrived"


# --- From the page to the visit of the present -----------------------------------------------------------------------
@pytest.mark.parametrize("key", ["ArrowDown", "ArrowUp"])
def test_one_arrow_goes_to_the_visit_nearest_to_now_and_one_key_checks_it_in(open_page, house, key):
    book(house, "Ivy", "08:00")
    near = book(house, "Fern", "14:30")
    book(house, "Odette", "16:30")
    page = open_page()

    page.keyboard.press(key)
    assert focused(page) == f"v-{near.public_id}"
    page.keyboard.press("c")

    page.get_by_text("Fern Fennimore is here.").wait_for()
    assert status_of(near) == "arrived"


def test_in_the_week_the_first_arrow_goes_to_the_next_visit_of_today(open_page, house):
    book(house, "Ivy", "08:00")
    near = book(house, "Fern", "15:00")
    page = open_page(reverse("sessions_app:week"))

    page.keyboard.press("ArrowDown")

    assert focused(page) == f"v-{near.public_id}"


def test_left_and_right_still_go_to_the_day_beside(open_page, house):
    book(house, "Fern", "14:30")
    page = open_page()

    page.keyboard.press("ArrowRight")

    page.wait_for_url(f"**/day/?date={today_at('12:00', days=1).date()}")


def in_sight(page, selector):
    return page.locator(selector).first.evaluate(
        """(node) => {
            const box = node.getBoundingClientRect();
            const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return box.top >= 0 && box.bottom <= innerHeight && (at === node || node.contains(at));
        }"""
    )


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
@pytest.mark.parametrize("lanes", [1, 7])
def test_today_opens_at_its_head_with_the_present_in_sight_and_a_refresh_moves_nothing(
    open_page, house, lanes, width, height
):
    for number in range(1, lanes):
        nurse = make_user(Role.NURSE, name=f"Nurse {number}")
        make_hours(nurse, weekdays=range(7), starts="06:00", ends="20:00")
    near = book(house, "Fern", "14:30")
    page = open_page("about:blank")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(reverse("sessions_app:day"))

    seen = [in_sight(page, each) for each in ("h1", "[data-focus-id=book]", ".tally", ".board .now-time")]
    assert (seen, in_sight(page, f'.board [data-focus-id="v-{near.public_id}"]')) == ([True] * 4, True)
    assert page.evaluate("window.scrollY") == 0
    board = page.locator("[data-board].board")
    board.evaluate("(board) => board.scrollTo({ top: 130, behavior: 'instant' })")
    with page.expect_response(lambda answer: "/day/?" in answer.url):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('day:refresh', { bubbles: true }))")
    page.locator(".board .now-time").wait_for()

    assert (page.evaluate("window.scrollY"), board.evaluate("(board) => board.scrollTop")) == (0, 130)


def test_on_a_short_screen_the_head_stays_in_sight(open_page, house):
    book(house, "Fern", "14:30")
    page = open_page("about:blank")
    page.set_viewport_size({"width": 1024, "height": 420})
    page.goto(reverse("sessions_app:day"))

    assert (in_sight(page, "h1"), page.evaluate("window.scrollY")) == (True, 0)
    # What does not fit below it is reached by scrolling the page.
    assert page.locator("[data-board].board").evaluate("(board) => board.clientHeight") >= 300


# --- The address stays the board's -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("key", "step"), [("m", "move"), ("x", "cancel"), ("Enter", "")])
def test_a_dialog_over_the_board_leaves_the_address_alone(open_page, house, key, step):
    visit = book(house, "Fern", "15:30")
    page = open_page()
    day = page.url

    block(page, visit).focus()
    page.keyboard.press(key)
    page.locator("dialog[open] form").wait_for()
    assert page.url == day
    page.keyboard.press("Escape")
    closed(page)

    assert page.url == day


def test_after_a_move_the_address_is_still_the_boards(open_page, house):
    visit = book(house, "Fern", "15:30")
    page = open_page()
    day = page.url

    block(page, visit).focus()
    page.keyboard.press("m")
    page.locator("dialog[open] .slot").nth(1).click()
    page.locator("[data-confirm]").click()
    page.get_by_text("Moved: Fern Fennimore").wait_for()
    closed(page)

    assert page.url == day


def test_a_carried_visit_leaves_the_address_alone(open_page, house):
    visit = book(house, "Fern", "15:30")
    page = open_page()
    day = page.url

    block(page, visit).focus()
    for key in (" ", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator("dialog[open] [data-confirm]").wait_for()
    page.keyboard.press("Escape")
    closed(page)

    assert page.url == day


# --- What is promised is booked -------------------------------------------------------------------------------------
def test_moving_books_the_room_that_the_chosen_time_names(open_page, house):
    visit = book(house, "Fern", "15:30", room=house["rooms"][2])
    page = open_page(reverse("sessions_app:move", args=[visit.public_id]))
    option = page.locator(".slot").nth(1)
    promised = option.locator("span > span").first.inner_text()

    option.click()
    page.locator("[data-confirm]").click()

    page.get_by_text("Moved: Fern Fennimore").wait_for()
    entry = Appointment.objects.get(pk=visit.pk).entry
    assert promised == f"{entry.nurse}, {entry.room}" == "Ada Birchwood, Room 3"


# --- Pressed twice --------------------------------------------------------------------------------------------------
def test_a_double_click_on_move_moves_once_and_closes_with_undo(open_page, house):
    visit = book(house, "Fern", "15:30")
    page = open_page()
    block(page, visit).focus()
    page.keyboard.press("m")
    page.locator("dialog[open] .slot").nth(1).click()
    waiting = hold_back(page, "**/move/")

    with page.expect_request("**/move/"):
        page.locator("[data-confirm]").dblclick()
    waiting.pop().continue_()

    page.get_by_text("Moved: Fern Fennimore").wait_for()
    closed(page)
    assert (waiting, Appointment.objects.get(pk=visit.pk).version) == ([], 2)
    page.keyboard.press("z")
    page.get_by_text("Taken back: Fern Fennimore").wait_for()
    assert Appointment.objects.get(pk=visit.pk).starts_at == today_at("15:30")


def test_a_double_click_on_a_course_books_it_once_and_closes_with_undo(open_page, house):
    greta = treated(house)
    page = open_page()
    page.locator(f'[data-focus-id="due-{greta.public_id}"]').click()
    page.get_by_text("Several sessions at once").click()
    page.locator("dialog[open] .course-row").nth(2).wait_for()
    waiting = hold_back(page, "**/book/course/")

    with page.expect_request("**/book/course/"):
        page.get_by_role("button", name="Book 3 sessions").dblclick()
    waiting.pop().continue_()

    page.get_by_text("Booked: Greta Sandpiper, 3 sessions").wait_for()
    closed(page)
    assert (waiting, Appointment.objects.filter(course__isnull=False).count()) == ([], 3)
    page.keyboard.press("z")
    page.get_by_text("Taken back: the course of Greta Sandpiper.").wait_for()


def test_a_look_that_is_answered_after_the_booking_does_not_open_the_dialog_again(open_page, house):
    greta = treated(house)
    page = open_page()
    page.locator(f'[data-focus-id="due-{greta.public_id}"]').click()
    page.locator("dialog[open] .slot").first.wait_for()
    waiting = hold_back(page, "**/book/")

    with page.expect_request("**/book/"):
        page.locator("#book-part").select_option(index=1)
    with page.expect_request("**/book/"):
        page.locator("[data-confirm]").click()
    look, confirmed = waiting
    confirmed.continue_()
    page.get_by_text("Booked: Greta Sandpiper").wait_for()
    closed(page)
    with page.expect_response("**/book/"):
        look.continue_()

    page.wait_for_load_state("networkidle")
    assert page.locator("dialog[open]").count() == 0


# --- One copy of a form ---------------------------------------------------------------------------------------------
def test_a_course_on_a_page_of_its_own_is_changed_in_place(open_page, house):
    greta = treated(house)
    page = open_page(f"{reverse('sessions_app:book')}?patient={greta.public_id}")
    page.get_by_text("Several sessions at once").click()
    page.get_by_role("heading", name="Book several sessions").wait_for()

    page.get_by_label("Sessions to book").fill("5")
    page.get_by_label("Sessions to book").press("Tab")
    page.get_by_role("button", name="Book 5 sessions").wait_for()

    assert page.locator("dialog[open]").count() == 0
    assert page.get_by_role("heading", name="Book several sessions").count() == 1
    page.get_by_role("button", name="Book 5 sessions").click()
    page.get_by_text("Booked: Greta Sandpiper, 5 sessions").wait_for()


def test_a_booking_on_a_page_of_its_own_leads_to_the_sign_in_when_the_session_has_ended(
    open_page, house, page_problems
):
    greta = treated(house)
    page = open_page(f"{reverse('sessions_app:book')}?patient={greta.public_id}")
    Session.objects.all().delete()

    page.get_by_label("Service", exact=True).select_option(str(house["review"].pk))
    page.wait_for_url("**/accounts/sign-in/?next=**")

    page_problems[:] = [problem for problem in page_problems if "401" not in problem]


def test_a_booking_on_a_page_of_its_own_is_changed_in_place(open_page, house):
    greta = treated(house)
    page = open_page(f"{reverse('sessions_app:book')}?patient={greta.public_id}")

    page.get_by_label("Service", exact=True).select_option(str(house["review"].pk))
    page.get_by_text("Review: any day is possible.").wait_for()

    assert (page.locator("dialog[open]").count(), page.locator("form.in-page").count()) == (0, 1)
    page.locator("[data-confirm]").click()
    page.get_by_text("Booked: Greta Sandpiper").wait_for()
