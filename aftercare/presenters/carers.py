"""Who may look with a patient, as one line each; and whose plans somebody may look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from aftercare.models import Carer
from aftercare.presenters.words import short_day
from clinic.models import AuditEvent, Patient, User
from clinic.portal import masked


@dataclass(frozen=True, slots=True)
class CarerLine:
    """`email` is masked for patients: an account may have moved to an address that they were never told."""

    public_id: UUID
    name: str
    email: str
    since: str
    seen: str
    has_looked: bool
    may_report: bool


def carer_lines(patient: Patient, *, masks: bool = True) -> list[CarerLine]:
    """Those who may look now, the longest first; days are the clinic's, which pages have as their zone. Two queries."""
    living = list(Carer.objects.living().filter(patient=patient).select_related("user").order_by("added_at", "pk"))
    looked = _last_looks(living)
    return [_line(carer, looked.get(str(carer.public_id)), masks=masks) for carer in living]


def _line(carer: Carer, looked: datetime | None, *, masks: bool) -> CarerLine:
    seen = gettext("Has not looked yet")
    if looked is not None:
        seen = gettext("Looked last on %(day)s") % {"day": short_day(timezone.localdate(looked))}
    return CarerLine(
        public_id=carer.public_id,
        name=carer.name,
        email=masked(carer.user.email) if masks else carer.user.email,
        since=gettext("Since %(day)s") % {"day": short_day(timezone.localdate(carer.added_at))},
        seen=seen,
        has_looked=looked is not None,
        may_report=carer.may_report,
    )


def _last_looks(carers: Sequence[Carer]) -> dict[str, datetime]:
    """From the trail, by public id: whether the account signed in before says nothing about this patient."""
    reads = AuditEvent.objects.filter(
        subject=Carer._meta.label, subject_id__in=[str(each.public_id) for each in carers], action="read by a carer"
    )
    return dict(reads.values_list("subject_id").annotate(Max("at"))) if carers else {}


def carer_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """For the patient's page of staff."""
    return {"patient": patient, "lines": carer_lines(patient), "places": (("carers-title", "Carers"),)}
