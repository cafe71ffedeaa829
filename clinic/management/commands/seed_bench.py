"""`manage.py seed_bench --appointments N`: a clinic with that long a history, for benchmarks."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bench.seeding import seed


class Command(BaseCommand):
    help = "Fill an empty database with N appointments and patients, sessions, plans and messages in proportion."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--appointments", type=int, default=10_000)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seed(options["appointments"])
        except ValueError as error:
            raise CommandError(str(error)) from error
