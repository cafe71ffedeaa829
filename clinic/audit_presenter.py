"""The audit trail in words. Who may not see charts is shown no name of a patient and no detail of what concerns one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic.audit import ChainState
from clinic.audit_words import AuditWords
from clinic.models import AuditEvent, Patient, User
from clinic.protocol.zones import local_time


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event. `patient` is a name, or a reference that only the clinic's own staff can look up."""

    at: str
    who: str
    what: str
    patient: str
    patient_id: str
    about: str
    details: str
    is_read: bool


@dataclass(frozen=True, slots=True)
class EventDay:
    words: str
    lines: list[EventLine]


@dataclass(frozen=True, slots=True)
class ChainLine:
    words: str
    is_whole: bool


class AuditPresenter:
    """Two queries a page: the patients and the accounts of patients that it names."""

    def __init__(self, zone: ZoneInfo, *, shows_patients: bool, staff: Iterable[User] = ()) -> None:
        self.zone, self.shows_patients = zone, shows_patients
        self.words = AuditWords(zone, staff)

    def by_day(self, events: Sequence[AuditEvent], *, now: datetime) -> list[EventDay]:
        patients = Patient.objects.in_bulk({event.patient_id for event in events if event.patient_id is not None})
        accounts = self._patient_accounts(events)
        days: list[EventDay] = []
        for event in events:
            local = local_time(event.at, self.zone)
            words = f"{local:%a} {local.day} {local:%b %Y}"
            if not days or days[-1].words != words:
                days.append(EventDay(words, []))
            days[-1].lines.append(self._line(event, local, patients, accounts))
        return days

    def _patient_accounts(self, events: Sequence[AuditEvent]) -> dict[int, str]:
        """Reference of each actor who is no member of staff, by account."""
        actors = {event.by_id for event in events if event.by_id is not None}
        rows = User.objects.filter(pk__in=actors, patient__isnull=False).values_list("pk", "patient__public_id")
        return {pk: _reference(public_id) for pk, public_id in rows}

    def _line(
        self, event: AuditEvent, local: datetime, patients: dict[int, Patient], accounts: dict[int, str]
    ) -> EventLine:
        patient = patients.get(event.patient_id) if event.patient_id is not None else None
        is_about_a_patient = event.patient_id is not None or event.by_id in accounts
        may_see = self.shows_patients or not is_about_a_patient
        return EventLine(
            at=f"{local:%H:%M:%S}",
            who=event.by_name if self.shows_patients or event.by_id not in accounts else accounts[event.by_id or 0],
            what=event.action.capitalize(),
            patient=self._name(patient),
            patient_id=str(patient.public_id) if patient and self.shows_patients else "",
            about=self.words.subject(event.subject) if event.subject not in ("", Patient._meta.label) else "",
            details=self.words.details(event.details) if may_see else "",
            is_read=event.action.endswith("read"),
        )

    def _name(self, patient: Patient | None) -> str:
        if patient is None:
            return ""
        return patient.name if self.shows_patients else _reference(patient.public_id)

    def chain(self, state: ChainState) -> ChainLine:
        if state.broken:
            return ChainLine(f"The chain is broken. {state.broken} Call whoever runs the server.", is_whole=False)
        if state.sealed_at is None:
            return ChainLine("Nothing is sealed yet. The reminder loop seals what was written.", is_whole=True)
        at = local_time(state.sealed_at, self.zone)
        waits = "event waits" if state.waiting == 1 else "events wait"
        waiting = f"{state.waiting} newer {waits} for the next seal" if state.waiting else "nothing waits"
        return ChainLine(
            f"{state.links} events are linked, up to {at:%a} {at.day} {at:%b}, {at:%H:%M}; {waiting}. "
            f"The newest {state.checked} links were checked now and hold.",
            is_whole=True,
        )


def _reference(public_id: Any) -> str:
    """Enough of the random id for two people to speak of the same patient."""
    return f"Patient {str(public_id)[:8]}" if public_id else "A patient"
