"""`manage.py clean_photographs`: files of photographs that no photograph knows, listed, and removed with --remove."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app import photograph_files
from sessions_app.models import Photograph


class Command(BaseCommand):
    help = "Lists files of photographs that a crash left without their row. With --remove they are deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="Delete them; without it they are only listed.")
        parser.add_argument(
            "--older-than-hours", type=int, default=24, help="Leave younger files alone (24 when left out; 1 at least)."
        )

    def handle(self, *args: Any, remove: bool, older_than_hours: int, **options: Any) -> None:
        if older_than_hours < 1:
            raise CommandError("--older-than-hours must be 1 at least: a younger file may be of an upload in progress.")
        if remove and not Photograph.objects.exists():
            raise CommandError("This database has never had a photograph. Is it the one these files belong to?")
        names = list(photograph_files.orphans(now=timezone.now(), older_than=timedelta(hours=older_than_hours)))
        for name in names:
            self.stdout.write(name)
        if remove:
            photograph_files.remove(*names)
        many = f"{len(names)} file{'' if len(names) == 1 else 's'} without a photograph"
        self.stdout.write(f"{many}{', removed' if remove and names else ''}.")
