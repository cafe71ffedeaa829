"""Adverse events as lines: on the patient's page, where treatments wait for them, where one may be begun already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_time
from sessions_app.emergency import GRAVE_KINDS
from sessions_app.models import AdverseEvent
from sessions_app.wording import day_words, time_words

_SHOWN, _UNFOLDED = 20, 3


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as a line: ``tags`` are pairs of kind and words."""

    url: str
    kind: str
    when: str
    details: str
    tags: Sequence[tuple[str, str, str]]


def when_words(instant: datetime, zone: ZoneInfo) -> str:
    """ "Tue 13 Jan 2026, 10:40": events stay in the list for years."""
    wall = local_time(instant, zone)
    return f"{day_words(wall.date())} {wall.year}, {wall:%H:%M}"


def tags_of(event: AdverseEvent) -> list[tuple[str, str, str]]:
    """Kind, icon and words of what stands out."""
    tags = []
    if event.serious_because:
        tags.append(("emergency", "octagon-alert", "Serious"))
    if event.is_mistake:
        tags.append(("plain", "ban", "Recorded by mistake"))
    elif event.closed_at is not None:
        tags.append(("done", "circle-check", "Closed"))
    elif event.acknowledged_at is None:
        look = ("emergency", "siren") if event.kind in GRAVE_KINDS else ("danger", "circle-alert")
        tags.append((*look, "No clinician has seen it"))
    else:
        tags.append(("attention", "circle-dot", "Open"))
    return tags


def event_line(event: AdverseEvent, zone: ZoneInfo) -> EventLine:
    grade = f"grade {event.severity_grade}" if event.severity_grade else "not graded yet"
    outcome = event.get_outcome_display().lower() if event.outcome else "outcome not known yet"
    return EventLine(
        reverse("sessions_app:event", args=[event.public_id]),
        event.get_kind_display(),
        when_words(event.onset_at, zone),
        f"{grade}, {outcome}",
        tags_of(event),
    )


def open_lines(patient: Patient, zone: ZoneInfo) -> list[EventLine]:
    """Events of the patient that are not closed, the newest first: perhaps this one is begun already."""
    return [event_line(event, zone) for event in patient.adverse_events.open().order_by("-recorded_at")[:5]]


def events_panel(patient: Patient, reader: User, now: datetime) -> dict[str, Any]:
    """The patient page's panel: open events and the newest of the others; what is older is folded. Two queries."""
    zone = Clinic.current().zone
    rows = list(AdverseEvent.objects.visible_to(reader).filter(patient=patient).order_by("-onset_at")[:_SHOWN])
    shown = [event for place, event in enumerate(rows) if event.closed_at is None or place < _UNFOLDED]
    return {
        "places": (("events-h", "Adverse events"),),
        "patient": patient,
        "number": len(rows),
        "events": [event_line(event, zone) for event in shown],
        "older": [event_line(event, zone) for event in rows if event not in shown],
    }


def hold_lines(patient: Patient, zone: ZoneInfo) -> list[tuple[str, str]]:
    """For readers of charts: each open event that lets the next treatment wait, and where it is cleared."""
    rows = patient.adverse_events.open().order_by("onset_at")[:3]
    return [
        (
            f"Adverse event not closed: {event.get_kind_display().lower()}, {time_words(event.onset_at, zone)}.",
            reverse("sessions_app:event", args=[event.public_id]),
        )
        for event in rows
    ]
