"""A clinician lets the next treatment of a patient wait, and lifts that again: rule B4 of the front desk's booking."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Patient, User
from sessions_app.bookable import check_texts
from sessions_app.models import RepeatHold
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries

SOURCE = "clinician"
"""The name under which these holds are registered with `sessions_app.repeat`."""


def place(*, patient: Patient, reason: str, by: User, now: datetime | None = None) -> RepeatHold:
    """No treatment of the patient can be booked or moved from now on; visits that stand are left to people.

    The same words sent twice make one hold. `Refused` without the permission or a reason, and where another hold is
    open.
    """
    reason = reason.strip()
    _check(by, reason=(reason, 300))
    try:
        return with_retries(lambda: _write_hold(patient, reason, by, now or timezone.now()))
    except IntegrityError:
        standing = open_hold(patient)
        if standing is None:
            raise
        return _the_same(standing, reason)


@transaction.atomic
def _write_hold(patient: Patient, reason: str, by: User, now: datetime) -> RepeatHold:
    standing = open_hold(patient)
    if standing is not None:
        return _the_same(standing, reason)
    hold = RepeatHold.objects.create(patient=patient, reason=reason, placed_at=now, placed_by=by)
    audit.record("repeat held", by=by, subject=hold, patient=patient)
    return hold


def _the_same(standing: RepeatHold, reason: str) -> RepeatHold:
    if standing.reason != reason:
        text = f"{standing.placed_by} holds the next treatment already: {standing.reason} Lift that hold first."
        raise Refused(text, rule="held", field="reason")
    return standing


def lift(*, hold: RepeatHold, note: str, by: User, now: datetime | None = None) -> RepeatHold:
    """Treatments can be booked again. Lifting a lifted hold changes nothing."""
    note = note.strip()
    _check(by, note=(note, 300))
    return with_retries(lambda: _write_lift(hold, note, by, now or timezone.now()))


@transaction.atomic
def _write_lift(hold: RepeatHold, note: str, by: User, now: datetime) -> RepeatHold:
    standing = RepeatHold.objects.filter(pk=hold.pk, lifted_at__isnull=True)
    lifted = standing.update(lifted_at=now, lifted_by=by, lift_note=note)
    fresh = RepeatHold.objects.select_related("patient").get(pk=hold.pk)
    if lifted:
        audit.record("repeat hold lifted", by=by, subject=fresh, patient=fresh.patient)
    return fresh


def open_hold(patient: Patient) -> RepeatHold | None:
    return RepeatHold.objects.select_related("placed_by").filter(patient=patient, lifted_at__isnull=True).first()


def open_rows() -> QuerySet[RepeatHold]:
    """Every hold that is not lifted, for `HoldRows`."""
    return RepeatHold.objects.select_related("placed_by").filter(lifted_at__isnull=True)


def told(hold: RepeatHold) -> str:
    return f"{hold.placed_by} lets the next treatment wait: {hold.reason}"


def _check(by: User, **text: tuple[str, int]) -> None:
    check_texts(**text)
    if not by.may(Permission.HOLD_REPEAT):
        raise Refused("A clinician decides when the next treatment waits. Ask one.", rule="permission")
    ((field, (words, _)),) = text.items()
    if not words:
        raise Refused("Say why, in a few words.", rule="reason", field=field)
