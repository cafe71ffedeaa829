"""When a component was last seen working."""

from datetime import datetime, timedelta

from django.db.models import Q

from clinic.models import Heartbeat

REMINDERS = "reminders"
# No two ringers are so far apart: a beat that is further ahead is of a clock that was wrong.
_CLOCK_WAS_WRONG = timedelta(minutes=5)


def beat(component: str, now: datetime) -> None:
    """One upsert; never moves back, so that a slow ringer does not hide a quick one, unless a clock was put right."""
    older = Q(at__lte=now) | Q(at__gt=now + _CLOCK_WAS_WRONG)
    if not Heartbeat.objects.filter(older, component=component).update(at=now):
        Heartbeat.objects.bulk_create([Heartbeat(component=component, at=now)], ignore_conflicts=True)
