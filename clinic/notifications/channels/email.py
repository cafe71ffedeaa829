"""E-mail through Django's mail backend (SMTP from EMAIL_URL). Not idempotent: a mail server keeps no keys."""

import smtplib
from email.encoders import encode_base64
from email.message import Message
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import formataddr, parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from clinic.models import ContactPreference, Patient
from clinic.notifications.channels.base import (
    Attachment,
    Letter,
    PermanentFailure,
    ProviderReceipt,
    TemporaryFailure,
    UnknownOutcome,
)

# Shorter than the limit of a whole call, so that a server that never greets counts as a definite failure.
_SOCKET_TIMEOUT_S = 10


class EmailChannel:
    name = "email"
    consent = ContactPreference.Channel.EMAIL.value
    idempotent = False

    def address_of(self, patient: Patient) -> str:
        return patient.email

    def deliver(self, letter: Letter, *, idempotency_key: UUID) -> ProviderReceipt:
        message = message_of(letter, idempotency_key)
        connection = get_connection(timeout=_SOCKET_TIMEOUT_S)
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise TemporaryFailure("The mail server cannot be reached or does not let us in.") from error
        try:
            connection.send_messages([message])
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise judge(error) from error
        finally:
            _close(connection)
        return ProviderReceipt(reference=str(message.extra_headers["Message-ID"]))


def message_of(letter: Letter, idempotency_key: UUID) -> EmailMessage:
    """The mail of a letter. Its Message-ID is made from the delivery, so that a second copy shows as the same mail."""
    own_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    host = own_address.rpartition("@")[2] or "localhost"
    message = EmailMessage(
        subject=letter.subject,
        body=letter.body,
        from_email=formataddr((letter.sender, own_address)),
        to=[letter.to],
        headers={
            "Message-ID": f"<{idempotency_key}@{host}>",
            "List-Unsubscribe": f"<{letter.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    for attachment in letter.attachments:
        message.attach(_part(attachment))
    return message


def _part(attachment: Attachment) -> MIMENonMultipart:
    """The attachment as bytes: its line ends and signs arrive as they are, and its type keeps its parameters."""
    declared = Message()
    declared["Content-Type"] = attachment.content_type
    part = MIMENonMultipart(declared.get_content_maintype(), declared.get_content_subtype())
    for name, value in (declared.get_params() or [])[1:]:
        part.set_param(name, value)
    part.set_payload(attachment.text.encode())
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=attachment.name)
    return part


def judge(error: Exception) -> PermanentFailure | TemporaryFailure | UnknownOutcome:
    """What an error after the connection was opened means: 5xx never leaves, 4xx may later, silence is unknown."""
    if isinstance(error, (ValueError, smtplib.SMTPNotSupportedError)):
        return PermanentFailure("The e-mail address cannot be written to.")
    if isinstance(error, smtplib.SMTPSenderRefused):
        # Our set-up, not the patient's address: somebody may put it right before the last try.
        return TemporaryFailure(f"The mail server does not let the clinic send (code {error.smtp_code}).")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if codes and all(code >= 500 for code in codes):
            return PermanentFailure("The mail server refused the address.")
        return TemporaryFailure("The mail server does not take mail for this address at the moment.")
    if isinstance(error, smtplib.SMTPResponseException):
        if error.smtp_code >= 500:
            return PermanentFailure(f"The mail server refused the message (code {error.smtp_code}).")
        return TemporaryFailure(f"The mail server asked to try later (code {error.smtp_code}).")
    return UnknownOutcome("The mail server did not answer after the message was handed over.")


def _close(connection: object) -> None:
    try:
        connection.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        pass  # the message is decided already
