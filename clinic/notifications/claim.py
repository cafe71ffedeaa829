"""Claim before you send: a batch of due rows gets a fresh token and a lease; only its holder may go on with them."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from clinic.models import Delivery
from clinic.notifications.channels import enabled
from clinic.notifications.clock import Clock
from clinic.notifications.faultpoints import at
from clinic.notifications.states import State, move, move_free
from clinic.notifications.timing import Timing


@dataclass(frozen=True, slots=True)
class Batch:
    token: uuid.UUID
    lease_until: datetime
    deliveries: list[Delivery]


def claim(kinds: Collection[str], *, clock: Clock, timing: Timing) -> Batch:
    """Take up to a batch of the due rows of `kinds`, nearest deadline first. Each carries its patient.

    PostgreSQL lets two claimers pass each other (SKIP LOCKED); on SQLite the hint is ignored. On both the conditional
    update decides, and only rows that carry the token afterwards are ours.
    """
    now, token = clock.now(), uuid.uuid4()
    lease_until = now + timing.lease
    due = Delivery.objects.filter(
        Q(next_try_at__isnull=True) | Q(next_try_at__lte=now),
        state=State.PENDING,
        kind__in=sorted(kinds),
        channel__in=[channel.name for channel in enabled()],
        due_at__lte=now,
        not_after__gte=now,
    )
    with transaction.atomic():
        picked = list(
            due.order_by("not_after").select_for_update(skip_locked=True).values_list("pk", flat=True)[: timing.batch]
        )
        if picked:
            rows = Delivery.objects.filter(pk__in=picked)
            move(rows, State.PENDING, State.CLAIMED, lease_token=token, lease_until=lease_until)
    if not picked:
        return Batch(token, lease_until, [])
    at("after_claim")
    ours = Delivery.objects.filter(pk__in=picked, lease_token=token, state=State.CLAIMED)
    return Batch(token, lease_until, list(ours.select_related("patient").order_by("not_after")))


def release(batch: Batch) -> int:
    """Give back, at once, what is still claimed of a batch; returns how many rows."""
    return _give_back(batch, [delivery.pk for delivery in batch.deliveries])


def put_back(batch: Batch, ids: Collection[uuid.UUID], *, until: datetime, reason: str = "") -> int:
    """Give back some rows of a batch that nobody should claim before `until`; returns how many.

    `reason` is shown with the row until it leaves; without one the row keeps what it said.
    """
    said = {"reason": reason[:200]} if reason else {}
    return _give_back(batch, ids, next_try_at=until, **said)


def _give_back(batch: Batch, ids: Collection[uuid.UUID], **changes: Any) -> int:
    rows = Delivery.objects.filter(pk__in=ids, lease_token=batch.token)
    return len(move_free(rows, State.CLAIMED, State.PENDING, lease_token=None, lease_until=None, **changes))
