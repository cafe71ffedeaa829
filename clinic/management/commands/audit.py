"""`manage.py audit verify | seal`: walk the hash chain of the audit trail, or extend it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import audit
from clinic.models import AuditEvent


class Command(BaseCommand):
    help = "Check the audit trail (verify), or link the events that are not in its chain yet (seal)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["verify", "seal"])

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if what == "seal":
            sealed = 0
            while linked := audit.seal(look_back=None):
                sealed += linked
            self.stdout.write(f"{sealed} events sealed.")
            return
        broken = audit.verify()
        if broken:
            raise CommandError(broken)
        waiting = AuditEvent.objects.filter(seal__isnull=True).count()
        self.stdout.write(f"Every link holds; {waiting} events wait for the next seal.")
