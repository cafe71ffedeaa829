"""Words and numbers for pages that every app shares."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from clinic.access import Permission
from clinic.models import User

Counter = Callable[[User], int]
_counters: dict[str, Counter] = {}
# Asked with the alerts, in the background: the id of the place for the number, and what counts.
_later: dict[str, tuple[str, Counter]] = {}


def register_counter(route: str, counter: Counter) -> None:
    """Let an upper app say how much waits at one of the places below; called in its `AppConfig.ready`."""
    _counters[route] = counter


def register_later_counter(route: str, counter: Counter) -> None:
    """The same for what somebody may come to harm by: no page waits for it, and it stays fresh while a page is open."""
    _later[route] = (f"count-{route.replace(':', '-')}", counter)


def later_counts(user: User) -> dict[str, int]:
    """The numbers that belong into the bar, by the id of their place; for those who have the place."""
    routes = [route for _, route, _ in _places_of(user) if route in _later]
    return {_later[route][0]: _later[route][1](user) for route in routes}


@dataclass(frozen=True)
class NavigationItem:
    """One place. What waits there is counted only when the bar is drawn, not for parts of pages.

    `count_id` is set where the number comes later.
    """

    label: str
    url: str
    icon: str
    current: bool
    counter: Callable[[], int] | None = None
    count_level: str = ""
    count_id: str = ""

    @cached_property
    def count(self) -> int:
        return self.counter() if self.counter else 0


# Who treats goes to the week by the day, which keeps the bar short enough for a phone.
_WEEK = "sessions_app:week"
_QUEUE = "aftercare:queue"

# The staff's places, in the order in which they stand in the bar; the first that fits is somebody's home.
_PLACES: tuple[tuple[Permission, str, str, str], ...] = (
    (Permission.RECORD_SESSION, "My day", "sessions_app:my_day", "clipboard-list"),
    (Permission.VIEW_SCHEDULE, "Day", "sessions_app:day", "calendar"),
    (Permission.BOOK, "Week", _WEEK, "calendar-days"),
    (Permission.BOOK, "To call", "sessions_app:calls", "phone-call"),
    (Permission.VIEW_REPORTS, "Queue", _QUEUE, "message-square-warning"),
    (Permission.FIND_PATIENT, "Patients", "clinic:patients", "users"),
    (Permission.VIEW_DELIVERIES, "Messages", "clinic:messages", "mail"),
    (Permission.VIEW_PROTOCOL, "Protocol", "clinic:protocol", "scroll-text"),
    (Permission.EDIT_SCHEDULE, "Set-up", "sessions_app:setup", "settings"),
)


def _places_of(user: User) -> list[tuple[str, str, str]]:
    """Label, route and icon; the queue is the first place of those who close what stands in it."""
    places = [
        (label, route, icon)
        for permission, label, route, icon in _PLACES
        if user.may(permission) and not (route == _WEEK and user.may(Permission.RECORD_SESSION))
    ]
    return sorted(places, key=lambda place: place[1] != _QUEUE) if user.may(Permission.CLOSE_REPORTS) else places


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the clinic, where this person may go, and whether this is the demo."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {"clinic": getattr(request, "clinic", None), "demo_mode": settings.DEMO}
    if user is not None and user.is_authenticated and user.is_staff:
        context["navigation"] = [
            NavigationItem(
                label=label,
                url=reverse(route),
                icon=icon,
                current=request.path.startswith(reverse(route)),
                counter=partial(_counters[route], user) if route in _counters else None,
                count_id=_later[route][0] if route in _later else "",
            )
            for label, route, icon in _places_of(user)
        ]
        context["can_subscribe"] = user.may(Permission.RECORD_SESSION)
        context["can_review_audit"] = user.may(Permission.REVIEW_AUDIT)
        context["can_manage_stock"] = user.may(Permission.MANAGE_STOCK)
        context["can_find_patients"] = user.may(Permission.FIND_PATIENT)
    return context
