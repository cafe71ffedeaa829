"""`manage.py after_restore`: the one step between a restored backup and the first process that is started."""

from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from clinic.notifications.restored import hold_what_was_due


class Command(BaseCommand):
    help = (
        "Run once on a database that came back from a backup, before anything is started: messages that were due wait "
        "for a person, because they may have been sent since the backup, and everybody signs in anew."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        held = hold_what_was_due(now=timezone.now())
        # Who had signed out since the backup would be signed in again.
        Session.objects.all().delete()
        self.stdout.write(f"{held} message{'' if held == 1 else 's'} held: see Messages, Held after a restore.")
