"""The visit: who is booked when and where, who waits, and what was injected."""

from sessions_app.models.feeds import CalendarFeed
from sessions_app.models.schedule import (
    Appointment,
    CalendarEntry,
    Closure,
    Course,
    DatedHours,
    NurseHours,
    RepeatHold,
    Service,
)
from sessions_app.models.treatment import SessionAmpoule, SessionFinding, TreatedSite, TreatmentSession
from sessions_app.models.waiting import PartOfDay, VisitRequest, WaitListEntry, WaitListOffer

__all__ = [
    "Appointment",
    "CalendarEntry",
    "CalendarFeed",
    "Closure",
    "Course",
    "DatedHours",
    "NurseHours",
    "PartOfDay",
    "RepeatHold",
    "Service",
    "SessionAmpoule",
    "SessionFinding",
    "TreatedSite",
    "TreatmentSession",
    "VisitRequest",
    "WaitListEntry",
    "WaitListOffer",
]
