"""What every ring does for the whole clinic. Tasks take nothing, publish nothing, never retry: the next ring does."""

import sys
from typing import Any

from celery import shared_task
from celery.signals import beat_init, worker_init, worker_shutting_down
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from clinic.notifications import stopping
from clinic.notifications.sweep import sweep as sweep_deliveries
from clinic.startup import refuse_the_wrong_clinic


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Judge lost leases, expire what is too late, beat the heart, seal the audit trail."""
    sweep_deliveries()


@worker_init.connect  # type: ignore[untyped-decorator]
@beat_init.connect  # type: ignore[untyped-decorator]
def end_at_the_wrong_clinic(**_: Any) -> None:
    """A worker of a demo would put a real clinic's messages into files: it ends in one line, as `./dev up` does."""
    try:
        refuse_the_wrong_clinic()
    except ImproperlyConfigured as refused:
        sys.exit(str(refused))
    finally:
        connection.close()  # the worker's children make their own


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def finish_the_row(**_: Any) -> None:
    """The main process of a worker hears SIGTERM; its children, who send, see the flag between two rows."""
    stopping.request_family()
