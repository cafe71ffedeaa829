"""The emergency card of a patient, to print and give to whoever takes over."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.requests import SignedInRequest
from sessions_app.presenters.handover import card_of, qr_of
from sessions_app.record import read_record
from sessions_app.views.record import patient_or_404, uuid_or_none


@requires(Permission.VIEW_CHART)
@require_safe
def handover(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The last treatments, or with `session` one of them. Printing is reading: it is on record."""
    patient = patient_or_404(request, patient_id)
    record = read_record(patient, reader=request.user)
    chosen = None
    if "session" in request.GET:
        wanted = uuid_or_none(request.GET["session"])
        chosen = record.entry_of(wanted) if wanted else None
        if chosen is None or chosen not in record.injected:
            raise Http404
    card = card_of(record, chosen, clinic=request.clinic, now=timezone.now())
    audit.record("chart read", by=request.user, subject=patient, page="emergency card")
    address = f"{settings.BASE_URL}{reverse('clinic:patient', args=[patient.public_id])}"
    context = {"patient": patient, "card": card, "qr": qr_of(address), "is_one": chosen is not None}
    return render(request, "sessions_app/record/handover.html", context)
