"""How the messages are doing, for the staff banner, the messages page and the health address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from clinic.models import Delivery, Heartbeat
from clinic.notifications.heartbeat import REMINDERS
from clinic.notifications.states import State

LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Status:
    """Ages of the oldest due message and of the last ring; None where there is nothing to be late."""

    oldest_due: timedelta | None
    last_tick: timedelta | None

    @property
    def is_late(self) -> bool:
        """Somebody must look after the reminders. A clinic that never rang is late only once something is due."""
        return any(age is not None and age > LATE for age in (self.oldest_due, self.last_tick))


def status(now: datetime | None = None) -> Status:
    """Two small indexed reads; cheap enough for every staff page."""
    now = now or timezone.now()
    ready = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    waiting = Delivery.objects.filter(ready, state=State.PENDING, due_at__lte=now)
    # A message that waits for the morning or for its next try is due from that moment on, not from the first one.
    due = waiting.aggregate(oldest=Min(Greatest("due_at", Coalesce("next_try_at", "due_at"))))["oldest"]
    tick = Heartbeat.objects.filter(component=REMINDERS).values_list("at", flat=True).first()
    # A tick of a clock that ran ahead tells as little as one that is as far in the past.
    return Status(oldest_due=now - due if due else None, last_tick=abs(now - tick) if tick else None)
