"""What the patient says of a booked time: that it holds, or that another one is wished."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from sessions_app import history, visit_tasks
from sessions_app.bookable import check_texts, refuse_other_patients
from sessions_app.models import Appointment
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries
from sessions_app.visit_rows import fresh, record, refuse_unless_current

Status = Appointment.Status


def confirm(
    *,
    appointment: Appointment,
    via: Appointment.ConfirmedVia | str,
    by: User,
    version: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """The patient says that the time holds. Confirming again changes nothing; an asked-for move is asked no more.

    `version` is the one that the page showed (without it, that of `appointment`): `Stale` when the visit was changed
    since. Confirming does not raise it, so that it never spoils a page that the desk has open.
    """
    seen = appointment.version if version is None else version
    return with_retries(
        lambda: _write_confirmation(appointment, seen, Appointment.ConfirmedVia(via), by, now or timezone.now())
    )


@transaction.atomic
def _write_confirmation(
    appointment: Appointment, version: int, via: Appointment.ConfirmedVia, by: User, now: datetime
) -> Appointment:
    current = fresh(appointment)
    refuse_other_patients(current, by)
    refuse_unless_current(current, version, (Status.BOOKED,))
    if current.confirmed_at is not None:
        return current
    said = {**visit_tasks.NOTHING_SAID, "confirmed_at": now, "confirmed_via": via}
    if not _said(current, version, said):
        return _write_confirmation(appointment, version, via, by, now)
    confirmed = fresh(current)
    visit_tasks.close(confirmed, [visit_tasks.MOVE_ASKED], by=by, now=now)
    record(history.CONFIRMED, confirmed, by=by, via=str(via))
    return confirmed


def ask_to_move(
    *, appointment: Appointment, version: int, wish: str, by: User, now: datetime | None = None
) -> Appointment:
    """The patient wishes another time: the desk gets a task with the words. Asking again only changes the words."""
    check_texts(wish=(wish, 200))
    return with_retries(lambda: _write_asking(appointment, version, wish.strip(), by, now or timezone.now()))


@transaction.atomic
def _write_asking(appointment: Appointment, version: int, wish: str, by: User, now: datetime) -> Appointment:
    current = fresh(appointment)
    refuse_other_patients(current, by)
    refuse_unless_current(current, version, (Status.BOOKED,))
    if current.starts_at <= now:
        raise Refused("This visit has begun already. Call the clinic.", rule="past")
    if current.move_asked_at is not None and current.move_wish == wish:
        return current
    said = {**visit_tasks.NOTHING_SAID, "move_asked_at": current.move_asked_at or now, "move_wish": wish}
    if not _said(current, version, said):
        return _write_asking(appointment, version, wish, by, now)
    asked = fresh(current)
    visit_tasks.open_move_asked(asked, now=now)
    record(history.MOVE_ASKED, asked, by=by)
    return asked


def _said(current: Appointment, version: int, said: dict[str, Any]) -> bool:
    """Write what was said, without a new version: the time is the same. False when somebody said something else since.

    Who asks then looks again: the last word counts, and the same word twice is said once.
    """
    as_read = {name: getattr(current, name) for name in visit_tasks.NOTHING_SAID}
    booked = Appointment.objects.filter(pk=current.pk, version=version, status=Status.BOOKED, **as_read)
    return bool(booked.update(**said))
