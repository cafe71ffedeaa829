"""Many processes on the test's database at once. They are forks of this one, so that Django is loaded once.

A child speaks only through its return value, which must be JSON; an exception comes back as its traceback.
"""

import json
import multiprocessing
import os
import signal
import traceback
from pathlib import Path

from django.db import connections

KILLED = "killed"


def kill_me(*_, **__):
    """What a power cut does to a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_processes(count, work, directory: Path):
    """Run `work(number)` in `count` processes that begin together; the answers in order, KILLED for who was killed.

    The test must be transactional: children see what is committed. No connection may be shared over a fork, so they
    are closed here and opened again by whoever needs one.
    """
    connections.close_all()
    begin = multiprocessing.get_context("fork").Barrier(count)
    children = [_fork(number, work, begin, directory / f"answer-{number}.json") for number in range(count)]
    ends = [os.waitpid(pid, 0)[1] for pid, _ in children]
    return [_answer(end, path) for end, (_, path) in zip(ends, children, strict=True)]


def _fork(number, work, begin, path):
    path.unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        return pid, path
    try:
        begin.wait(timeout=60)
        path.write_text(json.dumps(work(number)))
    except BaseException:
        path.write_text(json.dumps({"failed": traceback.format_exc()}))
    finally:
        os._exit(0)


def _answer(end, path):
    if os.WIFSIGNALED(end):
        return KILLED
    answer = json.loads(path.read_text())
    if isinstance(answer, dict) and "failed" in answer:
        raise AssertionError(f"A process failed:\n{answer['failed']}")
    return answer
