"""Mails of the demo's past: their files bear the time at which they were written then, not that of the filling."""

import os
from datetime import datetime
from pathlib import Path

from django.conf import settings


class Mails:
    """Knows which files of Django's file mailer were there before; without a folder of mails it does nothing."""

    def __init__(self) -> None:
        folder = getattr(settings, "EMAIL_FILE_PATH", None)
        self._folder = Path(folder) if folder else None
        self._seen = self._files()

    def date_new_ones(self, moment: datetime) -> None:
        """To be called after each thing that happened at `moment`; the page of messages goes by these times."""
        new = self._files() - self._seen
        for file in new:
            os.utime(file, (moment.timestamp(),) * 2)
        self._seen |= new

    def _files(self) -> set[Path]:
        return set(self._folder.glob("*.log")) if self._folder else set()
