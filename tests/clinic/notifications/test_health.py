"""How the messages are doing: the alarm, and the address that a monitor asks."""

from datetime import timedelta

import pytest
import time_machine
from django.db import InterfaceError, OperationalError

from clinic.models import Heartbeat
from clinic.notifications import health, heartbeat
from tests.clinic.notifications.engine import make_due
from tests.makers import at

pytestmark = pytest.mark.django_db

NOW = at("2026-01-14 12:00")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False):
        yield


def ago(**span):
    return NOW - timedelta(**span)


def test_a_new_clinic_is_not_late():
    status = health.status()

    assert (status.oldest_due, status.last_tick, status.is_late) == (None, None, False)


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (11, True)])
def test_reminders_are_late_ten_minutes_after_the_last_ring(minutes, late):
    Heartbeat.objects.create(component="reminders", at=ago(minutes=minutes))

    assert health.status().is_late is late


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (11, True)])
def test_reminders_are_late_when_a_due_message_waits_for_more_than_ten_minutes(minutes, late):
    make_due(due_at=ago(minutes=minutes))

    assert health.status().is_late is late


def test_a_message_that_waits_for_its_hour_or_its_next_try_is_not_late():
    make_due(due_at=ago(hours=12), next_try_at=NOW + timedelta(minutes=1))
    assert health.status().is_late is False

    make_due(due_at=ago(hours=12), next_try_at=ago(minutes=9))
    assert health.status().oldest_due == timedelta(minutes=9)


def test_a_message_that_is_tried_again_does_not_hide_one_that_waits_longer():
    make_due(due_at=ago(hours=12), next_try_at=ago(minutes=1))
    make_due(due_at=ago(hours=1))

    assert health.status().oldest_due == timedelta(hours=1)


def test_reminders_are_late_when_their_last_ring_is_of_a_clock_that_ran_ahead():
    Heartbeat.objects.create(component="reminders", at=NOW + timedelta(days=1))

    assert health.status().is_late is True


def test_a_clock_that_was_put_right_is_followed_and_a_slow_ringer_is_not():
    heartbeat.beat("reminders", NOW + timedelta(days=1))
    heartbeat.beat("reminders", NOW)
    heartbeat.beat("reminders", ago(minutes=1))

    assert Heartbeat.objects.get().at == NOW


@pytest.mark.django_db(transaction=True)
def test_the_health_address_gives_ages_in_seconds_and_no_data(client):
    make_due(due_at=ago(seconds=90))
    Heartbeat.objects.create(component="reminders", at=ago(seconds=30))

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "database": "up",
            "oldest_due_delivery_seconds": 90,
            "last_reminder_tick_seconds": 30,
            "reminders_late": False,
        },
    )
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_the_health_address_says_when_the_database_is_away(client, monkeypatch, kind):
    def away(*args):
        raise kind("connection to server at 10.0.0.1 failed")

    monkeypatch.setattr(health, "status", away)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"database": "down"})


def test_the_status_costs_two_reads(django_assert_num_queries):
    with django_assert_num_queries(2):
        health.status()
