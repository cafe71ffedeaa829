"""A link in a real browser: no other page, and no other request, learns its secret."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic import portal
from clinic.paper_link import paper_link
from tests.makers import make_clinic, make_patient_user

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
