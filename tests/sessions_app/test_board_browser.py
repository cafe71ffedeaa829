"""The boards in a real browser: carrying visits by mouse and keys, two desks at once, and keys for everything."""

from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from clinic.models import Clinic
from clinic.search import index_patient
from sessions_app import booking
from sessions_app.models import Appointment
from tests.makers import make_appointment, make_hours, make_patient, make_room, make_service, make_user
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# An open board asks every five seconds; a test gives it three times as long.
SEEN_WITHIN_MS = 15_000


def zone():
    return Clinic.current().zone


def tomorrow_at(clock):
    """The browser has the real clock, so that everything is on the clinic's next day, whole and free."""
    day = timezone.now().astimezone(zone()).date() + timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(clock), zone())


def clock_of(visit):
    return f"{Appointment.objects.get(pk=visit.pk).starts_at.astimezone(zone()):%H:%M}"


def nurse_of(visit):
    return Appointment.objects.get(pk=visit.pk).entry.nurse.name


@pytest.fixture
def house():
    rooms = [make_room(name="Room 1"), make_room(name="Room 2")]
    ada, tomas = make_user(Role.NURSE, name="Ada Birchwood"), make_user(Role.NURSE, name="Tomas Pinewright")
    for nurse in (ada, tomas):
        make_hours(nurse, weekdays=range(7), starts="08:00", ends="16:00")
    service = make_service(name="Review", kind="review", chair_minutes=30, walk_minutes=0, buffer_minutes=0)
    odette = make_patient(given_name="Odette", family_name="Fennimore")
    index_patient(odette)
    visit = make_appointment(patient=odette, nurse=ada, room=rooms[0], service=service, starts_at=tomorrow_at("10:00"))
    return {"visit": visit, "ada": ada, "tomas": tomas, "service": service, "rooms": rooms}


@pytest.fixture
def open_desk(new_context, house, live_server):
    """``open_desk("Petra Fallowell")``: the board of tomorrow, open in a browser of that person's own."""

    def open_one(name, path="sessions_app:day", query="", **options):
        context = new_context(**options)
        sign_in(context, make_user(Role.FRONT_DESK, name=name), live_server)
        page = context.new_page()
        page.goto(f"{reverse(path)}?date={tomorrow_at('10:00').date()}{query}")
        page.wait_for_function("() => Boolean(document.querySelector('#day')['htmx-internal-data'])")
        return page

    return open_one


def block(page, visit):
    return page.locator(f'[data-board] [data-focus-id="v-{visit.public_id}"]')


def lane(page, name):
    return page.locator(f'.lane[aria-label="{name}"]')


def drag(page, visit, to_lane, clock):
    """Take the visit by its upper edge and let it go at a time of a lane."""
    start = block(page, visit).bounding_box()
    goal = to_lane.bounding_box()
    per_minute = (goal["height"] - 16) / (8 * 60)
    wanted = time.fromisoformat(clock)
    y = goal["y"] + 8 + ((wanted.hour - 8) * 60 + wanted.minute) * per_minute
    page.mouse.move(start["x"] + 40, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(goal["x"] + 60, y + 4, steps=6)
    page.mouse.up()


def confirm(page):
    page.locator("dialog[open] [data-confirm]").wait_for()
    page.locator("dialog[open] [data-confirm]").click()
    page.get_by_text("Moved: Odette Fennimore").wait_for()


def test_a_visit_is_dragged_to_another_nurse_and_time(open_desk, house):
    page = open_desk("Petra Fallowell")

    drag(page, house["visit"], lane(page, "Tomas Pinewright"), "13:15")
    page.locator("dialog[open]").get_by_text("13:15").first.wait_for()
    assert (clock_of(house["visit"]), nurse_of(house["visit"])) == ("10:00", "Ada Birchwood")
    confirm(page)

    assert (clock_of(house["visit"]), nurse_of(house["visit"])) == ("13:15", "Tomas Pinewright")
    lane(page, "Tomas Pinewright").locator(".appt").get_by_text("Odette Fennimore").wait_for()


def test_a_drag_keeps_the_length_and_a_short_one_only_opens_the_visit(open_desk, house):
    page = open_desk("Petra Fallowell")
    length = house["visit"].entry.ends_at - house["visit"].entry.starts_at

    drag(page, house["visit"], lane(page, "Ada Birchwood"), "12:00")
    confirm(page)

    entry = Appointment.objects.get(pk=house["visit"].pk).entry
    assert entry.ends_at - entry.starts_at == length
    block(page, house["visit"]).click()
    page.locator("dialog[open] .happened").wait_for()


def test_a_drag_to_a_taken_time_is_refused_in_the_dialog(open_desk, house):
    make_appointment(
        nurse=house["tomas"], room=house["rooms"][1], service=house["service"], starts_at=tomorrow_at("13:00")
    )
    page = open_desk("Petra Fallowell")

    drag(page, house["visit"], lane(page, "Tomas Pinewright"), "13:00")

    page.locator("dialog[open]").get_by_text("is not free").first.wait_for()
    assert clock_of(house["visit"]) == "10:00"


def test_escape_while_dragging_puts_the_visit_back(open_desk, house):
    page = open_desk("Petra Fallowell")
    start = block(page, house["visit"]).bounding_box()
    page.mouse.move(start["x"] + 40, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 120, steps=4)
    page.locator(".drop").wait_for()

    page.keyboard.press("Escape")
    page.mouse.up()

    assert page.locator(".drop, dialog[open], .is-carried").count() == 0


def test_a_visit_is_carried_by_keys_and_moved_in_the_same_dialog(open_desk, house):
    page = open_desk("Petra Fallowell")
    block(page, house["visit"]).focus()

    page.keyboard.press("Space")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.locator(".drop").get_by_text("10:30 to 11:00").wait_for()
    page.keyboard.press("Enter")
    confirm(page)

    assert (clock_of(house["visit"]), nurse_of(house["visit"])) == ("10:30", "Tomas Pinewright")


def test_a_carried_visit_goes_back_with_escape_and_m_offers_the_best_times(open_desk, house):
    page = open_desk("Petra Fallowell")
    block(page, house["visit"]).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")

    assert page.locator(".drop").count() == 0
    assert page.evaluate("document.activeElement.dataset.focusId") == f"v-{house['visit'].public_id}"

    page.keyboard.press("m")
    page.locator("dialog[open] .month").wait_for()


def test_in_the_week_a_visit_is_carried_to_another_day_at_the_same_time(open_desk, house):
    page = open_desk("Petra Fallowell", "sessions_app:week")
    is_monday = tomorrow_at("10:00").weekday() == 0
    block(page, house["visit"]).focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight" if is_monday else "ArrowDown")
    page.keyboard.press("Enter")
    confirm(page)

    moved = Appointment.objects.get(pk=house["visit"].pk)
    days = (moved.starts_at.astimezone(zone()).date() - tomorrow_at("10:00").date()).days
    assert (clock_of(moved), nurse_of(moved), days) == (
        "10:00",
        "Ada Birchwood" if is_monday else "Tomas Pinewright",
        1 if is_monday else 0,
    )


def test_by_room_a_visit_is_dragged_to_another_room(open_desk, house):
    page = open_desk("Petra Fallowell", query="&by=room")

    drag(page, house["visit"], lane(page, "Room 2"), "11:00")
    confirm(page)

    assert (clock_of(house["visit"]), nurse_of(house["visit"])) == ("11:00", "Ada Birchwood")
    assert Appointment.objects.get(pk=house["visit"].pk).entry.room.name == "Room 2"


def test_two_desks_see_each_others_changes_without_reloading(open_desk, house):
    petra, quentin = open_desk("Petra Fallowell"), open_desk("Quentin Marlowe")
    block(quentin, house["visit"]).focus()
    quentin.evaluate("window.same = true")

    drag(petra, house["visit"], lane(petra, "Tomas Pinewright"), "14:00")
    confirm(petra)

    lane(quentin, "Tomas Pinewright").locator(".appt").wait_for(timeout=SEEN_WITHIN_MS)
    assert quentin.evaluate("window.same") is True
    assert quentin.evaluate("document.activeElement.dataset.focusId") == f"v-{house['visit'].public_id}"


def test_a_stale_move_is_refused_in_words_with_what_the_other_desk_did(open_desk, house):
    petra, quentin = open_desk("Petra Fallowell"), open_desk("Quentin Marlowe")
    drag(quentin, house["visit"], lane(quentin, "Ada Birchwood"), "12:00")
    quentin.locator("dialog[open] [data-confirm]").wait_for()

    drag(petra, house["visit"], lane(petra, "Tomas Pinewright"), "14:00")
    confirm(petra)
    quentin.locator("dialog[open] [data-confirm]").click()

    quentin.get_by_text("with Tomas Pinewright in").first.wait_for()
    quentin.get_by_text("by Petra Fallowell.").wait_for()
    assert (clock_of(house["visit"]), nurse_of(house["visit"])) == ("14:00", "Tomas Pinewright")


def test_a_refresh_disturbs_neither_typed_text_nor_scroll_nor_an_open_dialog(open_desk, house):
    page = open_desk("Petra Fallowell", size="tablet")
    page.locator("[data-search]").fill("fenni")
    page.evaluate("window.scrollTo({ top: 60, behavior: 'instant' })")
    assert page.evaluate("window.scrollY") == 60

    with page.expect_response(lambda answer: "/day/changes/" in answer.url and answer.status == 200):
        booking.change_status(
            appointment=house["visit"], to=Appointment.Status.NO_SHOW, by=house["ada"], now=tomorrow_at("10:30")
        )
    page.locator(".board .appt-noshow").wait_for()

    assert page.locator("[data-search]").input_value() == "fenni"
    assert page.evaluate("document.activeElement.id") == "patient-search"
    assert page.evaluate("window.scrollY") == 60


def test_an_open_dialog_is_not_polled_behind(open_desk, house):
    page = open_desk("Petra Fallowell")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/day/changes/" in request.url else None)
    page.keyboard.press("n")
    page.locator("dialog[open] #book-q").wait_for()
    asked.clear()

    page.clock.install()
    page.clock.run_for(20_000)

    assert asked == []


def test_keys_go_between_days_week_and_help(open_desk, house):
    page = open_desk("Petra Fallowell")
    day = tomorrow_at("10:00").date()

    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/day/?date={day + timedelta(days=1)}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/day/?date={day}")
    page.keyboard.press("w")
    page.wait_for_url(f"**/week/?date={day}")
    page.keyboard.press("d")
    page.wait_for_url(f"**/day/?date={day}")
    page.keyboard.press("?")
    page.locator("dialog[open]").get_by_role("heading", name="Keys").wait_for()
    assert serious_problems(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.wait_for_url("**/day/?")


def test_a_free_place_is_booked_by_keys(open_desk, house):
    page = open_desk("Petra Fallowell")
    block(page, house["visit"]).focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.locator("dialog[open] #book-q").wait_for()
    page.locator("dialog[open]").get_by_text("10:30").first.wait_for()


@pytest.mark.parametrize("beside_px", [-4, 4])
def test_a_free_quarter_of_an_hour_is_pressed_a_little_beside_it_too(open_desk, house, beside_px):
    make_appointment(
        patient=make_patient(),
        nurse=house["ada"],
        room=house["rooms"][0],
        service=house["service"],
        starts_at=tomorrow_at("10:45"),
    )
    page = open_desk("Petra Fallowell")
    place = page.locator(".free").filter(has_text="Free 10:30 to 10:45")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    edge = box["y"] if beside_px < 0 else box["y"] + box["height"]

    page.mouse.click(box["x"] + box["width"] / 2, edge + beside_px)

    expect(page.locator("dialog[open] #book-q")).to_be_visible()


def test_all_seven_days_of_a_week_stand_beside_each_other_on_a_tablet(open_desk, house):
    page = open_desk("Petra Fallowell", path="sessions_app:week", size="tablet")

    expect(page.locator(".week-table thead th")).to_have_count(7)
    for head in page.locator(".week-table thead th").all():
        expect(head).to_be_in_viewport(ratio=1)


def test_filters_are_chosen_on_the_page_and_stay_in_the_address(open_desk, house):
    page = open_desk("Petra Fallowell")

    page.locator("#board-filter summary").click()
    page.get_by_label("Nurse", exact=True).select_option("Tomas Pinewright")
    page.get_by_role("button", name="Show these").click()
    page.get_by_text("Nurse: Tomas Pinewright").wait_for()

    assert f"nurse={house['tomas'].public_id}" in page.url
    assert page.locator(".lane").count() == 1
    page.get_by_role("link", name="Nurse: Tomas Pinewright").click()
    page.wait_for_function("() => document.querySelectorAll('.lane').length === 2")


def test_a_phone_shows_the_day_as_a_list(open_desk, house):
    page = open_desk("Petra Fallowell", size="phone")

    assert page.locator(".board").is_visible() is False
    page.locator(".agenda").get_by_text("Odette Fennimore").click()
    page.locator("dialog[open] .happened").wait_for()
