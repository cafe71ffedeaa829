"""What staff see of a patient's answers: the states kept apart, plans as they held, and calls about the stocking."""

import re
import uuid
from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from aftercare.adherence import last_days
from aftercare.models import Tick
from aftercare.presenters.adherence import adherence_panel
from aftercare.presenters.stocking_help import help_list
from aftercare.stocking_help import finish_help, open_help
from aftercare.ticks import answer_day
from clinic.access import Role
from clinic.models import AuditEvent, Clinic, StaffTask, User
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan
from tests.makers import at, make_carer, make_clinic, make_hours, make_patient_user, make_tick, make_user

pytestmark = pytest.mark.django_db
SATURDAY = "2026-01-17 12:00"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(phone="555-0100")


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather").patient


def ticked(patient, day, answer="yes", **facts):
    by = facts.pop("by", patient.user)
    return make_tick(patient=patient, by=by, date=date(2026, 1, day), answer=answer, **facts)


def states(patient, task, when=SATURDAY):
    days = last_days(patient, now=at(when), zone=Clinic.current().zone)
    return {day.date.day: day.states[task].value for day in days}


def wants_help(patient, reason="slips", when="2026-01-15 12:00"):
    answer_day(
        patient=patient,
        task=Tick.Task.STOCKING,
        day=date(2026, 1, 15),
        answer="no",
        reason=reason,
        request_key=uuid.uuid4(),
        by=patient.user,
        now=at(when),
    )
    return StaffTask.objects.get(kind="stocking_help", patient=patient)


def page_for(role, patient):
    client = Client()
    with time_machine.travel(at(SATURDAY), tick=False):
        client.force_login(make_user(role))
        return client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()


# --- States ------------------------------------------------------------------------------------------------------


def test_no_task_not_answered_in_part_no_and_yes_are_kept_apart(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    ticked(patient, 14, "yes", task="walk")
    ticked(patient, 15, "part", task="walk", reason="heat")
    ticked(patient, 16, "no", task="walk", reason="forgot")

    assert states(patient, "walk") == {
        11: "no_task",
        12: "no_task",
        13: "no_task",
        14: "yes",
        15: "part",
        16: "no",
        17: "no_task",
    }
    assert states(patient, "stocking") == {
        11: "no_task",
        12: "no_task",
        **dict.fromkeys((13, 14, 15, 16, 17), "unanswered"),
    }


def test_a_correction_asks_nothing_of_the_days_before_it(patient):
    plan = make_plan("2026-01-10 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-16 09:00"))

    # By the first plan the walks ended on the 13th; the second one asks for them until the 17th.
    assert states(patient, "walk") == {
        11: "unanswered",
        12: "unanswered",
        13: "unanswered",
        14: "no_task",
        15: "no_task",
        16: "unanswered",
        17: "unanswered",
    }


def test_an_answer_stays_although_the_plan_asks_it_no_more(patient):
    ticked(patient, 15, "yes", task="walk")

    assert states(patient, "walk")[15] == "yes"


def test_the_newest_answer_of_a_day_is_shown(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    ticked(patient, 15, "no", reason="forgot", given_at=at("2026-01-15 08:00"))
    ticked(patient, 15, "yes", given_at=at("2026-01-15 09:00"))

    assert states(patient, "stocking")[15] == "yes"


def test_the_strip_costs_the_same_with_one_plan_and_with_many_answers(patient, django_assert_num_queries):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    zone = Clinic.current().zone
    with django_assert_num_queries(3):
        last_days(patient, now=at(SATURDAY), zone=zone)
    make_plan("2026-01-14 10:30", SPIDER, patient=patient)
    for day in range(11, 18):
        ticked(patient, day, "no", reason="heat")
    with django_assert_num_queries(3):
        last_days(patient, now=at(SATURDAY), zone=zone)


# --- The patient's page of staff ---------------------------------------------------------------------------------


def test_staff_read_the_answers_as_given_with_their_reasons_and_who_gave_them(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    carer = make_carer(patient=patient, may_report=True)
    ticked(patient, 14, "part", task="walk", reason="heat")
    ticked(patient, 15, "no", reason="hard_to_put_on", by=carer.user)

    page = page_for(Role.NURSE, patient)

    assert "as given by the patient" in page
    assert "Thu 15 Jan, stocking no: hard to put on" in page
    assert f"(answered by {carer.user})" in page
    assert "Wed 14 Jan, walk in part: too warm</li>" in page


def test_the_strip_says_each_state_in_words_and_shows_no_sum(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    ticked(patient, 14, "yes", task="walk")
    panel = adherence_panel(patient, make_user(Role.NURSE), at(SATURDAY))["adherence"]

    assert [(row.label, [cell.words for cell in row.cells]) for row in panel["rows"]] == [
        ("Stocking", ["no task", "no task", *["not answered"] * 5]),
        ("Walk", ["no task", "no task", "no task", "yes", "not answered", "not answered", "no task"]),
    ]
    section = page_for(Role.NURSE, patient)
    section = section[
        section.index('id="adherence-title"') : section.index("</section>", section.index('id="adherence-title"'))
    ]
    assert re.findall(r"\d+ ?%|score|streak|of 7|danger", section) == []


def test_a_patient_of_whom_nothing_was_asked_has_no_strip(patient):
    assert adherence_panel(patient, make_user(Role.NURSE), at(SATURDAY)) is None


def test_that_everything_is_fine_is_no_answer_to_a_plan_and_stands_with_the_reports(patient):
    carer = make_carer(patient=patient, may_report=True)
    ticked(patient, 12, task="well", given_at=at("2026-01-12 08:15"), by=carer.user)
    assert "Said everything is fine" not in page_for(Role.NURSE, make_patient_user().patient)

    assert adherence_panel(patient, make_user(Role.NURSE), at(SATURDAY)) is None
    words = re.sub(r"<[^>]+>|\s+", " ", page_for(Role.NURSE, patient))
    assert f"Said everything is fine, Mon 12 Jan, 08:15 (by {carer.user})" in words

    ticked(patient, 15, task="well", given_at=at("2026-01-15 10:30"))
    words = " ".join(re.sub(r"<[^>]+>", " ", page_for(Role.NURSE, patient)).split())
    assert f"Said everything is fine, Thu 15 Jan, 10:30 Before that Mon 12 Jan, 08:15 (by {carer.user})" in words


def test_the_front_desk_sees_no_answers_but_the_call_that_waits(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    wants_help(patient)

    page = page_for(Role.FRONT_DESK, patient)

    assert "as given by the patient" not in page
    assert 'id="stocking-help"' in page


# --- Calls about the stocking ------------------------------------------------------------------------------------


def test_who_waits_for_a_call_stands_on_the_list_of_calls_with_the_newest_reason(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    wants_help(patient, "slips", "2026-01-15 08:00")
    wants_help(patient, "skin", "2026-01-15 09:00")
    client = Client()
    with time_machine.travel(at("2026-01-15 12:00"), tick=False):
        client.force_login(make_user(Role.FRONT_DESK))
        page = client.get("/calls/?list=stocking").content.decode()

    assert [wanted.reason for wanted in open_help(limit=5)] == ["skin"]
    assert "Marigold Quillfeather" in page
    assert "Skin is sore or itches, Thu 15 Jan, 08:00" in page
    assert f'href="/patients/{patient.public_id}/#stocking-help"' in page


def test_the_list_says_by_when_to_call_and_marks_who_waits_too_long(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    other = make_patient_user(given_name="Clementine", family_name="Dove").patient
    make_plan("2026-01-13 10:30", SPIDER, patient=other)
    for nurse in User.objects.filter(roles__contains="nurse"):
        make_hours(nurse)
    wants_help(other, "slips", "2026-01-16 11:00")
    wants_help(patient, "slips", "2026-01-15 08:00")

    found = help_list(now=at("2026-01-16 19:00"), zone=Clinic.current().zone, limit=5)

    assert [(row.name, row.urgent, row.text) for row in found.rows] == [
        ("Marigold Quillfeather", "25 h over the promised time.", "Too loose or slips, Thu 15 Jan, 08:00"),
        ("Clementine Dove", "", "Too loose or slips, Fri 16 Jan, 11:00. Call by Mon 19 Jan, 18:00."),
    ]
    assert found.level == "danger"
    assert "over the promised time." in page_for(Role.FRONT_DESK, patient)
    assert ", call by Mon 19 Jan, 18:00" in page_for(Role.FRONT_DESK, other)


def test_the_list_costs_one_query_for_one_and_for_many(django_assert_num_queries):
    for number in range(6):
        other = make_patient_user().patient
        make_plan("2026-01-13 10:30", SPIDER, patient=other)
        wants_help(other)
        if number in (0, 5):
            with django_assert_num_queries(1):
                assert len(open_help(limit=10)) == number + 1


def test_whoever_helped_says_how_and_the_call_is_closed(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    task, nurse = wants_help(patient), make_user(Role.NURSE)
    client = Client()
    client.force_login(nurse)

    answer = client.post(f"/stocking-help/{task.public_id}/done/", {"note": " Ordered  a larger one "})

    task.refresh_from_db()
    assert answer.url == f"/patients/{patient.public_id}/"
    assert (task.note, task.done_by, open_help(limit=5)) == ("Ordered a larger one", nurse, [])
    assert AuditEvent.objects.filter(action="task done", by_id=nurse.pk, patient_id=patient.pk).count() == 1


@pytest.mark.parametrize(
    ("note", "said"),
    [("", "Write how you helped."), ("x" * 301, "Shorten this to 300 characters.")],
    ids=["none", "long"],
)
def test_a_call_is_not_closed_without_saying_how(patient, note, said):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    task = wants_help(patient)
    client = Client()
    client.force_login(make_user(Role.NURSE))

    page = client.post(f"/stocking-help/{task.public_id}/done/", {"note": note}, follow=True).content.decode()

    assert said in page
    assert StaffTask.objects.open().filter(pk=task.pk).exists()


def test_of_two_who_close_one_call_the_first_one_counts(patient):
    make_plan("2026-01-13 10:30", SPIDER, patient=patient)
    task, first, second = wants_help(patient), make_user(Role.NURSE), make_user(Role.CLINICIAN)

    assert finish_help(task=task, note="Called", by=first) is True
    assert finish_help(task=task, note="Called too", by=second) is False
    task.refresh_from_db()
    assert (task.done_by, task.note) == (first, "Called")


def test_only_tasks_about_a_stocking_are_closed_here(patient):
    other = StaffTask.objects.create(kind="message_unreachable", patient=patient)
    client = Client()
    client.force_login(make_user(Role.NURSE))

    assert client.post(f"/stocking-help/{other.public_id}/done/", {"note": "Called"}).status_code == 404
