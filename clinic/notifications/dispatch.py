"""Dispatch: what every ringer calls (Celery's beat, cron, the loop), any number of them at once."""

import time
from collections.abc import Callable, Collection

from clinic.notifications import stopping
from clinic.notifications.claim import claim
from clinic.notifications.clock import Clock, database_clock
from clinic.notifications.send import Pace, send_batch
from clinic.notifications.timing import TIMING, Timing


def dispatch(
    *,
    kinds: Collection[str],
    new_clock: Callable[[], Clock] = database_clock,
    timing: Timing = TIMING,
    must_stop: Callable[[], bool] = stopping.requested,
) -> bool:
    """Claim and send due rows of `kinds`, batch after batch, until none is due or the time budget is used up.

    Returns whether there may be more. A fresh clock for each batch keeps the database's time.
    """
    pace, ends = Pace(), time.monotonic() + timing.budget.total_seconds()

    def is_over() -> bool:
        return must_stop() or time.monotonic() >= ends

    with stopping.heeding_signals(pass_on=True):
        while not is_over():
            clock = new_clock()
            batch = claim(kinds, clock=clock, timing=timing)
            if not batch.deliveries:
                return False
            send_batch(batch, clock=clock, timing=timing, must_stop=is_over, pace=pace)
    return True
