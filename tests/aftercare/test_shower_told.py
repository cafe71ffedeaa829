"""Showering while the stocking is on day and night: no source rules it, so patients read what the clinic signed."""

import re
from html import unescape

import pytest
import time_machine

from aftercare.models import AftercarePlan
from clinic.access import Role
from tests.aftercare.people import RETICULAR, SPIDER, amend, browser_of, treated_patient
from tests.makers import at, make_report, make_signed_protocol, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("larkfield_at_noon")]
RULE = "A short shower from the second day on. Keep the stocking dry."
WHAT = "Showering while the stocking is on day and night"
OWN_PAGES = ("/today/", "/plan/print/", "/today/kept/")


def signed(text=RULE):
    return make_signed_protocol(overrides={"shower_text": text})


def patient_of(*sites, **facts):
    return treated_patient("2026-01-13 10:30", *sites or (RETICULAR,), **facts)


def main_of(user, path="/today/"):
    page = browser_of(user).get(path).content.decode()
    return page[page.index("<main") : page.index("</main>")]


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("path", OWN_PAGES)
def test_page_paper_and_copy_say_what_the_clinic_signed_and_until_when(path):
    signed()

    assert f"{WHAT} until Tue 20 Jan, 10:30: {RULE}" in text_of(main_of(patient_of().user, path))


def test_today_has_it_in_sight_and_not_only_in_the_folded_text():
    signed()

    assert f'<h2 id="shower">{WHAT}</h2><p lang="en-gb">{RULE}</p>' in main_of(patient_of().user)


def test_who_answers_the_phone_reads_the_same_on_the_patients_page():
    signed()
    patient = patient_of()

    assert RULE in main_of(make_user(Role.NURSE), f"/patients/{patient.public_id}/")


@pytest.mark.parametrize("path", OWN_PAGES)
@pytest.mark.parametrize("text", ["", " "])
def test_where_the_clinic_signed_nothing_nothing_is_said(path, text):
    signed(text)

    assert "hower" not in text_of(main_of(patient_of().user, path))


def test_by_day_it_is_over():
    signed()
    patient = patient_of(SPIDER)
    page = main_of(patient.user)
    with time_machine.travel(at("2026-01-17 12:00"), tick=False):
        later, sheet = main_of(patient.user), main_of(patient.user, "/plan/print/")

    assert ['id="shower"' in each for each in (page, later)] == [True, False]
    assert "hower" not in text_of(sheet)


def test_while_the_stocking_is_to_be_off_it_is_not_said():
    signed()
    patient = patient_of()
    make_report(patient=patient, by=patient.user, symptoms=["TOES_UNDER_STOCKING"])

    assert "hower" not in text_of(main_of(patient.user))


def test_a_plan_keeps_the_rule_that_it_was_made_with():
    signed()
    patient = patient_of()
    signed("No shower.")

    assert "No shower." not in main_of(patient.user)
    assert RULE in main_of(patient.user)


def test_on_a_spanish_page_the_clinics_own_words_are_marked_as_english():
    signed()
    page = main_of(patient_of(language="es").user)

    assert f'<h2 id="shower">Ducharse mientras lleva la media día y noche</h2><p lang="en-gb">{RULE}</p>' in page


def test_a_correction_tells_the_stocking_and_not_the_rule_once_more():
    signed()
    patient = patient_of(SPIDER)
    amend(AftercarePlan.objects.get(patient=patient), RETICULAR, at_instant=at("2026-01-14 12:00"))
    page = main_of(patient.user)
    changed = page[page.index('<ul class="changes') :].partition("</ul>")[0]

    assert ("Stocking day and night" in changed, "hower" in changed) == (True, False)
