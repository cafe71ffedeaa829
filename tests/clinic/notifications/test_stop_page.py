"""How a patient stops messages: a page that scanners may open, a button, and the one click of a mail program."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.test import Client

from clinic.models import AuditEvent, ContactPreference, Delivery, OptOut
from clinic.notifications import channels
from clinic.notifications.consent import hash_of_address
from clinic.notifications.opt_out import stop_url
from tests.clinic.notifications.engine import make_due, reload, ring
from tests.makers import at, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]

NOW = at("2026-01-14 12:00")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False):
        yield


def path_of(delivery):
    return "/stop/" + stop_url(delivery.pk).partition("/stop/")[2]


def strict_client():
    return Client(enforce_csrf_checks=True)


def test_looking_at_the_page_changes_nothing_and_shows_nothing_of_anybody():
    delivery = make_due(make_patient(email_allowed=True, given_name="Canaryname"), why="canary spider veins")

    answers = [getattr(strict_client(), method)(path_of(delivery)) for method in ("get", "head", "get")]

    text = answers[-1].content.decode()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "Stop these e-mails?" in text
    assert "canary" not in text.lower()
    assert delivery.patient.email not in text
    assert OptOut.objects.count() == 0
    assert answers[-1].headers["Referrer-Policy"] == "no-referrer"
    assert answers[-1].headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_a_post_without_sign_in_or_csrf_token_stops_the_channel(body):
    delivery = make_due(state="sent")
    digest = hash_of_address("email", delivery.patient.email)
    delivery.tries.create(number=1, address_hash=digest, started_at=NOW - timedelta(hours=1))
    waiting = make_due(delivery.patient)
    claimed = make_due(delivery.patient, state="claimed")
    other = make_due()

    answer = strict_client().post(path_of(delivery), body)

    assert (answer.status_code, "You will get no more e-mails" in answer.content.decode()) == (200, True)
    assert [(reload(row).state, reload(row).reason) for row in (waiting, claimed)] == [("cancelled", "opt-out")] * 2
    assert reload(other).state == "pending"
    assert ContactPreference.objects.get(patient=delivery.patient).allowed is False
    assert AuditEvent.objects.filter(action="messages stopped", patient_id=delivery.patient_id).count() == 1


def test_stopping_twice_is_one_stop(client):
    delivery = make_due()

    client.post(path_of(delivery))
    client.post(path_of(delivery))

    assert OptOut.objects.count() == 1


def test_the_address_that_got_the_message_is_stopped_not_the_one_on_file_since(client):
    delivery = make_due(state="sent")
    delivery.tries.create(number=1, address_hash=hash_of_address("email", "old@example.com"), started_at=NOW)

    client.post(path_of(delivery))

    assert OptOut.objects.get().address_hash == hash_of_address("email", "old@example.com")
    assert ContactPreference.objects.get(patient=delivery.patient).allowed is True
    event = AuditEvent.objects.get(action="messages stopped")
    assert (event.patient_id, event.details["address"]) == (delivery.patient_id, "former")


def test_a_stop_of_a_demo_message_stops_e_mail_too(client):
    delivery = make_due(channel="file")
    waiting = make_due(delivery.patient, channel="email")

    client.post(path_of(delivery))

    assert (OptOut.objects.get().channel, channels.CHANNELS["file"].consent) == ("email", "email")
    assert reload(waiting).state == "cancelled"


def test_messages_come_again_after_a_new_consent(clock, channel, client):
    delivery = make_due()
    client.post(path_of(delivery))
    ContactPreference.objects.update(allowed=True, decided_at=NOW + timedelta(minutes=1))
    again = make_due(delivery.patient)

    ring(clock)

    assert reload(again).state == "sent"


def test_the_page_speaks_the_patients_language(client):
    delivery = make_due(make_patient(language="es", email_allowed=True))

    assert "¿Dejar de recibir correos?" in client.get(path_of(delivery)).content.decode()
    assert "Ya no le escribiremos" in client.post(path_of(delivery)).content.decode()


def test_a_changed_or_invented_address_is_not_found_and_stops_nothing(client):
    delivery = make_due()
    path = path_of(delivery)
    forged = signing.Signer(salt="something else").sign(delivery.pk.hex)
    changed = path[:-4] + ("aaa/" if path[-4:] != "aaa/" else "bbb/")

    for wrong in (changed, f"/stop/{forged}/", f"/stop/{delivery.pk.hex}/", "/stop/x/"):
        assert client.post(wrong).status_code == 404

    assert (OptOut.objects.count(), Delivery.objects.get().state) == (0, "pending")


def test_a_former_key_still_stops(client, settings):
    delivery = make_due()
    path = path_of(delivery)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-another-key-another-key-another-key-another"

    assert client.post(path).status_code == 200


def test_other_methods_are_refused(client):
    delivery = make_due()

    assert {client.put(path_of(delivery)).status_code, client.delete(path_of(delivery)).status_code} == {405}
