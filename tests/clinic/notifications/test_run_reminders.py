"""`manage.py run_reminders` and `manage.py audit`: the same functions that Celery's beat rings."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils.module_loading import import_string

from clinic import audit
from clinic.celery import app
from clinic.management.commands import run_reminders
from clinic.models import AuditEvent, Delivery, Heartbeat
from clinic.notifications import stopping
from tests.clinic.notifications.engine import make_due, reload
from tests.makers import make_patient


def make_due_now(**facts):
    """Due in the real present, for a patient whose clock stands near noon, so that no window is in the way."""
    now = datetime.now(UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"
    patient = make_patient(email_allowed=True, time_zone=zone)
    due_at = now - timedelta(minutes=5)
    return make_due(patient, due_at=due_at, not_after=now + timedelta(hours=20), time_zone=zone, **facts)


def test_the_tasks_have_the_names_that_beat_rings_and_take_nothing():
    app.loader.import_default_modules()

    assert [name for name in settings.REMINDER_TASKS if name not in app.tasks] == []
    assert [app.tasks[name].run.__code__.co_argcount for name in settings.REMINDER_TASKS] == [0, 0, 0, 0, 0]
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert (entry.get("args", ()), entry["options"]["expires"]) == ((), 55)


@pytest.mark.django_db
@pytest.mark.usefixtures("source")
def test_each_task_sends_its_own_kind(channel):
    rows = {kind: make_due_now(kind=kind) for kind in Delivery.Kind.values}
    tasks = {
        "compression": "aftercare.tasks.send_compression_reminders",
        "activity": "aftercare.tasks.send_activity_reminders",
        "appointment": "sessions_app.tasks.send_appointment_reminders",
    }

    for kind, name in tasks.items():
        before = len(channel.keys)
        assert import_string(name)() is False
        assert channel.keys[before:] == [rows[kind].pk]


@pytest.mark.django_db
@pytest.mark.usefixtures("source")
def test_once_rings_until_nothing_is_due_beats_the_heart_and_seals_the_trail(channel):
    rows = [make_due_now(kind=kind) for kind in Delivery.Kind.values]

    call_command("run_reminders", "--once")

    assert {reload(row).state for row in rows} == {"sent"}
    assert Heartbeat.objects.filter(component="reminders").count() == 1
    call_command("run_reminders", "--once")
    assert AuditEvent.objects.filter(action="message sent", seal__isnull=True).count() == 0
    assert audit.verify() is None


@pytest.mark.django_db
def test_how_often_is_asked_for_in_seconds_and_once_or_loop_must_be_said():
    with pytest.raises(CommandError, match="--every takes seconds"):
        call_command("run_reminders", "--loop", "--every", "61")
    with pytest.raises(CommandError, match="one of the arguments --once --loop is required"):
        call_command("run_reminders")


def test_a_task_that_fails_does_not_stop_the_others(caplog):
    called = []

    def fails():
        raise ValueError("quotes ada@example.com")

    assert run_reminders.ring([fails, lambda: called.append("second") or True]) is True
    assert called == ["second"]
    assert "ada@example.com" not in caplog.text


@pytest.mark.django_db
def test_once_without_a_database_ends_with_a_reason(monkeypatch):
    monkeypatch.setattr(run_reminders, "ring", _away)

    with pytest.raises(CommandError, match="The database does not answer"):
        call_command("run_reminders", "--once")


@pytest.mark.django_db
def test_the_loop_outlives_a_database_that_is_away(monkeypatch, caplog):
    rings = []

    def ring(tasks):
        rings.append(len(rings))
        if len(rings) < 3:
            _away(tasks)
        stopping.request()
        return False

    monkeypatch.setattr(run_reminders, "ring", ring)
    monkeypatch.setattr(stopping, "wait", lambda seconds: None)

    call_command("run_reminders", "--loop")

    assert rings == [0, 1, 2]
    assert caplog.text.count("the database does not answer (OperationalError)") == 2
    assert stopping.requested() is False


def _away(tasks):
    raise OperationalError("server closed the connection; user=secret")


@pytest.mark.faults
def test_the_loop_sends_and_ends_cleanly_on_sigterm(child_environment, tmp_path):
    """A real process, with the file channel of the demo."""
    delivery = make_due_now(channel="file", source="plan")
    command = [sys.executable, "-c", LOOP.format(outbox=str(tmp_path))]
    loop = subprocess.Popen(command, env=child_environment, cwd=settings.BASE_DIR, stderr=subprocess.PIPE, text=True)
    ends = time.monotonic() + 30
    while reload(delivery).state != "sent" and loop.poll() is None and time.monotonic() < ends:
        time.sleep(0.05)

    loop.send_signal(signal.SIGTERM)

    assert loop.wait(timeout=10) == 0
    assert reload(delivery).state == "sent"
    [letter] = tmp_path.glob("*.json")
    assert json.loads(letter.read_text())["to"] == delivery.patient.email
    noise = [line for line in loop.stderr if "Error" in line or "Traceback" in line]
    assert noise == []
    assert delivery.patient.email not in "".join(noise)
    assert os.listdir(tmp_path) == [letter.name]


LOOP = """
import django
from django.conf import settings
settings.OUTBOX_DIR = {outbox!r}
django.setup()
from clinic.notifications import sources
sources._SOURCES["plan"] = sources.Source(lambda rows: {{}}, lambda rows: {{row.pk: {{}} for row in rows}})
from django.core.management import call_command
call_command("run_reminders", "--loop", "--every", "0.2")
"""


@pytest.mark.django_db
def test_audit_seals_and_verifies_and_names_the_first_broken_link(capsys):
    for number in range(3):
        audit.record("something", by=None, number=number)

    call_command("audit", "verify")
    call_command("audit", "seal")
    call_command("audit", "seal")
    call_command("audit", "verify")

    assert capsys.readouterr().out.splitlines() == [
        "Every link holds; 3 events wait for the next seal.",
        "3 events sealed.",
        "0 events sealed.",
        "Every link holds; 0 events wait for the next seal.",
    ]


@pytest.mark.django_db
def test_audit_verify_fails_when_a_link_is_broken(monkeypatch):
    monkeypatch.setattr(audit, "verify", lambda: "Link 2 is missing.")

    with pytest.raises(CommandError, match="Link 2 is missing"):
        call_command("audit", "verify")
