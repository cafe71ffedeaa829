"""Reminders of visits, rung each minute."""

from celery import shared_task

from clinic.models import Delivery
from clinic.notifications.dispatch import dispatch


@shared_task  # type: ignore[untyped-decorator]
def send_appointment_reminders() -> bool:
    """Send what is due; True when there may be more than one ring can send."""
    return dispatch(kinds=[Delivery.Kind.APPOINTMENT])
