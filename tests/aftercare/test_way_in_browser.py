"""A link in a real browser: no other page, and no other request, learns its secret; it leads to what it is about."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from aftercare.presenters.symptoms import QUESTIONS
from clinic import portal
from clinic.models import Delivery
from clinic.paper_link import paper_link
from tests.aftercare.people import RETICULAR, make_plan, reachable_patient
from tests.clinic.notifications.engine import Clock, ring
from tests.makers import make_clinic, make_patient_user
from tests.support.accessibility import serious_problems

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def patient():
    make_clinic(name="Larkfield Vein Clinic", phone="212-555-0100")
    return make_patient_user(email="marigold@mail.example").patient


@pytest.mark.parametrize("kind", ["message", "paper"])
def test_no_request_of_the_browser_tells_the_secret_to_another_page(new_page, patient, kind):
    now = timezone.now()
    link = portal.make_link(patient, now) if kind == "message" else paper_link(patient, now + timedelta(days=1))
    path = link.removeprefix("http://localhost:8000")
    secret = path.split("/")[2]
    page, asked = new_page(size="phone"), []
    page.on("request", lambda request: asked.append(request))

    page.goto(path)
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/accounts/code/confirm/")
    page.goto("/accounts/code/")

    others = [request for request in asked if secret not in request.url]
    assert len(others) > 5
    assert [request.url for request in others if secret in str(request.all_headers())] == []
    assert secret not in page.url
    assert secret not in page.content()


def test_a_message_that_asks_how_one_is_opens_the_questions_by_a_code_and_once_signed_in_at_once(
    new_page, patient, settings
):
    settings.NOTIFICATION_CHANNELS = ["email"]
    patient = make_patient_user(reachable_patient(email="basil@mail.example")).patient
    make_plan(timezone.now() - timedelta(days=1), RETICULAR, patient=patient)
    due_at = Delivery.objects.get(patient=patient, step="CHECK_1").due_at
    with time_machine.travel(due_at, tick=False):
        ring(Clock(due_at))
    link = re.search(r"http://localhost:8000(/l/\S+)", mail.outbox[0].body).group(1)
    page = new_page(size="phone")

    page.goto(link)
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/accounts/code/confirm/")
    page.get_by_label("Code from our message").fill(re.search(r"^\s+(\d{6})\s*$", mail.outbox[1].body, re.M).group(1))
    page.get_by_role("button", name="Open my page").click()
    page.wait_for_url("**/how/")
    assert serious_problems(page) == []
    for question in QUESTIONS:
        page.click(f"label[for=id_{question.key}_0]")
    page.click(".bar-bottom button.btn-primary")
    page.wait_for_url("**/how/2/")

    page.goto(link)
    assert (page.url.endswith("/how/"), len(mail.outbox)) == (True, 2)
    page.get_by_role("link", name="Today").click()
    page.wait_for_url("**/today/")
