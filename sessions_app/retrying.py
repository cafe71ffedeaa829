"""People never see a lock error: a transaction that the database gave up for the sake of another is tried again."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection
from django.db.models import Model

from sessions_app.refusals import Refused

T = TypeVar("T")
P = ParamSpec("P")

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
                    "Many people are saving at this moment. Nothing was changed; please send it again.", rule="busy"
                ) from error
        pause = random.uniform(0.02, 0.08) * 2**attempt  # nosec B311
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def retried(action: Callable[P, T]) -> Callable[P, T]:
    """Decorator of an action that is one transaction. Its `session`, if any, is read anew before each new try."""

    @wraps(action)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        tries = 0

        def once() -> T:
            nonlocal tries
            session = kwargs.get("session")
            if tries and isinstance(session, Model):
                session.refresh_from_db()
            tries += 1
            return action(*args, **kwargs)

        return with_retries(once)

    return tried


def _was_given_up(error: OperationalError) -> bool:
    # psycopg2's name for the SQLSTATE; other drivers' errors have none.
    return getattr(error.__cause__, "pgcode", None) in _GIVEN_UP or any(words in str(error) for words in _SQLITE_BUSY)
