"""`manage.py check_integrity`: does the calendar agree with itself and with the appointments?"""

from typing import Any

from django.core.management.base import BaseCommand

from sessions_app.integrity import problems


class Command(BaseCommand):
    help = (
        "Compares calendar entries with each other and with the appointments. Ends with status 1 if anything differs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for problem in problems():
            self.stdout.write(problem)
            found += 1
        if found:
            self.stderr.write(f"{found} problem{'' if found == 1 else 's'} found.")
            raise SystemExit(1)
        self.stdout.write("The calendar and the appointments agree.")
