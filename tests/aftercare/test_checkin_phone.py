"""A report that somebody at the clinic takes down at the phone: the same levels, and the words to say."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client

from aftercare.models import SymptomReport
from aftercare.presenters.symptoms import QUESTIONS
from clinic.access import Role
from tests.aftercare.people import make_plan
from tests.makers import at, make_clinic, make_hours, make_patient, make_report, make_service, make_user

pytestmark = pytest.mark.django_db
WELL = {question.key: "no" for question in QUESTIONS}


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100")
    make_hours(make_user(name="Ada Birchwood"))
    make_service()
    with time_machine.travel(at("2026-01-15 09:10"), tick=False):
        yield


@pytest.fixture
def patient():
    return make_patient(given_name="Marigold", family_name="Quillfeather")


@pytest.fixture
def desk():
    return signed_in(Role.FRONT_DESK)


def signed_in(role):
    client = Client()
    client.force_login(make_user(role))
    return client


def take_down(client, patient, **answers):
    url = f"/patients/{patient.public_id}/report/"
    key = re.search(r'name="key" value="([^"]+)"', client.get(url).content.decode()).group(1)
    return client.post(url, {"key": key} | answers)


def text_of(response):
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.mark.parametrize(
    ("treated", "answers", "level"),
    [
        ("2026-01-14 10:30", {"symptoms": ["ITCHING"]}, "REASSURE"),  # T1
        ("2026-01-10 10:30", {"symptoms": ["ONE_LEG"]}, "SAME_DAY"),  # T2
        ("2026-01-10 10:30", {"symptoms": ["ONE_LEG"], "CHEST": "yes"}, "EMERGENCY"),  # T3
        ("2026-01-15 07:00", {"FACE": "yes"}, "EMERGENCY"),  # T4
        ("2026-01-11 10:30", {"symptoms": ["SKIN_DAMAGE"]}, "SAME_DAY"),  # T6
        ("2025-11-20 10:30", {"symptoms": ["BROWN_MARK"]}, "REASSURE"),  # T8
        ("2026-01-13 10:30", {"free_text": "mumbles something"}, "SAME_DAY"),  # T9
        ("2026-01-13 10:30", {"symptoms": ["BRUISES"], "CHEST": "yes"}, "EMERGENCY"),  # T10
        ("2026-01-13 10:30", {"follows": ["SIGHT_LOST"]}, "EMERGENCY"),
    ],
)
def test_the_answers_at_the_phone_make_the_level(desk, patient, treated, answers, level):
    make_plan(treated, patient=patient)

    take_down(desk, patient, **{**WELL, **answers}, reporter_words="her husband")

    made = SymptomReport.objects.get()
    assert (made.level, made.source, made.reporter_words) == (level, "phone", "her husband")


def test_an_emergency_needs_no_other_answer(desk, patient):
    sent = take_down(desk, patient, FAINT="yes")

    made = SymptomReport.objects.get()
    assert (made.level, made.symptoms, made.denied) == ("EMERGENCY", ["COLLAPSE"], [])
    assert sent.url == f"/reports/{made.public_id}/told/"
    assert "Call 911 now. Do not wait and do not drive yourself." in text_of(desk.get(sent.url))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"free_text": "x" * 2001}, ("x" * 1999 + "…", "", "")),
        ({"free_text": "It\x1b hurts\x00"}, ("It hurts", "", "")),
        ({"reporter_words": "h" * 121}, ("", "h" * 119 + "…", "")),
        ({"reporter_words": "her\nhusband", "leg": "left"}, ("", "her husband", "left")),
        ({"leg": "third", "symptoms": ["NO_SUCH_CODE"], "key": "rubbish"}, ("", "", "")),
    ],
)
def test_an_emergency_waits_for_no_other_field(desk, patient, typed, kept):
    take_down(desk, patient, CHEST="yes", **typed)

    made = SymptomReport.objects.get()
    assert (made.level, made.symptoms, made.affirmed) == ("EMERGENCY", ["CHEST_OR_BREATH"], ["CHEST"])
    assert (made.free_text, made.reporter_words, made.leg) == kept


def test_an_emergency_said_after_going_back_is_another_report(desk, patient):
    url = f"/patients/{patient.public_id}/report/"
    key = re.search(r'name="key" value="([^"]+)"', desk.get(url).content.decode()).group(1)
    desk.post(url, {"key": key, **WELL, "symptoms": ["ONE_LEG"]})

    desk.post(url, {"key": key, **WELL, "CHEST": "yes", "symptoms": ["ONE_LEG"]})

    assert list(SymptomReport.objects.order_by("pk").values_list("level", flat=True)) == ["SAME_DAY", "EMERGENCY"]


def test_the_page_says_what_to_say_and_who_answers(desk, patient):
    make_user(Role.CLINICIAN, name="Hugo Ashdown")

    text = text_of(desk.get(take_down(desk, patient, **WELL, symptoms=["ONE_LEG"]).url))

    assert "Hugo Ashdown is asked to answer by Thu 15 Jan, 13:10." in text
    assert "Say to the caller Speak to a clinician today." in text
    assert "If it gets worse, call 911. Somebody answers by today, 13:10." in text


def test_without_a_clinician_the_page_says_to_find_one(desk, patient):
    text = text_of(desk.get(take_down(desk, patient, **WELL, symptoms=["ONE_LEG"]).url))

    assert "There is no clinician to ask. Find one now" in text
    assert "Somebody answers by" not in text


def test_questions_stand_in_the_callers_language_too(desk):
    spanish = make_patient(language="es")
    page = desk.get(f"/patients/{spanish.public_id}/report/").content.decode()

    assert '<span class="muted small" lang="es">' in page
    assert "Fainted, collapsed or confused" in page


def test_what_is_missing_is_said_next_to_it_and_nothing_typed_is_lost(desk, patient):
    page = take_down(desk, patient, BREATH="no", symptoms=["BRUISES"], free_text="since Monday", reporter_words="a\nb")

    html = page.content.decode()
    assert len(re.findall('id="error-[A-Z]', html)) == len(QUESTIONS) - 1
    assert "Write this on one line." in html
    assert 'value="BRUISES" checked' in html
    assert "since Monday</textarea>" in html
    assert not SymptomReport.objects.exists()


def test_nothing_reported_is_said_at_the_words(desk, patient):
    assert "Nothing is reported yet." in text_of(take_down(desk, patient, **WELL))


def test_sent_twice_it_is_one_report(desk, patient):
    url = f"/patients/{patient.public_id}/report/"
    key = re.search(r'name="key" value="([^"]+)"', desk.get(url).content.decode()).group(1)

    answers = [desk.post(url, {"key": key, **WELL, "symptoms": ["ONE_LEG"]}).url for _ in range(2)]

    assert answers == [f"/reports/{SymptomReport.objects.get().public_id}/told/"] * 2


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_everybody_who_answers_the_phone_takes_reports_down(role, patient):
    assert signed_in(role).get(f"/patients/{patient.public_id}/report/").status_code == 200


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PATIENT, Role.CARER])
def test_others_do_not(role, patient):
    report = make_report(patient=patient)
    client = signed_in(role)

    assert client.get(f"/patients/{patient.public_id}/report/").status_code == 403
    assert client.get(f"/reports/{report.public_id}/told/").status_code == 403
