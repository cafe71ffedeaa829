"""The visit: who is booked when and where, who waits, what was injected, from which lot, and what came of it."""

from sessions_app.models.adverse import AdverseEvent, AdverseStep, AdverseVersion
from sessions_app.models.feeds import CalendarFeed
from sessions_app.models.preparation import ConsentText, DayCheck, SeriesConsent
from sessions_app.models.records import Photograph, Score
from sessions_app.models.schedule import Appointment, CalendarEntry, Closure, Course, RepeatHold
from sessions_app.models.setup import DatedHours, NurseHours, Service
from sessions_app.models.stock import Lot, LotOfTheDay, Product, StockMovement
from sessions_app.models.treatment import SessionAmpoule, SessionFinding, TreatedSite, TreatmentSession
from sessions_app.models.waiting import PartOfDay, VisitRequest, WaitListEntry, WaitListOffer

__all__ = [
    "AdverseEvent",
    "AdverseStep",
    "AdverseVersion",
    "Appointment",
    "CalendarEntry",
    "CalendarFeed",
    "Closure",
    "ConsentText",
    "Course",
    "DatedHours",
    "DayCheck",
    "Lot",
    "LotOfTheDay",
    "NurseHours",
    "PartOfDay",
    "Photograph",
    "Product",
    "RepeatHold",
    "Score",
    "SeriesConsent",
    "Service",
    "SessionAmpoule",
    "SessionFinding",
    "StockMovement",
    "TreatedSite",
    "TreatmentSession",
    "VisitRequest",
    "WaitListEntry",
    "WaitListOffer",
]
