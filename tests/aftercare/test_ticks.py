"""A patient's answers of a day: what is asked, what is kept, who helps, and that silence is never taken for a no."""

import re
import uuid
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from aftercare import ticks
from aftercare.models import AftercarePlan, Tick
from aftercare.reports import Said, file_report
from aftercare.stocking_help import due_times, finish_help, open_help
from aftercare.stored import plan_of
from aftercare.ticks import answer_day, answers_of, tasks_on
from clinic.access import Role
from clinic.models import AuditEvent, Clinic, StaffTask, User
from clinic.protocol import timeline_of
from sessions_app.refusals import Refused
from tests.aftercare.people import RETICULAR, SPIDER, make_plan
from tests.makers import (
    at,
    make_carer,
    make_clinic,
    make_hours,
    make_patient_user,
    make_report,
    make_tick,
    make_user,
)

pytestmark = pytest.mark.django_db
TODAY, STOCKING, WALK = "/today/", "/today/answer/first/", "/today/answer/second/"
THURSDAY, NOON = date(2026, 1, 15), "2026-01-15 12:00"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(phone="555-0100")


@pytest.fixture
def patient():
    """Treated on Tuesday 13 January at 10:30: stocking until 3 February, walks from the 14th to the 20th."""
    patient = make_patient_user().patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    return patient


def answered(patient, answer="yes", *, day=THURSDAY, task="stocking", reason="", when=NOON, key=None):
    return answer_day(
        patient=patient,
        task=Tick.Task(task),
        day=day,
        answer=answer,
        reason=reason,
        request_key=key or uuid.uuid4(),
        by=patient.user,
        now=at(when),
    )


def wanted():
    return StaffTask.objects.filter(kind="stocking_help")


def browser_of(patient, when=NOON):
    client = Client()
    client.force_login(patient.user)
    return client, time_machine.travel(at(when), tick=False)


def shown(patient, path=TODAY, when=NOON):
    client, then = browser_of(patient, when)
    with then:
        return client.get(path).content.decode()


def sent(patient, path=STOCKING, *, when=NOON, **fields):
    client, then = browser_of(patient, when)
    with then:
        return client.post(path, {"request_key": str(uuid.uuid4()), "day": "2026-01-15", **fields})


def text_of(page):
    main = page[page.index("<main") : page.index("<nav")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


# --- What is asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        ("2026-01-12", set()),
        ("2026-01-13", {"stocking"}),
        ("2026-01-14", {"stocking", "walk"}),
        ("2026-01-20", {"stocking", "walk"}),
        ("2026-01-21", {"stocking"}),
        ("2026-02-03", {"stocking"}),
        ("2026-02-04", set()),
    ],
)
def test_a_day_asks_what_the_united_plans_ask(patient, day, asked):
    timeline = timeline_of(plan_of(row) for row in patient.plans.all())

    assert tasks_on(timeline, date.fromisoformat(day)) == asked


def test_nothing_is_asked_without_a_plan():
    assert tasks_on(timeline_of([]), THURSDAY) == frozenset()


# --- What is kept ------------------------------------------------------------------------------------------------


def test_the_newest_answer_of_a_day_counts_and_the_former_ones_stay(patient):
    answered(patient, "no", reason="forgot", when="2026-01-15 08:00")
    newest = answered(patient, "yes", when="2026-01-15 09:00")

    assert answers_of(patient, first=THURSDAY, last=THURSDAY) == {(THURSDAY, "stocking"): newest}
    assert Tick.objects.count() == 2


def test_a_form_sent_twice_is_one_answer(patient):
    key = uuid.uuid4()

    assert answered(patient, key=key).pk == answered(patient, key=key).pk
    assert Tick.objects.get().answer == "yes"


def test_a_page_that_answers_again_in_other_words_is_heard_each_time_and_opens_its_task(patient):
    key = uuid.uuid4()
    said = [("part", "heat"), ("no", "skin"), ("no", "skin"), ("part", "heat"), ("part", "heat")]

    rows = [answered(patient, answer, reason=reason, key=key).pk for answer, reason in said]

    assert len(dict.fromkeys(rows)) == 3
    kept = Tick.objects.order_by("pk").values_list("answer", "reason")
    assert list(kept) == [("part", "heat"), ("no", "skin"), ("part", "heat")]
    assert wanted().count() == 1


@pytest.mark.parametrize(("said", "rows"), [(("no", "skin"), 2), (("part", "heat"), 1)])
def test_two_presses_of_one_page_in_the_same_moment_are_both_heard(patient, monkeypatch, said, rows):
    key = uuid.uuid4()
    answered(patient, "part", reason="heat", key=key)
    # The second press looks before the first one is written, and finds its key taken when it writes.
    monkeypatch.setattr(ticks, "_answered", _blind_once(ticks._answered))

    answer, reason = said
    assert answered(patient, answer, reason=reason, key=key).reason == reason

    assert Tick.objects.count() == rows
    assert wanted().count() == rows - 1


def _blind_once(look):
    looks = iter([lambda *asked: None])
    return lambda *asked: next(looks, look)(*asked)


def test_a_key_answers_another_task_as_well(patient):
    key = uuid.uuid4()

    assert answered(patient, key=key).task != answered(patient, key=key, task="walk").task


def test_a_form_of_somebody_else_is_refused(patient):
    other = make_patient_user().patient
    key = make_tick(patient=other, by=other.user).request_key

    with pytest.raises(Refused, match="used before"):
        answered(patient, key=key)


def test_a_yes_keeps_no_reason(patient):
    assert answered(patient, "yes", reason="heat").reason == ""


@pytest.mark.parametrize("answer", ["part", "no"])
@pytest.mark.parametrize("reason", ["", "too_tight", "slips"])
def test_a_walk_that_did_not_work_needs_a_reason_of_walks(patient, answer, reason):
    with pytest.raises(Refused, match="got in the way"):
        answered(patient, answer, task="walk", reason=reason)
    assert not Tick.objects.exists()


@pytest.mark.parametrize("day", [date(2026, 1, 13), date(2026, 1, 16)], ids=["two days ago", "tomorrow"])
def test_only_today_and_yesterday_are_answered(patient, day):
    with pytest.raises(Refused, match="nothing to answer"):
        answered(patient, day=day)


def test_yesterday_is_answered_in_the_morning(patient):
    assert answered(patient, day=THURSDAY - timedelta(days=1), task="walk").date == date(2026, 1, 14)


def test_a_day_that_asks_nothing_is_not_answered(patient):
    with pytest.raises(Refused, match="nothing to answer"):
        answered(patient, day=date(2026, 1, 21), task="walk", when="2026-01-21 12:00")


def test_an_answer_is_in_the_trail_with_codes_only(patient):
    answered(patient, "part", reason="heat")

    event = AuditEvent.objects.get(action="day answered")
    assert (event.by_id, event.patient_id) == (patient.user.pk, patient.pk)
    assert event.details == {"task": "stocking", "answer": "part", "reason": "heat"}


# --- Who helps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "calls"),
    [("heat", 0), ("too_tight", 1), ("slips", 1), ("hard_to_put_on", 1), ("skin", 1), ("forgot", 0), ("other", 0)],
)
def test_a_stocking_that_needs_a_hand_becomes_a_task(patient, reason, calls):
    answered(patient, "no", reason=reason)

    assert wanted().filter(patient=patient).count() == calls


def test_however_often_it_is_said_one_task_is_open(patient):
    answered(patient, "no", reason="slips", when="2026-01-15 08:00")
    answered(patient, "part", reason="skin", when="2026-01-15 09:00")
    assert wanted().count() == 1

    wanted().update(done_at=at("2026-01-15 10:00"), done_by=patient.user)
    answered(patient, "no", reason="slips", when="2026-01-15 11:00")
    assert wanted().open().count() == 1


def test_a_walk_makes_no_task(patient):
    answered(patient, "no", task="walk", reason="other")

    assert not wanted().exists()


# --- The page ----------------------------------------------------------------------------------------------------


def test_the_page_asks_with_one_press_and_a_way_to_help(patient):
    page = shown(patient)

    assert re.findall(r'value="yes"><svg.*?</svg>(.*?)</button>', page, re.S) == ["It is on", "I walked today"]
    assert f'href="{STOCKING}">It does not work</a>' in page


def test_one_press_is_an_answer_and_the_page_says_so(patient):
    answer = sent(patient, answer="yes", press="1")

    assert answer.url == "/today/#now"
    assert "You said: “It is on”" in text_of(shown(patient))
    assert Tick.objects.get().given_by == patient.user


def test_a_walk_is_marked_on_its_day_and_in_the_picture(patient):
    assert sent(patient, WALK, answer="yes", press="1").url == "/today/#walk"

    page = shown(patient)
    assert re.findall(r'<li class="did now-day" aria-current="date">', page) == [
        '<li class="did now-day" aria-current="date">'
    ]
    assert page.count('class="walk-done"') == 1
    assert "Thursday 15 January, walked" in page


def test_what_was_not_answered_is_not_shown_as_a_no(patient):
    page = shown(patient, when="2026-01-17 12:00")

    assert 'class="did' not in page
    assert "Not at all" not in page
    assert "No walk" not in page
    assert "missed" not in page.lower()


ASKED = "You told us that the stocking does not work."


@pytest.fixture
def _hours(patient):
    for nurse in User.objects.filter(roles__contains="nurse"):
        make_hours(nurse)


@pytest.mark.usefixtures("_hours")
def test_an_answer_that_did_not_work_leads_to_its_help(patient):
    answer = sent(patient, answer="part", reason="hard_to_put_on")
    text = text_of(shown(patient, answer.url))

    assert answer.url == STOCKING
    assert "You said: “It is on, but…” (hard to put on)" in text
    assert "While it is on, leave it on as your plan says." in text
    assert f"{ASKED} We call or write to you by today, 18:00. If it cannot wait, call us." in text


@pytest.mark.usefixtures("_hours")
@pytest.mark.parametrize("reason", ["too_tight", "slips", "skin", "hard_to_put_on"])
def test_today_says_by_when_somebody_helps_until_somebody_did(patient, reason):
    answered(patient, "no", reason=reason)

    assert f"{ASKED} We call or write to you by today, 18:00." in text_of(shown(patient))
    page = shown(patient, when="2026-01-15 18:00")
    assert f"{ASKED} This takes longer than we said. Call us now." in text_of(page)
    assert ("alert-attention" in page, "alert-attention" in shown(patient)) == (True, False)
    assert ("Call 555-0100" in text_of(page), "Call 555-0100" in text_of(shown(patient))) == (True, False)
    finish_help(task=wanted().get(), note="Ordered a larger one.", by=make_user(), now=at("2026-01-16 18:01"))
    assert ASKED not in text_of(shown(patient, when="2026-01-16 18:02"))
    assert ASKED not in text_of(shown(patient, f"{STOCKING}?day=2026-01-15", when="2026-01-16 18:02"))


@pytest.mark.usefixtures("_hours")
def test_while_an_emergency_is_open_no_other_call_is_asked_for(patient):
    answered(patient, "no", reason="slips")
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    page = text_of(shown(patient, when="2026-01-15 18:00"))

    assert ("Call 911 now" in page, ASKED in page) == (True, False)
    own = text_of(shown(patient, f"{STOCKING}?day=2026-01-15", when="2026-01-15 18:00"))
    assert ("Call 911 now" in own, ASKED in own, "Call 555-0100" in own) == (True, False, False)


@pytest.mark.usefixtures("_hours")
def test_the_end_of_the_time_is_that_of_a_report_of_the_same_trouble(patient):
    answered(patient, "no", reason="slips", day=date(2026, 1, 23), when="2026-01-23 12:00")
    report = file_report(
        patient=patient,
        said=Said(["STOCKING_PROBLEM"]),
        request_key=uuid.uuid4(),
        source="portal",
        by=patient.user,
        now=at("2026-01-23 12:00"),
        clinic=Clinic.current(),
    )

    found = open_help(limit=1)

    assert report.level == "NEXT_DAY"
    assert due_times(found, at("2026-01-23 12:00")) == [report.due_at] == [at("2026-01-26 18:00")]


@pytest.mark.usefixtures("_hours")
@pytest.mark.parametrize(
    ("told_at", "due"),
    [
        ("2026-01-15 12:00", "2026-01-15 18:00"),
        ("2026-01-15 19:00", "2026-01-16 18:00"),  # closed for the day
        ("2026-01-17 12:00", "2026-01-19 18:00"),  # a Saturday
        ("2026-01-20 09:30", "2026-01-20 10:30"),  # the end of day and night comes before closing
        ("2026-01-20 10:30", "2026-01-21 18:00"),  # by day: as before
    ],
)
def test_while_the_stocking_is_for_day_and_night_somebody_helps_the_same_clinic_day_and_before_its_end(
    patient, told_at, due
):
    answered(patient, "part", reason="too_tight", day=date.fromisoformat(told_at[:10]), when=told_at)

    assert due_times(open_help(limit=1), at(told_at)) == [at(due)]


@pytest.mark.usefixtures("_hours")
def test_a_plan_that_was_corrected_since_does_not_say_by_when_somebody_helps(patient):
    answered(patient, "part", reason="too_tight", day=date(2026, 1, 20), when="2026-01-20 09:30")
    AftercarePlan.objects.update(replaced_at=at("2026-01-20 09:40"))

    assert due_times(open_help(limit=1), at("2026-01-20 09:45")) == [at("2026-01-21 18:00")]


@pytest.mark.usefixtures("_hours")
def test_an_end_of_day_and_night_while_nobody_is_there_is_promised_by_nobody():
    patient = make_patient_user().patient
    make_plan("2026-01-13 07:30", SPIDER, patient=patient)

    answered(patient, "no", reason="slips", when="2026-01-15 18:30")

    assert due_times(open_help(limit=1), at("2026-01-15 18:30")) == [at("2026-01-16 18:00")]


@pytest.mark.usefixtures("_hours")
def test_a_lost_stocking_is_a_reason_and_somebody_calls_the_same_clinic_day_by_day_too(patient):
    noon = "2026-01-23 12:00"
    assert "I cannot wear it: lost, torn or wet" in text_of(shown(patient, STOCKING, when=noon))
    answer = sent(patient, when=noon, day="2026-01-23", answer="no", reason="lost")

    promise = "You told us that the stocking is lost, torn or wet. We call or write to you by today, 18:00."
    assert promise in text_of(shown(patient, answer.url, when=noon))
    assert promise in text_of(shown(patient, when=noon))
    assert [each.reason_words for each in open_help(limit=2)] == ["Lost, torn or wet"]


@pytest.mark.usefixtures("_hours")
def test_who_says_more_while_the_call_is_open_is_called_sooner_and_never_later(patient):
    friday = date(2026, 1, 23)
    answered(patient, "part", reason="slips", day=friday, when="2026-01-23 09:00")
    assert due_times(open_help(limit=1), at("2026-01-23 09:00")) == [at("2026-01-26 18:00")]
    answered(patient, "no", reason="lost", day=friday, when="2026-01-23 10:00")
    answered(patient, "no", reason="skin", day=friday, when="2026-01-23 11:00")

    found = open_help(limit=1)

    assert (found[0].reason, due_times(found, at("2026-01-23 11:00"))) == ("skin", [at("2026-01-23 18:00")])


@pytest.mark.usefixtures("_hours")
def test_in_spanish_too_it_is_said_by_when_somebody_helps(patient):
    patient.language = "es"
    patient.save()
    answered(patient, "no", reason="slips")

    said = "Nos dijo que la media no funciona. Le llamamos o escribimos a más tardar hoy a las 18:00."
    assert said in text_of(shown(patient))


def test_after_a_no_the_bright_button_is_the_help_and_no_longer_the_yes(patient):
    def classes():
        acts = shown(patient).split('id="now"')[1].split("</section>")[0]
        yes = re.search(r'class="([^"]*)" type="submit" name="answer" value="yes"', acts).group(1)
        return yes, re.findall(r'<a class="([^"]*btn-block)"', acts)[0]

    assert classes() == ("btn btn-block", "btn btn-quiet btn-block")
    answered(patient, "no", reason="heat")

    assert [" ".join(each.split()) for each in classes()] == ["btn btn-quiet btn-block", "btn btn-block"]


@pytest.mark.usefixtures("_hours")
def test_who_answered_otherwise_since_still_reads_that_somebody_calls(patient):
    answered(patient, "no", reason="slips")
    answered(patient, "yes")

    assert ASKED in shown(patient)


def test_who_may_only_look_reads_nothing_of_the_stocking_that_does_not_work(patient):
    carer = make_carer(patient=patient, may_report=False)
    answered(patient, "no", reason="slips")
    client = Client()
    client.force_login(carer.user)

    with time_machine.travel(at(NOON), tick=False):
        assert ASKED not in client.get(f"/care/{carer.public_id}/").content.decode()


def test_help_for_a_stocking_that_is_off_does_not_say_to_keep_it_on(patient):
    warm = text_of(shown(patient, sent(patient, answer="no", reason="heat").url))
    hard = text_of(shown(patient, sent(patient, answer="no", reason="hard_to_put_on").url))

    assert "Put the stocking on again there if your plan asks for it now" in warm
    assert "If your plan asks for it now, try again: put your legs up first." in hard
    for text in (warm, hard):
        assert "Keep the stocking on" not in text
        assert "in the morning" not in text


def test_a_stocking_that_is_on_but_too_tight_can_be_said_and_warns_before_it_helps(patient):
    text = text_of(shown(patient, sent(patient, answer="part", reason="too_tight").url))
    toes, said = text.index("Toes numb, blue or cold?"), text.index("You said: “It is on, but…” (too tight)")

    assert toes < said < text.index("Keep it on as your plan says, also tonight while it says day and night")
    assert text.count("Toes numb, blue or cold?") == 1


def test_staff_tell_a_stocking_that_is_too_tight_from_one_that_slips(patient):
    answered(patient, "part", reason="too_tight")
    first = [wanted.reason_words for wanted in open_help(limit=1, patient=patient)]
    answered(patient, "part", reason="slips", when="2026-01-15 13:00")

    assert (first, open_help(limit=1, patient=patient)[0].reason_words) == (["Too tight"], "Too loose or slips")


def test_the_heat_gets_a_tip_and_promises_no_call(patient):
    text = text_of(shown(patient, sent(patient, answer="no", reason="heat").url))

    assert "Go to the shade" in text
    assert "The clinic knows" not in text


def test_numb_toes_are_spoken_of_before_anything_is_answered(patient):
    text = text_of(shown(patient, STOCKING))

    assert text.index("Toes numb, blue or cold? Take the stocking off now") < text.index("How did it go?")
    assert 'href="tel:911">911</a>' in shown(patient, STOCKING)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose how it went."),
        ({"answer": "no"}, "Choose what got in the way; what comes closest is enough."),
    ],
)
def test_a_form_without_an_answer_says_what_to_do_and_keeps_what_was_chosen(patient, fields, said):
    answer = sent(patient, **fields)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Tick.objects.exists()
    if fields:
        assert 'name="answer" value="no" checked' in answer.content.decode()


def test_a_page_left_open_over_midnight_writes_nothing_and_shows_the_new_day(patient):
    answer = sent(patient, answer="yes", press="1", when="2026-01-16 07:00")

    assert answer.url == TODAY
    assert not Tick.objects.exists()


def test_an_answer_for_a_day_long_ago_is_refused_in_words(patient):
    answer = sent(patient, answer="yes", day="2026-01-13")

    assert answer.status_code == 409
    assert "There is nothing to answer for that day any more." in answer.content.decode()


def test_yesterday_is_offered_while_it_is_open(patient):
    assert f'href="{STOCKING}?day=2026-01-14"' in shown(patient)
    assert "Wednesday 14 January" in text_of(shown(patient, f"{STOCKING}?day=2026-01-14"))

    sent(patient, answer="no", reason="forgot", day="2026-01-14")
    assert f"{STOCKING}?day=2026-01-14" not in shown(patient)


@pytest.mark.parametrize("day", ["2026-01-13", "2026-01-16", "gone", "", "9999-99-99", "0001-01-01"])
def test_another_day_in_the_address_is_today(patient, day):
    assert "Thursday 15 January" in text_of(shown(patient, f"{STOCKING}?day={day}"))


def test_looking_writes_nothing(patient):
    before = AuditEvent.objects.exclude(action="signed in").count()
    shown(patient, STOCKING)
    shown(patient, WALK)

    assert (Tick.objects.count(), AuditEvent.objects.exclude(action="signed in").count()) == (0, before)


def test_no_address_or_title_says_what_is_answered(patient):
    page = shown(patient, STOCKING)

    assert re.search(r"<title>(.*?)</title>", page).group(1).startswith("Your answer")
    assert all(word not in STOCKING + WALK for word in ("stocking", "walk", "leg"))


def test_pages_cost_the_same_queries_after_a_month_of_answers(patient, django_assert_num_queries):
    client, then = browser_of(patient)
    with then:
        client.get(STOCKING)
        for day in range(1, 16):
            make_tick(patient=patient, by=patient.user, date=date(2026, 1, day), answer="no", reason="heat")
        with django_assert_num_queries(11):
            client.get(STOCKING)


def test_a_day_that_asks_nothing_offers_no_form(patient):
    page = shown(patient, WALK, when="2026-01-22 12:00")

    assert "Nothing to answer for this day" in text_of(page)
    assert "Save the answer" not in page


def test_a_patient_without_a_plan_is_asked_nothing():
    other = make_patient_user().patient

    assert "tick-day" not in shown(other)
    assert "Nothing to answer for this day" in text_of(shown(other, STOCKING))
    assert sent(other, answer="yes").status_code == 409


# --- Who ---------------------------------------------------------------------------------------------------------


def test_a_carer_answers_only_where_the_patient_allows_it(patient):
    may, may_not = make_carer(patient=patient, may_report=True), make_carer(patient=patient)
    statuses = []
    with time_machine.travel(at(NOON), tick=False):
        for carer in (may, may_not):
            client = Client()
            client.force_login(carer.user)
            statuses.append(client.get(f"/care/{carer.public_id}/answer/first/").status_code)

    assert statuses == [200, 404]


def test_an_answer_of_a_carer_is_the_patients_and_says_who_gave_it(patient):
    carer = make_carer(patient=patient, may_report=True)
    client = Client()
    with time_machine.travel(at(NOON), tick=False):
        client.force_login(carer.user)
        client.post(
            f"/care/{carer.public_id}/answer/first/",
            {"request_key": str(uuid.uuid4()), "day": "2026-01-15", "answer": "no", "reason": "heat"},
        )

    tick = Tick.objects.get()
    assert (tick.patient, tick.given_by) == (patient, carer.user)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PATIENT])
def test_staff_and_carers_do_not_answer_on_a_patients_address(role):
    client = Client()
    client.force_login(make_user(role))

    assert client.get(STOCKING).status_code == 403
