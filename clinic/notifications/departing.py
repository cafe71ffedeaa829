"""The point of no return: one short transaction for a row, or for a group whose provider keeps idempotency keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from clinic.models import Delivery, DeliveryAttempt
from clinic.notifications.claim import Batch
from clinic.notifications.clock import Clock
from clinic.notifications.consent import ways_to
from clinic.notifications.faultpoints import at
from clinic.notifications.recheck import STOPPED, call_off
from clinic.notifications.states import State, move, move_free
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
        changes = {"attempts": F("attempts") + 1}
        if len(ids) == 1:  # a single row may be waited for, since no other is held meanwhile
            gone = ids if move(in_time, State.CLAIMED, State.SENDING, **changes) else []
        else:
            gone = move_free(in_time, State.CLAIMED, State.SENDING, **changes)
        leaving = [prepared for prepared in permitted if prepared.delivery.pk in set(gone)]
        attempts = DeliveryAttempt.objects.bulk_create(_attempt(prepared, now) for prepared in leaving)
        at("before_departure")
    stopped = [prepared.delivery.pk for prepared in group if prepared.delivery.pk not in set(ids)]
    if stopped:
        call_off(batch, stopped, STOPPED, clock)
    return [Departure(prepared, attempt.pk) for prepared, attempt in zip(leaving, attempts, strict=True)]


def _attempt(prepared: Prepared, now: datetime) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery=prepared.delivery,
        number=prepared.delivery.attempts + 1,
        address_hash=prepared.way.address_hash,
        subject=prepared.letter.subject[:200] if prepared.letter else "",
        started_at=now,
    )


def _still_permitted(group: Sequence[Prepared]) -> list[Prepared]:
    ways = ways_to({prepared.delivery.patient_id: prepared.delivery.patient for prepared in group}.values())
    return [
        prepared
        for prepared in group
        if ways.get(prepared.delivery.patient_id, {}).get(prepared.delivery.channel) == prepared.way
    ]
