"""The pages of adverse events: one press begins, stamps and keeps what was typed; who may what; register and report."""

import html
import re
import threading
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent, Clinic, Patient
from sessions_app import adverse_events, amending, event_decisions, medwatch, preparation
from sessions_app.emergency import Step
from sessions_app.models import AdverseEvent, AdverseStep, SessionAmpoule, TreatmentSession
from sessions_app.refusals import Stale
from tests.makers import (
    at,
    make_adverse_event,
    make_clinic,
    make_draft_session,
    make_lot,
    make_patient,
    make_report,
    make_service,
    make_signed_session,
    make_user,
)

pytestmark = [pytest.mark.django_db]
NOW = at("2026-01-13 10:45")
REGISTER = reverse("sessions_app:events")


@pytest.fixture(autouse=True)
def _tuesday(request):
    if request.node.get_closest_marker("faults"):
        yield
        return
    with time_machine.travel(NOW, tick=False):
        yield


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def begin_url(patient):
    return reverse("sessions_app:event_begin", args=[patient.public_id])


def url(event, name="event"):
    return reverse(f"sessions_app:{name}", args=[event.public_id])


def page_of(event, user, **changes):
    """What the event's page would send now, with some fields typed anew."""
    form = browser(user).get(url(event)).context["form"]
    sent = {"version": str(AdverseEvent.objects.get(pk=event.pk).version)}
    for field in form:
        value = field.value()
        shown = [str(each) for each in value] if isinstance(value, list) else str(value if value is not None else "")
        sent[field.html_name] = sent[field.html_initial_name] = shown
    return {**sent, **changes}


def error_at(response, control):
    """The error beside a control that is marked as wrong; it and the control are one for who hears the page."""
    page = response.content.decode()
    tag = re.search(rf'<[^>]* id="{control}"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in tag
    assert f'aria-describedby="{control}_error"' in tag
    note = re.search(rf'id="{control}_error">.*?<span>(.*?)</span>', page, re.DOTALL)
    return html.unescape(note[1])


# --- Beginning ---------------------------------------------------------------------------------------------------


def test_the_first_press_begins_the_event_of_this_visit_and_stamps_the_step(nurse):
    session = make_draft_session(nurse=nurse)
    client, address = browser(nurse), begin_url(session.patient)
    page = client.get(address, {"session": session.public_id})
    form = page.context["form"]
    sent = {"request_key": form["request_key"].value(), "session": session.public_id, "press": "intra_arterial:SURGEON"}

    answers = [client.post(f"{address}?session={session.public_id}", sent) for _ in range(2)]

    event = AdverseEvent.objects.get()
    assert (event.kind, event.session, event.onset_at) == ("intra_arterial", session, NOW)
    assert [(step.what, step.at) for step in event.steps.all()] == [(Step.SURGEON, NOW)]
    assert [answer.url for answer in answers] == [url(event)] * 2


def test_the_page_says_what_to_do_and_the_number_to_call(nurse):
    make_clinic(emergency_number="112")
    session = make_draft_session(nurse=nurse, responsible_clinician=make_user(Role.CLINICIAN, name="Imani Rowanfield"))
    page = browser(nurse).get(begin_url(session.patient), {"session": session.public_id}).content.decode()

    words = ["Call the emergency number", "112", "Imani Rowanfield", "Fetch the anaphylaxis kit and oxygen"]
    words += ["Call the vascular surgeon at once", "give local anaesthetic without adrenaline"]
    assert [word for word in words if word not in page] == []
    assert "Treat the patient first." in page
    assert page.count("<b>Stop injecting") == 3
    assert "to be confirmed" not in page


def test_the_words_that_nobody_confirmed_yet_are_named_where_nobody_is_in_an_emergency(nurse):
    page = browser(nurse).get(reverse("sessions_app:events")).content.decode()

    assert "The first steps on the emergency pages are to be confirmed by the clinical lead." in page


def test_the_vascular_surgeon_is_dialled_or_the_page_says_where_the_number_is_set(nurse):
    event = make_adverse_event(session=make_draft_session(nurse=nurse), kind="intra_arterial")
    without = browser(nurse).get(url(event)).content.decode()
    make_clinic(vascular_surgeon_phone="212 555 0177")

    page = browser(nurse).get(url(event)).content.decode()

    step = [
        re.search(r'<li class="now-step.*?vascular surgeon.*?</li>', each, re.DOTALL)[0] for each in (without, page)
    ]
    assert ["Not on file: an administrator sets it under People and the clinic." in each for each in step] == [
        True,
        False,
    ]
    assert ['href="tel:2125550177"' in each for each in step] == [False, True]


def test_who_is_called_is_the_clinician_of_the_session_and_the_one_of_today(nurse):
    hugo, miriam = (
        make_user(Role.CLINICIAN, name=name, phone=phone)
        for name, phone in (("Hugo Ashdown", "+12125550142"), ("Miriam Thornbury", "+12125550143"))
    )
    draft = make_draft_session(nurse=nurse, responsible_clinician=hugo)
    preparation.name_clinician(clinician=miriam, by=nurse)

    charted = browser(nurse).get(f"{begin_url(draft.patient)}?session={draft.public_id}").content.decode()
    TreatmentSession.objects.filter(pk=draft.pk).update(status="not_treated", not_treated_reason="Ill")
    closed = browser(nurse).get(begin_url(draft.patient)).content.decode()

    def called(page):
        return re.findall(r'href="(tel:[^"]*)"', re.search(r'id="now-anaphylaxis".*?</section>', page, re.DOTALL)[0])

    assert called(charted) == ["tel:911", "tel:+12125550142", "tel:+12125550143"]
    assert called(closed) == ["tel:911", "tel:+12125550143"]


def test_whom_to_call_is_dialled_by_a_link_and_stamped_by_a_press_of_its_own(nurse):
    make_clinic(emergency_number="1 12")
    clinician = make_user(Role.CLINICIAN, name="Imani Rowanfield", phone="+12125550142")
    session = make_draft_session(nurse=nurse, responsible_clinician=clinician)
    event = make_adverse_event(session=session, kind="anaphylaxis")

    pages = [
        browser(nurse).get(address).content.decode()
        for address in (f"{begin_url(session.patient)}?session={session.public_id}", url(event))
    ]

    presses = ('name="press" value="anaphylaxis:AMBULANCE"', 'name="step" value="AMBULANCE"')
    for page, sent in zip(pages, presses, strict=True):
        steps = re.findall(r'<li class="now-step.*?</li>', page, re.DOTALL)[1:4]
        dialled = [re.findall(r'<a class="[^"]*" href="(tel:[^"]*)">', step) for step in steps]
        assert dialled == [["tel:112"], ["tel:+12125550142"], []]
        assert "(212) 555-0142" in steps[1]
        assert re.findall(r'<button class="[^"]*" type="submit" ([^>]*?) aria-label="([^"]*)"', steps[0]) == [
            (sent, "Done now: Call the emergency number")
        ]


def test_who_is_to_be_called_and_has_no_number_says_so(nurse):
    session = make_draft_session(nurse=nurse, responsible_clinician=make_user(Role.CLINICIAN, name="Imani Rowanfield"))

    page = browser(nurse).get(url(make_adverse_event(session=session, kind="anaphylaxis"))).content.decode()

    assert page.count("Not on file: an administrator sets it under People and the clinic.") == 1
    assert re.findall(r'href="(tel:[^"]*)"', page) == ["tel:911"]


def test_looking_at_the_page_begins_nothing(nurse):
    browser(nurse).get(begin_url(make_patient()))

    assert AdverseEvent.objects.count() == 0


def test_what_is_begun_already_is_offered_first(nurse):
    event = make_adverse_event(kind="anaphylaxis")

    page = browser(nurse).get(begin_url(event.patient)).content.decode()

    assert page.index(url(event)) < page.index("Call the emergency number")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose what happened."),
        ({"kind": "nonsense"}, "Select a valid choice"),
        ({"kind": "ulcer", "onset_time": "25:99"}, "Enter a time such as 10:30."),
        ({"kind": "ulcer", "onset_on": "2026-01-14", "onset_time": "10:00"}, "Enter when it began."),
        ({"kind": "ulcer", "onset_on": "9999-12-31"}, "Enter a day between 2000 and 2099"),
        ({"kind": "ulcer", "session": str(uuid.uuid4())}, "Select a valid choice"),
        ({"kind": "ulcer", "request_key": "1"}, "valid UUID"),
    ],
)
def test_what_cannot_be_comes_back_with_words(nurse, sent, words):
    patient = make_patient()
    answer = browser(nurse).post(begin_url(patient), {"request_key": uuid.uuid4(), **sent})

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert AdverseEvent.objects.count() == 0


def test_an_event_of_another_day_is_begun_with_its_day_and_time(nurse):
    sent = {"request_key": uuid.uuid4(), "kind": "phlebitis", "onset_on": "2026-01-10", "onset_time": "18.30"}

    browser(nurse).post(begin_url(make_patient()), sent)

    assert AdverseEvent.objects.get().onset_at == at("2026-01-10 18:30")


# --- One event ---------------------------------------------------------------------------------------------------


def test_a_press_of_a_step_saves_what_was_typed_too(nurse):
    event = make_adverse_event(kind="anaphylaxis")

    answer = browser(nurse).post(
        url(event), page_of(event, nurse, description="Hives on both arms", step="KIT", when="")
    )

    event.refresh_from_db()
    assert (event.description, event.steps.get().what, event.steps.get().at) == ("Hives on both arms", Step.KIT, NOW)
    assert answer.url == f"{url(event)}#now"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"when": "5"}, "2026-01-13 10:40"),
        ({"when": "at", "step_at": "1041"}, "2026-01-13 10:41"),
        ({"when": "", "step_at": "1041"}, "2026-01-13 10:41"),
        ({"when": "5", "step_at": "1041"}, "2026-01-13 10:40"),
        ({"when": "at", "step_at": "23:50", "step_on": "2026-01-12"}, "2026-01-12 23:50"),
        ({"when": "at", "step_at": "23:50"}, "2026-01-12 23:50"),
    ],
)
def test_a_step_may_have_been_done_earlier(nurse, when, expected):
    event = make_adverse_event(onset_at=at("2026-01-12 23:40"))

    browser(nurse).post(url(event), page_of(event, nurse, step="OWN", own_step="Ice  on it", **when))

    assert [(step.what, step.at) for step in event.steps.all()] == [("Ice on it", at(expected))]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"step": "OWN", "own_step": ""}, "Write what was done"),
        ({"step": "KIT", "when": "at", "step_at": "soon"}, "Enter a time such as 10:30."),
        ({"step": "KIT", "when": "at"}, "Enter the time at which it was done"),
        ({"step": "KIT", "when": "at", "step_on": "2026-01-02", "step_at": "10:00"}, "long before the event began"),
        ({"step": "KIT", "when": "sometime"}, "Select a valid choice"),
    ],
)
def test_a_step_with_a_time_that_cannot_be_is_said_and_what_was_typed_is_kept(nurse, sent, words):
    event = make_adverse_event(kind="anaphylaxis")

    answer = browser(nurse).post(url(event), page_of(event, nurse, description="Typed in haste", **sent))

    assert words in answer.content.decode()
    assert (AdverseStep.objects.count(), AdverseEvent.objects.get().description) == (0, "Typed in haste")


def test_the_time_of_a_step_is_corrected_on_the_page(nurse):
    event = make_adverse_event(kind="anaphylaxis")
    step = adverse_events.add_step(event=event, what=Step.KIT, by=nurse, now=NOW)

    browser(nurse).post(url(event), page_of(event, nurse, correct=step.pk, **{f"time-{step.pk}": "10:42"}))

    assert [each.at for each in event.steps.all()] == [at("2026-01-13 10:42"), NOW]


def test_what_stands_wrong_for_the_next_step_is_said_beside_a_corrected_one(nurse):
    event = make_adverse_event(kind="anaphylaxis")
    step = adverse_events.add_step(event=event, what=Step.KIT, by=nurse, now=NOW)
    sent = page_of(event, nurse, correct=step.pk, step_at="99:99", **{f"time-{step.pk}": "10:42"})

    answer = browser(nurse).post(url(event), sent)

    assert error_at(answer, "id_step_at")
    assert [each.at for each in event.steps.all()] == [at("2026-01-13 10:42"), NOW]


def test_a_step_of_another_event_is_not_corrected_from_here(nurse):
    event, other = make_adverse_event(), make_adverse_event()
    step = adverse_events.add_step(event=other, what="Ice", by=nurse, now=NOW)

    answer = browser(nurse).post(url(event), page_of(event, nurse, correct=step.pk, **{f"time-{step.pk}": "10:42"}))

    assert (answer.status_code, AdverseStep.objects.count()) == (404, 1)


def test_everything_of_the_page_is_saved(nurse):
    session = make_signed_session(nurse=nurse)
    event = make_adverse_event(patient=session.patient)
    sent = {
        "kind": "dvt", "onset_on": "2026-01-13", "onset_time": "10:05", "session": str(session.public_id),
        "reporter_words": "The patient by phone", "description": "Swollen calf", "severity_grade": "3",
        "clavien_dindo": "II", "serious_because": ["hospital", "other_important"], "relation_drug": "possible",
        "relation_procedure": "probable", "relation_compression": "none", "outcome": "recovering",
        "outcome_on": "2026-01-13", "reported_to_authority_on": "2026-01-13",
        "reported_to_manufacturer_on": "2026-01-13",
    }  # fmt: skip

    browser(nurse).post(url(event), page_of(event, nurse, **sent))

    event.refresh_from_db()
    today = date(2026, 1, 13)
    assert (event.kind, event.onset_at, event.session, event.reporter_words) == (
        "dvt", at("2026-01-13 10:05"), session, "The patient by phone",
    )  # fmt: skip
    assert (event.severity_grade, event.clavien_dindo, event.serious_because) == (
        3, "II", ["hospital", "other_important"],
    )  # fmt: skip
    assert (event.relation_drug, event.relation_procedure, event.relation_compression) == (
        "possible", "probable", "none",
    )  # fmt: skip
    assert (event.outcome, event.outcome_on, event.reported_to_authority_on, event.reported_to_manufacturer_on) == (
        "recovering", today, today, today,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"kind": ""}, "This field is required."),
        ({"onset_time": ""}, "Enter the time at which it began"),
        ({"onset_on": "2031-01-01"}, "Enter when it began."),
        ({"severity_grade": "9"}, "Select a valid choice"),
        ({"serious_because": ["boredom"]}, "Select a valid choice"),
        ({"outcome_on": "2026-01-01"}, "before the event began"),
        ({"description": "x" * 4001}, "at most 4000 characters"),
    ],
)
def test_bad_input_comes_back_with_words_and_the_rest_as_typed(nurse, sent, words):
    event = make_adverse_event()

    answer = browser(nurse).post(url(event), page_of(event, nurse, reporter_words="By phone", **sent))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert words in page
    assert 'value="By phone"' in page


def test_the_second_of_two_people_sees_the_difference_and_keeps_the_words(nurse, clinician):
    event = make_adverse_event(kind="ulcer")
    opened = page_of(event, nurse, description="Nurse's words")
    browser(clinician).post(url(event), page_of(event, clinician, description="Clinician's words", severity_grade="2"))

    answer = browser(nurse).post(url(event), opened)

    assert answer.status_code == 409
    assert [(each.here, each.saved) for each in answer.context["differences"]] == [
        ("Nurse's words", "Clinician's words")
    ]
    assert "Nurse&#x27;s words</textarea>" in answer.content.decode()
    saved_anyway = browser(nurse).post(url(event), {**opened, "version": answer.context["saved_version"]})
    event.refresh_from_db()
    assert (saved_anyway.status_code, event.description, event.severity_grade) == (302, "Nurse's words", 2)


def test_an_older_page_on_which_nothing_was_typed_stamps_its_step_without_a_question(nurse, clinician):
    event = make_adverse_event(kind="anaphylaxis")
    opened = page_of(event, nurse)
    browser(clinician).post(url(event), page_of(event, clinician, description="Meanwhile"))

    answer = browser(nurse).post(url(event), {**opened, "step": "KIT"})

    assert (answer.status_code, event.steps.count(), AdverseEvent.objects.get().description) == (302, 1, "Meanwhile")


def test_the_time_of_a_step_that_is_written_is_not_offered_for_the_next(nurse, clinician):
    """Beside somebody else's change the page comes back: the kit was there at 10:42, the ambulance is called now."""
    event = make_adverse_event(kind="anaphylaxis")
    opened = page_of(event, nurse, description="Nurse's words")
    browser(clinician).post(url(event), page_of(event, clinician, description="Clinician's words"))

    answer = browser(nurse).post(url(event), {**opened, "step": "KIT", "step_at": "10:42"})

    assert answer.status_code == 409
    assert [step.at for step in event.steps.all()] == [at("2026-01-13 10:42")]
    assert answer.context["step_form"]["step_at"].value() in (None, "")
    assert "Nurse&#x27;s words</textarea>" in answer.content.decode()


def test_closing_one_event_says_what_still_holds(clinician):
    event = make_adverse_event(severity_grade=1)
    other = make_adverse_event(patient=event.patient, kind="ulcer")

    def close(each):
        sent = page_of(each, clinician, severity_grade="1", closing_note="Gone")
        answer = browser(clinician).post(url(each, "event_close"), sent, follow=True)
        return [str(message) for message in answer.context["messages"]]

    assert close(event) == [
        "Closed. The next treatment still waits. Adverse event not closed: ulcer or necrosis, Tue 13 Jan, 10:40."
    ]
    make_report(patient=event.patient)
    assert close(other) == ["Closed. The next treatment still waits. A report of symptoms waits for its answer."]


def test_a_clinician_sees_confirms_closes_and_opens_again(nurse, clinician):
    event = make_adverse_event(kind="anaphylaxis")
    client = browser(clinician)

    client.post(url(event, "event_seen"), page_of(event, clinician))
    client.post(url(event, "event_allergy"), page_of(event, clinician))
    client.post(
        url(event, "event_close"), page_of(event, clinician, severity_grade="4", closing_note="Discharged well")
    )
    event.refresh_from_db()
    assert (event.acknowledged_by, event.closed_by, event.severity_grade) == (clinician, clinician, 4)
    assert Patient.objects.get().polidocanol_allergy
    assert "disabled" in client.get(url(event)).content.decode()
    client.post(url(event, "event_reopen"), {"version": event.version})

    assert AdverseEvent.objects.get().closed_at is None


def test_closing_without_a_note_keeps_what_was_typed(clinician):
    event = make_adverse_event(severity_grade=1)

    answer = browser(clinician).post(
        url(event, "event_close"), page_of(event, clinician, description="All of it", closing_note=" ")
    )

    assert error_at(answer, "id_closing_note") == "Write how it ended, in a few words."
    event.refresh_from_db()
    assert (event.closed_at, event.description) == (None, "All of it")


def test_closing_asks_for_all_that_is_missing_at_once(clinician):
    event = make_adverse_event(kind="anaphylaxis")

    answer = browser(clinician).post(
        url(event, "event_close"),
        page_of(event, clinician, serious_because=["life_threatening"], severity_grade="", closing_note=" "),
    )

    assert "Say how severe it was before you close it." in answer.content.decode()
    assert [error_at(answer, f"id_{name}") for name in ("allergy_ruled_out", "closing_note")] == [
        "Say whether the patient is allergic to polidocanol: confirm it, or tick that it is ruled out.",
        "Write how it ended, in a few words.",
    ]
    assert "Enter the outcome of a serious event before you close it." in answer.content.decode()


def test_closing_after_an_allergic_reaction_marks_the_question_that_is_left(clinician):
    event = make_adverse_event(kind="allergic_general", severity_grade=1)

    answer = browser(clinician).post(
        url(event, "event_close"), page_of(event, clinician, closing_note="Settled in an hour")
    )

    assert error_at(answer, "id_allergy_ruled_out").startswith("Say whether the patient is allergic")
    assert "Settled in an hour" in answer.content.decode()
    assert AdverseEvent.objects.get().closed_at is None


def test_one_press_is_enough_to_have_seen_it_whatever_is_typed_wrongly(clinician):
    event = make_adverse_event()

    browser(clinician).post(url(event, "event_seen"), page_of(event, clinician, onset_time="rubbish"))

    assert AdverseEvent.objects.get().acknowledged_by == clinician


def test_a_press_on_what_became_graver_meanwhile_shows_what_is_new_and_keeps_the_alert(nurse, clinician):
    event = make_adverse_event(kind="wheal")
    opened = page_of(event, clinician)
    browser(nurse).post(url(event), page_of(event, nurse, kind="anaphylaxis"))

    answer = browser(clinician).post(url(event, "event_seen"), opened)

    assert (answer.status_code, AdverseEvent.objects.get().acknowledged_at) == (409, None)
    assert "Somebody saved this event meanwhile. Look at what is new; the alert stands." in answer.content.decode()


def test_a_press_without_the_page_has_seen_nothing(clinician):
    event = make_adverse_event()

    answer = browser(clinician).post(url(event, "event_seen"), follow=True)

    assert "Look at the event first" in answer.content.decode()
    assert AdverseEvent.objects.get().acknowledged_at is None


@pytest.mark.parametrize(
    ("facts", "words"), [({}, "Say how severe it was"), ({"severity_grade": 1}, "Look at the event first")]
)
def test_closing_by_a_press_without_the_page_closes_nothing_and_says_why(clinician, facts, words):
    event = make_adverse_event(**facts)

    answer = browser(clinician).post(url(event, "event_close"), {"closing_note": "Fine"}, follow=True)

    assert words in answer.content.decode()
    assert AdverseEvent.objects.get().closed_at is None


def test_reading_an_event_is_in_the_trail(nurse):
    event = make_adverse_event()
    browser(nurse).get(url(event))
    browser(nurse).get(url(event, "event_report"))

    actions = AuditEvent.objects.filter(patient_id=event.patient_id).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["adverse event read", "adverse event report opened"]


# --- Who sees what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR, Role.PATIENT])
def test_who_sees_no_charts_sees_no_event(role):
    event, client = make_adverse_event(), browser(make_user(role))

    addresses = [REGISTER, url(event), url(event, "event_report"), begin_url(event.patient)]
    assert [client.get(address).status_code for address in addresses] == [403] * 4


@pytest.mark.parametrize("name", ["event_seen", "event_allergy", "event_close", "event_reopen"])
def test_a_nurse_decides_nothing(nurse, name):
    event = make_adverse_event(kind="anaphylaxis", severity_grade=1)

    assert browser(nurse).post(url(event, name), {"version": 1, "closing_note": "Mine"}).status_code == 403
    event.refresh_from_db()
    assert (event.acknowledged_at, event.closed_at, event.patient.polidocanol_allergy) == (None, None, False)


def test_the_desk_reads_only_that_it_is_on_hold_and_a_clinician_reads_why(clinician):
    service, event = make_service(), make_adverse_event(kind="anaphylaxis")
    desk, address = make_user(Role.FRONT_DESK), reverse("sessions_app:book")
    sent = {"patient": event.patient.public_id, "service": service.pk}

    at_the_desk = browser(desk).get(address, sent).content.decode()
    of_the_clinician = browser(clinician).get(address, sent).content.decode()

    assert "On hold until a clinician clears it." in at_the_desk
    assert [word for word in ("dverse", "naphylaxis", "/events/") if word in at_the_desk] == []
    assert "Adverse event not closed: anaphylaxis, Tue 13 Jan, 10:40." in of_the_clinician
    assert url(event) in of_the_clinician


def test_the_patients_page_shows_events_to_those_who_treat_alone(nurse):
    event = make_adverse_event(kind="anaphylaxis")
    address = reverse("clinic:patient", args=[event.patient.public_id])

    assert url(event) in browser(nurse).get(address).content.decode()
    assert "naphylaxis" not in browser(make_user(Role.FRONT_DESK)).get(address).content.decode()


# --- Register ----------------------------------------------------------------------------------------------------


def shown(user, **query):
    return [line.kind for line in browser(user).get(REGISTER, query).context["page"].lines]


def test_the_register_is_found_by_state_kind_period_and_lot(nurse, clinician):
    session = make_draft_session(nurse=nurse)
    SessionAmpoule.objects.create(
        session=session, strength_percent=Decimal("0.5"), lot="K-17", expiry="2027-05", opened=1
    )
    make_adverse_event(session=session, kind="ulcer", acknowledged_at=NOW, acknowledged_by=clinician)
    make_adverse_event(kind="dvt", onset_at=at("2026-01-02 09:00"), serious_because=["hospital"])
    make_adverse_event(
        kind="matting", onset_at=at("2026-01-01 23:30"), closed_at=NOW, closed_by=clinician, closing_note="Faded"
    )

    # What is grave and unseen stands first, then the newest.
    assert shown(nurse) == ["Deep vein thrombosis", "Ulcer or necrosis", "Matting"]
    assert shown(nurse, state="open") == ["Deep vein thrombosis", "Ulcer or necrosis"]
    assert shown(nurse, state="unseen") == shown(nurse, state="serious") == ["Deep vein thrombosis"]
    assert shown(nurse, kind="matting") == ["Matting"]
    assert shown(nurse, first="2026-01-02", last="2026-01-02") == ["Deep vein thrombosis"]
    assert shown(nurse, last="2026-01-01") == ["Matting"]
    assert shown(nurse, lot="k-17") == ["Ulcer or necrosis"]
    assert shown(nurse, lot="other") == []
    assert len(shown(nurse, state="x", kind="y", first="z", page="-1", lot="\x00")) == 3


def test_the_register_says_how_long_an_event_is_open_and_its_lots(nurse):
    session = make_draft_session(nurse=nurse)
    SessionAmpoule.objects.create(
        session=session, strength_percent=Decimal("0.5"), lot="K-17", expiry="2027-05", opened=1
    )
    make_adverse_event(session=session, onset_at=at("2026-01-10 10:00"), severity_grade=2)

    (line,) = browser(nurse).get(REGISTER).context["page"].lines
    assert (line.age, line.lots, line.grade) == ("open 3 days", ["K-17"], "2")


def test_the_register_has_pages_and_costs_the_same_with_one_event_and_with_forty(nurse):
    make_adverse_event(session=make_draft_session())
    client = browser(nurse)
    client.get(REGISTER)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(REGISTER)
        return len(caught)

    one = queries()
    for _ in range(39):
        make_adverse_event(session=make_draft_session())
    assert queries() == one
    assert (len(shown(nurse)), len(shown(nurse, page=2))) == (30, 10)


def test_the_page_of_an_event_costs_the_same_with_one_step_and_with_thirty(nurse):
    event, client = make_adverse_event(kind="anaphylaxis"), browser(nurse)
    client.get(url(event))

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(url(event))
        return len(caught)

    adverse_events.add_step(event=event, what="Step", by=nurse, now=NOW)
    one = queries()
    for number in range(29):
        adverse_events.add_step(event=event, what=f"Step {number}", by=make_user(), now=NOW)
    assert queries() == one


# --- Report draft ------------------------------------------------------------------------------------------------


def report_of(event, reporter):
    given = medwatch.material_of(event, reporter=reporter, clinic=Clinic.current(), now=NOW)
    return {
        (field.code, field.label): (field.value, field.state.value)
        for section in medwatch.report(given)
        for field in section.fields
    }


def full_event(nurse):
    patient = make_patient(
        given_name="Rosalind", family_name="Quillfeather", birth_date=date(1980, 6, 1), sex="female",
        risk_factors=["smoking"], allergies="Plaster, says Quillfeather",
    )  # fmt: skip
    lot = make_lot(lot="K-17", expiry="2027-05")
    lot.product.manufacturer, lot.product.register_code = "Maker Ltd", "67850-140-05"
    lot.product.save()
    session = make_draft_session(
        patient=patient, nurse=nurse, weight_kg=Decimal("63.5"), compression_garment="Thigh stocking",
        sites=[{"volume_ml": Decimal("1.60")}, {"volume_ml": Decimal("0.40")}],
    )  # fmt: skip
    SessionAmpoule.objects.create(
        session=session, strength_percent=Decimal("0.50"), lot="K-17", expiry="2027-05", opened=1, stock_lot=lot
    )
    event = make_adverse_event(
        session=session, kind="dvt", description="Mrs QUILLFEATHER says her calf swells; Rosalind has pain.",
        serious_because=["hospital", "life_threatening"], outcome="recovering",
    )  # fmt: skip
    adverse_events.add_step(event=event, what="Duplex asked for", by=nurse, now=NOW)
    return event


def test_the_report_is_filled_from_patient_event_session_and_stock(nurse):
    filled = report_of(full_event(nurse), nurse)

    assert filled[("A2", "Age at the time of the event")] == ("45 years", "filled")
    assert filled[("A3", "Sex")] == ("Female", "filled")
    assert filled[("A4", "Weight")] == ("63.5 kg", "filled")
    assert filled[("B2", "Outcomes attributed to the event")] == (
        "Hospitalisation, initial or prolonged; Life-threatening",
        "filled",
    )
    assert filled[("B3", "Date of the event")] == ("13 Jan 2026", "filled")
    assert filled[("B7", "Other relevant history")] == ("Smokes; Allergies: Plaster, says [patient]", "filled")
    assert filled[("D1", "Manufacturer")] == ("Maker Ltd", "filled")
    assert filled[("D2", "Dose, frequency, route")] == (
        "2 mL of 0.5 % (10 mg); once, in one session; intravenous",
        "filled",
    )
    assert filled[("D6", "Lot")] == ("K-17 (0.5 %)", "filled")
    assert filled[("D7", "Expiry")] == ("2027-05", "filled")
    assert filled[("D9", "NDC")] == ("67850-140-05", "filled")
    assert filled[("E", "Compression garment")] == ("Not suspected", "not asked")
    assert filled[("G", "Name")] == ("Ada Birchwood", "filled")


def test_the_report_never_names_the_patient_not_even_from_free_text(nurse):
    event = full_event(nurse)

    page = browser(nurse).get(url(event, "event_report")).content.decode()

    assert "[patient] says her calf swells; [patient] has pain." in page
    assert "Duplex asked for" in page
    assert [name for name in ("Rosalind", "Quillfeather", "QUILLFEATHER") if name in page] == []
    assert f"RQ-{event.patient.public_id.hex[:8]}" in page
    assert "not verified" in page


def corrected(session, *, volume_ml=None):
    """The closed correction of a signed session: with another volume, or as never treated."""
    facts = {"patient": session.patient, "nurse": session.nurse, "appointment": session.appointment}
    facts |= {"lineage": session.lineage, "amends": session, "amendment_reason": "Typing error"}
    if volume_ml is not None:
        return make_signed_session(sites=[{"volume_ml": volume_ml}], **facts)
    return make_draft_session(sites=0, status="not_treated", not_treated_reason="Charted for somebody else", **facts)


def test_the_report_takes_the_doses_of_the_version_that_holds(nurse):
    session = make_signed_session(nurse=nurse, sites=[{"volume_ml": Decimal("1.60")}])
    event = make_adverse_event(session=session)
    corrected(session, volume_ml=Decimal("0.40"))

    dose = report_of(event, nurse)[("D2", "Dose, frequency, route")][0]
    assert dose == "0.4 mL of 0.5 % (2 mg); once, in one session; intravenous"


def test_the_report_has_no_dose_of_a_session_that_never_took_place(nurse):
    session = make_signed_session(nurse=nurse)
    event = make_adverse_event(session=session)
    corrected(session)

    products = {key: value for key, value in report_of(event, nurse).items() if key[0].startswith("D")}
    assert list(products) == [("D", "Suspect product")]
    assert products[("D", "Suspect product")][0].startswith("In the session of this event nothing was injected")


def test_a_correction_in_the_making_changes_nothing_in_the_report(nurse):
    session = make_signed_session(nurse=nurse, sites=[{"volume_ml": Decimal("1.60")}])
    event = make_adverse_event(session=session)
    amending.begin_amendment(session=session, reason="Typing error", by=nurse)

    dose = report_of(event, nurse)[("D2", "Dose, frequency, route")][0]
    assert dose == "1.6 mL of 0.5 % (8 mg); once, in one session; intravenous"


def test_the_report_says_what_is_missing(nurse):
    event = make_adverse_event(patient=make_patient(weight_kg=None))
    filled = report_of(event, nurse)

    missing = [key for key, (_, state) in filled.items() if state == "missing"]
    assert missing == [
        ("A3", "Sex"), ("A4", "Weight"), ("B5", "Description"), ("B7", "Other relevant history"),
        ("D", "Suspect product"), ("G", "Phone"),
    ]  # fmt: skip
    by_hand = [key[0] for key, (_, state) in filled.items() if state == "by hand"]
    assert by_hand == ["B6", "C", "F"]


@pytest.mark.parametrize(("kind", "relation"), [("garment", ""), ("blister", "possible")])
def test_a_suspected_stocking_is_in_section_e(nurse, kind, relation):
    session = make_draft_session(compression_garment="Thigh stocking", compression_mmhg="20-30")
    event = make_adverse_event(session=session, kind=kind, relation_compression=relation)

    assert report_of(event, nurse)[("E", "Compression garment")] == ("Thigh stocking, 20-30 mmHg", "filled")


# --- Two people at once ------------------------------------------------------------------------------------------


def at_once(*actions):
    """Run each in a thread and connection of its own, started together; what each answered or raised."""
    start, answers = threading.Barrier(len(actions)), {}

    def run(number, action):
        try:
            start.wait()
            answers[number] = action()
        except Exception as problem:
            answers[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(actions))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_one_form_sent_twice_at_once_is_one_event(nurse):
    patient, key = make_patient(), uuid.uuid4()

    def begin():
        return adverse_events.begin(patient=patient, kind="ulcer", request_key=key, by=nurse)

    first, second = at_once(begin, begin)

    assert first == second == AdverseEvent.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_two_who_save_one_event_at_once_one_saves_and_one_is_told(nurse, clinician):
    event = make_adverse_event()

    def save(by, words):
        return lambda: adverse_events.save_details(event=event, version=1, changes={"description": words}, by=by)

    answers = at_once(save(nurse, "Nurse"), save(clinician, "Clinician"))

    assert sorted(type(answer) for answer in answers if isinstance(answer, Stale)) == [Stale]
    event.refresh_from_db()
    assert (event.version, event.description in ("Nurse", "Clinician")) == (2, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_two_who_stamp_at_once_both_stamp_and_one_press_twice_is_one(nurse, clinician):
    event, moment = make_adverse_event(), at("2026-01-13 10:45")

    def stamp(by):
        return lambda: adverse_events.add_step(event=event, what=Step.KIT, at=moment, by=by)

    at_once(stamp(nurse), stamp(clinician), stamp(nurse))

    assert sorted(step.by.name for step in event.steps.all()) == ["Ada Birchwood", "Imani Rowanfield"]
    assert AdverseEvent.objects.get().version == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_saving_meanwhile_keeps_a_clinician_from_closing_what_was_not_seen(nurse, clinician):
    event = make_adverse_event(severity_grade=1)

    answers = at_once(
        lambda: adverse_events.save_details(event=event, version=1, changes={"description": "Worse"}, by=nurse),
        lambda: event_decisions.close(event=event, version=1, note="Fine", by=clinician),
    )

    # Whoever was second was told: the event is closed as it was seen, or open with the new words.
    event.refresh_from_db()
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert (event.closed_at is None) == (event.description == "Worse")


def test_the_age_of_somebody_born_after_the_day_of_the_year_is_a_year_less(nurse):
    event = make_adverse_event(patient=make_patient(birth_date=date(1980, 1, 14)))
    assert report_of(event, nurse)[("A2", "Age at the time of the event")][0] == "45 years"
    AdverseEvent.objects.update(onset_at=NOW + timedelta(days=1))
    assert report_of(AdverseEvent.objects.get(), nurse)[("A2", "Age at the time of the event")][0] == "46 years"
