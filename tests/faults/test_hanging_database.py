"""A PostgreSQL that is there and does not answer: the monitor hears of it, and is not left waiting."""

import json
import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from clinic.models import Delivery

DOWN = [503, {"database": "down"}]
ASK = (
    "import django, json; django.setup(); from django.test import Client\n"
    "answer = Client(headers={'host': 'localhost'}).get('/healthz')\n"
    "print(json.dumps([answer.status_code, answer.json()]))"
)


def test_a_postgresql_that_takes_the_call_and_says_nothing_is_down_within_seconds_whatever_pages_may_wait():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # what the system does for a server that stands still
        address = f"postgres://legwork@127.0.0.1:{silent.getsockname()[1]}/legwork?connect_timeout=3600"
        environment = {**os.environ, "DATABASE_URL": address, "PYTHONPATH": str(settings.BASE_DIR)}
        done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=120)

    assert json.loads(done.stdout) == DOWN


@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_kept_locked_is_down_within_seconds_and_the_next_answer_is_as_before(client):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            if other.vendor == "postgresql":  # no lock of SQLite stops a reader
                cursor.execute(f"BEGIN; LOCK TABLE {Delivery._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        locked = client.get("/healthz")
    finally:
        other.close()
    freed = client.get("/healthz")

    assert locked.status_code == (503 if connection.vendor == "postgresql" else 200)
    assert (freed.status_code, Delivery.objects.count()) == (200, 0)
