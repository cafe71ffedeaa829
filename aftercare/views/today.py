"""The patient's own page: what to do now, and until when."""

from datetime import datetime

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.issuing import upcoming_visits
from aftercare.models import AftercarePlan
from aftercare.presenters.calls import whom_to_call
from aftercare.presenters.today import today_page
from clinic.access import Permission, requires
from clinic.language import page_language
from clinic.models import Patient, User
from clinic.requests import SignedInRequest

# Sessions are a week apart and plans hold for at most 90 days and the day of the session.
_MOST_AT_ONCE = 14


@requires(Permission.OWN_PLAN)
@require_safe
def today(request: SignedInRequest) -> HttpResponse:
    """At most seven queries whatever there is to show; nothing comes from the address, so there is nothing to guess."""
    now = timezone.now()
    plans = shown_plans(request.user, now=now)
    patient = plans[0].patient if plans else Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    visits = upcoming_visits(patient, now=now)
    with translation.override(page_language(patient.language)):
        page = today_page(
            patient=patient, plans=plans, visit=visits[0] if visits else None, clinic=request.clinic, now=now
        )
        context = {
            "page": page,
            "home_url": request.path,
            "whom_to_call": whom_to_call(request.clinic, page.watch_until),
        }
        response = render(request, "aftercare/today.html", context)
        response.headers["Content-Language"] = translation.get_language()
    return response


def shown_plans(user: User, *, now: datetime) -> list[AftercarePlan]:
    """The current plans that still hold, and the newest one in any case: its end is worth saying."""
    mine = AftercarePlan.objects.visible_to(user).current().select_related("patient")
    newest_first = list(mine.order_by("-ends_at")[:_MOST_AT_ONCE])
    shown = [row for row in newest_first if row.ends_at > now] or newest_first[:1]
    prefetch_related_objects(shown, "items")
    return shown
