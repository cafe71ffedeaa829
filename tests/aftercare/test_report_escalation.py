"""When a report's time runs out the next clinician is asked: once for each time, and in the end everybody once."""

from datetime import timedelta

import pytest
from django.core import mail

from aftercare import report_escalation, report_mail, report_work
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from aftercare.tasks import watch_reports
from clinic.access import Role
from clinic.models import AuditEvent
from tests.makers import at, make_clinic, make_hours, make_patient, make_report, make_service, make_user

pytestmark = pytest.mark.django_db
REPORTED = at("2026-01-15 09:10")  # Thursday; due at 13:10
DUE = at("2026-01-15 13:10")


@pytest.fixture
def people():
    """Two clinicians and a lead, and a nurse whose hours are the clinic's: Monday to Friday, 8 to 18."""
    nurse = make_user(Role.NURSE, name="Nina Nurse")
    make_hours(nurse)
    make_service("first_visit", nurses=[nurse])
    names = {"ada": Role.CLINICIAN, "ben": Role.CLINICIAN, "lea": Role.CLINICAL_LEAD}
    return {"nurse": nurse} | {name: make_user(role, name=name.title()) for name, role in names.items()}


def made(to, **facts):
    """A report as it is filed: somebody is named, and written to."""
    report = make_report(given_to=to, **facts)
    ReportNotice.objects.create(report=report, number=0, to=to, sent_at=REPORTED)
    return report


def ring(moment):
    return report_escalation.escalate_due(now=moment)


def asked(report):
    return [
        (step.at, step.to.name)
        for step in ReportStep.objects.filter(report=report, what="escalated").select_related("to")
    ]


def test_before_its_time_nobody_else_is_asked(people):
    report = made(people["ada"])

    assert (ring(DUE - timedelta(seconds=1)), asked(report)) == (0, [])


def test_when_the_time_is_over_the_next_clinician_is_asked_once(people):
    report = made(people["ada"])

    assert [ring(DUE + timedelta(minutes=minute)) for minute in range(10)] == [1] + [0] * 9
    assert asked(report) == [(DUE, "Ben")]
    assert list(ReportNotice.objects.values_list("number", "to__name")) == [(0, "Ada"), (1, "Ben")]
    assert report_work.fresh(report).given_to == people["ben"]
    assert list(AuditEvent.objects.values_list("action", "by_name")) == [("report escalated", "system")]


def test_each_further_time_asks_one_more_until_everybody_was_asked_once(people):
    report = made(people["ada"], level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for minute in range(60):
        ring(REPORTED + timedelta(minutes=minute))

    # Ada was named at the report, so she is asked again last; then nobody is left.
    assert asked(report) == [
        (REPORTED + timedelta(minutes=5 * number), name) for number, name in enumerate(["Ben", "Lea", "Ada"])
    ]


def test_the_further_time_of_a_report_for_today_runs_on_the_clinics_hours(people):
    report = made(people["ada"])
    ring(DUE)

    assert [ring(at(text)) for text in ("2026-01-15 17:09", "2026-01-15 17:10")] == [0, 1]
    # Nobody works after 18:00: from 17:10 on four hours end with the day.
    assert [ring(at(text)) for text in ("2026-01-15 17:59", "2026-01-15 18:00", "2026-01-16 12:00")] == [0, 1, 0]
    assert [name for _, name in asked(report)] == ["Ben", "Lea", "Ada"]


def test_who_took_it_has_as_long_as_for_a_new_one_before_others_are_asked(people):
    report = make_report(level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED + timedelta(minutes=5))
    report_work.take(report=report, by=people["ada"], now=REPORTED + timedelta(minutes=3))

    assert [ring(REPORTED + timedelta(minutes=minute)) for minute in (5, 7, 8)] == [0, 0, 1]
    assert (report_work.fresh(report).taken_by, asked(report)[0][1]) == (None, "Ben")


def test_a_patient_who_was_reached_by_a_clinician_ends_it(people):
    report = made(people["ada"])
    report_work.save(report=report, version=1, contact="reached", by=people["ada"], now=REPORTED)

    assert ring(DUE + timedelta(days=3)) == 0


def test_a_nurse_who_reached_the_patient_does_not_end_it(people):
    report = made(people["ada"])
    report_work.save(report=report, version=1, contact="reached", by=people["nurse"], now=REPORTED)

    assert (ring(DUE), asked(report)) == (1, [(DUE, "Ben")])


def test_what_is_expected_is_never_escalated(people):
    made(people["ada"], level="REASSURE", symptoms=["BRUISES"])

    assert ring(DUE + timedelta(days=3)) == 0


def test_a_closed_report_is_never_escalated(people):
    report = made(people["ada"])
    report_work.close(report=report, version=1, outcome="advised", note="Fine.", by=people["ada"], now=REPORTED)

    assert ring(DUE + timedelta(days=3)) == 0


def test_a_lone_clinician_is_asked_once_more_and_no_further():
    only = make_user(Role.CLINICIAN, name="Only")
    report = made(only, level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for minute in range(60):
        ring(REPORTED + timedelta(minutes=minute))

    assert asked(report) == [(REPORTED, "Only")]


def test_a_clinic_without_a_clinician_loses_nothing_and_names_the_first_who_comes():
    report = make_report()
    assert (ring(DUE), report_escalation.name_first(now=DUE)) == (0, 0)

    first = make_user(Role.CLINICIAN, name="First")
    assert [report_escalation.name_first(now=DUE) for _ in range(2)] == [1, 0]
    assert (report_work.fresh(report).given_to, ReportNotice.objects.get().number) == (first, 0)


def test_a_write_meanwhile_makes_the_escalation_walk_away(people):
    report = made(people["ada"])
    report_work.take(report=report, by=people["ada"], now=DUE)

    assert report_work.escalate(report=report, to=people["ben"], now=DUE) is False
    assert (asked(report), ReportNotice.objects.count()) == ([], 1)


def test_the_watch_costs_the_same_for_one_and_for_thirty(people, django_assert_max_num_queries):
    for _ in range(30):
        made(people["ada"])
    with django_assert_max_num_queries(6):
        ring(DUE - timedelta(minutes=1))


# --- the e-mails -------------------------------------------------------------------------------------------------


def post(moment):
    report_mail.send_notices(now=moment)
    return [message.to for message in mail.outbox]


def test_an_e_mail_leaves_once_and_says_nothing_about_anybody(people, settings):
    settings.BASE_URL = "https://clinic.example"
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield")
    patient = make_patient(given_name="Bess", family_name="Cowslip")
    report = made(people["ada"], patient=patient)
    ring(DUE)
    for minute in range(5):
        post(DUE + timedelta(minutes=minute))

    (message,) = mail.outbox
    assert (message.to, message.subject) == ([people["ben"].email], "Larkfield: somebody waits for your answer")
    assert f"https://clinic.example/queue/{report.public_id}/" in message.body
    words = f"{message.subject} {message.body}".lower()
    assert [word for word in ("bess", "cowslip", "vein", "leg", "calf", "same day", "symptom") if word in words] == []


def test_an_e_mail_that_nobody_needs_any_more_stays(people):
    report = made(people["ada"])
    ring(DUE)
    report_work.take(report=report, by=people["lea"], now=DUE)

    assert post(DUE + timedelta(minutes=1)) == []


def test_a_mail_server_that_is_away_is_tried_again_at_each_ring(people, monkeypatch):
    made(people["ada"])
    ring(DUE)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda *_: 1 / 0)
        post(DUE)
    notice = ReportNotice.objects.get(number=1)
    assert (notice.claimed_at, notice.sent_at, notice.attempts) == (None, None, 1)

    assert post(DUE + timedelta(minutes=1)) == [[people["ben"].email]]
    assert ReportNotice.objects.get(number=1).attempts == 2


def test_a_claim_of_a_sender_that_died_is_taken_over(people):
    made(people["ada"])
    ring(DUE)
    ReportNotice.objects.filter(number=1).update(claimed_at=DUE, attempts=1)

    assert post(DUE + timedelta(minutes=2)) == []
    assert post(DUE + timedelta(minutes=3)) == [[people["ben"].email]]


def test_the_ring_asks_and_sends_in_one_go(people):
    made(people["ada"])

    assert watch_reports() is False
    assert [message.to for message in mail.outbox] == [[people["ben"].email]]
    assert SymptomReport.objects.get().given_to == people["ben"]
