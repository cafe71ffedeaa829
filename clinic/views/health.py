"""`GET /healthz`: whether the parts work, for a monitor. No versions, no data."""

from datetime import timedelta

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from clinic.access import public
from clinic.notifications import health


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise; ages in whole seconds, null where there is nothing to be late."""
    try:
        status = health.status()
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    ages = {
        "oldest_due_delivery_seconds": _seconds(status.oldest_due),
        "last_reminder_tick_seconds": _seconds(status.last_tick),
    }
    return JsonResponse({"database": "up", **ages, "reminders_late": status.is_late})


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())
