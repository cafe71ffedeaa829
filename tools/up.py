"""`./dev up`: prepare the database, then keep web server and reminder runner alive until Ctrl-C or SIGTERM."""

import errno
import http.client
import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.supervisor import Program, Supervisor, exit_on_sigterm, run_to_end, say

ROOT = Path(__file__).resolve().parent.parent
DEMO_SETTINGS = "clinic.settings.demo"
# For gunicorn's heartbeat file, so that a busy disk cannot stall it.
SHARED_MEMORY = Path("/dev/shm")


def from_dotenv(file: Path) -> dict[str, str]:
    """NAME=value lines of `.env`, for what is needed before Django reads the same file."""
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip().removeprefix("export "): value.strip().strip("'\"") for name, _, value in pairs}


def why_not_free(host: str, port: int) -> str | None:
    """Why nobody can listen there, in words, or None when the port is free."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is in use. Stop what uses it, or choose another: PORT={port + 1} ./dev up"
            return f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with LISTEN_HOST and PORT."
    return None


def web_command(host: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "clinic.wsgi", "--bind", f"{host}:{port}", "--no-control-socket"]
    command += ["--worker-class", "gthread", "--threads", "8", "--keep-alive", "5", "--graceful-timeout", "3"]
    command += ["--log-level", "warning"]
    if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK):
        command += ["--worker-tmp-dir", str(SHARED_MEMORY)]
    return command


def reminder_programs(with_redis: bool) -> list[Program]:
    """Celery's worker and beat where there is a Redis, else one loop; both call the same functions."""
    if not with_redis:
        return [Program("reminders", [sys.executable, "manage.py", "run_reminders", "--loop"])]
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "clinic.celery:app"]
    worker = [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    return [Program("worker", worker), Program("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""])]


def answers(host: str, port: int, name: str) -> bool:
    """Whether the first page comes back under the host name `name`; a server error is not an answer."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": name})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def prepare(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """What `tools.prepare` found out, or None when it failed and has said why."""
    with tempfile.TemporaryFile() as answer:
        command = [sys.executable, "-m", "tools.prepare"]
        if run_to_end(command, cwd=ROOT, environment=environment, stdout=answer):
            return None
        answer.seek(0)
        found: dict[str, Any] = json.load(answer)
        return found


def main(arguments: Sequence[str]) -> int:
    if arguments:
        say("./dev up takes no arguments; PORT, DATABASE_URL and the like come from the environment or .env.")
        return 2
    environment = {**from_dotenv(ROOT / ".env"), **os.environ}
    host, port_text = environment.get("LISTEN_HOST", "127.0.0.1"), environment.get("PORT", "8000")
    if not port_text.isdigit() or not 0 < int(port_text) < 65536:
        say(f"PORT is {port_text!r}; set it to a number from 1 to 65535.")
        return 2
    port = int(port_text)
    taken = why_not_free(host, port)
    if taken:
        say(taken)
        return 1
    if environment.setdefault("DJANGO_SETTINGS_MODULE", DEMO_SETTINGS) == DEMO_SETTINGS:
        environment.setdefault("BASE_URL", f"http://localhost:{port}")
    environment.setdefault("MALLOC_ARENA_MAX", "2")  # eight threads in eight heaps would double the idle memory
    found = prepare(environment)
    if found is None:
        return 1

    def greet() -> None:
        say(f"\nLegwork is running on http://localhost:{port}\n\n{found['people']}\nStop it with Ctrl-C.")

    supervisor = Supervisor(
        [Program("web", web_command(host, port)), *reminder_programs(found["redis"])],
        cwd=ROOT,
        environment=environment,
        is_ready=lambda: answers(host, port, found["host"]),
        when_ready=greet,
    )
    return supervisor.run()


if __name__ == "__main__":
    exit_on_sigterm()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
