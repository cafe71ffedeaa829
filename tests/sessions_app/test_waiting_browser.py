"""The lists and the wait list in a real browser: by keyboard, on a phone, a tablet and a desk, in both schemes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from clinic.models import Clinic
from clinic.protocol.zones import local_date
from clinic.search import index_patient
from sessions_app import booking, waiting
from sessions_app.models import Appointment, WaitListEntry, WaitListOffer
from tests.makers import (
    make_appointment,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_user,
    make_visit_request,
)
from tests.sessions_app.desks import today_at
from tests.sessions_app.looks import too_wide, two_looks
from tests.sessions_app.test_desk_browser import open_visit
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house():
    room, ada = make_room(name="Room 1"), make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada, weekdays=range(7), starts="00:00", ends="23:45")
    service = make_service(kind="review", name="Review", chair_minutes=20, walk_minutes=0, buffer_minutes=0)
    tansy = make_patient(given_name="Tansy", family_name="Merriweather", phone="+12125550119")
    bess = make_patient(given_name="Bess", family_name="Cowslip", phone="+12125550116")
    for patient in (tansy, bess):
        index_patient(patient)
    desk = make_user(Role.FRONT_DESK, name="Petra Fallowell")
    visit = make_appointment(
        patient=bess, nurse=ada, room=room, service=service, starts_at=today_at("12:00", days=1),
        booked_at=today_at("12:00", days=-2),
    )  # fmt: skip
    tomorrow = local_date(timezone.now(), Clinic.current().zone) + timedelta(days=1)
    waiting.join(patient=tansy, service=service, first_date=tomorrow, by=desk)
    return {"desk": desk, "tansy": tansy, "bess": bess, "visit": visit}


@pytest.fixture
def page(context, house, live_server):
    sign_in(context, house["desk"], live_server)
    page = context.new_page()
    page.goto(reverse("sessions_app:calls"))
    page.wait_for_function("() => (document.querySelector('#list-fits a[hx-get]') || {})['htmx-internal-data']")
    return page


@pytest.fixture
def asked(house):
    """Bess asks for another time."""
    booking.ask_to_move(appointment=house["visit"], version=1, wish="", by=house["desk"])


def test_a_call_that_ends_in_a_move_leaves_the_page_where_it_was(asked, page):
    page.set_viewport_size({"width": 390, "height": 300})
    page.locator("#list-moves [data-arrow-item]").focus()
    page.keyboard.press("Enter")
    page.locator("dialog[open] [name=slot]:checked").wait_for()
    scrolled = page.evaluate("window.scrollY")

    page.keyboard.press("Enter")

    expect(page.get_by_text("Moved: Bess Cowslip")).to_be_visible()
    expect(page.locator("#list-moves")).to_have_count(0)
    assert (page.evaluate("window.scrollY"), scrolled > 0) == (scrolled, True)


def test_a_free_time_is_offered_and_booked_by_keyboard(page, house):
    page.locator("#list-fits [data-arrow-item]").focus()
    page.keyboard.press("Enter")
    page.locator("dialog[open] [name=slot]:checked").wait_for()
    page.keyboard.press("Enter")

    page.get_by_text("Kept for Tansy Merriweather until").wait_for()
    page.locator("#list-offers").wait_for()
    assert WaitListOffer.objects.get().is_open(timezone.now())
    page.locator("#list-offers [data-arrow-item]").focus()
    page.keyboard.press("Enter")

    page.get_by_text("Off the wait list.").wait_for()
    booked = Appointment.objects.get(entry__patient=house["tansy"])
    assert WaitListEntry.objects.get().appointment == booked


def test_the_arrows_go_through_the_lists_and_a_tap_confirms(page, house):
    page.locator("#list-fits [data-arrow-item]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('section').id") == "list-unconfirmed"

    page.keyboard.press("Enter")

    page.get_by_text("Confirmed: Bess Cowslip comes").wait_for()
    page.locator("#list-unconfirmed").wait_for(state="detached")
    assert Appointment.objects.get(pk=house["visit"].pk).confirmed_via == "desk"


def test_a_patient_is_put_on_the_list_and_taken_off_with_undo(page, house):
    page.goto(reverse("sessions_app:waiting"))
    page.wait_for_function("() => Boolean((document.querySelector('.page-head [hx-get]') || {})['htmx-internal-data'])")
    page.keyboard.press("n")
    page.locator("dialog[open] #wait-q").wait_for()
    page.keyboard.type("cows")
    page.locator("#wait-found [data-suggestion]").first.click()
    page.locator("dialog[open] [name=note]").fill("Only with notice")
    page.get_by_role("button", name="Put on the wait list").click()

    page.get_by_text("Bess Cowslip waits for Review.").wait_for()
    page.get_by_text("“Only with notice”").wait_for()
    page.get_by_role("button", name="Take off – Bess Cowslip").click()
    page.get_by_text("Bess Cowslip is off the wait list.").wait_for()
    page.keyboard.press("z")
    page.get_by_text("“Only with notice”").wait_for()


def test_cancelling_leads_to_who_waits(page, house):
    page.goto(f"{reverse('sessions_app:day')}?date={today_at('12:00', days=1).date()}")
    open_visit(page, house["visit"])
    page.keyboard.press("x")
    page.locator("dialog[open] [name=reason]").first.check()
    page.get_by_role("button", name="Cancel the visit").click()

    page.get_by_text("Tansy Merriweather waits for this time.").wait_for()
    page.get_by_role("link", name="Offer it").click()

    page.locator("dialog[open]").get_by_role("link", name="Tansy Merriweather", exact=True).wait_for()
    assert serious_problems(page) == []


@two_looks
def test_lists_and_dialogs_fit_and_everybody_can_read_them(new_context, house, live_server, size, scheme):
    make_visit_request(name="Perry Ash", answer_by=timezone.now() - timedelta(hours=3), asked_at=timezone.now())
    entry = WaitListEntry.objects.get()
    context = new_context(size=size, scheme=scheme)
    sign_in(context, house["desk"], live_server)
    page = context.new_page()
    addresses = [
        reverse("sessions_app:calls"),
        reverse("sessions_app:waiting"),
        f"{reverse('sessions_app:wait_join')}?patient={house['bess'].public_id}",
        reverse("sessions_app:wait_change", args=[entry.public_id]),
        reverse("sessions_app:wait_offer", args=[entry.public_id]),
    ]
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = (serious_problems(page), too_wide(page))

    assert found == dict.fromkeys(addresses, ([], []))
