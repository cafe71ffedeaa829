"""`GET /healthz`: whether the parts work, for a monitor. No versions, no data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from clinic.access import public
from clinic.notifications import health

# Of PostgreSQL, for the connection and for each of the two reads.
ANSWERS_WITHIN_S = 3


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise; ages in whole seconds, null where there is nothing to be late."""
    try:
        with _impatient_database():
            status = health.status()
    except Error:
        return JsonResponse({"database": "down"}, status=503)
    ages = {
        "oldest_due_delivery_seconds": _seconds(status.oldest_due),
        "last_reminder_tick_seconds": _seconds(status.last_tick),
    }
    return JsonResponse({"database": "up", **ages, "reminders_late": status.is_late})


@contextmanager
def _impatient_database() -> Iterator[None]:
    """A connection of its own with short limits, for this thread while inside: one that is open may hang for ever.

    A file does not hang; SQLite keeps the connection that it has.
    """
    usual = connections[DEFAULT_DB_ALIAS]
    if usual.vendor != "postgresql":
        yield
        return
    own = usual.copy()
    own.settings_dict["OPTIONS"]["connect_timeout"] = ANSWERS_WITHIN_S
    connections[DEFAULT_DB_ALIAS] = own
    try:
        with transaction.atomic(), own.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{ANSWERS_WITHIN_S}s'")
            yield
    finally:
        connections[DEFAULT_DB_ALIAS] = usual
        own.close()


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())
