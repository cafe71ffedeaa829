"""The virtual environment `.venv`, made from the hashed locks and left alone while they are unchanged.

A stamp inside says which locks are installed, by which Python and where. It is taken away before anything is changed
and written last, so an interrupted installation is seen by the next run and made anew.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCKS = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}
STAMP = "legwork-stamp.json"


class CannotSetUp(Exception):
    """The environment cannot be made here; the text says what to do."""


def python_of(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def missing_system_piece() -> str | None:
    """The line that names what this Python lacks for making an environment, or None."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return None
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return f"This Python ({sys.executable}) comes without ensurepip; on Debian and Ubuntu: apt install {package}"


def lock_hash(root: Path, kind: str) -> str:
    return hashlib.sha256((root / LOCKS[kind]).read_bytes()).hexdigest()


def read_stamp(root: Path) -> dict[str, str]:
    """What the environment holds: {} when there is none, or it is half-made, moved, or of another Python."""
    try:
        stamp: dict[str, str] = json.loads((root / ".venv" / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    made_here = stamp.get("root") == str(root) and python_of(root).exists()
    return stamp if made_here and stamp.get("python") == platform.python_version() else {}


def write_stamp(root: Path, *kinds: str) -> None:
    stamp = {"root": str(root), "python": platform.python_version()}
    stamp |= {kind: lock_hash(root, kind) for kind in kinds}
    unfinished = root / ".venv" / f"{STAMP}.new"
    unfinished.write_text(json.dumps(stamp, indent=1))
    unfinished.replace(root / ".venv" / STAMP)


def holds(root: Path, kind: str) -> bool:
    """Whether `.venv` already has what the lock `kind` asks for; the dev lock contains the runtime lock."""
    stamp = read_stamp(root)
    return stamp.get(kind) == lock_hash(root, kind)


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Two commands started together must not build one environment twice."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def ensure(root: Path, kind: str) -> Path:
    """The environment's Python, after installing the lock `kind` ("runtime" or "dev") when it is not there yet.

    An environment for development stays one, whatever is asked for.
    """
    if holds(root, kind):
        return python_of(root)
    with _one_at_a_time(root):
        if not holds(root, kind):
            _install(root, kind)
    return python_of(root)


def _install(root: Path, kind: str) -> None:
    before = read_stamp(root)
    whole = bool(before)
    if "dev" in before:
        kind = "dev"  # who has the tools of development keeps them
    (root / ".venv" / STAMP).unlink(missing_ok=True)
    if not whole:
        _make_anew(root)
    print(f"Installing {LOCKS[kind]} into .venv …", flush=True)
    command: list[str | Path] = [
        python_of(root),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-input",
        "--quiet",
    ]
    command += ["--disable-pip-version-check", "--requirement", root / LOCKS[kind]]
    # A person's own pip settings (PIP_USER, PIP_TARGET) would put the packages elsewhere.
    environment = {name: value for name, value in os.environ.items() if name not in ("PIP_USER", "PIP_TARGET")}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    if done.returncode:
        print(f"{done.stdout}{done.stderr}", file=sys.stderr)
        raise CannotSetUp(f"pip could not install {LOCKS[kind]}; its lines above say why. Then run the command again.")
    write_stamp(root, *(("dev", "runtime") if kind == "dev" else ("runtime",)))


def _make_anew(root: Path) -> None:
    missing = missing_system_piece()
    if missing:
        raise CannotSetUp(missing)
    print(f"Making .venv with Python {platform.python_version()} …", flush=True)
    shutil.rmtree(root / ".venv", ignore_errors=True)
    try:
        venv.create(root / ".venv", with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotSetUp(f"The virtual environment could not be made in {root / '.venv'}: {error}") from error
