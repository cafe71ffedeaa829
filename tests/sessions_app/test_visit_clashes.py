"""Times of a session beside the check-in and the other sessions of the nurse: where they differ, a reason is asked."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.actions import sign_session
from clinic.access import Role
from sessions_app import actions
from sessions_app.amending import begin_amendment
from sessions_app.charting import chart_of
from sessions_app.models import Appointment, TreatmentSession
from sessions_app.statuses import change_status
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import END, SIGNING, ready_draft

pytestmark = pytest.mark.django_db
OURS = ("L17b", "L17c")


def asked(session, now=SIGNING):
    """Check id → what it says, of the findings of this module."""
    return {
        each.finding.id: each.finding.text for each in chart_of(session, now=now).findings if each.finding.id in OURS
    }


def checked_in(clock, *, opened):
    """A visit of 10:00 that the desk checked in, and that the nurse opened afterwards."""
    appointment = make_appointment()
    with time_machine.travel(at(f"2026-01-13 {clock}"), tick=False):
        change_status(appointment=appointment, to=Appointment.Status.ARRIVED, by=make_user(Role.FRONT_DESK))
    appointment.refresh_from_db()
    with time_machine.travel(at(f"2026-01-13 {opened}"), tick=False):
        return actions.open_visit(appointment=appointment, by=appointment.entry.nurse)


def began(session, clock):
    TreatmentSession.objects.filter(pk=session.pk).update(started_at=at(f"2026-01-13 {clock}"))
    session.refresh_from_db()
    return session


# --- Before the check-in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "expected"), [("09:51", ["L17b"]), ("09:52", []), ("09:58", [])])
def test_a_start_before_the_check_in_asks_for_a_reason(start, expected):
    session = began(checked_in("09:52:40", opened="09:58"), start)

    assert [*asked(session)] == expected


def test_it_says_both_times_and_what_to_do():
    session = began(checked_in("09:52", opened="09:58"), "09:10")

    assert asked(session) == {
        "L17b": "The session began at 09:10, and the patient was checked in at 09:52. "
        "Correct the start, or write how it came to this."
    }


def test_a_visit_that_the_nurse_opened_without_a_check_in_asks_nothing():
    appointment = make_appointment()
    with time_machine.travel(at("2026-01-13 10:40"), tick=False):
        session = actions.open_visit(appointment=appointment, by=appointment.entry.nurse)

    assert asked(began(session, "10:00")) == {}


@pytest.mark.parametrize(("start", "expected"), [("09:51", ["L17b"]), ("09:52", [])])
def test_a_correction_is_judged_by_the_check_in_before_its_first_version_was_opened(start, expected):
    signed = began(checked_in("09:52", opened="09:58"), "09:55")
    facts = {"ended_at": at("2026-01-13 10:20"), "protocol_version": make_signed_protocol()}
    closed = {"status": "signed", "signed_by": signed.nurse, "signed_at": SIGNING}
    TreatmentSession.objects.filter(pk=signed.pk).update(**facts, **closed)
    signed.refresh_from_db()

    draft = began(begin_amendment(session=signed, reason="The time was wrong", by=signed.nurse), start)
    again = TreatmentSession.objects.get(pk=draft.pk)

    assert [*asked(again)] == expected


def test_a_check_in_of_another_date_is_no_slip_of_the_clock():
    session = checked_in("09:52", opened="09:58")
    TreatmentSession.objects.filter(pk=session.pk).update(started_at=at("2026-01-12 09:30"))
    session.refresh_from_db()

    assert asked(session) == {}


# --- Two treatments at one time --------------------------------------------------------------------------------------


def other_session(nurse, began, ended, make=make_draft_session, **facts):
    appointment = make_appointment(starts_at=at(f"2026-01-13 {began}"), status="in_treatment")
    return make(appointment=appointment, nurse=nurse, ended_at=at(f"2026-01-13 {ended}"), **facts)


@pytest.mark.parametrize("make", [make_draft_session, make_signed_session])
def test_a_time_that_meets_another_session_of_the_nurse_asks_for_a_reason(make):
    session = ready_draft()
    other_session(session.nurse, "09:40", "10:01", make)

    assert asked(session) == {
        "L17c": "The same nurse is recorded with another patient from 09:40 to 10:01. "
        "Correct the times, or write how it came to this."
    }


@pytest.mark.parametrize(("start", "end"), [("09:30", "10:00"), ("10:30", "11:00")])
def test_treatments_one_after_the_other_ask_nothing(start, end):
    session = ready_draft()
    other_session(session.nurse, start, end)

    assert asked(session) == {}


def test_another_nurses_session_at_the_same_time_asks_nothing():
    session = ready_draft()
    other_session(make_user(Role.NURSE), "10:00", "10:30")

    assert asked(session) == {}


def test_a_session_that_is_not_over_asks_nothing():
    session = ready_draft(ended_at=None)
    other_session(session.nurse, "09:40", "10:10")

    assert asked(session) == {}


def test_a_visit_without_treatment_and_a_version_that_holds_no_longer_do_not_count():
    session = ready_draft()
    other_session(session.nurse, "10:00", "10:30", sites=0, status="not_treated", not_treated_reason="Ill")
    replaced = other_session(session.nurse, "10:05", "10:20", make_signed_session)
    moved = begin_amendment(session=replaced, reason="It was at noon", by=session.nurse)
    draft_of_a_correction = asked(session)
    noon = {"started_at": at("2026-01-13 12:00"), "ended_at": at("2026-01-13 12:15")}
    TreatmentSession.objects.filter(pk=moved.pk).update(
        **noon, status="signed", signed_by=session.nurse, signed_at=SIGNING, protocol_version=replaced.protocol_version
    )

    assert ([*draft_of_a_correction], asked(session)) == (["L17c"], {})


def test_a_correction_does_not_meet_the_session_that_it_corrects():
    signed = make_signed_session()

    assert asked(begin_amendment(session=signed, reason="Three injections", by=signed.nurse)) == {}


# --- What happened can be signed -------------------------------------------------------------------------------------


def test_it_is_signed_with_a_reason_and_not_without():
    session = ready_draft()
    other_session(session.nurse, "10:20", "10:40")
    given = {"session": session, "version": session.version, "by": session.nurse, "now": SIGNING}

    with pytest.raises(actions.NotComplete) as refusal:
        sign_session(**given, answers={})
    plan = sign_session(**given, answers={"L17c": {"reason": "A colleague finished the other one", "ack": True}})

    kept = TreatmentSession.objects.get(pk=session.pk).findings.get(check_id="L17c")
    assert [gap.words for gap in refusal.value.missing] == ["Two treatments at one time"]
    assert (kept.severity, kept.reason) == ("ACK", "A colleague finished the other one")
    assert plan.starts_at == END


def test_it_costs_no_query_of_its_own():
    def queries():
        session = TreatmentSession.objects.select_related("appointment", "patient").get(pk=first.pk)
        with CaptureQueriesContext(connection) as found:
            chart_of(session, now=SIGNING)
        return len(found)

    first = ready_draft()
    alone = queries()
    other_session(first.nurse, "10:00", "10:30")

    assert (alone, asked(first).keys()) == (queries(), {"L17c"})
