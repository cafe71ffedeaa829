"""The patient's page in each of its states, in two languages, and who may see it."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftercare.models import AftercarePlan
from clinic.access import Role
from clinic.models import AuditEvent
from clinic.settings import demo
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan
from tests.makers import at, make_appointment, make_clinic, make_patient_user, make_service, make_tick, make_user

pytestmark = pytest.mark.django_db
TODAY = "/today/"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100", phone_hours="8:00–18:00", out_of_hours_phone="555-0199")


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather").patient


def seen_by(patient, when):
    client = Client()
    with time_machine.travel(at(when), tick=False):
        client.force_login(patient.user)
        return client.get(TODAY).content.decode()


def words_of(page):
    """What a person reads: the text of the page's main part, one piece per element."""
    main = page[page.index("<main") : page.index("</html>")]
    main = re.sub(r"<(script|template|defs)\b.*?</\1>", " ", main, flags=re.S)
    pieces = (unescape(piece).strip() for piece in re.split(r"<[^>]+>", main))
    labels = re.findall(r'aria-label="([^"]+)"', main)
    return [piece for piece in pieces if piece] + [unescape(label) for label in labels]


def changes_on(page):
    """Pairs of what holds now and what held before."""
    changed = page[page.index('<ul class="changes') :]
    lines = re.findall(r'<li>(.*?)(?:<span class="muted">(.*?)</span>)?</li>', changed[: changed.index("</ul>")])
    return [(unescape(now), unescape(was)) for now, was in lines]


def text_of(page):
    return " ".join(" ".join(words_of(page)).split())


# --- States ------------------------------------------------------------------------------------------------------


def test_before_any_plan_there_is_only_the_next_visit(patient):
    nurse = make_user(name="Ada Birchwood")
    make_appointment(
        patient=patient, nurse=nurse, service=make_service(chair_minutes=45), starts_at=at("2026-01-22 10:00")
    )

    text = text_of(seen_by(patient, "2026-01-15 12:30"))

    assert "No plan yet" in text
    assert "Next visit: Thu 22 Jan, 10:00 With Ada Birchwood. Plan 65 minutes." in text
    assert "wear your stocking" not in text
    assert "Your whole plan" not in text


def test_the_stocking_day_and_night_is_the_one_big_thing(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    text = text_of(seen_by(patient, "2026-01-15 12:30"))

    assert "Thursday 15 January, day 2 of your plan" in text
    assert "Stocking on, day and night until Tue 20 Jan, 10:30" in text
    assert "4 days and 22 hours left of 7 days" in text
    assert "Then by day until Tue 3 Feb." in text
    assert "Walk 15 to 20 minutes Every day until Tue 20 Jan" in text
    assert "Leave these until tomorrow Friday 16 January, 10:30" in text


def test_on_the_day_of_the_treatment_walks_begin_tomorrow(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    text = text_of(seen_by(patient, "2026-01-13 11:00"))

    assert "Tuesday 13 January, the day of your treatment" in text
    assert "Every day from tomorrow to Tue 20 Jan" in text


def test_on_the_day_of_the_switch_the_page_says_today(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    assert "until today, 10:30" in text_of(seen_by(patient, "2026-01-20 09:00"))


def test_by_day_the_stocking_may_come_off_for_the_night(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-01-25 09:00"))

    assert "Stocking on by day until Tue 3 Feb" in text
    assert "You may take it off for the night." in text
    assert "10 days left of 19 days" in text
    assert "Walk 15 to 20 minutes Every day" not in text
    assert "Leave these" not in text


def test_when_nothing_is_left_but_to_watch_the_page_says_until_when(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-02-05 09:00"))

    assert "No stocking needed now Know the warning signs until Tue 10 Feb" in text


def test_after_the_end_the_plan_is_finished_and_the_numbers_stay(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-03-05 09:00"))

    assert "Your plan is finished Its last day was Tue 10 Feb." in text
    assert "Your whole plan" not in text
    assert "in mind until" not in text, "the day is over; whom to call stays"
    assert "555-0100" in text


def test_overlapping_plans_are_shown_as_one(patient):
    make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-04-17 09:00"))

    assert text.count("Stocking on") == 1
    assert "Stocking on, day and night until Sun 19 Apr, 11:00" in text
    assert "Then by day until Thu 7 May." in text
    assert "the usual time is from Thu 23 Apr to Thu 30 Apr" in text


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-04-20 09:00", "the usual time is from Thu 23 Apr to Thu 30 Apr"),
        ("2026-04-23 09:00", "the usual time is from Thu 23 Apr to Thu 30 Apr"),
        ("2026-04-24 09:00", "the usual time is until Thu 30 Apr"),
        ("2026-04-29 09:00", "the usual time is until Thu 30 Apr"),
    ],
)
def test_the_usual_time_of_a_next_visit_never_begins_in_the_past(patient, when, said):
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    text = text_of(seen_by(patient, when))

    assert said in text
    assert f"Usual time of a next visit {said.removeprefix('the usual time is ')}" in text


def test_on_the_last_day_of_the_usual_time_the_page_says_today(patient):
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-04-30 09:00"))

    assert "If you need another one, today is the last day of the usual time. Call us to book." in text


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-01-20 09:00", "Next visit: Thu 22 Jan, 10:00"),
        ("2026-01-21 09:00", "Next visit: tomorrow, 10:00"),
        ("2026-01-22 09:00", "Next visit: today, 10:00"),
    ],
)
def test_a_visit_of_today_and_of_tomorrow_is_told_as_such(patient, when, said):
    make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))

    assert said in text_of(seen_by(patient, when))


def test_in_spanish_too_the_usual_time_never_begins_in_the_past(patient):
    patient.language = "es"
    patient.save()
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-04-24 09:00"))

    assert "lo habitual es hasta el jue 30 abr" in text
    assert "del jue 23 abr" not in text


def test_the_plan_as_text_marks_what_is_over(patient):
    make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)
    page = seen_by(patient, "2026-04-17 09:00")

    lines = re.findall(r'<li( class="is-over")?><span class="plan-icon">.*?<b>(.*?)</b>(.*?)</span>', page)
    assert [(bool(over), f"{what}{until}") for over, what, until in lines] == [
        (True, "Stocking day and night until Mon 13 Apr, 14:00"),
        (True, "Stocking by day until Thu 16 Apr"),
        (False, "Stocking day and night until Sun 19 Apr, 11:00"),
        (False, "Stocking by day until Thu 7 May"),
        (True, "Walk 15 to 20 minutes every day from Tue 7 Apr to Mon 13 Apr"),
        (False, "Walk 15 to 20 minutes every day from Fri 17 Apr to Sun 19 Apr"),
        (
            False,
            "Leave: heavy exercise, sunbathing, flights over 4 hours, hot bath or sauna until Sun 19 Apr, 11:00",
        ),
        (False, "Usual time of a next visit from Thu 23 Apr to Thu 30 Apr"),
        (False, "Know the warning signs until Thu 14 May"),
    ]


def test_a_corrected_plan_says_so_and_shows_the_new_one(patient):
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    text = text_of(seen_by(patient, "2026-01-15 09:00"))

    assert "The clinic corrected your plan on Wed 14 Jan." in text
    assert "until Tue 20 Jan, 10:30" in text


def test_a_corrected_plan_says_what_changed(patient):
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    page = seen_by(patient, "2026-01-15 09:00")

    assert changes_on(page) == [
        ("Stocking day and night: now until Tue 20 Jan, 10:30", "before: until Fri 16 Jan, 10:30"),
        ("Walk 15 to 20 minutes every day: now from Wed 14 Jan to Tue 20 Jan", "before: from Wed 14 Jan to Fri 16 Jan"),
    ]


def test_a_plan_that_becomes_shorter_says_so(patient):
    plan = make_plan("2026-01-13 10:30", RETICULAR, patient=patient, screening={"breastfeeding": True})
    amend(plan, SPIDER, at_instant=at("2026-01-13 12:00"))

    assert changes_on(seen_by(patient, "2026-01-13 13:00")) == [
        ("Stocking day and night: now until Fri 16 Jan, 10:30", "before: until Tue 20 Jan, 10:30"),
        ("Walk 15 to 20 minutes every day: now from Wed 14 Jan to Fri 16 Jan", "before: from Wed 14 Jan to Tue 20 Jan"),
        ("No longer: No breastfeeding", "before: until Tue 13 Jan, 18:30"),
    ]


def test_a_correction_that_changes_nothing_for_the_patient_is_not_told(patient):
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    amend(plan, {**SPIDER, "volume_ml": "0.60"}, at_instant=at("2026-01-14 12:00"))

    assert "corrected" not in text_of(seen_by(patient, "2026-01-15 09:00"))


def test_a_correction_beside_a_stricter_plan_tells_only_what_changes_in_sum(patient):
    make_plan("2026-01-13 10:30", {**RETICULAR, "leg": "left"}, patient=patient)
    other = make_plan("2026-01-14 10:30", {**SPIDER, "leg": "left"}, patient=patient)
    amend(other, {**RETICULAR, "leg": "left"}, at_instant=at("2026-01-14 12:00"))

    assert changes_on(seen_by(patient, "2026-01-15 09:00")) == [
        ("Stocking day and night: now until Wed 21 Jan, 10:30", "before: until Tue 20 Jan, 10:30"),
        ("Walk 15 to 20 minutes every day: now from Wed 14 Jan to Wed 21 Jan", "before: from Wed 14 Jan to Tue 20 Jan"),
    ]


def test_a_plan_that_was_taken_back_says_that_nothing_is_left_to_do(patient):
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    AftercarePlan.objects.filter(pk=plan.pk).update(replaced_at=at("2026-01-14 12:00"))

    text = text_of(seen_by(patient, "2026-01-15 09:00"))

    assert "On Wed 14 Jan the clinic took back the plan of your visit on Tue 13 Jan." in text
    assert "No longer: Stocking day and night before: until Fri 16 Jan, 10:30" in text
    assert "No plan yet" in text


def test_what_changed_is_open_while_it_is_news_and_folded_afterwards(patient):
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert 'id="changed-1" open>' in seen_by(patient, "2026-01-16 11:59")
    assert 'id="changed-1">' in seen_by(patient, "2026-01-16 12:01")


def test_a_visit_while_the_stocking_is_worn_says_to_wear_it(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))

    assert "and wear your stocking." in text_of(seen_by(patient, "2026-01-15 09:00"))


def test_a_cancelled_visit_is_no_visit(patient):
    make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"), status="cancelled")

    assert "No visit is booked" in text_of(seen_by(patient, "2026-01-15 09:00"))


def test_the_emergency_number_comes_before_the_clinics(patient):
    page = seen_by(patient, "2026-01-15 09:00")

    calls = re.findall(r'call-link" href="tel:([^"]+)"', page)
    assert calls == ["911", "555-0100", "555-0199"]


def test_itching_is_called_normal_for_two_days_only(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)

    assert "Itching" in seen_by(patient, "2026-01-15 23:59")
    assert "Itching" not in seen_by(patient, "2026-01-16 00:00")


def test_the_page_answers_in_the_order_in_which_a_patient_asks(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    page = seen_by(patient, "2026-01-14 12:30")

    places = [page.index(mark) for mark in ('id="now"', 'id="walk"', 'id="leave"', 'id="visit"', 'id="normal"')]
    places += [page.index(mark) for mark in ('id="plan-heading"', 'id="who"')]
    assert places == sorted(places)


def test_what_is_normal_follows_the_days_since_each_session(patient):
    make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    page = seen_by(patient, "2026-04-17 09:00")

    # Day 1 of the second session, day 11 of the first: both courses go on.
    now = page[page.index('<ul class="normal">') :]
    assert [words.split(".")[0] for words in re.findall(r"<li>(.*?)</li>", now[: now.index("</ul>")])] == [
        "Itching, stinging or small wheals where the needle went in, for the first 2 days",
        "Mild soreness or warmth at the treated places",
        "Bruises",
        "Veins that look darker than before",
        "A small dark lump under the skin can be trapped blood",
        "A brown line over a treated vein",
        "How it turned out is seen only after some months",
    ]
    later = now[now.index("What may come later") :]
    assert re.findall(r"<b>(.*?)</b> (.*?) ", later[: later.index("</ul>")]) == [
        ("From Thu 30 Apr:", "Fine"),
    ]


def test_the_page_promises_nothing(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    text = text_of(seen_by(patient, "2026-01-15 09:00")).lower()

    for promise in (
        "painless",
        "for ever",
        "forever",
        "cure",
        "guarantee",
        "permanent",
        "completely",
        "score",
        "streak",
    ):
        assert promise not in text


def test_there_is_no_dead_button(patient):
    """What the page cannot do yet is not on it: every button posts, prints or changes the look."""
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    page = seen_by(patient, "2026-01-15 09:00")

    buttons = re.findall(r"<button[^>]*>", page[page.index("<main") : page.index("<nav")])
    assert [button for button in buttons if "data-print" not in button and 'type="submit"' not in button] == []
    assert 'href="#"' not in page


# --- Clocks ------------------------------------------------------------------------------------------------------


def test_times_name_the_zone_when_the_patient_lives_by_another_clock():
    patient = make_patient_user(time_zone="America/Los_Angeles").patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    text = text_of(seen_by(patient, "2026-01-15 12:30"))

    assert "until Tue 20 Jan, 10:30 EST" in text
    assert "All times are the clinic's time (New York, EST)." in text


def test_times_name_no_zone_when_both_clocks_agree():
    patient = make_patient_user(time_zone="America/Toronto").patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    assert "EST" not in text_of(seen_by(patient, "2026-01-15 12:30"))


def test_an_end_after_the_clock_change_names_the_summer_zone():
    patient = make_patient_user(time_zone="America/Phoenix").patient
    make_plan("2026-03-06 16:00", SPIDER, patient=patient)

    text = text_of(seen_by(patient, "2026-03-07 16:00"))

    assert "until Mon 9 Mar, 16:00 EDT" in text
    assert "2 days left of 3 days" in text


# --- Spanish -----------------------------------------------------------------------------------------------------

SAME_IN_BOTH = re.compile(
    r"[\d\s:.,–+-]*|\d+ h|.*\d{3}-\d{4}.*|911|[A-Z][a-z]+ [A-Z]\w+|Larkfield Clinic|min|8:00–18:00"
)
STATES = {
    "none": ("2026-01-15 12:30", []),
    "continuous": ("2026-01-15 12:30", [("2026-01-13 10:30", RETICULAR)]),
    "last hours": ("2026-01-20 09:00", [("2026-01-13 10:30", RETICULAR)]),
    "last minutes": ("2026-01-20 10:00", [("2026-01-13 10:30", RETICULAR)]),
    "daytime": ("2026-01-25 12:30", [("2026-01-13 10:30", RETICULAR)]),
    "watch": ("2026-02-05 12:30", [("2026-01-13 10:30", RETICULAR)]),
    "over": ("2026-03-05 12:30", [("2026-01-13 10:30", RETICULAR)]),
    "first day": ("2026-01-13 11:00", [("2026-01-13 10:30", SPIDER)]),
    "two legs": (
        "2026-04-17 09:00",
        [("2026-04-06 14:00", {**RETICULAR, "leg": "right"}), ("2026-04-16 11:00", SPIDER)],
    ),
}


def page_in(language, state, **facts):
    when, sessions = STATES[state]
    patient = make_patient_user(
        language=language, given_name="Marigold", family_name="Quillfeather", time_zone="America/Los_Angeles"
    ).patient
    for ended_at, site in sessions:
        make_plan(ended_at, site, patient=patient, screening={"breastfeeding": True, "history_of_clot": True})
    if facts.get("visit"):
        make_appointment(patient=patient, nurse=make_user(name="Ada Birchwood"), starts_at=at("2026-06-22 10:00"))
    return seen_by(patient, when)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visit", [False, True], ids=["no visit", "visit"])
def test_every_word_of_the_page_is_spanish(state, visit):
    """Whatever a Spanish page shares with the English one is a name or a number."""
    english = set(words_of(page_in("en", state, visit=visit)))
    spanish = set(words_of(page_in("es", state, visit=visit)))

    shared = {piece for piece in english & spanish if not SAME_IN_BOTH.fullmatch(piece)}
    assert shared == set()


def test_a_spanish_page_writes_dates_in_spanish():
    text = text_of(page_in("es", "continuous"))

    assert "Jueves 15 de enero, día 2 de su plan" in text
    assert "hasta el mar 20 ene, 10:30 EST" in text


def test_a_spanish_page_says_so_to_browsers():
    patient = make_patient_user(language="es").patient
    client = Client()
    client.force_login(patient.user)
    answer = client.get(TODAY, headers={"accept-language": "en"})

    assert 'lang="es"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "es"


def test_a_corrected_plan_is_told_in_spanish_too():
    patient = make_patient_user(language="es").patient
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert "La clínica corrigió su plan el mié 14 ene." in text_of(seen_by(patient, "2026-01-15 09:00"))


def test_staff_pages_stay_english_in_a_spanish_browser():
    client = Client()
    client.force_login(make_user(Role.CLINICAL_LEAD))

    page = client.get(reverse("clinic:protocol"), headers={"accept-language": "es"}).content.decode()

    assert 'lang="en' in page
    assert "Sign out" in page


# --- Who ---------------------------------------------------------------------------------------------------------


def test_a_patient_sees_the_own_plan_and_nobody_elses(patient):
    other = make_patient_user(given_name="Casimir", family_name="Thistledown").patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=other)

    text = text_of(seen_by(patient, "2026-01-15 12:30"))

    assert "No plan yet" in text
    assert "Casimir" not in text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PATIENT])
def test_staff_have_no_page_of_their_own_here(role):
    client = Client()
    client.force_login(make_user(role))

    assert client.get(TODAY).status_code == 403


def test_nobody_signed_in_is_sent_to_sign_in():
    assert Client().get(TODAY).url == "/accounts/code/?next=/today/"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_only_reads(patient, method):
    client = Client()
    client.force_login(patient.user)

    assert getattr(client, method)(TODAY).status_code == 405


def test_an_account_without_a_patient_has_no_page():
    client = Client()
    client.force_login(make_user(Role.PATIENT))

    assert client.get(TODAY).status_code == 404


# --- Cost --------------------------------------------------------------------------------------------------------


def queries_of(patient, when):
    client = Client()
    with time_machine.travel(at(when), tick=False):
        client.force_login(patient.user)
        client.get(TODAY)
        with CaptureQueriesContext(connection) as queries:
            client.get(TODAY)
    return [query["sql"] for query in queries]


def test_the_page_costs_the_same_queries_with_one_plan_and_with_four_and_with_a_month_of_answers(patient):
    assert len(queries_of(patient, "2026-01-12 12:30")) == 11
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    make_appointment(patient=patient, starts_at=at("2026-02-22 10:00"))
    one = queries_of(patient, "2026-01-15 12:30")
    for day in range(3):
        make_plan(at("2026-01-14 10:30") + timedelta(days=day), SPIDER, patient=patient)

    for day in range(1, 31):
        make_tick(patient=patient, by=patient.user, date=date(2026, 1, day))

    assert (len(one), len(queries_of(patient, "2026-01-18 12:30"))) == (12, 12)


def test_reading_the_own_page_writes_nothing(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    audited = AuditEvent.objects.exclude(action="signed in").count()

    assert [sql for sql in queries_of(patient, "2026-01-15 12:30") if not sql.strip().startswith("SELECT")] == []
    assert AuditEvent.objects.exclude(action="signed in").count() == audited


def test_the_first_load_stays_below_100_kb_as_dev_up_sends_it(patient, tmp_path):
    """Laid out and answered with the settings of `./dev up`; the page is counted as it is before it is compressed."""
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    storages = {**settings.STORAGES, "staticfiles": demo.STORAGES["staticfiles"]}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages, WHITENOISE_USE_FINDERS=False):
        call_command("collectstatic", interactive=False, verbosity=0)
        page = seen_by(patient, "2026-01-15 12:30")
        assets = {link.partition("?")[0] for link in re.findall(r'(?:src|href)="(/static/[^"#]+)', page)}
        answers = {asset: Client().get(asset, headers={"accept-encoding": "gzip"}) for asset in assets}
        sizes = {asset: len(b"".join(answer)) for asset, answer in answers.items()}

    plain = {asset for asset, answer in answers.items() if answer.headers.get("Content-Encoding") != "gzip"}
    assert {asset for asset in plain if not asset.endswith(".png")} == set()
    assert sum(sizes.values()) + len(page.encode()) < 100_000, sizes


def test_a_later_load_stays_below_20_kb(patient):
    """What the first load brought is kept by the browser: only the page comes anew."""
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    client = Client(headers={"accept-encoding": "gzip"})
    with time_machine.travel(at("2026-01-15 12:30"), tick=False):
        client.force_login(patient.user)
        answer = client.get(TODAY)

    assert (answer.headers["Content-Encoding"], len(answer.content) < 20_000) == ("gzip", True)
