"""Send a claimed batch, row by row: the point of no return, the call, the record. Each row stands alone.

Up to the departure nothing was sent and everything can be taken back; after it only the provider's answer counts, and
if that is lost, nobody guesses (`sweep.settle_uncertain`).
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from clinic import audit
from clinic.models import Delivery, DeliveryAttempt, StaffTask
from clinic.notifications import outcome
from clinic.notifications.alarms import raise_tasks
from clinic.notifications.channels.base import ProviderError, ProviderReceipt, TemporaryFailure
from clinic.notifications.claim import Batch, put_back, release
from clinic.notifications.clock import Clock
from clinic.notifications.consent import permission
from clinic.notifications.faultpoints import at
from clinic.notifications.logs import describe
from clinic.notifications.recheck import STOPPED, call_off, recheck
from clinic.notifications.states import State, move
from clinic.notifications.timing import Timing
from clinic.notifications.writing import Prepared, write

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Departure:
    """A row past the point of no return."""

    prepared: Prepared
    attempt_id: int


def send_batch(batch: Batch, *, clock: Clock, timing: Timing, must_stop: Callable[[], bool]) -> None:
    """Send what is still wanted, permitted and in time; release the rest when we must stop or the lease runs out."""
    try:
        ready = recheck(batch, clock=clock, timing=timing)
        for prepared in write(ready, now=clock.now()):
            if must_stop() or clock.now() + timing.margin >= batch.lease_until:
                return
            _send_one(prepared, batch, clock, timing)
    finally:
        release(batch)


def _send_one(prepared: Prepared, batch: Batch, clock: Clock, timing: Timing) -> None:
    try:
        departure = depart(prepared, batch, clock, timing)
        if departure is None:
            return
        at("after_departure")
        answer = _ask(prepared, timing)
        at("after_call")
        record(departure, answer, batch, clock, timing)
        at("after_record")
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease decides about this row and the rest
    except Exception as error:
        # One bad row never stops the others. If it had left, its lease judges it; if not, it is tried again later.
        logger.error("delivery %s could not be worked on: %s", prepared.delivery.pk, describe(error))
        put_back(batch, [prepared.delivery.pk], until=clock.now() + timing.back_off[0])


def depart(prepared: Prepared, batch: Batch, clock: Clock, timing: Timing) -> Departure | None:
    """The point of no return: one short transaction. None when the row is not ours any more or must not go out.

    The conditional update sees what happened since the batch was looked at: a lost lease, a cancelled row (a moved
    visit, a replaced plan), a passed deadline, a stop or a withdrawn consent for the very address.
    """
    delivery, way, now = prepared.delivery, prepared.way, clock.now()
    mine = Delivery.objects.filter(pk=delivery.pk, lease_token=batch.token)
    permitted = mine.filter(permission(way.channel.consent, way.address_hash))
    with transaction.atomic():
        if move(
            permitted.filter(lease_until__gt=now + timing.margin, not_after__gte=now),
            State.CLAIMED,
            State.SENDING,
            attempts=F("attempts") + 1,
        ):
            attempt = DeliveryAttempt.objects.create(
                delivery=delivery,
                number=delivery.attempts + 1,
                address_hash=way.address_hash,
                subject=prepared.letter.subject[:200] if prepared.letter else "",
                started_at=now,
            )
            at("before_departure")
            return Departure(prepared, attempt.pk)
    if not permitted.exists():
        call_off(batch, [delivery.pk], STOPPED, clock)
    return None


def _ask(prepared: Prepared, timing: Timing) -> outcome.Outcome:
    if prepared.letter is None:
        return TemporaryFailure("The text of the message could not be written.")
    key = prepared.delivery.pk
    return outcome.ask(prepared.way.channel, prepared.letter, idempotency_key=key, limit=timing.provider)


def record(departure: Departure, answer: outcome.Outcome, batch: Batch, clock: Clock, timing: Timing) -> None:
    """Write down what the provider said, again and again for some seconds if the database is away at that moment."""
    for pause in timing.record_pauses_s:
        try:
            return _record(departure, answer, batch, clock, timing)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
    return _record(departure, answer, batch, clock, timing)


@transaction.atomic
def _record(departure: Departure, answer: outcome.Outcome, batch: Batch, clock: Clock, timing: Timing) -> None:
    """Close the attempt by its own id, even when late; move the delivery only while it is ours."""
    now, delivery = clock.now(), departure.prepared.delivery
    decision = outcome.decide(answer, delivery, now=now, timing=timing)
    DeliveryAttempt.objects.filter(pk=departure.attempt_id, finished_at__isnull=True).update(
        finished_at=now,
        outcome=decision.outcome,
        provider_reference=answer.reference[:120] if isinstance(answer, ProviderReceipt) else "",
        error=answer.reason[:300] if isinstance(answer, ProviderError) else "",
    )
    mine = Delivery.objects.filter(pk=delivery.pk, lease_token=batch.token)
    if not move(mine, State.SENDING, decision.state, **decision.changes):
        return
    if decision.state == State.FAILED:
        raise_tasks(StaffTask.Kind.MESSAGE_FAILED, [(delivery.pk, delivery.patient_id)], now=now)
    audit.record(
        f"message {decision.state.value}",
        by=None,
        subject=delivery,
        patient=delivery.patient,
        step=delivery.step,
        channel=delivery.channel,
    )
