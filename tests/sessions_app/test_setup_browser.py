"""The set-up in a browser: a week typed by keyboard, a day closed around a visit, on a screen and on a phone."""

from datetime import date

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.access import Role
from clinic.models import StaffTask
from sessions_app.models import Closure, NurseHours
from tests.makers import at, make_appointment, make_hours, make_room, make_user
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _tuesday():
    with time_machine.travel(at("2026-01-13 11:20"), tick=True):
        yield


@pytest.fixture
def nurse():
    nurse = make_user(name="Nora Pike")
    make_hours(nurse)
    return nurse


@pytest.fixture
def visit(nurse):
    return make_appointment(nurse=nurse, room=make_room(name="Room 1"), starts_at=at("2026-01-21 14:00"))


@pytest.fixture
def page(page, context, live_server):
    sign_in(context, make_user(Role.CLINICAL_LEAD, name="Miriam Lead"), live_server)
    return page


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_week_is_typed_its_visits_are_shown_and_it_is_saved(page, nurse, visit):
    page.goto("/setup/")
    page.get_by_role("navigation", name="Set-up of the schedule").get_by_role("link", name="Hours").click()
    page.get_by_role("link", name="Nora Pike").click()
    page.get_by_label("Monday").fill("8-12")
    for _ in range(4):
        page.keyboard.press("Tab")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("=")
    page.get_by_role("button", name="Save the hours").click()

    panel = page.get_by_role("group", name="1 visit falls outside")
    expect(panel).to_contain_text("Nora Pike does not work then.")
    expect(panel).to_be_focused()
    assert serious_problems(page) == []
    expect(page.get_by_label("Monday")).to_have_value("8-12")
    panel.get_by_role("button", name="Save the hours and make a task").click()

    expect(page.get_by_role("status").get_by_text("Nora Pike works these hours.")).to_be_visible()
    expect(page.get_by_text("Mon to Fri")).to_have_count(2)
    assert NurseHours.objects.filter(nurse=nurse, valid_from=date(2026, 1, 19)).count() == 5
    assert StaffTask.objects.open().get(kind="visit_outside_hours").about_id == visit.public_id


def test_a_nurses_time_off_is_entered_around_a_visit_and_ended(page, nurse, visit):
    page.goto(f"/setup/hours/{nurse.public_id}/")
    page.get_by_role("link", name="Time off", exact=True).click()
    expect(page.get_by_role("group", name="Who is away")).to_be_visible()
    expect(page.get_by_role("group", name="Which rooms")).to_be_hidden()
    page.get_by_label("What is it").fill("Holiday")
    page.get_by_label("First day").fill("2026-01-21")
    page.get_by_role("button", name="Close it", exact=True).click()
    page.get_by_role("button", name="Close it and make a task").click()
    expect(page.get_by_text("1 visit is still in it")).to_be_visible()
    assert serious_problems(page) == []

    page.get_by_role("button", name="End time off Holiday").click()

    expect(page.get_by_role("status").get_by_text("Holiday has ended")).to_be_visible()
    assert Closure.objects.get().ended_at is not None
    assert not StaffTask.objects.open().filter(kind="visit_outside_hours").exists()
