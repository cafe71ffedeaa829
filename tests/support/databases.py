"""The test database as other processes see it, and clean-up that the product's own rules would refuse."""

import os
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.test import TransactionTestCase

from clinic import database_rules


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_database_rules():
    """Signed sessions and audit rows cannot be deleted; between transactional tests they must be.

    Django flushes the tables after each transactional test: by TRUNCATE on PostgreSQL, which no rule of ours concerns,
    by DELETE on SQLite, for which the rules step aside. The flush's `post_migrate` signal puts them back; what it
    missed, we do. The cache table is no model and would keep its login throttles, so it is emptied here too.
    """
    flush = TransactionTestCase._fixture_teardown

    def flush_without_rules(test_case):
        on_sqlite = [
            connections[alias]
            for alias in test_case._databases_names(include_mirrors=False)
            if connections[alias].vendor == "sqlite"
        ]
        for connection in on_sqlite:
            database_rules.remove(connection)
        try:
            flush(test_case)
            caches["default"].clear()
        finally:
            for connection in on_sqlite:
                database_rules.reinstall(None, using=connection.alias)

    TransactionTestCase._fixture_teardown = flush_without_rules
    yield
    TransactionTestCase._fixture_teardown = flush


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
