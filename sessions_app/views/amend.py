"""Correcting a closed session: the reason, the draft of the correction, its versions side by side."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.requests import SignedInRequest
from sessions_app import amending
from sessions_app.charting import parts
from sessions_app.forms.amendment import AmendmentForm
from sessions_app.models import TreatmentSession
from sessions_app.presenters.session_record import record_of
from sessions_app.presenters.versions import versions as versions_of
from sessions_app.refusals import Refused
from sessions_app.views.nurse import draft_page
from sessions_app.views.sent import version_of


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Ask for the reason, then begin the correction, or go on with the one that somebody has begun."""
    session = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    form = AmendmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = amending.begin_amendment(session=session, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error("reason" if refused.field == "reason" else None, refused.message)
        else:
            return redirect("sessions_app:correction", draft.public_id)
    begun = TreatmentSession.objects.filter(amends=session).first()
    context = {
        "form": form,
        "session": session,
        "record": record_of(session),
        "begun": begun if begun and begun.status == TreatmentSession.Status.DRAFT else None,
    }
    return render(request, "sessions_app/nurse/amend.html", context)


@requires(Permission.RECORD_SESSION)
@require_safe
def correction(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The draft of a correction, on the page on which a first session is charted too."""
    session = get_visible_or_404(_sessions(request).filter(amends__isnull=False), request=request, public_id=public_id)
    if session.status != TreatmentSession.Status.DRAFT:
        return redirect("sessions_app:session", session.public_id)
    return draft_page(request, session)


@requires(Permission.RECORD_SESSION)
@require_POST
def give_up(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    session = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    try:
        kept = amending.give_up_amendment(session=session, version=version_of(request.POST), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions_app:versions", session.public_id)
    messages.success(request, "The correction was given up. The signed version holds as before.")
    return redirect("sessions_app:session", kept.public_id)


@requires(Permission.VIEW_CHART)
@require_safe
def versions(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """All versions of a session, the newest first, each with what it changed."""
    session = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    audit.record("chart read", by=request.user, subject=session, patient=session.patient)
    found = versions_of(amending.versions_of(session.lineage))
    return render(request, "sessions_app/nurse/versions.html", {"session": session, "versions": found})


def _sessions(request: SignedInRequest) -> Any:
    return (
        TreatmentSession.objects.visible_to(request.user)
        .select_related("patient", "nurse", "responsible_clinician", "appointment", "amends")
        .prefetch_related(*parts())
    )
