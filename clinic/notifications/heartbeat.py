"""When a component was last seen working."""

from datetime import datetime

from clinic.models import Heartbeat

REMINDERS = "reminders"


def beat(component: str, now: datetime) -> None:
    """One upsert; never moves back, so that a slow ringer does not hide a quick one."""
    if not Heartbeat.objects.filter(component=component, at__lte=now).update(at=now):
        Heartbeat.objects.bulk_create([Heartbeat(component=component, at=now)], ignore_conflicts=True)
