"""The floor: what the cheapest honest page of each kind costs in this very Django, with the product's middleware.

Nothing here is tuned and nothing is slowed down; the goals are ratios to these views.
"""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from bench.world import NURSES, OPENS, ROOMS, SLOTS
from clinic.access import Permission, requires
from clinic.models import Patient
from sessions_app.models import Appointment, CalendarEntry

SEARCHED_DAYS = 14


@requires(Permission.SIGN_IN)
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@requires(Permission.SIGN_IN)
def page(request: HttpRequest) -> HttpResponse:
    """Three indexed queries and one small template."""
    patient = Patient.objects.get(pk=1)
    entry = CalendarEntry.objects.filter(patient=patient).order_by("starts_at").first()
    appointment = Appointment.objects.get(entry=entry)
    return HttpResponse(
        render_to_string("bench/page.html", {"patient": patient, "entry": entry, "appointment": appointment})
    )


@requires(Permission.SIGN_IN)
def week(request: HttpRequest) -> HttpResponse:
    """One joined query over the days asked for (`from`, `days`), five cells a row."""
    starts = timezone.make_aware(datetime.fromisoformat(request.GET["from"]))
    rows = (
        Appointment.objects.filter(
            entry__starts_at__gte=starts, entry__starts_at__lt=starts + timedelta(days=int(request.GET["days"]))
        )
        .select_related("entry__patient", "entry__nurse", "service")
        .order_by("entry__starts_at")
    )
    return HttpResponse(render_to_string("bench/week.html", {"rows": rows}))


@requires(Permission.SIGN_IN)
def slots(request: HttpRequest) -> HttpResponse:
    """One query for the bookings of 14 days, then free hours of every nurse with a free room by Python sets."""
    today = timezone.localdate()
    opening = [
        timezone.make_aware(datetime.combine(today + timedelta(days=day), datetime.min.time()).replace(hour=OPENS))
        for day in range(SEARCHED_DAYS)
    ]
    rows = CalendarEntry.objects.filter(
        active=True, starts_at__gte=opening[0], starts_at__lt=opening[-1] + timedelta(days=1)
    ).values_list("nurse_id", "room_id", "starts_at", "ends_at")
    nurses: dict[int, set[int]] = {number: set() for number in range(1, NURSES + 1)}
    rooms: dict[int, set[int]] = {number: set() for number in range(1, ROOMS + 1)}
    for nurse, room, starts_at, ends_at in rows:
        quarters = range(_quarter(starts_at), _quarter(ends_at))
        nurses[nurse].update(quarters)
        rooms[room].update(quarters)
    free = []
    for first in map(_quarter, opening):
        for start in range(first, first + 4 * (SLOTS - 1) + 1):
            hour = range(start, start + 4)
            a_room = next((number for number, busy in rooms.items() if busy.isdisjoint(hour)), None)
            if a_room is not None:
                free += [(number, a_room, start) for number, busy in nurses.items() if busy.isdisjoint(hour)]
    best = [(nurse, room, datetime.fromtimestamp(quarter * 900, UTC)) for nurse, room, quarter in free[:20]]
    return HttpResponse(render_to_string("bench/slots.html", {"free": best, "number": len(free)}))


def _quarter(instant: datetime) -> int:
    """Quarters of an hour since 1970."""
    return int(instant.timestamp()) // 900
