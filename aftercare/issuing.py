"""What signing a session leads to: the plan and every message. One function computes it for page and store.

Overlapping plans of a patient give one schedule. So the unsent messages of the older plans are called off and written
again from the united timeline; a step that was sent keeps its row and is not sent a second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, DateTimeField, IntegerField, QuerySet, UUIDField, Value

from aftercare.models import AftercarePlan
from aftercare.stored import plan_of, ref_of
from clinic.models import Clinic, Delivery, Patient, ProtocolVersion
from clinic.notifications import DueMessage
from clinic.prepared import Blank, Prepared
from clinic.protocol import MessageKind, Plan, Protocol, SessionFacts, Timeline, plan_for, timeline_of
from clinic.protocol.messages import AppointmentTime, Message, schedule_for
from clinic.protocol.zones import starting_instant
from sessions_app.charting import session_facts
from sessions_app.models import Appointment, TreatmentSession

SOURCE = "plan"
# The step that tells a patient that a plan they have was corrected.
CORRECTED = "PLAN_CHANGED"
_KINDS = {MessageKind.COMPRESSION: Delivery.Kind.COMPRESSION, MessageKind.ACTIVITY: Delivery.Kind.ACTIVITY}
_NOT_GONE_YET = (Delivery.State.PENDING, Delivery.State.CLAIMED, Delivery.State.SENDING)
# No message of a plan is of use on another day than its own (`last_use_of`), whatever the zones.
_OLDEST_USE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a plan needs of a booked visit. `minutes` are those to plan for."""

    public_id: UUID
    starts_at: datetime
    minutes: int
    nurse: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a session leads to at one instant.

    `plan` is empty when nothing was injected: then nothing is stored and nothing changes, unless this corrects a
    session that had a plan. `running` are the current plans of the patient's other sessions that still hold; `messages`
    the united schedule of all of them from `now` on, reminders of appointments left out.
    """

    session: TreatmentSession
    version: ProtocolVersion
    protocol: Protocol
    facts: SessionFacts
    plan: Plan
    running: tuple[AftercarePlan, ...]
    next_visit: Visit | None
    messages: tuple[Message, ...]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All plans that hold, this one last."""
        return (*(plan_of(row) for row in self.running), self.plan)

    @property
    def timeline(self) -> Timeline:
        return timeline_of(self.plans)


def preview_of(
    session: TreatmentSession, *, version: ProtocolVersion, clinic: Clinic, now: datetime, is_void: bool = False
) -> Issue:
    """What signing `session` by `version` would store and send, from the session's rows as they are. Writes nothing.

    The session must have ended. `is_void`: a correction which says that nothing was injected; the end is then that of
    the session it corrects. Four queries at most, whatever the number of sites, items and messages.
    """
    protocol = version.protocol()
    facts = _facts_of(session, protocol, is_void=is_void)
    plan = plan_for(facts, protocol)
    visits, runs = _visits_and_runs(session, now=now)
    running = running_plans(session.patient, now=now, but=session.lineage) if runs else ()
    messages = (
        united_messages(
            patient=session.patient,
            plans=[*(plan_of(row) for row in running), plan],
            visits=visits,
            protocol=protocol,
            send_at=clinic.send_at,
            now=now,
            waiting=waiting_steps([row.public_id for row in running], now=now),
        )
        if not plan.is_empty or session.amends_id is not None
        else ()
    )
    return Issue(
        session=session,
        version=version,
        protocol=protocol,
        facts=facts,
        plan=plan,
        running=running,
        next_visit=visits[0] if visits else None,
        messages=messages,
    )


def _facts_of(session: TreatmentSession, protocol: Protocol, *, is_void: bool) -> SessionFacts:
    """A plan is called by the lineage that all corrections of its session share."""
    ref = ref_of(session.lineage)
    if is_void and session.amends is not None:
        return replace(session_facts(session.amends, protocol), sites=(), ref=ref)
    return replace(session_facts(session, protocol), ref=ref)


def running_plans(patient: Patient, *, now: datetime, but: UUID | None = None) -> tuple[AftercarePlan, ...]:
    """The current plans of the patient that still hold, oldest first; `but` leaves one lineage out."""
    rows = _holding(patient, now)
    if but is not None:
        rows = rows.exclude(lineage=but)
    return tuple(rows.prefetch_related("items").order_by("starts_at"))


def _holding(patient: Any, now: Any) -> QuerySet[AftercarePlan]:
    return AftercarePlan.objects.current().filter(patient=patient, ends_at__gt=now)


def upcoming_visits(patient: Patient, *, now: datetime) -> list[Visit]:
    """The patient's booked visits from now on, nearest first; read as values, because pages and signing are quick."""
    return [_visit(row) for row in _UPCOMING.rows(patient=patient.pk, now=now)]


def _visit(row: tuple[Any, ...]) -> Visit:
    public_id, at, chair, walk, nurse = row
    return Visit(public_id, at, chair + walk, nurse)


def _upcoming() -> QuerySet[Any, tuple[Any, ...]]:
    mine = Appointment.objects.filter(entry__patient=Blank("patient", BigIntegerField()))
    coming = mine.upcoming(Blank("now", DateTimeField()))
    return coming.values_list("public_id", "entry__starts_at", "chair_minutes", "walk_minutes", "entry__nurse__name")


_UPCOMING = Prepared(_upcoming)


def _visits_and_runs(session: TreatmentSession, *, now: datetime) -> tuple[list[Visit], bool]:
    """The patient's booked visits, and whether a plan of another session still holds. One query."""
    rows = _VISITS_AND_RUNS.rows(patient=session.patient_id, now=now, lineage=session.lineage)
    visits = [_visit(row) for row in rows if row[2] is not None]
    return sorted(visits, key=lambda visit: visit.starts_at), len(visits) < len(rows)


def _upcoming_or_running() -> QuerySet[Any, tuple[Any, ...]]:
    """Booked visits, and plans of other sessions: those have no minutes."""
    holding = _holding(Blank("patient", BigIntegerField()), Blank("now", DateTimeField()))
    others = holding.exclude(lineage=Blank("lineage", UUIDField()))
    nothing = (Value(None, IntegerField()), Value(None, IntegerField()), Value(""))
    return _upcoming().order_by().union(others.values_list("public_id", "starts_at", *nothing), all=True)


_VISITS_AND_RUNS = Prepared(_upcoming_or_running)


def waiting_steps(source_ids: Sequence[UUID], *, now: datetime) -> frozenset[tuple[str, str, int]]:
    """Steps of these plans that were due and have not gone yet: (lineage, step, occurrence). They must not get lost."""
    if not source_ids:
        return frozenset()
    rows = Delivery.objects.filter(
        source=SOURCE, source_id__in=source_ids, state__in=_NOT_GONE_YET, due_at__lt=now, not_after__gt=now
    )
    keys = (key.split(":") for key in rows.values_list("occurrence_key", flat=True))
    return frozenset((lineage, step, int(occurrence)) for lineage, step, occurrence, _ in keys)


def united_messages(
    *,
    patient: Patient,
    plans: Sequence[Plan],
    visits: Sequence[Visit],
    protocol: Protocol,
    send_at: time,
    now: datetime,
    waiting: frozenset[tuple[str, str, int]] = frozenset(),
) -> tuple[Message, ...]:
    """The schedule of all plans from `now` on, with what was due and still waits. Visits count for what makes room."""
    schedule = schedule_for(
        plans,
        [AppointmentTime(visit.starts_at, str(visit.public_id)) for visit in visits],
        patient_zone=patient.time_zone,
        protocol=protocol,
        send_at=send_at,
        not_before=now - _OLDEST_USE if waiting else now,
    )
    return tuple(
        message
        for message in schedule
        if message.kind is not MessageKind.APPOINTMENT
        and (message.due_at >= now or (message.ref, message.key, message.occurrence) in waiting)
        and last_use_of(message) > now
    )


def last_use_of(message: Message) -> datetime:
    """When a message of a plan is of no use any more: the midnight that ends its date, on the patient's clock.

    Each of them speaks of its day ("how are you", "a new step", "look at your plan"); on the next day it would be
    stale, and the staff task that an unsent one becomes is the better way to reach the patient.
    """
    midnight = datetime.combine(message.local_due.date() + timedelta(days=1), time())
    return min(message.not_after, starting_instant(midnight, ZoneInfo(message.time_zone)))


def due_messages(messages: Sequence[Message], *, patient: Patient, sources: dict[str, UUID]) -> list[DueMessage]:
    """The schedule as due rows. `sources` gives, by lineage, the public id of the plan version a message belongs to."""
    return [
        DueMessage(
            lineage=UUID(message.ref),
            step=message.key.value,
            occurrence=message.occurrence,
            kind=_KINDS[message.kind],
            patient=patient,
            source=SOURCE,
            source_id=sources[message.ref],
            due_at=message.due_at,
            not_after=last_use_of(message),
            local_time=message.local_due.isoformat(timespec="minutes"),
            time_zone=message.time_zone,
            why=message.reason,
        )
        for message in messages
    ]
