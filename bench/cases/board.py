"""The front desk's day over HTTP, a full one of last week: 90 visits of 12 nurses."""

from functools import partial
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

from bench.harness import Goal, Left, Result, interleave_calls, per_second, queries_of
from bench.world import a_monday
from clinic.models import User

if TYPE_CHECKING:
    from bench.cases import World


def run(world: "World") -> list[Result | Left]:
    user, path = User.objects.get(email="desk@bench.example"), f"{reverse('sessions_app:day')}?date={a_monday()}"
    desk, client = world.web.person(user), Client()
    client.force_login(user)
    client.get(path)
    notes: dict[str, str | int | float] = {
        "queries": queries_of(partial(client.get, path)),
        "page kB": round(len(desk.get(path)) / 1000, 1),
    }
    floor = f"/floor/week?from={a_monday()}&days=1"
    ours, theirs = interleave_calls(partial(desk.get, path), partial(desk.get, floor), rounds=world.rounds, calls=30)
    goal = Goal("at least", 0.7, 1.5)
    return [Result("board.day", "floor.week", "pages/s", per_second(ours), per_second(theirs), goal, notes)]
