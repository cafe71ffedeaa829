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
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from clinic.models import User
from tools.supervisor import end_with_parent
from tools.up import web_command

SECRET = "bench" * 6 + "00"  # of the form check: the cookie and the header must agree, and have this length
ROOT = Path(__file__).resolve().parent.parent


class Person:
    """Somebody who is signed in; `get` and `post` read an answer to its end and expect a page."""

    def __init__(self, port: int, user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookies = f"{settings.SESSION_COOKIE_NAME}={cookie}; {settings.CSRF_COOKIE_NAME}={SECRET}"
        self.headers = {"Cookie": cookies}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str, *, htmx: bool = False) -> bytes:
        return self._answer("GET", path, {**self.headers, **({"HX-Request": "true"} if htmx else {})})

    def post(self, path: str, **fields: str) -> bytes:
        return _page(path, *self.send(path, **fields))

    def send(self, path: str, **fields: str) -> tuple[int, bytes]:
        """Post a form; the status and the body, whatever the status is."""
        headers = {**self.headers, "X-CSRFToken": SECRET, "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields), {**headers, "HX-Request": "true"})

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        status, body = self._ask(method, path, None, headers)
        return _page(path, status, body)

    def _ask(self, method: str, path: str, body_sent: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self.connection.request(method, path, body=body_sent, headers=headers)
        response = self.connection.getresponse()
        return response.status, response.read()


def _page(path: str, status: int, body: bytes) -> bytes:
    if status != 200:
        raise RuntimeError(f"{path} answered {status}: {body[:300]!r}")
    return body


class Server:
    def __init__(self, port: int) -> None:
        self.port = port

    def person(self, user: User) -> Person:
        return Person(self.port, user)


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """The web server with this process's settings and database, on a free port; `options` are more of gunicorn's."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [*web_command("127.0.0.1", port), *options], cwd=ROOT, env=dict(os.environ), preexec_fn=end_with_parent
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
