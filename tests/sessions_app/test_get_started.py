"""The public page: one row however often it is sent, one answer for everybody, and nothing a robot gets through."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent
from sessions_app import booking
from sessions_app.forms.get_started import GetStartedForm
from sessions_app.models import VisitRequest
from tests.makers import at, make_clinic, make_hours, make_patient, make_user, make_visit_request

pytestmark = pytest.mark.django_db

PATH = "/get-started/"
TYPED = {"kind": "first_visit", "name": "Ivy Larkspur", "phone": "(212) 555-0142", "email": ""}


@pytest.fixture
def clock(house):
    make_clinic(request_answer_hours=24, phone="212-555-0100", name="Larkfield Vein Clinic")
    with time_machine.travel(at("2026-01-13 10:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def opened(client, clock):
    """The ticket of a page that was opened a minute ago."""
    ticket = ticket_of(client.get(PATH))
    clock.shift(60)
    return ticket


def ticket_of(response):
    return unescape(re.search(r'name="ticket" value="([^"]+)"', response.content.decode())[1])


def errors_of(response):
    form = response.context["form"]
    return {name: list(words) for name, words in form.errors.items()}


def test_asking_puts_one_row_on_the_list_with_its_promise(client, opened):
    response = client.post(PATH, {**TYPED, "weekdays": ["1", "3"], "parts_of_day": ["morning"], "ticket": opened})

    asked = VisitRequest.objects.get()
    assert response.status_code == 302
    assert response.url.startswith("/get-started/thanks/?language=en&until=")
    assert (asked.kind, asked.name, str(asked.phone), asked.email) == (
        "first_visit",
        "Ivy Larkspur",
        "+12125550142",
        "",
    )
    assert (asked.weekdays, asked.parts_of_day, asked.language) == (0b1010, ["morning"], "en")
    assert (asked.asked_at, asked.answer_by) == (at("2026-01-13 10:01"), at("2026-01-14 10:01"))
    assert AuditEvent.objects.filter(action="visit asked for", by_name="anonymous").count() == 1


def test_no_day_and_no_time_mean_any(client, opened):
    client.post(PATH, {**TYPED, "ticket": opened})

    asked = VisitRequest.objects.get()
    assert (asked.weekdays, asked.parts_of_day) == (0b1111111, [])


def test_sent_twice_makes_one_row_and_the_same_answer(client, opened):
    first, second = (client.post(PATH, {**TYPED, "ticket": opened}) for _ in range(2))

    assert (first.url, VisitRequest.objects.count()) == (second.url, 1)


def test_a_number_that_is_corrected_after_going_back_is_heard(client, opened):
    client.post(PATH, {**TYPED, "phone": "(212) 555-0141", "ticket": opened})
    corrected = [client.post(PATH, {**TYPED, "ticket": opened}).status_code for _ in range(2)]

    assert corrected == [302, 302]
    assert [str(asked.phone) for asked in VisitRequest.objects.order_by("pk")] == ["+12125550141", "+12125550142"]


def test_other_words_with_a_used_ticket_count_for_the_limit_of_a_contact(client, opened):
    for name in ("Ivy", "Ivy L", "Ivy La", "Ivy Lar", "Ivy Lark"):
        client.post(PATH, {**TYPED, "name": name, "ticket": opened})

    assert [asked.name for asked in VisitRequest.objects.order_by("pk")] == ["Ivy", "Ivy L", "Ivy La"]


def test_thanks_page_says_the_promise_and_nobodys_name(client, opened):
    response = client.post(PATH, {**TYPED, "ticket": opened}, follow=True)

    text = response.content.decode()
    assert "Wed 14 Jan, 10:01" in text
    assert "Larkspur" not in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_number_on_the_thanks_page_dials(client, opened, language):
    thanks = client.post(PATH, {**TYPED, "ticket": opened}).url

    page = client.get(thanks.replace("language=en", f"language={language}")).content.decode()

    assert 'href="tel:212-555-0100">212-555-0100</a>.' in page


@pytest.mark.parametrize("until", ["", "2026-01-14T10:01:00+00:00", "2026-01-14T10:01:00+00:00:forged", "\x00"])
def test_nobody_can_make_up_a_promise(client, clock, until):
    answer = client.get("/get-started/thanks/", {"until": until})

    assert (answer.status_code, answer.url) == (302, "/get-started/?language=en")


def test_the_thanks_in_the_other_language_keep_the_promise(client, opened):
    thanks = client.post(PATH, {**TYPED, "ticket": opened}, follow=True)
    other = unescape(re.search(r'class="[^"]*switch-language" href="([^"]+)"', thanks.content.decode())[1])

    assert "a más tardar el <b" in client.get(f"/get-started/thanks/{other}").content.decode()


def test_answer_is_the_same_whether_somebody_is_a_patient_or_not(clock):
    make_patient(phone="+12125550142", email="ivy@example.com")
    pages = []
    for phone in ("(212) 555-0142", "(212) 555-0143"):
        client = Client()
        ticket = ticket_of(client.get(PATH))
        clock.shift(60)
        response = client.post(PATH, {**TYPED, "phone": phone, "ticket": ticket}, follow=True)
        pages.append(re.sub(r"10:0\d|\b\w{64}\b|until=[^&\"]+", "", response.content.decode()))

    assert pages[0] == pages[1]


def test_page_needs_no_session(client, opened):
    client.post(PATH, {**TYPED, "ticket": opened}, follow=True)

    assert "sessionid" not in client.cookies


# --- What is typed wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"name": ""}, {"name": ["Enter your name."]}),
        ({"name": "x" * 121}, {"name": ["Shorten this to 120 characters."]}),
        ({"name": "1234"}, {"name": ["Write your name with letters."]}),
        ({"name": "Buy https://pills.example"}, {"name": ["Write your name only."]}),
        ({"name": "Ivy\r\nBcc: all"}, {"name": ["Write this on one line."]}),
        ({"kind": ""}, {"kind": ["Choose a first visit or a call back."]}),
        ({"kind": "surgery"}, {"kind": ["Choose a first visit or a call back."]}),
        ({"phone": "555"}, {"phone": ["Enter the number with its area code, for example (201) 555-0123."]}),
        ({"phone": ""}, {"phone": ["Enter a phone number or an e-mail, so that we can answer you."]}),
        (
            {"phone": "", "email": "ivy@example.com", "kind": "call_back"},
            {"phone": ["Enter the number that we should call."]},
        ),
        ({"email": "ivy@"}, {"email": ["Enter the whole e-mail, for example name@example.com."]}),
        ({"weekdays": ["9"]}, {"weekdays": ["Choose among the days shown."]}),
        ({"parts_of_day": ["night"]}, {"parts_of_day": ["Choose among the times of day shown."]}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(client, opened, typed, wrong):
    response = client.post(PATH, {**TYPED, "ticket": opened, **typed})

    assert errors_of(response) == wrong
    assert ticket_of(response) == opened
    assert VisitRequest.objects.count() == 0
    for value in {**TYPED, **typed}.values():
        if isinstance(value, str) and value.isprintable() and value != "surgery":
            assert value in unescape(response.content.decode())


def test_days_on_which_nobody_works_are_not_offered(client, clock):
    text = client.get(PATH).content.decode()

    assert re.findall(r'name="weekdays" value="(\d)"', text) == ["0", "1", "2", "3", "4"]


# --- Robots -------------------------------------------------------------------------------------------------------


def test_form_that_comes_back_at_once_is_to_be_looked_over(client, clock):
    ticket = ticket_of(client.get(PATH))
    clock.shift(1)
    first = client.post(PATH, {**TYPED, "ticket": ticket})
    clock.shift(5)
    second = client.post(PATH, {**TYPED, "ticket": ticket_of(first)})

    assert errors_of(first) == {"__all__": ["That was very quick. Look it over and send it once more."]}
    assert (second.status_code, VisitRequest.objects.count()) == (302, 1)


@pytest.mark.parametrize("forged", ["", "x", "3f0c7e2e-4a3f-4d2e-9a57-1f6a5b1c2d3e", "\x00"])
def test_ticket_that_is_not_ours_is_refused_and_replaced(client, clock, forged):
    response = client.post(PATH, {**TYPED, "ticket": forged})

    assert errors_of(response) == {"__all__": ["This page could not be checked. Look it over and send it once more."]}
    assert ticket_of(response) != forged
    assert VisitRequest.objects.count() == 0


def test_page_that_lay_open_over_night_is_sent_once_more(client, opened, clock):
    clock.shift(timedelta(hours=13))
    first = client.post(PATH, {**TYPED, "ticket": opened})
    clock.shift(10)
    second = client.post(PATH, {**TYPED, "ticket": ticket_of(first)})

    assert errors_of(first) == {"__all__": ["This page was open for long. Look it over and send it once more."]}
    assert (second.status_code, VisitRequest.objects.count()) == (302, 1)


def test_field_that_only_robots_see_stops_them_and_tells_a_person_why(client, opened):
    response = client.post(PATH, {**TYPED, "ticket": opened, "website": "https://pills.example"})

    assert errors_of(response) == {"website": ["Empty this field, then send again. It is there to keep robots out."]}
    assert 'class="robots"' not in response.content.decode()
    assert VisitRequest.objects.count() == 0


def test_fourth_question_of_a_number_on_one_day_gets_the_same_answer_and_no_row(client, clock):
    answers = [ask(client, clock) for _ in range(4)]

    assert {(answer.status_code, answer.url.partition("until=")[0]) for answer in answers} == {
        (302, "/get-started/thanks/?language=en&")
    }
    assert VisitRequest.objects.count() == 3
    clock.shift(timedelta(days=1, minutes=1))
    ask(client, clock)
    assert VisitRequest.objects.count() == 4


def test_one_address_asks_twenty_times_an_hour_and_keeps_what_it_typed(client, clock):
    statuses = [ask(client, clock, phone=f"(212) 555-01{number}").status_code for number in range(10, 31)]
    refused = ask(client, clock, phone="(212) 555-0177")

    assert statuses == [302] * 20 + [429]
    assert (refused.status_code, VisitRequest.objects.count()) == (429, 20)
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert "(212) 555-0177" in refused.content.decode()
    assert ask(Client(REMOTE_ADDR="203.0.113.9"), clock, phone="(212) 555-0177").status_code == 302


def test_cache_holds_no_phone_number(client, clock):
    ask(client, clock)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM clinic_cache")
        rows = " ".join(str(row) for row in cursor.fetchall())

    assert "2125550142" not in rows


def ask(client, clock, **facts):
    ticket = ticket_of(client.get(PATH))
    clock.shift(10)
    return client.post(PATH, {**TYPED, **facts, "ticket": ticket})


# --- Language and promise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "browser", "language"),
    [("", "es-MX,es;q=0.9", "es"), ("", "de,en;q=0.5", "en-gb"), ("?language=es", "en", "es"),
     ("?language=en", "es", "en-gb"), ("?language=xx", "es", "es")],
)  # fmt: skip
def test_page_speaks_the_browsers_language_or_the_chosen_one(client, clock, query, browser, language):
    response = client.get(f"{PATH}{query}", headers={"accept-language": browser})

    assert (response.headers["Content-Language"], f'<html lang="{language}"' in response.content.decode()) == (
        language,
        True,
    )


def test_spanish_question_is_answered_in_spanish(client, clock):
    ticket = ticket_of(client.get(f"{PATH}?language=es"))
    clock.shift(60)
    response = client.post(f"{PATH}?language=es", {**TYPED, "ticket": ticket}, follow=True)

    assert VisitRequest.objects.get().language == "es"
    assert response.headers["Content-Language"] == "es"
    assert "mié 14 ene, 10:01" in response.content.decode()


def test_promise_counts_the_days_on_which_the_clinic_is_open(client, house, clock, book):
    """Asked on Tuesday; Wednesday is closed for the whole clinic."""
    booking.close(
        title="Stock-taking", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk,
        now=timezone.now(),
    )  # fmt: skip

    assert "Thu 15 Jan, 10:00" in client.get(PATH).content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_page_costs_the_same_queries_however_many_nurses_and_requests_there_are(
    client, house, clock, number, django_assert_num_queries
):
    for _ in range(number - 1):
        make_hours(make_user())
        make_visit_request()
    client.get(PATH)

    with django_assert_num_queries(4):
        client.get(PATH)


def test_a_long_name_is_refused_in_words_and_not_cut_by_the_browser():
    assert "maxlength" not in GetStartedForm()["name"].as_widget()


def test_phone_hours_are_marked_as_the_language_they_are_written_in(client, clock):
    make_clinic(phone_hours="Mon to Fri 8:00 to 18:00")

    page = client.get("/get-started/?language=es").content.decode()

    assert '<span lang="en">Mon to Fri 8:00 to 18:00</span>' in page
