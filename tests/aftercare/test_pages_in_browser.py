"""The pages of aftercare in a real browser: readable by everybody, nothing cut off, the link and the code by hand."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from clinic import portal
from clinic.access import Role
from tests.aftercare.people import RETICULAR, SPIDER, complete_draft, make_plan, reachable_patient
from tests.aftercare.readable import LOOKS, LOOKS_BY_LANGUAGE, TABLET, faults_at
from tests.makers import make_appointment, make_clinic, make_patient_user, make_user
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100", phone_hours="Mon to Fri 8:00 to 18:00")


@pytest.fixture
def patient():
    patient = make_patient_user(reachable_patient(given_name="Marigold", family_name="Quillfeather")).patient
    make_plan(timezone.now() - 9 * 24 * HOUR, RETICULAR, {**SPIDER, "leg": "right"}, patient=patient)
    make_plan(timezone.now() - 2 * 24 * HOUR, SPIDER, patient=patient, screening={"breastfeeding": True})
    make_appointment(patient=patient, starts_at=timezone.now() + 6 * 24 * HOUR)
    return patient


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS_BY_LANGUAGE)
def test_everybody_can_read_the_patients_page(context, live_server, patient, language):
    patient.language = language
    patient.save()
    sign_in(context, patient.user, live_server)

    assert faults_at(context.new_page(), "/today/") == []


@pytest.mark.parametrize("width", [320, 360, 430])
def test_nothing_of_the_patients_page_is_cut_off_in_large_text(new_context, live_server, patient, width):
    context = new_context(size="phone")
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/today/")
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_patients_page_works_without_script(new_context, live_server, patient):
    context = new_context(size="phone", java_script_enabled=False)
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.goto("/today/")

    assert page.get_by_role("heading", level=1).inner_text() == "Stocking on, day and night"
    assert page.get_by_role("link", name="Print the plan").is_visible()


def test_a_patient_comes_in_by_link_and_code(new_page, patient):
    link = portal.make_link(patient, timezone.now()).removeprefix("http://localhost:8000")
    page = new_page(size="phone")

    assert faults_at(page, link) == []
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/accounts/code/confirm/")
    assert serious_problems(page) == []
    page.get_by_label("Code from our message").fill(re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1))
    page.get_by_role("button", name="Open my page").click()
    page.wait_for_url("**/today/")
    assert link.split("/")[2] not in page.content()


def test_an_ended_link_is_readable_too(new_page):
    assert faults_at(new_page(size="phone"), "/l/never-was/") == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_everybody_can_read_the_pages_of_staff(context, live_server, patient):
    draft = complete_draft(RETICULAR, ended_at=timezone.now() - HOUR, patient=patient)
    sign_in(context, make_user({Role.NURSE, Role.CLINICAL_LEAD}, name="Ada Birchwood"), live_server)
    page = context.new_page()

    pages = [
        f"/visits/{draft.public_id}/sign/",
        f"/patients/{patient.public_id}/plan/",
        "/protocol/",
        "/protocol/next/",
    ]
    assert [problem for path in pages for problem in faults_at(page, path, TABLET)] == []
    page.goto(pages[1])
    tables = page.locator(".table-wrap:has(.plan-table, .message-table)")
    assert tables.evaluate_all("all => all.filter(each => each.scrollWidth > each.clientWidth).length") == 0
    assert tables.count() > 1


def test_a_nurse_signs_and_sees_what_is_on_its_way(new_context, live_server):
    draft = complete_draft(RETICULAR, ended_at=timezone.now() - HOUR)
    context = new_context(size="tablet")
    sign_in(context, make_user(name="Ada Birchwood"), live_server)
    page = context.new_page()
    page.goto(f"/visits/{draft.public_id}/sign/")

    page.get_by_role("button", name="Sign as Ada Birchwood").click()

    page.get_by_text("The session is locked.").wait_for()
    assert serious_problems(page) == []
    assert page.get_by_text("Planned").first.is_visible()


def test_a_lead_signs_a_protocol(new_context, live_server):
    context = new_context(size="desk")
    sign_in(context, make_user(Role.CLINICAL_LEAD, name="Beatrix Alderman"), live_server)
    page = context.new_page()
    page.goto("/protocol/")
    page.get_by_role("link", name="Read and sign version 1").click()
    page.get_by_label("What this version is for").fill("As shipped, read on paper")
    page.get_by_label("I have read the values").check()

    page.get_by_role("button", name="Sign version 1 as Beatrix Alderman").click()

    page.get_by_role("heading", name="Protocol 1").wait_for()
