"""The e-mails that ask staff to look at a report: rows first, claimed before they are sent, neutral to who sees them.

They are no deliveries: those go to patients, by the channels and at the hours that these allowed. Somebody must learn
of a red flag, so a claim whose sender died is taken over: twice is better than never. Both copies have one Message-ID.
"""

import logging
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from aftercare.models import ReportNotice
from clinic.models import Clinic
from clinic.notifications import stopping
from clinic.notifications.faultpoints import at
from clinic.notifications.logs import describe

logger = logging.getLogger(__name__)

_LEASE = timedelta(minutes=3)
# One try each ring; after half an hour of refusals the address is wrong, and others were asked meanwhile.
_MOST_TRIES = 30
_BATCH = 50
_SOCKET_TIMEOUT_S = 10


def send_notices(*, now: datetime | None = None) -> bool:
    """Send what is still wanted; True when there may be more. Any number of workers at once."""
    now = now or timezone.now()
    waiting = list(_waiting(now).select_related("report", "to").order_by("written_at", "pk")[:_BATCH])
    clinic = Clinic.current() if waiting else None
    for notice in waiting:
        if stopping.requested():
            return False
        if _claim(notice, now):
            at("after_claim")
            assert clinic is not None
            _send(notice, clinic)
    return len(waiting) == _BATCH


def _waiting(now: datetime) -> QuerySet[ReportNotice]:
    """Unsent ones to whom is asked now, about reports that nobody has taken."""
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lte=now - _LEASE)
    wanted = Q(report__closed_at__isnull=True, report__taken_at__isnull=True, report__given_to=F("to"))
    return ReportNotice.objects.filter(free, wanted, sent_at__isnull=True, attempts__lt=_MOST_TRIES, to__is_active=True)


def _claim(notice: ReportNotice, now: datetime) -> bool:
    """Ours when nobody claimed it since it was read."""
    same = ReportNotice.objects.filter(
        pk=notice.pk, sent_at__isnull=True, claimed_at=notice.claimed_at, attempts=notice.attempts
    )
    return bool(same.update(claimed_at=now, attempts=F("attempts") + 1))


def _send(notice: ReportNotice, clinic: Clinic) -> None:
    mine = ReportNotice.objects.filter(pk=notice.pk)
    try:
        connection = get_connection(timeout=_SOCKET_TIMEOUT_S)
        connection.send_messages([message_of(notice, clinic)])
    except Exception as error:
        logger.error("An e-mail about a report was not sent: %s", describe(error))
        mine.update(claimed_at=None)
        return
    at("after_call")
    mine.update(sent_at=timezone.now())


def message_of(notice: ReportNotice, clinic: Clinic) -> EmailMessage:
    """No name, no symptom, no level: the subject is read on locked phones."""
    own_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    host = own_address.rpartition("@")[2] or "localhost"
    address = f"{settings.BASE_URL}{reverse('aftercare:queue_report', args=[notice.report.public_id])}"
    context = {"notice": notice, "clinic": clinic, "address": address, "zone": clinic.zone}
    return EmailMessage(
        subject=render_to_string("aftercare/queue/mail_subject.txt", context).strip(),
        body=render_to_string("aftercare/queue/mail.txt", context),
        from_email=formataddr((clinic.message_name, own_address)),
        to=[notice.to.email],
        headers={
            "Message-ID": f"<{notice.report.public_id}.{notice.number}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
