"""Record what a provider said: close the attempt, move the delivery, tell people, write the trail; one transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from clinic import audit
from clinic.models import AuditEvent, Delivery, StaffTask
from clinic.notifications.alarms import raise_tasks
from clinic.notifications.channels.base import ProviderError
from clinic.notifications.claim import Batch
from clinic.notifications.clock import Clock
from clinic.notifications.departing import Departure
from clinic.notifications.outcome import Decision, Outcome, decide
from clinic.notifications.states import State, move
from clinic.notifications.timing import Timing
from clinic.notifications.values import placeholders


@dataclass(frozen=True, slots=True)
class Answered:
    """A row that left, and what its provider said."""

    departure: Departure
    answer: Outcome

    @property
    def delivery(self) -> Delivery:
        return self.departure.prepared.delivery


def record(group: Sequence[Answered], batch: Batch, clock: Clock, timing: Timing) -> list[UUID]:
    """Write it down, again and again for some seconds if the database is away; returns the rows that were ours."""
    for pause in timing.record_pauses_s:
        try:
            return _record(group, batch, clock, timing)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
    return _record(group, batch, clock, timing)


@transaction.atomic
def _record(group: Sequence[Answered], batch: Batch, clock: Clock, timing: Timing) -> list[UUID]:
    """Attempts are closed by their own id, even when late; deliveries move only while they are ours."""
    now = clock.now()
    decided = [(one, decide(one.answer, one.delivery, now=now, timing=timing)) for one in group]
    _close_attempts(decided, now)
    moved = [*_all_sent(decided, batch), *_each_other(decided, batch, now)]
    AuditEvent.objects.bulk_create(_event(one, decision) for one, decision in moved)
    return [one.delivery.pk for one, _ in moved]


def _close_attempts(decided: Sequence[tuple[Answered, Decision]], now: datetime) -> None:
    """One statement for all, each with its own ending; an attempt that is closed already stays as it is."""
    rows = []
    for one, decision in decided:
        error = one.answer.reason[:300] if isinstance(one.answer, ProviderError) else ""
        reference = "" if isinstance(one.answer, ProviderError) else one.answer.reference[:120]
        rows.append((one.departure.attempt_id, str(decision.outcome), reference, error))
    finished_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE.format(rows=placeholders(rows)), [finished_at, *(fact for row in rows for fact in row)])


_CLOSE = """
    UPDATE clinic_deliveryattempt
    SET finished_at = %s, outcome = said.column2, provider_reference = said.column3, error = said.column4
    FROM (VALUES {rows}) AS said
    WHERE clinic_deliveryattempt.id = said.column1 AND clinic_deliveryattempt.finished_at IS NULL
"""


def _all_sent(decided: Sequence[tuple[Answered, Decision]], batch: Batch) -> list[tuple[Answered, Decision]]:
    """Move what was taken, in one statement: the changes are the same for all.

    An answer must be written, so this one waits for rows that somebody else is writing: in the order of their ids, as
    `planning` does where it writes rows that have left.
    """
    sent = {one.delivery.pk: (one, decision) for one, decision in decided if decision.state == State.SENT}
    mine = Delivery.objects.filter(pk__in=list(sent), lease_token=batch.token, state=State.SENDING)
    if len(sent) > 1:
        held = set(mine.select_for_update().order_by("pk").values_list("pk", flat=True))
        sent = {pk: pair for pk, pair in sent.items() if pk in held}
    if not sent:
        return []
    _, decision = next(iter(sent.values()))
    moved = move(mine.filter(pk__in=list(sent)), State.SENDING, State.SENT, **decision.changes)
    return list(sent.values())[:moved]


def _each_other(
    decided: Sequence[tuple[Answered, Decision]], batch: Batch, now: datetime
) -> list[tuple[Answered, Decision]]:
    """Move what was not taken, each with its own reason and next try; a final failure becomes a staff task."""
    moved = []
    for one, decision in decided:
        mine = Delivery.objects.filter(pk=one.delivery.pk, lease_token=batch.token)
        if decision.state == State.SENT or not move(mine, State.SENDING, decision.state, **decision.changes):
            continue
        moved.append((one, decision))
        if decision.state == State.FAILED:
            pair = (one.delivery.pk, one.delivery.patient_id)
            raise_tasks(StaffTask.Kind.MESSAGE_FAILED, [pair], now=now)
    return moved


def _event(one: Answered, decision: Decision) -> AuditEvent:
    delivery = one.delivery
    return audit.event(
        f"message {decision.state.value}",
        by=None,
        subject=delivery,
        patient=delivery.patient,
        step=delivery.step,
        channel=delivery.channel,
    )
