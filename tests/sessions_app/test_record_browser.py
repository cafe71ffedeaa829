"""The record in a real browser: the map follows a choice, scores by keyboard, the card is one page of paper."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from clinic.models import Patient
from clinic.protocol.scores import RVCSS_ITEMS
from sessions_app.models import SessionAmpoule, TreatmentSession
from tests.makers import (
    make_appointment,
    make_clinic,
    make_draft_session,
    make_patient,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACES = ("thigh_anterior", "thigh_medial", "thigh_lateral", "calf_anterior", "calf_medial", "calf_lateral")


@pytest.fixture
def open_page(new_context, live_server):
    nurse = make_user(Role.NURSE, name="Ada Birchwood")

    def open_it(path, **options):
        context = new_context(size=options.pop("size", "tablet"), **options)
        sign_in(context, nurse, live_server)
        page = context.new_page()
        page.goto(path)
        return page

    return open_it


def address(name, patient):
    return reverse(f"sessions_app:{name}", args=[patient.public_id])


def treated(patient, days_ago, **site):
    visit = make_appointment(patient=patient, starts_at=timezone.now() - timedelta(days=days_ago), status="done")
    return make_signed_session(appointment=visit, patient=patient, sites=[site], reaction="none")


def test_the_map_follows_a_choice_without_leaving_the_patients_page(open_page):
    patient = make_patient()
    treated(patient, 30, leg="left", segment="calf_medial")
    treated(patient, 10, leg="right", segment="popliteal")
    page = open_page(reverse("clinic:patient", args=[patient.public_id]))
    drawing = page.locator("#record-map svg.legmap")
    expect(drawing).to_have_attribute("aria-label", "Leg map: Right popliteal. Treated in session 2; "
                                      "Left calf, medial. Treated in session 1")  # fmt: skip

    page.get_by_role("link", name="Session 1,").first.click()

    expect(drawing).to_have_attribute("aria-label", "Leg map: Left calf, medial. Site 1, spider, 0.8 mL")
    assert page.url.endswith(f"/patients/{patient.public_id}/")


def test_both_legs_are_scored_by_keyboard_with_a_live_total_and_stand_on_the_patients_page(open_page):
    patient = make_patient()
    page = open_page(address("score_new", patient))
    right, left = (page.locator(f"[data-score-total={leg}]") for leg in ("right", "left"))
    expect(right).to_have_text("not examined")

    page.locator("#id_right-pain_0").focus()
    for number in range(len(RVCSS_ITEMS)):
        for points in ("1", "0") if number < 3 else ("0", "0"):
            page.keyboard.type(points)
            page.keyboard.press("Tab")

    expect(right).to_have_text("3")
    expect(left).to_have_text("0")
    page.get_by_role("button", name="Clear the ten answers of the left leg").click()
    expect(left).to_have_text("not examined")
    for item in RVCSS_ITEMS[1:]:
        page.locator(f"#div_id_left-{item.name}").get_by_text("None").click()
    expect(left).to_have_text("0 so far, 1 to answer")
    page.get_by_role("button", name="Record the scores").click()
    expect(page.locator("#div_id_left-pain")).to_contain_text("Answer this item; all ten make the score.")
    page.get_by_role("link", name="Left leg: Pain or discomfort").click()
    page.keyboard.press("3")
    page.get_by_role("button", name="Record the scores").click()

    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert sorted(patient.scores.values_list("leg", "result")) == [("left", "3"), ("right", "3")]


def fullest_session(patient, days_ago):
    """As much as a card must hold: both legs, twelve sites, two strengths, two lots each, a long note."""
    started = timezone.now() - timedelta(days=days_ago)
    visit = make_appointment(patient=patient, starts_at=started, status="done")
    sites = [
        {"leg": leg, "segment": place, "strength_percent": Decimal(strength), "volume_ml": Decimal("0.75")}
        for leg, strength in (("left", "0.50"), ("right", "1.00"))
        for place in PLACES
    ]
    draft = make_draft_session(
        appointment=visit, patient=patient, sites=sites, weight_kg=Decimal("82.5"), compression_legs="both",
        responsible_clinician=make_user(Role.CLINICIAN, name="Wilhelmina Featherstonehaugh-Ravensworth"),
        compression_garment="Thigh stocking", compression_mmhg="20-30", reaction="seen", reaction_note="Wheals. " * 20,
    )  # fmt: skip
    for strength in ("0.50", "1.00"):
        for lot in ("DEMO-24170001", "DEMO-31020002"):
            SessionAmpoule.objects.create(
                session=draft, strength_percent=strength, lot=lot, expiry="2027-05-31", opened=2
            )
    draft.ended_at, draft.status = started + timedelta(minutes=40), TreatmentSession.Status.SIGNED
    draft.protocol_version, draft.signed_by, draft.signed_at = make_signed_protocol(), draft.nurse, timezone.now()
    draft.save()


@pytest.mark.parametrize(("size", "paper"), [("phone", "A4"), ("tablet", "Letter")])
def test_the_fullest_card_is_one_page_of_paper(open_page, size, paper):
    make_clinic(
        name="Larkfield Vein Clinic", phone="(201) 555-0100", phone_hours="Every day 7:00 to 19:00",
        out_of_hours_phone="(201) 555-0199",
    )  # fmt: skip
    patient = make_patient(
        given_name="Wilhelmina", family_name="Featherstonehaugh-Ravensworth", allergies="Latex, plaster, nickel, wasps",
        risk_factors=[risk.value for risk in Patient.RiskFactor], polidocanol_allergy=True,
    )  # fmt: skip
    for days_ago in (40, 20, 5):
        fullest_session(patient, days_ago)
    page = open_page(address("handover", patient), size=size)
    expect(page.get_by_role("button", name="Print the card")).to_be_visible()

    printed = page.pdf(format=paper)

    assert printed.count(b"/Type /Page") - printed.count(b"/Type /Pages") == 1


def test_the_card_opens_the_printers_dialog(open_page):
    patient = make_patient()
    treated(patient, 5)
    page = open_page(address("handover", patient))
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")

    page.get_by_role("button", name="Print the card").click()

    expect(page.locator("body")).to_have_attribute("data-printed", "yes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_record_are_accessible(open_page, scheme):
    patient = make_patient(allergies="Latex")
    treated(patient, 30, leg="left", segment="calf_medial")
    page = open_page(address("record", patient), scheme=scheme)
    found = {}
    for name in ("record", "scores", "score_new", "handover"):
        page.goto(address(name, patient))
        found[name] = serious_problems(page)

    assert found == {"record": [], "scores": [], "score_new": [], "handover": []}


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_the_day_of_a_visit_stays_in_one_line_although_the_patient_wrote_about_it(open_page, size):
    patient = make_patient()
    treated(patient, 10, leg="right", segment="popliteal")
    asked = {"move_asked_at": timezone.now(), "move_wish": "any afternoon, better after four, not on a Monday"}
    make_appointment(patient=patient, starts_at=timezone.now() + timedelta(days=9), **asked)
    page = open_page(reverse("clinic:patient", args=[patient.public_id]), size=size)
    line = page.locator(".visit-line", has_text="any afternoon")
    expect(line).to_be_visible()

    assert line.locator("b").bounding_box()["height"] < 30
