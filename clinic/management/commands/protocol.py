"""``manage.py protocol <question>``: JSON in, JSON out, from the pure package alone; needs no database."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinic.protocol.door import add_arguments, reply


class Command(BaseCommand):
    help = "Ask the clinic's protocol: reads a JSON object or a list of them, prints the answers. See docs/protocol.md."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, question: str, codes: bool = False, **options: Any) -> None:
        status = reply(question, sys.stdin.buffer, self.stdout, codes=codes)
        if status:
            sys.exit(status)
