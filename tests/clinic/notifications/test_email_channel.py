"""E-mail over a real SMTP conversation: what the server says decides what we believe."""

import uuid
from datetime import timedelta
from email import message_from_string
from email.policy import default as modern

import pytest

from clinic.notifications import outcome
from clinic.notifications.channels.base import (
    Attachment,
    Letter,
    PermanentFailure,
    ProviderReceipt,
    TemporaryFailure,
    UnknownOutcome,
)
from clinic.notifications.channels.email import EmailChannel
from tests.support.redis_server import free_port
from tests.support.smtp_server import MailServer

KEY = uuid.UUID("5e0e7b1c-6f0e-4b61-9a4c-6f7f8f0b8d11")


def letter(**facts):
    return Letter(
        **{
            "to": "lilac@example.com",
            "sender": "Lilac Hill",
            "subject": "¿Cómo está?",
            "body": "Hola:\n\nhttps://clinic.example.com/l/x/\n",
            "short": None,
            "stop_url": "https://clinic.example.com/stop/x/",
            "step": "CHECK_1",
            "language": "es",
            **facts,
        }
    )


@pytest.fixture
def server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL = "Clinic <reminders@clinic.example.com>"
    yield server
    server.stop()


def ask(the_letter=None, limit_s=5):
    limit = timedelta(seconds=limit_s)
    return outcome.ask(EmailChannel(), the_letter or letter(), idempotency_key=KEY, limit=limit)


def test_a_mail_carries_its_own_id_the_neutral_sender_and_how_to_stop(server):
    assert ask() == ProviderReceipt(reference=f"<{KEY}@clinic.example.com>")

    mail = message_from_string(server.mails[0], policy=modern)
    assert mail["Message-ID"] == f"<{KEY}@clinic.example.com>"
    assert mail["From"] == "Lilac Hill <reminders@clinic.example.com>"
    assert (mail["To"], mail["Subject"]) == ("lilac@example.com", "¿Cómo está?")
    assert mail["List-Unsubscribe"] == "<https://clinic.example.com/stop/x/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content().replace("\r\n", "\n") == "Hola:\n\nhttps://clinic.example.com/l/x/\n"


@pytest.mark.parametrize(
    ("step", "reply", "meaning"),
    [
        ("RCPT", "550 unknown", PermanentFailure),
        ("RCPT", "450 mailbox is busy", TemporaryFailure),
        ("MAIL", "554 not from you", TemporaryFailure),
        (".", "554 looks like spam", PermanentFailure),
        (".", "451 later please", TemporaryFailure),
        (".", None, UnknownOutcome),
        ("hello", "554 go away", TemporaryFailure),
        ("hello", None, TemporaryFailure),
    ],
)
def test_what_the_mail_server_answers(server, step, reply, meaning):
    server.replies[step] = reply

    answer = ask()

    assert type(answer) is meaning
    assert "lilac" not in answer.reason


def test_a_mail_that_was_taken_counts_although_the_goodbye_fails(server):
    server.replies["QUIT"] = None

    assert type(ask()) is ProviderReceipt


def test_nobody_listening_is_a_definite_failure(server, settings):
    settings.EMAIL_PORT = free_port()

    assert type(ask()) is TemporaryFailure


@pytest.mark.parametrize("step", ["hello", "."])
def test_a_black_hole_is_given_up_in_time(server, step):
    server.replies[step] = "silence"

    answer = ask(limit_s=0.3)
    assert (type(answer), answer.reason) == (UnknownOutcome, "No answer within 0.3 s.")


@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_line_break_in_a_header_sends_nothing(server, field):
    forged = letter(**{field: "lilac@example.com\nBcc: all@example.com"})

    assert type(ask(forged)) is PermanentFailure
    assert server.mails == []


def test_an_attachment_arrives_as_it_was_written_with_its_type_and_name(server):
    file = "BEGIN:VCALENDAR\r\nSUMMARY:¿Visita?\r\nEND:VCALENDAR\r\n"
    ask(letter(attachments=(Attachment("visit.ics", "text/calendar; charset=utf-8; method=PUBLISH", file),)))

    mail = message_from_string(server.mails[0], policy=modern)
    (part,) = mail.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("text/calendar", "visit.ics")
    assert (part.get_param("method"), part.get_param("charset")) == ("PUBLISH", "utf-8")
    assert part.get_payload(decode=True).decode() == file
    assert mail.get_body(("plain",)).get_content().startswith("Hola:")
