"""The benchmarks by name, each in a module of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import server
from bench.cases import dispatch, floor
from bench.harness import Left, Result
from tools import postgres


@dataclass(frozen=True)
class World:
    """What a benchmark runs on: the web server, PostgreSQL itself where it is the database, and how many rounds."""

    web: server.Server
    postgres: postgres.Server | None
    rounds: int


@dataclass(frozen=True)
class Case:
    about: str
    run: Callable[[World], list[Result | Left]]


CASES = {
    "dispatch": Case("due messages sent per second, transport left out (goal 7)", dispatch.run),
    "floor": Case("the yardstick pages against an empty answer; no goal, a look at the machine", floor.run),
}


def run(names: Sequence[str], *, postgres_server: postgres.Server | None, rounds: int) -> list[Result | Left]:
    with server.running() as web:
        world = World(web=web, postgres=postgres_server, rounds=rounds)
        return [result for name in names for result in CASES[name].run(world)]
