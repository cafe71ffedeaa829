"""The audit trail: `record` is the only writer. It joins the caller's transaction: no write without its event.

`seal` extends the hash chain over the events written since; `verify` walks it and names the first broken link.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, transaction

from clinic.models.audit import AuditEvent, AuditSeal
from clinic.models.patient import Patient
from clinic.models.people import User

_FIRST_LINK = "0" * 64


def record(
    action: str,
    *,
    by: User | AnonymousUser | None,
    subject: models.Model | None = None,
    patient: Patient | None = None,
    **details: Any,
) -> AuditEvent:
    """Write one event. `by=None` is the system itself; `details` must be JSON and hold ids and codes, no free text."""
    return AuditEvent.objects.create(**_row(action, by=by, subject=subject, patient=patient, details=details))


def event(
    action: str,
    *,
    by: User | None,
    subject: models.Model | None = None,
    patient: Patient | None = None,
    **details: Any,
) -> AuditEvent:
    """An unsaved event, for writers that insert many at once with `AuditEvent.objects.bulk_create`."""
    return AuditEvent(**_row(action, by=by, subject=subject, patient=patient, details=details))


def _row(action: str, *, by: Any, subject: Any, patient: Any, details: dict[str, Any]) -> dict[str, Any]:
    person = by if isinstance(by, User) else None
    return {
        "action": action,
        "by_id": person.pk if person else None,
        "by_name": str(person) if person else ("anonymous" if by is not None else "system"),
        "subject": subject._meta.label if subject is not None else "",
        "subject_id": str(getattr(subject, "public_id", subject.pk)) if subject is not None else "",
        "patient_id": patient.pk if patient is not None else (subject.pk if isinstance(subject, Patient) else None),
        "details": details,
    }


def seal(*, limit: int = 5000, look_back: int | None = 10_000) -> int:
    """Link the events that are not yet in the chain, oldest first; returns how many. Safe to run twice at once.

    An event can be committed after one with a greater id, so the newest `look_back` ids are looked at again each time;
    None looks at the whole trail.
    """
    last = AuditSeal.objects.order_by("-number").first()
    unsealed = AuditEvent.objects.filter(seal__isnull=True)
    if last is not None and look_back is not None:
        unsealed = unsealed.filter(id__gt=last.event_id - look_back)
    waiting = list(unsealed.order_by("id")[:limit])
    if not waiting:
        return 0
    number, digest = (last.number, last.digest) if last else (0, _FIRST_LINK)
    links = []
    for waiting_event in waiting:
        number, digest = number + 1, _digest(digest, waiting_event)
        links.append(AuditSeal(event=waiting_event, number=number, digest=digest))
    try:
        with transaction.atomic():
            AuditSeal.objects.bulk_create(links, batch_size=500)
    except IntegrityError:
        if not AuditSeal.objects.filter(number=links[0].number).exists():
            raise
        return 0  # another sealer linked them first: the number is unique
    return len(links)


def verify() -> str | None:
    """None when every link holds, otherwise a sentence that names the first broken one."""
    digest = _FIRST_LINK
    links = AuditSeal.objects.select_related("event").order_by("number").iterator(chunk_size=2000)
    for expected, link in enumerate(links, start=1):
        if link.number != expected:
            return f"Link {expected} is missing."
        digest = _digest(digest, link.event)
        if digest != link.digest:
            return f"Event {link.event_id} of {link.event.at:%Y-%m-%d %H:%M:%S} was altered (link {link.number})."
    return None


@dataclass(frozen=True, slots=True)
class ChainState:
    """The chain at a glance. `broken` is a sentence when one of the newest `checked` links does not hold."""

    links: int
    sealed_at: datetime | None
    waiting: int
    checked: int
    broken: str | None


def chain_state(*, newest: int = 200, look_back: int = 10_000) -> ChainState:
    """Checks the newest links only, so that a page can say it each time; `verify` walks the whole chain."""
    found = list(AuditSeal.objects.select_related("event").order_by("-number")[: newest + 1])[::-1]
    if not found:
        return ChainState(0, None, min(AuditEvent.objects.all()[:look_back].count(), look_back), 0, None)
    last = found[-1]
    waiting = AuditEvent.objects.filter(seal__isnull=True, id__gt=last.event_id - look_back)[:look_back].count()
    if found[0].number == 1:
        digest, links = _FIRST_LINK, found
    else:
        digest, links = found[0].digest, found[1:]
    return ChainState(last.number, last.event.at, waiting, len(links), _first_broken(digest, links))


def _first_broken(digest: str, links: list[AuditSeal]) -> str | None:
    for expected, link in enumerate(links, start=links[0].number if links else 0):
        if link.number != expected:
            return f"Link {expected} is missing."
        digest = _digest(digest, link.event)
        if digest != link.digest:
            return f"Event {link.event_id} of {link.event.at:%Y-%m-%d %H:%M:%S} was altered (link {link.number})."
    return None


def _digest(previous: str, sealed: AuditEvent) -> str:
    facts = [
        previous,
        sealed.pk,
        sealed.at.isoformat(),
        sealed.action,
        sealed.by_id,
        sealed.by_name,
        sealed.subject,
        sealed.subject_id,
        sealed.patient_id,
        sealed.details,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
