"""Who is due for a repeat and not booked: read from the day's end of the usual window backwards, as far as asked."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from clinic.models import Patient
from clinic.protocol.values import Protocol
from clinic.protocol.window import booking_window
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.amending import CLOSED
from sessions_app.models import Appointment, CalendarEntry, Service, TreatmentSession
from sessions_app.repeat import on_hold

# Calls begin a little before the window opens, and go on for a while after it has closed.
_BEFORE_DAYS, _MISSED_DAYS = 3, 14
_COMING = (Appointment.Status.BOOKED, Appointment.Status.ARRIVED, Appointment.Status.IN_TREATMENT)


@dataclass(frozen=True, slots=True)
class DueRepeat:
    """A patient whose window is open or opens soon, without a treatment booked. Dates are both inclusive."""

    patient_id: UUID
    name: str
    phone: str
    session_date: date
    first_date: date
    last_date: date
    # Booking waits for a clinician (rule B4), so calling waits too.
    is_on_hold: bool = False


def due_for_repeat(*, now: datetime, zone: ZoneInfo, protocol: Protocol, limit: int) -> list[DueRepeat]:
    """The first `limit` patients by the end of their window, from today on. One query that stops when it has them.

    Whose booking waits for a clinician is asked once for all of them.
    """
    today = local_date(now, zone)
    oldest = today - timedelta(days=protocol.repeat_max_days)
    return _unbooked(oldest, _newest(today, protocol), now=now, zone=zone, protocol=protocol, limit=limit)


def missed_repeats(*, now: datetime, zone: ZoneInfo, protocol: Protocol, limit: int) -> list[DueRepeat]:
    """Those whose window has ended in the last two weeks, the longest ago first."""
    last = local_date(now, zone) - timedelta(days=protocol.repeat_max_days + 1)
    oldest = last - timedelta(days=_MISSED_DAYS - 1)
    return _unbooked(oldest, last, now=now, zone=zone, protocol=protocol, limit=limit)


def _newest(today: date, protocol: Protocol) -> date:
    return today - timedelta(days=max(protocol.repeat_min_days - _BEFORE_DAYS, 0))


def _unbooked(
    oldest: date, newest: date, *, now: datetime, zone: ZoneInfo, protocol: Protocol, limit: int
) -> list[DueRepeat]:
    """Walks the visits of those dates in the order of the calendar's index."""
    coming = CalendarEntry.objects.filter(
        patient=OuterRef("entry__patient"),
        starts_at__gte=start_of_day(local_date(now, zone), zone),
        active=True,
        appointment__service__kind=Service.Kind.TREATMENT,
        appointment__status__in=_COMING,
    )
    later = TreatmentSession.objects.signed().filter(
        patient=OuterRef("entry__patient"), started_at__gt=OuterRef("sessions__started_at")
    )
    corrected = TreatmentSession.objects.filter(amends=OuterRef("sessions__pk"), status__in=CLOSED)
    against = {"coming": coming, "later": later, "corrected": corrected}
    rows = (
        Appointment.objects.filter(
            entry__starts_at__gte=start_of_day(oldest, zone),
            entry__starts_at__lt=start_of_day(newest + timedelta(days=1), zone),
            sessions__status=TreatmentSession.Status.SIGNED,
        )
        # Looked up row by row: as EXISTS, PostgreSQL would collect all coming visits before it reads the first row.
        .annotate(**{name: Subquery(rows.values("pk")[:1]) for name, rows in against.items()})
        .filter(**{f"{name}__isnull": True for name in against})
        .order_by("entry__starts_at")
        .values_list(
            "entry__patient",
            "entry__patient__public_id",
            "entry__patient__given_name",
            "entry__patient__family_name",
            "entry__patient__phone",
            "sessions__ended_at",
            "sessions__time_zone",
        )[:limit]
    )
    found = [row for row in rows if row[-2] is not None]
    held = on_hold([Patient(pk=pk) for pk, *_ in found])
    return [
        replace(
            _due(patient_id, f"{given} {family}", str(phone or ""), ended_at, time_zone, protocol),
            is_on_hold=pk in held,
        )
        for pk, patient_id, given, family, phone, ended_at, time_zone in found
    ]


def _due(patient_id: UUID, name: str, phone: str, ended_at: Any, time_zone: str, protocol: Protocol) -> DueRepeat:
    window = booking_window(last_session_end=ended_at, time_zone=time_zone, protocol=protocol)
    return DueRepeat(patient_id, name, phone, window.session_date, window.first_date, window.last_date)
