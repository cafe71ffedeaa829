"""What every command looks at before it writes: whose database this is. Refused is in one line, without a traceback."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from clinic.models import Clinic, User
from clinic.startup import name_of_the_database
from clinic.startup import refuse_the_wrong_clinic as refuse_at_start


def refuse_the_wrong_clinic() -> None:
    """As a process does at its start (`clinic.startup`); raises `CommandError`."""
    try:
        refuse_at_start()
    except ImproperlyConfigured as refused:
        raise CommandError(str(refused)) from refused


def refuse_a_clinic_that_is_none() -> None:
    """In demo mode nobody is put into an empty database: whatever holds people and no demo counts as a real clinic."""
    refuse_the_wrong_clinic()
    if settings.DEMO and not Clinic.current().is_demo:
        raise CommandError(
            "This is demo mode, and nobody is in this database yet. For a real clinic set DJANGO_SETTINGS_MODULE to "
            "clinic.settings.production first; for a demo run ./dev up, which brings an administrator."
        )


def refuse_what_did_not_come_back() -> None:
    """Only a real clinic is restored, and it has people: a demo, or an empty database, is another one than is meant.

    Somebody whose variables stand where this shell does not read them would else be told that all is well.
    """
    refuse_the_wrong_clinic()
    if settings.DEMO:
        raise CommandError(
            f"This is demo mode, and its database is {name_of_the_database()}: nothing was held. Set "
            "DJANGO_SETTINGS_MODULE to clinic.settings.production and DATABASE_URL to the restored database, in .env "
            "or in this shell; what systemd gives its services is not known here."
        )
    if not User.objects.exists():
        raise CommandError(
            f"Nobody is in {name_of_the_database()}: that is no clinic that came back, and nothing was held. Point "
            "DATABASE_URL at the restored database."
        )
