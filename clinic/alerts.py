"""What must not be overlooked, whichever page a member of staff has open: late reminders, reports nobody has taken, …

An upper app registers a source in its `AppConfig.ready`. The staff pages ask for the alerts in the background, so that
no page waits for them, and again every half minute.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from clinic.access import Permission
from clinic.models import User
from clinic.notifications import health
from clinic.notifications.presenter import late_words


@dataclass(frozen=True, slots=True)
class Alert:
    """One line on every staff page. ``is_urgent``: somebody may come to harm while it stands."""

    words: str
    url: str = ""
    link: str = ""
    is_urgent: bool = False


AlertSource = Callable[[User], Iterable[Alert]]
_sources: dict[str, AlertSource] = {}


def register_alerts(name: str, source: AlertSource) -> None:
    """Let a part of the product say what the given member of staff must see; called in `AppConfig.ready`."""
    _sources[name] = source


def unregister_alerts(name: str) -> None:
    _sources.pop(name, None)


def alerts_for(user: User) -> list[Alert]:
    """Urgent ones first, otherwise in the order of registration."""
    found = [alert for source in _sources.values() for alert in source(user)]
    return sorted(found, key=lambda alert: not alert.is_urgent)


def reminders_are_late(user: User) -> Iterator[Alert]:
    words = late_words(health.status())
    if words and user.may(Permission.VIEW_DELIVERIES):
        yield Alert(f"{words} Nothing is lost.", reverse("clinic:messages"), "Messages")
    elif words:
        yield Alert(f"{words} Nothing is lost. Tell whoever looks after the system.")


register_alerts("reminders", reminders_are_late)
