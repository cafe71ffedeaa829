"""What is planned is written once, whoever plans it again; what is called off is called off whole."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Delivery, OptOut, StaffTask
from clinic.notifications import DueMessage, cancel, plan
from clinic.notifications.consent import hash_of_address
from tests.makers import at, make_patient

pytestmark = pytest.mark.django_db


def message(patient, **facts):
    due_at = facts.pop("due_at", at("2026-01-16 09:00"))
    return DueMessage(
        **{
            "lineage": uuid.UUID(int=1),
            "step": "COMP_SWITCH",
            "kind": "compression",
            "patient": patient,
            "source": "plan",
            "source_id": uuid.UUID(int=11),
            "due_at": due_at,
            "not_after": due_at + timedelta(hours=36),
            "local_time": "2026-01-16T09:00",
            "time_zone": "America/New_York",
            **facts,
        }
    )


def states():
    return dict(Delivery.objects.values_list("step", "state"))


def test_a_planned_message_is_a_pending_row_with_the_default_policy_of_its_kind():
    patient = make_patient(email_allowed=True)

    plan([message(patient), message(patient, step="APPT_1", kind="appointment", source="appointment")])

    rows = list(Delivery.objects.order_by("step").values_list("step", "channel", "state", "policy", "occurrence_key"))
    lineage = uuid.UUID(int=1)
    assert rows == [
        ("APPT_1", "email", "pending", "hold", f"{lineage}:APPT_1:1:email"),
        ("COMP_SWITCH", "email", "pending", "resend_once", f"{lineage}:COMP_SWITCH:1:email"),
    ]


def test_planning_again_writes_nothing_twice_even_for_another_time():
    patient = make_patient(email_allowed=True)

    for hour in range(6):
        plan([message(patient, due_at=at(f"2026-01-16 {9 + hour:02d}:00"))])

    assert [row.due_at for row in Delivery.objects.all()] == [at("2026-01-16 09:00")]


def test_the_number_of_queries_does_not_grow_with_the_messages():
    patient = make_patient(email_allowed=True)

    def queries_for(count, lineage):
        messages = [message(patient, lineage=uuid.UUID(int=lineage), occurrence=n) for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            plan(messages)
        return len(captured)

    assert queries_for(1, 1) == queries_for(30, 2) == 2


def test_the_channel_is_the_first_enabled_one_that_the_patient_allows(settings):
    patient = make_patient(email_allowed=True)
    settings.NOTIFICATION_CHANNELS = ["file", "email"]

    plan([message(patient)])

    assert Delivery.objects.get().channel == "file"


def test_a_patient_without_consent_address_or_after_a_stop_becomes_one_staff_task_each():
    never_asked, no_address = make_patient(), make_patient(email_allowed=True, email="")
    stopped = make_patient(email_allowed=True, email="Stopped@Example.com ")
    OptOut.objects.create(channel="email", address_hash=hash_of_address("email", "stopped@example.com"), source="test")

    for _ in range(2):
        plan(
            [
                message(patient, lineage=uuid.UUID(int=number), step=step)
                for number, patient in enumerate([never_asked, no_address, stopped])
                for step in ("COMP_SWITCH", "CHECK_1")
            ]
        )

    assert Delivery.objects.count() == 0
    tasks = StaffTask.objects.order_by("id").values_list("kind", "patient")
    assert list(tasks) == [("message_unreachable", patient.pk) for patient in (never_asked, no_address, stopped)]


def test_a_consent_given_after_the_stop_counts_again():
    patient = make_patient(email_allowed=True)
    decided_at = patient.contact_preferences.get().decided_at
    digest = hash_of_address("email", patient.email)
    OptOut.objects.create(channel="email", address_hash=digest, source="test", at=decided_at - timedelta(days=1))

    plan([message(patient)])

    assert Delivery.objects.count() == 1


def test_the_stop_of_one_address_leaves_other_patients_alone():
    stopped, other = make_patient(email_allowed=True), make_patient(email_allowed=True)
    OptOut.objects.create(channel="email", address_hash=hash_of_address("email", stopped.email), source="test")

    plan([message(stopped), message(other, lineage=uuid.UUID(int=2))])

    assert [row.patient for row in Delivery.objects.all()] == [other]


def test_cancel_calls_off_the_unsent_rows_of_its_source_and_tells_how_many():
    patient = make_patient(email_allowed=True)
    plan([message(patient), message(patient, step="CHECK_1"), message(patient, step="WEEKLY")])
    plan([message(patient, lineage=uuid.UUID(int=2), step="OTHER", source_id=uuid.UUID(int=12))])
    Delivery.objects.filter(step="CHECK_1").update(state="sent")
    Delivery.objects.filter(step="WEEKLY").update(state="claimed", lease_token=uuid.uuid4())

    called_off = cancel(source="plan", source_id=uuid.UUID(int=11), reason="visit moved")

    assert called_off == 2
    assert states() == {"COMP_SWITCH": "cancelled", "CHECK_1": "sent", "WEEKLY": "cancelled", "OTHER": "pending"}
    row = Delivery.objects.get(step="WEEKLY")
    assert (row.reason, row.lease_token, row.finished_at is not None) == ("visit moved", None, True)


def test_cancel_can_be_limited_to_some_steps():
    patient = make_patient(email_allowed=True)
    plan([message(patient), message(patient, step="WEEKLY")])

    cancel(source="plan", source_ids=[uuid.UUID(int=11)], reason="no longer needed", steps=["WEEKLY"])

    assert states() == {"COMP_SWITCH": "pending", "WEEKLY": "cancelled"}


@pytest.mark.parametrize("ended", ["cancelled", "failed", "expired"])
def test_a_step_that_never_left_is_planned_anew_by_a_newer_version(ended):
    patient = make_patient(email_allowed=True)
    plan([message(patient)])
    Delivery.objects.update(state=ended)

    newer = message(patient, source_id=uuid.UUID(int=12), due_at=at("2026-01-20 09:00"))
    plan([newer], replaces=[uuid.UUID(int=11)])

    rows = Delivery.objects.order_by("due_at").values_list("state", "due_at")
    assert list(rows) == [(ended, at("2026-01-16 09:00")), ("pending", at("2026-01-20 09:00"))]


@pytest.mark.parametrize("left", ["sent", "delivered", "bounced"])
def test_a_step_that_left_is_not_planned_again_by_a_newer_version(left):
    patient = make_patient(email_allowed=True)
    plan([message(patient)])
    Delivery.objects.update(state=left)

    plan([message(patient, source_id=uuid.UUID(int=12))], replaces=[uuid.UUID(int=11)])

    assert list(Delivery.objects.values_list("state", "source_id")) == [(left, uuid.UUID(int=11))]


@pytest.mark.parametrize("undecided", ["sending", "uncertain"])
def test_a_step_that_is_leaving_right_now_counts_for_the_newer_version(undecided):
    patient = make_patient(email_allowed=True)
    plan([message(patient)])
    Delivery.objects.update(state=undecided)

    newer = message(patient, source_id=uuid.UUID(int=12), due_at=at("2026-01-20 09:00"))
    plan([newer], replaces=[uuid.UUID(int=11)])

    row = Delivery.objects.get()
    assert (row.state, row.source_id, row.due_at) == (undecided, uuid.UUID(int=12), at("2026-01-20 09:00"))


def test_a_message_that_would_be_useless_before_it_is_due_is_refused():
    patient = make_patient(email_allowed=True)

    with pytest.raises(ValueError, match="COMP_SWITCH would be due"):
        plan([message(patient, not_after=at("2026-01-16 08:59"))])
