"""What every ring does for the whole clinic. Tasks take nothing, publish nothing, never retry: the next ring does."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings

from clinic.notifications import stopping
from clinic.notifications.logs import describe
from clinic.notifications.sweep import sweep as sweep_deliveries

logger = logging.getLogger(__name__)

# As long as beat's own rings live (`CELERY_BEAT_SCHEDULE`).
RING_EXPIRES_S = 55


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Judge lost leases, expire what is too late, beat the heart, seal the audit trail."""
    sweep_deliveries()


@worker_ready.connect  # type: ignore[untyped-decorator]
def ring_at_once(sender: Any, **_: Any) -> None:
    """A worker that comes up does not wait for beat's first minute: what is due is late enough already.

    Any number of rings at once is fine. A broker that is gone again is no reason to end: beat rings when it is back.
    """
    try:
        for name in settings.REMINDER_TASKS:
            sender.app.send_task(name, expires=RING_EXPIRES_S, retry=False)
    except Exception as error:
        logger.warning("the first ring failed with %s", describe(error))


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def finish_the_row(**_: Any) -> None:
    """The main process of a worker hears SIGTERM; its children, who send, see the flag between two rows."""
    stopping.request_family()
