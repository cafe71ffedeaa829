"""Adverse events that wait for a clinician, as one line of the queue: above the reports where one of them is grave."""

from dataclasses import dataclass

from django.db.models import Count, Q

from clinic.access import Permission
from clinic.models import User
from sessions_app.emergency import GRAVE_KINDS
from sessions_app.models import AdverseEvent


@dataclass(frozen=True, slots=True)
class EventsWaiting:
    """How many open events no clinician has seen, and how many of them are of a grave kind."""

    number: int = 0
    grave: int = 0

    @property
    def words(self) -> str:
        """ "2 adverse events wait for you, 1 of them grave" """
        said = "1 adverse event waits for you" if self.number == 1 else f"{self.number} adverse events wait for you"
        if not self.grave or self.number == 1:
            return said
        return f"{said}, {'all' if self.grave == self.number else self.grave} of them grave"


def events_waiting(reader: User) -> EventsWaiting:
    """None for who does not decide. One query."""
    if not reader.may(Permission.OVERRIDE_CHECK):
        return EventsWaiting()
    unseen = AdverseEvent.objects.visible_to(reader).open().filter(acknowledged_at__isnull=True)
    grave = Count("pk", filter=Q(kind__in=sorted(GRAVE_KINDS)))
    return EventsWaiting(**unseen.aggregate(number=Count("pk"), grave=grave))
