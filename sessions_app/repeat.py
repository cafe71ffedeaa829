"""The repeat rules for one patient: the window after the last signed session, and what else makes a booking wait.

The rules themselves are `clinic.protocol.window`; here they get the patient's facts. They hold for treatments: a first
visit or a review may be booked on any day.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.models import Clinic, Patient, ProtocolVersion
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Hold
from clinic.protocol.window import BookingAnswer, BookingWindow, booking_answer, booking_window
from sessions_app.models import Appointment, Service, TreatmentSession

HoldSource = Callable[[Patient], Iterable[Hold]]
HoldSourceOfMany = Callable[[Sequence[Patient]], Iterable[int]]
_hold_sources: dict[str, HoldSource] = {}
_hold_sources_of_many: dict[str, HoldSourceOfMany] = {}


def register_holds(name: str, source: HoldSource, *, of_many: HoldSourceOfMany | None = None) -> None:
    """Let an upper app say why a patient's repeat waits for a clinician (rule B4); called in its `AppConfig.ready`.

    `of_many` names those of many patients who wait (their ids), in one query; lists ask it instead of each patient.
    """
    _hold_sources[name] = source
    if of_many is not None:
        _hold_sources_of_many[name] = of_many


def unregister_holds(name: str) -> None:
    _hold_sources.pop(name, None)
    _hold_sources_of_many.pop(name, None)


def on_hold(patients: Sequence[Patient]) -> set[int]:
    """The ids of those patients whose repeat waits for a clinician."""
    waiting: set[int] = set()
    for name, source in _hold_sources.items():
        of_many = _hold_sources_of_many.get(name)
        waiting |= set(of_many(patients) if of_many else (each.pk for each in patients if [*source(each)]))
    return waiting


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """What holds for the next treatment of one patient; `nurse_id` treated last time, None where nobody is known."""

    ended_at: datetime
    time_zone: str
    nurse_id: int | None
    protocol: Protocol
    holds: tuple[Hold, ...]

    @property
    def window(self) -> BookingWindow:
        return booking_window(last_session_end=self.ended_at, time_zone=self.time_zone, protocol=self.protocol)

    def answer(self, day: date) -> BookingAnswer:
        """What the front desk is told about a date of the clinic's calendar."""
        return booking_answer(
            last_session_end=self.ended_at,
            time_zone=self.time_zone,
            asked_date=day,
            protocol=self.protocol,
            holds=self.holds,
        )


def repeat_rules(patient: Patient, service: Service) -> RepeatRules | None:
    """The rules for booking `service`; None where none apply: not a treatment, or no session signed yet."""
    if service.kind != Service.Kind.TREATMENT:
        return None
    last = (
        TreatmentSession.objects.current()
        .filter(patient=patient)
        .order_by("-ended_at")
        .values_list("ended_at", "time_zone", "nurse_id")
        .first()
    )
    if last is None:
        return None
    ended_at, time_zone, nurse_id = last
    assert ended_at is not None  # a signed session has an end, the database sees to it
    return RepeatRules(
        ended_at=ended_at,
        time_zone=time_zone,
        nurse_id=nurse_id,
        protocol=protocol_in_force(),
        holds=holds_of(patient),
    )


def holds_of(patient: Patient) -> tuple[Hold, ...]:
    """Why the patient's next treatment waits, from all who may say so."""
    return tuple(hold for source in _hold_sources.values() for hold in source(patient))


def protocol_in_force() -> Protocol:
    """The signed protocol; the shipped one where none is signed."""
    version = ProtocolVersion.in_force()
    return version.protocol() if version else Protocol.default()


class Chain:
    """The treatments of one patient in a row: each has its window from the one before it, given or only planned."""

    def __init__(self, patient: Patient, service: Service, *, clinic: Clinic, now: datetime) -> None:
        """Reads the last signed session and the visits that are booked already."""
        self.clinic, self.service = clinic, service
        self.last_signed = repeat_rules(patient, service)
        self.protocol = self.last_signed.protocol if self.last_signed else protocol_in_force()
        self.holds = self.last_signed.holds if self.last_signed else holds_of(patient)
        coming = Appointment.objects.upcoming(now).filter(entry__patient=patient, service__kind=service.kind)
        self.planned: list[tuple[datetime, int | None]] = list(
            coming.values_list("entry__starts_at", "entry__nurse_id")
        )

    def add(self, starts_at: datetime, *, nurse_id: int | None) -> None:
        """A further visit, planned in the same go."""
        self.planned = sorted([*self.planned, (starts_at, nurse_id)], key=lambda visit: visit[0])

    @property
    def end(self) -> datetime | None:
        """The start of the last visit that is planned."""
        return self.planned[-1][0] if self.planned else None

    def rules_before(self, starts_at: datetime) -> RepeatRules | None:
        """What holds for a visit at that moment; None where no treatment comes before it."""
        earlier = [visit for visit in self.planned if visit[0] < starts_at]
        if not earlier:
            return self.last_signed
        planned_at, nurse_id = earlier[-1]
        if nurse_id is None and self.last_signed is not None:
            nurse_id = self.last_signed.nurse_id
        return RepeatRules(
            ended_at=planned_at + timedelta(minutes=self.service.chair_minutes),
            time_zone=self.clinic.time_zone,
            nurse_id=nurse_id,
            protocol=self.protocol,
            holds=self.holds,
        )
