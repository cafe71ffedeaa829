"""The point of no return: one short transaction for a row, or for a group whose provider keeps idempotency keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from clinic.models import Delivery, DeliveryAttempt
from clinic.notifications.claim import Batch
from clinic.notifications.clock import Clock
from clinic.notifications.consent import ways_to
from clinic.notifications.faultpoints import at
from clinic.notifications.recheck import STOPPED, call_off
from clinic.notifications.states import State, move
from clinic.notifications.timing import Timing
from clinic.notifications.writing import Prepared


@dataclass(frozen=True, slots=True)
class Departure:
    """A row past the point of no return."""

    prepared: Prepared
    attempt_id: int


def depart(group: Sequence[Prepared], batch: Batch, clock: Clock, timing: Timing) -> list[Departure]:
    """Let those of the group leave that may still leave; each gets an attempt in the same transaction.

    Looks again at what may have happened since the batch was claimed: a stop or a withdrawn consent for the very
    address; and, by the conditional update, a lost lease, a cancelled row (a moved visit, a replaced plan), a passed
    deadline. A row that is not ours any more is dropped without a word: somebody else has it.
    """
    now = clock.now()
    with transaction.atomic():
        permitted = _still_permitted(group)
        ids = [prepared.delivery.pk for prepared in permitted]
        mine = Delivery.objects.filter(pk__in=ids, lease_token=batch.token)
        in_time = mine.filter(lease_until__gt=now + timing.margin, not_after__gte=now)
        if moved := move(in_time, State.CLAIMED, State.SENDING, attempts=F("attempts") + 1):
            if moved < len(permitted):
                leaving = set(mine.filter(state=State.SENDING).values_list("pk", flat=True))
                permitted = [prepared for prepared in permitted if prepared.delivery.pk in leaving]
            attempts = DeliveryAttempt.objects.bulk_create(
                DeliveryAttempt(
                    delivery=prepared.delivery,
                    number=prepared.delivery.attempts + 1,
                    address_hash=prepared.way.address_hash,
                    subject=prepared.letter.subject[:200] if prepared.letter else "",
                    started_at=now,
                )
                for prepared in permitted
            )
            at("before_departure")
    if len(ids) < len(group):
        stopped = [prepared.delivery.pk for prepared in group if prepared.delivery.pk not in set(ids)]
        call_off(batch, stopped, STOPPED, clock)
    if not moved:
        return []
    return [Departure(prepared, attempt.pk) for prepared, attempt in zip(permitted, attempts, strict=True)]


def _still_permitted(group: Sequence[Prepared]) -> list[Prepared]:
    ways = ways_to({prepared.delivery.patient_id: prepared.delivery.patient for prepared in group}.values())
    return [
        prepared
        for prepared in group
        if ways.get(prepared.delivery.patient_id, {}).get(prepared.delivery.channel) == prepared.way
    ]
