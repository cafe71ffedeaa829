"""What is not signed, what waits for a clinician, and what the clinical lead looks at afterwards."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.alerts import alerts_for
from clinic.models import AuditEvent, ProtocolVersion, StaffTask
from sessions_app import cosigning
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused, Stale
from tests.aftercare.people import ANSWERED, SPIDER, complete_draft, protocol_in_force
from tests.makers import at, make_draft_session, make_user
from tests.sessions_app.charts import ticked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tuesday")]
NOW = at("2026-01-13 10:55")
LIST = reverse("sessions_app:to_sign")
# A history of clots: only a clinician answers for it.
RISKY = {**ANSWERED, "history_of_clot": True}
# Pregnant: a block that a clinician may lift where the clinic allows it; under age: a block that a clinician lifts.
CHILD = {"birth_date": at("2012-01-01 00:00").date()}


@pytest.fixture
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


def draft_for(nurse, screening=RISKY):
    protocol_in_force()
    session = complete_draft(SPIDER)
    TreatmentSession.objects.filter(pk=session.pk).update(nurse=nurse, screening=screening)
    return TreatmentSession.objects.get(pk=session.pk)


def ask(session, by):
    return cosigning.ask_clinician(session=session, version=session.version, by=by, now=NOW)


def text_of(client, user, address=LIST, **query):
    client.force_login(user)
    return client.get(address, query).content.decode()


# --- Asking a clinician ------------------------------------------------------------------------------------------


def test_a_session_that_needs_a_clinician_goes_into_their_list(client, nurse, clinician):
    session = draft_for(nurse)

    ask(session, nurse)

    assert list(cosigning.waiting_for_clinician(clinician)) == [session]
    page = text_of(client, clinician)
    assert "asked by Ada Birchwood, 10:55" in page
    assert reverse("aftercare:sign", args=[session.public_id]) in page
    assert AuditEvent.objects.get(action="clinician asked").details["checks"] == ["P5"]


def test_asking_twice_is_asking_once(nurse):
    session = draft_for(nurse)
    ask(session, nurse)
    ask(TreatmentSession.objects.get(pk=session.pk), nurse)

    assert AuditEvent.objects.filter(action="clinician asked").count() == 1


def test_nobody_is_asked_for_what_the_nurse_can_sign_alone(nurse):
    with pytest.raises(Refused) as refused:
        ask(draft_for(nurse, ANSWERED), nurse)

    assert refused.value.rule == "nothing_to_answer"


def test_asking_from_an_older_page_is_refused(nurse):
    session = draft_for(nurse)

    with pytest.raises(Stale):
        cosigning.ask_clinician(session=session, version=session.version - 1, by=nurse, now=NOW)


def test_asking_does_not_make_the_open_page_of_the_nurse_stale(nurse):
    session = draft_for(nurse)
    ask(session, nurse)

    assert TreatmentSession.objects.get().version == session.version


def test_clinicians_are_told_on_every_page_and_nurses_are_not(nurse, clinician):
    ask(draft_for(nurse), nurse)

    assert [alert.words for alert in alerts_for(clinician)] == ["A session waits for a clinician."]
    assert alerts_for(nurse) == []


def test_what_is_handed_back_leaves_the_list(client, nurse, clinician):
    session = draft_for(nurse)
    ask(session, nurse)

    client.force_login(clinician)
    client.post(reverse("sessions_app:hand_back", args=[session.public_id]), {"version": session.version})

    assert list(cosigning.waiting_for_clinician(clinician)) == []
    assert TreatmentSession.objects.get().status == "draft"


def test_the_clinician_answers_and_signs_on_the_page_of_the_list(client, nurse, clinician):
    session = draft_for(nurse)
    ask(session, nurse)
    client.force_login(clinician)
    data = {"version": session.version, "protocol": ProtocolVersion.in_force().number}
    address = reverse("aftercare:sign", args=[session.public_id])

    answer = {"reason-P5": "Clot ten years ago, short procedure", **ticked(client.get(address), "ack-P5")}
    client.post(address, {**data, **answer})

    session.refresh_from_db()
    assert (session.status, session.signed_by) == ("signed", clinician)
    assert list(cosigning.waiting_for_clinician(clinician)) == []


def test_the_sign_page_offers_to_ask_and_says_when_it_was_asked(client, nurse):
    session = draft_for(nurse)
    address = reverse("aftercare:sign", args=[session.public_id])

    assert "Ask a clinician" in text_of(client, nurse, address)
    ask(session, nurse)
    page = text_of(client, nurse, address)
    assert "In the clinicians' list" in page
    assert "Hand back to the nurse" not in page


# --- The list ----------------------------------------------------------------------------------------------------


def test_late_ones_are_marked_and_counted(client, nurse):
    protocol_in_force()
    make_draft_session(nurse=nurse, started_at=NOW - timedelta(days=15))
    make_draft_session(nurse=nurse, started_at=NOW - timedelta(days=14))

    page = text_of(client, nurse)

    assert "1 later than the protocol allows." in page
    assert page.count('aria-label="Late"') == 1
    assert page.index("for 15 days") < page.index("for 14 days")


def test_one_sees_ones_own_and_everybodys_when_asked(client, nurse):
    protocol_in_force()
    make_draft_session(nurse=make_user(Role.NURSE, name="Tomas Pinewright"), started_at=NOW - timedelta(days=1))

    assert "Everything is signed" in text_of(client, nurse)
    assert "Tomas Pinewright" in text_of(client, nurse, who="all")


def test_the_list_has_pages_and_costs_the_same_with_one_draft_and_with_forty(client, nurse):
    protocol_in_force()
    make_draft_session(nurse=nurse, started_at=NOW - timedelta(days=1))
    client.force_login(nurse)
    client.get(LIST)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(LIST)
        return len(caught)

    one = queries()
    for _ in range(39):
        make_draft_session(nurse=nurse, started_at=NOW - timedelta(days=1))
    assert queries() == one <= 8
    assert text_of(client, nurse).count('class="visit-row"') == 30
    assert text_of(client, nurse, page=2).count('class="visit-row"') == 10


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_sees_no_charts_sees_no_list(client, role):
    client.force_login(make_user(role))

    assert client.get(LIST).status_code == 403


# --- Lifted blocks -----------------------------------------------------------------------------------------------


def lifted(client, clinician, nurse):
    session = draft_for(nurse, ANSWERED)
    type(session.patient).objects.filter(pk=session.patient_id).update(**CHILD)
    client.force_login(clinician)
    address = reverse("aftercare:sign", args=[session.public_id])
    client.post(
        address,
        {
            "version": session.version,
            "protocol": ProtocolVersion.in_force().number,
            "reason-P13": "Parents agree, small area",
            **ticked(client.get(address), "ack-P13"),
        },
    )
    session.refresh_from_db()
    assert session.status == "signed"
    return session


def test_a_lifted_block_becomes_a_task_of_the_lead_with_its_session(client, nurse, clinician):
    session = lifted(client, clinician, nurse)

    task = StaffTask.objects.get(kind="override_to_review")
    assert (task.patient, task.about_id, task.note) == (session.patient, session.public_id, "Lifted: P13")
    page = text_of(client, make_user(Role.CLINICAL_LEAD))
    assert "Lifted: P13" in page
    assert reverse("sessions_app:session", args=[session.public_id]) in page
    assert "Lifted: P13" not in text_of(client, nurse)


def test_the_lead_says_what_was_found_and_the_task_is_done(client, nurse, clinician):
    lifted(client, clinician, nurse)
    task, lead = StaffTask.objects.get(kind="override_to_review"), make_user(Role.CLINICAL_LEAD)
    client.force_login(lead)
    address = reverse("sessions_app:review_override", args=[task.public_id])

    client.post(address, {"note": " "})
    assert StaffTask.objects.get(pk=task.pk).done_at is None
    client.post(address, {"note": "Talked to the clinician; fine"})
    client.post(address, {"note": "Again"})

    task.refresh_from_db()
    assert (task.done_by, task.done_at) == (lead, NOW)
    assert [event.details["note"] for event in AuditEvent.objects.filter(action="override reviewed")] == [
        "Talked to the clinician; fine"
    ]


def test_only_the_lead_reviews(client, nurse, clinician):
    lifted(client, clinician, nurse)
    task = StaffTask.objects.get(kind="override_to_review")
    client.force_login(clinician)

    answer = client.post(reverse("sessions_app:review_override", args=[task.public_id]), {"note": "Mine"})

    assert answer.status_code == 403
    assert StaffTask.objects.get(pk=task.pk).done_at is None
