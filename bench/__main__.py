"""`./dev bench [NAME …]`: seed a throwaway database, run the benchmarks against it, print ratios, write JSON."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from tools import postgres
from tools.supervisor import exit_on_sigterm


@contextmanager
def database(kind: str) -> Iterator[postgres.Server | None]:
    """An empty database of the asked kind in DATABASE_URL. It is durable: both sides pay for their commits."""
    if kind == "postgres":
        with postgres.throwaway(settings=()) as server:
            os.environ["DATABASE_URL"] = server.url("legwork")
            yield server
    else:
        with tempfile.TemporaryDirectory(prefix="legwork-bench-") as folder:
            os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
            yield None


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; default: all of them")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--size", type=int, default=10_000, help="appointments in the database (10000)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds per comparison, at least 5")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    options = parser.parse_args(arguments)
    if options.rounds < 5:
        parser.error("a median wants at least 5 rounds")
    return options


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ.pop("REDIS_URL", None)
    with database(options.database) as server:
        django.setup()
        # The cases import the product's models, so they come after its settings.
        from bench import cases, harness  # noqa: PLC0415

        if options.list:
            print("\n".join(f"{name:<10} {case.about}" for name, case in cases.CASES.items()))
            return 0
        unknown = [name for name in options.names if name not in cases.CASES]
        if unknown:
            print(f"There is no benchmark {', '.join(unknown)}; ./dev bench --list names them.", file=sys.stderr)
            return 2
        call_command("migrate", verbosity=0)
        started = time.monotonic()
        call_command("seed_bench", appointments=options.size)
        print(f"{options.size} appointments in {time.monotonic() - started:.1f} s on {options.database}\n", flush=True)
        results: list[harness.Result | harness.Kept | harness.Left] = []
        try:
            for some in cases.run(options.names or list(cases.CASES), postgres_server=server, rounds=options.rounds):
                results += some
                print(f"{time.monotonic() - started:5.0f} s  {', '.join(each.name for each in some)}", flush=True)
        finally:  # what was measured before Ctrl-C counts, too
            print(f"\n{harness.table(results)}")
            print(f"\nWritten to {harness.write(results, size=options.size, database=options.database)}")
    return int(any(not isinstance(result, harness.Result) and result.broken for result in results))


if __name__ == "__main__":
    exit_on_sigterm()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
