"""Dispatch of due messages by one worker: claim, look again, render, record; the transport answers at once.

Beside it the least that any sender must do (two_phase), and what one task per message would be capped at (celery.noop).
"""

import dataclasses
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from bench import celery_noop, pgbench
from bench.harness import Goal, Left, Result, interleave
from bench.world import ZONE
from clinic.models import Delivery, Patient
from clinic.notifications.channels import CHANNELS
from clinic.notifications.channels.base import Letter, ProviderReceipt
from clinic.notifications.clock import HostClock
from clinic.notifications.dispatch import dispatch
from clinic.notifications.timing import TIMING

if TYPE_CHECKING:
    from bench.cases import World

ROWS = 400
BATCHES = 400
NO_BUDGET = dataclasses.replace(TIMING, budget=timedelta(minutes=10))


class AtOnce:
    """The e-mail channel without its network."""

    name, consent = "email", "email"

    def __init__(self, *, idempotent: bool) -> None:
        self.idempotent = idempotent

    def address_of(self, patient: Patient) -> str:
        return patient.email

    def deliver(self, letter: Letter, *, idempotency_key: UUID) -> ProviderReceipt:
        return ProviderReceipt()


def noon_here() -> datetime:
    """Today at noon of the patients' clocks, inside the hours in which messages may go out."""
    return timezone.localtime(timezone=ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0)


def sent_per_second(noon: datetime) -> float:
    pgbench.make_due(ROWS, kind="compression", due_at=noon - timedelta(minutes=30))
    before = Delivery.objects.filter(kind="compression", state="sent").count()
    offset, started = noon - timezone.now(), time.perf_counter()
    dispatch(kinds={"compression"}, new_clock=lambda: HostClock(offset), timing=NO_BUDGET, must_stop=lambda: False)
    passed = time.perf_counter() - started
    sent = Delivery.objects.filter(kind="compression", state="sent").count() - before
    if sent < ROWS:
        raise RuntimeError(f"only {sent} of {ROWS} due messages were sent")
    return sent / passed


def run(world: "World") -> list[Result | Left]:
    if world.postgres is None:
        return [Left("dispatch", "its yardstick is pgbench; use --database postgres")]
    server, noon = world.postgres, noon_here()
    pgbench.prepare()

    def two_phase() -> float:
        pgbench.make_due(50 * BATCHES, kind="activity", due_at=pgbench.an_hour_ago())
        return 50 * pgbench.transactions_per_second(server, "two_phase", transactions=BATCHES)

    results: list[Result | Left] = []
    # A mail server keeps no keys: each message leaves in a transaction of its own. Providers that keep keys allow more.
    for name, idempotent in (("dispatch.plain", False), ("dispatch.keyed", True)):
        CHANNELS["email"] = AtOnce(idempotent=idempotent)
        ours, theirs = interleave(lambda: sent_per_second(noon), two_phase, rounds=world.rounds)
        results.append(Result(name, "two_phase", "msg/s", ours, theirs, Goal("at least", 0.25, 0.5)))
    lacking = celery_noop.absent()
    if lacking:
        return [*results, Left("dispatch.tasks", lacking)]
    ours, theirs = interleave(lambda: sent_per_second(noon), celery_noop.drained_per_second, rounds=world.rounds)
    return [*results, Result("dispatch.tasks", "celery.noop", "msg/s", ours, theirs, Goal("at least", 1.5))]
