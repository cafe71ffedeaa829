"""What stands for a patient besides the booked visits: the wait list, a time that is kept, and why booking waits."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import BigIntegerField, DateField, DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery

from clinic.models import Clinic, Patient
from clinic.prepared import Blank, Prepared
from clinic.protocol.vocabulary import Hold
from clinic.protocol.zones import local_date
from sessions_app.models import WaitListEntry, WaitListOffer
from sessions_app.repeat import HoldRows, hold_rows, holds_without_rows


@dataclass(frozen=True, slots=True)
class Kept:
    """A time that an offer keeps for the patient, and until when."""

    starts_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnWait:
    """`is_waiting`: on the wait list, with dates that are not over. `holds`: why the next treatment waits (B4)."""

    is_waiting: bool = False
    kept: Kept | None = None
    holds: tuple[Hold, ...] = ()


def own_wait(patient: Patient, *, clinic: Clinic, now: datetime) -> OwnWait:
    """One query, and one more for each source of holds that has no rows."""
    asked = {"patient": patient.pk, "today": local_date(now, clinic.zone), "now": now}
    kinds = hold_rows()
    is_waiting, starts_at, until, *found = _standing(kinds).rows(**asked)[0]
    return OwnWait(
        is_waiting=is_waiting,
        kept=Kept(starts_at, until) if starts_at else None,
        holds=(
            *(each.hold for each, is_held in zip(kinds, found, strict=True) if is_held),
            *holds_without_rows(patient),
        ),
    )


def is_held(patient: Patient, *, clinic: Clinic, now: datetime) -> bool:
    """Whether the clinic decides first when the next treatment is. As many queries as `own_wait`."""
    return bool(own_wait(patient, clinic=clinic, now=now).holds)


@cache
def _standing(kinds: tuple[HoldRows, ...]) -> Prepared:
    """Whether a patient waits, which time is kept until when, and whether each kind of hold stands."""

    def make() -> QuerySet[Any, tuple[Any, ...]]:
        entries = WaitListEntry.objects.waiting().filter(patient=OuterRef("pk"))
        not_over = Q(last_date__isnull=True) | Q(last_date__gte=Blank("today", DateField()))
        living = WaitListOffer.objects.filter(
            waiting__patient=OuterRef("pk"),
            waiting__ended_at__isnull=True,
            answer="",
            expires_at__gt=Blank("now", DateTimeField()),
            hold__active=True,
        ).order_by("expires_at", "pk")
        held = [Exists(each.rows().filter(patient=OuterRef("pk")).order_by()) for each in kinds]
        return Patient.objects.filter(pk=Blank("patient", BigIntegerField())).values_list(
            Exists(entries.filter(not_over)),
            Subquery(living.values("starts_at")[:1]),
            Subquery(living.values("expires_at")[:1]),
            *held,
        )

    return Prepared(make)
