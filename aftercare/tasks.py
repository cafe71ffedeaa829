"""Reminders of aftercare plans, rung each minute. Each task claims its own kind of message, in batches."""

from celery import shared_task

from clinic.models import Delivery
from clinic.notifications.dispatch import dispatch


@shared_task  # type: ignore[untyped-decorator]
def send_compression_reminders() -> bool:
    """Send what is due about stockings; True when there may be more than one ring can send."""
    return dispatch(kinds=[Delivery.Kind.COMPRESSION])


@shared_task  # type: ignore[untyped-decorator]
def send_activity_reminders() -> bool:
    """Send what is due about walking, check-ins and what to leave; True when there may be more."""
    return dispatch(kinds=[Delivery.Kind.ACTIVITY])
