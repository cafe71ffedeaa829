"""The base app: loads Celery, puts database rules back after a migrate, and checks at start that they are there."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        # Models exist from here on; these modules need them.
        from clinic import celery, database_rules, language, signals, startup  # noqa: F401, PLC0415

        post_migrate.connect(database_rules.reinstall, dispatch_uid="database rules")
        checks.register(startup.rules_are_installed, checks.Tags.database)
