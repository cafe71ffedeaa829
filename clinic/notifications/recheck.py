"""Look again, for a whole claimed batch at once: is each message still wanted, permitted, and inside the window?

What is not, leaves the batch here with its reason; what waits for a person is asked about again later. What can change
between this look and the departure of a row (a stop, a moved visit, a lost lease) is asked once more inside the row's
own transaction in `send`.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import transaction

from clinic.models import Delivery
from clinic.notifications import sources
from clinic.notifications.alarms import raise_unreachable
from clinic.notifications.channels import CHANNELS
from clinic.notifications.claim import Batch, put_back
from clinic.notifications.clock import Clock
from clinic.notifications.consent import Way, way_to, ways_to
from clinic.notifications.expiry import expire
from clinic.notifications.logs import describe
from clinic.notifications.states import State, move_free
from clinic.notifications.timing import Timing
from clinic.notifications.window import next_opening

logger = logging.getLogger(__name__)

STOPPED = "opt-out"
NO_ADDRESS = "no address on file any more"
NOT_OPEN_IN_TIME = "no permitted hour before its deadline"

Answers = Mapping[UUID, Any]
Ask = Callable[[Sequence[Delivery]], Answers]


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery that may go out now. `context` is None when its source could not tell what belongs into the text."""

    delivery: Delivery
    way: Way
    context: Mapping[str, Any] | None


def recheck(batch: Batch, *, clock: Clock, timing: Timing) -> list[Ready]:
    """The rows that may go out now; the others are called off, put back until they may go, or expired."""
    wanted = _call_off_unwanted(batch, batch.deliveries, clock, timing)
    free = _put_back_held(batch, wanted, clock, timing)
    reachable = _call_off_unreachable(batch, free, clock)
    open_now = _put_back_until_open(batch, [delivery for delivery, _ in reachable], clock, timing)
    ways = {delivery.pk: way for delivery, way in reachable}
    contexts, _ = by_source(open_now, lambda source: source.letters)
    return [Ready(delivery, ways[delivery.pk], contexts.get(delivery.pk)) for delivery in open_now]


def call_off(batch: Batch, ids: Sequence[UUID], reason: str, clock: Clock) -> int:
    """Cancel rows that this batch holds."""
    rows = Delivery.objects.filter(pk__in=ids, lease_token=batch.token)
    changes = {"reason": reason[:200], "finished_at": clock.now(), "lease_token": None, "lease_until": None}
    return len(move_free(rows, State.CLAIMED, State.CANCELLED, **changes))


def _call_off_unwanted(batch: Batch, deliveries: list[Delivery], clock: Clock, timing: Timing) -> list[Delivery]:
    reasons, unanswered = by_source(deliveries, lambda source: source.unwanted)
    by_reason: dict[str, list[UUID]] = defaultdict(list)
    for pk, reason in reasons.items():
        by_reason[reason].append(pk)
    for reason, ids in by_reason.items():
        call_off(batch, ids, reason, clock)
    if unanswered:
        # Nobody could say whether these are wanted, so they are not sent; asked again until their deadline.
        put_back(batch, unanswered, until=clock.now() + timing.back_off[0])
    return [delivery for delivery in deliveries if delivery.pk not in reasons and delivery.pk not in unanswered]


def _put_back_held(batch: Batch, deliveries: list[Delivery], clock: Clock, timing: Timing) -> list[Delivery]:
    """What waits for a person is asked again until its deadline is near; then it is called off.

    It does not expire: that would ask somebody to tell the patient what must not be told yet. So the last question
    comes a whole wait before the deadline, however late the next ring is.
    """
    reasons, unanswered = by_source(deliveries, lambda source: source.held)
    again = clock.now() + timing.held
    for delivery in deliveries:
        if delivery.pk not in reasons:
            continue
        if again + timing.held > delivery.not_after:
            call_off(batch, [delivery.pk], reasons[delivery.pk], clock)
        else:
            put_back(batch, [delivery.pk], until=again, reason=reasons[delivery.pk])
    if unanswered:
        put_back(batch, unanswered, until=clock.now() + timing.back_off[0])
    return [delivery for delivery in deliveries if delivery.pk not in reasons and delivery.pk not in unanswered]


def _call_off_unreachable(batch: Batch, deliveries: list[Delivery], clock: Clock) -> list[tuple[Delivery, Way]]:
    permitted = ways_to({delivery.patient_id: delivery.patient for delivery in deliveries}.values())
    reachable, stopped, homeless = [], [], []
    for delivery in deliveries:
        way = permitted.get(delivery.patient_id, {}).get(delivery.channel)
        if way:
            reachable.append((delivery, way))
        elif way_to(delivery.patient, CHANNELS[delivery.channel]):
            stopped.append(delivery.pk)
        else:
            homeless.append(delivery)
    if stopped:
        call_off(batch, stopped, STOPPED, clock)
    if homeless:
        with transaction.atomic():
            if call_off(batch, [delivery.pk for delivery in homeless], NO_ADDRESS, clock):
                raise_unreachable([delivery.patient_id for delivery in homeless], now=clock.now())
    return reachable


def _put_back_until_open(batch: Batch, deliveries: list[Delivery], clock: Clock, timing: Timing) -> list[Delivery]:
    now = clock.now()
    openings = {delivery.pk: next_opening(now, delivery.patient.time_zone, timing) for delivery in deliveries}
    by_opening: dict[datetime, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if opens_at := openings[delivery.pk]:
            by_opening[opens_at].append(delivery)
    for opens_at, closed in by_opening.items():
        with transaction.atomic():
            put_back(batch, [delivery.pk for delivery in closed], until=opens_at)
            too_late = [delivery.pk for delivery in closed if opens_at > delivery.not_after]
            if too_late:
                expire(Delivery.objects.filter(pk__in=too_late, next_try_at=opens_at), reason=NOT_OPEN_IN_TIME, now=now)
    return [delivery for delivery in deliveries if openings[delivery.pk] is None]


def by_source(
    deliveries: Sequence[Delivery], question: Callable[[sources.Source], Ask]
) -> tuple[dict[UUID, Any], set[UUID]]:
    """Ask each source about its own rows: the answers, and the rows about which it failed to answer."""
    by_name: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_name[delivery.source].append(delivery)
    answers: dict[UUID, Any] = {}
    unanswered: set[UUID] = set()
    for name, rows in by_name.items():
        known, unknown = _ask(rows, name, question)
        answers.update(known)
        unanswered.update(unknown)
    return answers, unanswered


def _ask(
    rows: Sequence[Delivery], name: str, question: Callable[[sources.Source], Ask]
) -> tuple[dict[UUID, Any], set[UUID]]:
    """A source that fails over a batch is asked row by row, so that one bad row does not hold the others."""
    try:
        return dict(question(sources.source_of(name))(rows)), set()
    except DatabaseError:
        raise
    except Exception as error:
        if len(rows) == 1:
            logger.error("source %s failed with %s on delivery %s", name, describe(error), rows[0].pk)
            return {}, {rows[0].pk}
    answers: dict[UUID, Any] = {}
    unanswered: set[UUID] = set()
    for row in rows:
        known, unknown = _ask([row], name, question)
        answers.update(known)
        unanswered.update(unknown)
    return answers, unanswered
