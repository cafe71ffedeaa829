"""Adverse events of the demo clinic: a mild one that is over, and one that nobody has closed yet."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from aftercare.demo.house import House
from sessions_app import adverse_events, event_decisions
from sessions_app.emergency import Step
from sessions_app.models import AdverseEvent, TreatmentSession

Kind = AdverseEvent.Kind
Event = Callable[[], None]
CLOSED, OPEN = uuid.UUID("5a1f0c52-0d4f-4d35-9c5e-8f6b0a4c1e01"), uuid.UUID("5a1f0c52-0d4f-4d35-9c5e-8f6b0a4c1e02")


class Events:
    """Told as of the demo's "now": the newest signed sessions are the ones that something followed."""

    def __init__(self, house: House, now: datetime) -> None:
        self.house, self.now = house, now
        self.nurse, self.clinician = house.people["nurse@example.com"], house.people["clinician@example.com"]

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then."""
        return [
            (self.now - timedelta(days=5, hours=3), self._tell_wheal),
            (self.now - timedelta(days=4, hours=2), self._close_wheal),
            (self.now - timedelta(hours=5), self._tell_extravasation),
        ]

    def _tell_wheal(self) -> None:
        self._begin(self._session(older=True), Kind.WHEAL, CLOSED, timedelta(hours=1))
        self._save(
            CLOSED,
            description="Itching wheals around the injection points, nowhere else. Cooled for ten minutes.",
            reporter_words="Seen here before leaving",
            severity_grade=1,
            clavien_dindo="I",
            relation_drug=AdverseEvent.Relation.PROBABLE,
            relation_compression=AdverseEvent.Relation.NONE,
        )

    def _close_wheal(self) -> None:
        today = (self.now - timedelta(days=4, hours=2)).astimezone(self.house.clinic.zone).date()
        event = self._save(CLOSED, outcome=AdverseEvent.Outcome.RECOVERED, outcome_on=today)
        event_decisions.close(
            event=event, version=event.version, note="Gone the same evening; call of the next day", by=self.clinician
        )

    def _tell_extravasation(self) -> None:
        event = self._begin(self._session(older=False), Kind.EXTRAVASATION, OPEN, timedelta(minutes=12))
        for minutes, step in ((11, Step.STOPPED), (8, Step.ANAESTHETIC), (2, Step.SKIN_CHECK)):
            at = self.now - timedelta(hours=5, minutes=minutes)
            adverse_events.add_step(event=event, what=step, at=at, by=self.nurse)
        self._save(
            OPEN,
            description="Burning pain and a white spot of 5 mm at the second site. Pain gone after the anaesthetic.",
            reporter_words="Seen here",
            severity_grade=2,
            relation_procedure=AdverseEvent.Relation.DEFINITE,
        )

    def _session(self, *, older: bool) -> TreatmentSession:
        """Signed before now; not of the person of the tours, whose next visits are booked in them."""
        signed = TreatmentSession.objects.current().exclude(patient__family_name="Quillfeather").order_by("-ended_at")
        return signed.select_related("patient")[3 if older else 0]

    def _begin(self, session: TreatmentSession, kind: Kind, key: uuid.UUID, ago: timedelta) -> AdverseEvent:
        return adverse_events.begin(
            patient=session.patient,
            session=session,
            kind=kind,
            onset_at=timezone.now() - ago,
            request_key=key,
            by=self.nurse,
        )

    def _save(self, key: uuid.UUID, **changes: object) -> AdverseEvent:
        event = AdverseEvent.objects.get(request_key=key)
        return adverse_events.save_details(event=event, version=event.version, changes=changes, by=self.nurse)
