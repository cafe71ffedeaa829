"""The test database as other processes see it, and clean-up that the product's own rules would refuse."""

import os
from urllib.parse import quote

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.test import TransactionTestCase

from clinic import database_rules

# Django's own rows: the same after every migrate, and slow to make again.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
CACHE = settings.CACHES["default"]["LOCATION"]  # no model, but it would keep its login throttles


@pytest.fixture(scope="session", autouse=True)
def _empty_past_the_database_rules():
    """Signed sessions and audit rows cannot be deleted; after a transactional test they must be.

    Instead of Django's flush, which empties every table and fills permissions again: only what a test has filled is
    emptied, while the rules look away. It takes milliseconds on both databases.
    """
    flush = TransactionTestCase._fixture_teardown

    def empty(test_case):
        for alias in test_case._databases_names(include_mirrors=False):
            _empty(connections[alias])
            # As migrate leaves it: a worker may have tests left that count the queries of a clinic that is there.
            # A page that is still open may have asked for it first.
            apps.get_model("clinic", "Clinic").objects.using(alias).get_or_create(id=1)

    TransactionTestCase._fixture_teardown = empty
    yield
    TransactionTestCase._fixture_teardown = flush


def _empty(connection):
    names = {*connection.introspection.django_table_names(only_existing=True), CACHE} - KEPT
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in sorted(names))
    with connection.cursor() as cursor:
        cursor.execute(filled)
        delete = [f'DELETE FROM "{name}"' for (name,) in cursor.fetchall()]
        if delete and connection.vendor == "postgresql":
            with transaction.atomic(using=connection.alias):
                cursor.execute(";".join(["SET LOCAL session_replication_role = replica", *delete]))
        elif delete:
            cursor.execute("PRAGMA foreign_keys = OFF")
            database_rules.remove(connection)
            try:
                for statement in delete:
                    cursor.execute(statement)
            finally:
                database_rules.reinstall(None, using=connection.alias)
                cursor.execute("PRAGMA foreign_keys = ON")


def _url(database):
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    login = quote(database["USER"], safe="")
    if database["PASSWORD"]:
        login += f":{quote(database['PASSWORD'], safe='')}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    host = database["HOST"]
    if host.startswith("/"):  # a socket's directory goes into the path, the form django-environ reads
        return f"postgres://{login}@{port}/{host}/{database['NAME']}"
    return f"postgres://{login}@{host}{port}/{database['NAME']}"


@pytest.fixture
def database_url(transactional_db):
    """Address of the database that this test uses, for DATABASE_URL of a process that it starts."""
    return _url(connections["default"].settings_dict)


@pytest.fixture
def child_environment(database_url):
    """Environment for `manage.py …` or a worker as a process of its own on this test's database."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "PYTHONPATH": str(settings.BASE_DIR),
    }


def pytest_addoption(parser):
    parser.addoption(
        "--database-tests-only",
        action="store_true",
        help="leave out what never asks a database: a second database would tell nothing new about it",
    )


def _asks_a_database(item):
    by_fixture = not {"db", "transactional_db", "live_server"}.isdisjoint(item.fixturenames)
    return by_fixture or item.get_closest_marker("django_db") or issubclass(item.cls or object, TransactionTestCase)


def pytest_collection_modifyitems(config, items):
    if not config.getoption("database_tests_only"):
        return
    kept = [item for item in items if _asks_a_database(item)]
    chosen = set(kept)
    left = [item for item in items if item not in chosen]
    config.hook.pytest_deselected(items=left)
    items[:] = kept
