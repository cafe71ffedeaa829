"""A message provider in a process of its own, which remembers what it delivered whatever happens to our workers.

`python -m tests.support.provider` prints its port. It keeps the idempotency keys it has seen when it is told to, and
can be told to be slow, to take a message and hang up without an answer, or to refuse.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parents[2]


class Provider:
    """The provider as a test sees it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.provider"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )
        self.port = int(self.process.stdout.readline())

    def behave(self, *, idempotent=False, delay_s=0.0, answer="ok", retry_after=None):
        """Forget everything and behave like this: `answer` is ok, hang_up, or a status code."""
        how = {"idempotent": idempotent, "delay_s": delay_s, "answer": answer, "retry_after": retry_after}
        self._ask("POST", "/behave", json.dumps(how))

    def delivered(self):
        """The keys of what patients got from it, a key as often as a copy."""
        return json.loads(self._ask("GET", "/delivered"))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body=body)
        answer = connection.getresponse().read()
        connection.close()
        return answer


class _Handler(BaseHTTPRequestHandler):
    lock = threading.Lock()
    delivered: list[str] = []
    how = {"idempotent": False, "delay_s": 0.0, "answer": "ok", "retry_after": None}

    def log_message(self, *args):
        pass

    def do_GET(self):
        with self.lock:
            self._answer(200, json.dumps(self.delivered))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/behave":
            with self.lock:
                self.delivered.clear()
                self.how.update(json.loads(body))
            return self._answer(200)
        answer = self.how["answer"]
        if answer in ("ok", "hang_up"):
            with self.lock:
                if not (self.how["idempotent"] and self.headers["Key"] in self.delivered):
                    self.delivered.append(self.headers["Key"])
        time.sleep(self.how["delay_s"])
        if answer == "hang_up":
            self.close_connection = True
            return None
        return self._answer(200 if answer == "ok" else int(answer))

    def _answer(self, status, text=""):
        try:
            self.send_response(status)
            if self.how["retry_after"]:
                self.send_header("Retry-After", str(self.how["retry_after"]))
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            pass  # whoever asked was killed


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
