"""What a new draft begins with: remembered facts to be confirmed, and what holds for the whole clinic today."""

from datetime import datetime
from typing import Any

from clinic.models import Clinic, User
from clinic.protocol.zones import local_date
from sessions_app.models import Appointment, TreatmentSession
from sessions_app.preparation import check_of
from sessions_app.surroundings import last_session_before


def beginning_of(appointment: Appointment, *, by: User, now: datetime) -> dict[str, Any]:
    """The new draft's fields. It begins with the clinician of its day; the kit check it follows as long as it lives."""
    zone = Clinic.current().zone
    same_day = local_date(now, zone) == local_date(appointment.starts_at, zone)
    check = check_of(local_date(appointment.starts_at, zone))
    beginning = {
        "appointment": appointment,
        "patient": appointment.patient,
        "nurse": by,
        "responsible_clinician": check.responsible_clinician if check else None,
        # Charted on a later day: the visit began when it was booked; the nurse corrects the time.
        "started_at": now.replace(second=0, microsecond=0) if same_day else appointment.starts_at,
        "time_zone": zone.key,
        "weight_kg": appointment.patient.weight_kg,
    }
    last = last_session_before(TreatmentSession(**beginning))
    if last is not None:
        beginning |= {"compression_garment": last.compression_garment, "compression_mmhg": last.compression_mmhg}
    return beginning
