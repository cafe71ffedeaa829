"""The time of visits inside of closures: not closed while the visit stands, closed when it goes, open when it returns.

A gap is an entry of the closure that is not active. All of it happens inside the transaction that writes the visit or
the closure, after that has queued for the nurse and the room.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from sessions_app.availability import Period, united, without
from sessions_app.capacity import entries_meeting
from sessions_app.models import CalendarEntry
from sessions_app.outside import gaps_meeting

Resource = tuple[str, int]
"""Whose calendar: "nurse_id" or "room_id", and which."""


class Place(NamedTuple):
    """Where a visit or a closure stands or stood."""

    nurse_id: int | None
    room_id: int | None
    starts_at: datetime
    ends_at: datetime

    @property
    def resources(self) -> list[Resource]:
        pairs = (("nurse_id", self.nurse_id), ("room_id", self.room_id))
        return [(whom, id) for whom, id in pairs if id is not None]

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


def place_of(entry: CalendarEntry) -> Place:
    return Place(entry.nurse_id, entry.room_id, entry.starts_at, entry.ends_at)


def meeting(periods: Sequence[Period], period: Period) -> Sequence[Period]:
    """Those of some periods, in order and without overlap, that have a moment in the period."""
    first = bisect_right(periods, period.starts_at, key=lambda each: each.ends_at)
    return periods[first : bisect_left(periods, period.ends_at, key=lambda each: each.starts_at)]


def by_resource(entries: Iterable[CalendarEntry]) -> dict[Resource, list[Period]]:
    """When each nurse and room is taken by these entries, united."""
    taken: dict[Resource, list[Period]] = {}
    for entry in entries:
        for resource in place_of(entry).resources:
            taken.setdefault(resource, []).append(Period(entry.starts_at, entry.ends_at))
    return {resource: united(periods) for resource, periods in taken.items()}


def close_gaps(places: Collection[Place]) -> None:
    """What stood at these places has gone: where a closure had been written around it, it is closed now.

    After the entries have gone. What something else still takes of a gap stays a gap. One query where there is none,
    and at most five for any number of places.
    """
    if not places:
        return
    left: dict[Resource, list[Period]] = {}
    for place in places:
        for resource in place.resources:
            left.setdefault(resource, []).append(place.period)
    left = {resource: united(periods) for resource, periods in left.items()}
    first, last = min(place.starts_at for place in places), max(place.ends_at for place in places)
    found = _of(gaps_meeting(first, last), left).select_related("closure").order_by("starts_at", "pk")
    gaps = [gap for gap in found if meeting(left[_whose(gap)], place_of(gap).period)]
    if gaps:
        _close(gaps)


def _close(gaps: Sequence[CalendarEntry]) -> None:
    """Close what nothing takes, gap by gap: what one of them closes stays a gap of the next."""
    first, last = min(gap.starts_at for gap in gaps), max(gap.ends_at for gap in gaps)
    taken = by_resource(_of(entries_meeting(first, last), [_whose(gap) for gap in gaps]))
    whole: list[int] = []
    cut: list[int] = []
    parts: list[CalendarEntry] = []
    for gap in gaps:
        resource, period = _whose(gap), place_of(gap).period
        others = meeting(taken.get(resource, []), period)
        free = without([period], others)
        if not free:
            continue
        if others:
            cut.append(gap.pk)
            parts += [_part(gap, piece, active=True) for piece in free]
            parts += [_part(gap, piece, active=False) for piece in without([period], free)]
        else:
            whole.append(gap.pk)
        for piece in free:
            insort(taken.setdefault(resource, []), piece)
    if whole:
        CalendarEntry.objects.filter(pk__in=whole).update(active=True)
    if cut:
        CalendarEntry.objects.filter(pk__in=cut).delete()
        CalendarEntry.objects.bulk_create(parts)


def _part(gap: CalendarEntry, period: Period, *, active: bool) -> CalendarEntry:
    return CalendarEntry(
        kind=gap.kind,
        closure=gap.closure,
        nurse_id=gap.nurse_id,
        room_id=gap.room_id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        active=active,
    )


def _whose(gap: CalendarEntry) -> Resource:
    """A closure's entry is of one nurse or of one room."""
    return place_of(gap).resources[0]


def _of(entries: QuerySet[CalendarEntry], whose: Iterable[Resource]) -> QuerySet[CalendarEntry]:
    resources = set(whose)
    nurses, rooms = ([id for whom, id in resources if whom == name] for name in ("nurse_id", "room_id"))
    return entries.filter(Q(nurse__in=nurses) | Q(room__in=rooms))


def reopen_gaps(place: Place, *, left_at: datetime) -> None:
    """A visit returns to the place that it left at that moment: what of it a closure closed then is a gap again.

    A closure that was made since never was around the visit: it stands, and the visit cannot return.
    """
    _of(CalendarEntry.objects.all(), place.resources).filter(
        kind__in=CalendarEntry.SHUT,
        active=True,
        closure__ended_at__isnull=True,
        closure__created_at__lte=left_at,
        starts_at__gte=place.starts_at,
        ends_at__lte=place.ends_at,
    ).update(active=False)
