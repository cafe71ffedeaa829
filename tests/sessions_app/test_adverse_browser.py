"""An emergency in a real browser: from the visit in one tap, steps with their time, the alert, the desk, the end."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from clinic.search import index_patient
from sessions_app.emergency import Step
from sessions_app.models import AdverseEvent
from tests.makers import make_adverse_event, make_appointment, make_draft_session, make_patient, make_service, make_user
from tests.sessions_app.charts import ASKED, in_force
from tests.sessions_app.looks import too_wide, two_looks
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page_for(new_context, live_server):
    """`page_for(user, size="phone", scheme="dark")`: a page of that person, in a browser of her own."""

    def open_page(user, **options):
        context = new_context(**options)
        sign_in(context, user, live_server)
        return context.new_page()

    return open_page


def draft_now():
    in_force()
    now = timezone.now().replace(second=0, microsecond=0)
    patient = make_patient(given_name="Ivy", family_name="Quillfeather")
    index_patient(patient)
    appointment = make_appointment(patient=patient, starts_at=now, status="in_treatment")
    clinician = make_user(Role.CLINICIAN, name="Imani Rowanfield", phone="+12125550142")
    return make_draft_session(appointment=appointment, screening=ASKED, responsible_clinician=clinician)


def test_an_emergency_from_the_first_tap_until_the_allergy_that_it_was_stands_against_treatments(page_for):
    session, service = draft_now(), make_service(name="Treatment")
    patient, clinician = session.patient, session.responsible_clinician
    booking = f"{reverse('sessions_app:book')}?patient={patient.public_id}&service={service.pk}"

    # The nurse: one tap from the visit, one for each step; the time stands there by itself.
    nurse = page_for(session.nurse, size="tablet")
    nurse.goto(reverse("sessions_app:visit", args=[session.appointment.public_id]))
    nurse.locator("header").get_by_role("link", name="Adverse event").click()
    nurse.wait_for_load_state()
    block = nurse.get_by_role("region", name="Allergic sign, anaphylaxis")
    assert block.bounding_box()["y"] < 300
    assert all(button.bounding_box()["height"] >= 48 for button in block.get_by_role("button").all())
    calls = [link.get_attribute("href") for link in block.get_by_role("link").all()]
    assert calls == ["tel:911", "tel:+12125550142"]
    block.get_by_role("button", name="Done now: Call the emergency number").click()
    expect(nurse).to_have_url(re.compile(r"/events/[0-9a-f-]{36}/"))
    nurse.get_by_label("What was seen and what was done").fill("Hives on both arms, short of breath")
    nurse.get_by_role("button", name="Call the responsible clinician").click()
    expect(nurse.locator("#steps li")).to_have_count(2)
    expect(nurse.get_by_label("Time of the step")).to_be_visible()
    nurse.get_by_text("2 min ago", exact=True).click()
    expect(nurse.get_by_label("Time of the step")).to_be_hidden()
    nurse.get_by_role("button", name="Fetch the anaphylaxis kit and oxygen").click()
    expect(nurse.locator("#steps li")).to_have_count(3)
    expect(nurse.get_by_label("What was seen and what was done")).to_have_value("Hives on both arms, short of breath")
    expect(nurse.get_by_role("link", name="Back to the visit")).to_be_visible()
    event = AdverseEvent.objects.get()
    assert [step.what for step in event.steps.all()] == [Step.KIT, Step.AMBULANCE, Step.CLINICIAN]
    assert (event.session, event.kind) == (session, "anaphylaxis")

    # The desk cannot book a treatment and does not read why.
    desk = page_for(make_user(Role.FRONT_DESK))
    desk.goto(booking)
    expect(desk.get_by_text("On hold until a clinician clears it.")).to_be_visible()
    expect(desk.locator("body")).not_to_contain_text(re.compile("anaphylaxis|adverse", re.IGNORECASE))

    # The clinician is alerted on whichever page is open, looks, and has seen it by one press.
    page = page_for(clinician)
    page.goto(reverse("clinic:patients"))
    page.locator(".page-alerts").get_by_role("link", name="Look at it").click()
    page.get_by_role("button", name="I have seen it").click()
    expect(page.get_by_text("The alert is over.").first).to_be_visible()
    page.goto(reverse("clinic:patients"))
    page.wait_for_load_state("networkidle")
    expect(page.locator(".page-alerts")).not_to_contain_text("Adverse event")

    page.goto(reverse("sessions_app:event", args=[event.public_id]))
    page.get_by_label("2: moderate").check()
    page.get_by_label("How it ended").fill("Observed for four hours, well")
    page.get_by_text("Confirm an allergy to polidocanol").click()
    page.get_by_role("button", name="Confirm: allergic to polidocanol").click()
    expect(page.get_by_text("Every further session is blocked").first).to_be_visible()
    page.get_by_label("How it ended").fill("Observed for four hours, well")
    page.get_by_role("button", name="Save and close").click()
    expect(page.get_by_text("Closed. No treatment is booked: allergic to polidocanol.").first).to_be_visible()

    desk.goto(booking)
    expect(desk.get_by_text("Something on record stands against a treatment. A clinician decides.")).to_be_visible()
    expect(desk.get_by_text("On hold until a clinician clears it.")).to_have_count(0)
    event.refresh_from_db()
    patient.refresh_from_db()
    assert (event.closed_by, event.severity_grade, patient.polidocanol_allergy) == (clinician, 2, True)


@two_looks
def test_the_pages_can_be_read_and_fit(page_for, size, scheme):
    session = draft_now()
    event = make_adverse_event(session=session, kind="intra_arterial", onset_at=timezone.now())
    page = page_for(session.responsible_clinician, size=size, scheme=scheme)

    def look(name, *args, query=""):
        page.goto(reverse(f"sessions_app:{name}", args=args) + query)
        assert serious_problems(page) == []
        assert too_wide(page) == []

    look("event_begin", session.patient.public_id)
    look("event", event.public_id)
    look("events")
    look("event_report", event.public_id)
