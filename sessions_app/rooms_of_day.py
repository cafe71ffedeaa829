"""In which room each nurse is on a day, read from what is booked, and in which order she is offered the rooms.

A nurse stays in one room for a day as far as that is free, so that nobody carries a set of ampoules over the corridor
and no colleague finds her own room taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

Placed = tuple[datetime, int, int]
"""The start of what is booked, the nurse and the room."""

Keeps = tuple[int | None, int | None]
"""The nurse and the room that a visit has before it moves."""


def own_rooms(placed: Iterable[Placed]) -> dict[int, int]:
    """The room of each nurse on one day: where most of her visits are, of equals where the first is."""
    starts: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    for starts_at, nurse_id, room_id in placed:
        starts[nurse_id, room_id].append(starts_at)
    by_weight = sorted(starts, key=lambda pair: (-len(starts[pair]), min(starts[pair]), pair))
    found: dict[int, int] = {}
    for nurse_id, room_id in by_weight:
        found.setdefault(nurse_id, room_id)
    return found


def in_turn(
    room_ids: Sequence[int], nurse_id: int, own: Mapping[int, int], keeps: Keeps | None = None
) -> tuple[int, ...]:
    """The rooms in the order in which this nurse is offered them; `own` are everybody's of that day.

    A visit that moves and stays with its nurse keeps its room. Otherwise her own room comes first, then the one that
    the visit has, then what is nobody's, and a colleague's at last; equals as given.
    """
    if len(room_ids) < 2:
        return tuple(room_ids)
    mine, others = own.get(nurse_id), {room for nurse, room in own.items() if nurse != nurse_id}

    def place(room_id: int) -> int:
        if keeps == (nurse_id, room_id):
            return 0
        if room_id == mine:
            return 1
        if keeps is not None and keeps[1] == room_id:
            return 2
        return 4 if room_id in others else 3

    return tuple(sorted(room_ids, key=place))
