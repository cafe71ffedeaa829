"""Which patient a portal page speaks of: one's own, or the one who allowed the reader to look, by the address.

A carer's access is asked from the database at each request, so that one that was ended answers 404 from the next
request on, in every session that is still open.
"""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from aftercare.models import Carer
from clinic import audit
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a portal page, and about whom. `carer` is None when patients read of themselves."""

    patient: Patient
    carer: Carer | None = None

    @property
    def language(self) -> str:
        """The reader's, "en" or "es": a carer may speak another one than the patient."""
        return self.carer.language if self.carer else self.patient.language

    @property
    def may_answer(self) -> bool:
        """Whether "How are you?" and the ticks are open to the reader."""
        return self.carer.may_report if self.carer else True


def portal_reader(request: SignedInRequest, carer_id: UUID | None = None) -> Reader:
    """The reader of a page that `Permission.CARED_PLAN` or `OWN_PLAN` guards.

    Patients came with their account (`clinic.accounts`); for a carer's read one query and one insert.

    `carer_id` is the public id of a `Carer` row, from the address; without it patients read of themselves. Raises
    Http404 alike for an id that never was, one of somebody else, and one that was ended. A carer's read is audited.
    """
    if carer_id is None:
        patient = getattr(request.user, "patient", None)
        if patient is None:
            raise Http404
        return Reader(patient)
    allowed = Carer.objects.living().filter(user=request.user).select_related("patient")
    carer = get_visible_or_404(allowed, request=request, public_id=carer_id)
    if request.method in ("GET", "HEAD"):
        page = request.resolver_match.view_name if request.resolver_match else ""
        audit.record("read by a carer", by=request.user, subject=carer, patient=carer.patient, page=page)
    return Reader(carer.patient, carer)


def portal_patient(request: SignedInRequest, carer_id: UUID | None = None) -> Patient:
    """The patient alone, for pages that need not know who reads; otherwise as `portal_reader`."""
    return portal_reader(request, carer_id).patient
