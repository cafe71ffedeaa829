"""The product's Celery app for workers and beats of tests: messages go into a folder, beat rings each second."""

import os
import time
from pathlib import Path

import django
from django.conf import settings

from clinic.celery import app

django.setup()
settings.OUTBOX_DIR = Path(os.environ["OUTBOX_DIR"])

from clinic.notifications import channels, sources  # noqa: E402
from clinic.notifications.channels.file import FileChannel  # noqa: E402

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = float(os.environ.get("RINGS_EVERY_S", "1"))
app.conf.beat_max_loop_interval = 1


class SlowFileChannel(FileChannel):
    """Takes as long over each message as the environment says."""

    def deliver(self, letter, *, idempotency_key):
        time.sleep(float(os.environ.get("SLOW_S", "0")))
        return super().deliver(letter, idempotency_key=idempotency_key)


channels.CHANNELS["file"] = SlowFileChannel()
sources._SOURCES["test"] = sources.Source(lambda rows: {}, lambda rows: {row.pk: {} for row in rows})

__all__ = ["app"]
