"""The visit: who is booked when and where, and what was injected."""

from sessions_app.models.schedule import Appointment, CalendarEntry, Closure, NurseHours, Service
from sessions_app.models.treatment import SessionAmpoule, SessionFinding, TreatedSite, TreatmentSession

__all__ = [
    "Appointment",
    "CalendarEntry",
    "Closure",
    "NurseHours",
    "Service",
    "SessionAmpoule",
    "SessionFinding",
    "TreatedSite",
    "TreatmentSession",
]
