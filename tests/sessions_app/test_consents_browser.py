"""The consent in a real browser: signed by hand or by keyboard beside an open visit, which becomes signable by it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from sessions_app.models import DayCheck, SeriesConsent, TreatmentSession
from tests.makers import at, make_consent, make_day_check, make_patient, make_user
from tests.sessions_app.charts import ASKED, END, SIGNING, ready_draft
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNSIGNED = {name: value for name, value in ASKED.items() if not name.startswith("consent")}
# Consent that is signed when the treatment is over comes too late, so these begin while it goes on.
DURING = at("2026-01-13 10:20")
GOING_ON = {"ended_at": None, "observation_started_at": None, "observation_ended_at": None}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(SIGNING, tick=True) as traveller:
        yield traveller


def after_the_walk(session, clock):
    """Half an hour later: the times are written down, nothing else is missing."""
    clock.move_to(SIGNING)
    TreatmentSession.objects.filter(pk=session.pk).update(
        ended_at=END, observation_started_at=END, observation_ended_at=END + timedelta(minutes=16)
    )


@pytest.fixture
def open_visit(new_context, live_server):
    def open_page(session, **options):
        context = new_context(**{"size": "tablet", **options})
        sign_in(context, session.nurse, live_server)
        page = context.new_page()
        page.goto(reverse("sessions_app:visit", args=[session.appointment.public_id]))
        return page

    return open_page


def draw(page):
    """A wave across the box, as a finger or a mouse would."""
    canvas = page.get_by_role("img", name=re.compile("^Box to sign in"))
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 60, middle)
    page.mouse.down()
    for step in range(1, 10):
        page.mouse.move(box["x"] + 60 + 30 * step, middle + (25 if step % 2 else -25))
    page.mouse.up()


def test_a_consent_is_signed_on_the_screen_and_the_session_becomes_signable(open_visit, clock):
    clock.move_to(DURING)
    session = ready_draft(screening=UNSIGNED, **GOING_ON)
    page = open_visit(session)
    expect(page.get_by_role("button", name=re.compile(r"^Sign\s*, \d things missing"))).to_be_visible()

    page.get_by_role("link", name="Sign now").click()
    assert serious_problems(page) == []
    page.get_by_role("group", name="Photographs of my legs").get_by_text("No", exact=True).click()
    draw(page)
    page.get_by_role("button", name="Clear").click()
    draw(page)
    page.get_by_role("button", name="Sign the consent").click()

    expect(page.get_by_text(f"Signed Tue 13 Jan by {session.patient.name}, version 1, no photographs")).to_be_visible()
    after_the_walk(session, clock)
    page = open_visit(session)
    expect(page.get_by_role("link", name="Check the plan and sign")).to_be_visible()
    [line] = SeriesConsent.objects.get().strokes
    assert len(line) == 10
    assert serious_problems(page) == []


def test_a_signature_is_not_lost_with_the_session_of_who_handed_the_tablet_over(open_visit, clock):
    """The patient holds it: no alert of the clinic shows there, only the end of the session."""
    clock.move_to(DURING)
    page = open_visit(ready_draft(screening=UNSIGNED, **GOING_ON))
    page.clock.install()
    page.get_by_role("link", name="Sign now").click()
    draw(page)
    expect(page.get_by_role("button", name="Clear")).to_be_visible()

    Session.objects.all().delete()
    with page.expect_response("**/alerts/"):
        page.clock.run_for(31_000)

    expect(page.get_by_text("What you typed is still here: sign in again in another tab")).to_be_visible()
    expect(page.get_by_role("button", name="Clear")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "tablet"])
def test_the_keyboard_signs_with_a_typed_name(open_visit, size, clock):
    clock.move_to(DURING)
    session = ready_draft(screening=UNSIGNED, **GOING_ON, patient=make_patient(language="es"))
    page = open_visit(session, size=size, scheme="dark")
    page.get_by_role("link", name="Sign now").click()
    page.get_by_role("link", name="English").click()

    page.get_by_role("radio", name="Yes, you may").focus()
    page.keyboard.press("Space")
    page.locator("[data-typed] > summary").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Marigold Quillfeather")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert serious_problems(page) == []
    page.get_by_role("button", name="Sign the consent").press("Enter")

    expect(page.get_by_text("Marigold Quillfeather, version 1, photographs allowed")).to_be_visible()
    consent = SeriesConsent.objects.get()
    assert (consent.signed_name, consent.strokes, consent.text.language) == ("Marigold Quillfeather", [], "en")


def test_the_day_is_set_from_a_visit_without_losing_what_was_typed(open_visit):
    session = ready_draft(screening={**ASKED, "kit_checked_today": None})
    page = open_visit(session)

    page.get_by_role("textbox", name="Note", exact=True).fill("Typed just before")
    page.get_by_role("button", name="Checked, for all today").click()

    expect(page.locator("#before-head")).to_contain_text("identity, safety, consent, kit")
    expect(page.get_by_role("textbox", name="Note", exact=True)).to_have_value("Typed just before")
    assert DayCheck.objects.get().kit_checked_by == session.nurse


def test_a_healthy_returning_patient_is_four_taps(open_visit):
    """Identity, medication, no reason against it, risks as last time: consent and day stand already."""
    patient = make_patient(risk_factors=["smoking"])
    session = ready_draft(patient=patient, screening={}, responsible_clinician=None)
    make_day_check()
    make_consent(patient=patient, signed_at=DURING)
    page = open_visit(session)
    head = page.locator("#before-head")
    expect(head).to_contain_text("4 to confirm")

    taps = [
        page.get_by_role("checkbox", name=re.compile("^Name and birth date confirmed")),
        page.get_by_role("checkbox", name=re.compile("^Medication and allergies")),
        page.get_by_role("group", name="Reasons not to treat today").get_by_text("None of these"),
        page.get_by_role("group", name="Risks and plans").get_by_text(re.compile("^As on file: smokes")),
    ]
    for tap in taps:
        tap.click()

    expect(head).to_contain_text("identity, safety, consent, kit")
    expect(page.get_by_role("link", name="Check the plan and sign")).to_be_visible()


def test_the_usual_reasons_to_end_a_consent_are_one_tap_in_the_dialog_and_on_its_own_page(new_page, live_server):
    consent = make_consent()
    page = new_page(size="tablet")
    sign_in(page.context, make_user(), live_server)
    page.goto(reverse("sessions_app:consent_end", args=[consent.public_id]))
    chip = page.get_by_role("button", name="Patient withdraws")
    chip.click()
    expect(page.get_by_label("Why does it end?")).to_have_value("Patient withdraws")

    page.goto(reverse("sessions_app:consents", args=[consent.patient.public_id]))
    page.get_by_role("link", name="End it…").click()
    chip.click()
    page.get_by_role("button", name="End the consent").click()

    expect(page.get_by_text("the consent has ended.")).to_be_visible()
    assert SeriesConsent.objects.get().ended_why == "Patient withdraws"
