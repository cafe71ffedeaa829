"""From the signature to the letter box and back to the page: the real engine sends what a plan has planned."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from aftercare import report_work
from clinic.access import Role
from clinic.models import Delivery, StaffTask
from clinic.notifications import health
from clinic.notifications.dispatch import dispatch
from clinic.notifications.sweep import sweep
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan, reachable_patient
from tests.makers import at, make_clinic, make_patient_user, make_report, make_user

pytestmark = pytest.mark.django_db
# What a message must not say: what was treated, how, with what, or what the patient wears or feels.
CLINICAL = (
    "vein", "vena", "leg", "pierna", "stocking", "media", "sclero", "esclero", "polidocanol", "inject", "inyec",
    "spider", "reticular", "araña", "mg", "walk", "camin", "clot", "coágulo", "treat", "trata", "session", "sesión",
)  # fmt: skip


class Clock:
    def __init__(self, instant):
        self.instant = instant

    def now(self):
        return self.instant


def ring(when):
    """One minute's work of the engine at that moment."""
    instant = at(when) if isinstance(when, str) else when
    with time_machine.travel(instant, tick=False):
        sweep(clock=Clock(instant))
        dispatch(kinds=list(Delivery.Kind.values), new_clock=lambda: Clock(instant))


def states(plan):
    rows = Delivery.objects.filter(patient=plan.patient, source="plan").order_by("due_at")
    return [(row.step, row.state) for row in rows]


@pytest.fixture(autouse=True)
def _by_e_mail(settings):
    settings.NOTIFICATION_CHANNELS = ["email"]
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield", phone="555-0100")


def test_each_message_goes_out_on_its_day_and_nothing_before():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    ring("2026-01-14 08:59")
    assert mail.outbox == []
    for day in ("2026-01-14", "2026-01-16", "2026-01-20", "2026-01-27", "2026-02-03"):
        ring(f"{day} 09:00")

    assert {state for _, state in states(plan)} == {"sent"}
    assert [message.subject for message in mail.outbox] == [
        "How are you?",
        "A new step in your plan",
        "Your plan this week",
        "Your plan this week",
        "Your plan this week",
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_clinical_word_leaves_the_building(language):
    patient = reachable_patient(language=language, given_name="Marigold", family_name="Quillfeather")
    plan = make_plan("2026-01-13 10:30", RETICULAR, patient=patient, screening={"history_of_clot": True})
    for days in range(40):
        ring(plan.starts_at + timedelta(days=days))

    assert len(mail.outbox) == Delivery.objects.filter(state="sent").count() >= 6
    for message in mail.outbox:
        body = re.sub(r"https?://\S+", "", message.body)
        said = f"{message.subject} {message.from_email} {body}".lower()
        assert [word for word in (*CLINICAL, "quillfeather", "marigold") if word in said] == []


def opened_by_the_newest_message(when):
    """The address and the page behind the link of the message that just went out, after its code."""
    link = re.search(r"http://localhost:8000(/l/\S+)", mail.outbox[-1].body).group(1)
    client = Client()
    with time_machine.travel(at(when), tick=False):
        assert client.get(link).status_code == 200
        client.post(link)
        code = re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1)
        answer = client.post("/accounts/code/confirm/", {"code": code}, follow=True)
    return answer.redirect_chain[-1][0], answer.content.decode()


def test_the_message_that_asks_how_one_is_leads_to_the_questions_and_the_next_one_to_the_plan():
    patient = make_patient_user(reachable_patient()).patient
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    ring("2026-01-14 09:00")
    asked, questions = opened_by_the_newest_message("2026-01-14 09:05")
    ring("2026-01-16 09:00")
    told, plan = opened_by_the_newest_message("2026-01-16 09:05")

    assert (asked, told) == ("/how/", "/today/")
    assert "<h1" in questions
    assert "How are you?" in questions
    assert "Stocking on, day and night" in plan


def test_only_the_message_that_asks_how_one_is_leads_to_the_questions():
    plan = make_plan("2026-01-13 10:30", RETICULAR, screening={"history_of_clot": True})
    for days in range(40):
        ring(plan.starts_at + timedelta(days=days))

    steps = Delivery.objects.filter(state="sent").order_by("due_at").values_list("step", flat=True)
    words = plan.patient.portal_links.order_by("created_at").values_list("leads_to", flat=True)
    assert len(steps) >= 6
    assert list(words) == ["how" if step == "CHECK_1" else "today" for step in steps]


# Reported on the morning of the day on which the stocking may come off for the night.
TOES = {"symptoms": ["TOES_UNDER_STOCKING"], "reported_at": at("2026-01-16 08:40")}


def switch_of(plan):
    row = Delivery.objects.get(patient=plan.patient, step="COMP_SWITCH")
    return row.state, row.reason


def test_a_message_of_the_stocking_waits_for_the_answer_to_a_report_and_goes_out_after_it():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    report = make_report(patient=plan.patient, **TOES)
    ring("2026-01-14 09:00")

    ring("2026-01-16 09:00")
    assert switch_of(plan) == ("pending", "a report of the patient is not answered yet")
    with time_machine.travel(at("2026-01-16 09:02"), tick=False):
        assert not health.status().is_late
        clinician = make_user(Role.CLINICIAN)
        report_work.save(report=report, version=report.version, contact="reached", by=clinician)
    ring("2026-01-16 09:05")

    assert switch_of(plan) == ("sent", "")
    assert [message.subject for message in mail.outbox] == ["How are you?", "A new step in your plan"]
    assert not StaffTask.objects.exists()


def test_a_message_of_the_stocking_that_waited_its_whole_day_is_called_off_and_asks_nobody_to_tell_it():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    make_report(patient=plan.patient, **TOES)
    ring("2026-01-14 09:00")

    for hour in ("09:00", "12:00", "20:55", "23:52"):
        ring(f"2026-01-16 {hour}")
    ring("2026-01-17 00:01")

    assert switch_of(plan) == ("cancelled", "a report of the patient is not answered yet")
    assert [message.subject for message in mail.outbox] == ["How are you?"]
    assert not StaffTask.objects.exists()


def test_the_link_lives_until_the_plan_ends():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    ring("2026-01-14 09:00")

    assert plan.patient.portal_links.get().expires_at == plan.ends_at


def test_a_corrected_plan_sends_its_own_steps_and_none_of_the_old():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    ring("2026-01-14 09:00")
    corrected = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    ring("2026-01-16 09:00")
    ring("2026-01-20 09:00")

    sent = Delivery.objects.filter(state="sent").order_by("due_at")
    assert [(row.step, row.source_id) for row in sent] == [
        ("CHECK_1", plan.public_id),
        ("PLAN_CHANGED", corrected.public_id),
        ("ACT_SWITCH", corrected.public_id),
        ("COMP_SWITCH", corrected.public_id),
    ]


def test_a_message_of_yesterday_is_not_sent_but_told_to_staff():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    ring("2026-01-15 09:00")

    assert states(plan)[0] == ("CHECK_1", "expired")
    assert mail.outbox == []
    assert [task.kind for task in StaffTask.objects.all()] == ["message_expired"]


def test_a_held_message_whose_day_passed_while_nobody_rang_is_called_off_and_told_to_nobody():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    ring("2026-01-14 09:00")
    reported_at = at("2026-01-16 08:30")
    toes = {"symptoms": ["TOES_UNDER_STOCKING"], "reported_at": reported_at, "due_at": reported_at + timedelta(hours=4)}
    make_report(patient=plan.patient, **toes)
    ring("2026-01-16 09:00")

    ring("2026-01-17 09:00")

    switch = Delivery.objects.get(patient=plan.patient, step="COMP_SWITCH")
    assert (switch.state, switch.reason) == ("cancelled", "a report of the patient is not answered yet")
    assert StaffTask.objects.filter(delivery=switch).count() == 0


def test_a_message_that_waited_and_need_not_any_more_is_told_to_staff_when_its_day_has_passed():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    ring("2026-01-14 09:00")
    reported_at = at("2026-01-16 08:30")
    toes = {"symptoms": ["TOES_UNDER_STOCKING"], "reported_at": reported_at, "due_at": reported_at + timedelta(hours=4)}
    report = make_report(patient=plan.patient, **toes)
    ring("2026-01-16 09:00")
    clinician = make_user(Role.CLINICIAN)
    report_work.save(report=report, version=1, contact="reached", by=clinician, now=at("2026-01-16 20:00"))

    ring("2026-01-17 09:00")

    switch = Delivery.objects.get(patient=plan.patient, step="COMP_SWITCH")
    assert (switch.state, StaffTask.objects.filter(delivery=switch).count()) == ("expired", 1)


def test_overlapping_plans_send_each_step_once():
    patient = reachable_patient()
    make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    for day in (7, 9, 13):
        ring(f"2026-04-{day:02} 09:00")
    make_plan("2026-04-16 11:00", SPIDER, patient=patient)
    for day in range(17, 31):
        ring(f"2026-04-{day:02} 09:00")
    ring("2026-05-07 09:00")

    sent = Delivery.objects.filter(state="sent").order_by("due_at")
    assert [(row.step, row.local_time[5:10]) for row in sent] == [
        ("CHECK_1", "04-07"),
        ("ACT_SWITCH", "04-09"),
        ("COMP_SWITCH", "04-13"),
        ("CHECK_1", "04-17"),
        ("COMP_SWITCH", "04-19"),
        ("WEEKLY", "04-23"),
        ("WEEKLY", "04-30"),
        ("WEEKLY", "05-07"),
    ]
