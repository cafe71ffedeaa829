"""What somebody sees who looks with a patient: the plan of today, and the end of it when they no longer want to."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftercare import carers
from aftercare.models import Carer, SymptomReport
from aftercare.portal_patient import portal_reader
from aftercare.views.today import today_response
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest


@requires(Permission.CARED_PLAN)
@require_safe
def care(request: SignedInRequest) -> HttpResponse:
    """Whose plans the reader may see; the only one is opened at once, unless the reader has a page of their own."""
    allowed = list(Carer.objects.living().filter(user=request.user).select_related("patient").order_by("added_at"))
    own = Patient.objects.filter(user=request.user).first()
    if len(allowed) == 1 and own is None:
        return redirect("aftercare:care_today", allowed[0].public_id)
    about = [each.patient_id for each in allowed]
    waiting = SymptomReport.objects.filter(patient__in=about, level=SymptomReport.Level.EMERGENCY).open().unanswered()
    emergencies = set(waiting.values_list("patient_id", flat=True))
    context = {"allowed": allowed, "has_own": own is not None, "emergencies": emergencies}
    return render(request, "aftercare/carers/care.html", context)


@requires(Permission.CARED_PLAN)
@require_safe
def care_today(request: SignedInRequest, carer_id: UUID) -> HttpResponse:
    """An access of the reader's own that was ended leads to the page that says so; whose it was is told no more."""
    try:
        reader = portal_reader(request, carer_id)
    except Http404:
        if not Carer.objects.filter(user=request.user, public_id=carer_id).exists():
            raise
        messages.warning(request, _("The page that you asked for is no longer open to you."))
        return redirect("aftercare:care")
    return today_response(request, reader)


@requires(Permission.CARED_PLAN)
@require_POST
def care_leave(request: SignedInRequest, carer_id: UUID) -> HttpResponse:
    """The carer ends the own access; only the patient can open it again. Pressed twice it is ended once."""
    own = Carer.objects.filter(user=request.user).select_related("patient")
    carer = get_visible_or_404(own, request=request, public_id=carer_id)
    if carer.ended_at is None:
        carers.end_carer(carer=carer, by=request.user)
        messages.success(request, _("You no longer see the page of %(name)s.") % {"name": carer.patient.name})
    return redirect("aftercare:care")
