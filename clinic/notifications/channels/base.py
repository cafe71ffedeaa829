"""What a channel is: one verb, and four answers. A new channel is one module and one line in `CHANNELS`."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from clinic.models import Patient


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of text that goes with a letter, for channels that can carry one; it is bound by the words' own rules."""

    name: str
    content_type: str  # with its parameters: text/calendar; charset=utf-8; method=PUBLISH
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered message to one address.

    `short` says the same in one text message, at most 160 GSM characters; None where the clinic's address is too long.
    """

    to: str
    sender: str
    subject: str
    body: str
    short: str | None
    stop_url: str
    step: str
    language: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderReceipt:
    """The provider has taken the message; `reference` is its own name for it."""

    reference: str = ""


class ProviderError(Exception):
    """`reason` is one plain sentence for staff, without the address and without any text of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PermanentFailure(ProviderError):
    """It did not leave and never will: a bad address. Not tried again."""


class TemporaryFailure(ProviderError):
    """It certainly did not leave; worth another try, not before `retry_after_s` seconds when the provider said so."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class UnknownOutcome(ProviderError):
    """The request left and no answer came: it may have arrived."""


class Channel(Protocol):
    """`deliver` returns a receipt or raises one of the errors above; anything else counts as an unknown outcome.

    It is called outside of any transaction, touches no database, and may be given up after 15 s.
    """

    name: str
    # The contact preference that permits it, and whose address it uses.
    consent: str
    # Whether a second call with the same key delivers nothing new.
    idempotent: bool

    def address_of(self, patient: Patient) -> str:
        """The patient's address on this channel, or ""."""
        ...

    def deliver(self, letter: Letter, *, idempotency_key: UUID) -> ProviderReceipt: ...
