"""What a new draft begins with: remembered facts to be confirmed, and what holds for the whole clinic today."""

from datetime import datetime, timedelta
from typing import Any

from clinic.models import Clinic, User
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.charting import last_session_before
from sessions_app.models import Appointment, TreatmentSession

KIT = "kit"


def beginning_of(appointment: Appointment, *, by: User, now: datetime) -> dict[str, Any]:
    """The new draft's fields. The kit check and the clinician of the day are asked once and carried over."""
    zone = Clinic.current().zone
    same_day = local_date(now, zone) == local_date(appointment.starts_at, zone)
    screening: dict[str, Any] = {}
    today = _session_with_kit_today(now) if same_day else None
    if today is not None:
        screening = {"kit_checked_today": True, KIT: today.screening.get(KIT, {})}
    beginning = {
        "appointment": appointment,
        "patient": appointment.patient,
        "nurse": by,
        "responsible_clinician": today.responsible_clinician if today else None,
        # Charted on a later day: the visit began when it was booked; the nurse corrects the time.
        "started_at": now.replace(second=0, microsecond=0) if same_day else appointment.starts_at,
        "time_zone": zone.key,
        "screening": screening,
        "weight_kg": appointment.patient.weight_kg,
    }
    last = last_session_before(TreatmentSession(**beginning))
    if last is not None:
        beginning |= {"compression_garment": last.compression_garment, "compression_mmhg": last.compression_mmhg}
    return beginning


def _session_with_kit_today(now: datetime) -> TreatmentSession | None:
    """The newest session of today in which the emergency kit was checked and the clinician named."""
    zone = Clinic.current().zone
    day = local_date(now, zone)
    return (
        TreatmentSession.objects.filter(
            appointment__entry__starts_at__gte=start_of_day(day, zone),
            appointment__entry__starts_at__lt=start_of_day(day + timedelta(days=1), zone),
            screening__kit_checked_today=True,
            responsible_clinician__isnull=False,
        )
        .select_related("responsible_clinician")
        .order_by("-started_at")
        .first()
    )
