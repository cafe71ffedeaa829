"""`./dev lint`: everything that a machine can object to, two checks at a time; output only of what failed."""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("clinic", "sessions_app", "aftercare")
TEMPLATES = "templates"
# What a real clinic would set: the deployment check is about our settings, not about their values.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "clinic.settings.production",
    "SECRET_KEY": "checked-with-a-key-that-is-long-and-varied-enough-0123456789-abcdefghijk",
    "ALLOWED_HOSTS": "clinic.example",
    "BASE_URL": "https://clinic.example",
    "EMAIL_URL": "smtp://localhost:25",
    "DATABASE_URL": "sqlite:///:memory:",
}


@dataclass(frozen=True)
class Check:
    """One tool run; `fix` is what it does instead with --fix, where it can."""

    name: str
    command: tuple[str, ...]
    fix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def _module(*command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *command)


CHECKS = (
    # The longest first, so that the short ones fill the other core.
    Check("types (mypy)", _module("mypy")),
    Check("templates (djlint)", _module("djlint", "--quiet", "--lint", TEMPLATES)),
    Check("format (ruff)", _module("ruff", "format", "--check", "--quiet", "."), fix=_module("ruff", "format", ".")),
    Check("rules (ruff)", _module("ruff", "check", "--quiet", "."), fix=_module("ruff", "check", "--fix", ".")),
    Check("security (bandit)", _module("bandit", "-q", "-ll", "-ii", "-c", "pyproject.toml", "-r", *PACKAGES)),
    Check(
        "migrations match the models",
        (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
        environment={"DJANGO_SETTINGS_MODULE": "clinic.settings.test"},
    ),
    Check(
        "deployment (check --deploy)",
        (sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        environment=PRODUCTION,
    ),
)


def names(requirements: str) -> set[str]:
    """Distribution names at the starts of lines, spelled the one normal way."""
    found = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", requirements, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def pins(lock: str) -> dict[str, str]:
    """The version of each distribution in a lock."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9-]*)(?:\[[^]]*\])?==(\S+)", lock, flags=re.MULTILINE))


def lock_problems(root: Path) -> list[str]:
    """What makes a lock differ from its .in file, or the two locks from each other."""
    problems = []
    runtime, dev = (pins((root / name).read_text()) for name in ("requirements.txt", "requirements-dev.txt"))
    for source, lock in (("requirements.in", runtime), ("requirements-dev.in", dev)):
        missing = sorted(names((root / source).read_text()) - set(lock))
        problems += [f"{name} is in {source} but not in its lock; run ./dev lock" for name in missing]
    differing = sorted(name for name, version in runtime.items() if dev.get(name) != version)
    problems += [
        f"{name} differs between requirements.txt and requirements-dev.txt; run ./dev lock" for name in differing
    ]
    return problems


def check_locks() -> tuple[bool, str]:
    problems = lock_problems(ROOT)
    return not problems, "\n".join(problems)


def run(check: Check, *, fix: bool) -> tuple[bool, str]:
    command = check.fix if fix and check.fix else check.command
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, **check.environment}, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev lint")
    parser.add_argument("--fix", action="store_true", help="let the tools mend what they can")
    fix = parser.parse_args(arguments).fix
    good = True

    def timed(name: str, work: Callable[[], tuple[bool, str]]) -> tuple[str, bool, str, float]:
        started = time.monotonic()
        fine, output = work()
        return name, fine, output, time.monotonic() - started

    # Mending one after the other: two tools must not write one file at once.
    with ThreadPoolExecutor(max_workers=1 if fix else 2) as pool:
        jobs = [pool.submit(timed, check.name, partial(run, check, fix=fix)) for check in CHECKS]
        jobs.append(pool.submit(timed, "locks match their sources", check_locks))
        for job in jobs:
            name, fine, output, seconds = job.result()
            print(f"{'ok  ' if fine else 'FAIL'} {name} ({seconds:.1f} s)", flush=True)
            if not fine:
                print(f"{output}\n", flush=True)
            good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
