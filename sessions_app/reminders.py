"""Reminders of a visit: planned, called off and answered for in the transaction that books, moves or ends the visit.

When they are due is `clinic.protocol.messages`: 3 days and 1 day before, at the clinic's hour in the patient's zone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from clinic import notifications
from clinic.models import Clinic, Delivery, Patient, PortalLink, ProtocolVersion
from clinic.notifications import DueMessage
from clinic.notifications.channels.base import Attachment
from clinic.protocol.messages import AppointmentTime, schedule_for
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import MessageKey
from clinic.protocol.zones import local_date, zone_named
from sessions_app.calendar_files import CONTENT_TYPE, FILE_NAME, Method, calendar_file
from sessions_app.models import Appointment
from sessions_app.notices import SOURCE, Notice

__all__ = [
    "SOURCE",
    "call_off_reminders",
    "plan_reminders",
    "plan_reminders_again",
    "reminder_letters",
    "unwanted_reminders",
]

_DAYS_BEFORE: dict[str, int] = {MessageKey.APPT_3: 3, MessageKey.APPT_1: 1}


def plan_reminders(
    appointment: Appointment,
    *,
    clinic: Clinic,
    protocol: Protocol,
    now: datetime,
    also: Sequence[DueMessage] = (),
    is_spoken: bool = False,
) -> None:
    """Write the due rows of a visit; times that are past already are not written. Inside the caller's transaction.

    `also`: notices of the same visit, in the same statements. `is_spoken`: the time was just agreed with the patient,
    so that one who cannot be written to is no call for today; the list of unconfirmed visits brings the reminder.

    The visit's version is the occurrence: a moved visit is announced anew, the same booking sent twice is not.
    """
    patient = appointment.patient
    schedule = schedule_for(
        [],
        [AppointmentTime(appointment.starts_at, ref=str(appointment.public_id))],
        patient_zone=patient.time_zone,
        protocol=protocol,
        send_at=clinic.send_at,
        not_before=now,
    )
    notifications.plan(
        [
            DueMessage(
                lineage=appointment.public_id,
                step=message.key,
                occurrence=appointment.version,
                kind=Delivery.Kind.APPOINTMENT,
                patient=patient,
                source=SOURCE,
                source_id=appointment.public_id,
                due_at=message.due_at,
                not_after=message.not_after,
                local_time=f"{message.local_due:%Y-%m-%dT%H:%M}",
                time_zone=message.time_zone,
                why=message.reason,
                policy=Delivery.Policy.HOLD,
            )
            for message in schedule
        ]
        + list(also),
        is_spoken=is_spoken,
    )


def plan_reminders_again(patient: Patient, now: datetime) -> None:
    """What a patient who may be written to only now would have got: reminders of the booked visits, from now on.

    Registered with `clinic.notifications.renewing`. Notices are left out: what was booked or moved then is no news.
    """
    visits = list(Appointment.objects.filter(entry__patient=patient).upcoming(now).select_related("entry__patient"))
    if not visits:
        return
    clinic, version = Clinic.current(), ProtocolVersion.in_force()
    protocol = version.protocol() if version else Protocol.default()
    notifications.cancel(
        source=SOURCE,
        source_ids=[visit.public_id for visit in visits],
        steps=list(_DAYS_BEFORE),
        reason="planned again: the patient may be written to",
    )
    for visit in visits:
        plan_reminders(visit, clinic=clinic, protocol=protocol, now=now)


def call_off_reminders(appointment: Appointment, *, reason: str) -> None:
    """Cancel what is not sent yet, notices included. Inside the caller's transaction."""
    notifications.cancel(source=SOURCE, source_id=appointment.public_id, reason=reason)


def unwanted_reminders(deliveries: Sequence[Delivery]) -> dict[UUID, str]:
    """Asked at the point of no return: why a reminder must not go out any more, by delivery id. One query."""
    visits = _visits_of(deliveries)
    reasons = {each.pk: _why_unwanted(each, visits.get(each.source_id)) for each in deliveries}
    return {pk: reason for pk, reason in reasons.items() if reason}


def _why_unwanted(delivery: Delivery, visit: Appointment | None) -> str:
    if visit is None:
        return "the appointment does not exist"
    if delivery.step == Notice.CANCELLED:
        return "" if visit.status == Appointment.Status.CANCELLED else "the appointment is not cancelled any more"
    if visit.status != Appointment.Status.BOOKED:
        return f"the appointment is {visit.get_status_display().lower()}"
    if delivery.step in (Notice.BOOKED, Notice.MOVED):
        return "" if delivery.not_after == visit.starts_at else "the appointment was moved"
    day = local_date(visit.starts_at, zone_named(delivery.time_zone))
    reminded_on = day - timedelta(days=_DAYS_BEFORE[delivery.step])
    if delivery.local_time[:10] != reminded_on.isoformat():
        return "the appointment was moved"
    return ""


def reminder_letters(deliveries: Sequence[Delivery]) -> dict[UUID, Mapping[str, Any]]:
    """What a message needs, by delivery id: when the visit starts, how long to plan for, where to read on. Two queries.

    A cancellation speaks of the start that the patient knew, which is its deadline. Notices carry a calendar file.
    """
    visits = _visits_of(deliveries)
    clinic = Clinic.current() if any(each.step in list(Notice) for each in deliveries) else None
    return {each.pk: _facts(each, visits[each.source_id], clinic) for each in deliveries}


def _facts(delivery: Delivery, visit: Appointment, clinic: Clinic | None) -> Mapping[str, Any]:
    ended = delivery.step == Notice.CANCELLED
    facts: dict[str, Any] = {
        "starts_at": delivery.not_after if ended else visit.starts_at,
        "minutes": visit.chair_minutes + visit.walk_minutes,
        # There it can be confirmed, moved, and taken into a calendar.
        "link_leads_to": PortalLink.LeadsTo.VISITS,
    }
    if clinic is not None and delivery.step in list(Notice):
        method: Method = "CANCEL" if ended else "PUBLISH"
        text = calendar_file(visit, method=method, clinic=clinic, starts_at=facts["starts_at"]).decode()
        facts["attachments"] = (Attachment(FILE_NAME, f"{CONTENT_TYPE}; method={method}", text),)
    return facts


def _visits_of(deliveries: Sequence[Delivery]) -> dict[UUID, Appointment]:
    visits = Appointment.objects.select_related("entry__patient").filter(
        public_id__in={each.source_id for each in deliveries}
    )
    return {visit.public_id: visit for visit in visits}
