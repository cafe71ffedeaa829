"""The queue in a real browser: worked by keyboard and without script, fresh by itself, readable for everybody."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from aftercare import report_work
from aftercare.models import SymptomReport
from aftercare.presenters.symptoms import QUESTIONS
from clinic.access import Role
from tests.aftercare.readable import LOOKS, TABLET, faults_of
from tests.makers import make_patient, make_report, make_signed_session, make_user
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
URL = reverse("aftercare:queue")
DENIED = [question.key for question in QUESTIONS]


@pytest.fixture
def page_for(new_context, live_server):
    """`page_for(user, size="phone", scheme="dark")`: a page of that person, in a browser of her own."""

    def open_page(user, **options):
        context = new_context(**options)
        sign_in(context, user, live_server)
        return context.new_page()

    return open_page


def report_of(name, **facts):
    now = timezone.now()
    patient = make_patient(given_name=name, family_name="Cowslip", phone="+12125550148")
    session = make_signed_session(patient=patient)
    facts = {"denied": DENIED, "leg": "left", "reported_at": now, "session": session, "day": 2, **facts}
    return make_report(patient=patient, **{"due_at": now + timedelta(hours=3), **facts})


@pytest.fixture
def reports():
    """One of each kind, a taken and a reached one among them."""
    nurse, clinician = make_user(Role.NURSE, name="Petra Fallowell"), make_user(Role.CLINICIAN, name="Dr Alderman")
    now = timezone.now()
    before = now - timedelta(minutes=5)
    made = {
        "emergency": report_of(
            "Clementine", level="EMERGENCY", symptoms=["COLLAPSE"], denied=[], reported_at=before, due_at=now
        ),
        "today": report_of("Bess", free_text="It started last night.\nThe calf feels tight."),
        "taken": report_of("Humphrey", symptoms=["SKIN_DAMAGE"]),
        "reached": report_of("Ivy", symptoms=["INFECTION_SIGN"], language="es"),
        "expected": report_of("Alfie", level="REASSURE", symptoms=["BRUISES", "ITCHING"], source="phone"),
    }
    report_work.take(report=made["taken"], by=nurse)
    report_work.save(report=made["reached"], version=1, contact="reached", note="Comes today.", by=clinician)
    return {"nurse": nurse, "clinician": clinician, **made}


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_queue_and_a_report_are_readable_for_everybody(page_for, reports, size, scheme):
    page = page_for(reports["clinician"], size=size, scheme=scheme)
    found = []
    for path in (
        URL,
        *(reverse("aftercare:queue_report", args=[reports[kind].public_id]) for kind in ("today", "taken")),
    ):
        page.goto(path)
        expect(page.locator("#count-aftercare-queue")).to_have_text("4")
        expect(page.locator(".page-alerts .alert-line")).to_have_count(0)
        found += faults_of(page, TABLET)
        for more in page.locator("main details").all():
            more.locator("summary").click()
        found += faults_of(page, TABLET)

    assert found == []


def test_an_empty_queue_and_the_front_desks_view_are_readable(page_for, db):
    page = page_for(make_user(Role.FRONT_DESK), size="phone")
    page.goto(URL)
    expect(page.get_by_role("heading", name="Nobody waits for an answer")).to_be_visible()
    found = faults_of(page)
    page.goto(reverse("aftercare:queue_report", args=[report_of("Bess").public_id]))
    expect(page.get_by_text("A nurse or a clinician answers.")).to_be_visible()

    assert [*found, *faults_of(page)] == []
    expect(page.get_by_role("button", name=re.compile("Take it|Save|Close the report"))).to_have_count(0)


def test_a_report_is_found_taken_called_and_closed_by_keyboard(page_for, reports):
    page = page_for(reports["clinician"])
    page.goto("/")
    expect(page).to_have_url(re.compile(f"{URL}$"))
    expect(page.locator("#count-aftercare-queue")).to_have_text("4")
    rows = page.locator("#queue-list [data-arrow-item]")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bess Cowslip")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_text("You have it since")).to_be_visible()
    expect(page.get_by_role("link", name="Call (212) 555-0148")).to_have_attribute("href", "tel:+12125550148")
    page.get_by_text("No answer", exact=True).click()
    page.get_by_label("What happens now").select_option("scan")
    page.get_by_label("Note").fill("Comes at 12:15. No shortness of breath.")
    page.get_by_role("button", name="Close the report").click()
    expect(page.get_by_text("No answer: the report stays open").last).to_be_visible()
    page.get_by_text("Reached", exact=True).click()
    page.get_by_role("button", name="Close the report").click()
    expect(page.get_by_text("Duplex scan: the result is still to come").last).to_be_visible()
    page.get_by_label("The result of the visit or scan is known").check()
    page.get_by_role("button", name="Close the report").click()
    expect(page.get_by_text("Dr Alderman closed it").first).to_be_visible()

    stored = SymptomReport.objects.get(pk=reports["today"].pk)
    assert (stored.outcome, stored.closing_note) == ("scan", "Comes at 12:15. No shortness of breath.")
    page.goto(f"{URL}?show=closed")
    expect(page.get_by_role("link", name="Pain or swelling of one leg, left")).to_be_visible()


def test_the_list_and_the_open_report_are_fresh_without_a_touch_and_keep_what_is_typed(page_for, reports):
    page = page_for(reports["clinician"])
    page.goto(reverse("aftercare:queue_report", args=[reports["today"].public_id]))
    page.get_by_label("Note").fill("Half a sen")
    report_of("Zinnia", symptoms=["SEVERE_SITE_PAIN"])
    report_work.take(report=reports["today"], by=reports["nurse"])
    page.evaluate("htmx.ajax('GET', document.querySelector('#queue-list').getAttribute('hx-get'), '#queue-list')")

    expect(page.get_by_text("Zinnia Cowslip")).to_be_visible()
    expect(page.get_by_text("Somebody worked on this meanwhile")).to_be_visible()
    expect(page.locator("#report-news")).to_contain_text("Petra Fallowell took it.")
    expect(page.get_by_label("Note")).to_have_value("Half a sen")


def test_the_queue_works_without_script(page_for, reports):
    page = page_for(reports["nurse"], java_script_enabled=False, size="phone")
    page.goto(URL)
    page.get_by_role("link", name="Fainted, collapsed or confused").click()
    page.get_by_role("button", name="Take it: I answer").click()
    expect(page.get_by_text("You have it since")).to_be_visible()
    page.get_by_label("Note").fill("Ambulance is there.")
    page.get_by_role("button", name="Save, keep open").click()
    expect(page.get_by_text("Ambulance is there.")).to_be_visible()
    page.get_by_role("link", name="All reports").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
