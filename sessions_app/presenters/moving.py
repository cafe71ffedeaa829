"""Where a visit can move to: the free times without the place that it has."""

from copy import copy
from datetime import timedelta

from django.db.models import Q, QuerySet

from sessions_app.free_times import Search
from sessions_app.models import Appointment, CalendarEntry
from sessions_app.outside import gaps_meeting
from sessions_app.presenters.appointment import outside_task


def without_itself(search: Search, moves: Appointment, *, room_id: int | None) -> Search:
    """The same search without the place of the visit: nothing is moved to where it stands.

    It may keep its time and its nurse in another room, where `room_id` asks for that one or its own room is closed.
    What a closure left open around the visit counts as closed for the visit, too: who is sick treats nobody then. One
    query, for a visit that has to move.
    """
    entry, other = moves.entry, copy(search)
    other.nurse_free, other.room_free = dict(search.nurse_free), dict(search.room_free)
    for gap in _gaps_of(entry) if outside_task(moves) else ():
        closed = search.starts.meeting(gap.starts_at, gap.ends_at)
        for free, whose in ((other.nurse_free, gap.nurse_id), (other.room_free, gap.room_id)):
            if whose in free:
                free[whose] &= ~closed
    if entry.nurse_id in other.nurse_free and entry.room_id in other.room_free and room_id in (None, entry.room_id):
        here = search.starts.from_to(entry.starts_at, entry.starts_at + timedelta.resolution)
        other.nurse_free[entry.nurse_id] &= ~(here & other.room_free[entry.room_id])
    return other


def _gaps_of(entry: CalendarEntry) -> QuerySet[CalendarEntry]:
    gaps = gaps_meeting(entry.starts_at, entry.ends_at)
    return gaps.filter(Q(nurse=entry.nurse_id) | Q(room=entry.room_id))
