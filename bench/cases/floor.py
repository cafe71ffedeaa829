"""What the yardstick pages cost beside an answer without work."""

from functools import partial
from typing import TYPE_CHECKING

from bench.harness import Left, Result, interleave_calls
from bench.world import a_monday
from clinic.models import User

if TYPE_CHECKING:
    from bench.cases import World

PAGES = {
    "floor.page": "/floor/page",
    "floor.day": f"/floor/week?from={a_monday()}&days=1",
    "floor.week": f"/floor/week?from={a_monday()}&days=7",
    "floor.slots": "/floor/slots",
}


def run(world: "World") -> list[Result | Left]:
    nurse = world.web.person(User.objects.nurses()[0])
    results: list[Result | Left] = []
    for name, path in PAGES.items():
        ours, theirs = interleave_calls(
            partial(nurse.get, path), partial(nurse.get, "/floor/empty"), rounds=world.rounds, calls=30
        )
        results.append(Result(name, "floor.empty", "ms", ours, theirs))
    return results
