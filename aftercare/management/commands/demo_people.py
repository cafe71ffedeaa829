"""`demo_people`: whom to sign in as, as `./dev up` prints it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aftercare.demo.cast import OFFERED_STAFF
from clinic.models import Patient, User


class Command(BaseCommand):
    help = "List the demo people and their shared password."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("There are no demo people outside demo mode.")
        staff = User.objects.filter(email__in=OFFERED_STAFF)
        lines = [(person.email, person.name, person.role_names) for person in sorted(staff, key=_offered)]
        patients = Patient.objects.filter(email__startswith="patient", email__endswith="@example.com")
        lines += sorted(
            ((patient.email, patient.name, "Patient, by a code") for patient in patients), key=lambda line: len(line[0])
        )
        width = max((len(line[0]) for line in lines), default=0)
        for email, name, roles in lines:
            self.stdout.write(f"  {email:<{width}}  {name:<20}  {roles}")
        self.stdout.write(f"\nPassword of all staff: {settings.DEMO_PASSWORD}")
        self.stdout.write("Codes and messages to patients are shown on the page /demo/outbox/.")


def _offered(person: User) -> int:
    return OFFERED_STAFF.index(person.email)
