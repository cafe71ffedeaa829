"""Reminder workers as processes that a test may kill: one nursery loads Django once and forks them in milliseconds.

`python -m tests.support.reminder_worker <provider port>` reads one JSON order per line and answers each with one line.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path

from tools.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """Forks workers for a test and says how they ended."""

    def __init__(self, environment, provider_port):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.reminder_worker", str(provider_port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )
        assert self.process.stdout.readline() == "ready\n"

    def start(self, work="ring", **options):
        """Pid of a new worker. `work`: "ring" once, "loop" until it is killed, or "sign" (plan a message, then die).

        Options: point and stop_there (a fault point; stopped instead of killed), idempotent, timing (seconds).
        """
        return self._order({"order": "start", "work": work, **options})

    def ended(self, pid):
        """Wait for its end: 0, or minus the signal that ended it."""
        return self._order({"order": "wait", "pid": pid})

    def run(self, work="ring", **options):
        return self.ended(self.start(work, **options))

    def stopped(self, pid):
        """Wait until it stands still at its fault point."""
        return self._order({"order": "stopped", "pid": pid})

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def _order(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def serve(port):
    import django

    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["order"] == "start":
            pid = os.fork()
            if not pid:
                _be_a_worker(order, port)
            answer = pid
        else:
            _, status = os.waitpid(order["pid"], os.WUNTRACED if order["order"] == "stopped" else 0)
            answer = status if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        print(json.dumps(answer), flush=True)


def _be_a_worker(order, port):
    end_with_parent(signal.SIGKILL)
    code = 1
    try:
        WORK[order["work"]](order, port)
        code = 0
    finally:
        os._exit(code)


def _prepare(order, port):
    from clinic.notifications import channels, faultpoints, sources
    from clinic.notifications.timing import Timing
    from tests.support.provider_channel import ProviderChannel

    channels.CHANNELS["email"] = ProviderChannel(port, idempotent=order.get("idempotent", False))
    sources._SOURCES["test"] = sources.Source(lambda rows: {}, lambda rows: {row.pk: {} for row in rows})
    os.environ[faultpoints.VARIABLE] = order.get("point", "")
    if order.get("stop_there"):
        faultpoints.SIGNAL = signal.SIGSTOP
    seconds = {name: timedelta(seconds=value) for name, value in order.get("timing", {}).items()}
    # Tests run at any hour of the day.
    return Timing(opens=wall_time.min, closes=wall_time.max, batch=order.get("batch", 50), **seconds)


def _ring(order, port):
    from clinic.notifications.dispatch import dispatch
    from clinic.notifications.sweep import sweep

    timing = _prepare(order, port)
    sweep(timing=timing)
    dispatch(kinds=["compression"], timing=timing)


def _loop(order, port):
    from clinic.notifications.dispatch import dispatch
    from clinic.notifications.sweep import sweep

    timing = _prepare(order, port)
    while True:
        sweep(timing=timing)
        dispatch(kinds=["compression"], timing=timing)
        time.sleep(0.02)


def _sign(order, port):
    """Plans a message in a transaction, as signing a session does, and dies before its commit."""
    from django.db import transaction

    from clinic.models import Patient
    from clinic.notifications import DueMessage, plan

    now = datetime.now(UTC)
    with transaction.atomic():
        plan(
            [
                DueMessage(
                    lineage=uuid.uuid4(),
                    step="COMP_SWITCH",
                    kind="compression",
                    patient=Patient.objects.get(),
                    source="test",
                    source_id=uuid.uuid4(),
                    due_at=now,
                    not_after=now + timedelta(hours=1),
                    local_time="2026-01-14T09:00",
                    time_zone="America/New_York",
                )
            ]
        )
        os.kill(os.getpid(), signal.SIGKILL)


WORK = {"ring": _ring, "loop": _loop, "sign": _sign}

if __name__ == "__main__":
    serve(int(sys.argv[1]))
