"""What a view behind `@requires` is given: somebody who is signed in, and the clinic's row."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from clinic.models import Clinic, User


class SignedInRequest(HttpRequest):
    """Named in annotations only; no request is ever made of this class."""

    user: "User"
    clinic: "Clinic"
    htmx: "HtmxDetails"
