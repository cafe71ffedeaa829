"""A request to stop, seen between two rows: the current one is finished, the rest is released.

Two flags: one of this process, set by its own signals, and one in memory that forked children share, because a Celery
worker is told to stop in its main process while the rows are sent in a child.
"""

import mmap
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ENDING = (signal.SIGTERM, signal.SIGINT)
_own = threading.Event()
_shared = mmap.mmap(-1, 1)


def requested() -> bool:
    return _own.is_set() or _shared[0] == 1


def request(*_: Any) -> None:
    """This process is asked to stop; fits as a signal handler."""
    _own.set()


def request_family(**_: Any) -> None:
    """This process and all that it forked, or was forked from, are asked to stop; fits as a Celery signal handler."""
    _shared[0] = 1


def wait(seconds: float) -> None:
    """Sleep, but wake at once when this process is asked to stop."""
    _own.wait(seconds)


@contextmanager
def heeding_signals(*, pass_on: bool) -> Iterator[None]:
    """While inside, SIGTERM and SIGINT ask to stop instead of ending the process; outside, all is as before.

    With `pass_on` the signal is raised again on the way out, so that whoever runs us (Celery, a loop) does its part.
    Signals belong to the main thread; in any other one (a thread pool) only the shared flag counts.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, request) for number in _ENDING}
    try:
        yield
    finally:
        asked = _own.is_set()
        _own.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked and pass_on:
            signal.raise_signal(signal.SIGTERM)
