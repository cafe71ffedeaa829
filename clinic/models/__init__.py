"""The base: people, the clinic, the protocol's versions, what leaves the building, what must be done, the trail."""

from clinic.models.audit import AuditEvent, AuditSeal
from clinic.models.clinic import Clinic, Room
from clinic.models.delivery import Delivery, DeliveryAttempt, Heartbeat, OptOut
from clinic.models.patient import ContactPreference, Patient, PatientSearchTerm
from clinic.models.people import User
from clinic.models.portal import PortalLink
from clinic.models.protocol import ProtocolVersion
from clinic.models.task import StaffTask

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "Clinic",
    "ContactPreference",
    "Delivery",
    "DeliveryAttempt",
    "Heartbeat",
    "OptOut",
    "Patient",
    "PatientSearchTerm",
    "PortalLink",
    "ProtocolVersion",
    "Room",
    "StaffTask",
    "User",
]
