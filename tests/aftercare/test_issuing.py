"""What signing leads to: items, messages, their merging over plans, and what a correction changes."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.actions import issue_plan
from aftercare.issuing import due_messages, preview_of
from aftercare.letters import unwanted
from aftercare.models import AftercarePlan
from aftercare.stored import plan_of
from clinic import notifications
from clinic.models import AuditEvent, Clinic, Delivery, StaffTask
from clinic.protocol import CompressionState, ItemKey, timeline_of
from tests.aftercare.people import (
    RETICULAR,
    SPIDER,
    amend,
    make_correction,
    make_plan,
    protocol_in_force,
    reachable_patient,
    schedule_of,
)
from tests.makers import at, make_appointment, make_clinic, make_patient, make_signed_session

pytestmark = pytest.mark.django_db


def stored(*rows):
    return [plan_of(AftercarePlan.objects.prefetch_related("items").get(pk=row.pk)) for row in rows]


def sent(row, step):
    """Mark a message as sent, the way the engine does."""
    delivery = Delivery.objects.get(source_id=row.public_id, step=step)
    for state in ("claimed", "sending", "sent"):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    return delivery


def test_the_plan_of_a_spider_session_lasts_three_days_and_three_weeks():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    items = {item.key: item for item in plan.items.all()}
    assert items["COMPRESSION_CONTINUOUS"].ends_at == at("2026-01-16 10:30")
    assert items["COMPRESSION_DAYTIME"].last_date.isoformat() == "2026-02-03"
    assert (plan.number, plan.ends_at) == (1, at("2026-02-11 00:00"))


def test_the_messages_of_a_spider_session_go_out_at_nine():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    assert schedule_of(plan) == [
        ("CHECK_1", "2026-01-14T09:00"),
        ("COMP_SWITCH", "2026-01-16T09:00"),
        ("WEEKLY", "2026-01-20T09:00"),
        ("WEEKLY", "2026-01-27T09:00"),
        ("WEEKLY", "2026-02-03T09:00"),
    ]


def test_a_message_is_of_no_use_after_its_day():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    first_two = Delivery.objects.filter(source_id=plan.public_id).order_by("due_at")[:2]
    limits = {row.step: row.not_after for row in first_two}
    assert limits == {"CHECK_1": at("2026-01-15 00:00"), "COMP_SWITCH": at("2026-01-17 00:00")}


def test_messages_follow_the_patients_own_clock():
    patient = reachable_patient(time_zone="America/Los_Angeles")
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=patient)

    first = Delivery.objects.filter(source_id=plan.public_id).order_by("due_at").first()
    assert (first.due_at, first.not_after) == (
        at("2026-01-14 09:00", "America/Los_Angeles"),
        at("2026-01-15 00:00", "America/Los_Angeles"),
    )


def test_messages_follow_the_hour_of_the_clinic():
    make_clinic(send_at="10:30")
    plan = make_plan("2026-01-13 10:30", SPIDER)

    assert schedule_of(plan)[0] == ("CHECK_1", "2026-01-14T10:30")


def test_every_message_says_why_it_is_sent():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    whys = Delivery.objects.filter(source_id=plan.public_id).order_by("due_at").values_list("why", flat=True)
    assert list(whys) == [
        "the day after the session",
        "stocking day and night ends Fri 16 Jan, 10:30",
        "day 7",
        "day 14",
        "last date with a stocking",
    ]


def test_a_patient_without_a_way_becomes_a_staff_task():
    plan = make_plan("2026-01-13 10:30", SPIDER, patient=make_patient())

    assert schedule_of(plan) == []
    assert StaffTask.objects.get().kind == StaffTask.Kind.MESSAGE_UNREACHABLE


def test_nothing_injected_means_no_plan_no_message_and_no_trace():
    version = protocol_in_force()
    session = make_signed_session(patient=reachable_patient(), sites=0)
    audited = AuditEvent.objects.count()

    issue = preview_of(session, version=version, clinic=Clinic.current(), now=session.ended_at)
    plan = issue_plan(issue=issue, by=session.nurse, now=session.ended_at)

    assert (plan, AftercarePlan.objects.count(), Delivery.objects.count()) == (None, 0, 0)
    assert AuditEvent.objects.count() == audited


def test_a_late_signature_plans_no_message_of_the_past():
    plan = make_plan("2026-01-13 10:30", SPIDER, signed_at=at("2026-01-17 12:00"))

    assert [step for step, _ in schedule_of(plan)] == ["WEEKLY", "WEEKLY", "WEEKLY"]


def test_the_same_plan_issued_five_times_has_one_row_per_message():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    before = list(Delivery.objects.order_by("pk").values_list("pk", "occurrence_key", "state"))
    issue = preview_of(plan.session, version=plan.protocol_version, clinic=Clinic.current(), now=at("2026-01-13 10:50"))

    for _ in range(5):
        sources = {str(plan.lineage): plan.public_id}
        notifications.plan(due_messages(issue.messages, patient=plan.patient, sources=sources))

    assert list(Delivery.objects.order_by("pk").values_list("pk", "occurrence_key", "state")) == before


# --- Overlapping plans -------------------------------------------------------------------------------------------


def overlapping_plans():
    """Reticular on 6 April, spider on 16 April: the second falls into the daytime phase of the first."""
    patient = reachable_patient()
    first = make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    return first, make_plan("2026-04-16 11:00", SPIDER, patient=patient)


def test_overlapping_plans_are_one_timeline_of_the_strictest():
    timeline = timeline_of(stored(*overlapping_plans()))

    assert [(each.state, each.starts_at, each.ends_at) for each in timeline.compression] == [
        (CompressionState.CONTINUOUS, at("2026-04-06 14:00"), at("2026-04-13 14:00")),
        (CompressionState.DAYTIME, at("2026-04-13 14:00"), at("2026-04-16 11:00")),
        (CompressionState.CONTINUOUS, at("2026-04-16 11:00"), at("2026-04-19 11:00")),
        (CompressionState.DAYTIME, at("2026-04-19 11:00"), at("2026-05-08 00:00")),
    ]
    assert [(each.starts_at, each.ends_at) for each in timeline.avoided[ItemKey.AVOID_SUNBATHING]] == [
        (at("2026-04-06 14:00"), at("2026-04-09 14:00")),
        (at("2026-04-16 11:00"), at("2026-04-19 11:00")),
    ]
    assert timeline.repeat_window.first_date.isoformat() == "2026-04-23"


def test_the_second_plan_calls_off_the_older_ones_messages_and_unites_them():
    first, second = overlapping_plans()

    old = Delivery.objects.filter(source_id=first.public_id, state="cancelled").order_by("due_at")
    assert [(row.step, row.local_time[:10]) for row in old] == [
        ("CHECK_1", "2026-04-07"),
        ("ACT_SWITCH", "2026-04-09"),
        ("COMP_SWITCH", "2026-04-13"),
        ("WEEKLY", "2026-04-20"),
        ("WEEKLY", "2026-04-27"),
    ]
    assert {row.reason for row in old} == {"part of the united plan after the session of Thu 16 Apr"}
    assert schedule_of(first) == [
        ("CHECK_1", "2026-04-17T09:00"),
        ("COMP_SWITCH", "2026-04-19T09:00"),
        ("WEEKLY", "2026-04-23T09:00"),
        ("WEEKLY", "2026-04-30T09:00"),
        ("WEEKLY", "2026-05-07T09:00"),
    ]
    assert set(Delivery.objects.filter(state="pending").values_list("source_id", flat=True)) == {second.public_id}


def test_a_sent_step_of_the_older_plan_is_not_sent_again():
    patient = reachable_patient()
    first = make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    check = sent(first, "CHECK_1")

    make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    assert Delivery.objects.get(pk=check.pk).state == "sent"
    assert [step for step, when in schedule_of(patient) if when.startswith("2026-04-07")] == []


def test_a_second_session_in_the_first_days_keeps_what_still_holds():
    """The older plan's longer stocking decides: its switch stays its own, the newer plan gets none."""
    patient = reachable_patient()
    first = make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    second = make_plan("2026-04-08 11:00", SPIDER, patient=patient)

    switch = Delivery.objects.get(step="COMP_SWITCH", state="pending")
    assert (switch.source_id, switch.local_time) == (first.public_id, "2026-04-13T09:00")
    assert Delivery.objects.filter(source_id=second.public_id, step="COMP_SWITCH").count() == 0


def test_a_message_that_is_due_and_waits_is_not_lost_by_a_second_session():
    patient = reachable_patient()
    make_plan("2026-04-06 14:00", RETICULAR, patient=patient)

    make_plan("2026-04-07 09:10", SPIDER, patient=patient, signed_at=at("2026-04-07 09:30"))

    assert ("CHECK_1", "2026-04-07T09:00") in schedule_of(patient)


def test_plans_of_other_patients_are_left_alone():
    other = make_plan("2026-04-06 14:00", RETICULAR)
    before = schedule_of(other)

    make_plan("2026-04-16 11:00", SPIDER)

    assert schedule_of(other) == before


def test_a_visit_makes_room_for_its_own_reminder():
    """The end of what to avoid is not announced on the day before a visit: that message says more."""
    patient = reachable_patient()
    make_appointment(patient=patient, starts_at=at("2026-01-17 10:00"))
    plan = make_plan("2026-01-13 10:30", RETICULAR, patient=patient)

    assert "ACT_SWITCH" not in [step for step, _ in schedule_of(plan)]


# --- Corrections -------------------------------------------------------------------------------------------------


def test_a_correction_moves_the_switch_and_makes_version_two():
    """Spider corrected to reticular on the next day: the stocking stays on until the 20th."""
    plan = make_plan("2026-01-13 10:30", SPIDER)

    corrected = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    plan.refresh_from_db()
    assert (plan.replaced_at, corrected.number, corrected.lineage) == (at("2026-01-14 12:00"), 2, plan.lineage)
    assert [when for step, when in schedule_of(plan) if step == "COMP_SWITCH"] == ["2026-01-20T09:00"]
    old = Delivery.objects.filter(source_id=plan.public_id)
    assert {(row.state, row.reason) for row in old} == {("cancelled", "the plan was corrected")}


def test_a_correction_does_not_send_again_what_was_sent():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    check = sent(plan, "CHECK_1")

    corrected = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert Delivery.objects.get(pk=check.pk).state == "sent"
    assert list(Delivery.objects.filter(source_id=corrected.public_id, step="CHECK_1")) == []


def test_a_new_end_of_the_stocking_is_announced_although_the_old_one_was():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    sent(plan, "CHECK_1")
    sent(plan, "COMP_SWITCH")

    amend(plan, RETICULAR, at_instant=at("2026-01-16 15:00"))

    assert schedule_of(plan) == [
        ("PLAN_CHANGED", "2026-01-16T15:00"),
        ("COMP_SWITCH", "2026-01-20T09:00"),
        ("WEEKLY", "2026-01-27T09:00"),
        ("WEEKLY", "2026-02-03T09:00"),
    ]


def test_a_correction_to_nothing_ends_the_plan_and_its_messages():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    answer = amend(plan, at_instant=at("2026-01-14 12:00"))

    assert (answer, schedule_of(plan)) == (None, [("PLAN_CHANGED", "2026-01-14T12:00")])
    assert AftercarePlan.objects.current().count() == 0


def test_a_correction_to_nothing_gives_the_older_plan_its_messages_back():
    patient = reachable_patient()
    first = make_plan("2026-04-06 14:00", RETICULAR, patient=patient)
    second = make_plan("2026-04-16 11:00", SPIDER, patient=patient)

    amend(second, at_instant=at("2026-04-16 15:00"))

    assert schedule_of(first) == [
        ("PLAN_CHANGED", "2026-04-16T15:00"),
        ("WEEKLY", "2026-04-20T09:00"),
        ("WEEKLY", "2026-04-27T09:00"),
    ]


def test_a_corrected_plan_is_replaced_only_once():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    second = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))
    third = amend(second, SPIDER, at_instant=at("2026-01-15 12:00"))

    assert list(AftercarePlan.objects.current()) == [third]
    assert third.number == 3
    assert [when for step, when in schedule_of(plan) if step == "COMP_SWITCH"] == ["2026-01-16T09:00"]


def test_a_message_of_the_corrected_plan_is_unwanted_from_then_on():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    delivery = Delivery.objects.filter(source_id=plan.public_id).first()
    assert unwanted([delivery]) == {}

    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert unwanted([delivery]) == {delivery.pk: "the plan was corrected"}


# --- The patient is told -------------------------------------------------------------------------------------------


def told(patient):
    rows = Delivery.objects.filter(patient=patient, step="PLAN_CHANGED").order_by("due_at")
    return [(row.source_id, row.local_time, row.state) for row in rows]


def test_the_patient_is_told_that_the_plan_was_corrected():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    corrected = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert told(plan.patient) == [(corrected.public_id, "2026-01-14T12:00", "pending")]
    assert unwanted(list(Delivery.objects.filter(step="PLAN_CHANGED"))) == {}


def test_a_second_correction_takes_the_place_of_the_first_in_what_is_told():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    second = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))
    third = amend(second, SPIDER, at_instant=at("2026-01-15 12:00"))

    assert told(plan.patient) == [
        (second.public_id, "2026-01-14T12:00", "cancelled"),
        (third.public_id, "2026-01-15T12:00", "pending"),
    ]


def test_that_nothing_is_left_to_do_is_told_for_the_plan_that_ended():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    amend(plan, at_instant=at("2026-01-14 12:00"))

    assert told(plan.patient) == [(plan.public_id, "2026-01-14T12:00", "pending")]
    assert unwanted(list(Delivery.objects.filter(step="PLAN_CHANGED"))) == {}


def test_who_corrects_what_changes_nothing_for_the_patient_writes_to_nobody():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    amend(plan, {**SPIDER, "injection_count": 7}, at_instant=at("2026-01-14 12:00"))

    assert told(plan.patient) == []


def test_the_correction_of_a_plan_that_is_over_is_told_to_nobody():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    amend(plan, RETICULAR, at_instant=at("2026-06-01 12:00"))

    assert told(plan.patient) == []


def test_a_message_of_no_plan_is_unwanted():
    delivery = Delivery(source="plan", source_id=uuid4(), due_at=at("2026-01-14 09:00"))

    assert unwanted([delivery]) == {delivery.pk: "the plan does not exist"}


# --- Cost --------------------------------------------------------------------------------------------------------


def queries_of_issuing(sites, signed_before):
    patient = reachable_patient()
    for number in range(signed_before):
        make_plan(at("2026-01-02 10:30") + timedelta(days=number), SPIDER, patient=patient)
    ended = at("2026-01-13 10:30")
    session = make_correctionless_session(patient, ended, sites)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        issue = preview_of(session, version=session.protocol_version, clinic=Clinic(), now=ended)
        issue_plan(issue=issue, by=session.nurse, now=ended)
    return len(queries)


def make_correctionless_session(patient, ended, sites):
    started = ended - timedelta(minutes=30)
    return make_signed_session(
        protocol_version=protocol_in_force(),
        appointment=make_appointment(patient=patient, starts_at=started, status="done"),
        patient=patient,
        sites=[SPIDER, RETICULAR] * (sites // 2) or [SPIDER],
        started_at=started,
        ended_at=ended,
    )


def test_issuing_costs_the_same_with_one_site_and_with_thirty():
    assert queries_of_issuing(1, 0) == queries_of_issuing(30, 0)


def test_issuing_costs_the_same_with_one_running_plan_and_with_four():
    assert queries_of_issuing(1, 1) == queries_of_issuing(1, 4)


@time_machine.travel("2026-01-13 15:50+00:00", tick=False)
def test_the_preview_writes_nothing():
    version = protocol_in_force()
    session = make_signed_session(patient=reachable_patient())

    with CaptureQueriesContext(connection) as queries:
        preview_of(session, version=version, clinic=Clinic(), now=session.ended_at)

    assert [query["sql"] for query in queries if not query["sql"].lstrip("(").startswith("SELECT")] == []


def test_a_correction_is_named_in_the_audit_trail():
    plan = make_plan("2026-01-13 10:30", SPIDER)
    corrected = amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    actions = AuditEvent.objects.filter(subject="aftercare.AftercarePlan").order_by("pk")
    assert [(event.action, event.subject_id) for event in actions] == [
        ("plan issued", str(plan.public_id)),
        ("plan replaced", str(corrected.public_id)),
    ]


def test_an_unissued_correction_leaves_the_old_plan_in_force():
    plan = make_plan("2026-01-13 10:30", SPIDER)

    make_correction(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert list(AftercarePlan.objects.current()) == [plan]
