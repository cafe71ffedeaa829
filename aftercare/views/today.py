"""The patient's own page: what to do now, and until when."""

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.models import AftercarePlan
from aftercare.presenters.today import today_page
from clinic.access import Permission, requires
from clinic.language import page_language
from clinic.models import Patient
from clinic.requests import SignedInRequest
from sessions_app.models import Appointment


@requires(Permission.OWN_PLAN)
@require_safe
def today(request: SignedInRequest) -> HttpResponse:
    """Seven queries whatever there is to show; nothing in it comes from the address, so there is nothing to guess."""
    now = timezone.now()
    patient = Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    visits = Appointment.objects.visible_to(request.user).upcoming(now).select_related("entry__nurse")
    with translation.override(page_language(patient.language)):
        page = today_page(
            patient=patient,
            plans=list(shown_plans(patient).prefetch_related("items")),
            visit=visits.first(),
            clinic=request.clinic,
            now=now,
        )
        response = render(request, "aftercare/today.html", {"page": page, "home_url": request.path})
        response.headers["Content-Language"] = translation.get_language()
    return response


def shown_plans(patient: Patient) -> QuerySet[AftercarePlan]:
    """The current plans that still hold, and the newest one in any case: its end is worth saying."""
    mine = AftercarePlan.objects.current().filter(patient=patient)
    newest = mine.filter(patient=OuterRef("patient")).order_by("-starts_at").values("pk")[:1]
    return mine.filter(Q(ends_at__gt=timezone.now()) | Q(pk=Subquery(newest))).order_by("starts_at")
