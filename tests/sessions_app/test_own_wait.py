"""Who is on the wait list reads it on the own pages: which time is kept until when, and why not to call."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from clinic.models import Patient
from sessions_app import waiting
from sessions_app.own_wait import OwnWait, own_wait
from tests.makers import (
    at,
    make_carer,
    make_clinic,
    make_offer,
    make_patient,
    make_patient_user,
    make_repeat_hold,
    make_report,
    make_wait_entry,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db

LISTED = "You are on the list for an earlier time. We call you if a time becomes free."
KEPT = "We keep Wed 14 Jan, 10:00 for you until today, 07:30. Call 212-555-0100 to take it."


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic(house):
    return make_clinic(name="Larkfield Clinic", phone="212-555-0100")


@pytest.fixture
def patient(house, clinic, client):
    client.force_login(make_patient_user(house.patient))
    return client


@pytest.fixture
def waits(house):
    return make_wait_entry(patient=house.patient, service=house.service)


def words_of(response):
    page = response.content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page[page.index("<main") : page.index("</main>")])))


def both_pages(client):
    return [words_of(client.get(address)) for address in ("/my-visits/", "/today/")]


def test_who_waits_for_an_earlier_visit_reads_it(patient, book, waits):
    book("2026-01-20 10:00")

    assert [LISTED in page for page in both_pages(patient)] == [True, True]


def test_who_waits_without_a_visit_is_not_told_to_call(patient, waits):
    for page in both_pages(patient):
        assert "You are on the list for a visit. We call you if a time becomes free." in page
        assert "Call us if you want to come." not in page


def test_a_time_that_is_kept_is_told_with_its_end_and_the_number_to_take_it(patient, waits):
    make_offer(waits, starts_at=at("2026-01-14 10:00"))

    for address in ("/my-visits/", "/today/"):
        response = patient.get(address)
        assert KEPT in words_of(response)
        assert "You are on the list for a visit." in words_of(response)
        assert "We call you if a time becomes free." not in words_of(response)
        assert '<a class="together" href="tel:212-555-0100">212-555-0100</a>' in response.content.decode()


def test_a_kept_time_is_told_in_spanish(patient, house, waits):
    Patient.objects.filter(pk=house.patient.pk).update(language="es")
    make_offer(waits, starts_at=at("2026-01-14 10:00"))

    page = words_of(patient.get("/my-visits/"))

    assert "Le guardamos la hora del mié 14 ene, 10:00 hasta hoy a las 07:30. Llame al 212-555-0100" in page
    assert "Está en la lista para una visita." in page


@pytest.mark.parametrize("answer", ["expired", "declined", "taken_back", "left"])
def test_an_offer_that_is_over_is_told_no_more(patient, house, book, waits, answer):
    made = make_offer(waits, starts_at=at("2026-01-14 10:00"))
    later = NOW + timedelta(minutes=31)
    if answer == "left":
        waiting.leave(entry=waits, by=house.desk, now=NOW)
    elif answer != "expired":
        verb = {"declined": waiting.decline, "taken_back": waiting.take_back}[answer]
        verb(offer=made, by=house.desk, now=NOW)

    with time_machine.travel(later if answer == "expired" else NOW, tick=False):
        pages = both_pages(patient)

    assert ["We keep" in page for page in pages] == [False, False]


@pytest.mark.parametrize(
    "facts", [{"ended_at": NOW, "ended_why": "withdrawn"}, {"last_date": NOW.date() - timedelta(1)}]
)
def test_a_wait_that_is_over_is_told_no_more(patient, house, clinic, facts):
    make_wait_entry(patient=house.patient, service=house.service, **facts)

    assert own_wait(house.patient, clinic=clinic, now=NOW) == OwnWait()
    assert ["on the list" in page for page in both_pages(patient)] == [False, False]


def test_the_wait_of_somebody_else_is_not_there(patient):
    make_offer(make_wait_entry(patient=make_patient()), starts_at=at("2026-01-14 10:00"))

    assert ["on the list" in page or "We keep" in page for page in both_pages(patient)] == [False, False]


def test_a_carer_reads_nothing_of_the_wait_list(house, clinic, waits):
    make_offer(waits, starts_at=at("2026-01-14 10:00"))
    carer = make_carer(patient=house.patient)
    client = Client()
    client.force_login(carer.user)

    page = words_of(client.get(f"/care/{carer.public_id}/"))

    assert ("No visit is booked" in page, "on the list" in page, "We keep" in page) == (True, False, False)


def test_who_reported_is_not_told_to_call_to_book_while_the_report_is_open(patient, house):
    make_report(patient=house.patient, by=house.patient.user)

    for page in both_pages(patient):
        assert "We look at your report first. Then we find a time together." in page
        assert "Call us if you want to come." not in page


def test_who_waits_for_a_clinician_is_told_that_the_clinic_decides_first(patient, house, waits):
    make_repeat_hold(patient=house.patient)

    for page in both_pages(patient):
        assert (
            "You are on the list for a visit. We decide first when you come next. Call us if you have a question."
        ) in page


@pytest.mark.parametrize("number", [1, 30])
def test_what_waits_is_one_query(house, clinic, number, django_assert_num_queries):
    for number_of_hours in range(0, 3 * number, 3):
        starts_at = at("2026-01-14 10:00") + timedelta(hours=number_of_hours)
        make_offer(make_wait_entry(patient=house.patient), starts_at=starts_at)

    with django_assert_num_queries(1):
        own_wait(house.patient, clinic=clinic, now=NOW)
