"""Booking as a call, without HTTP: rules, reminders, trail and all, against the bare inserts."""

import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone

from bench import pgbench
from bench.harness import Goal, Left, Result, interleave, queries_of
from bench.world import DAYS_AHEAD, OPENS, SLOTS, ZONE, working_days
from clinic.models import Patient, User
from sessions_app import booking
from sessions_app.models import Service

if TYPE_CHECKING:
    from bench.cases import World

CALLS = 60
DAYS = 200


def free_times() -> Iterator[tuple[datetime, User]]:
    """Hours behind the booked weeks: each nurse in turn, hour by hour."""
    nurses = list(User.objects.nurses())
    first = timezone.localdate(timezone=ZoneInfo(ZONE)) + timedelta(days=2 * DAYS_AHEAD)
    for day in working_days(first, DAYS):
        for hour in range(OPENS, OPENS + SLOTS):
            for nurse in nurses:
                yield datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE)), nurse


def run(world: "World") -> list[Result | Left]:
    if world.postgres is None:
        return [Left("booking", "its yardstick is pgbench; use --database postgres")]
    server, times = world.postgres, free_times()
    desk, service = User.objects.get(email="desk@bench.example"), Service.objects.get(name="Treatment")
    patients = cycle(Patient.objects.order_by("id")[:2000])
    pgbench.prepare()

    def book_one() -> None:
        starts_at, nurse = next(times)
        booking.book(
            patient=next(patients), service=service, starts_at=starts_at, nurse=nurse, request_key=uuid.uuid4(), by=desk
        )

    def booked_per_second() -> float:
        started = time.perf_counter()
        for _ in range(CALLS):
            book_one()
        return CALLS / (time.perf_counter() - started)

    notes = {"queries": queries_of(book_one)}
    ours, theirs = interleave(
        booked_per_second, lambda: pgbench.transactions_per_second(server, "book_ex"), rounds=world.rounds
    )
    return [Result("booking", "book_ex", "/s", ours, theirs, Goal("at least", 0.3, 0.45), dict(notes))]
