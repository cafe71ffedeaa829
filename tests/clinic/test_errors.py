"""A database that is away is said as such: 503, come again; anything else is a plain 500. Neither shows details."""

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from clinic.views import home

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken_home(client, monkeypatch):
    def ask(error):
        def fail(user):
            raise error

        monkeypatch.setattr(home, "home_of", fail)
        client.raise_request_exception = False
        return client.get("/")

    return ask


@pytest.mark.parametrize(
    "error", [OperationalError("secret host is away"), InterfaceError("connection already closed")]
)
def test_a_database_that_is_away_answers_503_and_when_to_come_again(broken_home, error):
    answer = broken_home(error)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"secret host" not in answer.content


@pytest.mark.parametrize("error", [ValueError("secret detail"), DatabaseError("secret detail")])
def test_anything_else_answers_500_without_details(broken_home, error):
    answer = broken_home(error)

    assert answer.status_code == 500
    assert b"secret detail" not in answer.content
