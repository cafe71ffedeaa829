"""A NUL in what is sent: dropped where a text is kept, otherwise said in words; PostgreSQL stores none."""

from decimal import Decimal

import pytest
import time_machine
from django.db import DataError
from django.test import RequestFactory
from django.urls import reverse

from clinic.access import Role
from clinic.middleware import NoNul
from clinic.models import AuditEvent, ProtocolVersion, StaffTask
from sessions_app import adverse_events, cosigning, event_decisions
from sessions_app.models import TreatedSite, TreatmentSession
from tests.aftercare.people import SPIDER, complete_draft, protocol_in_force
from tests.makers import at, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:55")


@pytest.fixture(autouse=True)
def _time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    protocol_in_force()
    return complete_draft(SPIDER)


def test_a_reason_on_the_sign_page_is_kept_without_it(client, session):
    TreatedSite.objects.filter(session=session).update(strength_percent=Decimal("1"))
    session.ampoules.update(strength_percent=Decimal("1"))
    client.force_login(session.nurse)
    sent = {
        "version": session.version,
        "protocol": ProtocolVersion.in_force().number,
        "reason-L1": "small\x00 veins",
        "ack-L1": "on",
        "reason-\x00": "x",
    }

    answer = client.post(reverse("aftercare:sign", args=[session.public_id]), sent)

    session = TreatmentSession.objects.get(pk=session.pk)
    assert (answer.status_code, session.status) == (302, TreatmentSession.Status.SIGNED)
    assert session.findings.get(check_id="L1").reason == "small veins"


def test_the_note_that_closes_an_event_is_kept_without_it(client, session):
    key = "0b7f2a52-6c0f-4b4e-9a53-0a2f3e8f6d11"
    event = adverse_events.begin(patient=session.patient, kind="wheal", request_key=key, by=session.nurse)
    event = adverse_events.save_details(event=event, version=1, changes={"severity_grade": 1}, by=session.nurse)

    closed = event_decisions.close(event=event, version=event.version, note="a\x00b", by=make_user(Role.CLINICIAN))

    assert closed.closing_note == "ab"


def test_the_note_of_a_review_is_kept_without_it(session):
    task = cosigning.review_task(session, ["L4"])
    task.save()

    cosigning.review_override(task=task, note="a\x00b", by=make_user(Role.CLINICIAN))

    assert StaffTask.objects.get(pk=task.pk).done_at is not None
    assert AuditEvent.objects.get(action="override reviewed").details["note"] == "ab"


def test_an_address_that_holds_one_finds_no_photographs(client, session):
    client.force_login(session.nurse)
    address = reverse("sessions_app:photographs_compare", args=[session.patient.public_id])

    assert client.get(f"{address}?leg=%00&view=front").status_code == 302


@pytest.mark.parametrize(
    ("sent", "status"), [({"note": "a\x00"}, 400), ({"a\x00": "x"}, 400), ({"note": "fine"}, None)]
)
def test_a_database_that_takes_none_is_said_in_words(sent, status):
    request = RequestFactory().post("/", sent)
    answer = NoNul(lambda each: None).process_exception(request, DataError("no NUL"))

    assert (answer.status_code if answer else None) == status
