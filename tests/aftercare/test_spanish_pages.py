"""A Spanish-speaking patient and carer read no English: pages, errors, what is filed, prints, messages and mails."""

import re
import uuid
from datetime import date

import pytest
import time_machine
from django.core import mail
from django.test import Client

from aftercare import carers, report_work
from aftercare.forms.checkin import NO, YES
from aftercare.models import SymptomReport, Tick
from aftercare.presenters.symptoms import LISTED, QUESTIONS
from aftercare.report_work import What
from aftercare.reports import Said, file_report
from aftercare.ticks import REASONS, answer_day
from clinic import portal
from clinic.access import Role
from clinic.models import Clinic
from clinic.protocol.triage import Level
from sessions_app.views.get_started import thanks_url
from tests.aftercare.english import english_of_page, english_words
from tests.aftercare.people import RETICULAR, SPIDER, amend, browser_of, make_plan
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_hours,
    make_patient_user,
    make_report,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = "2026-01-15 09:10"


@pytest.fixture(autouse=True)
def _clinic(settings):
    settings.ACCOUNT_MAIL_IN_BACKGROUND = False
    make_clinic(
        name="Larkfield",
        phone="555-0100",
        phone_hours="Mon to Fri 8:00 to 18:00",
        phone_hours_es="Lun a vie 8:00 a 18:00",
        out_of_hours_phone="555-0199",
        address="12 Larkfield Lane",
        patients_may_move=True,
    )
    make_hours(make_user(name="Ada Birchwood"))
    make_service()
    with time_machine.travel(at(NOW), tick=False):
        yield


@pytest.fixture
def patient():
    """Treated twice, once corrected; a visit to come; lives in another zone."""
    patient = make_patient_user(
        given_name="Abril", family_name="Alondra", language="es", email="abril@example.com", time_zone="Europe/Madrid"
    ).patient
    plan = make_plan("2026-01-12 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-13 09:00"))
    make_plan("2026-01-14 10:30", SPIDER, patient=patient)
    make_appointment(patient=patient, starts_at=at("2026-01-29 10:30"))
    return patient


@pytest.fixture
def browser(patient):
    return browser_of(patient.user)


def english(browser, *paths):
    """What is English on each of the pages, by address; a page that is not there is an error."""
    found = {}
    for path in paths:
        answer = browser.get(path, follow=True)
        assert answer.status_code == 200, path
        if left := english_of_page(answer.content.decode()):
            found[path] = left
    return found


def sent(browser, path, data, *, expected=200):
    answer = browser.post(path, data)
    assert answer.status_code == expected, answer.content.decode()[-2000:]
    return english_of_page(answer.content.decode())


def key_of(browser, path):
    return re.search(r'name="key" value="([^"]+)"', browser.get(path).content.decode())[1]


def reported(patient, *symptoms, by=None, source="portal", free_text="", when=NOW):
    """A report filed in Spanish."""
    return file_report(
        patient=patient,
        said=Said(symptoms=symptoms, denied=[question.key for question in QUESTIONS], leg="left", free_text=free_text),
        request_key=uuid.uuid4(),
        source=source,
        by=by or patient.user,
        now=at(when),
        clinic=Clinic.current(),
        language="es",
    )


def test_the_search_for_english_finds_it():
    page = '<p>Su plan <b aria-label="Call us">Llámenos</b></p><p lang="en">Until today</p><img alt="Your leg">'

    assert english_of_page(page) == ["Call us", "Your leg"]
    assert english_words("Until Thu 15 Jan") == ["until", "thu", "jan"]
    assert english_words("Llame al 911, hasta el jue 15 ene") == []


def test_the_pages_of_a_plan_are_spanish(browser):
    pages = ("/today/", "/today/kept/", "/plan/print/", "/plan/print/?text=large", "/my-visits/", "/my-consents/")

    assert english(browser, *pages) == {}


def test_the_pages_about_a_patients_own_wishes_are_spanish(browser):
    assert english(browser, "/settings/", "/settings/people/", "/accounts/sign-out/", "/care/") == {}
    assert sent(browser, "/settings/", {"language": "xx"}) == []
    assert sent(browser, "/settings/people/", {"email": "no"}) == []


@pytest.mark.parametrize("task", Tick.OF_PLANS)
@pytest.mark.parametrize("reason", ["", *Tick.Reason.values])
def test_answers_of_a_day_and_their_help_are_spanish(browser, patient, task, reason):
    if reason in REASONS[Tick.Task(task)]:
        answer_day(
            patient=patient,
            task=Tick.Task(task),
            day=date(2026, 1, 15),
            answer="part",
            reason=reason,
            request_key=uuid.uuid4(),
            by=patient.user,
            now=at(NOW),
        )
    page = "/today/answer/first/" if task == "stocking" else "/today/answer/second/"

    assert english(browser, page, f"{page}?day=2026-01-14", "/today/") == {}
    wrong = {"request_key": uuid.uuid4(), "day": "2026-01-15", "answer": "no"}
    assert sent(browser, page, wrong, expected=422) == []


def test_the_steps_of_how_are_you_are_spanish_with_their_errors(browser):
    well = {question.key: NO for question in QUESTIONS}

    assert english(browser, "/how/") == {}
    assert sent(browser, "/how/", {"key": key_of(browser, "/how/")}) == []
    browser.post("/how/", {"key": key_of(browser, "/how/"), **well})
    assert english(browser, "/how/2/") == {}
    assert sent(browser, "/how/2/", {"key": key_of(browser, "/how/2/"), "symptoms": "rubbish"}) == []
    chosen = {"symptoms": [each.code for each in LISTED]}
    browser.post("/how/2/", {"key": key_of(browser, "/how/2/"), **chosen})
    assert english(browser, "/how/3/") == {}
    long = {"key": key_of(browser, "/how/3/"), "free_text": "muy " * 900, "leg": "left"}
    assert sent(browser, "/how/3/", long) == []
    assert english(browser, "/how/well/", "/how/sent/") == {}


def test_an_emergency_is_told_in_spanish(browser):
    browser.post("/how/", {"key": key_of(browser, "/how/"), "CHEST": YES})

    report = SymptomReport.objects.get()
    assert (report.level, report.language, english_words(report.told)) == (Level.EMERGENCY, "es", [])
    assert english(browser, f"/how/sent/{report.public_id}/", "/how/sent/") == {}


@pytest.mark.parametrize("code", [each.code for each in LISTED])
def test_what_is_told_about_each_symptom_is_spanish(browser, patient, code):
    report = reported(patient, code)

    assert english_words(report.told) == []
    assert english(browser, f"/how/sent/{report.public_id}/", "/how/sent/") == {}


@pytest.mark.parametrize("when", [NOW, "2026-01-15 21:00", "2026-01-17 09:00"])
def test_a_report_by_day_by_night_and_at_the_weekend_is_spanish(browser, patient, when):
    with time_machine.travel(at(when), tick=False):
        report = reported(patient, "ONE_LEG", free_text="Me duele la pantorrilla.", when=when)

        assert english(browser, f"/how/sent/{report.public_id}/", "/how/sent/", "/today/") == {}


@pytest.mark.parametrize("outcome", SymptomReport.Outcome.values)
def test_what_became_of_a_report_is_spanish(browser, patient, outcome):
    clinician = make_user(Role.CLINICIAN, name="Clara Wren")
    report = report_work.take(report=reported(patient, "ONE_LEG"), by=clinician, now=at("2026-01-15 09:20"))
    report = report_work.save(
        report=report, version=report.version, contact=What.NO_ANSWER, by=clinician, now=at("2026-01-15 09:25")
    )
    assert english(browser, f"/how/sent/{report.public_id}/", "/how/sent/") == {}
    report_work.close(
        report=report,
        version=report.version,
        outcome=outcome,
        note="Spoke with her.",
        result_known=True,
        contact=What.REACHED,
        by=clinician,
        now=at("2026-01-15 09:40"),
    )

    assert english(browser, f"/how/sent/{report.public_id}/", "/how/sent/") == {}


def test_a_carer_who_speaks_spanish_reads_no_english(patient, django_capture_on_commit_callbacks):
    facts = {"name": "Rosa Alba", "email": "rosa@example.com", "language": "es", "may_report": True}
    with django_capture_on_commit_callbacks(execute=True):
        carer = carers.add_carer(patient=patient, by=patient.user, **facts)
    reported(patient, "ONE_LEG", by=carer.user, source="carer")
    browser, page = browser_of(carer.user), f"/care/{carer.public_id}/"

    parts = ("", "plan/print/", "plan/print/?text=large", "how/", "how/sent/", "answer/first/", "answer/second/")
    pages = ("/care/", *(page + part for part in parts))
    assert english(browser, *pages) == {}
    assert [english_words(f"{letter.subject} {letter.body}") for letter in mail.outbox] == [[]]


def test_the_way_in_is_spanish(patient):
    browser, link = Client(), portal.make_link(patient, at(NOW)).removeprefix("http://localhost:8000")

    assert english(browser, link) == {}
    waiting = browser.post(link, follow=True)
    assert waiting.redirect_chain[-1][0] == "/accounts/code/confirm/"
    assert english_of_page(waiting.content.decode()) == []
    wrong = browser.post("/accounts/code/confirm/", {"code": "000000"})
    assert english_of_page(wrong.content.decode()) == []
    assert [english_words(f"{letter.subject} {letter.body}") for letter in mail.outbox] == [[]]


def test_an_asked_code_comes_in_spanish(patient):
    Client(headers={"accept-language": "es"}).post("/accounts/code/", {"email": patient.email})

    assert [english_words(f"{letter.subject} {letter.body}") for letter in mail.outbox] == [[]]


def test_pages_before_the_sign_in_follow_a_spanish_browser():
    browser = Client(headers={"accept-language": "es"})

    thanks = thanks_url("es", at("2026-01-15 12:00"))
    pages = ("/accounts/code/", "/accounts/sign-in/", "/get-started/", thanks, "/offline/")
    assert english(browser, *pages) == {}
    for path in ("/l/never-was/", "/stop/never-was/"):
        assert english_of_page(browser.get(path).content.decode()) == [], path


def test_what_is_not_there_is_said_in_spanish(browser, patient):
    make_report()
    paths = (f"/how/sent/{uuid.uuid4()}/", f"/care/{uuid.uuid4()}/", "/never-was/", "/queue/")

    for path in paths:
        assert english_of_page(browser.get(path).content.decode()) == [], path
