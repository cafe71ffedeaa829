"""`manage.py after_restore`: the one step between a restored backup and the first process that is started."""

from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from clinic.management.refusing import refuse_what_did_not_come_back
from clinic.notifications.restored import hold_what_was_due
from clinic.startup import name_of_the_database


class Command(BaseCommand):
    help = (
        "Run once on a database that came back from a backup, before anything is started: messages that were due wait "
        "for a person, because they may have been sent since the backup, and everybody signs in anew."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_what_did_not_come_back()
        with transaction.atomic():
            held = hold_what_was_due(now=timezone.now())
            # Who had signed out since the backup would be signed in again.
            Session.objects.all().delete()
        messages = f"{held} message{'' if held == 1 else 's'}"
        self.stdout.write(f"{messages} held in {name_of_the_database()}: see Messages, Held after a restore.")
