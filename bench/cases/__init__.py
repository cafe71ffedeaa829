"""The benchmarks by name, each in a module of its own. The numbers are those of the goals."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import server
from bench.cases import board, booking, contention, dispatch, floor, search, signing, slots, today
from bench.harness import Kept, Left, Result
from tools import postgres

Results = Sequence[Result | Kept | Left]


@dataclass(frozen=True)
class World:
    """What a benchmark runs on: the web server, PostgreSQL itself where it is the database, and how many rounds."""

    web: server.Server
    postgres: postgres.Server | None
    rounds: int


@dataclass(frozen=True)
class Case:
    about: str
    run: Callable[[World], Results]


CASES = {
    "slots": Case("free times of 14 days in the booking dialog (1)", slots.run),
    "contention": Case("fifty people want the same time, over HTTP (2)", contention.run),
    "booking": Case("booking as a call (3)", booking.run),
    "signing": Case("signing a session as a call (4)", signing.run),
    "today": Case("the patient's Today page (5)", today.run),
    "board": Case("the front desk's day (6)", board.run),
    "dispatch": Case("due messages sent per second, transport left out (7)", dispatch.run),
    "search": Case("patient search as one types (10)", search.run),
    "floor": Case("the yardstick pages against an empty answer; no goal, a look at the machine", floor.run),
}


def run(names: Sequence[str], *, postgres_server: postgres.Server | None, rounds: int) -> Iterator[Results]:
    """The results of one benchmark after the other, as they come."""
    with server.running() as web:
        world = World(web=web, postgres=postgres_server, rounds=rounds)
        for name in names:
            yield _results(name, world)


def _results(name: str, world: World) -> Results:
    """One broken benchmark does not cost the figures of the others."""
    try:
        return CASES[name].run(world)
    except Exception as error:
        traceback.print_exc()
        return [Left(name, f"{type(error).__name__}: {error}".splitlines()[0], broken=True)]
