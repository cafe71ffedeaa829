"""What every ring does for the whole clinic. Tasks take nothing, publish nothing, never retry: the next ring does."""

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from clinic.notifications import stopping
from clinic.notifications.sweep import sweep as sweep_deliveries


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Judge lost leases, expire what is too late, beat the heart, seal the audit trail."""
    sweep_deliveries()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def finish_the_row(**_: Any) -> None:
    """The main process of a worker hears SIGTERM; its children, who send, see the flag between two rows."""
    stopping.request_family()
