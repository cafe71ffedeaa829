"""Ask a channel, within a limit, and decide what its answer means for the delivery."""

import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from clinic.models import Delivery, DeliveryAttempt
from clinic.notifications.channels.base import (
    Channel,
    Letter,
    PermanentFailure,
    ProviderError,
    ProviderReceipt,
    TemporaryFailure,
    UnknownOutcome,
)
from clinic.notifications.logs import describe
from clinic.notifications.states import State
from clinic.notifications.timing import Timing

logger = logging.getLogger(__name__)

Outcome = ProviderReceipt | ProviderError
# Waits are spread by up to a fifth, so that a thousand rows do not knock again in the same second.
_JITTER = 0.2
_random = secrets.SystemRandom()


class NotTried(ProviderError):
    """It was called back after its departure and before its call: it has certainly not left."""

    def __init__(self) -> None:
        super().__init__("Not tried: the one before it took too long.")


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the delivery goes, how its attempt is closed, and the columns that change with it."""

    state: State
    outcome: DeliveryAttempt.Outcome
    changes: dict[str, Any]


class _Caller:
    """A thread that makes the calls of another one, one after the other, until it is left behind."""

    def __init__(self) -> None:
        self.process = os.getpid()  # a forked child has the object and not the thread
        self.jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="deliver", daemon=True).start()

    def _work(self) -> None:
        while job := self.jobs.get():
            job()


_own = threading.local()


def ask(channel: Channel, letter: Letter, *, idempotency_key: UUID, limit: timedelta) -> Outcome:
    """What the provider said, or that nobody knows. Never raises, never takes longer than `limit`.

    Socket time-outs count single reads, so a provider that answers drop by drop could hold us for hours. The call runs
    in another thread, which is left behind when its time is over.
    """
    caller: _Caller | None = getattr(_own, "caller", None)
    if caller is None or caller.process != os.getpid():
        caller = _own.caller = _Caller()
    answers: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    caller.jobs.put(lambda: answers.put(_call(channel, letter, idempotency_key)))
    try:
        return answers.get(timeout=limit.total_seconds())
    except queue.Empty:
        caller.jobs.put(None)  # it ends when its call does
        _own.caller = None
        return UnknownOutcome(f"No answer within {limit.total_seconds():g} s.")


def _call(channel: Channel, letter: Letter, idempotency_key: UUID) -> Outcome:
    try:
        return channel.deliver(letter, idempotency_key=idempotency_key)
    except ProviderError as error:
        return error
    except Exception as error:  # a fault of ours: whether the request left is not known, so it counts as unknown
        logger.error("channel %s failed with %s", channel.name, describe(error))
        return UnknownOutcome(f"The channel failed with {type(error).__name__}.")


def decide(answer: Outcome, delivery: Delivery, *, now: datetime, timing: Timing) -> Decision:
    """The move that an answer leads to. `delivery.attempts` is the number of tries before this one."""
    if isinstance(answer, ProviderReceipt):
        return Decision(State.SENT, DeliveryAttempt.Outcome.ACCEPTED, _ended(now, reason=""))
    if isinstance(answer, PermanentFailure):
        return Decision(State.FAILED, DeliveryAttempt.Outcome.REFUSED, _ended(now, reason=answer.reason))
    if isinstance(answer, TemporaryFailure):
        return _try_again(answer, delivery, now, timing)
    if isinstance(answer, NotTried):
        free = {"reason": "", "next_try_at": None, "lease_token": None, "lease_until": None}
        return Decision(State.PENDING, DeliveryAttempt.Outcome.FAILED, free)
    # The lease's end stays: the grace for a late answer counts from it.
    return Decision(
        State.UNCERTAIN, DeliveryAttempt.Outcome.UNKNOWN, {"reason": answer.reason[:200], "lease_token": None}
    )


def _try_again(answer: TemporaryFailure, delivery: Delivery, now: datetime, timing: Timing) -> Decision:
    """1, 5, 15, 60 min after the first four tries, later where the provider asks for it, never past the deadline."""
    failed = DeliveryAttempt.Outcome.FAILED
    tried = delivery.attempts + 1
    if tried >= timing.tries:
        return Decision(State.FAILED, failed, _ended(now, reason=f"{answer.reason} Tried {tried} times."))
    wait = timing.back_off[tried - 1] * _random.uniform(1, 1 + _JITTER)
    next_try_at = now + max(wait, timedelta(seconds=answer.retry_after_s or 0))
    if next_try_at > delivery.not_after:
        return Decision(State.FAILED, failed, _ended(now, reason=f"{answer.reason} The next try would be too late."))
    changes = {"next_try_at": next_try_at, "reason": answer.reason[:200], "lease_token": None, "lease_until": None}
    return Decision(State.PENDING, failed, changes)


def _ended(now: datetime, *, reason: str) -> dict[str, Any]:
    return {"reason": reason[:200], "finished_at": now, "lease_token": None, "lease_until": None}
