"""Who consents after the session was signed still gets what is to come of the plan, once."""

import pytest
import time_machine

from clinic import actions
from clinic.access import Role
from clinic.models import ContactPreference, Delivery
from tests.aftercare.people import make_plan
from tests.makers import at, make_appointment, make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK)


def steps(**of):
    rows = Delivery.objects.filter(source="plan", **of).order_by("due_at")
    return [(row.step, row.local_time[:10]) for row in rows]


def consents(patient, desk, *, when, **changes):
    patient.refresh_from_db()
    with time_machine.travel(at(when), tick=False):
        return actions.update_patient(
            patient=patient, version=patient.version, changes=changes, contact={"email": True}, by=desk
        )


@pytest.fixture
def expected():
    """What somebody who consented before the session gets."""
    make_plan("2026-01-13 10:30")
    planned = steps(state="pending")
    Delivery.objects.all().update(source="another")
    assert len(planned) > 2
    return planned


def test_who_consents_after_the_signature_gets_the_messages_of_the_plan(desk, expected):
    plan = make_plan("2026-01-13 10:30", patient=make_patient())
    assert steps() == []

    consents(plan.patient, desk, when="2026-01-13 11:00")

    assert steps(state="pending") == expected
    assert {row.source_id for row in Delivery.objects.filter(source="plan")} == {plan.public_id}


def test_what_was_due_before_the_consent_is_not_sent_late(desk, expected):
    plan = make_plan("2026-01-13 10:30", patient=make_patient())

    consents(plan.patient, desk, when="2026-01-15 12:00")

    assert steps(state="pending") == [each for each in expected if each[1] > "2026-01-15"]


def test_a_consent_that_is_given_again_after_a_stop_plans_what_was_called_off(desk, expected):
    plan = make_plan("2026-01-13 10:30")
    Delivery.objects.filter(source="plan").update(state="cancelled", reason="opt-out")
    ContactPreference.objects.update(allowed=False)

    consents(plan.patient, desk, when="2026-01-13 11:00")

    assert steps(state="pending") == expected


def test_what_has_left_is_not_sent_again(desk, expected):
    plan = make_plan("2026-01-13 10:30")
    first = Delivery.objects.filter(source="plan").order_by("due_at").first()
    Delivery.objects.filter(pk=first.pk).update(state="sending")
    Delivery.objects.filter(pk=first.pk).update(state="sent")
    ContactPreference.objects.update(allowed=False)

    consents(plan.patient, desk, when="2026-01-13 11:00")

    assert (steps(state="pending"), steps(state="sent")) == (expected[1:], expected[:1])


def test_an_address_that_is_given_later_plans_them_too(desk, expected):
    patient = make_patient(email="", email_allowed=True)
    plan = make_plan("2026-01-13 10:30", patient=patient)
    assert steps() == []

    consents(plan.patient, desk, when="2026-01-13 11:00", email="new@example.com")

    assert steps(state="pending") == expected


def test_reminders_of_booked_visits_are_planned_too(desk):
    patient = make_patient()
    visit = make_appointment(patient=patient, starts_at=at("2026-01-20 10:00"))

    consents(patient, desk, when="2026-01-13 11:00")
    consents(patient, desk, when="2026-01-13 11:05", email="other@example.com")

    rows = Delivery.objects.filter(source="appointment", state="pending").order_by("due_at")
    assert [(row.step, row.local_time, row.source_id) for row in rows] == [
        ("APPT_3", "2026-01-17T09:00", visit.public_id),
        ("APPT_1", "2026-01-19T09:00", visit.public_id),
    ]
