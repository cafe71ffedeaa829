"""The line on top of a visit for each adverse event of it that is open, the gravest first."""

from dataclasses import dataclass

from django.urls import reverse

from clinic.protocol.zones import local_time
from sessions_app.charting import Chart
from sessions_app.emergency import AMBULANCE_KINDS, GRAVE_KINDS, next_words
from sessions_app.facts import zone_of
from sessions_app.models import AdverseEvent


@dataclass(frozen=True, slots=True)
class StripLine:
    """``words``: "Anaphylaxis recorded 10:42"; ``todo``: what it says to who treats, "" for nothing."""

    words: str
    todo: str
    url: str
    is_grave: bool


def strip_lines(chart: Chart) -> list[StripLine]:
    zone = zone_of(chart.session)
    found = sorted(
        chart.open_events, key=lambda event: (event.kind not in AMBULANCE_KINDS, event.kind not in GRAVE_KINDS)
    )
    return [
        StripLine(
            words=f"{AdverseEvent.Kind(event.kind).label} recorded {local_time(event.recorded_at, zone):%H:%M}",
            # Who corrects a signed session injects nothing.
            todo="" if chart.session.amends_id else next_words(event.kind, event.done),
            url=reverse("sessions_app:event", args=[event.public_id]),
            is_grave=event.kind in GRAVE_KINDS,
        )
        for event in found
    ]
