"""Adverse events: what begins one, what is stamped, what is written down, what a clinician decides, what follows."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from clinic.access import Role
from clinic.alerts import alerts_for
from clinic.models import AuditEvent, Patient, StaffTask
from clinic.protocol.vocabulary import Hold
from sessions_app import adverse_events, amending, event_decisions, repeat
from sessions_app.charting import chart_of
from sessions_app.emergency import Step
from sessions_app.models import AdverseEvent, AdverseStep
from sessions_app.refusals import Refused, Stale
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_draft_session,
    make_patient,
    make_service,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import SIGNING, ready_draft

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:45")


def begin(patient, by, kind="anaphylaxis", **facts):
    facts = {"request_key": uuid.uuid4(), "now": NOW, **facts}
    return adverse_events.begin(patient=patient, kind=kind, by=by, **facts)


def see(event, by, now=NOW):
    """As it is now; what is stale is told in its own test."""
    version = AdverseEvent.objects.get(pk=event.pk).version
    return event_decisions.acknowledge(event=event, version=version, by=by, now=now)


def save(event, by, version=None, **changes):
    version = AdverseEvent.objects.get(pk=event.pk).version if version is None else version
    return adverse_events.save_details(event=event, version=version, changes=changes, by=by, now=NOW)


def close(event, by, **facts):
    version = AdverseEvent.objects.get(pk=event.pk).version
    facts = {"version": version, "note": "Gone after an hour", "now": NOW, **facts}
    return event_decisions.close(event=event, by=by, **facts)


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return caught.value.rule, caught.value.field


# --- Beginning ---------------------------------------------------------------------------------------------------


def test_kind_and_patient_are_enough_and_the_onset_is_now(nurse):
    patient = make_patient()

    event = begin(patient, nurse)

    assert (event.kind, event.onset_at, event.reported_by, event.version) == ("anaphylaxis", NOW, nurse, 1)
    task = StaffTask.objects.get(kind="adverse_event")
    assert (task.patient, task.about_id, task.note, task.done_at) == (patient, event.public_id, "", None)
    assert AuditEvent.objects.get(action="adverse event begun").details == {"kind": "anaphylaxis"}


def test_the_same_form_sent_twice_begins_one_event(nurse):
    patient, key = make_patient(), uuid.uuid4()

    first, second = (begin(patient, nurse, request_key=key) for _ in range(2))

    assert first == second
    assert AdverseEvent.objects.count() == StaffTask.objects.count() == 1
    assert AuditEvent.objects.filter(action="adverse event begun").count() == 1


def test_the_same_form_with_another_kind_begins_another_event(nurse):
    patient, key = make_patient(), uuid.uuid4()
    kinds = ["wheal", "anaphylaxis", "anaphylaxis", "wheal"]

    begun = [begin(patient, nurse, request_key=key, kind=kind) for kind in kinds]

    assert [event.kind for event in begun] == kinds
    assert AdverseEvent.objects.count() == 2


@pytest.mark.parametrize(("kind", "events"), [("anaphylaxis", 2), ("wheal", 1)])
def test_two_presses_of_one_form_in_the_same_moment_lose_no_kind(nurse, monkeypatch, kind, events):
    patient, key = make_patient(), uuid.uuid4()
    begin(patient, nurse, request_key=key, kind="wheal")
    # The second press looks before the first one is written, and finds its key taken when it writes.
    looks, look = iter([lambda *asked: None]), adverse_events._begun
    monkeypatch.setattr(adverse_events, "_begun", lambda *asked: next(looks, look)(*asked))

    assert begin(patient, nurse, request_key=key, kind=kind).kind == kind

    assert AdverseEvent.objects.count() == StaffTask.objects.count() == events


def test_a_form_that_was_used_for_another_patient_begins_nothing(nurse):
    key = uuid.uuid4()
    begin(make_patient(), nurse, request_key=key)

    assert refused(begin, make_patient(), nurse, request_key=key) == ("request_key", "")
    assert AdverseEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"kind": "bad mood"}, ("kind", "kind")),
        ({"onset_at": NOW + timedelta(minutes=3)}, ("future", "onset_at")),
        ({"onset_at": at("1950-01-01 10:00")}, ("early", "onset_at")),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(nurse, facts, why):
    assert refused(begin, make_patient(), nurse, **facts) == why
    assert (AdverseEvent.objects.count(), StaffTask.objects.count()) == (0, 0)


def test_a_session_of_another_patient_is_refused(nurse):
    assert refused(begin, make_patient(), nurse, session=make_draft_session()) == ("session", "session")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_treats_nobody_begins_nothing(role):
    assert refused(begin, make_patient(), make_user(role)) == ("permission", "")


def test_an_event_of_a_correction_hangs_on_the_first_version_so_that_the_correction_can_be_given_up(nurse):
    signed = make_signed_session(nurse=nurse)
    correction = amending.begin_amendment(session=signed, reason="Wrong leg", by=nurse)

    event = begin(correction.patient, nurse, session=correction)
    amending.give_up_amendment(session=correction, version=correction.version, by=nurse)

    assert AdverseEvent.objects.get().session == signed == event.session


# --- Steps -------------------------------------------------------------------------------------------------------


def test_a_step_is_stamped_with_its_moment_and_does_not_make_the_open_page_of_a_colleague_stale(nurse):
    event = begin(make_patient(), nurse)

    step = adverse_events.add_step(event=event, what=Step.AMBULANCE, by=nurse, now=NOW)

    assert (step.at, step.what, step.by) == (NOW, "Emergency number called", nurse)
    assert AdverseEvent.objects.get().version == 1


def test_one_press_that_is_sent_twice_is_one_step_and_two_people_are_two(nurse, clinician):
    event = begin(make_patient(), nurse)
    for seconds in (0, 40):
        adverse_events.add_step(event=event, what=Step.KIT, by=nurse, now=NOW + timedelta(seconds=seconds))
    adverse_events.add_step(event=event, what=Step.KIT, by=clinician, now=NOW)
    adverse_events.add_step(event=event, what=Step.KIT, by=nurse, now=NOW + timedelta(minutes=3))

    assert [step.by for step in event.steps.order_by("id")] == [nurse, clinician, nurse]


def test_a_wrong_time_is_corrected_by_another_step_that_says_what_stood_there(nurse):
    event = begin(make_patient(), nurse, onset_at=NOW - timedelta(minutes=10))
    step = adverse_events.add_step(event=event, what=Step.SURGEON, by=nurse, now=NOW)

    adverse_events.correct_time(step=step, at=NOW - timedelta(minutes=6), by=nurse, now=NOW)

    assert [(each.at, each.what) for each in event.steps.all()] == [
        (NOW - timedelta(minutes=6), "Vascular surgeon called (time corrected; noted first as 10:45)"),
        (NOW, "Vascular surgeon called"),
    ]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"what": "  "}, ("step", "own_step")),
        ({"what": "x" * 201}, ("step", "own_step")),
        ({"what": "Ice", "at": NOW + timedelta(hours=1)}, ("future", "step_at")),
        ({"what": "Ice", "at": NOW - timedelta(days=3)}, ("early", "step_at")),
    ],
)
def test_a_step_that_cannot_be_is_refused(nurse, facts, why):
    event = begin(make_patient(), nurse)

    assert refused(adverse_events.add_step, event=event, by=nurse, now=NOW, **facts) == why
    assert AdverseStep.objects.count() == 0


def test_the_database_keeps_steps_and_events(nurse):
    event = begin(make_patient(), nurse)
    adverse_events.add_step(event=event, what=Step.KIT, by=nurse, now=NOW)

    for change in (
        lambda: AdverseStep.objects.update(what="Nothing"),
        lambda: AdverseStep.objects.all().delete(),
        lambda: AdverseEvent.objects.filter(pk=event.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert event.steps.get().what == "Anaphylaxis kit and oxygen fetched"


# --- Details -----------------------------------------------------------------------------------------------------


def test_details_are_saved_with_the_version_and_the_trail_names_them(nurse):
    event = begin(make_patient(), nurse, kind="ulcer")

    saved = save(event, nurse, description="A black scab", severity_grade=2, relation_drug="probable")

    assert (saved.description, saved.severity_grade, saved.relation_drug, saved.version) == (
        "A black scab",
        2,
        "probable",
        2,
    )
    assert AuditEvent.objects.get(action="adverse event saved").details == {
        "fields": ["description", "relation_drug", "severity_grade"],
        "version": 2,
        "serious": False,
    }


def test_the_two_scales_and_the_seriousness_are_independent(nurse):
    event = begin(make_patient(), nurse, kind="ulcer")

    saved = save(event, nurse, severity_grade=4, clavien_dindo="I")

    assert (saved.severity_grade, saved.clavien_dindo, saved.serious_because) == (4, "I", [])


@pytest.mark.parametrize("changes", [{"severity_grade": 5}, {"clavien_dindo": "V"}, {"outcome": "fatal"}])
def test_death_in_one_place_makes_the_event_serious(nurse, changes):
    saved = save(begin(make_patient(), nurse, kind="pe"), nurse, serious_because=["hospital"], **changes)

    assert saved.serious_because == ["death", "hospital"]


def test_who_saves_an_older_page_overwrites_nothing(nurse, clinician):
    event = begin(make_patient(), nurse, kind="ulcer")
    save(event, clinician, description="Seen by me")

    with pytest.raises(Stale):
        save(event, nurse, version=1, description="My words")

    assert AdverseEvent.objects.get().description == "Seen by me"


def test_a_page_that_changes_nothing_saves_nothing(nurse):
    event = begin(make_patient(), nurse, kind="ulcer")
    save(event, nurse, version=77, kind="ulcer", description="")

    assert AdverseEvent.objects.get().version == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"onset_at": NOW + timedelta(days=1)}, ("future", "onset_at")),
        ({"outcome_on": date(2026, 1, 12)}, ("early", "outcome_on")),
        ({"reported_to_authority_on": date(2026, 1, 14)}, ("future", "reported_to_authority_on")),
        ({"reported_to_manufacturer_on": date(2025, 1, 14)}, ("early", "reported_to_manufacturer_on")),
    ],
)
def test_impossible_times_are_refused(nurse, changes, why):
    assert refused(save, begin(make_patient(), nurse), nurse, **changes) == why
    assert AdverseEvent.objects.get().version == 1


# --- What clinicians decide --------------------------------------------------------------------------------------


def test_clinicians_are_alerted_on_every_page_until_one_has_seen_it(nurse, clinician):
    event = begin(make_patient(given_name="Ivy", family_name="Quillfeather"), nurse)

    def alerts(user):
        return [(alert.words, alert.is_urgent) for alert in alerts_for(user)]

    assert alerts(clinician) == [("Adverse event: anaphylaxis, Ivy Quillfeather.", True)]
    assert alerts(make_user(Role.CLINICAL_LEAD)) == alerts(clinician)
    assert alerts(nurse) == alerts(make_user(Role.FRONT_DESK)) == alerts(make_user(Role.ADMINISTRATOR)) == []
    see(event, clinician)
    see(event, make_user(Role.CLINICAL_LEAD), now=NOW + timedelta(hours=1))

    event.refresh_from_db()
    assert (event.acknowledged_by, event.acknowledged_at, alerts(clinician)) == (clinician, NOW, [])
    assert StaffTask.objects.get().done_by == clinician
    assert AuditEvent.objects.filter(action="adverse event seen").count() == 1


def test_who_saw_it_as_it_was_has_not_seen_what_it_became(nurse, clinician):
    event = begin(make_patient(), nurse, kind="wheal")
    shown = event.version
    save(event, nurse, kind="anaphylaxis", serious_because=["life_threatening"])

    with pytest.raises(Stale):
        event_decisions.acknowledge(event=event, version=shown, by=clinician, now=NOW)

    assert (len(alerts_for(clinician)), StaffTask.objects.open().count()) == (1, 1)


def test_many_unseen_events_are_a_few_lines_and_a_link(clinician):
    for _ in range(5):
        make_adverse_event()

    assert [alert.link for alert in alerts_for(clinician)] == ["Look at it"] * 3 + ["Open the list"]


def test_an_event_that_a_nurse_makes_serious_alerts_again(nurse, clinician):
    event = begin(make_patient(), nurse, kind="dvt")
    see(event, clinician)
    save(event, nurse, serious_because=["hospital"])

    assert len(alerts_for(clinician)) == 1
    assert StaffTask.objects.open().count() == 1


def test_an_event_that_a_clinician_makes_serious_does_not(nurse, clinician):
    event = begin(make_patient(), nurse, kind="dvt")
    see(event, clinician)
    save(event, clinician, serious_because=["hospital"])

    assert alerts_for(clinician) == []


def test_closing_needs_a_note_a_grade_and_for_a_serious_event_its_outcome(nurse, clinician):
    event = begin(make_patient(), nurse, kind="dvt")

    assert refused(close, event, clinician) == ("grade", "severity_grade")
    save(event, nurse, severity_grade=3, serious_because=["hospital"])
    assert refused(close, event, clinician) == ("outcome", "outcome")
    save(event, nurse, outcome="recovered")
    assert refused(close, event, clinician, note="  ") == ("note", "closing_note")
    assert refused(close, event, clinician, note="x" * 501) == ("length", "closing_note")
    closed = close(event, clinician)

    assert (closed.closed_by, closed.closed_at, closed.closing_note) == (clinician, NOW, "Gone after an hour")
    assert (closed.acknowledged_by, StaffTask.objects.get().done_by) == (clinician, clinician)


def test_a_nurse_neither_closes_nor_acknowledges_nor_confirms(nurse):
    event = make_adverse_event(kind="anaphylaxis", severity_grade=1)

    assert refused(close, event, nurse) == ("permission", "")
    assert refused(event_decisions.acknowledge, event=event, version=1, by=nurse) == ("permission", "")
    assert refused(event_decisions.confirm_allergy, event=event, by=nurse) == ("permission", "")
    assert refused(event_decisions.reopen, event=event, version=1, by=nurse) == ("permission", "")


def test_closing_from_an_older_page_is_refused(nurse, clinician):
    event = begin(make_patient(), nurse, kind="ulcer")
    save(event, nurse, severity_grade=1)

    with pytest.raises(Stale):
        close(event, clinician, version=1)


def test_a_closed_event_is_locked_until_a_clinician_opens_it_again(nurse, clinician):
    event = begin(make_patient(), nurse, kind="ulcer")
    save(event, nurse, severity_grade=1)
    close(event, clinician)
    event.refresh_from_db()

    assert refused(save, event, nurse, description="More") == ("closed", "")
    assert refused(adverse_events.add_step, event=event, what="Ice", by=nurse, now=NOW) == ("closed", "")
    event_decisions.reopen(event=event, version=event.version, by=clinician)
    assert save(event, nurse, description="More").description == "More"
    assert AdverseEvent.objects.get().closing_note == "Gone after an hour"


def test_after_a_generalised_reaction_the_allergy_is_confirmed_or_ruled_out(nurse, clinician):
    event = begin(make_patient(), nurse, kind="allergic_general")
    save(event, nurse, severity_grade=2)

    assert refused(close, event, clinician) == ("allergy", "allergy_ruled_out")
    close(event, clinician, allergy_ruled_out=True)

    assert not Patient.objects.get().polidocanol_allergy
    assert AuditEvent.objects.get(action="adverse event closed").details == {"allergy_ruled_out": True}


def test_a_confirmed_allergy_blocks_the_next_session(nurse, clinician):
    patient = make_patient()
    event = begin(patient, nurse)
    for _ in range(2):
        event_decisions.confirm_allergy(event=event, by=clinician)

    patient.refresh_from_db()
    assert (patient.polidocanol_allergy, patient.version) == (True, 2)
    assert AuditEvent.objects.filter(action="allergy confirmed").count() == 1
    session = make_draft_session(patient=patient)
    found = {
        each.finding.id: (each.finding.severity.value, each.is_open) for each in chart_of(session, now=NOW).findings
    }
    assert found["P1"] == ("BLOCK", True)


def test_an_event_of_another_kind_confirms_no_allergy(clinician):
    event = make_adverse_event(kind="haematoma")

    assert refused(event_decisions.confirm_allergy, event=event, by=clinician) == ("kind", "")
    assert not Patient.objects.get().polidocanol_allergy


# --- What follows elsewhere --------------------------------------------------------------------------------------


def test_an_open_event_holds_treatments_and_a_closed_one_does_not(nurse, clinician):
    patient, other, service = make_patient(), make_patient(), make_service()
    make_signed_session(patient=patient)
    event = begin(patient, nurse, kind="ulcer")

    assert repeat.repeat_rules(patient, service).holds == (Hold.OPEN_ADVERSE_EVENT,)
    assert repeat.holds_of(patient) == (Hold.OPEN_ADVERSE_EVENT,)
    assert repeat.on_hold([patient, other]) == {patient.pk}
    save(event, nurse, severity_grade=1)
    close(event, clinician)
    assert repeat.repeat_rules(patient, service).holds == repeat.holds_of(patient) == ()
    assert repeat.on_hold([patient, other]) == set()


def judged(session):
    chart = chart_of(session, now=SIGNING)
    return {each.finding.id: each.finding.severity.value for each in chart.findings}


def test_an_intra_arterial_event_blocks_until_its_steps_say_what_was_done_and_who_was_called(nurse):
    session = ready_draft()
    assert "L14" not in judged(session)

    event = begin(session.patient, nurse, kind="intra_arterial", session=session)
    assert judged(session)["L14"] == "BLOCK"
    adverse_events.add_step(event=event, what=Step.STOPPED, by=nurse, now=NOW)
    assert judged(session)["L14"] == "BLOCK"
    adverse_events.add_step(event=event, what=Step.SURGEON, by=nurse, now=NOW)

    assert "L14" not in judged(session)


def test_the_contact_with_the_surgeon_alone_does_not_say_what_was_done(nurse):
    session = ready_draft()
    event = begin(session.patient, nurse, kind="intra_arterial", session=session)
    adverse_events.add_step(event=event, what=Step.SURGEON, by=nurse, now=NOW)
    assert judged(session)["L14"] == "BLOCK"

    adverse_events.add_step(event=event, what="Warmed the foot", by=nurse, now=NOW)

    assert "L14" not in judged(session)


def test_a_sign_that_was_ticked_is_recorded_only_by_an_event_of_its_kind(nurse):
    session = ready_draft()
    session.screening = {**session.screening, "generalised_allergic_sign": True, "suspected_extravasation": True}
    session.reaction, session.reaction_note = "seen", "Hives on both arms"
    session.save()

    assert (judged(session)["L13"], judged(session)["L15"]) == ("ACK", "BLOCK")
    begin(session.patient, nurse, kind="extravasation", session=session)
    assert judged(session)["L15"] == "BLOCK"
    begin(session.patient, nurse, kind="allergic_general", session=session)
    assert judged(session)["L15"] == "NOTE"


def test_an_event_counts_for_all_versions_of_its_session_and_for_no_other(nurse):
    signed = make_signed_session(nurse=nurse)
    later = make_appointment(patient=signed.patient, starts_at=at("2026-01-13 15:00"), status="in_treatment")
    other = make_draft_session(appointment=later)
    begin(signed.patient, nurse, kind="extravasation", session=signed)
    correction = amending.begin_amendment(session=signed, reason="Wrong leg", by=nurse)

    assert "L13" in judged(correction)
    assert "L13" not in judged(other)


def test_what_the_event_says_is_not_asked_again_in_the_session(nurse):
    session = ready_draft(reaction="seen")
    words = "What was seen"

    assert words in [gap.words for gap in chart_of(session, now=SIGNING).missing]
    begin(session.patient, nurse, kind="syncope", session=session)
    assert words not in [gap.words for gap in chart_of(session, now=SIGNING).missing]


def test_many_events_cost_the_chart_what_one_costs(nurse):
    session = ready_draft()

    def queries():
        with CaptureQueriesContext(connection) as caught:
            chart_of(session, now=SIGNING)
        return len(caught)

    begin(session.patient, nurse, kind="syncope", session=session)
    queries()
    one = queries()
    for _ in range(10):
        event = begin(session.patient, nurse, kind="syncope", session=session)
        adverse_events.add_step(event=event, what="Legs up", by=nurse, now=NOW)
    assert queries() == one
