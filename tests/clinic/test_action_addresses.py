"""An address that only a form is sent to leads to the page of the thing when it is opened as a page."""

import pytest
from django.urls import reverse

from clinic.access import Role
from clinic.action_addresses import page_of
from tests.makers import make_adverse_event, make_clinic, make_patient_user, make_report, make_user

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic()


def test_a_failed_close_of_a_report_reloaded_is_the_report(client):
    report = make_report()
    client.force_login(make_user(Role.CLINICIAN))

    answer = client.get(reverse("aftercare:queue_close", args=[report.public_id]), headers=HTML, follow=True)

    assert answer.redirect_chain == [(reverse("aftercare:queue_report", args=[report.public_id]), 302)]
    assert answer.status_code == 200


def test_a_failed_close_of_an_event_reloaded_is_the_event(client):
    event = make_adverse_event()
    client.force_login(make_user(Role.CLINICIAN))

    answer = client.get(reverse("sessions_app:event_close", args=[event.public_id]), headers=HTML, follow=True)

    assert answer.redirect_chain == [(reverse("sessions_app:event", args=[event.public_id]), 302)]
    assert answer.status_code == 200


def test_who_may_not_do_it_is_refused_as_ever(client):
    report = make_report()
    client.force_login(make_patient_user())

    assert client.get(reverse("aftercare:queue_close", args=[report.public_id]), headers=HTML).status_code == 403


def test_signed_out_it_leads_to_the_sign_in(client):
    address = reverse("aftercare:queue_close", args=[make_report().public_id])

    assert client.get(address, headers=HTML).url == f"{reverse('account_login')}?next={address}"


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {**HTML, "HX-Request": "true"}])
def test_a_program_or_a_fragment_still_gets_the_plain_answer(client, headers):
    client.force_login(make_user(Role.CLINICIAN))

    assert (
        client.get(reverse("aftercare:queue_close", args=[make_report().public_id]), headers=headers).status_code == 405
    )


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_not_allowed(client, method):
    client.force_login(make_user(Role.CLINICIAN))
    address = reverse("aftercare:queue_close", args=[make_report().public_id])

    assert getattr(client, method)(address, headers=HTML).status_code == 405


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/queue/list/", "/queue/"),
        ("/nowhere/at/all/", "/"),
        ("//elsewhere.example/close/", "/"),
        ("/close/", "/"),
    ],
)
def test_the_nearest_page_above_is_meant_and_never_another_house(path, page):
    assert page_of(path) == page
