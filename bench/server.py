"""The product behind gunicorn as `./dev up` starts it, and a signed-in person with a keep-alive connection to it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test import Client

from clinic.models import User
from tools.supervisor import end_with_parent
from tools.up import web_command

ROOT = Path(__file__).resolve().parent.parent


class Person:
    """Somebody who is signed in; `get` reads a page to its end and expects it to be one."""

    def __init__(self, port: int, user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str, **headers: str) -> bytes:
        self.connection.request("GET", path, headers={**self.headers, **headers})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {body[:300]!r}")
        return body


class Server:
    def __init__(self, port: int) -> None:
        self.port = port

    def person(self, user: User) -> Person:
        return Person(self.port, user)


@contextmanager
def running() -> Iterator[Server]:
    """One web process with this process's settings and database, on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        web_command("127.0.0.1", port), cwd=ROOT, env=dict(os.environ), preexec_fn=end_with_parent
    )
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{sys.executable} -m gunicorn did not start; its lines above say why") from None
            time.sleep(0.1)
