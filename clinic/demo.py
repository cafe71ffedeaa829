"""What the demo adds to pages: the people whom its sign-in page offers. Only `clinic.settings.demo` names it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from clinic.models import User


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as; `kind` is "staff" (by the shared password) or "patient" (by a code)."""

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


def offer_people(request: HttpRequest) -> dict[str, Any]:
    """Context processor of the demo: the sign-in page alone carries the people and their password."""
    if request.path != reverse("account_login"):
        return {}
    return {"demo_people": demo_people(), "demo_password": settings.DEMO_PASSWORD}
