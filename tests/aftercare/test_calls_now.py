"""Whom a page calls: the number that answers at this hour comes first, and leads there when it is pressed."""

import re
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client

from aftercare import report_work
from aftercare.reports import Said, file_report
from clinic.access import Role
from clinic.models import Clinic, User
from sessions_app.calls_now import is_closed
from sessions_app.models import NurseHours
from tests.aftercare.people import RETICULAR, browser_of, treated_patient
from tests.makers import (
    at,
    make_clinic,
    make_entry,
    make_hours,
    make_offer,
    make_report,
    make_user,
    make_wait_entry,
)

pytestmark = pytest.mark.django_db
DAY, NIGHT, SUNDAY = "2026-01-15 12:00", "2026-01-15 23:10", "2026-01-18 12:00"
BY_DAY, BY_NIGHT = "tel:555-0100", "tel:555-0199"
# Every page with a way to call the clinic.
PAGES = ("/today/", "/how/", "/how/sent/", "/my-visits/", "/settings/", "/today/answer/first/")


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(
        name="Larkfield Clinic", phone="555-0100", phone_hours="Mon to Fri 8:00 to 18:00", out_of_hours_phone="555-0199"
    )
    make_hours(make_user(name="Ada Birchwood"))


@pytest.fixture
def patient():
    return treated_patient("2026-01-13 10:30", RETICULAR, given_name="Marigold", family_name="Quillfeather")


def page_at(moment, patient, path="/today/"):
    with time_machine.travel(at(moment), tick=False):
        return browser_of(patient.user).get(path).content.decode()


def bar_of(page):
    return re.findall(r'href="(tel:[^"]+)"', page[page.index('<nav class="bar-bottom"') :])


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def section_of(page, name):
    return re.search(rf'<section class="{name}".*?</section>', page, re.DOTALL).group()


@pytest.mark.parametrize("path", PAGES)
def test_the_bar_dials_who_answers_at_this_hour(patient, path):
    dialled = [bar_of(page_at(when, patient, path))[0] for when in (DAY, NIGHT, SUNDAY)]

    assert dialled == [BY_DAY, BY_NIGHT, BY_NIGHT]


def test_the_button_says_which_number_it_dials_at_night(patient):
    page = page_at(NIGHT, patient)

    assert "Call us 555-0199" in text_of(page[page.index('<nav class="bar-bottom"') :])


def test_after_an_emergency_the_clinic_is_called_where_it_answers(patient):
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    numbers = {when: section_of(page_at(when, patient), "emergency") for when in (DAY, NIGHT)}

    assert re.findall(r'href="(tel:[^"]+)"', numbers[DAY]) == ["tel:911", BY_DAY]
    assert re.findall(r'href="(tel:[^"]+)"', numbers[NIGHT]) == ["tel:911", BY_NIGHT, BY_DAY]
    assert "Then call the clinic: 555-0199 555-0100 (Mon to Fri 8:00 to 18:00)" in text_of(numbers[NIGHT])


def test_a_report_of_the_same_day_is_answered_with_the_number_of_this_hour(patient):
    report = make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 11:00"))
    paths = ("/today/", f"/how/sent/{report.public_id}/")

    by_day = [section_of(page_at(DAY, patient, path), "urgent") for path in paths]
    night = [section_of(page_at(NIGHT, patient, path), "urgent") for path in paths]

    worse = "If it gets worse, call 911 ."
    first = "Call 555-0100 now Call 555-0100 Speak to a clinician today."
    assert [f"{first} {worse}" in text_of(each) for each in by_day] == [True, True]
    assert [re.findall(r'href="(tel:[^"]+)"', each) for each in by_day] == [[BY_DAY, "tel:911"]] * 2
    elsewhere = "Nobody answers? Go to urgent care or an emergency department."
    assert [f"Call 555-0199 {elsewhere} {worse}" in text_of(each) for each in night] == [True, True]
    assert [re.findall(r'href="(tel:[^"]+)"', each) for each in night] == [[BY_NIGHT, "tel:911"]] * 2


def test_at_night_the_page_of_a_report_gives_one_instruction_and_says_when_the_clinic_opens(patient):
    report = make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 11:00"))

    text = text_of(page_at(NIGHT, patient, f"/how/sent/{report.public_id}/"))

    assert "The clinic is closed now and opens tomorrow, 08:00." in text
    assert [each for each in ("If it cannot wait", "When the clinic is closed", "Speak to a") if each in text] == []


def test_in_spanish_the_first_step_hangs_on_the_hour_too(patient):
    patient.language = "es"
    patient.save()
    make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 11:00"), language="es")

    said = [text_of(section_of(page_at(when, patient), "urgent")) for when in (DAY, NIGHT)]

    worse = "Si empeora, llame al 911 ."
    assert f"Llame ahora al 555-0100 Llamar al 555-0100 Hable hoy con un profesional de la salud. {worse}" in said[0]
    elsewhere = "¿Nadie contesta? Vaya a un centro de urgencias o a la sala de emergencias de un hospital."
    assert f"Llamar al 555-0199 {elsewhere} {worse}" in said[1]


def test_what_was_told_at_night_names_the_day_number_in_the_morning(patient):
    told = "Call 555-0199 now. Nobody answers? Go to urgent care or an emergency department."
    report = make_report(patient=patient, by=patient.user, told=told, reported_at=at("2026-01-14 23:00"))

    text = text_of(page_at(DAY, patient, f"/how/sent/{report.public_id}/"))

    assert ("Call 555-0100 now" in text, "555-0199" in text, "Nobody answers?" in text) == (True, False, False)


def test_a_report_sent_at_night_keeps_what_was_told_at_that_hour(patient):
    report = file_report(
        patient=patient,
        said=Said(["ONE_LEG"]),
        request_key=uuid4(),
        source="portal",
        by=patient.user,
        now=at(NIGHT),
        clinic=Clinic.current(),
    )

    elsewhere = "Nobody answers? Go to urgent care or an emergency department."
    assert report.told == f"Call 555-0199 now. {elsewhere} If it gets worse, call 911."


def test_who_was_called_in_vain_calls_back_where_somebody_answers(patient):
    report = make_report(patient=patient, by=patient.user)
    by = make_user(Role.CLINICIAN)
    report_work.save(report=report, version=report.version, contact="no_answer", by=by, now=at("2026-01-15 17:00"))

    calls = {when: re.findall(r'call-clinic" href="(tel:[^"]+)"', page_at(when, patient)) for when in (DAY, NIGHT)}

    assert calls == {DAY: [BY_DAY], NIGHT: [BY_NIGHT]}


@pytest.mark.parametrize(("moment", "number"), [(DAY, "555-0100"), (NIGHT, "555-0199")])
def test_a_kept_time_is_taken_by_the_number_that_answers_at_this_hour(patient, moment, number):
    with time_machine.travel(at(moment), tick=False):
        make_offer(make_wait_entry(patient=patient), starts_at=at("2026-01-20 10:00"))

    pages = [page_at(moment, patient, path) for path in ("/today/", "/my-visits/")]

    assert [f"Call {number} to take it." in text_of(page) for page in pages] == [True, True]
    assert [f'<a class="together" href="tel:{number}">' in page for page in pages] == [True, True]


# --- no number for that time -------------------------------------------------------------------------------------


@pytest.fixture
def _no_number_at_night():
    Clinic.objects.update(out_of_hours_phone="")


@pytest.mark.usefixtures("_no_number_at_night")
def test_without_a_number_for_the_night_the_button_says_when_it_answers(patient):
    page = page_at(NIGHT, patient)

    assert bar_of(page) == [BY_DAY]
    assert "Call us Mon to Fri 8:00 to 18:00" in text_of(page[page.index('<nav class="bar-bottom"') :])


@pytest.mark.usefixtures("_no_number_at_night")
def test_without_a_number_for_the_night_a_kept_time_says_when_it_answers(patient):
    with time_machine.travel(at(NIGHT), tick=False):
        make_offer(make_wait_entry(patient=patient), starts_at=at("2026-01-20 10:00"))

    page = text_of(page_at(NIGHT, patient))

    assert "Call 555-0100 to take it. (Mon to Fri 8:00 to 18:00)" in page


@pytest.mark.usefixtures("_no_number_at_night")
def test_without_a_number_for_the_night_the_report_leads_elsewhere(patient):
    report = make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 22:00"))

    pages = [page_at(NIGHT, patient, path) for path in ("/today/", f"/how/sent/{report.public_id}/")]

    first = "Go to urgent care or an emergency department now The clinic is closed now. If it gets worse, call 911 ."
    assert [first in text_of(section_of(page, "urgent")) for page in pages] == [True, True]
    assert [re.findall(r'href="(tel:[^"]+)"', section_of(page, "urgent")) for page in pages] == [["tel:911"]] * 2


@pytest.mark.usefixtures("_no_number_at_night")
def test_who_waits_too_long_is_not_told_to_call_where_nobody_answers(patient):
    make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 11:00"))

    said = text_of(section_of(page_at(NIGHT, patient), "urgent"))

    assert "This takes longer than we said. The clinic is closed now." in said
    assert "Call us now" not in said


def test_without_any_number_the_first_step_names_none(patient):
    Clinic.objects.update(phone="", out_of_hours_phone="")
    make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 11:00"))

    section = text_of(section_of(page_at(DAY, patient), "urgent"))

    said = "When the clinic is closed, go to urgent care or an emergency department. If it gets worse, call 911 ."
    assert f"Speak to a clinician today {said}" in section


# --- what cannot know the hour -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [DAY, NIGHT])
def test_the_kept_copy_has_both_numbers_with_their_hours(patient, moment):
    page = page_at(moment, patient, "/today/kept/")

    bar = page[page.index('<nav class="bar-bottom"') :]
    assert bar_of(page) == [BY_DAY, BY_NIGHT, "tel:911"]
    assert "The clinic: 555-0100 Mon to Fri 8:00 to 18:00 The clinic: 555-0199 At all other times" in text_of(bar)


def test_so_has_the_kept_copy_of_an_emergency(patient):
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    card = text_of(section_of(page_at(NIGHT, patient, "/today/kept/"), "emergency"))

    assert "clinic: 555-0100 (Mon to Fri 8:00 to 18:00) 555-0199 (At all other times)" in card


def test_so_has_the_page_of_nobody_without_network():
    Clinic.objects.update(phone_hours_es="Lun a vie 8:00 a 18:00")

    page = text_of(Client().get("/offline/").content.decode())

    assert "Call the clinic: 555-0100 Mon to Fri 8:00 to 18:00 Call the clinic: 555-0199 At all other times" in page
    assert "555-0199 A todas las demás horas" in page
    assert "555-0100 Lun a vie 8:00 a 18:00" in page


def test_a_database_in_trouble_keeps_no_page_from_saying_whom_to_call(patient, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr("sessions_app.calls_now.is_closed", fail)

    assert bar_of(page_at(NIGHT, patient, "/how/sent/"))[0] == BY_DAY


# --- when it is closed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2026-01-15 07:59", True),
        ("2026-01-15 08:00", False),
        ("2026-01-15 17:59", False),
        ("2026-01-15 18:00", True),
        (SUNDAY, True),
    ],
)
def test_it_is_closed_outside_the_hours_that_are_worked(patient, moment, closed):
    assert is_closed(Clinic.current(), at(moment)) is closed


def test_a_day_without_anybody_is_closed(patient):
    make_entry(
        kind="closure",
        nurse=User.objects.get(name="Ada Birchwood"),
        starts_at=at("2026-01-15 00:00"),
        ends_at=at("2026-01-16 00:00"),
    )

    assert is_closed(Clinic.current(), at(DAY))


def test_where_no_hours_are_set_up_nothing_is_called_closed(patient):
    NurseHours.objects.all().delete()

    assert is_closed(Clinic.current(), at(NIGHT)) is False
