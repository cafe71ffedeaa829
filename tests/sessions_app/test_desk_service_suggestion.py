"""Who is picked decides which service the booking dialog suggests, until somebody chooses one."""

import pytest
from django.urls import reverse

from clinic.access import Role
from sessions_app.models import Service
from tests.makers import make_hours, make_patient, make_room, make_service, make_signed_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dialog(client):
    services = {kind: make_service(kind=kind) for kind in Service.Kind}
    make_hours(make_user(), weekdays=range(7))
    make_room()
    client.force_login(make_user(role=Role.FRONT_DESK))

    def send(**typed):
        return client.post(reverse("sessions_app:book"), typed).context

    return send, services


def test_picking_somebody_who_was_here_turns_the_first_visit_into_a_treatment(dialog):
    send, services = dialog
    known = make_signed_session().patient
    first = services[Service.Kind.FIRST_VISIT]

    assert send(q="inv")["service"] == first
    picked = send(service=first.pk, suggested=first.pk, patient=known.public_id)

    assert picked["service"] == services[Service.Kind.TREATMENT]


def test_a_service_that_somebody_chose_stays_whoever_is_picked(dialog):
    send, services = dialog
    review, first = services[Service.Kind.REVIEW], services[Service.Kind.FIRST_VISIT]

    picked = send(service=review.pk, suggested=first.pk, patient=make_signed_session().patient.public_id)

    assert picked["service"] == review


def test_a_new_patient_gets_a_first_visit(dialog):
    send, services = dialog

    assert send(patient=make_patient().public_id)["service"] == services[Service.Kind.FIRST_VISIT]
