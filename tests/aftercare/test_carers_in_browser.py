"""Carers and settings in a real browser: readable by everybody, nothing cut off, and the way from adding to ending."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from aftercare.models import Carer
from clinic.access import Role
from tests.aftercare.people import RETICULAR, reachable_patient, treated_patient
from tests.aftercare.readable import LOOKS, LOOKS_BY_LANGUAGE, TABLET, faults_at
from tests.makers import make_appointment, make_carer, make_clinic, make_user
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG_NAME = "Wilhelmina Featherstonehaugh-Ravensworth"
LONG_EMAIL = "wilhelmina.featherstonehaugh-ravensworth@a-long-host-name.example.com"


@pytest.fixture(autouse=True)
def _clinic(settings):
    settings.ACCOUNT_MAIL_IN_BACKGROUND = False
    make_clinic(name="Larkfield Clinic", phone="+12125550100", phone_hours="Mon to Fri 8:00 to 18:00")


@pytest.fixture
def patient():
    name = {"given_name": "Marigold", "family_name": "Quillfeather"}
    patient = treated_patient(timezone.now() - timedelta(days=2), RETICULAR, **name)
    make_appointment(patient=patient, starts_at=timezone.now() + timedelta(days=6))
    return patient


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS_BY_LANGUAGE)
def test_everybody_can_read_the_pages_of_carers_and_of_patients_who_have_some(
    new_context, live_server, patient, language, size, scheme
):
    patient.language = language
    patient.save()
    user = make_user(Role.CARER)
    both = {"name": LONG_NAME, "language": language}
    looks = make_carer(patient=patient, user=user, **both)
    answers = make_carer(patient=reachable_patient(), user=user, may_report=True, **both)
    of_patient, of_carer = (new_context(size=size, scheme=scheme) for _ in range(2))
    sign_in(of_patient, patient.user, live_server)
    sign_in(of_carer, user, live_server)

    page = of_patient.new_page()
    notes = [note for path in ("/settings/", "/settings/people/") for note in faults_at(page, path, 360, TABLET)]
    page = of_carer.new_page()
    paths = ("/care/", f"/care/{looks.public_id}/", f"/care/{answers.public_id}/", "/settings/")
    notes += [note for path in paths for note in faults_at(page, path, 360, TABLET)]

    assert notes == []


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_is_cut_off_in_large_text(new_context, live_server, patient, width):
    make_carer(patient=patient, name=LONG_NAME)
    context = new_context(size="phone")
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})

    for path in ("/settings/", "/settings/people/"):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_staff_read_who_may_look(context, live_server, patient):
    make_carer(patient=patient, name=LONG_NAME)
    sign_in(context, make_user(Role.NURSE), live_server)

    assert faults_at(context.new_page(), f"/patients/{patient.public_id}/people/", 360) == []


@pytest.mark.parametrize("script", [True, False])
def test_from_letting_somebody_look_to_the_end_of_it_with_and_without_script(new_context, live_server, patient, script):
    mine, theirs = (new_context(size="phone", java_script_enabled=script) for _ in range(2))
    sign_in(mine, patient.user, live_server)
    page = mine.new_page()
    page.goto("/today/")
    page.get_by_role("link", name="Your settings").click()
    page.get_by_role("link", name="Let somebody look").click()
    page.get_by_label("Name", exact=True).fill(LONG_NAME)
    page.get_by_label("E-mail").fill(LONG_EMAIL)
    page.get_by_role("button", name="Check it once more").click()
    if script:
        assert serious_problems(page) == []
    page.get_by_role("button", name=f"Let {LONG_EMAIL} look").click()
    page.get_by_role("heading", name=LONG_NAME).wait_for()

    invitation = mail.outbox[-1]
    helper = theirs.new_page()
    helper.goto(re.search(r"http://\S+", invitation.body)[0].replace("http://localhost:8000", live_server.url))
    helper.get_by_label("E-mail").fill(LONG_EMAIL)
    helper.locator("main form button[type=submit]").first.click()
    helper.get_by_label("Code", exact=False).first.fill(re.search(r"^    (\S+)$", mail.outbox[-1].body, re.M)[1])
    helper.locator("main form button[type=submit]").first.click()
    helper.get_by_text("This is the page of Marigold Quillfeather.").wait_for()

    page.reload()
    page.get_by_text(f"End it for {LONG_NAME}").click()
    page.get_by_role("button", name=f"End {LONG_NAME}'s access").click()
    page.get_by_role("heading", name="Nobody looks with you").wait_for()

    helper.reload()
    helper.get_by_role("heading", name="There is no page for you now").wait_for()
    assert (helper.url.endswith("/care/"), "Quillfeather" in helper.content()) == (True, False)
    assert Carer.objects.get().ended_by == patient.user


def test_large_text_is_chosen_by_the_button_or_on_the_page_and_stays(new_context, live_server, patient):
    context = new_context(size="phone")
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.goto("/settings/")
    page.get_by_role("button", name="Larger text").click()
    by_button = page.goto("/today/").text()
    page.goto("/settings/")
    chosen = page.get_by_label("Large", exact=True).is_checked()
    page.get_by_label("Normal", exact=True).check(force=True)
    page.get_by_role("button", name="Save these settings").click()
    page.get_by_text("Your settings are saved.").first.wait_for()

    assert ('data-text="large"' in by_button, chosen) == (True, True)
    assert page.evaluate("document.documentElement.dataset.text") is None
