"""The lines on top of every staff page, and fresh numbers for its bar; the page asks for them in the background."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from clinic.access import Permission, requires
from clinic.alerts import alerts_for
from clinic.presenters import later_counts
from clinic.requests import SignedInRequest


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def alerts(request: SignedInRequest) -> HttpResponse:
    found = alerts_for(request.user, page=request.htmx.current_url_abs_path or "")
    urgent, others = [each for each in found if each.is_urgent], [each for each in found if not each.is_urgent]
    answer = render(request, "components/alerts.html", {"urgent": urgent, "others": others})
    return trigger_client_event(answer, "counts", later_counts(request.user))
