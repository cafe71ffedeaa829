"""`manage.py run_reminders --once | --loop`: rings without Redis, by cron or as a loop, what Celery's beat rings."""

import logging
from argparse import ArgumentParser
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils.module_loading import import_string

from clinic.management.refusing import refuse_the_wrong_clinic
from clinic.notifications import stopping
from clinic.notifications.logs import describe

logger = logging.getLogger(__name__)

_PAUSE_WITHOUT_DATABASE_S = 5.0
DATABASE_AWAY = (OperationalError, InterfaceError)


class Command(BaseCommand):
    help = "Send due reminders: once (for cron), or each minute until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--once", action="store_true", help="ring until nothing is due, then end")
        how.add_argument("--loop", action="store_true", help="ring each minute until SIGTERM or Ctrl-C")
        parser.add_argument("--every", type=float, default=60.0, help="seconds between rings, at most 60")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["every"] <= 60:
            raise CommandError("--every takes seconds from above 0 to 60.")
        refuse_the_wrong_clinic()
        tasks = [import_string(name) for name in settings.REMINDER_TASKS]
        with stopping.heeding_signals(pass_on=False):
            if options["once"]:
                self._once(tasks)
            else:
                self._loop(tasks, options["every"])

    def _once(self, tasks: list[Callable[[], Any]]) -> None:
        more = True
        while more and not stopping.requested():
            try:
                more = ring(tasks)
            except DATABASE_AWAY as error:
                raise CommandError(f"The database does not answer ({type(error).__name__}).") from error

    def _loop(self, tasks: list[Callable[[], Any]], every: float) -> None:
        while not stopping.requested():
            next_ring = monotonic() + every
            close_old_connections()
            try:
                more = ring(tasks)
            except DATABASE_AWAY as error:
                logger.warning("the database does not answer (%s); trying again", type(error).__name__)
                connection.close()
                stopping.wait(min(_PAUSE_WITHOUT_DATABASE_S, every))
                continue
            if not more:
                stopping.wait(max(0.0, next_ring - monotonic()))


def ring(tasks: list[Callable[[], Any]]) -> bool:
    """Call every task once; returns whether one of them left something due. Only a lost database stops the round."""
    more = False
    for task in tasks:
        if stopping.requested():
            return False
        try:
            more = task() is True or more
        except DATABASE_AWAY:
            raise
        except Exception as error:
            logger.error("%s failed: %s", getattr(task, "name", task), describe(error))
    return more
