"""The pages of the stock: what is there, what is recorded, who may, and who got from a lot."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from clinic.access import Role
from clinic.alerts import alerts_for
from clinic.models import AuditEvent
from sessions_app import stock
from sessions_app.amending import begin_amendment
from sessions_app.models import Lot, LotOfTheDay, Product
from tests.makers import at, make_clinic, make_lot, make_patient, make_product, make_signed_session, make_user
from tests.sessions_app.charts import SIGNING, ready_draft
from tests.sessions_app.test_stock import draft_from, sign

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 09:00")
STOCK = reverse("sessions_app:stock")
RECEIVE = reverse("sessions_app:stock_receive")
PATIENTS = reverse("sessions_app:lot_patients")


@pytest.fixture(autouse=True)
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def nurse(client):
    person = make_user(name="Nora Pike")
    client.force_login(person)
    return person


def text_of(client, address, **query):
    answer = client.get(address, query)
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode().replace("<", " <")).split())


def lot_url(lot):
    return reverse("sessions_app:stock_lot", args=[lot.public_id])


def act(client, lot, name, **given):
    return client.post(lot_url(lot), {"act": name, "seen": stock.seen_of(Lot.objects.filter(pk=lot.pk)), **given})


PRODUCT = {
    "name": "Varisol",
    "manufacturer": "Invented Works",
    "strength_percent": "0.5",
    "ampoule_ml": "2",
    "form": "liquid",
    "register_code": "",
    "low_stock_ampoules": "5",
    "is_active": "on",
}


def test_a_product_is_added_received_and_opened_for_the_day(client, nurse):
    client.post(reverse("sessions_app:stock_product_new"), PRODUCT)
    product = Product.objects.get()
    sent = {"product": product.public_id, "lot": "K-7", "expiry": "05/2027", "ampoules": "20", "seen": "0"}
    client.post(RECEIVE, sent)
    lot = Lot.objects.get()
    client.post(reverse("sessions_app:stock_use_today", args=[lot.public_id]))

    assert (lot.expiry, stock.balance_of(lot), LotOfTheDay.objects.get().lot) == ("2027-05", 20, lot)
    page = text_of(client, STOCK)
    assert "Varisol 0.5 %" in page
    assert "K-7 until 31 May 2027 Lot of the day 20 ampoules" in page


def test_what_is_received_twice_with_one_page_is_received_once(client, nurse):
    product = make_product()
    sent = {"product": product.public_id, "lot": "K-7", "expiry": "2027-05", "ampoules": "20", "seen": "0"}
    client.post(RECEIVE, sent)

    answer = client.post(RECEIVE, sent)

    assert "or this was sent twice" in answer.content.decode()
    assert stock.balance_of(Lot.objects.get()) == 20


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"product": ""}, "Choose the product."),
        ({"product": "x"}, "Choose a product from the list."),
        ({"product": "00000000-0000-4000-8000-000000000000"}, "Choose a product from the list."),
        ({"lot": "  "}, "Enter the lot number as printed."),
        ({"expiry": ""}, "Enter the expiry date as printed, such as 2027-05."),
        ({"expiry": "2027-14"}, "Enter the date as printed, such as 2027-05."),
        ({"ampoules": "0"}, "Enter a number from 1 to 10000."),
        ({"ampoules": "2.5"}, "Enter a number from 1 to 10000."),
        ({"ampoules": "99999999999999999999"}, "Enter a number from 1 to 10000."),
        ({"lot": "x" * 41}, "Shorten the text"),
        ({"seen": "-1"}, "seen"),
    ],
)
def test_what_cannot_be_received_says_why_and_keeps_what_was_typed(client, nurse, changed, words):
    product = make_product()
    sent = {"product": product.public_id, "lot": "K-7", "expiry": "2027-05", "ampoules": "5", "note": "kept", **changed}

    answer = client.post(RECEIVE, sent)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert words in page or "at most 40" in page or "greater than or equal" in page
    assert 'value="kept"' in page
    assert Lot.objects.count() == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"strength_percent": "0"},
        {"strength_percent": "11"},
        {"strength_percent": "x"},
        {"strength_percent": "NaN"},
        {"ampoule_ml": "0"},
        {"ampoule_ml": "51"},
        {"form": "gas"},
        {"low_stock_ampoules": "-1"},
    ],
)
def test_a_product_that_cannot_be_is_not_saved(client, nurse, changed):
    answer = client.post(reverse("sessions_app:stock_product_new"), {**PRODUCT, **changed})

    assert answer.status_code == 200
    assert "invalid-feedback" in answer.content.decode() or "error-summary" in answer.content.decode()
    assert Product.objects.count() == 0


def test_what_happened_to_a_lot_is_recorded_on_its_page(client, nurse):
    lot = make_lot(ampoules=20)
    act(client, lot, "discard", ampoules="2", why="Broken")
    act(client, lot, "send_back", ampoules="3", why="Too many")
    act(client, lot, "count", ampoules="14", why="Counted")

    page = text_of(client, lot_url(lot))
    assert "14 ampoules" in page
    for part in ("Received +20", "Discarded −2 Nora Pike Broken", "Sent back −3"):
        assert part in page
    assert "Corrected after counting −1 Nora Pike Counted" in page


def test_a_reason_is_asked_for_and_the_number_stays(client, nurse):
    lot = make_lot(ampoules=20)

    page = act(client, lot, "discard", ampoules="2", why="").content.decode()

    assert "Write why." in page
    assert 'value="2"' in page
    assert stock.balance_of(lot) == 20


def test_an_act_that_does_not_exist_does_nothing(client, nurse):
    lot = make_lot(ampoules=20)

    answer = act(client, lot, "burn", ampoules="2", why="x")

    assert answer.status_code == 200
    assert stock.balance_of(lot) == 20


def test_a_withdrawn_lot_says_why_and_can_be_offered_again(client, nurse):
    lot = make_lot(ampoules=20)
    act(client, lot, "withdraw", why="Recall 7 of the maker")
    assert "Recall 7 of the maker" in text_of(client, lot_url(lot))
    assert "Use today" not in text_of(client, STOCK)

    client.post(reverse("sessions_app:stock_offer_again", args=[lot.public_id]))

    assert Lot.objects.get().withdrawn_at is None


def test_an_expired_lot_is_not_opened_and_the_page_says_so(client, nurse):
    lot = make_lot(expiry="2025-12", ampoules=3)

    client.post(reverse("sessions_app:stock_use_today", args=[lot.public_id]))

    assert LotOfTheDay.objects.count() == 0
    assert "Choose another lot." in text_of(client, STOCK)


def test_the_page_warns_of_what_is_low_of_what_expires_and_of_what_cannot_be(client, nurse):
    product = make_product(low_stock_ampoules=5)
    make_lot(product=product, ampoules=4, expiry="2026-01-20", lot="SOON")
    make_lot(product=product, ampoules=90, expiry="2025-12", lot="GONE")
    below = make_lot(product=product, ampoules=1, lot="BELOW")
    stock.discard(lot=below, ampoules=2, why="Broken", by=nurse)

    page = text_of(client, STOCK)
    for words in ("Low: order more", "Expires in 7 days", "Expired", "Below zero: count it", "3 usable"):
        assert words in page


def test_what_is_used_up_is_shown_on_demand(client, nurse):
    lot = make_lot(ampoules=1, lot="EMPTY-1")
    stock.discard(lot=lot, ampoules=1, why="Broken", by=nurse)

    assert "EMPTY-1" not in text_of(client, STOCK)
    assert "EMPTY-1" in text_of(client, STOCK, show="all")


def test_a_lot_in_use_that_expires_soon_is_on_every_page_of_who_looks_after_it(nurse):
    lot = make_lot(expiry="2026-01-20", lot="SOON")
    stock.use_today(lot=lot, by=nurse, now=NOW)

    def told(person):
        return [alert.words for alert in alerts_for(person) if "SOON" in alert.words]

    assert told(nurse) == ["A lot in use may not be used much longer: SOON until Tue 20 Jan."]
    assert told(make_user(Role.FRONT_DESK)) == []
    make_clinic(expiry_warning_days=6)
    assert told(nurse) == []


@pytest.mark.parametrize("number", [1, 30])
def test_the_stock_costs_the_same_queries_whatever_the_number_of_lots(client, nurse, number):
    for _ in range(number):
        make_lot(ampoules=3)
    client.get(STOCK)

    with CaptureQueriesContext(connection) as queries:
        client.get(STOCK)

    assert len(queries) == 5


@pytest.mark.parametrize("number", [1, 30])
def test_a_lot_costs_the_same_queries_whatever_happened_to_it(client, nurse, number):
    lot = make_lot(ampoules=100)
    for _ in range(number):
        stock.discard(lot=lot, ampoules=1, why="Broken", by=nurse)
    client.get(lot_url(lot))

    with CaptureQueriesContext(connection) as queries:
        client.get(lot_url(lot))

    assert len(queries) == 7


# --- Who got from a lot --------------------------------------------------------------------------------------------


def test_everybody_who_got_from_a_lot_is_listed_also_where_it_was_typed(client, nurse):
    lot = make_lot(lot="K-7", ampoules=10)
    stored = draft_from(lot, opened=2, patient=make_patient(given_name="Stella", family_name="Stocked", phone="555-1"))
    sign(stored)
    typed = ready_draft(patient=make_patient(given_name="Tilda", family_name="Typed", phone="+12125550177"))
    typed.ampoules.update(lot="k-7", opened=3)
    other = make_signed_session(patient=make_patient(given_name="Olga", family_name="Other"))

    page = text_of(client, PATIENTS, lot=" K-7 ")

    assert "2 sessions, 5 ampoules." in page
    assert "Stella Stocked" in page
    assert "555-1" in page
    assert "Tilda Typed" in page
    assert "(212) 555-0177" in page
    assert "Not signed yet" in page
    assert other.patient.name not in page


def test_who_was_corrected_to_another_lot_is_still_named(client, nurse):
    lot, right = make_lot(lot="K-7", ampoules=10), make_lot(lot="K-8", ampoules=10)
    session = draft_from(lot)
    sign(session)
    correction = begin_amendment(session=session, reason="Other lot", by=session.nurse, now=SIGNING)
    assert "1 session, 2 ampoules." in text_of(client, PATIENTS, lot="K-7")  # a draft changes nothing yet
    correction.ampoules.update(stock_lot=right, lot=right.lot)
    sign(correction)

    assert "Corrected since: another lot, or none" in text_of(client, PATIENTS, lot="K-7")
    assert "1 session, 2 ampoules." in text_of(client, PATIENTS, lot="K-8")


def test_reading_the_list_is_reading_charts(client, nurse):
    session = ready_draft()

    text_of(client, PATIENTS, lot="DEMO-1")

    read = AuditEvent.objects.get(action="chart read")
    assert (read.by_id, read.patient_id, read.details) == (nurse.pk, session.patient_id, {"source": "lot"})


@pytest.mark.parametrize("number", [1, 12])
def test_the_list_costs_the_same_queries_whatever_its_length(client, nurse, number):
    for _ in range(number):
        ready_draft()
    client.get(PATIENTS, {"lot": "DEMO-1"})

    with CaptureQueriesContext(connection) as queries:
        client.get(PATIENTS, {"lot": "DEMO-1"})

    assert len(queries) == 6


@pytest.mark.parametrize("number", ["", "%", "_", "' OR 1=1", "x" * 5000, "\x00", "<b>"])
def test_a_number_that_no_session_names_lists_nobody(client, nurse, number):
    ready_draft()

    page = client.get(PATIENTS, {"lot": number})

    assert page.status_code == 200
    assert AuditEvent.objects.filter(action="chart read").count() == 0
    assert b'<b>"' not in page.content


# --- Who may -------------------------------------------------------------------------------------------------------


def test_the_administrator_looks_after_the_stock_and_learns_nothing_about_patients(client):
    lot = make_lot(lot="K-7", ampoules=10)
    session = draft_from(lot, patient=make_patient(given_name="Stella", family_name="Secret"))
    sign(session)
    client.force_login(make_user(Role.ADMINISTRATOR))

    page = client.get(lot_url(lot)).content.decode()

    assert "Used in a session" in page
    assert "Secret" not in page
    assert str(session.public_id) not in page
    assert client.get(PATIENTS, {"lot": "K-7"}).status_code == 403


@pytest.mark.parametrize("address", [STOCK, RECEIVE, PATIENTS])
def test_the_front_desk_sees_no_stock(client, address):
    client.force_login(make_user(Role.FRONT_DESK))

    assert client.get(address).status_code == 403


def test_a_nurse_comes_from_a_movement_to_its_session(client, nurse):
    lot = make_lot(ampoules=10)
    session = draft_from(lot)
    sign(session)

    assert reverse("sessions_app:session", args=[session.public_id]) in client.get(lot_url(lot)).content.decode()
