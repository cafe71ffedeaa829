"""What the demo "sent": the files of the file channel, and what Django's file mailer wrote: codes, mails to staff."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from uuid import UUID

from django.conf import settings

from clinic.notifications.channels.base import Attachment

_SEPARATOR = "\n" + "-" * 79 + "\n"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class SentLetter:
    at: datetime
    to: str
    subject: str
    text: str
    short: str  # the same as a text message, "" where there is none
    ident: UUID | None = None  # of a letter of the file channel
    attachments: tuple[Attachment, ...] = ()

    @property
    def link(self) -> str:
        """The first address in the text, "" when it has none."""
        found = _ADDRESS.search(self.text)
        return found.group() if found else ""


def sent_letters(*, to: str = "", limit: int = 60) -> list[SentLetter]:
    """The newest letters, newest first, of one recipient or of all; a file that is no letter is passed over."""
    letters = [letter for letter in (*_reminders(limit, to), *_mails(limit, to)) if not to or letter.to == to]
    return sorted(letters, key=lambda letter: letter.at, reverse=True)[:limit]


def _reminders(limit: int, to: str) -> Iterator[SentLetter]:
    files = _newest_first(Path(settings.OUTBOX_DIR), "*.json")
    for file in files if to else files[:limit]:
        try:
            yield _letter_in(file)
        except (OSError, ValueError, KeyError, TypeError):
            continue


def attachment_of(ident: UUID, number: int) -> Attachment | None:
    """The file that went with a letter of the file channel, counted from 0; None when there is none."""
    try:
        return _letter_in(Path(settings.OUTBOX_DIR) / f"{ident}.json").attachments[number]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _letter_in(file: Path) -> SentLetter:
    facts = json.loads(file.read_text())
    return SentLetter(
        at=datetime.fromisoformat(facts["written_at"]),
        to=facts["to"],
        subject=facts["subject"],
        text=facts["body"],
        short=facts["short"] or "",
        ident=UUID(file.stem),
        attachments=tuple(Attachment(**each) for each in facts.get("attachments", ())),
    )


def _mails(limit: int, to: str) -> Iterator[SentLetter]:
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    files = _newest_first(Path(folder), "*.log") if folder else []
    for file in files if to else files[:limit]:
        try:
            texts, at = file.read_text().split(_SEPARATOR), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except (OSError, ValueError):
            continue
        for text in texts:
            mail = message_from_bytes(text.lstrip().encode(), policy=modern)
            body = mail.get_body(("plain",))
            if body is not None and mail["To"]:
                yield SentLetter(at, str(mail["To"]), str(mail["Subject"] or ""), body.get_content().strip(), "")


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    def written(file: Path) -> float:
        try:
            return file.stat().st_mtime
        except OSError:
            return 0.0

    return sorted(folder.glob(pattern), key=written, reverse=True)
