"""People never see a lock error: a transaction that the database gave up for the sake of another is tried again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

from sessions_app.refusals import Refused

T = TypeVar("T")

RETRIES = 3
# Serialisation failure, deadlock, lock not available; what SQLite says when its one writer did not come round in 20 s.
_GIVEN_UP = {"40001", "40P01", "55P03"}
_SQLITE_BUSY = ("database is locked", "database table is locked")


def with_retries(transaction: Callable[[], T]) -> T:
    """Run one whole transaction, up to three times again with a growing random pause.

    Inside of somebody else's transaction it runs once: half of a transaction cannot be repeated.
    """
    for attempt in range(RETRIES + 1):
        try:
            return transaction()
        except OperationalError as error:
            if connection.in_atomic_block or not _was_given_up(error):
                raise
            if attempt == RETRIES:
                raise Refused(
                    "The calendar is very busy at this moment. Nothing was changed; please send it again.", rule="busy"
                ) from error
        pause = random.uniform(0.02, 0.08) * 2**attempt  # nosec B311
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _was_given_up(error: OperationalError) -> bool:
    # psycopg2's name for the SQLSTATE; other drivers' errors have none.
    return getattr(error.__cause__, "pgcode", None) in _GIVEN_UP or any(words in str(error) for words in _SQLITE_BUSY)
