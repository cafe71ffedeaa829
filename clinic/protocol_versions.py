"""The clinic's protocol, version by version: a change is checked here, and the clinical lead signs it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from clinic import audit
from clinic.models import ProtocolVersion, User
from clinic.protocol import Protocol, ProtocolError
from clinic.protocol_presenter import refusal_words


class NotSigned(Exception):
    """Nothing was stored; the message says what to do. `field` names a value of the protocol, or is empty."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def base_for_next() -> tuple[int, Protocol]:
    """The number in force (0 before the first) and the values that the next version starts from."""
    current = ProtocolVersion.in_force()
    return (current.number, current.protocol()) if current else (0, Protocol.default())


@transaction.atomic
def sign_version(*, changes: Mapping[str, object], note: str, after: int, by: User, now: datetime) -> ProtocolVersion:
    """Sign the next version: the values in force (the shipped ones before the first) with `changes`, by key.

    `after` is the number that the signer saw in force; another one means that somebody signed meanwhile. Raises
    `NotSigned` for that, for an empty note, and for a value outside its allowed range. The signature itself is the
    recorded sign-off that the wider ranges ask for. Existing plans keep the version that they were made by.
    """
    number, base = base_for_next()
    if number != after:
        raise NotSigned(f"Protocol {number} was signed meanwhile. Look at it first, then make your change again.")
    if not note.strip():
        raise NotSigned("Write what this version is for; it stays with it.", field="note")
    try:
        protocol = base.with_overrides(changes, signed_off=True, to_be_signed=True, version=f"{number + 1}")
    except ProtocolError as error:
        raise NotSigned(refusal_words(error), field=error.field) from error
    changed = sorted(key for key, value in protocol.settings.items() if value != base.settings[key])
    try:
        with transaction.atomic():
            version = ProtocolVersion.objects.create(
                number=number + 1,
                values=protocol.as_dict(),
                note=note.strip(),
                created_at=now,
                signed_by=by,
                signed_at=now,
            )
    except IntegrityError as error:
        raise NotSigned("Somebody signed a version in this moment. Look at it first.") from error
    audit.record("protocol signed", by=by, subject=version, number=version.number, changed=changed)
    return version
