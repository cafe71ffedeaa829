"""The e-mails that ask staff to look at a report: rows first, claimed before they are sent, neutral to who sees them.

They are no deliveries: those go to patients, by the channels and at the hours that these allowed. Somebody must learn
of a red flag, so a claim whose sender died is taken over: twice is better than never. Both copies have one Message-ID.
For the same reason no number of failures ends the tries: only the pauses between them grow. What does not leave is said
to everybody at work (`aftercare.report_stuck`).
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from enum import Enum, auto

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
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
# After the first failure, the second, …; the last one from then on.
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))
_BATCH = 50
_SOCKET_TIMEOUT_S = 10
_REFUSED_FOR_GOOD = 500
Clock = Callable[[], datetime]


class _Outcome(Enum):
    SENT = auto()
    FAILED = auto()
    AWAY = auto()  # the mail server itself: no other e-mail would leave now


def send_notices(*, now: datetime | None = None) -> bool:
    """Send what is still wanted; True when there may be more. Any number of workers at once.

    `now` is for tests; without it each claim reads the clock. A mail server that is away ends the round: trying the
    others would keep everything else waiting that is rung with this.
    """
    clock: Clock = timezone.now if now is None else lambda: now
    waiting = list(
        ReportNotice.objects.to_send(clock(), lease=_LEASE)
        .select_related("report", "to")
        .order_by("written_at", "pk")[:_BATCH]
    )
    clinic = Clinic.current() if waiting else None
    sent = 0
    for notice in waiting:
        if stopping.requested():
            return False
        if not _claim(notice, clock()):
            continue
        at("after_claim")
        assert clinic is not None
        outcome = _send(notice, clinic, clock)
        sent += outcome is _Outcome.SENT
        if outcome is _Outcome.AWAY:
            return False
    return bool(sent) and len(waiting) == _BATCH


def _claim(notice: ReportNotice, now: datetime) -> bool:
    """Ours when nobody claimed it since it was read, and it is still wanted at this moment."""
    same = ReportNotice.objects.to_send(now, lease=_LEASE).filter(
        pk=notice.pk, claimed_at=notice.claimed_at, attempts=notice.attempts
    )
    return bool(same.update(claimed_at=now, attempts=F("attempts") + 1))


def _send(notice: ReportNotice, clinic: Clinic, clock: Clock) -> _Outcome:
    mine = ReportNotice.objects.filter(pk=notice.pk)
    try:
        connection = get_connection(timeout=_SOCKET_TIMEOUT_S)
        connection.send_messages([message_of(notice, clinic)])
    except Exception as error:
        logger.error("An e-mail about a report was not sent: %s", describe(error))
        failed_at = clock()
        refused = is_refused(error)
        mine.update(
            claimed_at=None,
            retry_at=failed_at + pause_after(notice.attempts + 1),
            refused_at=failed_at if refused else None,
            refused_address=notice.to.email if refused else "",
        )
        return _Outcome.AWAY if _is_away(error) else _Outcome.FAILED
    at("after_call")
    mine.update(sent_at=clock())
    return _Outcome.SENT


def pause_after(attempts: int) -> timedelta:
    """How long to wait after the given number of failures, from 1."""
    return _PAUSES[min(attempts, len(_PAUSES)) - 1]


def is_refused(error: Exception) -> bool:
    """Whether the server said for good that it takes nothing for this address; everything else may pass."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    codes = [code for code, _ in error.recipients.values()]
    return bool(codes) and all(code >= _REFUSED_FOR_GOOD for code in codes)


def _is_away(error: Exception) -> bool:
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)):
        return False  # about this one e-mail
    return isinstance(error, OSError)  # no connection, no greeting, no login; `SMTPException` is one of them


def message_of(notice: ReportNotice, clinic: Clinic) -> EmailMessage:
    """No name, no symptom, no level: the subject is read on locked phones."""
    own_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    host = own_address.rpartition("@")[2] or "localhost"
    address = f"{settings.BASE_URL}{reverse('aftercare:queue_report', args=[notice.report.public_id])}"
    context = {"notice": notice, "clinic": clinic, "address": address, "zone": clinic.zone}
    body = "aftercare/queue/mail_to_all.txt" if notice.to_all else "aftercare/queue/mail.txt"
    return EmailMessage(
        subject=render_to_string("aftercare/queue/mail_subject.txt", context).strip(),
        body=render_to_string(body, context),
        from_email=formataddr((clinic.message_name, own_address)),
        to=[notice.to.email],
        headers={
            "Message-ID": f"<{notice.report.public_id}.{notice.number}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
