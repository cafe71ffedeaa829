"""When a message may reach a patient: by the patient's own wall clock, never at night."""

from datetime import datetime, timedelta

from clinic.notifications.timing import Timing
from clinic.protocol.zones import local_time, starting_instant, zone_named


def next_opening(now: datetime, zone_name: str, timing: Timing) -> datetime | None:
    """None while the window is open, otherwise the instant at which it opens next in that zone."""
    zone = zone_named(zone_name)
    wall = local_time(now, zone)
    if timing.opens <= wall.time() < timing.closes:
        return None
    day = wall.date() if wall.time() < timing.opens else wall.date() + timedelta(days=1)
    return starting_instant(datetime.combine(day, timing.opens), zone)
