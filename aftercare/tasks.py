"""What is rung each minute: reminders of aftercare plans, and the watch over reports that wait for an answer."""

from celery import shared_task

from aftercare.report_escalation import escalate_due, name_first
from aftercare.report_mail import send_notices
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


@shared_task  # type: ignore[untyped-decorator]
def watch_reports() -> bool:
    """Ask the next clinician where the time of a report ran out, and send the e-mails; True when there may be more."""
    name_first()
    escalate_due()
    return send_notices()
