"""Finding a time in a real browser: two desks and one slot, a course, asking a clinician, undoing, without script."""

import pytest
from django.urls import reverse

from clinic.access import Role
from clinic.models import Clinic
from clinic.search import index_patient
from sessions_app import repeat_holds
from sessions_app.models import Appointment, Course
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
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def treated(days_ago, *, nurse, service, name, clock="10:00"):
    patient = make_patient(given_name=name, family_name="Sandpiper")
    index_patient(patient)
    past = make_appointment(
        patient=patient, nurse=nurse, service=service, starts_at=today_at(clock, days=-days_ago), status="done"
    )
    make_signed_session(appointment=past, patient=patient)
    return patient


@pytest.fixture
def house():
    make_signed_protocol()
    make_room(name="Room 1")
    ada = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada, weekdays=range(7), starts="06:00", ends="22:00")
    service = make_treatment()
    shared = {"nurse": ada, "service": service}
    return {
        "ada": ada,
        "greta": treated(9, name="Greta", **shared),
        "otto": treated(9, name="Otto", clock="13:00", **shared),
        "early": treated(2, name="Ilse", **shared),
        "desk": make_user(Role.FRONT_DESK, name="Petra Fallowell"),
        "other_desk": make_user(Role.FRONT_DESK, name="Quentin Marsh"),
        "clinician": make_user(Role.CLINICIAN, name="Hugo Ashdown"),
    }


def signed_in(context, user, live_server):
    sign_in(context, user, live_server)
    return context.new_page()


@pytest.fixture
def desk_page(context, house, live_server):
    return signed_in(context, house["desk"], live_server)


def open_booking(page, patient):
    """The dialog over the patient's page, which loads htmx like every page of the staff."""
    page.goto(reverse("clinic:patient", args=[patient.public_id]))
    page.keyboard.press("b")
    page.locator("dialog[open] .slot input").first.wait_for()


def wait_closed(page):
    page.wait_for_selector("dialog#dialog:not([open])", state="attached")


def of(patient, status="booked"):
    return Appointment.objects.filter(entry__patient=patient, status=status).select_related("entry")


def test_two_desks_press_for_one_time_and_the_second_is_told_in_the_dialog(new_context, house, live_server):
    first = signed_in(new_context(), house["desk"], live_server)
    second = signed_in(new_context(), house["other_desk"], live_server)
    open_booking(first, house["greta"])
    open_booking(second, house["otto"])
    second.get_by_label("Note for the desk").fill("Comes by bus")
    wanted = first.locator("[name=slot]:checked").get_attribute("value")
    second.locator(f'[name=slot][value="{wanted}"]').check()

    first.locator("[data-confirm]").click()
    first.get_by_text("Booked: Greta Sandpiper").wait_for()
    second.locator("[data-confirm]").click()

    second.get_by_text("is taken. Choose another time.").first.wait_for()
    assert second.get_by_text("Free, and near the time you wanted").count() == 3
    assert second.get_by_label("Note for the desk").input_value() == "Comes by bus"
    assert second.evaluate("document.activeElement.className") == "error-summary"
    second.locator("[data-confirm]").click()
    second.get_by_text("Booked: Otto Sandpiper").wait_for()
    assert (of(house["greta"]).count(), of(house["otto"]).count()) == (1, 1)
    assert of(house["otto"]).get().note == "Comes by bus"


def test_one_hit_and_enter_picks_and_the_booking_is_undone_by_a_key(desk_page, house):
    desk_page.goto(reverse("sessions_app:day"))
    desk_page.keyboard.press("n")
    desk_page.locator("dialog[open] #book-q").wait_for()
    desk_page.keyboard.type("greta")
    desk_page.keyboard.press("Enter")
    desk_page.locator("dialog[open] .picked").wait_for()
    desk_page.locator("dialog[open] [name=slot]:checked").focus()
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("Booked: Greta Sandpiper").wait_for()
    wait_closed(desk_page)

    desk_page.keyboard.press("z")

    desk_page.get_by_text("Taken back: Greta Sandpiper is not booked").wait_for()
    assert (of(house["greta"]).count(), of(house["greta"], "cancelled").count()) == (0, 1)


def test_an_early_time_becomes_a_link_that_a_clinician_books_from(desk_page, new_context, house, live_server):
    open_booking(desk_page, house["early"])
    desk_page.locator(".month button.early").last.click()
    desk_page.locator(".time-chips label").first.click()
    assert desk_page.locator("[data-confirm-words]").inner_text().startswith("Ask a clinician for")
    desk_page.locator("[data-confirm]").click()
    desk_page.get_by_text("A clinician decides about").wait_for()
    address = desk_page.locator("#ask-address").input_value()
    assert of(house["early"]).count() == 0

    clinician = signed_in(new_context(), house["clinician"], live_server)
    clinician.goto(address)
    clinician.get_by_label("Why earlier than usual?").fill("Leaves the country")
    clinician.locator("[data-confirm]").click()

    clinician.get_by_text("Booked: Ilse Sandpiper").wait_for()
    assert of(house["early"]).get().early_approved_by == house["clinician"]


def test_enter_in_the_block_that_overbooks_overbooks_and_never_books_another_time(context, house, live_server):
    start = today_at("10:00", days=9)
    there = make_appointment(patient=house["otto"], nurse=house["ada"], starts_at=start)
    page = signed_in(context, house["clinician"], live_server)
    open_booking(page, house["greta"])
    page.get_by_text("Overbook on purpose").click()
    page.locator("[name=overbook_day]").fill(f"{start:%Y-%m-%d}")
    page.locator("[name=overbook_at]").fill("10:00")

    page.locator("[name=overbook_at]").press("Enter")
    page.get_by_text("Write why it goes beside another visit.").wait_for()
    page.locator("[name=overbook_reason]").fill("Came from far")
    assert page.locator("[data-confirm-words]").inner_text() == f"Overbook {time_words(start, Clinic.current().zone)}"
    page.locator("[name=overbook_reason]").press("Enter")

    page.get_by_text("Booked: Greta Sandpiper").wait_for()
    booked = of(house["greta"]).get()
    assert (booked.starts_at, booked.entry.overbook_reason) == (there.starts_at, "Came from far")


def test_a_course_is_changed_in_its_row_and_booked_and_taken_back(desk_page, house):
    desk_page.goto(reverse("clinic:patient", args=[house["greta"].public_id]))
    desk_page.get_by_role("link", name="Several sessions").click()
    rows = desk_page.locator("dialog[open] .course-row")
    rows.first.wait_for()
    assert rows.count() == 3
    assert serious_problems(desk_page) == []
    other = rows.nth(1).locator("option:not(:checked)").first.get_attribute("value")
    rows.nth(1).locator("select").select_option(other)
    desk_page.wait_for_function(
        "value => { const select = document.querySelectorAll('dialog[open] .course-row select')[1]; "
        "return select && !select.closest('.htmx-request') && select.value === value; }",
        arg=other,
    )
    desk_page.get_by_role("button", name="Book 3 sessions").click()

    desk_page.get_by_text("Booked: Greta Sandpiper, 3 sessions").wait_for()
    wait_closed(desk_page)
    desk_page.get_by_text("of 4 given, 3 booked").wait_for()
    assert of(house["greta"]).count() == 3
    desk_page.keyboard.press("z")
    desk_page.get_by_text("Taken back: the course of Greta Sandpiper.").wait_for()
    assert of(house["greta"]).count() == 0


def test_a_course_and_a_hold_work_without_script(new_context, house, live_server):
    context = new_context(java_script_enabled=False)
    page = signed_in(context, house["desk"], live_server)
    page.goto(f"{reverse('sessions_app:book_course')}?patient={house['greta'].public_id}")
    page.get_by_label("Sessions to book").fill("2")
    page.get_by_role("button", name="Show these dates").click()
    page.get_by_role("button", name="Book 2 sessions").click()
    page.get_by_text("Booked: Greta Sandpiper, 2 sessions").wait_for()
    assert Course.objects.get().planned_sessions == 3

    doctor = signed_in(new_context(java_script_enabled=False), house["clinician"], live_server)
    doctor.goto(reverse("sessions_app:hold_place", args=[house["otto"].public_id]))
    doctor.get_by_label("Why it waits").fill("Skin not healed")
    doctor.get_by_role("button", name="Hold the next treatment").click()
    page.goto(f"{reverse('sessions_app:book')}?patient={house['otto'].public_id}")
    page.get_by_text("No treatment can be booked now").wait_for()
    assert page.get_by_text("Skin not healed").count() == 0


def test_a_typed_name_goes_along_to_registering(desk_page, house):
    desk_page.goto(reverse("sessions_app:day"))
    desk_page.keyboard.press("n")
    desk_page.locator("dialog[open] #book-q").wait_for()
    desk_page.keyboard.type("Basil Oakenshaw")
    desk_page.get_by_text("Nobody fits.").wait_for()
    desk_page.keyboard.press("ArrowDown")
    desk_page.keyboard.press("Enter")

    desk_page.get_by_label("Last name").wait_for()
    assert desk_page.get_by_label("First name").input_value() == "Basil"
    assert desk_page.get_by_label("Last name").input_value() == "Oakenshaw"
    assert "asil" not in desk_page.url


def test_a_move_that_comes_with_its_time_needs_one_press_and_is_undone_in_the_visit(desk_page, house):
    visit = make_appointment(patient=house["greta"], nurse=house["ada"], starts_at=today_at("09:00", days=2))
    target = today_at("11:00", days=3)
    slot = f"{target.isoformat()}|{house['ada'].pk}"
    desk_page.goto(f"{reverse('sessions_app:move', args=[visit.public_id])}?slot={slot.replace('+', '%2B')}")
    assert serious_problems(desk_page) == []
    desk_page.locator("[data-confirm]").press("Enter")
    desk_page.get_by_text("Moved: Greta Sandpiper").wait_for()

    desk_page.goto(reverse("sessions_app:appointment", args=[visit.public_id]))
    desk_page.get_by_role("button", name="Undo the last change").click()

    desk_page.get_by_text("Taken back: Greta Sandpiper is booked").wait_for()
    assert Appointment.objects.select_related("entry").get(pk=visit.pk).starts_at == today_at("09:00", days=2)


@two_looks
def test_the_new_dialogs_are_accessible_and_fit(context, house, live_server, size, scheme):
    page = signed_in(context, house["clinician"], live_server)
    repeat_holds.place(patient=house["otto"], reason="Skin not healed", by=house["clinician"])
    early = house["early"].public_id
    addresses = [
        f"{reverse('sessions_app:book_course')}?patient={house['greta'].public_id}",
        f"{reverse('sessions_app:book_course')}?patient={house['otto'].public_id}",
        f"{reverse('sessions_app:book')}?patient={house['otto'].public_id}",
        f"{reverse('sessions_app:book')}?patient={early}&date={today_at('09:00', days=3).date()}",
        reverse("sessions_app:hold_place", args=[early]),
        reverse("sessions_app:hold_lift", args=[house["otto"].public_id]),
        reverse("clinic:patient", args=[house["otto"].public_id]),
    ]

    for address in addresses:
        page.goto(address)
        assert serious_problems(page) == []
        assert (address, too_wide(page)) == (address, [])


def active(page):
    return page.evaluate("({ name: document.activeElement.name, value: document.activeElement.value })")


def test_another_day_is_reached_by_arrows_and_enter_and_its_time_is_booked_by_enter(desk_page, house):
    open_booking(desk_page, house["greta"])
    desk_page.locator(".month button[tabindex='0']").focus()
    first = active(desk_page)["value"]

    desk_page.keyboard.press("ArrowRight")
    second = active(desk_page)["value"]
    desk_page.keyboard.press("Enter")
    desk_page.locator(".day-times").first.wait_for()
    chosen = desk_page.locator("[name=slot]:checked").get_attribute("value")

    assert second > first
    assert active(desk_page) == {"name": "slot", "value": chosen}
    said = desk_page.locator("[data-confirm-words]").inner_text()
    desk_page.keyboard.press("2")
    assert desk_page.locator("[data-confirm-words]").inner_text() != said
    said = desk_page.locator("[data-confirm-words]").inner_text()
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("Booked: Greta Sandpiper").wait_for()
    assert said == f"Book {time_words(of(house['greta']).get().starts_at, Clinic.current().zone)}"


def test_the_question_about_travel_is_one_key_and_enter_still_books(desk_page, house):
    open_booking(desk_page, house["greta"])

    desk_page.keyboard.press("n")
    desk_page.keyboard.press("Enter")

    desk_page.get_by_text("Booked: Greta Sandpiper").wait_for()
    assert of(house["greta"]).get().travel_note == "Nothing planned"


def test_enter_on_a_patient_with_a_booked_treatment_moves_it(desk_page, house):
    make_appointment(patient=house["greta"], nurse=house["ada"], starts_at=today_at("10:00", days=9))
    open_booking(desk_page, house["greta"])

    desk_page.keyboard.press("Enter")

    desk_page.get_by_text("Nobody writes to this patient").wait_for()
    assert of(house["greta"]).count() == 1


def test_a_link_inside_a_dialog_puts_the_focus_on_the_first_control_of_the_next_one(desk_page, house):
    open_booking(desk_page, house["greta"])

    desk_page.get_by_role("link", name="Several sessions at once").press("Enter")
    desk_page.locator("dialog[open] .course-row").first.wait_for()

    assert desk_page.evaluate("document.querySelector('dialog[open] .dialog-body').contains(document.activeElement)")


def test_the_reason_of_an_early_time_has_the_focus_and_is_not_called_optional(new_context, house, live_server):
    page = signed_in(new_context(), house["clinician"], live_server)
    day = today_at("10:00", days=2)
    wish = f"date={day:%Y-%m-%d}&at=10:00&patient={house['early'].public_id}&nurse={house['ada'].public_id}"

    page.goto(f"{reverse('sessions_app:book')}?{wish}")

    assert active(page)["name"] == "early_reason"
    assert page.locator(".early-reason").inner_text().strip() == "Why earlier than usual?"


def test_cancelling_without_a_reason_puts_the_focus_on_the_first_one(desk_page, house):
    visit = make_appointment(patient=house["greta"], nurse=house["ada"], starts_at=today_at("10:00", days=9))
    desk_page.goto(f"{reverse('sessions_app:day')}?date={today_at('10:00', days=9):%Y-%m-%d}")
    desk_page.locator(f'.board [data-focus-id="v-{visit.public_id}"]').focus()
    desk_page.keyboard.press("x")
    desk_page.get_by_role("button", name="Cancel the visit").click()
    desk_page.get_by_text("Choose the reason.").first.wait_for()

    assert active(desk_page) == {"name": "reason", "value": "The patient is ill"}


def test_an_emptied_search_is_no_loss_to_warn_of(desk_page):
    desk_page.goto(reverse("sessions_app:day"))
    desk_page.keyboard.press("n")
    desk_page.locator("#book-q").fill("greta")
    desk_page.locator("#book-q").fill("")

    desk_page.keyboard.press("Escape")

    wait_closed(desk_page)
