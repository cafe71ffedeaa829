"""Sweep: what lost its worker is put back or judged, what is too late expires, and somebody is told.

Any number of sweeps at once is fine: every step is a conditional update.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.db.models import Exists, F, OuterRef

from clinic import audit
from clinic.models import Delivery, DeliveryAttempt, StaffTask
from clinic.notifications import heartbeat, sources
from clinic.notifications.alarms import raise_tasks
from clinic.notifications.channels import CHANNELS
from clinic.notifications.clock import Clock, database_clock
from clinic.notifications.expiry import expire_stale
from clinic.notifications.faultpoints import at
from clinic.notifications.logs import describe
from clinic.notifications.recheck import by_source
from clinic.notifications.states import State, move, move_free
from clinic.notifications.timing import TIMING, Timing

logger = logging.getLogger(__name__)

LOST_WORKER = "the worker was lost while it was sending"
_AT_ONCE = 1000


def sweep(*, clock: Clock | None = None, timing: Timing = TIMING) -> None:
    """One round of all steps; a step that fails is logged and does not stop the others."""
    clock = clock or database_clock()
    now = clock.now()
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("leases", lambda: put_back_lost_claims(now)),
        ("lost", lambda: judge_lost_departures(now, timing)),
        ("uncertain", lambda: settle_uncertain(now, timing)),
        ("held", lambda: call_off_held(now)),
        ("expiry", lambda: expire_stale(now)),
        ("heartbeat", lambda: heartbeat.beat(heartbeat.REMINDERS, now)),
        ("seal", audit.seal),
    )
    for name, step in steps:
        try:
            step()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error("sweep step %s failed: %s", name, describe(error))


def put_back_lost_claims(now: datetime) -> int:
    """The lease is over and it was certainly not sent: free for the next claim."""
    lost = Delivery.objects.filter(lease_until__lt=now)
    freed = move_free(lost, State.CLAIMED, State.PENDING, lease_token=None, lease_until=None)
    at("in_sweep")
    return len(freed)


def judge_lost_departures(now: datetime, timing: Timing) -> int:
    """It was leaving when its worker was lost: nobody knows whether it arrived. The lease stays as its date."""
    lost = Delivery.objects.filter(lease_until__lt=now - timing.grace)
    return len(move_free(lost, State.SENDING, State.UNCERTAIN, lease_token=None, reason=LOST_WORKER))


def call_off_held(now: datetime) -> int:
    """What waited for a person until its deadline passed, nothing having rung, is called off before it expires.

    An expired row asks somebody to tell the patient, and what is held must not be told yet.
    """
    stale = Delivery.objects.filter(
        kind__in=Delivery.Kind.values,
        state=State.PENDING,
        not_after__lt=now,
        source__in=sources.names_that_hold(),
    )
    ids = list(stale.values_list("pk", flat=True))
    ended = 0
    for start in range(0, len(ids), _AT_ONCE):
        rows = list(Delivery.objects.filter(pk__in=ids[start : start + _AT_ONCE]))
        reasons, _ = by_source(rows, lambda source: source.held)
        for reason in set(reasons.values()):
            held = Delivery.objects.filter(pk__in=[pk for pk, why in reasons.items() if why == reason])
            ended += len(move_free(held, State.PENDING, State.CANCELLED, reason=reason[:200], finished_at=now))
    return ended


def settle_uncertain(now: datetime, timing: Timing) -> int:
    """Decide what can be decided without a person: a late answer says it was taken, or the policy sends it again.

    Everything else waits for a person, with a staff task; such rows are not looked at again until that task is done.
    """
    told = StaffTask.objects.filter(
        kind=StaffTask.Kind.MESSAGE_UNCERTAIN, delivery=OuterRef("pk"), done_at__isnull=True
    )
    taken = DeliveryAttempt.objects.filter(delivery=OuterRef("pk"), outcome=DeliveryAttempt.Outcome.ACCEPTED)
    open_questions = Delivery.objects.filter(
        ~Exists(told), state=State.UNCERTAIN, lease_until__lt=now - timing.grace
    ).annotate(taken=Exists(taken))
    for_a_person, decided = [], 0
    for delivery in open_questions[:_AT_ONCE]:
        row = Delivery.objects.filter(pk=delivery.pk)
        if delivery.taken:
            decided += move(row, State.UNCERTAIN, State.SENT, reason="", finished_at=now)
        elif _may_resend(delivery, now):
            decided += move(row, State.UNCERTAIN, State.PENDING, resends=F("resends") + 1, lease_until=None)
        else:
            for_a_person.append((delivery.pk, delivery.patient_id))
    if for_a_person:
        raise_tasks(StaffTask.Kind.MESSAGE_UNCERTAIN, for_a_person, now=now)
    return decided


def _may_resend(delivery: Delivery, now: datetime) -> bool:
    """Until its deadline: freely where the provider keeps keys, else once where the policy allows a copy."""
    if now > delivery.not_after:
        return False
    channel = CHANNELS.get(delivery.channel)
    if channel is not None and channel.idempotent:
        return True
    return delivery.policy == Delivery.Policy.RESEND_ONCE and delivery.resends == 0
