"""Many workers and many people at one report at once; and a sender that dies between its claim and its e-mail."""

import os
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.filebased import EmailBackend

from aftercare import report_escalation, report_mail, report_work
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from aftercare.reports import Said, file_report
from aftercare.tasks import watch_reports
from clinic.access import Role
from clinic.models import AuditEvent, Clinic, User
from clinic.notifications import faultpoints
from sessions_app.refusals import Refused
from tests.faults.forks import KILLED, in_processes
from tests.makers import make_patient_user, make_report, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
WORKERS = 4


@pytest.fixture
def report():
    """A report whose time ran out a minute ago, and three clinicians; the first was asked."""
    people = [make_user(Role.CLINICIAN, name=name) for name in ("Ada", "Ben", "Cleo")]
    now = datetime.now(UTC)
    made = make_report(
        given_to=people[0], reported_at=now - timedelta(hours=4, minutes=1), due_at=now - timedelta(minutes=1)
    )
    ReportNotice.objects.create(report=made, number=0, to=people[0], sent_at=now)
    return made


def test_workers_that_ring_at_once_ask_one_clinician_once(report, tmp_path):
    def ring(number):
        return report_escalation.escalate_due()

    assert sum(in_processes(WORKERS, ring, tmp_path)) == 1
    assert list(ReportStep.objects.values_list("what", "to__name")) == [("escalated", "Ben")]
    assert list(ReportNotice.objects.filter(number__gt=0).values_list("number", "to__name")) == [(1, "Ben")]
    assert AuditEvent.objects.filter(action="report escalated").count() == 1


def test_workers_that_ring_at_once_remind_everybody_once_when_no_clinician_is_left(report, tmp_path):
    User.objects.exclude(name="Ada").filter(roles__contains="clinician").update(is_active=False)
    report_work.take(report=report, by=User.objects.get(name="Ada"), now=report.reported_at)
    nurses = [make_user(Role.NURSE) for _ in range(3)]

    def ring(number):
        asked = report_escalation.escalate_due()
        report_mail.send_notices()
        return [asked, [message.to[0] for message in mail.outbox]]

    answers = in_processes(WORKERS, ring, tmp_path)
    assert sum(asked for asked, _ in answers) == 1
    everybody = [User.objects.get(name="Ada"), *nurses]
    assert sorted(to for _, sent in answers for to in sent) == sorted(person.email for person in everybody)
    assert sorted(ReportNotice.objects.filter(to_all=True).values_list("number", flat=True)) == [1, 2, 3, 4]


def test_workers_that_send_at_once_send_one_e_mail(report, tmp_path):
    report_escalation.escalate_due()

    def send(number):
        report_mail.send_notices()
        return [message.to for message in mail.outbox]

    sent = [to for outbox in in_processes(WORKERS, send, tmp_path) for to in outbox]
    assert sent == [[User.objects.get(name="Ben").email]]
    assert ReportNotice.objects.get(number=1).attempts == 1


def test_people_who_take_it_at_once_leave_it_with_one_of_them(report, tmp_path):
    nurses = [make_user(Role.NURSE) for _ in range(WORKERS)]

    def take(number):
        try:
            return report_work.take(report=report, by=nurses[number]).taken_by.pk
        except Refused as refused:
            return refused.rule

    answers = in_processes(WORKERS, take, tmp_path)
    (winner,) = [answer for answer in answers if answer != "taken"]
    assert answers.count("taken") == WORKERS - 1
    assert (report_work.fresh(report).taken_by_id, ReportStep.objects.get().by_id) == (winner, winner)


def test_of_people_who_close_it_at_once_from_one_page_one_closes_it(report, tmp_path):
    closers = list(User.objects.with_role(Role.CLINICIAN))

    def close(number):
        by = closers[number]
        said = {"outcome": "advised", "note": f"By {by}.", "contact": "reached"}
        try:
            return report_work.close(report=report, version=1, by=by, **said).closed_by_id
        except Refused as refused:
            return refused.rule

    answers = in_processes(len(closers), close, tmp_path)
    stored = report_work.fresh(report)
    assert sorted(map(str, answers)) == sorted([str(stored.closed_by_id), "stale", "stale"])
    assert (stored.closing_note, list(ReportStep.objects.values_list("what", "by"))) == (
        f"By {stored.closed_by}.",
        [("reached", stored.closed_by_id), ("closed", stored.closed_by_id)],
    )


def test_of_answers_sent_again_at_once_after_their_report_was_closed_one_report_is_made(tmp_path):
    patient = make_patient_user().patient
    said = Said(["CHEST_OR_BREATH"], affirmed=["CHEST"])
    facts = {"patient": patient, "said": said, "request_key": uuid4(), "source": "portal", "by": patient.user}
    first = file_report(**facts, now=datetime.now(UTC), clinic=Clinic.current())
    words = {"outcome": "advised", "note": "All is well", "contact": "reached"}
    report_work.close(report=first, version=first.version, **words, by=make_user(Role.CLINICIAN))

    def send(number):
        return file_report(**facts, now=datetime.now(UTC), clinic=Clinic.current()).pk

    made = in_processes(WORKERS, send, tmp_path)

    assert made == [SymptomReport.objects.open().get().pk] * WORKERS
    assert AuditEvent.objects.filter(action="symptoms reported").count() == 2


@pytest.mark.parametrize(("point", "sent_by_the_dead"), [("after_claim", 0), ("after_call", 1)])
def test_a_sender_that_dies_leaves_the_e_mail_to_the_next_after_its_lease(
    report, tmp_path, monkeypatch, point, sent_by_the_dead
):
    # Settings that are overridden switch the fault points off, so the backend is put where it is asked for.
    post = partial(EmailBackend, file_path=str(tmp_path / "post"))
    monkeypatch.setattr(report_mail, "get_connection", lambda timeout: post())
    monkeypatch.setenv(faultpoints.VARIABLE, point)

    def letters():
        folder = tmp_path / "post"
        return sum(path.read_text().count("Message-ID:") for path in folder.glob("*")) if folder.exists() else 0

    assert in_processes(1, lambda number: watch_reports(), tmp_path) == [KILLED]
    monkeypatch.delenv(faultpoints.VARIABLE)
    notice = ReportNotice.objects.get(number=1)
    assert (letters(), notice.sent_at, notice.attempts) == (sent_by_the_dead, None, 1)

    now = datetime.now(UTC)
    report_mail.send_notices(now=now + timedelta(minutes=1))
    while_claimed = letters()
    report_mail.send_notices(now=now + timedelta(minutes=4))
    report_mail.send_notices(now=now + timedelta(minutes=9))

    assert (while_claimed, letters()) == (sent_by_the_dead, sent_by_the_dead + 1)
    assert ReportNotice.objects.get(number=1).attempts == 2


def test_an_escalation_that_dies_half_way_asked_nobody(report, tmp_path, monkeypatch):
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(report_work.audit, "record", die)
    assert in_processes(1, lambda number: report_escalation.escalate_due(), tmp_path) == [KILLED]
    monkeypatch.undo()

    assert (ReportStep.objects.count(), ReportNotice.objects.count()) == (0, 1)
    assert (report_escalation.escalate_due(), ReportStep.objects.get().to.name) == (1, "Ben")
