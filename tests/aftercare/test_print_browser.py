"""The printed sheet in a browser: one page whatever stands on it, readable by everybody."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.access import Role
from tests.aftercare.people import RETICULAR, SPIDER, make_plan, reachable_patient, treated_patient
from tests.aftercare.readable import TABLET, faults_of
from tests.makers import (
    make_appointment,
    make_carer,
    make_clinic,
    make_patient_user,
    make_report,
    make_signed_protocol,
    make_user,
)
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(
        name="Larkfield Centre for Veins and Skin of the Upper Valley",
        phone="212-555-0100",
        phone_hours="Mon to Fri 8:00 to 18:00, Sat 9:00 to 12:00",
        out_of_hours_phone="212-555-0199",
    )


@pytest.fixture
def little():
    return treated_patient(timezone.now() - 20 * DAY, SPIDER)


@pytest.fixture
def much():
    """Both legs by plans of their own, a pause, a visit, a zone of their own and a long name."""
    name = {"given_name": "Maximiliana Philippa", "family_name": "Featherstonehaugh-Quillfeather"}
    patient = make_patient_user(reachable_patient(**name, time_zone="Europe/Madrid")).patient
    make_plan(timezone.now() - 5 * DAY, {**SPIDER, "leg": "right"}, patient=patient)
    make_plan(timezone.now() - 2 * DAY, RETICULAR, patient=patient, screening={"breastfeeding": True})
    make_plan(timezone.now() - DAY / 2, {**SPIDER, "leg": "right"}, patient=patient)
    make_appointment(patient=patient, starts_at=timezone.now() + 6 * DAY)
    return patient


@pytest.fixture
def wordy(request):
    """All of it, and the longest rule of showering that a clinic can sign, with a word that no line holds."""
    make_signed_protocol(overrides={"shower_text": "Keep the stocking dry. " * 11 + "x" * 47})
    return request.getfixturevalue("much")


@pytest.fixture
def told():
    """The stocking is to come off, by a report that is not answered."""
    patient = treated_patient(timezone.now() - 9 * DAY, RETICULAR, given_name="Lucía", family_name="Restrepo")
    make_report(patient=patient, by=patient.user, symptoms=["TOES_UNDER_STOCKING"])
    return patient


@pytest.fixture
def grave(much):
    """All of it, an open emergency, and the stocking to come off."""
    facts = {"level": "EMERGENCY", "symptoms": ["COLD_FOOT"], "affirmed": ["TOES_NOT_BETTER"]}
    make_report(patient=much, by=much.user, **facts)
    return much


def sheet_of(new_context, live_server, patient, language, path="/plan/print/", **looks):
    """The page of the plan on paper, as the patient's phone prints it in this language."""
    patient.language = language
    patient.save()
    context = new_context(size="phone", **looks)
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.goto(path)
    return page


def pages_on_paper(page):
    return {paper: len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format=paper))) for paper in ("A4", "Letter")}


@pytest.mark.parametrize("who", ["little", "much", "told"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("text", "most"), [("", 1), ("large", 2)])
def test_the_sheet_is_one_page_of_either_paper_and_two_in_large_text(
    new_context, live_server, request, who, language, text, most
):
    patient = request.getfixturevalue(who)
    page = sheet_of(new_context, live_server, patient, language, f"/plan/print/?text={text}", scheme="dark")

    pages = pages_on_paper(page)

    assert {paper: number <= most for paper, number in pages.items()} == {"A4": True, "Letter": True}


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_full_plan_with_a_long_rule_of_showering_is_one_page_and_no_wider_than_a_phone(
    new_context, live_server, wordy, language
):
    page = sheet_of(new_context, live_server, wordy, language)
    px = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    pages = pages_on_paper(page)

    assert (px, pages) == (0, {"A4": 1, "Letter": 1})


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_full_plan_below_an_emergency_is_one_page_and_leaves_out_of_what_is_normal(
    new_context, live_server, grave, language
):
    page = sheet_of(new_context, live_server, grave, language)

    pages = pages_on_paper(page)

    assert pages == {"A4": 1, "Letter": 1}


@pytest.mark.parametrize("language", ["en", "es"])
def test_large_text_on_paper_is_large_and_its_signs_are_a_list(new_context, live_server, much, language):
    much.language = language
    much.save()
    context = new_context(size="desk")
    sign_in(context, much.user, live_server)
    page = context.new_page()
    page.goto("/plan/print/?text=large")
    page.emulate_media(media="print")

    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".plansheet :is(.card-body p, li, .plansheet-who, .plansheet-big p)")]
        .map((each) => parseFloat(getComputedStyle(each).fontSize) * 72 / 96)"""
    )
    signs = page.locator(".plansheet .signs li")
    shown = set(signs.evaluate_all("items => items.map((each) => getComputedStyle(each).display)"))

    assert round(min(sizes), 2) >= 16
    assert (signs.count() > 5, shown) == (True, {"list-item"})


def test_a_name_never_breaks_within_a_word_on_a_narrow_phone(new_context, live_server):
    name = {"given_name": "Marigold", "family_name": "Quillfeather"}
    patient = treated_patient(timezone.now() - 2 * DAY, SPIDER, **name)
    context = new_context(size="phone")
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/plan/print/?text=large")

    rows = page.locator(".plansheet-who b").evaluate("each => each.getClientRects().length")
    parts = page.evaluate(
        """() => { const text = document.querySelector(".plansheet-who b").firstChild, range = document.createRange();
        range.setStart(text, text.data.indexOf("Quill")); range.setEnd(text, text.data.length);
        return range.getClientRects().length; }"""
    )
    assert (rows >= 1, parts) == (True, 1)


def test_the_sheet_of_staff_is_one_page_too(new_context, live_server, much):
    context = new_context(size="desk")
    sign_in(context, make_user(Role.NURSE), live_server)
    page = context.new_page()
    page.goto(f"/patients/{much.public_id}/plan/print/")

    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="Letter"))) == 1


@pytest.mark.parametrize("text", ["", "large"])
def test_the_sheet_of_a_carer_is_one_page_too_and_readable_on_a_phone(new_context, live_server, much, text):
    carer = make_carer(patient=much, language="es")
    context = new_context(size="phone")
    sign_in(context, carer.user, live_server)
    page = context.new_page()
    page.goto(f"/care/{carer.public_id}/plan/print/?text={text}")

    assert faults_of(page, 320, 390, TABLET) == []
    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="Letter"))) <= (2 if text else 1)


@pytest.mark.parametrize(("text", "size", "scheme"), [("", "desk", "light"), ("large", "phone", "dark")])
def test_everybody_can_read_the_sheet_on_the_screen(context, live_server, much, text):
    sign_in(context, much.user, live_server)
    page = context.new_page()
    page.goto(f"/plan/print/?text={text}")

    assert faults_of(page, 320, 390, TABLET) == []


def test_the_button_prints_and_is_there_only_where_it_can(new_context, live_server, little):
    for scripts in (True, False):
        context = new_context(size="phone", java_script_enabled=scripts)
        sign_in(context, little.user, live_server)
        page = context.new_page()
        page.goto("/plan/print/")

        assert page.get_by_text("Print this page").is_visible() is scripts
