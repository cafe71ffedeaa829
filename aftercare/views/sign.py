"""Signing: plan and messages are seen on the page that signs them; afterwards the same address shows the result."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from aftercare.actions import sign_session
from aftercare.presenters.signing import SignPage, sign_page
from aftercare.views.plan import result_of
from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.requests import SignedInRequest
from sessions_app.actions import NotComplete
from sessions_app.forms.nurse import answers_in
from sessions_app.models import TreatmentSession
from sessions_app.presenters.waits import waiting_alerts
from sessions_app.refusals import Refused, Stale


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """A draft: its preview, and on POST the signature. A signed session: what was signed and what is on its way."""
    session = get_visible_or_404(
        TreatmentSession.objects.visible_to(request.user).select_related(
            "patient", "responsible_clinician", "appointment__entry__nurse", "signed_by", "clinician_asked_by", "amends"
        ),
        request=request,
        public_id=public_id,
    )
    if session.status != TreatmentSession.Status.DRAFT:
        return _closed(request, session)
    return _sign(request, session) if request.method == "POST" else _preview(request, session)


def _sign(request: SignedInRequest, session: TreatmentSession) -> HttpResponse:
    try:
        sign_session(
            session=session,
            version=_whole(request.POST.get("version")),
            seen_protocol=_whole(request.POST.get("protocol")),
            answers=_answers(request),
            by=request.user,
            clinic=request.clinic,
        )
    except Refused as refusal:
        session.refresh_from_db()  # what the refused attempt had set in memory was rolled back
        if session.status != TreatmentSession.Status.DRAFT:
            return redirect("aftercare:sign", public_id=session.public_id)
        return _preview(request, session, refusal=refusal, status=409 if isinstance(refusal, Stale) else 200)
    return redirect("aftercare:sign", public_id=session.public_id)


def _preview(
    request: SignedInRequest, session: TreatmentSession, *, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    page = _page(session, request=request, now=now)
    if request.method == "GET":
        audit.record("chart read", by=request.user, subject=session, patient=session.patient)
    context = {
        "page": page,
        "session": session,
        "refusal": str(refusal) if refusal and not isinstance(refusal, NotComplete) else "",
        "is_stale": isinstance(refusal, Stale),
        "was_refused": refusal is not None,
        "signer": request.user,
        "may_answer_for_clinician": request.user.may(Permission.OVERRIDE_CHECK),
    }
    return render(request, "aftercare/sign.html", context, status=status)


def _page(session: TreatmentSession, *, request: SignedInRequest, now: datetime) -> SignPage:
    typed = _answers(request) if request.method == "POST" else {}
    return sign_page(session, clinic=request.clinic, by=request.user, now=now, typed=typed)


def _closed(request: SignedInRequest, session: TreatmentSession) -> HttpResponse:
    if session.status == TreatmentSession.Status.NOT_TREATED:
        return render(request, "aftercare/sign_not_treated.html", {"session": session})
    audit.record("chart read", by=request.user, subject=session, patient=session.patient)
    context = result_of(session, clinic=request.clinic, now=timezone.now())
    context["waits"] = waiting_alerts(session.patient, request.user)
    return render(request, "aftercare/signed.html", context)


def _answers(request: SignedInRequest) -> dict[str, dict[str, Any]]:
    return answers_in(request.POST, reason="reason-{}", tick="ack-{}")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
