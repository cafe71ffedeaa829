"""The queue on the screen: what stands where, who sees what, and what becomes of each press."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from aftercare import report_work
from aftercare.models import ReportNotice, ReportStep
from aftercare.presenters.queue import queue_page, title_of
from aftercare.presenters.symptoms import QUESTIONS
from aftercare.report_watch import waiting_for
from aftercare.reports import Said, file_report
from clinic.access import Role
from clinic.alerts import alerts_for
from clinic.models import AuditEvent, Clinic, User
from clinic.protocol.triage import SYMPTOMS
from clinic.protocol.vocabulary import Hold
from sessions_app import repeat
from tests.makers import (
    at,
    make_adverse_event,
    make_clinic,
    make_draft_session,
    make_hours,
    make_patient,
    make_patient_user,
    make_report,
    make_service,
    make_signed_session,
    make_tick,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 10:00")
URL = reverse("aftercare:queue")
EMERGENCY = {"level": "EMERGENCY", "symptoms": ["COLLAPSE"], "due_at": at("2026-01-15 09:57")}
NEXT_DAY = {"level": "NEXT_DAY", "symptoms": ["TENDER_CORD"], "due_at": at("2026-01-16 18:00")}
EXPECTED = {"level": "REASSURE", "symptoms": ["BRUISES"], "due_at": at("2026-01-16 18:00")}
REFUSED = (
    "The mail server refuses e-mails to Beatrix Alderman: correct the address. "
    "Until then tell them of reports yourself."
)


@pytest.fixture(autouse=True)
def _thursday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinician():
    return make_user(Role.CLINICIAN, name="Beatrix Alderman")


@pytest.fixture
def nurse():
    return make_user(Role.NURSE, name="Petra Fallowell")


def bess(**facts):
    return make_report(patient=make_patient(given_name="Bess", family_name="Cowslip"), **facts)


def address(name, report):
    return reverse(f"aftercare:queue_{name}", args=[report.public_id])


def groups(reader, show="open", **facts):
    page = queue_page(reader, show=show, number=1, chosen=None, clinic=Clinic.current(), now=NOW, **facts)
    return [(group.title, [row.title for row in group.rows]) for group in page.groups]


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def opened(client, user, report):
    """The values of the form as the page of `user` shows them."""
    client.force_login(user)
    page = client.get(address("report", report)).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(version|seen)" value="(\d+)"', page))


# --- The rows ----------------------------------------------------------------------------------------------------


def test_emergencies_stand_above_what_is_due_first_and_answered_ones_last(clinician):
    answered = make_report(symptoms=["INFECTION_SIGN"])
    report_work.save(report=answered, version=1, contact="reached", by=clinician, now=NOW)
    make_report(**EXPECTED)
    make_report(symptoms=["SKIN_DAMAGE"], due_at=at("2026-01-15 14:32"))
    make_report(symptoms=["ONE_LEG"], leg="left", due_at=at("2026-01-15 09:40"))
    make_report(**EMERGENCY)
    make_report(level="NEXT_DAY", symptoms=["TRAPPED_BLOOD"], due_at=at("2026-01-19 18:00"))

    assert groups(clinician) == [
        ("Emergency", ["Fainted, collapsed or confused"]),
        ("Today", ["Pain or swelling of one leg, left", "Blister, sore or dark skin"]),
        ("By tomorrow", ["Bruises"]),
        ("By Mon 19 Jan", ["Firm, dark, tender lump"]),
        ("Answered, not closed yet", ["Signs of an infection"]),
    ]


def test_every_symptom_of_the_triage_has_a_name_in_the_queue():
    titles = [title_of(make_report(symptoms=[symptom.code])) for symptom in SYMPTOMS]

    assert [title for title, symptom in zip(titles, SYMPTOMS, strict=True) if symptom.code in title] == []


def test_own_words_alone_are_the_title_as_far_as_they_fit():
    report = make_report(symptoms=[], free_text="My stocking smells odd. " * 5)

    assert title_of(report) == "“My stocking smells odd. My stocking smells odd. My stocking…”"


def test_a_title_that_several_questions_share_has_the_answered_one_beside_it(client, clinician):
    make_report(level="EMERGENCY", symptoms=["STROKE_SIGN"], affirmed=["HEAD"])
    make_report(level="EMERGENCY", symptoms=["COLLAPSE"], affirmed=["FAINT"])
    client.force_login(clinician)

    text = words(client.get(reverse("aftercare:queue")))

    assert "Signs of a stroke “A sudden, very bad headache” " in text
    assert "“Fainted" not in text


@pytest.mark.parametrize(
    ("due", "text", "label"),
    [
        ("2026-01-15 09:57", "+3 m", "3 minutes over time"),
        ("2026-01-15 09:59", "+1 m", "1 minute over time"),
        ("2026-01-15 09:59:01", "now", "due now"),
        ("2026-01-15 10:00", "now", "due now"),
        ("2026-01-15 10:00:59", "now", "due now"),
        ("2026-01-15 10:01", "1 m", "1 minute left"),
        ("2026-01-15 10:49", "49 m", "49 minutes left"),
        ("2026-01-15 12:29", "2:29", "2 hours 29 minutes left"),
        ("2026-01-17 11:00", "2 d", "2 days left"),
    ],
)
def test_what_is_left_is_said_in_figures_and_in_words(clinician, due, text, label):
    make_report(due_at=at(due))
    page = queue_page(clinician, show="open", number=1, chosen=None, clinic=Clinic.current(), now=NOW)
    timer = page.groups[0].rows[0].timer

    assert (timer.text, timer.label) == (text, label)


def test_mine_are_those_i_took_and_those_given_to_me_that_nobody_took(clinician, nurse):
    taken = make_report(symptoms=["SKIN_DAMAGE"], given_to=clinician)
    report_work.take(report=taken, by=nurse, now=NOW)
    make_report(symptoms=["ONE_LEG"], given_to=clinician)
    make_report(symptoms=["INFECTION_SIGN"])

    assert [groups(who, "mine") for who in (clinician, nurse)] == [
        [("Today", ["Pain or swelling of one leg"])],
        [("Today", ["Blister, sore or dark skin"])],
    ]


def test_closed_today_are_those_of_the_clinics_day(clinician):
    for symptom, moment in (("ONE_LEG", "2026-01-14 23:59"), ("SKIN_DAMAGE", "2026-01-15 00:01")):
        report = make_report(symptoms=[symptom], reported_at=at("2026-01-14 09:00"))
        report_work.close(report=report, version=1, outcome="mistake", note="Fine.", by=clinician, now=at(moment))

    assert groups(clinician, "closed") == [("Closed today", ["Blister, sore or dark skin"])]


@pytest.mark.parametrize("show", ["", "?show=mine", "?show=closed"])
def test_an_empty_queue_says_what_that_means(client, clinician, show):
    client.force_login(clinician)

    answer = client.get(f"{URL}{show}")

    assert (answer.status_code, "Nobody waits for an answer." in words(answer)) == (200, True)


def test_beside_the_queue_stands_how_soon_somebody_answers(client, clinician):
    client.force_login(clinician)
    clinic = Clinic.current()
    clinic.report_emergency_minutes, clinic.report_same_day_minutes = 5, 240
    clinic.save()

    told = "An emergency is answered within 5 min by the clock, one for today within 4 h of opening time."
    assert told in words(client.get(URL))


def test_the_queue_costs_the_same_for_one_and_for_thirty(client, clinician, django_assert_num_queries):
    client.force_login(clinician)
    make_report(given_to=clinician)
    client.get(URL)
    with django_assert_num_queries(9):
        client.get(URL)
    for _ in range(29):
        make_report(given_to=clinician)
    with django_assert_num_queries(9):
        client.get(URL)


def test_three_hundred_reports_come_page_by_page(client, clinician):
    patient, by = make_patient(), make_user(Role.PATIENT)
    for number in range(130):
        make_report(patient=patient, by=by, due_at=NOW + timedelta(minutes=number))
    client.force_login(clinician)
    rows = [client.get(f"{URL}?page={page}").content.decode().count('class="task') for page in (1, 2, 3, 4)]

    # Each row has five parts whose class begins with "task".
    assert [count // 5 for count in rows] == [60, 60, 10, 0]


# --- One report --------------------------------------------------------------------------------------------------


def test_the_report_shows_what_was_answered_told_injected_and_done(client, clinician, nurse):
    patient = make_patient(given_name="Bess", family_name="Cowslip", risk_factors=["oestrogen"])
    session = make_signed_session(patient=patient, compression_legs="both", compression_mmhg="20-30")
    report = make_report(
        patient=patient,
        session=session,
        day=2,
        leg="left",
        denied=[question.key for question in QUESTIONS],
        free_text="It feels tight.",
    )
    make_tick(patient=patient, given_at=NOW)
    report_work.save(report=report, version=1, contact="no_answer", note="Rang twice.", by=nurse, now=NOW)
    client.force_login(clinician)
    text = words(client.get(address("report", report)))

    expected = (
        "Bess Cowslip", "session Tue 13 Jan, day 2", "yes, left leg", "Emergency signs, 7 questions all no",
        "It feels tight.", "What they were told: Speak to a clinician today.", "0.8 mL, 4 mg at 1 site",
        "Pill or hormone therapy", "Both legs, 20-30 mmHg", "Worn, as given Thu yes",
        "10:00 Petra Fallowell rang, no answer Rang twice.",
        "Treatments cannot be booked until this is closed.", "Petra Fallowell has it since 10:00",
    )  # fmt: skip
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(
    ("when", "number", "then"),
    [
        ("2026-01-15 10:00", "555-0100", "Speak to a clinician today."),
        ("2026-01-15 23:10", "555-0199", "Nobody answers? Go to urgent care or an emergency department."),
    ],
)
def test_what_was_told_in_spanish_stands_in_english_beside_it(client, clinician, when, number, then):
    clinic = make_clinic(phone="555-0100", out_of_hours_phone="555-0199")
    make_hours(make_user(name="Ada Birchwood"))
    make_service()
    patient = make_patient_user().patient
    report = file_report(
        patient=patient,
        said=Said(["TOES_UNDER_STOCKING"]),
        request_key=uuid4(),
        source="portal",
        by=patient.user,
        now=at(when),
        clinic=clinic,
        language="es",
    )
    client.force_login(clinician)
    answer = client.get(address("report", report))

    assert f'<span lang="es">Llame ahora al {number}. ' in answer.content.decode()
    assert (
        f"In English: Call {number} now. {then} If it gets worse, call 911. Take the stocking off now. "
        "If the toes do not get better promptly, call 911." in words(answer)
    )


def test_what_was_told_in_english_stands_there_once(client, clinician):
    client.force_login(clinician)

    assert "In English:" not in words(client.get(address("report", make_report())))


def test_the_front_desk_reads_what_the_patient_said_and_no_chart_and_no_note(client, nurse):
    patient = make_patient(given_name="Bess", family_name="Cowslip", allergies="latexcanary", risk_factors=["obesity"])
    session = make_signed_session(patient=patient)
    report = make_report(patient=patient, session=session, free_text="It feels tight.")
    report_work.save(report=report, version=1, contact="no_answer", note="notecanary", by=nurse, now=NOW)
    client.force_login(make_user(Role.FRONT_DESK))
    answer = client.get(address("report", report))
    text = words(answer)

    assert [word for word in ("It feels tight.", "rang, no answer", "Bess Cowslip") if word not in text] == []
    assert [
        word
        for word in ("latexcanary", "notecanary", "0.8 mL", "besity", "Save, keep open", "Close the report")
        if word in text
    ] == []


def test_looking_at_a_report_is_on_record_and_looking_at_the_list_is_not(client, clinician):
    report = bess()
    client.force_login(clinician)
    for path in (URL, reverse("aftercare:queue_list"), address("report", report)):
        client.get(path)

    assert list(AuditEvent.objects.filter(subject="aftercare.SymptomReport").values_list("action", "patient_id")) == [
        ("report read", report.patient_id)
    ]


def test_the_other_reports_of_the_patient_stand_beside_earlier_and_later_ones(client, clinician):
    patient = make_patient()
    old = make_report(patient=patient, symptoms=["TRAPPED_BLOOD"], reported_at=at("2026-01-02 09:00"))
    said = {"outcome": "visit", "note": "Clot released.", "contact": "reached", "result_known": True}
    report_work.close(report=old, version=1, by=clinician, now=NOW, **said)
    shown = make_report(patient=patient)
    make_report(patient=patient, symptoms=["SKIN_DAMAGE"], reported_at=at("2026-01-15 09:50"))
    client.force_login(clinician)
    text = words(client.get(address("report", shown)))

    assert "Other reports 2 Blister, sore or dark skin 09:50. Nobody has taken it" in text
    assert "Firm, dark, tender lump Fri 2 Jan, 09:00. Closed: comes to the clinic" in text


def test_a_report_costs_the_same_whatever_was_done_about_it(client, clinician, nurse, django_assert_num_queries):
    session = make_signed_session()
    report = make_report(patient=session.patient, session=session)
    client.force_login(clinician)

    def look():
        client.get(address("report", report))

    look()
    with django_assert_num_queries(19):
        look()
    for number in range(1, 9):
        report_work.save(report=report, version=number, contact="no_answer", by=nurse, now=NOW)
        make_adverse_event(session=session)
        make_report(patient=session.patient)
    with django_assert_num_queries(19):
        look()


@pytest.mark.parametrize(
    ("tries", "warnings"),
    [
        ([{"attempts": 2}], []),
        ([{"attempts": 3}], ["The e-mail to Beatrix Alderman does not leave. Tell them yourself."]),
        ([{"attempts": 1, "refused_at": NOW}], [REFUSED]),
        ([{"attempts": 3}, {"attempts": 1, "refused_at": NOW}], [REFUSED]),
        ([{"attempts": 3, "sent_at": NOW}], []),
    ],
)
def test_a_report_warns_when_who_is_asked_gets_no_e_mail_of_it(client, clinician, nurse, tries, warnings):
    report = make_report(given_to=clinician)
    for number, facts in enumerate(tries):
        ReportNotice.objects.create(
            report=report,
            number=number,
            to=clinician,
            written_at=NOW,
            refused_address=clinician.email if "refused_at" in facts else "",
            **facts,
        )
    client.force_login(nurse)

    assert client.get(address("report", report)).context["card"].warnings == warnings


def refused(report, to):
    """The mail server took nothing for the address of who is asked."""
    facts = {"attempts": 1, "refused_at": NOW, "refused_address": to.email}
    ReportNotice.objects.create(report=report, number=0, to=to, written_at=NOW, **facts)


def test_a_report_warns_of_a_refused_address_until_it_was_corrected(client, clinician, nurse):
    report = make_report(given_to=clinician)
    refused(report, clinician)
    client.force_login(nurse)
    before = client.get(address("report", report)).context["card"].warnings
    User.objects.filter(pk=clinician.pk).update(email="beatrix.right@clinic.example")

    assert (before, client.get(address("report", report)).context["card"].warnings) == ([REFUSED], [])


def test_a_report_that_somebody_took_warns_of_no_e_mail_any_more(client, clinician, nurse):
    report = make_report(given_to=clinician)
    refused(report, clinician)
    client.force_login(nurse)
    before = words(client.get(address("report", report)))
    report_work.take(report=report, by=nurse, now=NOW)

    assert (REFUSED in before, REFUSED in words(client.get(address("report", report)))) == (True, False)


# --- What is pressed ---------------------------------------------------------------------------------------------


def test_taking_leads_back_to_the_report_and_ends_the_alert(client, nurse):
    report = bess()
    client.force_login(nurse)
    before = len(alerts_for(nurse))
    answer = client.post(address("take", report))

    assert (before, answer.status_code, answer.url, alerts_for(nurse)) == (1, 302, address("report", report), [])


def test_the_second_who_takes_it_reads_who_has_it(client, nurse, clinician):
    report = bess()
    report_work.take(report=report, by=nurse, now=NOW)
    client.force_login(clinician)

    assert "Petra Fallowell took this at 10:00. Ask before you call too." in words(
        client.post(address("take", report), follow=True)
    )


def test_what_was_done_is_saved_and_the_report_stays_open(client, nurse):
    report = bess()
    sent = opened(client, nurse, report) | {"contact": "reached", "outcome": "scan", "note": "Comes at 12:15."}
    answer = client.post(address("save", report), sent)

    assert (answer.status_code, answer.url) == (302, address("report", report))
    assert list(ReportStep.objects.values_list("what", "words")) == [("reached", "Duplex scan. Comes at 12:15.")]
    assert report_work.fresh(report).closed_at is None


def test_a_form_that_says_nothing_keeps_its_place_and_says_what_is_missing(client, nurse):
    report = bess()
    answer = client.post(address("save", report), opened(client, nurse, report))

    assert answer.status_code == 422
    assert "Say whether you reached the patient, or write a note." in words(answer)


def test_a_clinician_closes_and_treatments_can_be_booked_again(client, clinician):
    report = bess()
    held = [*repeat.holds_of(report.patient)]
    sent = opened(client, clinician, report) | {"contact": "reached", "outcome": "visit", "note": "Seen, all well."}
    sent |= {"result_known": "on"}
    answer = client.post(address("close", report), sent)

    assert (held, answer.status_code) == ([Hold.UNANSWERED_RED_FLAG], 302)
    assert [*repeat.holds_of(report.patient)] == []
    assert report_work.fresh(report).closing_note == "Seen, all well."


@pytest.mark.parametrize(("outcome", "named"), [("scan", "Duplex scan"), ("visit", "Comes to the clinic")])
def test_a_report_stays_open_and_treatments_wait_until_the_result_of_a_visit_or_scan_is_known(
    client, clinician, outcome, named
):
    report = bess()
    sent = opened(client, clinician, report) | {"contact": "reached", "outcome": outcome, "note": "Radiology rings."}
    answer = client.post(address("close", report), sent)
    text = answer.content.decode()

    assert (answer.status_code, report_work.fresh(report).closed_at) == (422, None)
    said = f"{named}: the result is still to come, and bookings wait for it. Press “Save, keep open”."
    assert re.search(r'id="id_result_known_error".*?</', text, re.DOTALL)
    assert said in words(answer)
    assert "Radiology rings.</textarea>" in text
    assert [*repeat.holds_of(report.patient)] == [Hold.UNANSWERED_RED_FLAG]
    assert client.post(address("close", report), sent | {"result_known": "on"}).status_code == 302
    assert [*repeat.holds_of(report.patient)] == []


@pytest.mark.parametrize(
    ("contact", "said"),
    [("no_answer", "No answer: the report stays open"), ("", "Nobody has reached the patient yet")],
)
def test_a_report_without_an_answer_stays_open_and_the_form_says_so_at_its_question(client, clinician, contact, said):
    report = bess()
    sent = opened(client, clinician, report) | {"contact": contact, "outcome": "advised", "note": "Rang twice."}
    answer = client.post(address("close", report), sent)
    text = answer.content.decode()

    assert (answer.status_code, report_work.fresh(report).closed_at) == (422, None)
    assert re.search(r'id="id_contact_error".*?</div>', text, re.DOTALL)[0].count(said) == 1
    assert "Rang twice.</textarea>" in text
    assert [*repeat.holds_of(report.patient)] == [Hold.UNANSWERED_RED_FLAG]


def test_what_closes_a_report_is_said_until_somebody_reached_the_patient(client, clinician, nurse):
    report, rule = bess(), "It is closed when somebody has reached the patient"
    client.force_login(clinician)
    before = words(client.get(address("report", report)))
    report_work.save(report=report, version=1, contact="reached", by=nurse, now=NOW)
    after = words(client.get(address("report", report)))
    expected = words(client.get(address("report", make_report(**EXPECTED))))

    assert (rule in before, rule in after, rule in expected) == (True, False, False)


def test_a_nurse_has_no_button_to_close_and_is_refused_without_it(client, nurse):
    report = bess()
    sent = opened(client, nurse, report) | {"outcome": "visit", "note": "Seen."}

    assert "Close the report" not in words(client.get(address("report", report)))
    answer = client.post(address("close", report), sent)
    assert (answer.status_code, "A clinician closes this report. Hand it over to one." in words(answer)) == (422, True)
    assert report_work.fresh(report).closed_at is None
    assert AuditEvent.objects.filter(action="denied", by_id=nurse.pk).count() == 1


def test_a_stale_close_is_refused_with_what_is_new_and_may_be_sent_again(client, clinician, nurse):
    report = bess()
    sent = opened(client, clinician, report) | {"outcome": "advised", "note": "All well."}
    report_work.save(report=report, version=1, contact="reached", note="Short of breath.", by=nurse, now=NOW)
    answer = client.post(address("close", report), sent)
    text = answer.content.decode()

    assert (answer.status_code, report_work.fresh(report).closed_at) == (409, None)
    assert "10:00: Petra Fallowell reached the patient. “Short of breath.”" in words(answer)
    assert "All well.</textarea>" in text
    again = dict(re.findall(r'<input type="hidden" name="(version|seen)" value="(\d+)"', text))
    assert client.post(address("close", report), sent | again).status_code == 302
    assert report_work.fresh(report).closed_by == clinician


def test_a_report_that_was_closed_meanwhile_takes_nothing_more(client, clinician, nurse):
    report = bess()
    sent = opened(client, nurse, report) | {"note": "One more thing."}
    report_work.close(report=report, version=1, outcome="mistake", note="Fine.", by=clinician, now=NOW)
    answer = client.post(address("save", report), sent)

    assert answer.status_code == 409
    assert "Beatrix Alderman closed this report at 10:00. Nothing was saved." in words(answer)


def test_a_hand_over_goes_to_a_colleague_of_the_list(client, clinician, nurse):
    report = bess()
    sent = opened(client, nurse, report) | {"to": str(clinician.public_id), "note": "Calf is warm."}

    assert client.post(address("hand_over", report), sent).status_code == 302
    assert (report_work.fresh(report).given_to, ReportNotice.objects.get().to) == (clinician, clinician)
    assert "It is given to you." in alerts_for(clinician)[0].words


@pytest.mark.parametrize("to", ["", "desk", "7f3a1c52-0c57-4d0e-9f0a-4a5b0c6d7e8f", "nobody"])
def test_a_hand_over_to_nobody_of_the_list_is_refused_in_words(client, nurse, to):
    report = bess()
    to = str(make_user(Role.FRONT_DESK).public_id) if to == "desk" else to
    answer = client.post(address("hand_over", report), opened(client, nurse, report) | {"to": to, "note": "Please."})

    assert answer.status_code == 422
    assert "Choose a colleague" in words(answer)


def test_a_hand_over_without_a_note_is_refused_at_the_note_and_stays_open_as_it_was(client, clinician, nurse):
    report = bess()
    sent = opened(client, nurse, report) | {"to": str(clinician.public_id)}
    answer = client.post(address("hand_over", report), sent)
    text = answer.content.decode()

    assert (answer.status_code, ReportStep.objects.count()) == (422, 0)
    assert "Write what your colleague must know." in words(answer)
    assert '<details class="more" open><summary>Hand over' in text
    assert f'<option value="{clinician.public_id}" selected>' in text


def test_a_hand_over_to_who_was_asked_already_is_refused_in_words(client, clinician, nurse):
    report = bess()
    for _ in range(2):
        sent = opened(client, nurse, report) | {"to": str(clinician.public_id), "note": "Calf is warm."}
        answer = client.post(address("hand_over", report), sent)

    assert (answer.status_code, ReportStep.objects.count()) == (422, 1)
    assert "Beatrix Alderman was asked already and has not taken it yet. Choose somebody else." in words(answer)


def test_head_and_rows_say_the_same_of_what_is_given_and_not_taken(client, clinician, nurse):
    report = bess(given_to=clinician)
    client.force_login(clinician)
    alone = words(client.get(URL))
    make_report(given_to=nurse)
    some = words(client.get(URL))
    report_work.take(report=report, by=clinician, now=NOW)
    others = words(client.get(URL))

    assert "1 report is open, given to you, not taken yet. What is due first is on top." in alone
    assert "Given to you, not taken yet" in alone
    assert "2 reports are open, 2 of them not taken yet (1 given to you). What is due first is on top." in some
    assert f"Given to {nurse.name}, not taken yet" in some
    assert "2 reports are open, 1 of them not taken yet, 1 taken by you. What is due first is on top." in others
    assert ["nobody has taken" in page for page in (alone, some, others)] == [False] * 3


@pytest.mark.parametrize(
    ("takers", "said", "in_bar"),
    [
        (["me", None, "other"], "3 reports are open, 1 of them not taken yet, 1 taken by you.", 2),
        (["me", "other"], "2 reports are open. Each is taken by somebody, 1 by you.", 1),
        (["me"], "1 report is open. It is taken by you.", 1),
        (["other"], "1 report is open. It is taken by somebody.", 0),
    ],
)
def test_the_head_says_what_the_number_in_the_bar_is_made_of(client, clinician, nurse, takers, said, in_bar):
    people = {"me": clinician, "other": nurse}
    for taker in takers:
        report = make_report()
        if taker:
            report_work.take(report=report, by=people[taker], now=NOW)
    client.force_login(clinician)

    page = client.get(URL)

    assert said in words(page)
    assert waiting_for(clinician) == in_bar
    assert f"Open {len(takers)} Mine" in words(page)


# --- Adverse events that wait ------------------------------------------------------------------------------------


def test_adverse_events_that_nobody_has_seen_lead_to_their_list_below_the_reports(client, clinician):
    bess()
    make_adverse_event()
    client.force_login(clinician)

    page = client.get(URL).content.decode()

    assert page.index("Bess Cowslip") < page.index("1 adverse event waits for you")
    assert f'href="{reverse("sessions_app:events")}?state=unseen" data-arrow-item' in page


def test_a_grave_event_stands_above_the_reports_also_when_the_list_refreshes(client, clinician):
    bess()
    make_adverse_event()
    make_adverse_event(kind="anaphylaxis")
    client.force_login(clinician)
    addresses = (URL, reverse("aftercare:queue_list"))

    for page in (words(client.get(address)) for address in addresses):
        assert page.index("2 adverse events wait for you, 1 of them grave") < page.index("Bess Cowslip")


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK])
def test_who_does_not_decide_reads_nothing_of_events_in_the_list(client, role):
    make_adverse_event(kind="anaphylaxis")
    client.force_login(make_user(role))

    assert "waits for you" not in words(client.get(reverse("aftercare:queue_list")))


def test_seen_and_closed_events_wait_for_nobody(client, clinician):
    make_adverse_event(acknowledged_at=NOW, acknowledged_by=clinician)
    make_adverse_event(closed_at=NOW, closed_by=clinician, closing_note="Over")
    client.force_login(clinician)

    assert "adverse event waits" not in words(client.get(reverse("aftercare:queue_list")))


# --- What follows elsewhere --------------------------------------------------------------------------------------


def test_untaken_reports_stand_on_every_page_of_who_may_see_them_emergencies_first():
    make_clinic(time_zone="America/New_York")
    bess()
    make_report(patient=make_patient(given_name="Clementine", family_name="Dove"), **EMERGENCY)
    make_report(**NEXT_DAY)
    make_report(**EXPECTED)
    expected = [
        ("Emergency: Clementine Dove, nobody has taken it. An answer was due 09:57.", True),
        ("Report for today: Bess Cowslip, nobody has taken it. Answer by 13:10.", True),
        ("1 more report waits: nobody has taken it.", True),
    ]
    seen = {role: [(a.words, a.is_urgent) for a in alerts_for(make_user(role))] for role in Role}

    # The last line is urgent too, because one of them is over its time.
    readers = (Role.FRONT_DESK, Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD)
    assert {role for role, lines in seen.items() if lines == expected} == set(readers)
    assert {role for role, lines in seen.items() if not lines} == set(Role) - set(readers)


def test_a_crowd_of_reports_is_three_lines_and_a_number(nurse):
    for _ in range(9):
        make_report()

    lines = alerts_for(nurse)
    assert (len(lines), lines[-1].words) == (4, "6 more reports wait: nobody has taken them.")


def test_the_reports_of_one_patient_are_one_line_that_leads_to_the_first(nurse):
    patient = make_patient(given_name="Bess", family_name="Cowslip")
    make_report(patient=patient, **NEXT_DAY)
    make_report(patient=patient, given_to=nurse)
    emergency = make_report(patient=patient, **EMERGENCY)
    make_report(patient=make_patient(given_name="Alfie", family_name="Dove"))
    lines = alerts_for(nurse)

    assert [(alert.words, alert.is_urgent) for alert in lines] == [
        (
            "Emergency: Bess Cowslip, 3 reports, nobody has taken them. An answer was due 09:57. One is given to you.",
            True,
        ),
        ("Report for today: Alfie Dove, nobody has taken it. Answer by 13:10.", True),
    ]
    assert lines[0].url == address("report", emergency)


@pytest.mark.parametrize(
    ("page", "is_left_out"),
    [
        ("/queue/", True),
        ("/queue/?show=open", True),
        ("/queue/?page=1", True),
        ("/queue/{report}/", True),
        ("/queue/?show=mine", False),
        ("/queue/?show=closed", False),
        ("/queue/?page=2", False),
        ("/queue/{report}/?show=mine", False),
        ("/events/", False),
        ("", False),
    ],
)
def test_what_the_queue_shows_itself_is_no_line_above_it_and_other_alerts_stay(client, clinician, page, is_left_out):
    report = bess()
    make_adverse_event()
    client.force_login(clinician)
    headers = {"HX-Request": "true"}
    if page:
        headers["HX-Current-URL"] = f"http://testserver{page.format(report=report.public_id)}"
    text = words(client.get(reverse("clinic:alerts"), headers=headers))

    assert ("Bess Cowslip, nobody has taken it" not in text, "dverse event" in text) == (is_left_out, True)


def test_the_way_back_from_a_report_says_how_many_wait_and_keeps_it_fresh(client, clinician):
    report = bess()
    client.force_login(clinician)
    before = words(client.get(address("report", report)))
    make_report(**EMERGENCY)
    fresh = client.get(f"{reverse('aftercare:queue_list')}?report={report.public_id}&seen=0").content.decode()

    assert "All reports 1 not taken" in before
    assert '<span id="report-untaken" hx-swap-oob="true"> <b class="danger">2 not taken</b></span>' in fresh


def test_the_bar_counts_what_nobody_took_and_what_is_mine_with_the_alerts(client, nurse, clinician):
    report_work.take(report=make_report(), by=nurse, now=NOW)
    make_report()
    counts = []
    for user in (nurse, clinician, make_user(Role.ADMINISTRATOR)):
        client.force_login(user)
        counts.append(json.loads(client.get(reverse("clinic:alerts"))["HX-Trigger"])["counts"])
    client.force_login(nurse)

    assert counts == [{"count-aftercare-queue": 2}, {"count-aftercare-queue": 1}, {}]
    assert '<span class="count count-danger" id="count-aftercare-queue"></span>' in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.CLINICIAN, "aftercare:queue"),
        (Role.CLINICAL_LEAD, "aftercare:queue"),
        (Role.NURSE, "sessions_app:my_day"),
        (Role.FRONT_DESK, "sessions_app:day"),
    ],
)
def test_the_queue_is_the_home_of_who_closes_reports(client, role, home):
    client.force_login(make_user(role))

    assert client.get("/").url == reverse(home)


@pytest.mark.parametrize(("facts", "held"), [({}, True), (EMERGENCY, True), (NEXT_DAY, True), (EXPECTED, False)])
def test_an_open_report_lets_the_next_treatment_wait(facts, held):
    patient = make_patient()
    make_report(patient=patient, **facts)
    rules_before = repeat.repeat_rules(make_signed_session(patient=patient).patient, make_service())

    assert [*repeat.holds_of(patient)] == [Hold.UNANSWERED_RED_FLAG] * held
    assert rules_before.holds == (Hold.UNANSWERED_RED_FLAG,) * held
    assert repeat.on_hold([patient, make_patient()]) == ({patient.pk} if held else set())


def test_the_patients_page_of_staff_lists_the_reports_open_ones_first(client, clinician):
    patient = make_patient()
    make_report(patient=patient, symptoms=["ONE_LEG"], reported_at=at("2026-01-12 09:00"))
    newer = make_report(patient=patient, symptoms=["BRUISES"], level="REASSURE")
    report_work.close(report=newer, version=1, outcome="mistake", note="notecanary", by=clinician, now=NOW)
    path = reverse("clinic:patient", args=[patient.public_id])
    for role in (Role.CLINICIAN, Role.FRONT_DESK):
        client.force_login(make_user(role))
        text = words(client.get(path))
        assert text.index("Pain or swelling of one leg") < text.index("Bruises")
        assert "notecanary" not in text


def test_the_background_is_told_what_is_new_of_the_open_report(client, clinician, nurse):
    report = bess()
    client.force_login(clinician)
    path = f"{reverse('aftercare:queue_list')}?report={report.public_id}&seen=0"
    before = words(client.get(path))
    report_work.take(report=report, by=nurse, now=NOW)
    after = words(client.get(path))

    assert ("meanwhile" in before, "10:00: Petra Fallowell took it." in after) == (False, True)


@pytest.mark.parametrize("odd", ["report=nobody", "report=&seen=x", "page=99999999999999", "show=everything&page=-1"])
def test_odd_addresses_of_the_list_are_answered_like_plain_ones(client, clinician, odd):
    client.force_login(clinician)

    assert client.get(f"{reverse('aftercare:queue_list')}?{odd}").status_code == 200


def test_the_number_of_unsigned_sessions_leads_to_a_list_of_as_many(client, clinician):
    make_draft_session()
    client.force_login(clinician)

    beside = next(each for each in client.get(URL).context["others"] if "not signed" in each.words)

    assert (beside.number, beside.url) == (1, f"{reverse('sessions_app:to_sign')}?who=all")
    assert len(client.get(beside.url).context["page"].drafts) == 1
