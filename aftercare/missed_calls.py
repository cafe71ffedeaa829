"""Who was called about a report and not reached is asked by message to call: neutral words, by the ways they allowed.

The message waits for the grace that changes have, so that a second call which reaches them stops it; then it keeps to
the hours of all messages. At most one for a report and day. The page of today says the same, whatever becomes of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from aftercare.models import ReportStep, SymptomReport
from clinic import notifications
from clinic.models import Clinic, Delivery, PortalLink
from clinic.notifications import DueMessage
from clinic.notifications.consent import ways_to
from clinic.protocol.zones import local_date, local_time, zone_named

SOURCE = "report"
STEP = "CALL_US"
_USEFUL_FOR = timedelta(days=1)
_LINK_FOR = timedelta(days=7)


def is_told_of(report: SymptomReport, clinic: Clinic) -> bool:
    """Whether a call in vain is followed by a message: the clinic wants that and has a number to call.

    A carer's report is left out: nobody knows whether it was the patient who was called.
    """
    return settings.TELL_CALLS_IN_VAIN and bool(clinic.phone) and report.source != SymptomReport.Source.CARER


def ask_to_call(report: SymptomReport, *, now: datetime) -> None:
    """Plan the message, in the transaction of the step "no answer". Nothing where the patient allowed no way."""
    clinic, patient = Clinic.current(), report.patient
    if not is_told_of(report, clinic) or not ways_to([patient]):
        return
    due_at, zone = now + timedelta(minutes=clinic.change_grace_minutes), zone_named(patient.time_zone)
    message = DueMessage(
        lineage=report.public_id,
        step=STEP,
        occurrence=(local_date(now, zone) - local_date(report.reported_at, zone)).days + 1,
        kind=Delivery.Kind.COMPRESSION,
        patient=patient,
        source=SOURCE,
        source_id=report.public_id,
        due_at=due_at,
        not_after=due_at + _USEFUL_FOR,
        local_time=f"{local_time(due_at, zone):%Y-%m-%dT%H:%M}",
        time_zone=patient.time_zone,
        why="the clinic called and did not reach the patient",
    )
    notifications.plan([message])


def call_off(report: SymptomReport, reason: str) -> None:
    """Somebody spoke with them, or the report was closed: what is not sent yet stays. In the caller's transaction."""
    notifications.cancel(source=SOURCE, source_id=report.public_id, reason=reason)


def unwanted(deliveries: Sequence[Delivery]) -> dict[UUID, str]:
    """Asked at the point of no return: why a message must not go out any more, by delivery id. One query."""
    rows = SymptomReport.objects.filter(public_id__in={each.source_id for each in deliveries}).with_contact()
    reports = {row.public_id: row for row in rows}
    reasons = {each.pk: _why_unwanted(reports.get(each.source_id)) for each in deliveries}
    return {pk: reason for pk, reason in reasons.items() if reason}


def _why_unwanted(report: Any) -> str:
    if report is None:
        return "the report does not exist"
    if report.closed_at is not None:
        return "the report was closed"
    return "" if report.last_contact == ReportStep.What.NO_ANSWER else "somebody spoke with the patient"


def letters(deliveries: Sequence[Delivery]) -> dict[UUID, Mapping[str, Any]]:
    """What the words need, by delivery id: nothing of the report. The link leads to the page of today, as it does."""
    number = Clinic.current().emergency_number
    return {
        each.pk: {
            "emergency_number": number,
            "link_expires_at": each.due_at + _LINK_FOR,
            "link_leads_to": PortalLink.LeadsTo.TODAY,
        }
        for each in deliveries
    }
