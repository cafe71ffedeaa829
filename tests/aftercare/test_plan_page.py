"""The plan as staff read it, and who may: not the front desk, not another patient."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent, Delivery
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan, reachable_patient
from tests.makers import at, make_adverse_event, make_appointment, make_patient_user, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_thursday")]


@pytest.fixture
def _thursday():
    with time_machine.travel(at("2026-01-15 12:30"), tick=False):
        yield


def page_of(patient):
    return reverse("aftercare:plan", args=[patient.public_id])


def seen_by(role, patient):
    client = Client()
    client.force_login(make_user(role))
    return client.get(page_of(patient))


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_those_who_treat_see_plan_reasons_and_messages(role):
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1").update(state="claimed")
    Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1").update(state="sending")
    Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1").update(state="sent")

    page = seen_by(role, plan.patient).content.decode()

    for words in (
        "7 days, because a reticular vein was treated (left popliteal)",
        "Tue 20 Jan, 10:30",
        "The day after the session",
        "Sent",
        "Planned",
    ):
        assert words in page


def test_while_an_event_is_open_staff_read_of_the_next_visit_what_the_patient_reads():
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    make_adverse_event(patient=plan.patient)

    page = seen_by(Role.NURSE, plan.patient).content.decode()

    assert "we decide first when" in page
    assert "A clinician decides first" in page
    assert "not booked yet" not in page
    assert "It waits. Usual: Tue 20 Jan to Tue 27 Jan." in page


def test_reading_a_plan_is_in_the_audit_trail():
    plan = make_plan("2026-01-13 10:30", RETICULAR)

    seen_by(Role.NURSE, plan.patient)

    event = AuditEvent.objects.get(action="plan read")
    assert (event.patient_id, event.subject_id) == (plan.patient.pk, str(plan.patient.public_id))


def test_a_patient_without_a_session_has_no_plan_yet():
    assert "A plan is made when a session is signed." in seen_by(Role.NURSE, reachable_patient()).content.decode()


def test_a_booked_visit_stands_beside_its_window():
    patient = reachable_patient()
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))

    assert "Inside the window Tue 20 Jan to Tue 27 Jan" in seen_by(Role.NURSE, patient).content.decode()


def test_a_correction_shows_the_new_plan_and_lists_the_old():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    page = seen_by(Role.NURSE, plan.patient).content.decode()

    assert "Version 2, corrected on Wed 14 Jan, 12:00" in page
    assert "Corrected" in page
    assert "called off" in page


def test_overlapping_plans_are_one_picture():
    patient = reachable_patient()
    make_plan("2026-01-06 10:30", RETICULAR, patient=patient)
    make_plan("2026-01-14 10:30", SPIDER, patient=patient)

    page = seen_by(Role.NURSE, patient).content.decode()

    assert "United with the plan of Tue 6 Jan" in page
    assert page.count('<svg class="plan ') == 1


def test_another_plan_ends_on_its_last_date_and_not_on_the_midnight_after_it():
    patient = reachable_patient()
    before = make_plan("2026-01-06 10:30", RETICULAR, patient=patient)
    make_plan("2026-01-14 10:30", SPIDER, patient=patient)

    page = seen_by(Role.NURSE, patient).content.decode()

    assert before.items.get(key="WATCH_WINDOW").last_date.isoformat() == "2026-02-03"
    assert "<td>Tue 3 Feb</td>" in page
    assert "<td>Wed 4 Feb</td>" not in page


@pytest.mark.parametrize("address", ["aftercare:plan", "clinic:patient"])
def test_a_sent_message_shows_when_it_left_and_a_planned_one_when_it_is_due(address):
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    told = Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1")
    told.update(state="claimed")
    told.update(state="sending")
    told.update(state="sent", finished_at=at("2026-01-15 09:41"))
    client = Client()
    client.force_login(make_user(Role.NURSE))

    page = client.get(reverse(address, args=[plan.patient.public_id])).content.decode()

    due = told.get().local_time.replace("T", " ")
    assert due.startswith("2026-01-14")
    assert "Thu 15 Jan, 09:41" in page
    assert f"Wed 14 Jan, {due[-5:]}" not in page
    assert "Tue 20 Jan, 10:30" in page


def test_what_was_sent_is_folded_and_what_comes_or_did_not_arrive_is_not():
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    for step, state in (("CHECK_1", "sent"), ("COMP_SWITCH", "failed")):
        for passed in ("claimed", "sending", state):
            Delivery.objects.filter(source_id=plan.public_id, step=step).update(state=passed)
    page = seen_by(Role.NURSE, plan.patient).content.decode()
    seen, _, folded = page.partition('id="messages-heading"')[2].partition("<details")

    assert ("Failed" in seen, "Planned" in seen, "Sent" in seen) == (True, True, False)
    assert "<summary>1 sent</summary>" in folded
    assert "How are you?" in folded.partition("</details>")[0]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_sees_no_chart_sees_no_plan(role):
    plan = make_plan("2026-01-13 10:30", RETICULAR)

    answer = seen_by(role, plan.patient)

    assert answer.status_code == 403
    assert "reticular" not in answer.content.decode()
    assert AuditEvent.objects.filter(action="denied").count() == 1


def test_a_patient_may_not_open_the_staffs_page_of_anybody():
    mine = make_patient_user().patient
    other = make_plan("2026-01-13 10:30", RETICULAR).patient
    client = Client()
    client.force_login(mine.user)

    assert [client.get(page_of(patient)).status_code for patient in (mine, other)] == [403, 403]
    assert AuditEvent.objects.filter(action="denied", by_id=mine.user.pk).count() == 2


def test_ids_in_addresses_are_random():
    first, second = make_plan("2026-01-13 10:30", SPIDER), make_plan("2026-01-13 11:30", SPIDER)
    client = Client()
    client.force_login(make_user())

    assert abs(first.patient.public_id.int - second.patient.public_id.int) > 2**32
    assert client.get(f"/patients/{first.patient.pk}/plan/").status_code == 404
    assert client.get(f"/visits/{first.session.pk}/sign/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_only_reads(method):
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    client = Client()
    client.force_login(make_user())

    assert getattr(client, method)(page_of(plan.patient)).status_code == 405


def queries_of(patient):
    client = Client()
    client.force_login(make_user())
    client.get(page_of(patient))
    with CaptureQueriesContext(connection) as queries:
        client.get(page_of(patient))
    return len(queries)


def test_the_page_costs_the_same_with_one_plan_and_with_eight():
    patient = reachable_patient()
    make_plan("2026-01-02 10:30", RETICULAR, patient=patient)
    one = queries_of(patient)
    for number in range(7):
        make_plan(at("2026-01-03 10:30") + timedelta(days=number), SPIDER, patient=patient)

    assert queries_of(patient) == one


def test_the_patients_page_of_staff_says_what_holds_now():
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    client = Client()
    client.force_login(make_user())

    page = client.get(reverse("clinic:patient", args=[plan.patient.public_id])).content.decode()

    assert "Stocking day and night" in page
    assert page_of(plan.patient) in page


def test_the_front_desk_reads_nothing_of_the_plan_there():
    plan = make_plan("2026-01-13 10:30", RETICULAR)
    client = Client()
    client.force_login(make_user(Role.FRONT_DESK))

    page = client.get(reverse("clinic:patient", args=[plan.patient.public_id])).content.decode()

    assert "Stocking" not in page
    assert page_of(plan.patient) not in page
