"""How fast one Celery worker drains empty tasks over Redis: the cap of any design with one task per message."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery

from tools.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
TASKS = 10_000
QUEUE = "celery"

app = Celery("bench.celery_noop", broker=os.environ.get("BENCH_BROKER"))
app.conf.update(task_ignore_result=True, task_serializer="json", accept_content=["json"])


@app.task  # type: ignore[untyped-decorator]
def nothing() -> None:
    """An empty task."""


def absent() -> str | None:
    return None if shutil.which("redis-server") else "redis-server is not installed"


@contextmanager
def _program(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def drained_per_second() -> float:
    """Fill a fresh Redis with tasks, then time a worker from its first taken task to its last finished one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    broker = f"redis://127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory() as folder:
        redis_command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _program(redis_command, dict(os.environ)):
            store = redis.Redis.from_url(broker)
            _wait_until(lambda: _answers(store))
            app.conf.broker_url = broker
            with app.connection_for_write(broker) as connection:
                for _ in range(TASKS):
                    nothing.apply_async(connection=connection)
            worker = [sys.executable, "-m", "celery", "-A", "bench.celery_noop", "worker", "--concurrency", "1"]
            with _program([*worker, "--loglevel", "ERROR"], {**os.environ, "BENCH_BROKER": broker}):
                _wait_until(lambda: int(store.llen(QUEUE)) < TASKS)
                started = time.perf_counter()
                _wait_until(lambda: not store.exists(QUEUE, "unacked"))
                return TASKS / (time.perf_counter() - started)


def _answers(store: "redis.Redis") -> bool:
    try:
        return bool(store.ping())
    except redis.ConnectionError:
        return False


def _wait_until(condition: object) -> None:
    deadline = time.monotonic() + 120
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError("Redis or the worker did not get on")
        time.sleep(0.01)
