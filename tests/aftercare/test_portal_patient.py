"""Which patient a portal page speaks of."""

from uuid import uuid4

import pytest
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone

from aftercare.portal_patient import Reader, portal_patient, portal_reader
from clinic.access import Role
from clinic.models import AuditEvent
from tests.makers import make_carer, make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db


def asked_by(user, method="get"):
    request = getattr(RequestFactory(), method)("/care/")
    request.user, request.resolver_match = user, None
    return request


def test_patients_read_of_themselves_without_a_note_in_the_trail():
    user = make_patient_user()

    assert portal_reader(asked_by(user)) == Reader(user.patient)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("role", [Role.CARER, Role.NURSE, Role.FRONT_DESK, Role.CLINICAL_LEAD])
def test_whoever_is_no_patient_has_no_page_of_an_own_plan(role):
    make_patient_user()

    with pytest.raises(Http404):
        portal_patient(asked_by(make_user(role)))


def test_a_carer_reads_of_the_patient_of_the_address_and_it_is_noted():
    user = make_user(Role.CARER)
    first, second = make_carer(user=user), make_carer(user=user, language="es", may_report=True)

    reader = portal_reader(asked_by(user), second.public_id)

    assert (reader.patient, reader.carer, reader.language, reader.may_answer) == (second.patient, second, "es", True)
    assert portal_patient(asked_by(user), first.public_id) == first.patient
    noted = AuditEvent.objects.filter(action="read by a carer").order_by("pk").values_list("by_id", "patient_id")
    assert list(noted) == [(user.pk, second.patient_id), (user.pk, first.patient_id)]


def test_what_a_carer_sends_is_noted_by_the_action_and_not_as_a_read():
    carer = make_carer()

    assert portal_patient(asked_by(carer.user, "post"), carer.public_id) == carer.patient
    assert not AuditEvent.objects.exists()


def test_a_patient_who_is_a_carer_reads_of_both_and_each_at_its_own_address():
    user = make_patient_user(language="es")
    carer = make_carer(user=user)

    assert portal_reader(asked_by(user)).patient == user.patient
    assert portal_reader(asked_by(user), carer.public_id).patient == carer.patient


def test_another_carers_address_answers_like_none_and_the_try_is_noted():
    theirs = make_carer()
    user = make_carer().user

    with pytest.raises(Http404):
        portal_patient(asked_by(user), theirs.public_id)
    assert AuditEvent.objects.get().action == "denied"


def test_not_even_the_patient_reads_at_the_address_of_a_carer():
    user = make_patient_user()
    carer = make_carer(patient=user.patient)

    with pytest.raises(Http404):
        portal_patient(asked_by(user), carer.public_id)


def test_an_ended_access_answers_like_none():
    carer = make_carer()
    carer.ended_at, carer.ended_by = timezone.now(), make_user()
    carer.save()

    with pytest.raises(Http404):
        portal_patient(asked_by(carer.user), carer.public_id)


def test_an_access_that_never_was_answers_404_without_a_note():
    make_patient()

    with pytest.raises(Http404):
        portal_patient(asked_by(make_user(Role.CARER)), uuid4())
    assert not AuditEvent.objects.exists()
