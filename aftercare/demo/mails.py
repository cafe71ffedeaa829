"""Mails of the demo's past: their files bear the time at which they were written then, not that of the filling."""

import os
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings


class Mails:
    """Knows which files of Django's file mailer were there before; without a folder of mails it does nothing."""

    def __init__(self) -> None:
        folder = getattr(settings, "EMAIL_FILE_PATH", None)
        self._folder = Path(folder) if folder else None
        self._seen = self._files()

    def date_new_ones(self, moment: datetime) -> None:
        """To be called after each thing that happened at `moment`; the page of messages goes by these times.

        The mailer names a file by the second and by an object that may be gone, so two mails of one second can
        share a name, and the later would be added to the earlier. What is dated therefore gets a name of its own.
        """
        for file in self._files() - self._seen:
            os.utime(file, (moment.timestamp(),) * 2)
            self._seen.add(file.rename(file.with_stem(f"{file.stem}-{uuid4().hex}")))

    def _files(self) -> set[Path]:
        return set(self._folder.glob("*.log")) if self._folder else set()
