"""Words and numbers for pages that every app shares."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from clinic.access import Permission


@dataclass(frozen=True, slots=True)
class NavigationItem:
    label: str
    url: str
    icon: str
    current: bool
    count: int | None = None
    count_level: str = ""


# The staff's places, in the order in which they stand in the bar; the first that fits is somebody's home.
_PLACES: tuple[tuple[Permission, str, str, str], ...] = (
    (Permission.RECORD_SESSION, "My day", "sessions_app:my_day", "clipboard-list"),
    (Permission.VIEW_SCHEDULE, "Day", "sessions_app:day", "calendar"),
    (Permission.FIND_PATIENT, "Patients", "clinic:patients", "users"),
    (Permission.VIEW_DELIVERIES, "Messages", "clinic:messages", "mail"),
    (Permission.VIEW_PROTOCOL, "Protocol", "clinic:protocol", "scroll-text"),
    (Permission.ADMINISTER, "Set-up", "admin:index", "settings"),
)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the clinic, where this person may go, and whether this is the demo."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {"clinic": getattr(request, "clinic", None), "demo_mode": settings.DEMO}
    if user is not None and user.is_authenticated and user.is_staff:
        context["navigation"] = [
            NavigationItem(label=label, url=reverse(route), icon=icon, current=request.path.startswith(reverse(route)))
            for permission, label, route, icon in _PLACES
            if user.may(permission)
        ]
        context["can_find_patients"] = user.may(Permission.FIND_PATIENT)
    return context
