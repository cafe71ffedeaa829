"""Staff tasks about one visit: its patient wishes another time, or it lies outside of the hours."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from clinic.models import StaffTask, User
from sessions_app.models import Appointment

MOVE_ASKED, OUTSIDE_HOURS = StaffTask.Kind.VISIT_MOVE_ASKED, StaffTask.Kind.VISIT_OUTSIDE_HOURS
ABOUT_ITS_TIME = (MOVE_ASKED, OUTSIDE_HOURS)

NOTHING_SAID: dict[str, Any] = {"confirmed_at": None, "confirmed_via": "", "move_asked_at": None, "move_wish": ""}
"""Columns of a visit whose time changed: what the patient said of the former time says nothing of the new one."""


def open_outside(visit: str = "public_id") -> QuerySet[StaffTask]:
    """The open task of a visit that lies outside, for a subquery; `visit` is the way to its public id from the rows."""
    return StaffTask.objects.open().filter(kind=OUTSIDE_HOURS, about_id=OuterRef(visit)).order_by()


def has_to_move(visit: str = "public_id") -> Exists:
    """Whether a visit lies outside of what is open and nobody has said that it stays."""
    return Exists(open_outside(visit))


def open_move_asked(appointment: Appointment, *, now: datetime) -> None:
    """One open task per visit, however often it is asked."""
    task = StaffTask(kind=MOVE_ASKED, patient=appointment.patient, about_id=appointment.public_id, created_at=now)
    StaffTask.objects.bulk_create([task], ignore_conflicts=True)


def close(
    appointment: Appointment,
    kinds: Collection[StaffTask.Kind] = ABOUT_ITS_TIME,
    *,
    by: User,
    now: datetime,
) -> None:
    """The visit has another time, or none: what was to be done about the former one is done."""
    StaffTask.objects.open().filter(kind__in=kinds, about_id=appointment.public_id).update(done_at=now, done_by=by)


def reopen(appointment: Appointment, *, closed_at: datetime) -> None:
    """The change that closed them at this moment was taken back."""
    about = StaffTask.objects.filter(kind__in=ABOUT_ITS_TIME, about_id=appointment.public_id)
    again = about.open().values_list("kind", flat=True)
    about.filter(done_at=closed_at).exclude(kind__in=list(again)).update(done_at=None, done_by=None)
