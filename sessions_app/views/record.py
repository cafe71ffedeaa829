"""The record of one patient: everything that was done, page by page, with the leg map of all sessions or of one."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest
from sessions_app.presenters.record import ON_OWN_PAGE, record_page
from sessions_app.record import read_record
from sessions_app.views.sent import page_of


@requires(Permission.VIEW_CHART)
@require_safe
def record(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The address holds the page of the time line (`page`) and the session that the map shows alone (`session`)."""
    patient = patient_or_404(request, patient_id)
    found = read_record(patient, reader=request.user)
    page = record_page(
        found,
        reader=request.user,
        now=timezone.now(),
        length=ON_OWN_PAGE,
        page=page_of(request.GET),
        chosen=uuid_or_none(request.GET.get("session", "")),
    )
    audit.record("chart read", by=request.user, subject=patient)
    return render(request, "sessions_app/record/page.html", {"patient": patient, "record": page})


def patient_or_404(request: SignedInRequest, patient_id: UUID) -> Patient:
    return get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
