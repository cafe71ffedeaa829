"""The demo's channel: one JSON file per message, which the demo shows on a page. Nothing leaves the machine."""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from clinic.models import ContactPreference, Patient
from clinic.notifications.channels.base import Letter, ProviderReceipt, TemporaryFailure


class FileChannel:
    """Stands in for e-mail: same consent, same address. Idempotent, because the key is the file's name."""

    name = "file"
    consent = ContactPreference.Channel.EMAIL.value
    idempotent = True

    def address_of(self, patient: Patient) -> str:
        return patient.email

    def deliver(self, letter: Letter, *, idempotency_key: UUID) -> ProviderReceipt:
        folder = Path(settings.OUTBOX_DIR)
        target = folder / f"{idempotency_key}.json"
        # Written whole under a name of its own, then linked in place: the first one stays, half a file never shows.
        draft = folder / f".{idempotency_key}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(
                json.dumps({**asdict(letter), "written_at": timezone.now().isoformat()}, ensure_ascii=False)
            )
            with suppress(FileExistsError):
                os.link(draft, target)
        except OSError as error:
            raise TemporaryFailure(f"The outbox folder cannot be written ({error.strerror}).") from error
        finally:
            with suppress(OSError):
                draft.unlink()
        return ProviderReceipt(reference=target.name)
