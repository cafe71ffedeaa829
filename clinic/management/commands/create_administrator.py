"""`create_administrator`: the first administrator of a new clinic, by a link that works once."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from clinic import audit
from clinic.access import Role
from clinic.management.refusing import refuse_a_clinic_that_is_none
from clinic.models import User


class Command(BaseCommand):
    help = "Register an administrator and print the link with which that person chooses a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        refuse_a_clinic_that_is_none()
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
