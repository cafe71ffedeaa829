"""Whom on the wait list a free time fits, the longest waiting first.

Read from the calendar each time it is asked: a time that became free by a cancelled, moved or missed visit, a reopened
closure or new hours is simply free, and no event that told of it can be lost. The number of queries does not depend on
how many wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.models import Clinic, ProtocolVersion
from clinic.protocol.values import Protocol
from clinic.protocol.window import booking_window
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.availability import Period
from sessions_app.free_times import Search, Slot
from sessions_app.models import (
    Appointment,
    CalendarEntry,
    PartOfDay,
    Service,
    TreatmentSession,
    WaitListEntry,
    WaitListOffer,
)
from sessions_app.ranking import bits_of_parts, part_of_day
from sessions_app.repeat import on_hold

# A time farther away than this is not worth a call of its own; the dialog finds it.
LOOK_AHEAD_DAYS = 14
# So many of the longest waiting are looked at, however many wait.
MOST_READ = 500
_DAY, _MOMENT = timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Freed:
    """A stretch of a nurse's time: whoever could be seen with a part of it waits for it."""

    period: Period
    nurse_id: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What the calendar holds of a patient; `id` is the appointment's, None for a time kept by an offer."""

    id: int | None
    service_id: int | None
    is_treatment: bool
    is_booked: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Fit:
    """A waiting person and the first free times that fit. `moves` is the visit that would move there, if any."""

    entry: WaitListEntry
    slots: tuple[Slot, ...]
    moves: Visit | None


@dataclass(slots=True)
class _Facts:
    """What is known of the patients of some entries, by patient or entry id."""

    visits: dict[int, list[Visit]] = field(default_factory=dict)
    window_opens: dict[int, date] = field(default_factory=dict)
    on_hold: set[int] = field(default_factory=set)
    asked: dict[int, list[datetime]] = field(default_factory=dict)
    repeat_min_days: int = 0


def fitting(
    *,
    now: datetime,
    clinic: Clinic | None = None,
    freed: Freed | None = None,
    entries: Sequence[WaitListEntry] | None = None,
    limit: int | None = None,
    times: int = 3,
) -> list[Fit]:
    """The waiting people for whom something is free in the next two weeks, or with a part of `freed`, in their order.

    A fitting time lies within the wished dates, weekdays, parts of the day and with the wished nurse, leaves the notice
    of the service, lies not before the repeat window, and is earlier than the visit that is booked. Who holds an offer,
    or whose repeat waits for a clinician, is left out; so is a time that this person was offered before. `entries`
    limits the question to some of them; each fit names up to `times` free times.
    """
    clinic = clinic or Clinic.current()
    today = local_date(now, clinic.zone)
    first, last = today, today + LOOK_AHEAD_DAYS * _DAY
    if freed is not None:
        first, last = (local_date(at, clinic.zone) for at in (freed.period.starts_at, freed.period.ends_at))
    waiting = _waiting(now, first, last, freed) if entries is None else list(entries)
    if not waiting:
        return []
    facts = _facts_of(waiting, now, clinic.zone)
    fields: dict[tuple[int, timedelta], _Field] = {}
    found: list[Fit] = []
    for entry in waiting:
        moves = visit_to_move(entry, facts.visits.get(entry.patient_id, ()))
        length = moves.ends_at - moves.starts_at if moves else entry.service.length
        key = (entry.service_id, length)
        if key not in fields:
            fields[key] = _Field(clinic, entry.service, length, first, last, now)
        slots = fields[key].slots(entry, moves, facts, freed, times)
        if slots:
            found.append(Fit(entry, tuple(slots), moves))
        if len(found) == limit:
            break
    return found


def visit_to_move(entry: WaitListEntry, visits: Iterable[Visit]) -> Visit | None:
    """The visit that an earlier time would replace: the one that was named, or else the next of the same service."""
    booked = [each for each in visits if each.is_booked and each.service_id == entry.service_id]
    named = [each for each in booked if each.id == entry.appointment_id]
    return next(iter(named or booked), None)


def fits_wishes(entry: WaitListEntry, starts_at: datetime, nurse_id: int, zone: ZoneInfo) -> bool:
    """Whether a start with this nurse is what the person asked for: dates, weekday, part of the day, nurse."""
    day = local_date(starts_at, zone)
    return (
        entry.first_date <= day
        and (entry.last_date is None or day <= entry.last_date)
        and bool(entry.weekdays >> day.weekday() & 1)
        and (not entry.parts_of_day or part_of_day(starts_at, zone) in entry.parts_of_day)
        and entry.nurse_id in (None, nurse_id)
    )


def visits_of(patient_ids: Sequence[int], now: datetime) -> dict[int, list[Visit]]:
    """What is booked or kept for the patients from now on, by start. One query."""
    rows = (
        CalendarEntry.objects.filter(patient__in=patient_ids, active=True, starts_at__gte=now)
        .filter(Q(hold_expires_at__isnull=True) | Q(hold_expires_at__gt=now))
        .order_by("starts_at", "pk")
        .values_list(
            "patient_id",
            "appointment__pk",
            "appointment__service_id",
            "appointment__service__kind",
            "appointment__status",
            "starts_at",
            "ends_at",
        )
    )
    found: dict[int, list[Visit]] = {}
    for patient_id, pk, service_id, kind, status, starts_at, ends_at in rows:
        assert patient_id is not None
        is_booked = status == Appointment.Status.BOOKED
        visit = Visit(pk, service_id, kind == Service.Kind.TREATMENT, is_booked, starts_at, ends_at)
        found.setdefault(patient_id, []).append(visit)
    return found


def _waiting(now: datetime, first: date, last: date, freed: Freed | None) -> list[WaitListEntry]:
    """Those whose dates meet the asked ones, without those who hold an offer."""
    offered = WaitListOffer.objects.filter(answer="", expires_at__gt=now, hold__active=True).values("waiting")
    entries = (
        WaitListEntry.objects.waiting()
        .filter(Q(last_date__isnull=True) | Q(last_date__gte=first), first_date__lte=last, service__is_active=True)
        .exclude(pk__in=offered)
        .select_related("patient", "service", "nurse")
        .order_by("created_at", "pk")
    )
    if freed is not None:
        entries = entries.filter(Q(nurse__isnull=True) | Q(nurse=freed.nurse_id))
    return list(entries[:MOST_READ])


def _facts_of(entries: Sequence[WaitListEntry], now: datetime, zone: ZoneInfo) -> _Facts:
    facts = _Facts(visits=visits_of([entry.patient_id for entry in entries], now))
    asked = WaitListOffer.objects.filter(waiting__in=entries, starts_at__gte=now)
    for waiting_id, starts_at in (
        asked.filter(Q(answer=WaitListOffer.Answer.DECLINED) | Q(answer="", expires_at__lte=now))
    ).values_list("waiting_id", "starts_at"):
        facts.asked.setdefault(waiting_id, []).append(starts_at)
    repeats = [entry.patient for entry in entries if entry.service.kind == Service.Kind.TREATMENT]
    if repeats:
        _add_repeat_rules(facts, [patient.pk for patient in repeats])
        facts.on_hold = on_hold(repeats)
    return facts


def _add_repeat_rules(facts: _Facts, patient_ids: Sequence[int]) -> None:
    """From which date each may be treated again: `sessions_app.repeat` for many at once."""
    version = ProtocolVersion.in_force()
    protocol = version.protocol() if version else Protocol.default()
    facts.repeat_min_days = protocol.repeat_min_days
    ended = (
        TreatmentSession.objects.current()
        .filter(patient__in=patient_ids, ended_at__isnull=False)
        .order_by("ended_at")
        .values_list("patient_id", "ended_at", "time_zone")
    )
    for patient_id, (ended_at, time_zone) in {patient: (at, zone) for patient, at, zone in ended}.items():
        assert ended_at is not None
        window = booking_window(last_session_end=ended_at, time_zone=time_zone, protocol=protocol)
        facts.window_opens[patient_id] = window.first_date


class _Field:
    """The free starts of one service (and length) as integers, bit by bit; who fits is then a few `&`."""

    def __init__(
        self, clinic: Clinic, service: Service, length: timedelta, first: date, last: date, now: datetime
    ) -> None:
        self.service, self.zone = service, clinic.zone
        self.search = Search(clinic=clinic, service=service, first_date=first, last_date=last, now=now, length=length)
        self.any_room = _union(self.search.room_free.values())
        self.any_nurse = _union(self.search.nurse_free.values())
        self.weekdays = [0] * 7
        self.parts = bits_of_parts(self.search)
        for number, start in enumerate(self.search.starts.instants):
            self.weekdays[start.astimezone(self.zone).weekday()] |= 1 << number

    def slots(
        self, entry: WaitListEntry, moves: Visit | None, facts: _Facts, freed: Freed | None, count: int
    ) -> list[Slot]:
        """The first free times for one person."""
        nurse_id = freed.nurse_id if freed else entry.nurse_id
        bits = self._wished(entry, nurse_id)
        if freed is not None:
            bits &= self.search.starts.meeting(freed.period.starts_at, freed.period.ends_at)
        bits &= self._possible(entry, moves, facts)
        for starts_at in facts.asked.get(entry.pk, ()):
            bits &= ~self._from_to(starts_at, starts_at + _MOMENT)
        if not bits:
            return []
        slots = self.search.slots(_lowest(bits, count))
        return [slot for slot in slots if nurse_id in (None, slot.nurse_id)][:count]

    def _wished(self, entry: WaitListEntry, nurse_id: int | None) -> int:
        nurse_free = self.any_nurse if nurse_id is None else self.search.nurse_free.get(nurse_id, 0)
        weekdays = _union(bits for number, bits in enumerate(self.weekdays) if entry.weekdays >> number & 1)
        parts = _union(self.parts.get(part, 0) for part in entry.parts_of_day or PartOfDay.values)
        end = start_of_day(entry.last_date + _DAY, self.zone) if entry.last_date else None
        return (
            nurse_free
            & self.any_room
            & weekdays
            & parts
            & self._from_to(start_of_day(entry.first_date, self.zone), end)
        )

    def _possible(self, entry: WaitListEntry, moves: Visit | None, facts: _Facts) -> int:
        """Where nothing of the patient's own is in the way: other visits, the visit that would move, the window."""
        bits = self.search.starts.all if moves is None else self._from_to(None, moves.starts_at)
        is_treatment = self.service.kind == Service.Kind.TREATMENT
        if is_treatment and entry.patient_id in facts.on_hold:
            return 0
        if is_treatment and (opens := facts.window_opens.get(entry.patient_id)):
            bits &= self._from_to(start_of_day(opens, self.zone), None)
        for visit in facts.visits.get(entry.patient_id, ()):
            bits &= ~self.search.starts.meeting(visit.starts_at, visit.ends_at)
            if is_treatment and visit.is_treatment and visit != moves:
                bits &= ~self._too_near(local_date(visit.starts_at, self.zone), facts.repeat_min_days)
        return bits

    def _too_near(self, day: date, repeat_min_days: int) -> int:
        """The dates before and after another treatment of a course that are less than the least gap away."""
        first, end = day - (repeat_min_days - 1) * _DAY, day + repeat_min_days * _DAY
        return self._from_to(start_of_day(first, self.zone), start_of_day(end, self.zone))

    def _from_to(self, first: datetime | None, end: datetime | None) -> int:
        return self.search.starts.from_to(first, end)


def _union(bits: Iterable[int]) -> int:
    together = 0
    for each in bits:
        together |= each
    return together


def _lowest(bits: int, count: int) -> int:
    """The first `count` starts of these."""
    kept = 0
    for _ in range(count):
        kept |= bits & -bits
        bits &= bits - 1
    return kept
