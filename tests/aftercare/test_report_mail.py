"""The e-mails that ask staff to look at a report: once each, never given up, and only while somebody must be asked."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from aftercare import report_escalation, report_mail, report_work
from aftercare.models import ReportNotice, SymptomReport
from aftercare.tasks import watch_reports
from clinic.access import Role
from clinic.models import User
from tests.makers import at, make_clinic, make_patient, make_report, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 09:10")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada():
    return make_user(Role.CLINICIAN, name="Ada")


@pytest.fixture
def server(monkeypatch):
    """A mail server that fails as it is told: with `error`, for everybody or for the address `only`."""

    class Server:
        error = None
        only = ""
        tries = 0

    def send(backend, messages):
        Server.tries += 1
        if Server.error is not None and Server.only in ("", messages[0].to[0]):
            raise Server.error
        return real(backend, messages)

    real = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", send)
    return Server


def asked(to, *, number=0, written_at=NOW, **facts):
    report = make_report(given_to=to, **facts)
    return ReportNotice.objects.create(report=report, number=number, to=to, written_at=written_at)


def post(moment):
    report_mail.send_notices(now=moment)
    return [message.to for message in mail.outbox]


def reread(notice):
    return ReportNotice.objects.get(pk=notice.pk)


def test_an_e_mail_leaves_once_and_says_nothing_about_anybody(ada, settings):
    settings.BASE_URL = "https://clinic.example"
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield")
    notice = asked(ada, patient=make_patient(given_name="Bess", family_name="Cowslip"))
    for minute in range(5):
        post(NOW + minute * MINUTE)

    (message,) = mail.outbox
    assert (message.to, message.subject) == ([ada.email], "Larkfield: somebody waits for your answer")
    assert f"https://clinic.example/queue/{notice.report.public_id}/" in message.body
    words = f"{message.subject} {message.body}".lower()
    assert [word for word in ("bess", "cowslip", "vein", "leg", "calf", "same day", "symptom") if word in words] == []


def test_an_e_mail_that_nobody_needs_any_more_stays(ada):
    notice = asked(ada)
    report_work.take(report=notice.report, by=make_user(Role.NURSE), now=NOW)

    assert post(NOW + MINUTE) == []


def test_the_pauses_after_failures_grow_and_the_tries_never_end(ada, server):
    asked(ada)
    server.error = ConnectionRefusedError()
    tried = []
    for minute in range(60):
        before = server.tries
        post(NOW + minute * MINUTE)
        tried += [minute] * (server.tries - before)

    assert tried == [0, 1, 3, 8, 23, 38, 53]


def test_an_e_mail_leaves_after_an_outage_of_a_night(ada, server):
    notice = asked(ada)
    server.error = ConnectionRefusedError()
    for minute in range(600):
        post(NOW + minute * MINUTE)
    server.error = None
    for minute in range(600, 616):
        post(NOW + minute * MINUTE)

    assert [message.to for message in mail.outbox] == [[ada.email]]
    assert reread(notice).sent_at <= NOW + 615 * MINUTE


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), smtplib.SMTPServerDisconnected("gone")])
def test_a_server_that_is_away_ends_the_round_without_using_up_the_others(ada, server, error):
    for _ in range(50):
        asked(ada)
    server.error = error

    assert [report_mail.send_notices(now=NOW) for _ in range(3)] == [False, False, False]
    assert (server.tries, sorted(set(ReportNotice.objects.values_list("attempts", flat=True)))) == (3, [0, 1])


def test_a_full_batch_in_which_every_e_mail_failed_is_not_rung_again_at_once(ada, server):
    for _ in range(51):
        asked(ada)
    server.error = smtplib.SMTPDataError(451, b"later")

    assert (report_mail.send_notices(now=NOW), server.tries) == (False, 50)


def test_a_full_batch_that_left_is_followed_by_the_next_at_once(ada):
    for _ in range(51):
        asked(ada)

    assert [report_mail.send_notices(now=NOW) for _ in range(2)] == [True, False]
    assert len(mail.outbox) == 51


def test_an_address_that_is_refused_for_good_is_given_up_and_the_others_are_written_to(ada, server):
    ben = make_user(Role.CLINICIAN, name="Ben")
    refused, sent = asked(ada), asked(ben)
    server.error, server.only = smtplib.SMTPRecipientsRefused({ada.email: (550, b"no such user")}), ada.email
    for minute in range(30):
        post(NOW + minute * MINUTE)

    assert ([message.to for message in mail.outbox], server.tries) == ([[ben.email]], 2)
    assert (reread(refused).refused_at, reread(refused).sent_at, reread(sent).refused_at) == (NOW, None, None)


def test_a_corrected_address_is_written_to_once_and_refuses_no_more(ada, server):
    notice = asked(ada)
    server.error, server.only = smtplib.SMTPRecipientsRefused({ada.email: (550, b"no such user")}), ada.email
    for minute in range(9):
        post(NOW + minute * MINUTE)
    assert (server.tries, reread(notice).refused_address) == (1, ada.email)

    User.objects.filter(pk=ada.pk).update(email="ada.right@clinic.example")
    for minute in range(9, 19):
        post(NOW + minute * MINUTE)

    assert ([message.to for message in mail.outbox], server.tries) == ([["ada.right@clinic.example"]], 2)
    assert reread(notice).sent_at == NOW + 9 * MINUTE


def test_an_address_corrected_to_another_that_is_refused_is_given_up_too(ada, server):
    notice = asked(ada)
    server.error = smtplib.SMTPRecipientsRefused({ada.email: (550, b"no such user")})
    post(NOW)
    User.objects.filter(pk=ada.pk).update(email="ada.wrong@clinic.example")
    for minute in range(1, 30):
        post(NOW + minute * MINUTE)

    assert (server.tries, reread(notice).refused_address) == (2, "ada.wrong@clinic.example")


def test_an_address_corrected_while_the_old_one_was_refused_is_tried(ada, server, monkeypatch):
    notice = asked(ada)
    server.error, server.only = smtplib.SMTPRecipientsRefused({ada.email: (550, b"no such user")}), ada.email
    send = report_mail._send

    def meanwhile(notice, clinic, clock):
        User.objects.filter(pk=ada.pk).update(email="ada.right@clinic.example")
        return send(notice, clinic, clock)

    monkeypatch.setattr(report_mail, "_send", meanwhile)
    post(NOW)

    assert post(NOW + MINUTE) == [["ada.right@clinic.example"]]
    assert reread(notice).refused_address == ada.email


def test_a_corrected_address_gets_no_e_mail_of_what_was_closed_meanwhile(ada, server):
    notice = asked(ada, level="REASSURE", symptoms=["BRUISES"])
    server.error, server.only = smtplib.SMTPRecipientsRefused({ada.email: (550, b"no such user")}), ada.email
    post(NOW)
    report_work.close(report=notice.report, version=1, outcome="advised", note="Read.", by=ada, now=NOW)
    User.objects.filter(pk=ada.pk).update(email="ada.right@clinic.example")

    assert post(NOW + 9 * MINUTE) == []


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"ada@clinic.example": (450, b"greylisted")}),
        smtplib.SMTPSenderRefused(550, b"not you", "clinic@clinic.example"),
        smtplib.SMTPAuthenticationError(535, b"wrong password"),
    ],
)
def test_what_may_pass_or_is_our_own_fault_is_tried_again(ada, server, error):
    notice = asked(ada)
    server.error = error
    post(NOW)
    server.error = None

    assert (reread(notice).refused_at, post(NOW + MINUTE)) == (None, [[ada.email]])


def test_a_claim_of_a_sender_that_died_is_taken_over(ada):
    notice = asked(ada)
    ReportNotice.objects.filter(pk=notice.pk).update(claimed_at=NOW, attempts=1)

    assert post(NOW + 2 * MINUTE) == []
    assert post(NOW + 3 * MINUTE) == [[ada.email]]


def test_each_claim_reads_the_clock_and_whether_the_e_mail_is_still_wanted(ada, monkeypatch):
    first, second, third = (asked(ada) for _ in range(3))
    send = report_mail._send

    def slow(notice, clinic, clock):
        if notice == first:  # sending it takes two minutes; somebody takes the second report meanwhile
            report_work.take(report=second.report, by=ada, now=NOW)
            time.shift(2 * MINUTE)
        return send(notice, clinic, clock)

    monkeypatch.setattr(report_mail, "_send", slow)
    with time_machine.travel(NOW, tick=False) as time:
        report_mail.send_notices()

    assert [reread(notice).claimed_at for notice in (first, second, third)] == [NOW, None, NOW + 2 * MINUTE]
    assert (len(mail.outbox), reread(second).attempts) == (2, 0)


def test_a_claim_is_one_update_without_a_join(ada, django_assert_num_queries):
    notice = asked(ada)
    with django_assert_num_queries(1) as asked_of_the_database:
        assert report_mail._claim(notice, NOW)

    # A joined condition would become "id IN (…)", which a second worker on PostgreSQL would still find true.
    assert " IN (SELECT" not in asked_of_the_database.captured_queries[0]["sql"].split("EXISTS")[0]
    assert report_mail._claim(notice, NOW) is False


# --- to everybody ------------------------------------------------------------------------------------------------


@pytest.fixture
def unanswered(ada):
    """An emergency that the only clinician has taken and whose time is over; a nurse is there too."""
    nurse = make_user(Role.NURSE, name="Nina")
    report = make_report(given_to=ada, level="EMERGENCY", symptoms=["COLLAPSE"], due_at=NOW + 5 * MINUTE)
    report_work.take(report=report, by=ada, now=NOW)
    report_escalation.escalate_due(now=NOW + 5 * MINUTE)
    return report, {ada.email, nurse.email}


def test_a_reminder_to_everybody_leaves_although_somebody_has_the_report(unanswered):
    _, everybody = unanswered
    assert {to for (to,) in post(NOW + 6 * MINUTE)} == everybody
    assert "Now we write to all of you" in mail.outbox[0].body


def test_a_reminder_stays_when_somebody_took_the_report_over_or_a_clinician_reached_the_patient(unanswered, ada):
    report, _ = unanswered
    stored = report_work.fresh(report)
    report_work.save(report=report, version=stored.version, contact="reached", by=ada, now=NOW + 6 * MINUTE)

    assert post(NOW + 6 * MINUTE) == []


def test_after_an_outage_only_the_newest_round_of_reminders_leaves(unanswered):
    _, everybody = unanswered
    for minute in (10, 15, 20):
        report_escalation.escalate_due(now=NOW + minute * MINUTE)

    assert len(post(NOW + 21 * MINUTE)) == len(everybody)
    assert {to for (to,) in post(NOW + 22 * MINUTE)} == everybody
    assert ReportNotice.objects.filter(sent_at__isnull=True, to_all=True).count() == 3 * len(everybody)


def test_the_ring_asks_and_sends_in_one_go(ada):
    ben = make_user(Role.CLINICIAN, name="Ben")
    ReportNotice.objects.create(report=make_report(given_to=ada), number=0, to=ada, sent_at=NOW)

    assert watch_reports() is False
    assert [message.to for message in mail.outbox] == [[ben.email]]
    assert SymptomReport.objects.get().given_to == ben
