"""`GET /healthz`: whether the parts work, for a monitor. No versions, no data."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import public
from clinic.models import Delivery, Heartbeat


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise; ages in whole seconds, null where there is nothing to be late."""
    now = timezone.now()
    try:
        oldest = (
            Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=now)
            .order_by("due_at")
            .values_list("due_at", flat=True)
            .first()
        )
        tick = Heartbeat.objects.filter(component="reminders").values_list("at", flat=True).first()
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    ages = {
        "oldest_due_delivery_seconds": int((now - oldest).total_seconds()) if oldest else None,
        "last_reminder_tick_seconds": int((now - tick).total_seconds()) if tick else None,
    }
    return JsonResponse({"database": "up", **ages})
