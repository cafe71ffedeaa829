"""No visit is empty, negative or ten hours long, whoever writes it: the database says so (BK-05)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from sessions_app.models import CalendarEntry, Service
from tests.makers import at, make_entry, make_room, make_service

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lengths", [{"chair_minutes": 0}, {"chair_minutes": 600}, {"walk_minutes": 90}])
def test_a_service_has_a_possible_length(lengths):
    with pytest.raises(DatabaseError), transaction.atomic():
        make_service(**lengths)

    assert Service.objects.count() == 0


@pytest.mark.parametrize("length", [timedelta(0), timedelta(minutes=-30), timedelta(hours=27), timedelta(days=40)])
def test_an_entry_ends_after_it_starts_and_within_a_day(length):
    start, room = at("2026-01-14 10:00"), make_room()

    with pytest.raises(DatabaseError), transaction.atomic():
        make_entry(room=room, starts_at=start, ends_at=start + length)

    assert CalendarEntry.objects.count() == 0
