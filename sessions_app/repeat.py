"""The repeat rules for one patient: the window after the last signed session, and what else makes a booking wait.

The rules themselves are `clinic.protocol.window`; here they get the patient's facts. They hold for treatments: a first
visit or a review may be booked on any day.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from clinic.models import Clinic, Patient, ProtocolVersion
from clinic.prepared import Blank, Prepared
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Hold
from clinic.protocol.window import BookingAnswer, BookingWindow, booking_answer, booking_window
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.models import Appointment, Service, TreatmentSession
from sessions_app.wording import day_words, days_words

HoldSource = Callable[[Patient], Iterable[Hold]]
HoldSourceOfMany = Callable[[Sequence[Patient]], Iterable[int]]
_hold_sources: dict[str, HoldSource] = {}
_hold_sources_of_many: dict[str, HoldSourceOfMany] = {}


@dataclass(frozen=True, slots=True)
class HoldRows:
    """A hold that is a row with a `patient`: asked within the query for the last session, so that it costs none.

    `told` says in words what a row is, for those who read charts. `at_visit` says which rows hold the treatment of one
    visit (its id, or an expression for it): not those that came out of the visit itself (`sessions_app.visit_holds`).
    Not `is_in_chart`: at the visit a check of its own says the same, and a clinician's answer here would lift nothing.
    """

    hold: Hold
    rows: Callable[[], QuerySet[Any]]
    told: Callable[[Any], str]
    at_visit: Callable[[Any], Q] = lambda visit: Q()
    is_in_chart: bool = True

    def of_patient(self, patient: Patient) -> Iterable[Hold]:
        """The hold, if the patient has such a row. One query."""
        return [self.hold] if self.rows().filter(patient=patient.pk).exists() else []

    def of_many(self, patients: Sequence[Patient]) -> Iterable[int]:
        """The ids of those patients who have such a row; for lists. One query."""
        return self.rows().filter(patient__in=[each.pk for each in patients]).values_list("patient", flat=True)


_hold_rows: dict[str, HoldRows] = {}


def register_holds(name: str, source: HoldSource, *, of_many: HoldSourceOfMany | None = None) -> None:
    """Let an app say why a patient's repeat waits for a clinician (rule B4); called in its `AppConfig.ready`.

    `of_many` names those of many patients who wait (their ids), in one query; lists ask it instead of each patient.
    Holds that are rows are registered as such: `register_hold_rows`.
    """
    _hold_sources[name] = source
    if of_many is not None:
        _hold_sources_of_many[name] = of_many


def register_hold_rows(name: str, rows: HoldRows) -> None:
    """`register_holds` for holds that are rows; for somebody treated before they are asked within another query."""
    register_holds(name, rows.of_patient, of_many=rows.of_many)
    _hold_rows[name] = rows
    _forget_statements()


def unregister_holds(name: str) -> None:
    for known in (_hold_sources, _hold_sources_of_many, _hold_rows):
        known.pop(name, None)
    _forget_statements()


def _forget_statements() -> None:
    """They ask for the holds that are registered."""
    _last_treatment.cache_clear()
    _never_treated.cache_clear()


def hold_rows() -> tuple[HoldRows, ...]:
    """The holds that can be asked within another query, in the order in which they were registered."""
    return tuple(_hold_rows.values())


def holds_without_rows(patient: Patient) -> tuple[Hold, ...]:
    """What the sources say that have no rows."""
    return tuple(hold for name, source in _hold_sources.items() if name not in _hold_rows for hold in source(patient))


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
            same_area=None,  # which area is treated is decided in the chair
        )


def repeat_rules(patient: Patient, service: Service) -> RepeatRules | None:
    """The rules for booking `service`; None where none apply: not a treatment, or no session signed yet.

    One query, and one more for each source of holds that has no rows.
    """
    if service.kind != Service.Kind.TREATMENT:
        return None
    last = _last_treatment().rows(patient=patient.pk)
    if not last:
        return None
    ended_at, time_zone, nurse_id, protocol, *found = last[0]
    return RepeatRules(
        ended_at=ended_at,
        time_zone=time_zone,
        nurse_id=nurse_id,
        protocol=_protocol_of(protocol),
        holds=_holds(patient, found),
    )


def usual_window(patient: Patient) -> BookingWindow | None:
    """When the next treatment usually is; None for who was never treated here. One query."""
    last = _last_treatment().rows(patient=patient.pk)
    if not last:
        return None
    ended_at, time_zone, _nurse_id, protocol, *_held = last[0]
    return booking_window(last_session_end=ended_at, time_zone=time_zone, protocol=_protocol_of(protocol))


@cache
def _last_treatment() -> Prepared:
    """The last signed session of a patient, the protocol in force, and whether each kind of hold stands."""

    def make() -> QuerySet[Any, tuple[Any, ...]]:
        held = [Exists(each.rows().filter(patient=OuterRef("patient"))) for each in _hold_rows.values()]
        last = TreatmentSession.objects.current().filter(patient=Blank("patient", BigIntegerField()))
        facts: tuple[Any, ...] = ("ended_at", "time_zone", "nurse_id", Subquery(_protocol_texts()), *held)
        return last.order_by("-ended_at").values_list(*facts)[:1]

    return Prepared(make)


def holds_of(patient: Patient) -> tuple[Hold, ...]:
    """Why the patient's next treatment waits, from all who may say so."""
    return tuple(hold for source in _hold_sources.values() for hold in source(patient))


def waits(patient: Patient | None, service: Service, rules: RepeatRules | None) -> tuple[Hold, ...]:
    """Why booking `service` waits for a clinician (rule B4); holds for somebody who was never treated here, too."""
    if rules is not None:
        return rules.holds
    return holds_of(patient) if patient is not None and service.kind == Service.Kind.TREATMENT else ()


def standing(
    patient: Patient | None, service: Service, rules: RepeatRules | None
) -> tuple[Protocol | None, tuple[Hold, ...]]:
    """The protocol that a treatment follows and why it waits; None and () for other services.

    Out of `rules` where there are such, otherwise one query, and one more for each source of holds that has no rows.
    """
    if service.kind != Service.Kind.TREATMENT:
        return None, ()
    if rules is not None:
        return rules.protocol, rules.holds
    if patient is None:
        return protocol_in_force(), ()
    text, *found = _never_treated().rows(patient=patient.pk)[0]
    return _protocol_of(text), _holds(patient, found)


@cache
def _never_treated() -> Prepared:
    """The protocol in force, and whether each kind of hold stands for a patient."""

    def make() -> QuerySet[Any, tuple[Any, ...]]:
        held = [Exists(each.rows().filter(patient=OuterRef("pk"))) for each in _hold_rows.values()]
        facts: tuple[Any, ...] = (Subquery(_protocol_texts()), *held)
        return Patient.objects.filter(pk=Blank("patient", BigIntegerField())).values_list(*facts)

    return Prepared(make)


def _holds(patient: Patient, found: Sequence[bool]) -> tuple[Hold, ...]:
    """The holds that rows say, in the order in which they were registered, and those of all other sources."""
    by_rows = [each.hold for each, is_held in zip(_hold_rows.values(), found, strict=True) if is_held]
    return (*by_rows, *holds_without_rows(patient))


def protocol_in_force() -> Protocol:
    """The signed protocol; the shipped one where none is signed."""
    return _protocol_of(_protocol_texts().first())


def _protocol_texts() -> QuerySet[ProtocolVersion, str]:
    """The newest signed version's values, as the text that they are stored as."""
    signed = ProtocolVersion.objects.filter(signed_at__isnull=False).order_by("-number")
    return signed.values_list(Cast("values", TextField()), flat=True)[:1]


@lru_cache(maxsize=4)
def _protocol_of(text: str | None) -> Protocol:
    """The same text is the same protocol, whatever version it is of; reading it costs more than fetching it."""
    return Protocol.from_dict(json.loads(text)) if text is not None else Protocol.default()


def booked_treatment_days(
    patient: Patient, service: Service, clinic: Clinic, *, now: datetime, moves: Appointment | None = None
) -> list[date]:
    """The dates of the treatments that are booked already, without the one that is moved; empty for other services.

    One query.
    """
    if service.kind != Service.Kind.TREATMENT:
        return []
    coming = _COMING_TREATMENTS.rows(patient=patient.pk, now=now, moves=moves.pk if moves is not None else 0)
    return [local_date(at, clinic.zone) for (at,) in coming]


def _coming_treatments() -> QuerySet[Any, tuple[Any, ...]]:
    theirs = Appointment.objects.filter(entry__patient=Blank("patient", BigIntegerField()))
    treatments = theirs.filter(service__kind=Service.Kind.TREATMENT).exclude(pk=Blank("moves", BigIntegerField()))
    return treatments.upcoming(Blank("now", DateTimeField())).values_list("entry__starts_at")


_COMING_TREATMENTS = Prepared(_coming_treatments)


def too_near_words(day: date, booked: Iterable[date], least_days: int) -> str:
    """ "Only 3 days after the treatment of Tue 24 Nov." for a date too near to a booked treatment; "" for any other."""
    near = [other for other in booked if abs(other - day).days < least_days]
    if not near:
        return ""
    other = min(near, key=lambda each: abs(each - day))
    if other == day:
        return "Another treatment is booked on the same day."
    place = "after" if other < day else "before"
    return f"Only {days_words(abs(day - other).days)} {place} the treatment of {day_words(other)}."


def _given_today_or_coming(patient: Patient, service: Service, clinic: Clinic, now: datetime) -> QuerySet[Appointment]:
    """Who books on the way out was treated a moment ago, and the session is not signed yet."""
    here = (Appointment.Status.ARRIVED, Appointment.Status.IN_TREATMENT, Appointment.Status.DONE)
    today = start_of_day(local_date(now, clinic.zone), clinic.zone)
    return (
        Appointment.objects.filter(entry__patient=patient, service__kind=service.kind, entry__starts_at__gte=today)
        .filter(Q(status=Appointment.Status.BOOKED, entry__starts_at__gte=now) | Q(status__in=here))
        .exclude(sessions__status=TreatmentSession.Status.NOT_TREATED)
        .order_by("entry__starts_at")
    )


class Chain:
    """The treatments of one patient in a row: each has its window from the one before it, given or only planned."""

    def __init__(self, patient: Patient, service: Service, *, clinic: Clinic, now: datetime) -> None:
        """Reads the last signed session and the visits that are booked already."""
        self.clinic, self.service = clinic, service
        self.last_signed = repeat_rules(patient, service)
        self.protocol = self.last_signed.protocol if self.last_signed else protocol_in_force()
        self.holds = self.last_signed.holds if self.last_signed else holds_of(patient)
        self.planned: list[tuple[datetime, int | None]] = list(
            _given_today_or_coming(patient, service, clinic, now).values_list("entry__starts_at", "entry__nurse_id")
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
