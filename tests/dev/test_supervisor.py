"""The supervisor as a process of its own, watched through the pipe that all of its children inherit.

The pipe ends when nobody holds it any more, so reading to its end proves that no process was left behind.
"""

import os
import selectors
import signal
import subprocess
import sys

import pytest
from django.conf import settings

DRIVER = """
import sys
from pathlib import Path
from tools.supervisor import Program, Supervisor, say
ready, *sources = sys.argv[1:]
programs = [Program(f"program {n}", [sys.executable, "-uc", source]) for n, source in enumerate(sources, 1)]
sys.exit(Supervisor(
    programs, cwd=Path.cwd(), environment={}, grace_s=0.5, patience_s=0.5,
    is_ready=lambda: ready == "ready", when_ready=lambda: say("everything is up"),
).run())
"""
# One write per line: processes share the pipe.
SAYS_ITS_PID = r"os.write(1, b'pid %d\n' % os.getpid())"
WAITS = f"import os, signal; {SAYS_ITS_PID}; signal.pause()"
WAITS_WITH_A_CHILD = f"import os, signal; os.fork(); {SAYS_ITS_PID}; signal.pause()"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('stubborn'); signal.pause()"
FAILS = "import sys; sys.exit(3)"
PATIENCE_S = 20


class Watched:
    def __init__(self, *sources, ready="ready"):
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, ready, *sources], stdout=subprocess.PIPE, cwd=settings.BASE_DIR
        )
        self.pending = b""

    def _more(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout=PATIENCE_S):
                raise TimeoutError(f"nothing more came after {self.pending!r}")
        return os.read(self.process.stdout.fileno(), 65536)

    def line(self):
        while b"\n" not in self.pending:
            self.pending += self._more()
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def to_the_end(self):
        """Everything until the last process has let go of the pipe, as lines."""
        while more := self._more():
            self.pending += more
        return self.pending.decode().splitlines()


@pytest.fixture
def watch():
    watched = []

    def start(*sources, **options):
        watched.append(Watched(*sources, **options))
        return watched[-1]

    yield start
    for each in watched:
        each.process.kill()
        each.process.wait()
        each.process.stdout.close()


def pid_in(line):
    return int(line.removeprefix("pid "))


def test_supervisor_says_when_everything_is_up(watch):
    supervisor = watch(WAITS)

    assert sorted(line.split()[0] for line in supervisor.lines(2)) == ["everything", "pid"]


def test_supervisor_starts_a_dead_program_again_and_says_so(watch):
    supervisor = watch(WAITS)
    first = pid_in(next(line for line in supervisor.lines(2) if line.startswith("pid")))

    os.kill(first, signal.SIGKILL)

    assert supervisor.line() == "program 1 stopped (signal SIGKILL); starting it again in 0.5 s."
    assert pid_in(supervisor.line()) != first


def test_supervisor_waits_longer_after_each_death_in_a_row(watch):
    supervisor = watch(FAILS)

    assert [line for line in supervisor.lines(4) if "up" not in line] == [
        "program 1 stopped (status 3); starting it again in 0.5 s.",
        "program 1 stopped (status 3); starting it again in 1 s.",
        "program 1 stopped (status 3); starting it again in 2 s.",
    ]


def test_supervisor_gives_up_on_a_program_that_never_gets_ready(watch):
    supervisor = watch(FAILS, WAITS, ready="never")

    assert supervisor.to_the_end()[-1] == ("program 1 stopped 3 times before it was ready; the lines above say why.")
    assert supervisor.process.wait() == 1


def test_supervisor_says_once_that_it_still_waits(watch):
    supervisor = watch(WAITS, ready="never")
    lines = supervisor.lines(2)
    supervisor.process.terminate()

    assert lines[1] == "Still no answer to the first page; if there are lines above, they may say why. Waiting on."
    assert supervisor.to_the_end() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_supervisor_ends_every_program_when_told_to(watch, number):
    supervisor = watch(WAITS, WAITS_WITH_A_CHILD)
    supervisor.lines(4)

    supervisor.process.send_signal(number)

    assert supervisor.to_the_end() == []
    assert supervisor.process.wait() == 0


def test_supervisor_kills_a_program_that_does_not_stop(watch):
    supervisor = watch(IGNORES_SIGTERM)
    supervisor.lines(2)

    supervisor.process.terminate()

    assert supervisor.to_the_end() == ["program 1 did not stop within 0.5 s; killed."]
    assert supervisor.process.wait() == 0


def test_supervisor_ends_the_children_of_a_dead_program_before_its_next_start(watch):
    supervisor = watch(WAITS_WITH_A_CHILD)
    pids = [pid_in(line) for line in supervisor.lines(3) if line.startswith("pid")]
    leader = next(pid for pid in pids if os.getpgid(pid) == pid)

    os.kill(leader, signal.SIGKILL)
    supervisor.lines(3)
    supervisor.process.terminate()

    assert supervisor.to_the_end() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
def test_programs_end_when_the_supervisor_is_killed_outright(watch):
    supervisor = watch(WAITS, WAITS)
    supervisor.lines(3)

    supervisor.process.kill()

    assert supervisor.to_the_end() == []
