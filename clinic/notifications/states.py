"""The moves of a delivery, in one place. Every change of state goes through `move`, a conditional update.

No row changed means that somebody else was quicker: walk away. The database forbids to leave an end state as well
(`clinic.rules`), whoever writes.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from clinic.models import Delivery

State = Delivery.State

MAY_BECOME: dict[State, frozenset[State]] = {
    # Planned: taken by a worker, called off, too late, or held after a restore from a backup.
    State.PENDING: frozenset({State.CLAIMED, State.CANCELLED, State.EXPIRED, State.REVIEW}),
    # Taken, and certainly not sent: put back, called off, or past the point of no return.
    State.CLAIMED: frozenset({State.PENDING, State.CANCELLED, State.SENDING}),
    # Past the point of no return: only what the provider said, or its silence, decides.
    State.SENDING: frozenset({State.SENT, State.PENDING, State.FAILED, State.UNCERTAIN}),
    # Nobody knows: sent again by policy or by a person, or decided by look-up or by a person.
    State.UNCERTAIN: frozenset({State.PENDING, State.SENT, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.BOUNCED}),
    # Only a person lets it go.
    State.REVIEW: frozenset({State.PENDING, State.CANCELLED}),
    State.DELIVERED: frozenset(),
    State.BOUNCED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}

# Where nothing moves by itself any more.
ENDED = frozenset({State.SENT, *(state for state, targets in MAY_BECOME.items() if not targets)})


def move(deliveries: QuerySet[Delivery], came_from: State | Iterable[State], to: State, **changes: Any) -> int:
    """Move those of `deliveries` that are in `came_from` to `to`, with further column changes; returns how many moved.

    ValueError for a move that is not in the table: that is a programming error, not a race.
    """
    states = {came_from} if isinstance(came_from, State) else set(came_from)
    for state in states:
        if to not in MAY_BECOME[state]:
            raise ValueError(f"A delivery never moves from {state} to {to}.")
    return deliveries.filter(state__in=sorted(states)).update(state=to, **changes)


@transaction.atomic(savepoint=False)
def move_free(deliveries: QuerySet[Delivery], came_from: State, to: State, **changes: Any) -> list[UUID]:
    """`move` for many rows at once, as workers do it: a row that somebody else is writing just now is passed over.

    A worker that holds rows and never waits for another one cannot be in a deadlock with a person who signs, books or
    says stop. Returns the rows that moved.
    """
    free = deliveries.filter(state=came_from).select_for_update(skip_locked=True)
    picked = list(free.values_list("pk", flat=True))
    if picked:
        move(Delivery.objects.filter(pk__in=picked), came_from, to, **changes)
    return picked
