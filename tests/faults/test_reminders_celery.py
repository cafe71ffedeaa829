"""A real worker and a real beat over a real Redis: a doorbell that may be empty or broken, and nothing is lost."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from clinic.access import Role
from clinic.models import Delivery, Heartbeat
from clinic.notifications import health, sources
from tests.clinic.notifications.engine import make_due
from tests.makers import make_patient, make_user
from tools.supervisor import end_with_parent

pytestmark = pytest.mark.redis

CELERY = [sys.executable, "-m", "celery", "--app", "tests.support.celery_app:app"]
WORKER = [*CELERY, "worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
BEAT = [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile", ""]


@pytest.fixture
def start(child_environment, redis_server, tmp_path):
    """`start(WORKER)`: a process that ends with the test; what it says is in `.log`."""
    running = []

    def run(command, **environment):
        log = tmp_path / f"{len(running)}.log"
        places = {"REDIS_URL": redis_server.url, "OUTBOX_DIR": str(tmp_path / "out")}
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**child_environment, **places, **environment},
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
        )
        process.log = log
        running.append(process)
        return process

    yield run
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def make_rows(count=1, patient=None):
    """Due now, for a patient whose clock stands near noon."""
    now = datetime.now(UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"
    patient = patient or make_patient(email_allowed=True, time_zone=zone)
    facts = {"due_at": now - timedelta(minutes=1), "not_after": now + timedelta(hours=20), "channel": "file"}
    return [make_due(patient, **facts) for _ in range(count)]


def wait_until(is_so, seconds=40):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


def all_sent():
    return not Delivery.objects.exclude(state="sent").exists()


def everything_in(client):
    """All that Redis holds, as text."""
    told = []
    for key in client.scan_iter():
        told.append(key)
        if client.type(key) == b"list":
            told += client.lrange(key, 0, -1)
    return b"".join(told).decode(errors="replace")


def test_beat_rings_a_flushed_broker_loses_nothing_and_garbage_stops_nobody(start, redis_server):
    patient = make_patient(
        email_allowed=True,
        given_name="Canarygiven",
        email="canarymail@example.com",
        time_zone=f"Etc/GMT{datetime.now(UTC).hour - 12:+d}",
    )
    make_rows(3, patient)
    beat = start(BEAT)
    wait_until(lambda: redis_server.client.llen("celery") >= 4)

    # Ids would be the most; ours carry nothing at all.
    assert "canary" not in everything_in(redis_server.client).lower()
    told = [json.loads(message) for message in redis_server.client.lrange("celery", 0, -1)]
    assert {message["headers"]["task"] for message in told} == set(settings.REMINDER_TASKS)
    assert {message["headers"]["argsrepr"] for message in told} == {"()"}

    redis_server.flush()
    worker = start(WORKER)
    wait_until(all_sent)
    wait_until(Heartbeat.objects.filter(component="reminders").exists)

    for garbage in (b"\x00garbage\xff", b"{}", b"[]", b"7", b'{"body": "", "properties": {}, "headers": null}'):
        redis_server.client.lpush("celery", garbage)
    unknown = {**told[0], "headers": {**told[0]["headers"], "task": "clinic.tasks.nobody_knows_me"}}
    redis_server.client.lpush("celery", json.dumps(unknown))
    wait_until(lambda: "nobody_knows_me" in worker.log.read_text(errors="replace"))
    make_rows(2, patient)
    wait_until(all_sent)

    assert (worker.poll(), beat.poll()) == (None, None)
    assert "canary" not in worker.log.read_text(errors="replace").lower()
    assert "canary" not in beat.log.read_text(errors="replace").lower()


def test_a_beat_that_comes_up_rings_at_once_so_that_nobody_waits_for_its_first_minute(start):
    Heartbeat.objects.create(component="reminders", at=datetime.now(UTC) - timedelta(hours=3))
    assert health.status().is_late
    make_rows(2)

    worker, beat = start(WORKER), start(BEAT, RINGS_EVERY_S="60")

    wait_until(all_sent)
    wait_until(lambda: not health.status().is_late)
    assert (worker.poll(), beat.poll()) == (None, None)


def test_a_stopped_redis_leaves_pages_and_the_loop_alone_and_the_worker_comes_back(
    start, redis_server, client, settings, monkeypatch, tmp_path
):
    worker, beat = start(WORKER), start(BEAT)
    make_rows()
    wait_until(all_sent)
    redis_server.stop()
    settings.REDIS_URL, settings.OUTBOX_DIR = redis_server.url, tmp_path / "out"
    monkeypatch.setitem(
        sources._SOURCES, "test", sources.Source(lambda rows: {}, lambda rows: {row.pk: {} for row in rows})
    )
    settings.NOTIFICATION_CHANNELS = ["file"]

    client.force_login(make_user(Role.CLINICIAN))
    assert [client.get(path).status_code for path in ("/healthz", reverse("clinic:messages"))] == [200, 200]
    make_rows()
    call_command("run_reminders", "--once")
    assert all_sent()

    redis_server.start()
    make_rows()
    wait_until(all_sent)
    assert (worker.poll(), beat.poll()) == (None, None)


def test_a_worker_that_is_told_to_stop_finishes_its_row_and_releases_the_rest(start):
    make_rows(20)
    worker = start(WORKER, SLOW_S="0.5")
    start(BEAT)
    wait_until(lambda: Delivery.objects.filter(state="sent").exists())

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout=20) == 0
    sent = Delivery.objects.filter(state="sent").count()
    assert 0 < sent < 10
    left = Delivery.objects.exclude(state="sent").values_list("state", "lease_token")
    assert set(left) == {("pending", None)}
