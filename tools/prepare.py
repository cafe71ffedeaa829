"""What must be true before the web server starts: tables, demo data on the first start, static files.

One process for all of it, because loading Django is most of the time of a second start. What happens goes to standard
error; standard output carries one JSON object for `tools.up`.
"""

import contextlib
import io
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from whitenoise.storage import CompressedManifestStaticFilesStorage, CompressedStaticFilesStorage


def refuse_the_wrong_clinic() -> None:
    """Before anything is written; a database without tables, or one that is away, is no wrong one yet."""
    from clinic import startup  # noqa: PLC0415  (needs the loaded apps)

    startup.refuse_the_wrong_clinic()


def bring_tables_up_to_date() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
        print("Database is up to date.", file=sys.stderr)
    call_command("check", databases=["default"], stdout=io.StringIO())


def fill_first_demo() -> None:
    """Demo data once, into an empty database, all or nothing; never outside demo settings."""
    if settings.DEMO and not get_user_model().objects.exists():
        print("Filling the demo clinic …", file=sys.stderr)
        with transaction.atomic():
            call_command("seed_demo")


def share_the_password() -> None:
    """What is printed lets everybody in, also when DEMO_PASSWORD is another one than at the first start."""
    if settings.DEMO:
        for person in get_user_model().objects.staff():
            if not person.check_password(settings.DEMO_PASSWORD):
                person.set_password(settings.DEMO_PASSWORD)
                person.save(update_fields=["password"])


def collect_static_files() -> None:
    """With their compressed twins, and a hash in the name in production; with DEBUG files are served where they are."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    is_compressed = isinstance(staticfiles_storage, CompressedStaticFilesStorage | CompressedManifestStaticFilesStorage)
    if is_compressed and not settings.DEBUG:
        call_command("collectstatic", interactive=False, verbosity=0)


def demo_people() -> str:
    table = io.StringIO()
    if settings.DEMO:
        call_command("demo_people", stdout=table)
    return table.getvalue()


def main() -> int:
    with contextlib.redirect_stdout(sys.stderr):
        try:
            django.setup()
            refuse_the_wrong_clinic()
            bring_tables_up_to_date()
        except ImproperlyConfigured as refused:
            print(refused, file=sys.stderr)
            return 1
        except OperationalError as error:
            print(f"The database does not answer (DATABASE_URL): {str(error).strip()}", file=sys.stderr)
            return 1
        fill_first_demo()
        share_the_password()
        collect_static_files()
        answer = {"people": demo_people(), "redis": bool(settings.REDIS_URL)}
        answer["host"] = urlsplit(settings.BASE_URL).netloc
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
