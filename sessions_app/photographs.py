"""Photographs of a patient's legs: taken into the record while the consent says yes, removed with a reason.

The files come first and the row second; a removal goes the other way round (`sessions_app.photograph_files`).
"""

import logging
from datetime import datetime
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_date
from sessions_app import photograph_files
from sessions_app.consents import allows_photographs
from sessions_app.models import Photograph, TreatmentSession
from sessions_app.pictures import Limits, NotAPicture, Picture, clean_picture
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries

logger = logging.getLogger(__name__)
NO_CONSENT = (
    "The patient has not agreed to photographs. Ask, and let the patient sign the consent with photographs allowed; "
    "then add them."
)
NOT_KEPT = (
    "It could not be kept: the place for photographs is full or away. Tell the administrator, and add it again later."
)
MAY_NOT_REMOVE = (
    "A photograph is removed by who added it, on the same day, or by a clinician. Ask the responsible clinician."
)


class Added(NamedTuple):
    """`already`: the same picture was there, nothing was added; the row says as what."""

    photograph: Photograph
    already: bool


def limits() -> Limits:
    return Limits(
        pixels=settings.PHOTOGRAPH_MAX_PIXELS,
        edge=settings.PHOTOGRAPH_MAX_EDGE,
        thumbnail_edge=settings.PHOTOGRAPH_THUMBNAIL_EDGE,
    )


def add_photograph(
    *,
    patient: Patient,
    session: TreatmentSession | None,
    leg: str,
    view: str,
    moment: str,
    taken_at: datetime,
    file: IO[bytes],
    by: User,
    now: datetime | None = None,
) -> Added:
    """Re-encode, keep, and write the row. Sent twice it is there once.

    Refused without consent, for a bad file, and when its place takes no file.
    """
    if not allows_photographs(patient):
        raise Refused(NO_CONSENT, rule="consent")
    picture = _cleaned(file)
    found = _same(patient, picture)
    if found is not None:
        return Added(found, already=True)
    facts: dict[str, Any] = {
        "session": _lasting(session),
        "leg": leg,
        "view": view,
        "moment": moment,
        "taken_at": taken_at,
        "added_at": now or timezone.now(),
    }
    try:
        names = photograph_files.write(picture)
    except OSError as error:
        logger.error("a photograph could not be kept: %s", error.strerror or type(error).__name__)
        raise Refused(NOT_KEPT, rule="storage") from error
    try:
        return Added(with_retries(lambda: _write(patient, picture, names, facts, by=by)), already=False)
    except IntegrityError:
        # The same picture was sent twice at once, and the other one was first.
        photograph_files.remove(*names)
        found = _same(patient, picture)
        if found is None:
            raise
        return Added(found, already=True)
    except Exception:
        photograph_files.remove(*names)
        raise


@transaction.atomic
def _write(
    patient: Patient, picture: Picture, names: tuple[str, str], facts: dict[str, Any], *, by: User
) -> Photograph:
    # Asked again in the transaction of the row: unpacking takes its time, and a consent can end meanwhile.
    if not allows_photographs(patient):
        raise Refused(NO_CONSENT, rule="consent")
    photograph = Photograph.objects.create(
        patient=patient,
        added_by=by,
        file=names[0],
        thumbnail=names[1],
        width=picture.width,
        height=picture.height,
        digest=picture.digest,
        **facts,
    )
    said = {name: str(facts[name]) for name in ("leg", "view", "moment")}
    audit.record("photograph added", by=by, subject=photograph, patient=patient, **said)
    return photograph


def may_remove(photograph: Photograph, user: User, *, now: datetime) -> bool:
    """Clinicians at any time; who added it on the clinic's same day, for slips. Later it is part of the record."""
    if user.may(Permission.OVERRIDE_CHECK):
        return True
    zone = Clinic.current().zone
    is_fresh = local_date(photograph.added_at, zone) == local_date(now, zone)
    return user.may(Permission.RECORD_SESSION) and photograph.added_by_id == user.pk and is_fresh


def remove_photograph(*, photograph: Photograph, why: str, by: User, now: datetime | None = None) -> None:
    """Take the picture out of the record: the row stays with its reason, the files go once that is written.

    `Refused` to who may not (`may_remove`), without a reason, and when it is removed already.
    """
    now = now or timezone.now()
    if not may_remove(photograph, by, now=now):
        raise Refused(MAY_NOT_REMOVE, rule="permission")
    why = " ".join(why.split())
    if not why:
        raise Refused("Write why the photograph is removed.", rule="reason", field="why")
    with_retries(lambda: _remove(photograph, why, by=by, now=now))


@transaction.atomic
def _remove(photograph: Photograph, why: str, *, by: User, now: datetime) -> None:
    names = (photograph.file, photograph.thumbnail)
    there = Photograph.objects.filter(pk=photograph.pk, removed_at__isnull=True)
    if not there.update(removed_at=now, removed_by=by, removed_why=why, file="", thumbnail=""):
        raise Refused("Somebody has removed this photograph already.", rule="removed")
    audit.record("photograph removed", by=by, subject=photograph, patient=photograph.patient)
    transaction.on_commit(lambda: photograph_files.remove(*names))


def _cleaned(file: IO[bytes]) -> Picture:
    try:
        return clean_picture(file, limits())
    except NotAPicture as error:
        raise Refused(str(error), rule="picture", field="pictures") from error


def _same(patient: Patient, picture: Picture) -> Photograph | None:
    return Photograph.objects.filter(patient=patient, digest=picture.digest, removed_at__isnull=True).first()


def _lasting(session: TreatmentSession | None) -> TreatmentSession | None:
    """A draft of a correction can be given up, so its photographs hang on the version that it corrects."""
    if session is not None and session.status == TreatmentSession.Status.DRAFT and session.amends is not None:
        return session.amends
    return session
