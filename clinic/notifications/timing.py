"""The fixed figures of sending, in one place. Tests pass a smaller `Timing`; nothing else changes them."""

from dataclasses import dataclass, field
from datetime import time, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Why these hold together: a call starts only while the lease has `margin` left, which is longer than a call."""

    batch: int = 50
    lease: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=30)
    provider: timedelta = timedelta(seconds=15)
    # After the lease of a row that was leaving: time for a slow worker to record what it knows.
    grace: timedelta = timedelta(seconds=60)
    # Waits after the first, second, … definite failure; the try after the last one is final.
    back_off: tuple[timedelta, ...] = field(default=tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)))
    # Three kinds share a minute of one worker; who has more to send goes on at the next ring.
    budget: timedelta = timedelta(seconds=15)
    # Local time t of the patient: opens <= t < closes.
    opens: time = time(8, 0)
    closes: time = time(21, 0)
    # How soon a message that waits for a person is looked at again.
    held: timedelta = timedelta(minutes=5)
    # How often what a provider said is written again when the database is away at that moment.
    record_pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)

    @property
    def tries(self) -> int:
        return len(self.back_off) + 1


TIMING = Timing()
