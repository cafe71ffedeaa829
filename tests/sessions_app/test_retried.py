"""A save or a signature that the database gave up for the sake of another is tried again, from what is stored."""

from types import SimpleNamespace

import pytest
from django.db import OperationalError

from aftercare import actions as aftercare_actions
from aftercare.models import AftercarePlan
from clinic import audit
from clinic.access import Role
from clinic.models import AuditEvent, StaffTask
from sessions_app import actions, cosigning, holding, retrying
from sessions_app.actions import DraftValues
from sessions_app.models import TreatmentSession
from tests.aftercare.people import ANSWERED, SPIDER, complete_draft
from tests.makers import at, make_draft_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def _as_if_alone(monkeypatch):
    """The test's own transaction does not count as somebody else's; nobody waits."""
    monkeypatch.setattr(retrying, "connection", SimpleNamespace(in_atomic_block=False))
    monkeypatch.setattr(retrying.time, "sleep", lambda seconds: None)


def gives_up_once(monkeypatch, module, name):
    real, calls = getattr(module, name), []

    def once(*args, **kwargs):
        answer = real(*args, **kwargs)
        calls.append(name)
        if len(calls) == 1:
            raise OperationalError("database is locked")
        return answer

    monkeypatch.setattr(module, name, once)
    return calls


@pytest.mark.usefixtures("_as_if_alone")
def test_a_save_is_tried_again_from_the_stored_session(monkeypatch):
    session = make_draft_session()
    calls = gives_up_once(monkeypatch, actions, "_update")

    actions.save_draft(session=session, version=1, values=DraftValues(fields={"note": "kept"}), by=session.nurse)

    stored = TreatmentSession.objects.get()
    assert (len(calls), stored.note, stored.version, session.version) == (2, "kept", 2, 2)


@pytest.mark.usefixtures("_as_if_alone")
def test_a_signature_is_tried_again_and_made_once(monkeypatch):
    session = complete_draft(SPIDER)
    calls = gives_up_once(monkeypatch, actions, "remember")

    aftercare_actions.sign_session(
        session=session, version=session.version, answers={}, by=session.nurse, now=at("2026-01-13 10:55")
    )

    assert len(calls) == 2
    assert TreatmentSession.objects.get().status == "signed"
    assert AftercarePlan.objects.count() == 1


def waits_for_clinician():
    """A draft with a history of clots: only a clinician answers for it."""
    session = complete_draft(SPIDER)
    TreatmentSession.objects.filter(pk=session.pk).update(screening={**ANSWERED, "history_of_clot": True})
    return TreatmentSession.objects.get(pk=session.pk)


@pytest.mark.usefixtures("_as_if_alone")
def test_a_session_is_put_into_the_clinicians_list_at_the_second_try(monkeypatch):
    session = waits_for_clinician()
    calls = gives_up_once(monkeypatch, audit, "record")

    cosigning.ask_clinician(session=session, version=session.version, by=session.nurse)

    assert len(calls) == 2
    assert TreatmentSession.objects.get().clinician_asked_by == session.nurse
    assert AuditEvent.objects.filter(action="clinician asked").count() == 1


@pytest.mark.usefixtures("_as_if_alone")
def test_a_session_is_handed_back_at_the_second_try(monkeypatch):
    session = waits_for_clinician()
    cosigning.ask_clinician(session=session, version=session.version, by=session.nurse)
    calls = gives_up_once(monkeypatch, audit, "record")

    cosigning.hand_back(session=session, version=session.version, by=make_user(Role.CLINICIAN))

    assert len(calls) == 2
    assert TreatmentSession.objects.get().clinician_asked_at is None
    assert AuditEvent.objects.filter(action="session handed back").count() == 1


@pytest.mark.usefixtures("_as_if_alone")
def test_the_look_at_a_lifted_block_is_noted_at_the_second_try(monkeypatch):
    session, lead = make_draft_session(), make_user(Role.CLINICAL_LEAD)
    task = cosigning.review_task(session, ["P5"])
    task.save()
    calls = gives_up_once(monkeypatch, audit, "record")

    cosigning.review_override(task=task, note="Agreed.", by=lead)

    assert len(calls) == 2
    assert StaffTask.objects.get().done_by == lead
    assert AuditEvent.objects.filter(action="override reviewed").count() == 1


@pytest.mark.usefixtures("_as_if_alone")
def test_a_draft_is_held_at_the_second_try(monkeypatch):
    session = make_draft_session()
    calls = gives_up_once(monkeypatch, audit, "record")

    holder = holding.hold(session=session, by=session.nurse)

    assert (len(calls), holder) == (2, holding.Holder(session.nurse, is_mine=True))
    assert TreatmentSession.objects.get().held_by == session.nurse
    assert AuditEvent.objects.filter(action="session held").count() == 1


@pytest.mark.usefixtures("_as_if_alone")
def test_a_draft_is_taken_over_at_the_second_try_from_whom_it_was_taken(monkeypatch):
    session, colleague = make_draft_session(), make_user()
    holding.hold(session=session, by=session.nurse)
    calls = gives_up_once(monkeypatch, audit, "record")

    holding.take_over(session=session, by=colleague)

    assert len(calls) == 2
    assert TreatmentSession.objects.get().held_by == colleague
    assert AuditEvent.objects.get(action="session taken over").details == {"former": session.nurse_id}
