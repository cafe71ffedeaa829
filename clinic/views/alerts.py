"""The lines on top of every staff page; a fragment that the page asks for in the background."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import Permission, requires
from clinic.alerts import alerts_for
from clinic.requests import SignedInRequest


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def alerts(request: SignedInRequest) -> HttpResponse:
    return render(request, "components/alerts.html", {"alerts": alerts_for(request.user)})
