"""Who has a visit open: the page's sign of life, and taking it over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.requests import SignedInRequest
from sessions_app import holding
from sessions_app.models import TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.visit_page import clinic_now
from sessions_app.refusals import Refused


@requires(Permission.RECORD_SESSION)
@require_POST
def hold(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The open page asks every few seconds; the answer says who has the draft, which version is stored and the time."""
    session = _session(request, public_id)
    if request.POST.get("do") == "leave":
        holding.leave(session=session, by=request.user)
        return HttpResponse(status=204)
    try:
        take_or_look = holding.look if request.POST.get("do") == "look" else holding.hold
        holder = take_or_look(session=session, by=request.user)
    except Refused:
        # The page asks again in a few seconds, and goes on as it is until then.
        return HttpResponse(status=503)
    context = {"session": session, "holder": holder, "clinic_now": clinic_now(session)}
    return render(request, "sessions_app/nurse/_holder.html", context)


@requires(Permission.RECORD_SESSION)
@require_POST
def take_over(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    session = _session(request, public_id)
    try:
        holding.take_over(session=session, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions_app:session", session.public_id)
    return redirect(chart_url(session))


def _session(request: SignedInRequest, public_id: UUID) -> TreatmentSession:
    visible = TreatmentSession.objects.visible_to(request.user).select_related(
        "patient", "nurse", "held_by", "signed_by", "appointment"
    )
    return get_visible_or_404(visible, request=request, public_id=public_id)
