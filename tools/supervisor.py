"""A small supervisor: it starts processes, restarts one that dies, and leaves none behind.

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor alone and it ends the groups in
order. On Linux a child is also told by the kernel when the supervisor is killed outright.
"""

import ctypes
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_AFTER_S = 20.0
NEVER_READY_AFTER_DEATHS = 3
POLL_S = 0.2
INTERRUPTED_GRACE_S = 10


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent dies, SIGKILL included; Linux only, else nothing.

    For `preexec_fn`, and only from a parent that starts its children in its main thread.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def exit_on_sigterm() -> None:
    """Leave through `finally` blocks when we are told to end, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def run_to_end(
    command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str], stdout: IO[bytes] | None = None
) -> int:
    """Exit status of `command`. When we are interrupted it gets a moment to end its own children and databases."""
    process = subprocess.Popen(
        command, cwd=cwd, env=dict(environment), stdout=stdout, preexec_fn=partial(end_with_parent, signal.SIGINT)
    )
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=INTERRUPTED_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


@dataclass
class Program:
    """One thing to keep running, and what became of it."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    deaths: int = 0

    @property
    def pause_s(self) -> float:
        """Wait before the next start: 0.5 s, doubled with each death in a row, at most 30 s."""
        return min(FIRST_PAUSE_S * 2.0 ** (self.deaths - 1), LONGEST_PAUSE_S)


def say(line: str) -> None:
    print(line, flush=True)


class Supervisor:
    """Keeps `programs` running until a signal ends it.

    `is_ready` is asked until it is true, then `when_ready` runs once. A program that dies three times before that
    moment ends everything: a start that cannot work must not look like one that takes long.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        is_ready: Callable[[], bool] = lambda: True,
        when_ready: Callable[[], None] = lambda: None,
        grace_s: float = 6.0,
        patience_s: float = 30.0,
    ) -> None:
        self.programs = programs
        self.cwd = cwd
        self.environment = environment
        self.is_ready = is_ready
        self.when_ready = when_ready
        self.grace_s = grace_s
        self.patient_until = time.monotonic() + patience_s
        self.ready = False
        self.ended_by: int | None = None

    def run(self) -> int:
        """Run until a signal; 0 after Ctrl-C or SIGTERM, 1 when a program could not be started at all."""
        wake_reader, wake_writer = os.pipe()
        for end in (wake_reader, wake_writer):
            os.set_blocking(end, False)
        former_wakeup = signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        former = {number: signal.signal(number, self._end) for number in ENDING}
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            return self._keep_running(wake_reader)
        finally:
            self._stop_all()
            for number, handler in former.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_wakeup)
            os.close(wake_reader)
            os.close(wake_writer)

    def _end(self, number: int, _frame: object) -> None:
        self.ended_by = number

    def _keep_running(self, wake_reader: int) -> int:
        while self.ended_by is None:
            for program in self.programs:
                self._look_after(program)
                if not self.ready and program.deaths >= NEVER_READY_AFTER_DEATHS:
                    say(f"{program.name} stopped {program.deaths} times before it was ready; the lines above say why.")
                    return 1
            if not self.ready:
                self._ask_whether_ready()
            select.select([wake_reader], [], [], self._sleep_s())
            try:
                os.read(wake_reader, 4096)
            except BlockingIOError:
                pass  # the time was up, nobody called
        return 0

    def _ask_whether_ready(self) -> None:
        if self.is_ready():
            self.ready = True
            self.when_ready()
        elif time.monotonic() > self.patient_until:
            say("Still no answer to the first page; if there are lines above, they may say why. Waiting on.")
            self.patient_until = math.inf

    def _look_after(self, program: Program) -> None:
        now = time.monotonic()
        if program.process is None:
            if now >= program.start_at:
                self._start(program, now)
            return
        status = program.process.poll()
        if status is None:
            return
        self._signal_group(program, signal.SIGKILL)  # its own children must not hold the port of the next one
        program.deaths = 1 if now - program.started_at > STEADY_AFTER_S else program.deaths + 1
        program.process, program.start_at = None, now + program.pause_s
        say(f"{program.name} stopped ({_how(status)}); starting it again in {program.pause_s:g} s.")

    def _start(self, program: Program, now: float) -> None:
        program.process = subprocess.Popen(
            program.command,
            cwd=self.cwd,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        program.started_at = now

    def _sleep_s(self) -> float | None:
        """Seconds until there is something to do without a signal; None: nothing, sleep until one comes."""
        waits = [program.start_at - time.monotonic() for program in self.programs if program.process is None]
        if not self.ready:
            waits.append(POLL_S)
        return max(min(waits), 0.0) if waits else None

    def _stop_all(self) -> None:
        running = [program for program in self.programs if program.process is not None]
        for program in running:
            self._signal_group(program, signal.SIGTERM)
        deadline = time.monotonic() + self.grace_s
        for program in running:
            assert program.process is not None
            try:
                program.process.wait(timeout=max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                say(f"{program.name} did not stop within {self.grace_s:g} s; killed.")
            self._signal_group(program, signal.SIGKILL)
            program.process.wait()

    @staticmethod
    def _signal_group(program: Program, number: int) -> None:
        assert program.process is not None
        try:
            os.killpg(program.process.pid, number)
        except ProcessLookupError:
            pass  # the whole group is gone already
        except PermissionError:
            pass  # macOS answers so for a group of zombies


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
