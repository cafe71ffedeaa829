"""The base app: loads Celery, puts database rules back after a migrate, and checks at start that they are there."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.models.signals import post_migrate
from django.db.utils import DatabaseError


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        from clinic import celery, language, signals  # noqa: F401  (tasks bind to the app; sign-ins are heard)
        from clinic.database_rules import reinstall

        post_migrate.connect(reinstall, dispatch_uid="database rules")
        checks.register(rules_are_installed, checks.Tags.database)


def rules_are_installed(app_configs: Any, databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Runs with `check --database default` and at server start: what must never happen is still forbidden."""
    from clinic.database_rules import missing

    if not databases:
        return []
    try:
        lost = [rule.name for rule in missing(connection)]
    except DatabaseError as error:
        return [checks.Error(f"The database does not answer: {error}", id="clinic.E001")]
    if not lost:
        return []
    return [checks.Error(f"Database rules are missing: {', '.join(lost)}. Run ./dev manage migrate.", id="clinic.E002")]


def refuse_demo_data_outside_demo() -> None:
    """A clinic that was filled with invented people never starts as a real one."""
    from django.core.exceptions import ImproperlyConfigured

    from clinic.models import Clinic

    if settings.DEMO:
        return
    try:
        demo = Clinic.objects.filter(is_demo=True).exists()
    except DatabaseError:
        return  # an unreachable database is the health address's business; it comes back
    if demo:
        raise ImproperlyConfigured("This database holds the demo clinic. Point DATABASE_URL at the real one.")
