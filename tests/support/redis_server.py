"""A redis-server of our own on a free port, which a test may flush, stop and start again."""

import socket
import subprocess
import time

import pytest
import redis

from tools.supervisor import end_with_parent


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RedisServer:
    def __init__(self, directory):
        self.directory, self.port, self.process = directory, free_port(), None
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url)

    def start(self):
        """Start and wait until it answers; it keeps nothing on disk, so a restart is an empty broker."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.client.ping()
            except redis.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self):
        """Kill it, the way a machine loses its broker."""
        self.client.close()
        self.process.kill()
        self.process.wait()

    def flush(self):
        self.client.flushall()


@pytest.fixture(scope="session")
def _redis_process(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(_redis_process):
    """An empty, running Redis (`.url`, `.client`, `.flush()`, `.stop()`, `.start()`)."""
    if _redis_process.process.poll() is not None:
        _redis_process.start()
    _redis_process.flush()
    return _redis_process
