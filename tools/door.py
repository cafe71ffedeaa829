"""The commands of `./dev`. Sets up what a command needs, then hands over to it."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Run as a file by the Python of the machine: the package is found here, and not beside this module.
sys.path[0] = str(ROOT)

from tools import environment  # noqa: E402
from tools.up import from_dotenv  # noqa: E402

HELP = """\
./dev setup            make .venv from the hashed locks, tools for tests included
./dev up               start the clinic with its demo data, on http://localhost:8000 (PORT)
./dev test [--all] …   the suite on SQLite and PostgreSQL, in the browser and with Redis; --all allows no gap
                       --only LEG (repeatable) and everything else as for pytest: ./dev test --only sqlite -k booking
./dev lint [--fix]     format, types, templates, security, migrations, deployment check
./dev bench [NAME …]   benchmarks as ratios; --list names them, --size 10000 sets the number of appointments
./dev shots            make the README's screenshots anew
./dev lock [--upgrade] compile the hashed locks from requirements.in and requirements-dev.in
./dev manage …         Django's command line
"""


def _hand_over(*command: str | Path, cwd: Path | None = ROOT) -> None:
    """Become the command, so that signals and the exit status are its own."""
    if cwd is not None:
        os.chdir(cwd)
    sys.stdout.flush()
    os.execv(command[0], [str(part) for part in command])


def setup(_arguments: Sequence[str]) -> None:
    environment.ensure(ROOT, "dev")
    print("Ready: ./dev up, ./dev test")


def _runtime_module(module: str) -> Callable[[Sequence[str]], None]:
    return lambda arguments: _hand_over(environment.ensure(ROOT, "runtime"), "-m", module, *arguments)


def _dev_module(module: str) -> Callable[[Sequence[str]], None]:
    return lambda arguments: _hand_over(environment.ensure(ROOT, "dev"), "-m", module, *arguments)


def manage(arguments: Sequence[str]) -> None:
    named = from_dotenv(ROOT / ".env").get("DJANGO_SETTINGS_MODULE")
    if named:  # Django reads the file once it has its settings; ./dev up asks it for them too
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", named)
    _hand_over(environment.ensure(ROOT, "runtime"), ROOT / "manage.py", *arguments, cwd=None)


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "setup": setup,
    "up": _runtime_module("tools.up"),
    "test": _dev_module("tools.testing"),
    "lint": _dev_module("tools.linting"),
    "bench": _dev_module("bench"),
    "shots": _dev_module("tools.shots"),
    "lock": _dev_module("tools.locking"),
    "manage": manage,
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("help", "-h", "--help"):
        print(HELP, end="")
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"There is no ./dev {arguments[0]}.\n\n{HELP}", end="", file=sys.stderr)
        return 2
    try:
        command(arguments[1:])
    except environment.CannotSetUp as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
