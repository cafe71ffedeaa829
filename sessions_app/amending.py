"""Correcting a closed session: a new version of it with a reason. The old version stays as it was signed, and readable.

The correction begins as a draft that copies everything; it is charted and signed on the same pages as a first session.
Until it is signed the old version holds. What an upper app must do when a correction says that nothing was injected
after all, it registers here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import User
from sessions_app.answers import ANSWERS, replies_in
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried

LONGEST_REASON = 300
CLOSED = (TreatmentSession.Status.SIGNED, TreatmentSession.Status.NOT_TREATED)
# What belongs to one version alone; everything else of a session is copied.
_OWN = frozenset(
    {
        "id",
        "public_id",
        "amends",
        "amendment_reason",
        "status",
        "version",
        "not_treated_reason",
        "protocol_version",
        "signed_by",
        "signed_at",
        "created_at",
        "held_by",
        "held_at",
        "clinician_asked_at",
        "clinician_asked_by",
    }
)

Part = TypeVar("Part", TreatedSite, SessionAmpoule)
Voided = Callable[[TreatmentSession, User, datetime], None]
_when_voided: dict[str, Voided] = {}


def register_voided(name: str, function: Voided) -> None:
    """Let an upper app take back what followed from a session that did not take place; inside the transaction."""
    _when_voided[name] = function


def voided(session: TreatmentSession, *, by: User, now: datetime) -> None:
    """Tell the upper apps that this closed correction says that nothing was injected."""
    for function in _when_voided.values():
        function(session, by, now)


@retried
@transaction.atomic
def begin_amendment(
    *, session: TreatmentSession, reason: str, by: User, now: datetime | None = None
) -> TreatmentSession:
    """A draft that corrects `session`. One at a time: a correction that somebody has begun is returned as it is.

    `Refused` without a reason, for a draft, and for a version that was corrected already.
    """
    reason = reason.strip()
    if not reason:
        raise Refused("Write what was wrong and how you know.", rule="reason", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(f"Shorten this to {LONGEST_REASON} characters.", rule="length", field="reason")
    if session.status not in CLOSED:
        raise Refused("This session is not signed yet. Change it on its own page.", rule="draft")
    begun = TreatmentSession.objects.filter(amends=session).first()
    if begun is None:
        begun = _begin(session, reason, by=by, now=now or timezone.now())
    if begun.status != TreatmentSession.Status.DRAFT:
        raise Refused("This version was corrected already. Correct the newest one.", rule="corrected")
    return begun


def _begin(session: TreatmentSession, reason: str, *, by: User, now: datetime) -> TreatmentSession:
    copied = {field.attname: getattr(session, field.attname) for field in session._meta.concrete_fields}
    facts = {field.attname: copied[field.attname] for field in session._meta.concrete_fields if field.name not in _OWN}
    facts["screening"] = _without_overrides(session.screening)
    try:
        with transaction.atomic():
            draft = TreatmentSession.objects.create(
                **facts, amends=session, amendment_reason=reason, created_at=now, held_by=by, held_at=now
            )
    except IntegrityError:
        # A colleague began in the same moment.
        return TreatmentSession.objects.get(amends=session)
    TreatedSite.objects.bulk_create(_copy(site, draft) for site in session.sites.all())
    SessionAmpoule.objects.bulk_create(_copy(ampoule, draft) for ampoule in session.ampoules.all())
    audit.record("correction begun", by=by, subject=draft, patient=draft.patient, corrects=str(session.public_id))
    return draft


def _without_overrides(screening: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of the signed version, but for those of people who may lift a check: a correction asks them anew."""
    replies = replies_in(screening)
    people = User.objects.filter(pk__in={reply.by for reply in replies.values() if reply.by})
    nurses = {person.pk for person in people if not person.may(Permission.OVERRIDE_CHECK)}
    kept = {check: screening[ANSWERS][check] for check, reply in replies.items() if reply.by in nurses}
    return {**screening, ANSWERS: kept} if ANSWERS in screening else dict(screening)


def _copy(row: Part, draft: TreatmentSession) -> Part:
    row.pk, row.session = None, draft
    return row


@retried
@transaction.atomic
def give_up_amendment(*, session: TreatmentSession, version: int, by: User) -> TreatmentSession:
    """Drop the draft of a correction; the version that it would have replaced, which is returned, goes on to hold."""
    if session.amends is None or session.status != TreatmentSession.Status.DRAFT:
        raise Refused("This is no draft of a correction, so there is nothing to give up.", rule="closed")
    kept = session.amends
    mine = TreatmentSession.objects.filter(pk=session.pk, version=version, status=TreatmentSession.Status.DRAFT)
    # The update holds the row, so that nobody signs it between the question and the removal.
    if not mine.update(version=version):
        raise Stale("Somebody else changed this correction meanwhile. Look at it again before you give it up.")
    audit.record("correction given up", by=by, subject=session, patient=session.patient, corrects=str(kept.public_id))
    try:
        TreatmentSession.objects.filter(pk=session.pk).delete()
    except ProtectedError as error:
        text = "Something was added to this correction that must be kept. Finish the correction instead."
        raise Refused(text, rule="kept") from error
    return kept


def versions_of(lineage: UUID) -> list[TreatmentSession]:
    """All versions of one session that were closed, and a correction in the making; the first one first."""
    rows = TreatmentSession.objects.filter(lineage=lineage).select_related("patient", "nurse", "responsible_clinician")
    by_former = {row.amends_id: row for row in rows.prefetch_related("sites", "ampoules")}
    ordered, former = [], None
    while (row := by_former.get(former)) is not None:
        ordered.append(row)
        former = row.pk
    return ordered
