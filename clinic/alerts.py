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
    """One line on every staff page. ``is_urgent``: somebody may come to harm while it stands.

    ``is_grave``: somebody may be dying; it stands above all others.
    """

    words: str
    url: str = ""
    link: str = ""
    is_urgent: bool = False
    is_grave: bool = False


AlertSource = Callable[[User], Iterable[Alert]]
_sources: dict[str, AlertSource] = {}
_shown_on: dict[str, Callable[[str], bool]] = {}


def register_alerts(name: str, source: AlertSource, *, shown_on: Callable[[str], bool] | None = None) -> None:
    """Let a part of the product say what the given member of staff must see; called in `AppConfig.ready`.

    `shown_on` says of a page, as path and query, that it shows all of that itself: there the source is not asked.
    """
    _sources[name] = source
    if shown_on is not None:
        _shown_on[name] = shown_on


def unregister_alerts(name: str) -> None:
    _sources.pop(name, None)
    _shown_on.pop(name, None)


def alerts_for(user: User, *, page: str = "") -> list[Alert]:
    """Grave ones first, then urgent ones, each in the order of registration; not those that `page` shows itself."""
    asked = [source for name, source in _sources.items() if not (page and name in _shown_on and _shown_on[name](page))]
    found = [alert for source in asked for alert in source(user)]
    return sorted(found, key=lambda alert: (not alert.is_grave, not alert.is_urgent))


def reminders_are_late(user: User) -> Iterator[Alert]:
    words = late_words(health.status())
    if words and user.may(Permission.VIEW_DELIVERIES):
        yield Alert(f"{words} Nothing is lost.", reverse("clinic:messages"), "Messages")
    elif words:
        yield Alert(f"{words} Nothing is lost. Tell whoever looks after the system.")


register_alerts("reminders", reminders_are_late)
