"""The page of messages that did not reach their patients: who sees what, and what a decision does."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent, StaffTask
from tests.clinic.notifications.engine import make_due, reload
from tests.makers import at, make_patient, make_user

pytestmark = pytest.mark.django_db

NOW = at("2026-01-14 12:00")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    client.force_login(make_user(Role.FRONT_DESK))
    return client


def make_task(kind="message_failed", state="failed", patient=None, **facts):
    delivery = make_due(patient, state=state, finished_at=NOW, **facts)
    return StaffTask.objects.create(kind=kind, patient=delivery.patient, delivery=delivery)


def text_of(response):
    return " ".join(response.content.decode().split())


def page(client, **query):
    return client.get(reverse("clinic:messages"), query)


def test_an_empty_list_says_that_every_patient_was_reached(desk):
    assert "Every patient was reached" in text_of(page(desk))


@pytest.mark.parametrize("show", ["planned", "sent", "off", "nonsense"])
def test_empty_tabs_say_what_will_come_there(desk, show):
    assert page(desk, show=show).status_code == 200
    assert 'class="empty"' in text_of(page(desk, show=show))


def test_what_did_not_arrive_stands_with_its_reason_and_the_number_to_call(desk):
    task = make_task(reason="The mail server refused the address.", attempts=1)
    unreachable = StaffTask.objects.create(kind="message_unreachable", patient=make_patient(phone="+12125550100"))

    first = text_of(page(desk))
    second = text_of(page(desk, item=unreachable.public_id))

    assert "2 messages did not reach their patients" in first
    assert "The mail server refused the address." in first
    assert f"tel:{task.patient.phone}" in first
    assert "tel:+12125550100" in second
    assert "No way to write" in second


def test_the_front_desk_reads_no_clinical_word_and_clinicians_do(client):
    make_task(reason="The mail server refused the address.", why="stocking day and night ends Fri 16 Jan, 09:00")
    make_due(state="sent", finished_at=NOW, why="spider veins")

    def everything():
        return "".join(text_of(page(client, show=show)) for show in ("open", "planned", "sent", "off")).lower()

    client.force_login(make_user(Role.FRONT_DESK))
    assert [word for word in ("stocking", "vein", "compression") if word in everything()] == []
    client.force_login(make_user(Role.CLINICIAN))
    assert "stocking day and night ends" in everything()


def test_patients_and_the_administrator_have_no_business_here(client):
    client.force_login(make_user(Role.ADMINISTRATOR))
    assert page(client).status_code == 403
    client.force_login(make_user(Role.PATIENT))
    assert page(client).status_code == 403


def test_marking_as_called_closes_the_task_with_how_it_ended(desk):
    task = make_task()

    answer = desk.post(reverse("clinic:message_called", args=[task.public_id]), {"how": "reached", "note": "will come"})

    task.refresh_from_db()
    assert answer.url == reverse("clinic:messages")
    assert (task.note, task.done_at) == ("Reached. will come", NOW)
    assert task.done_by.roles == {Role.FRONT_DESK}
    assert reload(task.delivery).state == "failed"
    assert AuditEvent.objects.filter(action="message task closed", patient_id=task.patient_id).count() == 1


def test_marking_as_called_without_how_keeps_what_was_typed(desk):
    task = make_task()

    answer = desk.post(reverse("clinic:message_called", args=[task.public_id]), {"note": "rang twice"})

    assert "Choose how it ended." in text_of(answer)
    assert "rang twice" in text_of(answer)
    assert StaffTask.objects.open().count() == 1


@pytest.mark.parametrize(("verdict", "state"), [("arrived", "sent"), ("again", "pending"), ("give_up", "failed")])
def test_an_uncertain_message_is_decided_by_a_person(desk, verdict, state):
    task = make_task("message_uncertain", "uncertain", policy="hold")

    desk.post(reverse("clinic:message_verdict", args=[task.public_id]), {"verdict": verdict})

    assert reload(task.delivery).state == state
    assert StaffTask.objects.open().count() == 0


def test_sending_again_counts_as_a_second_copy_on_record(desk):
    task = make_task("message_uncertain", "uncertain", policy="hold")

    desk.post(reverse("clinic:message_verdict", args=[task.public_id]), {"verdict": "again"})

    assert reload(task.delivery).resends == 1
    assert AuditEvent.objects.filter(action="message sent again").count() == 1


def test_a_decision_that_comes_too_late_is_refused_and_nothing_changes(desk):
    task = make_task("message_uncertain", "uncertain", due_at=NOW - timedelta(days=3))

    shown = text_of(page(desk))
    answer = desk.post(reverse("clinic:message_verdict", args=[task.public_id]), {"verdict": "again"}, follow=True)

    assert "It is too late to send it again." in shown
    assert "It is too late to send this message again." in text_of(answer)
    assert (reload(task.delivery).state, StaffTask.objects.open().count()) == ("uncertain", 1)


def test_the_second_of_two_people_is_told_that_it_is_decided(desk):
    task = make_task("message_uncertain", "uncertain")
    address = reverse("clinic:message_verdict", args=[task.public_id])

    desk.post(address, {"verdict": "give_up"})
    answer = desk.post(address, {"verdict": "arrived"}, follow=True)

    assert "Somebody decided this a moment ago." in text_of(answer)
    assert reload(task.delivery).state == "failed"


@pytest.mark.parametrize(("verdict", "state"), [("release", "pending"), ("drop", "cancelled")])
def test_a_message_held_after_a_restore_waits_for_a_person(desk, verdict, state):
    delivery = make_due(state="review")

    shown = text_of(page(desk))
    desk.post(reverse("clinic:message_review", args=[delivery.pk]), {"verdict": verdict})

    assert "Held after a restore" in shown
    assert reload(delivery).state == state


def test_an_unknown_item_and_an_unknown_verdict_are_not_found(desk):
    assert desk.post(reverse("clinic:message_called", args=[uuid.uuid4()]), {"how": "reached"}).status_code == 404
    delivery = make_due(state="review")
    assert desk.post(reverse("clinic:message_review", args=[delivery.pk]), {"verdict": "x"}).status_code == 404
    assert [page(desk, page=number, item="x").status_code for number in ("0", "-1", "x", "99999999999")] == [200] * 4


@pytest.mark.parametrize("show", ["open", "planned", "sent", "off"])
def test_the_page_asks_as_often_for_thirty_messages_as_for_one(desk, show):
    states = {"open": "failed", "planned": "pending", "sent": "sent", "off": "cancelled"}

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert page(desk, show=show).status_code == 200
        return len(captured)

    def add():
        make_task() if show == "open" else make_due(state=states[show], finished_at=NOW)

    add()
    page(desk)  # the first page of a new database also makes the clinic's row
    one = queries()
    for _ in range(29):
        add()

    assert queries() == one <= 9


def test_long_lists_have_pages(desk):
    for _ in range(31):
        make_due(state="sent", finished_at=NOW)

    assert text_of(page(desk, show="sent")).count('class="row-item"') == 30
    assert text_of(page(desk, show="sent", page=2)).count('class="row-item"') == 1
    assert "page=2" in text_of(page(desk, show="sent"))
    assert "page=3" not in text_of(page(desk, show="sent", page=2))


def test_no_other_task_is_closed_from_the_messages(desk):
    task = StaffTask.objects.create(kind="adverse_event", patient=make_patient())

    answer = desk.post(f"/messages/{task.public_id}/called/", {"how": "reached"})

    task.refresh_from_db()
    assert (answer.status_code, task.done_at) == (404, None)
