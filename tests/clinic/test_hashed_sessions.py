"""Sessions are stored under a hash of their key and behave like Django's own."""

from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from clinic.hashed_sessions import SessionStore, stored_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    session = SessionStore()
    session["plan"] = "read"
    session.save()
    return session


def test_the_table_holds_no_key_that_opens_anything(kept):
    row = Session.objects.get()

    assert (row.session_key, len(row.session_key)) == (stored_key(kept.session_key), 40)
    assert kept.session_key not in row.session_data
    assert dict(SessionStore(row.session_key).items()) == {}


def test_a_session_is_found_by_its_key(kept):
    assert dict(SessionStore(kept.session_key).items()) == {"plan": "read"}


def test_a_session_is_saved_again_in_its_row(kept):
    again = SessionStore(kept.session_key)
    again["plan"] = "read twice"
    again.save()

    assert [SessionStore(kept.session_key)["plan"], Session.objects.count()] == ["read twice", 1]


def test_a_new_key_takes_the_place_of_the_old_one(kept):
    old = kept.session_key
    kept.cycle_key()

    assert (dict(SessionStore(kept.session_key).items()), dict(SessionStore(old).items())) == ({"plan": "read"}, {})
    assert Session.objects.count() == 1


def test_an_ended_session_is_gone(kept):
    key = kept.session_key
    kept.flush()

    assert (Session.objects.count(), SessionStore().exists(key)) == (0, False)


def test_a_session_that_somebody_else_ended_cannot_be_saved_back(kept):
    late = SessionStore(kept.session_key)
    late["plan"] = "late"
    kept.delete()

    with pytest.raises(UpdateError):
        late.save()


def test_a_session_past_its_end_is_not_found(kept):
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        found = SessionStore(kept.session_key)
        assert (dict(found.items()), found.session_key) == ({}, None)


def test_ending_no_session_does_nothing():
    SessionStore().delete()
    SessionStore().delete("never-was")

    assert Session.objects.count() == 0


def test_the_same_without_waiting():
    async def live():
        session = SessionStore()
        await session.aset("plan", "read")
        await session.asave()
        key = session.session_key
        found = await SessionStore(key).aget("plan")
        there = await SessionStore().aexists(key)
        await session.adelete()
        return found, there, await SessionStore().aexists(key), await SessionStore(key).aget("plan")

    assert async_to_sync(live)() == ("read", True, False, None)
