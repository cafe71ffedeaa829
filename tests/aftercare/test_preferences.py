"""The reader's own settings: messages, language, text, and whose clock is meant."""

import re
from datetime import timedelta

import pytest
import time_machine

from aftercare import carers
from clinic.access import Role
from clinic.consent import WORDING_VERSION, Channel, current_wording
from clinic.models import AuditEvent, ContactPreference, Delivery, Patient
from clinic.notifications.consent import standing
from clinic.preferences import change_preferences
from tests.aftercare.people import RETICULAR, browser_of, make_plan
from tests.makers import at, make_carer, make_clinic, make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db
PAGE = "/settings/"
NOW = at("2026-01-13 11:00")


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="+12125550100")


@pytest.fixture
def patient():
    return make_patient_user(make_patient(email_allowed=True, email="marigold@example.com")).patient


def answers(**typed):
    return {"language": "en", "text": "normal", **typed}


def waiting(patient):
    return Delivery.objects.filter(patient=patient, state="pending").count()


def test_the_page_shows_what_holds(patient):
    page = browser_of(patient.user).get(PAGE).content.decode()

    assert "Messages by e-mail to marigold@example.com" in page
    assert current_wording(Channel.EMAIL) in page
    yes, no = re.findall(r'<input[^>]*name="contact_email"[^>]*>', page)
    assert ("checked" in yes, "checked" in no) == (True, False)


def test_a_patient_without_email_and_phone_is_told_to_call():
    user = make_patient_user(make_patient(phone=""))
    Patient.objects.filter(user=user).update(email="")

    page = browser_of(user).get(PAGE).content.decode()

    assert "We have no e-mail and no phone number of yours." in page


@time_machine.travel(NOW, tick=False)
def test_messages_that_are_switched_off_do_not_leave_any_more_and_come_again_when_switched_on(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    planned, browser = waiting(patient), browser_of(patient.user)
    assert planned > 0

    browser.post(PAGE, answers(contact_email="no"))
    off = (waiting(patient), standing(patient))
    browser.post(PAGE, answers(contact_email="yes"))

    assert off == (0, {"email": False})
    assert (waiting(patient), standing(patient)) == (planned, {"email": True})


@time_machine.travel(NOW, tick=False)
def test_a_decision_is_kept_with_its_time_its_wording_and_who_made_it(patient):
    browser_of(patient.user).post(PAGE, answers(contact_email="no", contact_sms="yes"))

    kept = {row.channel: row for row in ContactPreference.objects.filter(patient=patient)}
    assert [(row.allowed, row.decided_at, row.wording_version, row.recorded_by) for row in kept.values()] == [
        (False, NOW, WORDING_VERSION, patient.user),
        (True, NOW, WORDING_VERSION, patient.user),
    ]
    events = AuditEvent.objects.filter(action="contact preference recorded", by_id=patient.user_id)
    assert sorted((event.details["channel"], event.details["allowed"]) for event in events) == [
        ("email", False),
        ("sms", True),
    ]


def test_an_answer_that_is_not_given_changes_nothing(patient):
    before = ContactPreference.objects.get(patient=patient)

    browser_of(patient.user).post(PAGE, answers())

    after = ContactPreference.objects.get(patient=patient)
    assert (after.allowed, after.decided_at) == (before.allowed, before.decided_at)


@time_machine.travel(NOW, tick=False)
def test_one_press_stops_all_messages(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    change_preferences(patient=patient, language="en", contact={"sms": True}, by=patient.user)
    browser = browser_of(patient.user)
    assert "Stop all messages" in browser.get(PAGE).content.decode()

    assert browser.post(f"{PAGE}stop/").url == PAGE

    assert (standing(patient), waiting(patient)) == ({"email": False, "sms": False}, 0)
    page = browser.get(PAGE).content.decode()
    assert ("Your visits stay booked." in page, "Stop all messages" in page) == (True, False)


@time_machine.travel(NOW, tick=False)
def test_a_stop_can_be_undone_on_the_page_that_follows_and_brings_back_what_it_ended(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    change_preferences(patient=patient, language="en", contact={"sms": False}, by=patient.user)
    planned, browser = waiting(patient), browser_of(patient.user)

    for _ in range(2):
        page = browser.post(f"{PAGE}stop/", follow=True).content.decode()
    off = (standing(patient), waiting(patient))
    again = browser.post(f"{PAGE}start/", follow=True).content.decode()

    assert ("Messages are off" in page, "Undo: send me messages as before" in page) == (True, True)
    assert off == ({"email": False, "sms": False}, 0)
    assert (standing(patient), waiting(patient)) == ({"email": True, "sms": False}, planned)
    assert ("You get messages again, as before." in again, "Messages are off" in again) == (True, False)


def test_messages_that_were_switched_off_otherwise_are_told_and_have_no_undo(patient):
    change_preferences(patient=patient, language="en", contact={"email": False}, by=patient.user)
    browser = browser_of(patient.user)

    page = browser.post(f"{PAGE}start/", follow=True).content.decode()

    assert ("Messages are off" in page, "Undo: send me messages" in page) == (True, False)
    assert standing(patient) == {"email": False}


def test_looking_at_the_stop_address_stops_nothing(patient):
    assert browser_of(patient.user).get(f"{PAGE}stop/").status_code == 405
    assert standing(patient) == {"email": True}


def test_the_language_changes_pages_and_messages_at_once(patient):
    browser = browser_of(patient.user)

    answer = browser.post(PAGE, answers(language="es"), follow=True)

    patient.refresh_from_db()
    assert (patient.language, '<html lang="es"' in answer.content.decode()) == ("es", True)
    assert '<html lang="es"' in browser.get("/my-visits/").content.decode()
    assert current_wording(Channel.EMAIL, "es") in browser.get(PAGE).content.decode()


def test_the_switch_in_the_head_leads_to_the_same_page_in_the_other_language_and_keeps_it(patient):
    browser = browser_of(patient.user)
    page = browser.get("/my-visits/").content.decode()
    assert re.search(r'<button[^>]* name="language" value="es" lang="es">.*?Español</span>', page)

    answer = browser.post(f"{PAGE}language/", {"language": "es", "next": "/my-visits/"}, follow=True)

    patient.refresh_from_db()
    spoken = answer.content.decode()
    assert (answer.request["PATH_INFO"], '<html lang="es"' in spoken, patient.language) == ("/my-visits/", True, "es")
    assert re.search(r'<button[^>]* name="language" value="en" lang="en">.*?English</span>', spoken)
    assert standing(patient) == {"email": True}


def test_a_carers_switch_changes_the_carers_language_alone(patient):
    carer = make_carer(patient=patient)
    browser_of(carer.user).post(f"{PAGE}language/", {"language": "es", "next": f"/care/{carer.public_id}/"})

    carer.refresh_from_db()
    patient.refresh_from_db()
    assert (carer.language, patient.language) == ("es", "en")


@pytest.mark.parametrize(
    ("typed", "goes_to"),
    [({"language": "es", "next": "https://evil.example/"}, "/"), ({"language": "es", "next": "//evil.example"}, "/"),
     ({"language": "es"}, "/"), ({"language": "xx", "next": "/today/"}, PAGE), ({}, PAGE)],
)  # fmt: skip
def test_the_switch_leads_nowhere_else(patient, typed, goes_to):
    assert browser_of(patient.user).post(f"{PAGE}language/", typed).url == goes_to


def test_another_language_than_the_two_is_refused_in_words(patient):
    answer = browser_of(patient.user).post(PAGE, answers(language="xx"))

    assert (answer.status_code, "Choose a language." in answer.content.decode()) == (200, True)


def test_large_text_stays_with_the_device_and_needs_no_script(patient):
    browser = browser_of(patient.user)
    assert "data-text=" not in browser.get(PAGE).content.decode()

    browser.post(PAGE, answers(text="large"))
    large = browser.get("/today/").content.decode()
    browser.post(PAGE, answers(text="normal"))

    assert ('data-text="large"' in large, "data-text=" in browser.get("/today/").content.decode()) == (True, False)


def test_a_change_at_the_desk_meanwhile_is_kept(patient):
    """What the patient decides and what the clinic writes are different facts."""
    Patient.objects.filter(pk=patient.pk).update(phone="+12125559999", version=7)

    change_preferences(patient=patient, language="es", contact={}, by=patient.user)

    patient.refresh_from_db()
    assert (str(patient.phone), patient.language, patient.version) == ("+12125559999", "es", 8)


def test_fields_that_the_page_does_not_have_change_nothing(patient):
    other = make_patient()
    typed = answers(email="thief@example.com", patient=other.pk, version=99, time_zone="Asia/Tokyo", family_name="X")

    browser_of(patient.user).post(PAGE, typed)

    stored = Patient.objects.get(pk=patient.pk)
    same = ("email", "time_zone", "family_name")
    assert [getattr(stored, name) for name in same] == [getattr(patient, name) for name in same]


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/New_York", []),
        ("America/Toronto", []),
        ("America/Los_Angeles", ["Messages come by day in your own time: Los Angeles, now 08:00."]),
    ],
)
def test_the_page_says_whose_clock_is_meant_where_two_differ(zone, words):
    user = make_patient_user(time_zone=zone)

    page = browser_of(user).get(PAGE).content.decode()

    assert "Times on these pages are the clinic&#x27;s time: New York, now 11:00." in page
    assert [word for word in words if word not in page] == []
    assert ("Messages come by day in your own time" in page) == bool(words)


# --- Carers ------------------------------------------------------------------------------------------------------


def test_a_carer_chooses_language_and_text_and_finds_no_messages(patient):
    carer = make_carer(patient=patient)
    browser = browser_of(carer.user)

    page = browser.get(PAGE).content.decode()
    browser.post(PAGE, answers(language="es", text="large", contact_email="no"))

    carer.refresh_from_db()
    assert ("marigold@example.com" in page, "Stop all messages" in page, "Who may look" in page) == (
        False,
        False,
        False,
    )
    assert (carer.language, standing(patient), Patient.objects.get(pk=patient.pk).language) == (
        "es",
        {"email": True},
        "en",
    )
    assert '<html lang="es" ' in browser.get(PAGE).content.decode()


def test_a_carer_does_not_stop_the_patients_messages(patient):
    carer = make_carer(patient=patient, may_report=True)

    assert browser_of(carer.user).post(f"{PAGE}stop/").status_code == 403
    assert standing(patient) == {"email": True}


def test_pages_of_a_carer_speak_the_language_from_the_sign_in_on(patient, client, mailoutbox, settings):
    settings.ACCOUNT_MAIL_IN_BACKGROUND = False
    make_carer(patient=patient, user=make_user(Role.CARER, email="rosa@example.com"), language="es")

    client.post("/accounts/code/", {"email": "rosa@example.com"})
    code = next(line.strip() for line in mailoutbox[-1].body.splitlines() if line.startswith("    "))
    client.post("/accounts/code/confirm/", {"code": code})

    assert '<html lang="es"' in client.get(PAGE).content.decode()


def test_staff_have_no_such_page():
    for role in (Role.NURSE, Role.FRONT_DESK, Role.CLINICAL_LEAD, Role.ADMINISTRATOR):
        assert browser_of(make_user(role)).get(PAGE).status_code == 403


def test_a_carer_of_nobody_has_the_page_all_the_same(patient):
    carer = make_carer(patient=patient)
    carers.end_carer(carer=carer, by=patient.user, now=carer.added_at + timedelta(hours=1))

    assert browser_of(carer.user).get(PAGE).status_code == 200
    assert browser_of(carer.user).post(PAGE, answers()).status_code == 302
