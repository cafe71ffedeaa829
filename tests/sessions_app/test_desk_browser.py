"""The front desk in a real browser: by keyboard, without script, in every size and both schemes."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.access import Role
from clinic.models import Clinic, Patient
from clinic.search import index_patient
from sessions_app import booking
from sessions_app.models import Appointment
from sessions_app.wording import time_words
from tests.makers import (
    make_appointment,
    make_hours,
    make_patient,
    make_room,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import make_treatment, today_at
from tests.sessions_app.looks import too_wide, two_looks
from tests.support.accessibility import serious_problems
from tests.support.browser import intercept, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The board is as high as the window and the day leave it: only in a low one the page can be scrolled at every hour.
LOW = {"width": 1440, "height": 240}


@pytest.fixture
def house():
    make_signed_protocol()
    room, ada = make_room(name="Room 1"), make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada, weekdays=range(7), starts="06:00", ends="22:00")
    service = make_treatment()
    greta = make_patient(given_name="Greta", family_name="Sandpiper")
    odette = make_patient(given_name="Odette", family_name="Fennimore")
    for patient in (greta, odette):
        index_patient(patient)
    shared = {"nurse": ada, "room": room, "service": service}
    past = make_appointment(patient=greta, starts_at=today_at("10:00", days=-9), status="done", **shared)
    make_signed_session(appointment=past, patient=greta)
    visit = make_appointment(patient=odette, starts_at=today_at("12:00"), **shared)
    return {"greta": greta, "visit": visit, "desk": make_user(Role.FRONT_DESK, name="Petra Fallowell"), "ada": ada}


@pytest.fixture
def desk_page(context, house, live_server):
    sign_in(context, house["desk"], live_server)
    page = context.new_page()
    page.goto(reverse("sessions_app:day"))
    return page


def block(page, visit):
    return page.locator(f'.board [data-focus-id="v-{visit.public_id}"]')


def open_visit(page, visit):
    """Its dialog, once htmx has taken over the links in it."""
    block(page, visit).press("Enter")
    page.locator("dialog[open] .happened").wait_for()
    page.wait_for_function("() => Boolean((document.querySelector('dialog [data-key=x]') || {})['htmx-internal-data'])")


def test_a_visit_is_checked_in_by_one_key_and_undone_by_another(desk_page, house):
    block(desk_page, house["visit"]).focus()

    desk_page.keyboard.press("c")

    desk_page.get_by_text("Odette Fennimore is here.").wait_for()
    desk_page.locator(".board .appt-arrived").wait_for()
    assert desk_page.evaluate("document.activeElement.dataset.focusId") == f"v-{house['visit'].public_id}"
    desk_page.keyboard.press("z")
    desk_page.get_by_text("Odette Fennimore is back to booked.").wait_for()
    assert Appointment.objects.get(pk=house["visit"].pk).status == "booked"


def test_a_repeat_is_booked_by_keyboard_alone(desk_page, house):
    desk_page.keyboard.press("b")
    desk_page.locator("dialog[open] #book-q").wait_for()
    desk_page.keyboard.type("sandp")
    desk_page.locator("#book-found [data-suggestion]").wait_for()
    desk_page.keyboard.press("ArrowDown")
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("Same nurse as last time").first.wait_for()

    desk_page.keyboard.press("2")
    said = desk_page.locator("[data-confirm-words]").inner_text()
    desk_page.keyboard.press("Enter")

    desk_page.get_by_text("Booked: Greta Sandpiper").wait_for()
    desk_page.wait_for_selector("dialog#dialog:not([open])", state="attached")
    booked = Appointment.objects.select_related("entry").get(entry__patient=house["greta"], status="booked")
    assert said == f"Book {time_words(booked.starts_at, Clinic.current().zone)}"
    desk_page.get_by_text("Everybody whose window is open is booked.").wait_for()


def test_the_search_of_the_top_bar_goes_by_keys_and_keeps_the_name_out_of_the_address(desk_page, house):
    desk_page.keyboard.press("/")
    desk_page.keyboard.type("greta")
    desk_page.locator("#patient-suggestions [data-suggestion]").wait_for()
    desk_page.keyboard.press("ArrowDown")
    desk_page.keyboard.press("Enter")

    desk_page.get_by_role("heading", name="Greta Sandpiper").wait_for()
    # The heading shows before the scripts that listen to keys have run.
    desk_page.wait_for_load_state()
    assert "reta" not in desk_page.url

    desk_page.keyboard.press("/")
    desk_page.keyboard.type("fennimore")
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("1 patient fits").first.wait_for()
    assert desk_page.url.endswith(reverse("clinic:patients"))


def test_a_visit_is_moved_and_cancelled_in_dialogs(desk_page, house):
    open_visit(desk_page, house["visit"])
    desk_page.keyboard.press("m")
    desk_page.get_by_text("Nobody writes to this patient").wait_for()
    desk_page.locator(".month button").last.click()
    desk_page.locator(".time-chips label").first.click()
    desk_page.locator("[data-confirm]").click()
    desk_page.get_by_text("Moved: Odette Fennimore").wait_for()

    moved = Appointment.objects.select_related("entry").get(pk=house["visit"].pk)
    assert moved.starts_at > house["visit"].starts_at
    day = moved.starts_at.astimezone(Clinic.current().zone).date()
    desk_page.goto(f"{reverse('sessions_app:day')}?date={day}")
    open_visit(desk_page, moved)
    desk_page.keyboard.press("x")
    desk_page.get_by_label("The patient is ill").check()
    desk_page.get_by_role("button", name="Cancel the visit").click()
    desk_page.get_by_text("Cancelled: Odette Fennimore").wait_for()
    assert Appointment.objects.get(pk=house["visit"].pk).status == "cancelled"


def test_somebody_elses_change_is_shown_in_the_dialog(desk_page, house):
    open_visit(desk_page, house["visit"])
    desk_page.keyboard.press("m")
    desk_page.locator("dialog[open] .month").wait_for()
    booking.move(
        appointment=house["visit"],
        version=1,
        starts_at=today_at("09:00", days=2),
        by=make_user(name="Imani Rowanfield"),
    )

    desk_page.locator("[data-confirm]").click()

    desk_page.get_by_text("by Imani Rowanfield.").wait_for()
    assert Appointment.objects.get(pk=house["visit"].pk).version == 2


def test_a_patient_is_registered_on_the_way_to_a_booking(desk_page, house):
    desk_page.keyboard.press("b")
    desk_page.get_by_role("button", name="New patient").click()
    desk_page.get_by_label("First name").fill("Basil")
    desk_page.get_by_label("Last name").fill("Oakenshaw")
    desk_page.get_by_label("Birth date", exact=True).fill("1970-12-01")
    desk_page.get_by_role("button", name="Register the patient").click()

    desk_page.get_by_role("heading", name="Book a visit").wait_for()
    assert Patient.objects.get(family_name="Oakenshaw").name == "Basil Oakenshaw"
    desk_page.get_by_text("Born 1 Dec 1970").wait_for()


def test_the_desk_works_without_script(new_context, house, live_server):
    context = new_context(java_script_enabled=False)
    sign_in(context, house["desk"], live_server)
    page = context.new_page()
    page.goto(reverse("sessions_app:day"))
    block(page, house["visit"]).click()
    page.get_by_role("button", name="Check in").click()
    page.get_by_text("Odette Fennimore is here.").wait_for()

    page.goto(reverse("sessions_app:book"))
    page.get_by_label("Patient", exact=True).fill("sandp")
    page.get_by_label("Patient", exact=True).press("Enter")
    page.get_by_text("Same nurse as last time").first.wait_for()
    page.locator(".slot input").nth(1).check()
    page.locator("[data-confirm]").click()

    page.get_by_text("Booked: Greta Sandpiper").wait_for()
    assert Appointment.objects.filter(entry__patient=house["greta"], status="booked").count() == 1


@two_looks
def test_every_page_of_the_desk_is_accessible_and_fits(context, house, live_server, size, scheme):
    sign_in(context, house["desk"], live_server)
    page = context.new_page()
    addresses = [
        reverse("sessions_app:day"),
        f"{reverse('sessions_app:day')}?by=room",
        reverse("sessions_app:week"),
        f"{reverse('sessions_app:week')}?nurse={house['ada'].public_id}",
        reverse("sessions_app:print_day"),
        reverse("sessions_app:calls"),
        f"{reverse('sessions_app:book')}?patient={house['greta'].public_id}",
        reverse("sessions_app:appointment", args=[house["visit"].public_id]),
        reverse("sessions_app:move", args=[house["visit"].public_id]),
        reverse("sessions_app:cancel", args=[house["visit"].public_id]),
        reverse("clinic:patients"),
        reverse("clinic:patient_new"),
        reverse("clinic:patient", args=[house["greta"].public_id]),
    ]

    for address in addresses:
        page.goto(address)
        assert serious_problems(page) == []
        assert (address, too_wide(page)) == (address, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialogs_are_accessible(desk_page, house, scheme):
    desk_page.locator(f'[data-focus-id="due-{house["greta"].public_id}"]').click()
    desk_page.locator("dialog[open] .slot").first.wait_for()
    assert serious_problems(desk_page) == []
    desk_page.keyboard.press("Escape")
    open_visit(desk_page, house["visit"])
    assert serious_problems(desk_page) == []


def place(page):
    """Where the page stands and what has the focus."""
    return page.evaluate("[window.scrollY, document.activeElement.dataset.focusId]")


def test_a_key_on_the_board_keeps_place_and_focus_and_so_does_taking_it_back(desk_page, house):
    desk_page.set_viewport_size(LOW)
    desk_page.locator("#calls h2").first.wait_for()
    block(desk_page, house["visit"]).focus()
    desk_page.evaluate("window.scrollTo({ top: 120, behavior: 'instant' })")
    before = place(desk_page)

    desk_page.keyboard.press("c")
    desk_page.locator(".board .appt-arrived").wait_for()
    after_check_in = place(desk_page)
    desk_page.keyboard.press("i")
    desk_page.locator(".board .appt-treating").wait_for()
    after_status = place(desk_page)

    assert before == [120, f"v-{house['visit'].public_id}"]
    assert [after_check_in, after_status] == [before, before]


def test_z_takes_back_the_last_change_after_its_toast_is_gone_and_says_when_there_is_nothing(desk_page, house):
    desk_page.set_viewport_size(LOW)
    block(desk_page, house["visit"]).focus()
    desk_page.evaluate("window.scrollTo({ top: 120, behavior: 'instant' })")
    desk_page.keyboard.press("x")
    desk_page.get_by_label("The patient is ill").check()
    desk_page.get_by_role("button", name="Cancel the visit").click()
    desk_page.get_by_text("Cancelled: Odette Fennimore").wait_for()
    desk_page.locator("#toasts [data-toast-close]").last.click()

    desk_page.keyboard.press("z")
    desk_page.get_by_text("Taken back: Odette Fennimore is booked").wait_for()
    block(desk_page, house["visit"]).wait_for()
    scrolled = desk_page.evaluate("window.scrollY")
    desk_page.keyboard.press("z")
    desk_page.get_by_text("Nothing to undo.").wait_for()

    assert scrolled == 120
    assert Appointment.objects.get(pk=house["visit"].pk).status == "booked"


def test_of_several_toasts_only_the_newest_is_undone_by_the_key(desk_page):
    desk_page.evaluate(
        "['/a', '/b'].forEach((undo) => document.body.dispatchEvent("
        "new CustomEvent('toast', { bubbles: true, detail: { text: undo, undo } })))"
    )

    assert desk_page.locator("#toasts [data-toast-undo]").count() == 2
    assert desk_page.locator("#toasts kbd").count() == 1
    assert desk_page.locator("#toasts [data-key=z]").locator("xpath=..").get_attribute("action") == "/b"


def test_a_key_that_cannot_act_says_why(desk_page, house):
    block(desk_page, house["visit"]).focus()

    desk_page.keyboard.press("i")

    desk_page.get_by_text("Only a patient who is checked in can be called in.").wait_for()


def test_a_press_on_the_board_of_a_session_that_ended_leads_to_the_sign_in(desk_page, house):
    desk_page.context.clear_cookies()

    block(desk_page, house["visit"]).click()

    expect(desk_page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_letters_typed_before_the_dialog_is_there_wait_for_it(desk_page, house):
    block(desk_page, house["visit"]).focus()
    waiting = []
    intercept(desk_page, "**/book/", lambda route: waiting.append(route))

    with desk_page.expect_request("**/book/"):
        desk_page.keyboard.press("n")
        desk_page.keyboard.type("cax")
    waiting.pop().continue_()
    desk_page.locator("dialog[open] #book-q").wait_for()

    assert desk_page.locator("#book-q").input_value() == "cax"
    assert Appointment.objects.get(pk=house["visit"].pk).status == "booked"
