"""What the demo adds to pages: the people whom its sign-in page offers, and who gets its messages.

Only `clinic.settings.demo` and the demo's own pages name it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from clinic.models import User


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as; `kind` is "staff" (by the shared password) or "patient" (by a code), carers too."""

    name: str
    role: str
    email: str
    kind: str


def demo_people() -> list[DemoPerson]:
    """The offered people that exist, in the order of `settings.DEMO_PEOPLE`."""
    known = {person.email: person for person in User.objects.filter(email__in=settings.DEMO_PEOPLE, is_active=True)}
    return [
        DemoPerson(person.name, person.role_names, email, "patient" if person.uses_portal else "staff")
        for email in settings.DEMO_PEOPLE
        if (person := known.get(email))
    ]


def names_behind(emails: Collection[str]) -> dict[str, str]:
    """Name and role of who has an account with one of `emails`, by e-mail: "Hugo Ashdown, Clinician". One query."""
    return {user.email: f"{user.name}, {user.role_names}" for user in User.objects.filter(email__in=emails)}


def offer_people(request: HttpRequest) -> dict[str, Any]:
    """Context processor of the demo: the sign-in page alone carries the people and their password."""
    if request.path != reverse("account_login"):
        return {}
    return {"demo_people": demo_people(), "demo_password": settings.DEMO_PASSWORD}
