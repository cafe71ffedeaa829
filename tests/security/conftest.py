"""The world once per module; every request is undone, so that none changes what the next one finds."""

import logging
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.security.world import make_world


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def undone(db):
    @contextmanager
    def block():
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return block


@pytest.fixture(autouse=True)
def _quiet():
    """Thousands of refusals are what these tests are about; their lines would cost more than the requests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
