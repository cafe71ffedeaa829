"""A save or a signature that the database gave up for the sake of another is tried again, from what is stored."""

from types import SimpleNamespace

import pytest
from django.db import OperationalError

from aftercare import actions as aftercare_actions
from aftercare.models import AftercarePlan
from sessions_app import actions, retrying
from sessions_app.actions import DraftValues
from sessions_app.models import TreatmentSession
from tests.aftercare.people import SPIDER, complete_draft
from tests.makers import at, make_draft_session

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
