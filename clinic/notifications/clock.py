"""What time it is for due times and leases: the database's on PostgreSQL, which many hosts share, else the host's.

Tests pass a clock of their own.
"""

from datetime import datetime, timedelta
from typing import Protocol

from django.db import connection
from django.utils import timezone


class Clock(Protocol):
    def now(self) -> datetime: ...


class HostClock:
    """The clock of this host, off by `offset` from the one that counts."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return timezone.now() + self._offset


def database_clock() -> Clock:
    """Asks PostgreSQL once and follows it from there; taken anew for each batch, so that drift never adds up."""
    if connection.vendor != "postgresql":
        return HostClock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return HostClock(cursor.fetchone()[0] - timezone.now())
