"""A treatment that waits for a clinician (rule B4) is not signed before one has answered, or the hold has ended."""

import re

import pytest
import time_machine
from django.urls import reverse

from aftercare.actions import sign_session
from aftercare.models import SymptomReport
from clinic.access import Role
from clinic.models import AuditEvent, StaffTask
from sessions_app import actions, amending, cosigning, repeat_holds
from sessions_app.actions import NotComplete
from sessions_app.charting import chart_of
from sessions_app.models import AdverseEvent, SessionFinding, TreatmentSession
from tests.aftercare.people import SPIDER, browser_of, complete_draft, make_plan
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_draft_session,
    make_patient,
    make_repeat_hold,
    make_report,
    make_service,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import page_of as page_as_sent
from tests.sessions_app.charts import ticked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tuesday")]
NOW = at("2026-01-13 10:55")
TO_DO = (
    "Inject nothing until a clinician has answered here with a reason. "
    "This ends by itself when the report or the event is closed, or the hold is lifted."
)
REASON = {"B4": {"reason": "Seen today, both legs are calm", "ack": True}}


@pytest.fixture
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


def report(patient, **facts):
    return make_report(patient=patient, **facts)


def earlier_event(patient):
    before = make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2026-01-02 10:00"), status="done")
    )
    return make_adverse_event(patient=patient, session=before, kind="dvt")


def hold(patient):
    return make_repeat_hold(patient=patient, placed_by=make_user(Role.CLINICIAN, name="Hugo Ashdown"))


def end(found):
    """The report and the event are closed, the hold is lifted."""
    by = make_user(Role.CLINICIAN)
    if isinstance(found, SymptomReport | AdverseEvent):
        closed = {"closed_at": NOW, "closed_by": by}
        note = {"outcome": "mistake", "closing_note": "Another patient"} if isinstance(found, SymptomReport) else {}
        type(found).objects.filter(pk=found.pk).update(**closed, **(note or {"closing_note": "Gone"}))
    else:
        repeat_holds.lift(hold=found, note="Healed", by=by)


KINDS = pytest.mark.parametrize(
    ("make", "why"),
    [
        (report, "A report of symptoms is open: same day."),
        (earlier_event, "An adverse event is open: deep vein thrombosis."),
        (hold, "Hugo Ashdown lets the next treatment wait: Skin not healed."),
    ],
)


def held_findings(session):
    session = TreatmentSession.objects.select_related("patient").get(pk=session.pk)
    return [each for each in chart_of(session, now=NOW).findings if each.finding.id == "B4"]


def sign(session, by, answers=None):
    mine = TreatmentSession.objects.select_related("patient").get(pk=session.pk)
    return sign_session(session=mine, version=mine.version, answers=answers or {}, by=by, now=NOW)


def status_of(session):
    return TreatmentSession.objects.get(pk=session.pk).status


def page_of(session):
    return reverse("aftercare:sign", args=[session.public_id])


# --- What the chart says ---------------------------------------------------------------------------------------------


@KINDS
def test_the_safety_step_blocks_before_the_first_injection_and_says_why(make, why):
    session = make_draft_session(sites=0)
    make(session.patient)

    ((judged),) = held_findings(session)

    assert (judged.finding.severity, judged.finding.override, judged.moment) == ("BLOCK", "prescriber", "before")
    assert (judged.finding.text, judged.is_open) == (f"{why} {TO_DO}", True)


@KINDS
def test_it_goes_by_itself_when_the_hold_ends(make, why):
    session = complete_draft()
    found = make(session.patient)
    assert held_findings(session)

    end(found)

    assert held_findings(session) == []
    sign(session, session.nurse, {"P16": REASON["B4"]} if make is earlier_event else {})
    assert status_of(session) == "signed"


def test_a_report_that_needs_no_answer_holds_nothing():
    session = complete_draft()
    make_report(patient=session.patient, level="REASSURE")

    assert held_findings(session) == []


def test_all_reasons_are_named_in_one_finding():
    session = make_draft_session(sites=0)
    report(session.patient)
    hold(session.patient)

    ((judged),) = held_findings(session)

    assert judged.finding.text == (
        "A report of symptoms is open: same day. Hugo Ashdown lets the next treatment wait: Skin not healed. " + TO_DO
    )


@pytest.mark.parametrize(("sites", "number"), [(0, 0), (1, 1)])
def test_a_review_waits_only_when_something_was_injected(sites, number):
    visit = make_appointment(service=make_service(kind="review"), status="in_treatment")
    session = make_draft_session(appointment=visit, sites=sites)
    report(session.patient)

    assert len(held_findings(session)) == number


def test_somebody_elses_report_holds_nothing():
    session = make_draft_session(sites=0)
    report(make_patient())

    assert held_findings(session) == []


# --- What came out of the visit itself -------------------------------------------------------------------------------


def test_an_event_that_is_told_in_the_chair_and_began_before_this_treatment_holds_it():
    session = make_draft_session(sites=0, started_at=at("2026-01-13 10:30"))
    make_adverse_event(session=session, kind="ulcer", onset_at=at("2026-01-09 08:00"))

    assert [each.finding.text for each in held_findings(session)] == [
        f"An adverse event is open: ulcer or necrosis. {TO_DO}"
    ]


def test_an_event_that_began_with_this_treatment_does_not_hold_it():
    session = make_draft_session(sites=0, started_at=at("2026-01-13 10:30"))
    make_adverse_event(session=session, onset_at=at("2026-01-13 10:30"))

    assert held_findings(session) == []


def test_an_event_of_this_very_visit_is_signed_with_it_and_holds_the_next():
    session = complete_draft()
    TreatmentSession.objects.filter(pk=session.pk).update(reaction="seen")
    make_adverse_event(session=session)

    assert held_findings(session) == []
    sign(session, session.nurse)
    assert status_of(session) == "signed"

    following = make_appointment(patient=session.patient, status="arrived", starts_at=at("2026-01-22 10:00"))
    assert len(held_findings(make_draft_session(appointment=following, sites=0))) == 1


def test_a_correction_waits_for_nobody():
    plan = make_plan("2026-01-13 09:30")
    signed = plan.session
    make_report(patient=signed.patient, session=signed)

    correction = amending.begin_amendment(session=signed, reason="Wrong leg", by=signed.nurse, now=NOW)

    assert held_findings(correction) == []


# --- Signing ---------------------------------------------------------------------------------------------------------


@KINDS
def test_nobody_signs_while_it_stands(make, why):
    session = complete_draft()
    make(session.patient)

    with pytest.raises(NotComplete) as refused:
        sign(session, session.nurse)

    assert "Treatment waits for a clinician" in [each.words for each in refused.value.missing]
    assert status_of(session) == "draft"


def test_a_nurse_cannot_lift_it_whatever_is_sent():
    session = complete_draft()
    report(session.patient)

    with pytest.raises(NotComplete):
        sign(session, session.nurse, REASON)

    assert status_of(session) == "draft"


def test_a_clinician_answers_with_a_reason_and_the_lead_is_told():
    session = complete_draft()
    report(session.patient)
    clinician = make_user(Role.CLINICIAN)

    sign(session, clinician, REASON)

    row = SessionFinding.objects.get(session=session, check_id="B4")
    assert (row.reason, row.answered_by_id, row.overridden) == (REASON["B4"]["reason"], clinician.pk, True)
    lifted = AuditEvent.objects.get(action="check overridden")
    assert (lifted.details["check"], lifted.details["answered_by"]) == ("B4", clinician.pk)
    assert StaffTask.objects.get(kind="override_to_review").note == "Lifted: B4"


def test_without_a_reason_even_a_clinician_does_not_sign():
    session = complete_draft()
    report(session.patient)

    with pytest.raises(NotComplete):
        sign(session, make_user(Role.CLINICIAN), {"B4": {"reason": " ", "ack": True}})


def test_an_answer_holds_for_the_report_that_it_was_given_for():
    session = complete_draft()
    report(session.patient)
    clinician = make_user(Role.CLINICIAN)
    stored = TreatmentSession.objects.select_related("patient").get(pk=session.pk)
    values = actions.DraftValues(sites=[_fields(row) for row in stored.sites.all()], answers=REASON)
    actions.save_draft(session=stored, version=stored.version, values=values, by=clinician, now=NOW)
    assert [each.is_open for each in held_findings(session)] == [False]

    report(session.patient)

    assert [each.is_open for each in held_findings(session)] == [True]


def _fields(row):
    left_out = ("id", "session_id")
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in left_out
    }


def test_a_report_that_comes_between_the_page_and_the_press_is_met_by_the_press():
    session = complete_draft()
    nurse = browser_of(session.nurse)
    before = nurse.get(page_of(session)).content.decode()
    assert "Treatment waits" not in before

    report(session.patient)
    after = nurse.post(page_of(session), {"version": session.version, "protocol": 1}).content.decode()

    assert status_of(session) == "draft"
    assert "Not signed. " in after
    assert "A report of symptoms is open: same day." in after


def test_the_nurse_asks_a_clinician_who_answers_on_the_sign_page():
    session = complete_draft()
    report(session.patient)
    page = browser_of(session.nurse).get(page_of(session)).content.decode()
    assert "A clinician answers this, on this page." in page
    assert 'name="reason-B4"' not in page

    cosigning.ask_clinician(session=session, version=session.version, by=session.nurse, now=NOW)
    clinician = browser_of(make_user(Role.CLINICIAN))
    shown = clinician.get(page_of(session))
    sent = {"version": session.version, "protocol": 1, "reason-B4": "Seen today", **ticked(shown, "ack-B4")}
    clinician.post(page_of(session), sent)

    assert status_of(session) == "signed"


def test_a_tick_is_for_the_report_that_the_page_showed_and_not_for_one_that_came_meanwhile():
    session = complete_draft()
    report(session.patient)
    clinician = browser_of(make_user(Role.CLINICIAN))
    shown = ticked(clinician.get(page_of(session)), "ack-B4")
    report(session.patient, level="EMERGENCY")

    sent = {"version": session.version, "protocol": 1, "reason-B4": "Seen today", **shown}
    again = clinician.post(page_of(session), sent)

    assert (status_of(session), SessionFinding.objects.count()) == ("draft", 0)
    page = again.content.decode()
    assert "This changed after the page was opened. Read what it says now, then tick the box again." in page
    assert "emergency" in page
    assert "Seen today</textarea>" in page
    assert re.search(r'name="ack-B4"[^>]* checked', page) is None
    assert ticked(again, "ack-B4") != shown


def test_a_note_that_a_clinician_types_does_not_answer_for_a_report_that_came_meanwhile():
    session = make_draft_session(sites=[SPIDER])
    report(session.patient)
    clinician = browser_of(make_user(Role.CLINICIAN))
    page = clinician.get(reverse("sessions_app:visit", args=[session.appointment.public_id]))
    answer = {"answer-B4-reason": "Seen: both legs are calm", **ticked(page, "answer-B4-ack")}
    save = reverse("sessions_app:session_save", args=[session.public_id])
    clinician.post(save, {**page_as_sent(session), **answer}, headers={"HX-Request": "true"})
    assert [each.is_open for each in held_findings(session)] == [False]
    report(session.patient, level="EMERGENCY")
    noted = page_as_sent(TreatmentSession.objects.get(pk=session.pk), note="Legs elevated")

    after = clinician.post(save, {**noted, **answer}, headers={"HX-Request": "true"})

    assert [each.is_open for each in held_findings(session)] == [True]
    assert "The facts changed after it was answered. Answer it again." in after.content.decode()
    assert re.search(r'name="answer-B4-ack"[^>]* checked', after.content.decode()) is None


def test_the_visit_ends_without_treatment_all_the_same():
    session = make_draft_session(sites=0)
    report(session.patient)

    actions.mark_not_treated(session=session, version=session.version, reason="Leg is swollen", by=session.nurse)

    assert status_of(session) == "not_treated"


def test_a_save_meets_a_report_that_came_meanwhile():
    session = make_draft_session(sites=[SPIDER])
    rows = [_fields(row) for row in session.sites.all()]
    values = actions.DraftValues(sites=rows)
    assert _held_in(actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)) == []

    report(session.patient)

    chart = actions.save_draft(session=session, version=session.version, values=values, by=session.nurse, now=NOW)
    assert _held_in(chart) == ["B4"]


def _held_in(chart):
    return [each.finding.id for each in chart.findings if each.finding.id == "B4"]
