"""Whoever was told to take the stocking off reads that first, wherever the plan would say to keep it on."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.messages import get_messages

from aftercare import report_work
from aftercare.letters import held
from aftercare.models import Tick
from clinic.models import Delivery
from tests.aftercare.people import RETICULAR, SPIDER, browser_of, make_plan, treated_patient
from tests.makers import at, make_appointment, make_carer, make_report, make_tick

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("larkfield_at_noon")]
TOES = {"symptoms": ["TOES_UNDER_STOCKING"]}
CHEST = {"level": "EMERGENCY", "symptoms": ["CHEST_OR_BREATH"]}
OFF = "Take the stocking off"
WHY = "As we told you after your report of Thu 15 Jan, 09:10. We tell you when to put it on again."
PLAN = "Your plan says: “Stocking on, day and night” until"
OWN_PAGES = ("/today/", "/plan/print/", "/today/kept/")
STOCKING = "/today/answer/first/"


def report_by(patient, **facts):
    return make_report(patient=patient, by=patient.user, **facts)


def main_of(client, path="/today/"):
    page = client.get(path).content.decode()
    return page[page.index("<main") : page.index("</main>")]


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def heads_of(html):
    return [text_of(each) for each in re.findall(r"<h[123][^>]*>.*?</h[123]>", html, re.DOTALL)]


def hero_of(html):
    """The card that stands largest: its colour and its words."""
    card = r'class="(?:hero hero-|plansheet-big plansheet-(?!emergency))(\w+)"(.*?)</section>'
    kind, words = re.search(card, html, re.DOTALL).groups()
    return kind, text_of(f"<{words}")


# --- the toes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OWN_PAGES)
def test_after_the_toes_were_reported_the_page_leads_with_stocking_off(patient, path):
    report_by(patient, **TOES)

    kind, words = hero_of(main_of(browser_of(patient.user), path))

    assert kind == "off"
    assert words.startswith(f"{OFF} {WHY} {PLAN}")


@pytest.mark.parametrize("path", OWN_PAGES)
def test_line_and_bar_of_the_stocking_are_paused_then(patient, path):
    client = browser_of(patient.user)
    assert "paused" not in main_of(client, path).casefold()
    report_by(patient, **TOES)

    page = main_of(client, path)

    told = "paused until we tell you; your plan says until"
    assert f"Stocking day and night {told} Tue 20 Jan, 10:30" in text_of(page)
    assert f"Stocking by day {told} Tue 3 Feb" in text_of(page)
    bars = re.findall(r'<rect class="band-(continuous|daytime|paused)"[^>]* height="24"', page)
    assert bars == ([] if "print" in path else ["continuous", "paused", "paused"])  # worn until now


def test_a_stocking_whose_time_is_over_is_not_called_paused(patient):
    later = at("2026-02-05 12:00")
    with time_machine.travel(later, tick=False):
        report_by(patient, **TOES, reported_at=later, due_at=later + timedelta(hours=4))

        page = main_of(browser_of(patient.user))

    assert "Your whole plan" in text_of(page)
    assert "paused" not in page.casefold()


def test_nobody_is_asked_then_whether_the_stocking_is_on(patient):
    client = browser_of(patient.user)
    assert "Is the stocking on?" in main_of(client)

    report_by(patient, **TOES)

    page = main_of(client)
    assert ("Is the stocking on?" in page, "It is on" in page) == (False, False)
    assert "Did you walk today?" in page


def test_what_was_said_before_of_the_day_does_not_praise_the_stocking(patient):
    make_tick(patient=patient, by=patient.user)
    report_by(patient, **TOES)

    assert "It is on" not in main_of(browser_of(patient.user))


@pytest.mark.parametrize(("answer", "is_told"), [("reached", False), ("no_answer", True)])
def test_the_card_of_the_plan_returns_when_a_clinician_has_spoken_with_the_patient(patient, clinician, answer, is_told):
    report = report_by(patient, **TOES)
    report_work.save(report=report, version=report.version, contact=answer, by=clinician)

    kinds = {hero_of(main_of(browser_of(patient.user), path))[0] for path in OWN_PAGES}

    assert kinds == ({"off"} if is_told else {"continuous"})


def test_the_card_of_the_plan_returns_when_the_report_is_closed(patient, clinician):
    report = report_by(patient, **TOES)
    report_work.close(
        report=report, version=report.version, outcome="mistake", note="Read of another leg.", by=clinician
    )

    page = main_of(browser_of(patient.user))

    assert hero_of(page)[0] == "continuous"
    assert "Is the stocking on?" in page


def test_another_report_leaves_the_plan_as_it_is(patient):
    report_by(patient)

    assert {hero_of(main_of(browser_of(patient.user), path))[0] for path in OWN_PAGES} == {"continuous"}


def test_while_the_stocking_is_off_the_visit_does_not_ask_to_wear_it(patient):
    make_appointment(patient=patient, starts_at=at("2026-01-16 09:00"))
    client = browser_of(patient.user)
    assert "and wear your stocking." in text_of(main_of(client))

    report_by(patient, **TOES)

    assert "wear your stocking" not in text_of(main_of(client))


def test_who_says_all_the_same_that_it_is_on_is_told_again_and_the_answer_is_kept(patient):
    client = browser_of(patient.user)
    report_by(patient, **TOES)

    answer = client.post(
        STOCKING, {"day": "2026-01-15", "answer": "yes", "request_key": "6b0d4f2e-3c5a-4b43-9d2c-6f1a0f4a6d11"}
    )

    assert [str(each) for each in get_messages(answer.wsgi_request)] == [f"{OFF}. {WHY}"]
    assert Tick.objects.get().answer == "yes"
    assert f"{OFF}. {WHY}" in text_of(main_of(client, STOCKING))


def test_legs_that_differ_are_quoted_one_by_one(patient):
    make_plan("2026-01-15 09:00", {**SPIDER, "leg": "right"}, patient=patient)
    report_by(patient, **TOES)

    words = hero_of(main_of(browser_of(patient.user)))[1]

    assert words.startswith(f"{OFF} {WHY} Your plan says: ")
    assert "leg: " in words


def test_the_stocking_is_off_and_that_did_not_help_is_told_like_it(patient):
    report_by(patient, level="EMERGENCY", symptoms=["COLD_FOOT"], affirmed=["TOES_NOT_BETTER"])

    page = main_of(browser_of(patient.user))

    assert heads_of(page)[:2] == ["Call 911 now", OFF]
    assert hero_of(page)[0] == "off"


def test_in_spanish_too(patient):
    patient.language = "es"
    patient.save()
    report_by(patient, **TOES)

    kind, words = hero_of(main_of(browser_of(patient.user)))

    why = "Como le dijimos después de su aviso del jue 15 ene, 09:10. Le diremos cuándo volver a ponérsela."
    assert (kind, words.startswith(f"Quítese la media {why} Su plan dice: «Media puesta, día y noche» hasta")) == (
        "off",
        True,
    )


# --- an emergency ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OWN_PAGES)
def test_in_an_emergency_the_call_comes_first_and_the_plan_below_it_without_its_colour(patient, path):
    report_by(patient, **CHEST)

    page = main_of(browser_of(patient.user), path)

    kind, words = hero_of(page)
    assert (kind, words.startswith(f"Your plan {PLAN}")) == ("held", True)
    assert page.index("Call 911 now") < page.index(PLAN)
    assert OFF not in words
    assert "Is the stocking on?" not in page


def test_the_card_returns_when_the_emergency_is_answered(patient, clinician):
    report = report_by(patient, **CHEST)
    report_work.save(report=report, version=report.version, contact="reached", by=clinician)

    assert [hero_of(main_of(browser_of(patient.user), path))[0] for path in OWN_PAGES] == ["continuous"] * 3


# --- who looks with a patient ------------------------------------------------------------------------------------


@pytest.mark.parametrize("may_report", [True, False])
@pytest.mark.parametrize("page", ["", "plan/print/"])
def test_a_carer_reads_that_the_stocking_is_off_and_not_what_was_reported(patient, may_report, page):
    carer = make_carer(patient=patient, may_report=may_report)
    report_by(patient, **TOES)

    html = main_of(browser_of(carer.user), f"/care/{carer.public_id}/{page}")

    kind, words = hero_of(html)
    since = "As we said after the report of Thu 15 Jan, 09:10. We tell you when to put it on again."
    assert (kind, words.startswith(f"{OFF} {since} {PLAN}")) == ("off", True)
    assert "Is the stocking on?" not in html
    assert "/how/sent/" not in html


@pytest.mark.parametrize("may_report", [True, False])
def test_a_carer_reads_that_a_report_is_open_and_whom_to_call(patient, may_report):
    carer = make_carer(patient=patient, may_report=may_report)
    report_by(patient, **TOES)

    page = main_of(browser_of(carer.user), f"/care/{carer.public_id}/")

    said = "A report about this person is open. Call the clinic; in an emergency call 911 ."
    assert said in text_of(page)
    assert 'call-clinic" href="tel:555-0100"' in page


@pytest.mark.parametrize("may_report", [True, False])
def test_a_carer_reads_the_emergency_of_the_patient_first(patient, may_report):
    carer = make_carer(patient=patient, may_report=may_report)
    report_by(patient, free_text="My chest hurts", **CHEST)

    page = main_of(browser_of(carer.user), f"/care/{carer.public_id}/")

    assert heads_of(page)[0] == "Call 911 now"
    assert hero_of(page)[0] == "held"
    before_the_numbers = page[: page.index('id="who"')]
    assert [word for word in ("chest", "Chest", "breath") if word in before_the_numbers] == []


def test_a_carer_who_reported_it_reads_of_it_once(patient):
    carer = make_carer(patient=patient, may_report=True)
    make_report(patient=patient, by=carer.user, source="carer", **CHEST)

    page = text_of(main_of(browser_of(carer.user), f"/care/{carer.public_id}/"))

    assert page.count("This can be an emergency.") == 1
    assert "A report about this person is open." not in page


def test_the_patient_reads_of_a_carers_report_as_of_somebody_elses(patient):
    carer = make_carer(patient=patient, may_report=True)
    make_report(patient=patient, by=carer.user, source="carer", **TOES)

    words = hero_of(main_of(browser_of(patient.user)))[1]

    assert words.startswith(f"{OFF} As we said after the report of Thu 15 Jan, 09:10.")


def test_another_report_of_the_patient_stays_the_patients(patient):
    carer = make_carer(patient=patient, may_report=True)
    report_by(patient)

    page = main_of(browser_of(carer.user), f"/care/{carer.public_id}/")

    assert ("A report about this person" in page, hero_of(page)[0]) == (False, "continuous")


# --- messages ----------------------------------------------------------------------------------------------------


def test_no_message_leads_to_the_stocking_before_the_clinic_has_spoken_with_the_patient(patient, clinician):
    waiting = list(Delivery.objects.filter(patient=patient, source="plan", state="pending"))
    assert held(waiting) == {}
    report = report_by(patient, **TOES)

    steps = {each.step for each in waiting if each.pk in held(waiting)}

    assert steps == {each.step for each in waiting} & {"COMP_SWITCH", "WEEKLY"}
    assert steps >= {"COMP_SWITCH"}
    assert set(held(waiting).values()) == {"a report of the patient is not answered yet"}
    report_work.save(report=report, version=report.version, contact="reached", by=clinician)
    assert held(waiting) == {}


def test_the_report_of_one_patient_holds_no_message_of_another(patient):
    other = treated_patient("2026-01-13 10:30", RETICULAR, given_name="Clementine", family_name="Dove")
    report_by(other, **TOES)

    waiting = list(Delivery.objects.filter(source="plan", state="pending"))

    assert {each.patient_id for each in waiting if each.pk in held(waiting)} == {other.pk}


# --- who calls ---------------------------------------------------------------------------------------------------

AGAIN = "Then it says what the plan says: “Stocking on, day and night” until Tue 20 Jan, 10:30. Tell them what holds."


def test_who_calls_reads_what_the_patients_page_says_after_the_call(patient, clinician):
    report = report_by(patient, **TOES)
    address = f"/queue/{report.public_id}/"

    before = text_of(main_of(browser_of(clinician), address))
    report_work.save(report=report, version=report.version, contact="reached", by=clinician)
    after = text_of(main_of(browser_of(clinician), address))

    assert f"take the stocking off until a clinician has reached them. {AGAIN}" in before
    assert "Tell them what holds" not in after


def test_a_report_of_something_else_says_nothing_of_the_stocking_to_who_calls(patient, clinician):
    report = report_by(patient)

    assert "Tell them what holds" not in text_of(main_of(browser_of(clinician), f"/queue/{report.public_id}/"))
