"""Send a claimed batch: the point of no return, the call, the record.

Up to the departure nothing was sent and everything can be taken back; after it only the provider's answer counts, and
if that is lost, nobody guesses (`sweep.settle_uncertain`). A row leaves alone, so that a crash puts one message in
doubt. Where the provider keeps idempotency keys a doubt costs nothing, so there rows leave together while calls are
quick: two transactions for a whole group.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError

from clinic.notifications import outcome
from clinic.notifications.channels.base import TemporaryFailure
from clinic.notifications.claim import Batch, put_back, release
from clinic.notifications.clock import Clock
from clinic.notifications.departing import Departure, depart
from clinic.notifications.faultpoints import at
from clinic.notifications.logs import describe
from clinic.notifications.recheck import recheck
from clinic.notifications.recording import Answered, record
from clinic.notifications.timing import Timing
from clinic.notifications.writing import Prepared, write

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


class Pace:
    """How many rows leave together: more while calls are quick, one again as soon as one is slow."""

    # Calls that take longer than this end the grouping; after the longest time the rest of a group is called back.
    QUICK_S, LONGEST_S = 0.1, 1.0

    def __init__(self) -> None:
        self.size = 1

    def take(self, waiting: Sequence[Prepared]) -> Sequence[Prepared]:
        """The next group: rows whose providers keep keys, up to `size` of them, or a single other row."""
        count = 0
        while count < min(self.size, len(waiting)) and waiting[count].way.channel.idempotent:
            count += 1
        return waiting[: max(count, 1)]

    def note(self, seconds: float, *, most: int) -> None:
        self.size = min(self.size * 2, most) if seconds <= self.QUICK_S else 1


def send_batch(
    batch: Batch, *, clock: Clock, timing: Timing, must_stop: Callable[[], bool], pace: Pace | None = None
) -> None:
    """Send what is still wanted, permitted and in time; release the rest when we must stop or the lease runs out."""
    pace = pace or Pace()
    try:
        waiting: Sequence[Prepared] = write(recheck(batch, clock=clock, timing=timing), now=clock.now())
        while waiting and not must_stop() and clock.now() + timing.margin < batch.lease_until:
            group = pace.take(waiting)
            waiting = waiting[len(group) :]
            _send(group, batch, clock, timing, pace)
    finally:
        release(batch)


def _send(group: Sequence[Prepared], batch: Batch, clock: Clock, timing: Timing, pace: Pace) -> None:
    departures, stuck = _all_or_each(group, lambda some: depart(some, batch, clock, timing))
    if stuck:
        put_back(batch, [one.delivery.pk for one in stuck], until=clock.now() + timing.back_off[0])
    at("after_departure")
    answered = _call(departures, timing, pace)
    # What cannot be recorded stays where it is: its lease judges it.
    _all_or_each(answered, lambda some: record(some, batch, clock, timing))
    at("after_record")


def _call(departures: Sequence[Departure], timing: Timing, pace: Pace) -> list[Answered]:
    """Ask the provider about each. When one is slow the others are called back: they have certainly not left."""
    started = time.monotonic()
    answered: list[Answered] = []
    for departure in departures:
        if answered and time.monotonic() - started > Pace.LONGEST_S:
            answered.append(Answered(departure, outcome.NotTried()))
            continue
        answered.append(Answered(departure, _ask(departure.prepared, timing)))
        at("after_call")
    pace.note(time.monotonic() - started, most=timing.batch)
    return answered


def _ask(prepared: Prepared, timing: Timing) -> outcome.Outcome:
    if prepared.letter is None:
        return TemporaryFailure("The text of the message could not be written.")
    key = prepared.delivery.pk
    return outcome.ask(prepared.way.channel, prepared.letter, idempotency_key=key, limit=timing.provider)


def _all_or_each(group: Sequence[T], do: Callable[[Sequence[T]], list[R]]) -> tuple[list[R], list[T]]:
    """Do it for the group; if that fails, for each alone, so that one bad row never stops the others.

    Returns the results and the ones that failed by themselves. A database that is away stops everything.
    """
    try:
        return (do(group) if group else []), []
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(group) == 1:
            logger.error("a delivery could not be worked on: %s", describe(error))
            return [], list(group)
    done: list[R] = []
    failed: list[T] = []
    for one in group:
        results, stuck = _all_or_each([one], do)
        done += results
        failed += stuck
    return done, failed
