"""The secret calendar address of a member of staff: made, renewed, ended, and what somebody who holds it may read.

Whoever holds the address may read, so it holds little: the person's own booked visits from today on, without patients.
Only its hash is stored, and the address is shown once.
"""

import secrets
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, User
from clinic.portal import hash_of
from clinic.protocol.zones import local_date, starting_instant
from sessions_app.models import Appointment, CalendarFeed

NEEDS = Permission.RECORD_SESSION
"""Who has visits of their own. Everybody else would subscribe to an empty calendar."""

_SECRET_BYTES = 32
# Reading is noted at most this often: a calendar that asks every few seconds must not write every few seconds.
_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def make_address(*, user: User, by: User, now: datetime) -> str:
    """A fresh secret for the person; the former one ends in the same moment. The only time that it can be seen."""
    User.objects.select_for_update().get(pk=user.pk)  # of two presses at once the later one counts
    renewed = bool(_living(user).update(revoked_at=now))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    feed = CalendarFeed.objects.create(user=user, token_hash=hash_of(secret), created_at=now)
    audit.record("calendar address renewed" if renewed else "calendar address made", by=by, subject=user, feed=feed.pk)
    return secret


@transaction.atomic
def end_address(*, user: User, by: User, now: datetime) -> bool:
    """End the person's address at once; False when there was none."""
    ended = bool(_living(user).update(revoked_at=now))
    if ended:
        audit.record("calendar address ended", by=by, subject=user)
    return ended


def address_of(user: User) -> CalendarFeed | None:
    """The living address of a person: when it was made and last read, never the secret."""
    return _living(user).first()


def feed_of(secret: str) -> CalendarFeed | None:
    """The living feed of a secret whose owner still works here in a role that treats; otherwise None, all alike."""
    feed = CalendarFeed.objects.select_related("user").filter(token_hash=hash_of(secret), revoked_at=None).first()
    return feed if feed is not None and feed.user.may(NEEDS) else None


def note_read(feed: CalendarFeed, *, now: datetime) -> None:
    CalendarFeed.objects.filter(pk=feed.pk).filter(
        Q(last_read_at=None) | Q(last_read_at__lte=now - _NOTED_EVERY)
    ).update(last_read_at=now)


def visits_of(user: User, *, clinic: Clinic, now: datetime) -> QuerySet[Appointment]:
    """The person's visits from the clinic's today on, in order; one query. What is over or cancelled is left out.

    A calendar that is subscribed to drops what a feed drops, so a cancelled visit is gone at the next reading.
    """
    today = starting_instant(datetime.combine(local_date(now, clinic.zone), time()), clinic.zone)
    mine = Appointment.objects.filter(entry__nurse=user, entry__starts_at__gte=today).standing()
    return mine.select_related("entry__room").order_by("entry__starts_at", "pk")


def _living(user: User) -> QuerySet[CalendarFeed]:
    return CalendarFeed.objects.filter(user=user, revoked_at=None)
