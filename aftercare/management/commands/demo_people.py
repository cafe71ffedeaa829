"""`demo_people`: whom to sign in as, as `./dev up` prints it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.demo import demo_people


class Command(BaseCommand):
    help = "List the demo people and their shared password."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("There are no demo people outside demo mode.")
        people = demo_people()
        width = max((len(person.email) for person in people), default=0)
        for person in people:
            by_code = ", by a code" if person.kind == "patient" else ""
            self.stdout.write(f"  {person.email:<{width}}  {person.name:<20}  {person.role}{by_code}")
        self.stdout.write(f"\nPassword of all staff: {settings.DEMO_PASSWORD}")
        self.stdout.write("Codes and messages, to patients and to staff, are shown on the page /demo/messages/")
