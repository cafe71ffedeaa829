"""What is looked at before work begins: the database's own rules, and that no demo is a clinic and no clinic a demo."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import DatabaseError, InterfaceError

from clinic.database_rules import missing
from clinic.models import Clinic, User


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


def refuse_the_wrong_clinic() -> None:
    """A database that was filled with invented people never serves a real clinic, and no real one opens as a demo.

    A demo shows each message and sign-in code to whoever looks, and its messages become files: those of a real clinic
    would count as sent. `manage.py` and `./dev up` are a demo unless they are told otherwise; so a demo that cannot see
    whose database it is does not start either. Raises `ImproperlyConfigured`; its words say what to set.
    """
    try:
        is_demo = Clinic.objects.filter(is_demo=True).exists()
        is_real = not is_demo and User.objects.exists()
    except (DatabaseError, InterfaceError) as error:
        # To a clinic an unreachable database is the health address's business: it comes back.
        if settings.DEMO and not _is_without_tables():
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ImproperlyConfigured(
                f"The database does not answer (DATABASE_URL): {reason}. Demo mode starts only where it can see that "
                "no real clinic is in it; for one set DJANGO_SETTINGS_MODULE to clinic.settings.production."
            ) from error
        return
    if is_demo and not settings.DEMO:
        raise ImproperlyConfigured("This database holds the demo clinic. Point DATABASE_URL at the real one.")
    if is_real and settings.DEMO:
        raise ImproperlyConfigured(
            "This database holds a real clinic, and this is demo mode. Set DJANGO_SETTINGS_MODULE to "
            "clinic.settings.production, or point DATABASE_URL at another database."
        )


def _is_without_tables() -> bool:
    try:
        return Clinic._meta.db_table not in connection.introspection.table_names()
    except (DatabaseError, InterfaceError):
        return False


def name_of_the_database() -> str:
    """As a person knows it: the file, or the name and the machine; never a password."""
    database = connection.settings_dict
    return f"{database['NAME']} at {database['HOST']}" if database.get("HOST") else str(database["NAME"])
