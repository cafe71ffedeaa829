"""`create_administrator`: the first administrator of a new clinic, by a link that works once."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from clinic import audit
from clinic.access import Role
from clinic.models import Clinic, User
from clinic.startup import refuse_the_wrong_clinic


class Command(BaseCommand):
    help = "Register an administrator and print the link with which that person chooses a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_a_clinic_that_is_none()
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError("Enter the whole e-mail, for example name@example.com.") from error
        if not options["name"].strip():
            raise CommandError("Enter the name of the administrator.")
        if User.objects.filter(email=options["email"].lower()).exists():
            raise CommandError("Somebody already signs in with this e-mail.")
        person = User.objects.create_user(
            options["email"], None, name=options["name"], roles=frozenset({Role.ADMINISTRATOR})
        )
        audit.record("administrator created", by=None, subject=person)
        key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
        uidb36, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
        self.stdout.write(f"{settings.BASE_URL}{path}")


def _refuse_a_clinic_that_is_none() -> None:
    """In demo mode nobody is put into an empty database: whatever holds people and no demo counts as a real clinic."""
    try:
        refuse_the_wrong_clinic()
    except ImproperlyConfigured as refused:
        raise CommandError(str(refused)) from refused
    if settings.DEMO and not Clinic.current().is_demo:
        raise CommandError(
            "This is demo mode, and nobody is in this database yet. For a real clinic set DJANGO_SETTINGS_MODULE to "
            "clinic.settings.production first; for a demo run ./dev up, which brings an administrator."
        )
