"""The repeat rules for one patient: the window after the last signed session, and what else makes a booking wait.

The rules themselves are `clinic.protocol.window`; here they get the patient's facts. They hold for treatments: a first
visit or a review may be booked on any day.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clinic.models import Patient, ProtocolVersion
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Hold
from clinic.protocol.window import BookingAnswer, BookingWindow, booking_answer, booking_window
from sessions_app.models import Service, TreatmentSession

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
    """What holds for the next treatment of one patient; `nurse_id` treated last time."""

    ended_at: datetime
    time_zone: str
    nurse_id: int
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
    version = ProtocolVersion.in_force()
    return RepeatRules(
        ended_at=ended_at,
        time_zone=time_zone,
        nurse_id=nurse_id,
        protocol=version.protocol() if version else Protocol.default(),
        holds=tuple(hold for source in _hold_sources.values() for hold in source(patient)),
    )
