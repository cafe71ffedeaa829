"""Two presses at once, of one form and of two: one answer per form, and one call however many ask for it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connections

from aftercare.models import Tick
from aftercare.ticks import answer_day
from clinic.models import StaffTask
from tests.aftercare.people import RETICULAR, make_plan
from tests.makers import at, make_clinic, make_patient_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient():
    make_clinic()
    patient = make_patient_user().patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    return patient


def pressed_at_once(patient, keys):
    def press(key):
        try:
            return answer_day(
                patient=patient,
                task=Tick.Task.STOCKING,
                day=date(2026, 1, 15),
                answer="no",
                reason="too_tight",
                request_key=key,
                by=patient.user,
                now=at("2026-01-15 12:00"),
            ).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(press, keys))


def test_a_form_sent_four_times_at_once_is_one_answer_that_all_get(patient):
    found = pressed_at_once(patient, [uuid.uuid4()] * 4)

    assert (len(set(found)), Tick.objects.count()) == (1, 1)


def test_four_answers_at_once_ask_for_one_call(patient):
    found = pressed_at_once(patient, [uuid.uuid4() for _ in range(4)])

    assert len(set(found)) == 4
    assert StaffTask.objects.filter(kind="stocking_help", patient=patient).count() == 1
