"""A call in vain about a report: the patient is asked by message to call, once, neutrally, and while it is true."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from aftercare import report_work
from aftercare.presenters.staff import message_line
from aftercare.views.plan import messages_of
from clinic.access import Role
from clinic.models import ContactPreference, Delivery, OptOut, StaffTask
from clinic.notifications.consent import hash_of_address
from clinic.notifications.dispatch import dispatch
from clinic.notifications.sweep import sweep
from tests.makers import at, make_carer, make_clinic, make_patient_user, make_report, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 09:20")
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self, instant):
        self.instant = instant

    def now(self):
        return self.instant


def ring(instant):
    """One minute's work of the engine; the addresses and words of all that left so far."""
    with time_machine.travel(instant, tick=False):
        sweep(clock=Clock(instant))
        dispatch(kinds=list(Delivery.Kind.values), new_clock=lambda: Clock(instant))
    return [(message.to, message.subject) for message in mail.outbox]


@pytest.fixture(autouse=True)
def _clinic(settings):
    settings.NOTIFICATION_CHANNELS = ["email"]
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield", phone="555-0100", change_grace_minutes=5)


@pytest.fixture
def patient():
    patient = make_patient_user(given_name="Marigold", family_name="Quillfeather").patient
    ContactPreference.objects.create(patient=patient, channel="email", allowed=True, wording_version="test-1")
    return patient


@pytest.fixture
def nurse():
    return make_user(Role.NURSE, name="Nina Rowan")


def called(report, contact="no_answer", *, by, now=NOW):
    report_work.save(report=report, version=report.version, contact=contact, by=by, now=now)
    report.refresh_from_db()


def rows():
    return list(Delivery.objects.order_by("due_at").values_list("step", "state"))


def test_a_call_in_vain_asks_the_patient_to_call_once_and_says_nothing_else(patient, nurse):
    report = make_report(patient=patient, by=patient.user, free_text="My calf throbs.")
    called(report, by=nurse)

    assert ring(NOW + 4 * MINUTE) == []
    for minute in range(5, 9):
        sent = ring(NOW + minute * MINUTE)

    assert sent == [([patient.email], "Please call us")]
    body = mail.outbox[0].body
    assert "we tried to call you and did not reach you. Please call us: 555-0100" in body
    assert "In an emergency call 911." in body
    words = f"{body} {mail.outbox[0].subject}".lower()
    assert [word for word in ("marigold", "calf", "vein", "leg", "report", "symptom", "nina") if word in words] == []


def test_its_link_leads_to_the_page_of_today(patient, nurse):
    called(make_report(patient=patient, by=patient.user), by=nurse)
    ring(NOW + 5 * MINUTE)

    assert [link.leads_to for link in patient.portal_links.all()] == ["today"]


def test_whoever_is_reached_within_the_grace_is_not_written_to_and_is_after_a_later_call_in_vain(patient, nurse):
    report = make_report(patient=patient, by=patient.user)
    called(report, by=nurse)
    called(report, "reached", by=nurse, now=NOW + MINUTE)
    assert ring(NOW + 9 * MINUTE) == []

    called(report, by=nurse, now=NOW + 10 * MINUTE)

    assert ring(NOW + 15 * MINUTE) == [([patient.email], "Please call us")]


def test_several_calls_in_vain_on_one_day_are_one_message_and_the_next_day_another(patient, nurse):
    report = make_report(patient=patient, by=patient.user)
    for minute in (0, 10, 60):
        called(report, by=nurse, now=NOW + minute * MINUTE)
        ring(NOW + (minute + 5) * MINUTE)
    assert len(mail.outbox) == 1

    called(report, by=nurse, now=NOW + timedelta(days=1))

    assert len(ring(NOW + timedelta(days=1, minutes=5))) == 2


def test_a_call_in_the_evening_is_written_of_in_the_morning(patient, nurse):
    called(make_report(patient=patient, by=patient.user), by=nurse, now=at("2026-01-15 20:58"))

    assert [ring(at(when)) for when in ("2026-01-15 21:03", "2026-01-16 07:59")] == [[], []]
    assert len(ring(at("2026-01-16 08:00"))) == 1


def test_a_report_that_was_closed_meanwhile_asks_for_no_call(patient):
    clinician = make_user(Role.CLINICIAN)
    report = make_report(patient=patient, by=patient.user)
    called(report, by=clinician)
    facts = {"outcome": "sent_on", "note": "The hospital rang.", "by": clinician, "now": NOW + MINUTE}
    report_work.close(report=report, version=report.version, **facts)

    assert (ring(NOW + 9 * MINUTE), rows()) == ([], [("CALL_US", "cancelled")])


def test_what_became_of_it_is_asked_again_as_the_message_leaves(patient, nurse):
    report = make_report(patient=patient, by=patient.user)
    called(report, by=nurse)
    report.steps.create(what="reached", at=NOW + MINUTE, by=nurse)

    assert (ring(NOW + 9 * MINUTE), rows()) == ([], [("CALL_US", "cancelled")])


def test_nobody_is_written_to_without_consent_or_after_a_stop_and_no_task_is_made_of_it(patient, nurse):
    OptOut.objects.create(channel="email", address_hash=hash_of_address("email", patient.email), at=timezone.now())
    never_asked = make_patient_user().patient

    for each in (patient, never_asked):
        called(make_report(patient=each, by=each.user), by=nurse)

    assert (ring(NOW + 9 * MINUTE), rows(), StaffTask.objects.count()) == ([], [], 0)


def test_a_clinic_may_do_without_it_and_one_without_a_number_does(patient, nurse, settings):
    settings.TELL_CALLS_IN_VAIN = False
    called(make_report(patient=patient, by=patient.user), by=nurse)
    settings.TELL_CALLS_IN_VAIN = True
    make_clinic(phone="")
    called(make_report(patient=patient, by=patient.user), by=nurse)

    assert rows() == []


def test_a_carers_report_writes_to_nobody(patient, nurse):
    carer = make_carer(patient=patient, may_report=True)
    called(make_report(patient=patient, by=carer.user, source="carer"), by=nurse)

    assert rows() == []


def test_staff_read_what_no_answer_does(patient, nurse, client):
    report = make_report(patient=patient, by=patient.user)
    called(report, by=nurse)
    client.force_login(nurse)
    said = "No answer: where we may write, a message asks them to call us."

    assert said in client.get(f"/queue/{report.public_id}/").content.decode()
    assert "Please call us" in client.get(f"/patients/{patient.public_id}/").content.decode()


def test_the_message_speaks_spanish(patient, nurse):
    patient.language = "es"
    patient.save()
    called(make_report(patient=patient, by=patient.user), by=nurse)

    assert ring(NOW + 5 * MINUTE) == [([patient.email], "Por favor, llámenos")]
    assert "no pudimos hablar con usted. Por favor, llámenos: 555-0100" in mail.outbox[0].body
    assert "En una emergencia, llame al 911." in mail.outbox[0].body


def test_staff_see_the_message_among_those_of_the_patients_plans(patient, nurse):
    called(make_report(patient=patient, by=patient.user, free_text="My calf throbs."), by=nurse)

    listed = [message_line(row) for row in messages_of(patient)]

    assert [(line.reads, line.why) for line in listed] == [
        ("Please call us", "The clinic called and did not reach the patient")
    ]
