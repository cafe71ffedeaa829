"""An event that a wrong press began: closed as a mistake by who began it, while nothing else is recorded of it."""

import pytest
import time_machine
from django.urls import reverse

from clinic.access import Role
from clinic.models import StaffTask
from sessions_app import adverse_events, event_decisions
from sessions_app.charting import chart_of
from sessions_app.emergency import Step
from sessions_app.models import AdverseEvent
from sessions_app.record import read_record
from sessions_app.refusals import Refused
from tests.makers import at, make_draft_session, make_user
from tests.sessions_app.charts import events, in_force, signed_in, words

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:45")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def nurse():
    in_force()
    return make_user(name="Ada Birchwood")


@pytest.fixture
def event(client, nurse):
    """One press of "Done now" on the page where events begin."""
    session = make_draft_session(nurse=nurse)
    page = f"{reverse('sessions_app:event_begin', args=[session.patient.public_id])}?session={session.public_id}"
    form = signed_in(client, nurse).get(page).context["form"]
    sent = {"request_key": form["request_key"].value(), "session": session.public_id, "press": "anaphylaxis:AMBULANCE"}
    client.post(page, sent)
    return AdverseEvent.objects.get()


def url(event, name="event"):
    return reverse(f"sessions_app:{name}", args=[event.public_id])


def test_who_pressed_closes_it_as_a_mistake_and_it_stays_on_record(client, nurse, event):
    before = words(client.get(url(event)))

    client.post(url(event, "event_withdraw"), {"mistake_note": "Wrong button, looked only"})

    event.refresh_from_db()
    assert "Close it as a mistake" in before
    assert (event.is_mistake, event.closed_by, event.closed_at) == (True, nurse, NOW)
    assert (event.kind, event.steps.get().what) == ("anaphylaxis", Step.AMBULANCE)
    [logged] = events("adverse event was a mistake")
    assert (logged.by_id, logged.subject_id) == (nurse.pk, str(event.public_id))
    assert StaffTask.objects.open().count() == 0
    page = words(client.get(url(event)))
    assert "Recorded by mistake" in page
    assert "Closed as recorded by mistake Tue 13 Jan, 10:45 by Ada Birchwood: Wrong button, looked only" in page
    assert "Recorded by mistake" in words(client.get(reverse("sessions_app:events")))


def test_a_mistake_says_nothing_of_the_session_and_its_patient(nurse, event):
    event_decisions.withdraw(event=event, note="Wrong button", by=nurse)

    chart = chart_of(event.session, now=NOW)

    assert (chart.open_events, [each.finding.id for each in chart.findings if each.finding.id == "L15"]) == ((), [])
    assert [entry.events for entry in read_record(event.patient, reader=nurse).entries if entry.events] == []


def test_a_press_on_the_page_that_began_a_mistake_records_what_happens_now(client, nurse, event):
    event_decisions.withdraw(event=event, note="Wrong button", by=nurse)
    page = f"{reverse('sessions_app:event_begin', args=[event.patient.public_id])}?session={event.session.public_id}"
    sent = {"request_key": event.request_key, "session": event.session.public_id, "press": "anaphylaxis:AMBULANCE"}

    answers = [client.post(page, sent) for _ in range(2)]

    real = AdverseEvent.objects.get(is_mistake=False)
    assert [answer.url for answer in answers] == [url(real)] * 2
    assert (real.kind, real.closed_at, [step.what for step in real.steps.all()]) == (
        "anaphylaxis",
        None,
        [Step.AMBULANCE],
    )


def more_steps(event, nurse):
    adverse_events.add_step(event=event, what="Oxygen given", by=nurse, now=at("2026-01-13 10:46"))


def details(event, nurse):
    adverse_events.save_details(event=event, version=1, changes={"description": "Hives"}, by=nurse)


def seen(event, nurse):
    event_decisions.acknowledge(event=event, version=1, by=make_user(Role.CLINICIAN))


def closed(event, nurse):
    AdverseEvent.objects.update(closed_at=NOW, closed_by=nurse, closing_note="Over")


@pytest.mark.parametrize("happens", [more_steps, details, seen, closed])
def test_once_anything_else_is_recorded_it_is_no_mistake_of_one_press(client, nurse, event, happens):
    happens(event, nurse)

    with pytest.raises(Refused) as refused:
        event_decisions.withdraw(event=event, note="Wrong button", by=nurse)

    assert refused.value.rule == "more"
    assert AdverseEvent.objects.real().count() == 1
    assert "Close it as a mistake" not in words(client.get(url(event)))


@pytest.mark.parametrize(("role", "may"), [(Role.NURSE, False), (Role.CLINICIAN, True), (Role.CLINICAL_LEAD, True)])
def test_of_others_only_who_decides_says_so(client, event, role, may):
    other = make_user(role)

    page = words(signed_in(client, other).get(url(event)))
    client.post(url(event, "event_withdraw"), {"mistake_note": "Wrong button"})

    assert ("Close it as a mistake" in page, AdverseEvent.objects.get().is_mistake) == (may, may)


@pytest.mark.parametrize("note", ["", "   ", "x" * 501])
def test_a_mistake_needs_its_reason(client, event, note):
    client.post(url(event, "event_withdraw"), {"mistake_note": note})

    assert AdverseEvent.objects.get().closed_at is None


def test_what_a_clinician_opens_again_is_no_mistake_any_more(nurse, event):
    withdrawn = event_decisions.withdraw(event=event, note="Wrong button", by=nurse)

    event_decisions.reopen(event=withdrawn, version=withdrawn.version, by=make_user(Role.CLINICIAN))

    stored = AdverseEvent.objects.get()
    assert (stored.is_mistake, stored.closed_at) == (False, None)
