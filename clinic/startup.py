"""What is looked at before work begins: the database's own rules, and that no demo becomes a clinic."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import DatabaseError

from clinic.database_rules import missing
from clinic.models import Clinic


def rules_are_installed(app_configs: Any, databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Runs with `check --database default` and at start: what must never happen is still forbidden."""
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
    """A database that was filled with invented people never serves a real clinic."""
    if settings.DEMO:
        return
    try:
        demo = Clinic.objects.filter(is_demo=True).exists()
    except DatabaseError:
        return  # an unreachable database is the health address's business; it comes back
    if demo:
        raise ImproperlyConfigured("This database holds the demo clinic. Point DATABASE_URL at the real one.")
