"""What follows from adverse events elsewhere: treatments wait (B4), clinicians are alerted, checks know of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import User
from sessions_app.emergency import GRAVE_KINDS
from sessions_app.facts import OpenEvent, RecordedEvents
from sessions_app.models import AdverseEvent, TreatmentSession
from sessions_app.visit_events import gravity

SOURCE = "adverse event"
"""The name under which holds and alerts are registered."""
_NAMED = 3


def open_rows() -> QuerySet[AdverseEvent]:
    """Every event that a clinician has not closed, for `HoldRows`."""
    return AdverseEvent.objects.open()


def before_visit(visit: Any) -> Q:
    """Events that did not come out of the visit: written down elsewhere, or told at it and begun before it."""
    elsewhere = Q(session__isnull=True) | ~Q(session__appointment=visit)
    return elsewhere | Q(onset_at__lt=F("session__started_at"))


def told(event: AdverseEvent) -> str:
    return f"An adverse event is open: {event.get_kind_display().lower()}"


def event_alerts(user: User) -> Iterable[Alert]:
    """For those who decide, on every staff page, until one of them has said that it is seen; the gravest first.

    One query.
    """
    if not user.may(Permission.OVERRIDE_CHECK):
        return
    unseen = list(
        AdverseEvent.objects.visible_to(user)
        .open()
        .filter(acknowledged_at__isnull=True)
        .select_related("patient")
        .order_by(gravity(), "onset_at")[: _NAMED + 1]
    )
    for event in unseen[:_NAMED]:
        words = f"Adverse event: {event.get_kind_display().lower()}, {event.patient.name}."
        address = reverse("sessions_app:event", args=[event.public_id])
        yield Alert(words, address, "Look at it", is_urgent=True, is_grave=event.kind in GRAVE_KINDS)
    if len(unseen) > _NAMED:
        address = f"{reverse('sessions_app:events')}?state=unseen"
        yield Alert("More adverse events wait for a clinician.", address, "Open the list", is_urgent=True)


def recorded_in(session: TreatmentSession) -> RecordedEvents:
    """What the events of a session, in whichever version of it, say to the checks. One query."""
    rows = AdverseEvent.objects.real().filter(session__lineage=session.lineage)
    steps: dict[str, set[str]] = {}
    stamped: dict[UUID, set[str]] = {}
    standing: dict[UUID, OpenEvent] = {}
    for event, kind, recorded_at, closed_at, what in rows.values_list(
        "public_id", "kind", "recorded_at", "closed_at", "steps__what"
    ):
        steps.setdefault(kind, set()).update([what] if what else [])
        stamped.setdefault(event, set()).update([what] if what else [])
        if closed_at is None:
            standing[event] = OpenEvent(event, kind, recorded_at, frozenset(stamped[event]))
    done = {kind: frozenset(each) for kind, each in steps.items()}
    return RecordedEvents(done, tuple(sorted(standing.values(), key=lambda event: event.recorded_at)))
