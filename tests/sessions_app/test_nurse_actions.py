"""Opening, saving, ending and closing a session: what is written, by whom, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from clinic.access import Role
from clinic.models import AuditEvent, ProtocolVersion, StaffTask
from sessions_app import actions
from sessions_app.actions import DraftValues, NotComplete
from sessions_app.charting import chart_of
from sessions_app.models import SessionFinding, TreatedSite, TreatmentSession
from sessions_app.preparation import name_clinician
from sessions_app.refusals import Refused, Stale
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_patient,
    make_room,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import ASKED, END, SIGNING, events, in_force, ready_draft

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:02")
D = Decimal
SITE = {
    "position": 1,
    "leg": "left",
    "segment": "knee",
    "vein_type": "spider",
    "strength_percent": D("0.5"),
    "injection_count": 4,
    "volume_ml": D("0.8"),
}
LARGE_SITE = {**SITE, "injection_count": 20, "volume_ml": D("4.0")}


def close(session, **facts):
    """Sign as `sign_session` does, without a plan; True when this call signed it."""
    by = facts.pop("by", session.nurse)
    with transaction.atomic():
        written = actions.close_session(session=session, by=by, protocol_version=in_force(), now=SIGNING, **facts)
        AuditEvent.objects.bulk_create(written or [])
    return written is not None


# --- Opening -----------------------------------------------------------------------------------------------------


def test_opening_makes_the_one_draft_and_takes_the_visit_into_treatment():
    appointment = make_appointment(status="arrived")
    nurse = appointment.entry.nurse

    session = actions.open_visit(appointment=appointment, by=nurse, now=NOW)

    appointment.refresh_from_db()
    assert appointment.status == "in_treatment"
    assert (session.status, session.version, session.nurse, session.patient) == ("draft", 1, nurse, appointment.patient)
    assert (session.started_at, session.time_zone) == (NOW, "America/New_York")
    assert session.weight_kg == appointment.patient.weight_kg
    assert [event.by_id for event in events("session opened")] == [nurse.pk]


def test_opening_again_resumes_the_draft_also_for_a_colleague():
    appointment = make_appointment(status="arrived")
    first = actions.open_visit(appointment=appointment, by=appointment.entry.nurse, now=NOW)

    again = actions.open_visit(appointment=appointment, by=make_user(), now=NOW + timedelta(minutes=5))

    assert (again.pk, again.nurse) == (first.pk, first.nurse)
    assert TreatmentSession.objects.count() == 1


def test_a_patient_whom_the_desk_did_not_check_in_arrives_by_being_treated():
    appointment = make_appointment(status="booked")

    actions.open_visit(appointment=appointment, by=appointment.entry.nurse, now=NOW)

    appointment.refresh_from_db()
    assert appointment.status == "in_treatment"


@pytest.mark.parametrize("status", ["cancelled", "no_show", "done"])
def test_a_visit_that_is_over_cannot_be_opened(status):
    appointment = make_appointment(status=status)

    with pytest.raises(Refused, match="Ask the front desk"):
        actions.open_visit(appointment=appointment, by=appointment.entry.nurse, now=NOW)
    assert not TreatmentSession.objects.exists()


def test_a_visit_charted_on_a_later_day_begins_when_it_was_booked():
    appointment = make_appointment(status="arrived")

    session = actions.open_visit(appointment=appointment, by=appointment.entry.nurse, now=at("2026-01-15 09:00"))

    assert session.started_at == appointment.starts_at


def test_a_draft_begins_with_the_clinician_of_its_day_and_not_with_yesterdays():
    clinician = make_user(Role.CLINICIAN)
    name_clinician(clinician=clinician, by=make_user(), now=NOW)
    today = make_appointment(status="arrived")
    tomorrow = make_appointment(starts_at=at("2026-01-14 10:00"), status="arrived")

    opened_today = actions.open_visit(appointment=today, by=today.entry.nurse, now=NOW)
    opened_tomorrow = actions.open_visit(appointment=tomorrow, by=today.entry.nurse, now=at("2026-01-14 10:00"))

    assert opened_today.responsible_clinician == clinician
    assert (opened_tomorrow.screening, opened_tomorrow.responsible_clinician) == ({}, None)


def test_the_stocking_of_last_time_is_offered_and_the_legs_are_asked():
    patient = make_patient()
    make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2026-01-02 10:00"), status="done"),
        compression_legs="both",
        compression_garment="Knee stocking",
        compression_mmhg="23-32",
    )
    appointment = make_appointment(patient=patient, status="arrived")

    session = actions.open_visit(appointment=appointment, by=appointment.entry.nurse, now=NOW)

    assert (session.compression_garment, session.compression_mmhg) == ("Knee stocking", "23-32")
    assert session.compression_legs == ""


# --- Saving ------------------------------------------------------------------------------------------------------


def test_saving_writes_fields_answers_and_rows_and_raises_the_version_by_one():
    session = make_draft_session(sites=0)
    values = DraftValues(
        fields={"weight_kg": D("61.5")},
        facts={"consent_signed": True},
        groups={"stop": "none"},
        sites=[SITE],
        ampoules=[{"strength_percent": D("0.5"), "lot": "A1", "expiry": "2027-05", "opened": 1}],
    )

    chart = actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    stored = TreatmentSession.objects.get()
    assert (stored.version, stored.weight_kg) == (2, D("61.5"))
    assert stored.screening == {"consent_signed": True, "groups": {"stop": "none"}}
    assert [(site.segment, site.volume_ml) for site in stored.sites.all()] == [("knee", D("0.80"))]
    assert [(each.lot, each.opened) for each in stored.ampoules.all()] == [("A1", 1)]
    assert chart.totals.ml == D("0.8")
    (event,) = events("session saved")
    assert event.details == {"fields": ["ampoules", "screening", "sites", "weight_kg"], "version": 2}
    assert event.patient_id == session.patient_id


def test_saving_what_is_there_already_writes_nothing():
    session = make_draft_session(sites=0)
    values = DraftValues(sites=[SITE])
    actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    actions.save_draft(session=session, version=2, values=values, by=session.nurse, now=NOW)

    assert TreatmentSession.objects.get().version == 2
    assert len(events("session saved")) == 1


def test_a_save_from_an_older_version_is_refused_and_overwrites_nothing():
    session = make_draft_session()
    theirs = TreatmentSession.objects.get()
    actions.save_draft(
        session=theirs, version=1, values=DraftValues(fields={"note": "first"}), by=session.nurse, now=NOW
    )

    with pytest.raises(Stale):
        actions.save_draft(
            session=session, version=1, values=DraftValues(fields={"note": "second"}), by=make_user(), now=NOW
        )

    assert TreatmentSession.objects.get().note == "first"
    assert TreatmentSession.objects.get().version == 2


@pytest.mark.parametrize("changes", [{}, {"answers": {"L3": {"reason": "both legs", "ack": True}}}])
def test_what_is_there_already_comes_from_an_older_version_without_a_conflict(changes):
    """The answer to the first save was lost, and the page sends the same once more."""
    session = make_draft_session(sites=0)
    values = DraftValues(fields={"note": "sent twice"}, sites=[LARGE_SITE], **changes)
    actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    chart = actions.save_draft(
        session=TreatmentSession.objects.get(), version=1, values=values, by=session.nurse, now=NOW
    )

    assert (chart.session.version, TreatmentSession.objects.get().version) == (2, 2)
    assert len(events("session saved")) == 1


def test_an_answer_from_an_older_version_is_refused_where_it_is_a_new_one():
    session = make_draft_session(sites=0)
    values = DraftValues(sites=[LARGE_SITE])
    actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    with pytest.raises(Stale):
        actions.save_draft(
            session=TreatmentSession.objects.get(),
            version=1,
            values=replace(values, answers={"L3": {"reason": "both legs", "ack": True}}),
            by=make_user(),
            now=NOW,
        )

    assert "answers" not in TreatmentSession.objects.get().screening


def test_the_kit_remembers_who_ticked_it_and_when():
    session = make_draft_session()
    values = DraftValues(facts={"kit_checked_today": True})

    actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    assert session.screening["kit"] == {"by_name": str(session.nurse), "at": NOW.isoformat()}


def test_nothing_remains_of_a_save_that_breaks_in_the_middle(monkeypatch):
    session = make_draft_session()

    def broken(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(actions.audit, "record", broken)
    values = DraftValues(fields={"note": "lost"}, sites=[SITE, {**SITE, "position": 2}])
    with pytest.raises(DatabaseError):
        actions.save_draft(session=session, version=1, values=values, by=session.nurse, now=NOW)

    stored = TreatmentSession.objects.get()
    assert (stored.version, stored.note, stored.sites.count()) == (1, "", 1)


def test_a_closed_session_takes_no_save():
    session = make_signed_session()

    with pytest.raises(Refused, match="signed and locked"):
        actions.save_draft(session=session, version=1, values=DraftValues(), by=session.nurse, now=NOW)


# --- Answers to findings -----------------------------------------------------------------------------------------


def sites_of(*volumes):
    return [{**SITE, "position": n, "injection_count": 10, "volume_ml": D(ml)} for n, ml in enumerate(volumes, start=1)]


def save(session, *, by, answers, sites=None):
    stored = [
        {**SITE, "position": s.position, "injection_count": s.injection_count, "volume_ml": s.volume_ml}
        for s in session.sites.all()
    ]
    values = DraftValues(sites=sites if sites is not None else stored, answers=answers)
    return actions.save_draft(session=session, version=session.version, values=values, by=by, now=NOW)


def open_ids(chart):
    return [each.finding.id for each in chart.findings if each.is_open]


def test_an_ack_needs_both_tick_and_reason_and_keeps_its_author():
    in_force()
    session = make_draft_session(sites=0)
    nurse = session.nurse
    save(session, by=nurse, answers={}, sites=sites_of("2", "1.5"))

    assert open_ids(save(session, by=nurse, answers={"L3": {"reason": "large area", "ack": False}})) == ["L3"]
    assert open_ids(save(session, by=nurse, answers={"L3": {"reason": "  ", "ack": True}})) == ["L3"]
    assert open_ids(save(session, by=nurse, answers={"L3": {"reason": "large area", "ack": True}})) == []
    save(session, by=make_user(), answers={"L3": {"reason": "large area", "ack": True}})

    assert session.screening["answers"]["L3"]["by"] == nurse.pk


def test_a_reason_for_the_volume_holds_when_more_is_injected():
    in_force()
    session = make_draft_session(sites=0)
    save(session, by=session.nurse, answers={}, sites=sites_of("2", "1.5"))
    save(session, by=session.nurse, answers={"L3": {"reason": "large area", "ack": True}})

    assert open_ids(save(session, by=session.nurse, answers={}, sites=sites_of("2", "1.5", "1"))) == []


def test_a_nurse_cannot_lift_a_block_and_a_clinician_can():
    in_force()
    session = make_draft_session(sites=0)
    answer = {"L4": {"reason": "typing checked, given", "ack": True}, "L3": {"reason": "large area", "ack": True}}
    save(session, by=session.nurse, answers={}, sites=sites_of("3", "3", "3", "1.5"))

    assert open_ids(save(session, by=session.nurse, answers=answer)) == ["L4"]
    assert open_ids(save(session, by=make_user(Role.CLINICIAN), answers=answer)) == []


def test_a_lifted_block_is_open_again_when_the_facts_change():
    in_force()
    session = make_draft_session(sites=0)
    clinician = make_user(Role.CLINICIAN)
    answer = {"L4": {"reason": "given", "ack": True}, "L3": {"reason": "large area", "ack": True}}
    save(session, by=session.nurse, answers={}, sites=sites_of("3", "3", "3", "1.5"))
    save(session, by=clinician, answers=answer)

    # The nurse's page sends the clinician's answer along, unchanged.
    assert open_ids(save(session, by=session.nurse, answers=answer, sites=sites_of("3", "3", "3", "3"))) == ["L4"]


def test_an_override_of_somebody_who_lost_the_role_does_not_count():
    in_force()
    session = make_draft_session(sites=0)
    clinician = make_user(Role.CLINICIAN)
    save(session, by=session.nurse, answers={}, sites=sites_of("3", "3", "3", "1.5"))
    answer = {"L4": {"reason": "given", "ack": True}, "L3": {"reason": "large area", "ack": True}}
    save(session, by=clinician, answers=answer)
    clinician.roles = frozenset([Role.NURSE])
    clinician.save()

    assert open_ids(save(session, by=session.nurse, answers={})) == ["L4"]


def of_strength(percent):
    return [{**SITE, "position": 1, "injection_count": 10, "volume_ml": D(1), "strength_percent": D(percent)}]


def strengths(session, *, by, percent, answers):
    values = DraftValues(sites=of_strength(percent), answers=answers)
    return actions.save_draft(session=session, version=session.version, values=values, by=by, now=NOW)


def test_a_lifted_block_does_not_cover_another_strength_and_the_same_one_stays_lifted():
    in_force()
    session, clinician = make_draft_session(sites=0), make_user(Role.CLINICIAN)
    answers = {check: {"reason": "off label, agreed", "ack": True} for check in ("L1", "L1b")}
    strengths(session, by=session.nurse, percent="0.25", answers={})

    assert "L1b" not in open_ids(strengths(session, by=clinician, percent="0.25", answers=answers))
    assert "L1b" not in open_ids(strengths(session, by=session.nurse, percent="0.250", answers=answers))
    assert "L1b" in open_ids(strengths(session, by=session.nurse, percent="3", answers=answers))


def test_a_lifted_block_on_a_reading_does_not_cover_another_reading():
    in_force()
    session, clinician = make_draft_session(sites=0), make_user(Role.CLINICIAN)

    def save_index(index, by):
        values = DraftValues(
            facts={"abpi": index}, sites=sites_of("1"), answers={"P8": {"reason": "done", "ack": True}}
        )
        return actions.save_draft(session=session, version=session.version, values=values, by=by, now=NOW)

    save_index("0.55", session.nurse)
    assert "P8" not in open_ids(save_index("0.55", clinician))
    assert "P8" in open_ids(save_index("0.30", session.nurse))


# --- Ending without treatment --------------------------------------------------------------------------------------


def test_not_treated_closes_the_visit_with_its_reason():
    session = make_draft_session(sites=0)

    actions.mark_not_treated(session=session, version=1, reason="Fever", by=session.nurse, now=NOW)

    stored = TreatmentSession.objects.select_related("appointment").get()
    assert (stored.status, stored.not_treated_reason) == ("not_treated", "Fever")
    assert stored.appointment.status == "done"
    assert len(events("session not treated")) == 1


def test_not_treated_needs_a_reason_and_no_site():
    empty, treated = make_draft_session(sites=0), make_draft_session(sites=1)
    half_typed = make_draft_session(
        sites=0, screening={"unfinished": {"sites": [{"position": 1, "place": "left:knee"}]}}
    )

    with pytest.raises(Refused, match="Write why"):
        actions.mark_not_treated(session=empty, version=1, reason=" ", by=empty.nurse, now=NOW)
    for injected in (treated, half_typed):
        with pytest.raises(Refused, match="Treated sites are recorded"):
            actions.mark_not_treated(session=injected, version=1, reason="Fever", by=injected.nurse, now=NOW)
    assert set(TreatmentSession.objects.values_list("status", flat=True)) == {"draft"}


def test_not_treated_from_an_older_page_is_refused():
    session = make_draft_session(sites=0)
    TreatmentSession.objects.update(version=5)

    with pytest.raises(Stale):
        actions.mark_not_treated(session=session, version=1, reason="Fever", by=session.nurse, now=NOW)


# --- Closing -------------------------------------------------------------------------------------------------------


def test_closing_locks_the_session_with_signer_time_and_protocol_and_ends_the_visit():
    session = ready_draft()

    assert close(session) is True

    stored = TreatmentSession.objects.select_related("appointment").get()
    assert (stored.status, stored.signed_by, stored.signed_at) == ("signed", session.nurse, SIGNING)
    assert stored.protocol_version == ProtocolVersion.in_force()
    assert (stored.version, stored.appointment.status) == (2, "done")
    assert [event.details for event in events("session signed")] == [{"checks": []}]


def test_an_incomplete_session_is_refused_with_what_is_missing_and_stays_a_draft():
    session = ready_draft(reaction="", ended_at=None)

    with pytest.raises(NotComplete) as refused:
        close(session)

    assert [each.words for each in refused.value.missing] == ["Time the stocking went on", "Reaction: yes or none"]
    session.refresh_from_db()
    assert (session.status, session.version) == ("draft", 1)


@pytest.mark.parametrize("group", ["stop", "risk"])
def test_something_applies_without_saying_what_is_not_signed_as_none(group):
    # As drafts of older versions hold it: every question of the group is stored as a no, pregnancy too.
    noes = {"pregnant": "no", "cannot_walk": False, "smoking": False, "nyha_class": None}
    session = ready_draft(screening={**ASKED, **noes, "groups": {"stop": "none", "risk": "none", group: "some"}})

    with pytest.raises(NotComplete) as refused:
        close(session)

    assert [each.anchor for each in refused.value.missing] == [f"group-{group}"]
    assert "tick what applies, or “None of these”" in refused.value.message
    session.refresh_from_db()
    assert session.status == "draft"


def test_signing_twice_changes_nothing_the_second_time():
    session = ready_draft()
    close(session)
    other = TreatmentSession.objects.get()

    assert close(other, by=make_user(), version=1) is False

    assert TreatmentSession.objects.get().signed_by == session.nurse
    assert len(events("session signed")) == 1


def test_signing_what_a_colleague_changed_meanwhile_is_refused():
    session = ready_draft()
    TreatmentSession.objects.update(version=7)

    with pytest.raises(Stale):
        close(session, version=1)
    session.refresh_from_db()
    assert session.status == "draft"


def test_findings_are_kept_with_their_answers():
    session = ready_draft(sites=[{"injection_count": 20, "volume_ml": D("4"), "treated_length_cm": None}])
    save_answer = {"L3": {"reason": "large area", "ack": True}}

    close(session, answers=save_answer)

    (finding,) = SessionFinding.objects.all()
    assert (finding.check_id, finding.severity, finding.reason) == ("L3", "ACK", "large area")
    assert (finding.answered_by, finding.answered_at, finding.overridden) == (session.nurse, SIGNING, False)
    assert finding.text.startswith("Total above 3 mL. 4 mL in total.")


def test_an_unanswered_ack_refuses_the_signature():
    session = ready_draft(sites=[{"injection_count": 20, "volume_ml": D("4"), "treated_length_cm": None}])

    with pytest.raises(NotComplete) as refused:
        close(session)

    assert [(each.words, each.anchor) for each in refused.value.missing] == [("Total above 3 mL", "finding-L3")]
    assert not SessionFinding.objects.exists()


def test_a_block_needs_a_prescribers_override_and_leaves_a_trace():
    ten = [{"injection_count": 40, "volume_ml": D("10.1"), "treated_length_cm": None}]
    session = ready_draft(sites=ten, ampoules=6, weight_kg=D(70))
    answers = {"L3": {"reason": "given", "ack": True}, "L4": {"reason": "counted twice, given", "ack": True}}
    clinician = make_user(Role.CLINICIAN)

    with pytest.raises(NotComplete):
        close(session, answers=answers)
    session.refresh_from_db()
    assert close(session, answers=answers, by=clinician) is True

    finding = SessionFinding.objects.get(check_id="L4")
    assert (finding.overridden, finding.answered_by) == (True, clinician)
    (event,) = events("check overridden")
    assert event.details == {"check": "L4", "answered_by": clinician.pk, "opens_incident": True}


def test_a_block_that_nobody_may_lift_stops_the_signature_whoever_signs():
    session = ready_draft(sites=[{"injection_count": 12, "volume_ml": D("2.4"), "treated_length_cm": None}], ampoules=1)
    answer = {"L6d": {"reason": "please", "ack": True}}

    with pytest.raises(NotComplete) as refused:
        close(session, answers=answer, by=make_user(Role.CLINICAL_LEAD))

    assert [each.anchor for each in refused.value.missing] == ["finding-L6d"]


ANSWERED = {"reason": "the reaction came with the last injection", "ack": True}


@pytest.mark.parametrize(
    ("check", "asked"),
    [
        ("P1", {"polidocanol_allergy": True}),
        ("P2", {"acute_thromboembolism": True}),
        ("P6", {"severe_event_before": True}),
        ("P7", {"acute_illness": True}),
        ("P8", {"critical_limb_ischaemia": True}),
        ("P15", {"kit_checked_today": None}),
    ],
)
def test_what_should_have_stopped_a_treatment_that_took_place_is_answered_by_a_clinician_and_opens_an_incident(
    check, asked
):
    session, clinician = ready_draft(), make_user(Role.CLINICIAN)
    session.screening = {**session.screening, **asked}
    session.save()

    with pytest.raises(NotComplete) as refused:
        close(session, answers={check: ANSWERED})
    assert [each.anchor for each in refused.value.missing] == [f"finding-{check}"]
    close(session, answers={check: ANSWERED}, by=clinician)

    session.refresh_from_db()
    assert session.status == "signed"
    (event,) = events("check overridden")
    assert event.details == {"check": check, "answered_by": clinician.pk, "opens_incident": True}
    assert StaffTask.objects.get(kind="override_to_review").note == f"Lifted: {check}"


def test_before_anything_is_injected_nobody_lifts_an_allergy():
    session = ready_draft(sites=0, screening={"polidocanol_allergy": True})

    (judged,) = [each for each in chart_of(session, now=NOW).findings if each.finding.id == "P1"]

    assert (str(judged.finding.override), judged.finding.opens_incident) == ("none", False)
    assert "injected all the same" not in judged.finding.text


def test_the_signature_judges_the_rows_as_they_are_now_not_as_they_were_loaded():
    session = ready_draft()
    list(session.sites.all())
    session = TreatmentSession.objects.prefetch_related("sites").get(pk=session.pk)
    TreatedSite.objects.update(volume_ml=D("4"), injection_count=20, treated_length_cm=None)

    with pytest.raises(NotComplete):
        close(session)


def test_weight_and_risks_of_today_are_remembered_for_the_next_visit():
    patient = make_patient(weight_kg=D("80"), risk_factors=["smoking"])
    session = ready_draft(patient=patient, screening={**ASKED, "smoking": False, "obesity": True}, weight_kg=D("76.5"))

    close(session)

    patient.refresh_from_db()
    assert (patient.weight_kg, patient.risk_factors, patient.version) == (D("76.5"), ["obesity"], 2)
    assert len(events("patient updated")) == 1


def test_a_late_signature_asks_why():
    session = ready_draft()

    with pytest.raises(NotComplete) as refused, transaction.atomic():
        actions.close_session(
            session=session, by=session.nurse, protocol_version=in_force(), now=END + timedelta(days=15)
        )

    assert [each.anchor for each in refused.value.missing] == ["finding-L20"]


def test_a_newer_protocol_judges_the_signature():
    session = ready_draft(sites=[{"injection_count": 12, "volume_ml": D("2.4"), "treated_length_cm": None}])
    make_signed_protocol(overrides={"warn_total_ml": "2.0"})

    with pytest.raises(NotComplete) as refused:
        close(session)

    assert [each.words for each in refused.value.missing] == ["Total above 2 mL"]


def test_a_cancelled_appointment_does_not_stop_what_happened_from_being_signed():
    session = ready_draft()
    appointment = session.appointment
    appointment.status = "cancelled"
    appointment.save()
    make_room()

    assert close(session) is True
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"


def test_without_a_signed_protocol_one_can_chart_and_the_list_says_why_not_sign():
    session = make_draft_session()

    chart = actions.save_draft(session=session, version=1, values=DraftValues(), by=session.nurse, now=NOW)

    assert chart.version is None
    assert chart.missing[0].words == "A protocol that the clinical lead has signed"


@pytest.mark.parametrize("strengths", [("1", "0.5"), ("0.5", "1"), ("1", "0.5", "1")])
def test_the_same_ampoules_in_any_order_are_written_once(strengths):
    session = make_draft_session()
    rows = [
        {"strength_percent": D(strength), "lot": f"L{number}", "expiry": "2027-05", "opened": 1}
        for number, strength in enumerate(strengths)
    ]
    for _ in range(3):
        session = TreatmentSession.objects.get(pk=session.pk)
        actions.save_draft(
            session=session, version=session.version, values=DraftValues(ampoules=rows), by=session.nurse, now=NOW
        )

    assert session.version == 2
    assert {each.lot for each in session.ampoules.all()} == {row["lot"] for row in rows}
