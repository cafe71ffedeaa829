"""What is not signed yet, what waits for a clinician, and the lifted blocks that the clinical lead looks at."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import StaffTask
from clinic.requests import SignedInRequest
from sessions_app import cosigning
from sessions_app.models import TreatmentSession
from sessions_app.presenters.to_sign import to_sign as lists
from sessions_app.refusals import Refused
from sessions_app.repeat import protocol_in_force
from sessions_app.views.sent import page_of, version_of


@requires(Permission.RECORD_SESSION)
@require_safe
def to_sign(request: SignedInRequest) -> HttpResponse:
    """One's own drafts, or everybody's (`?who=all`), by page; above them what waits for a clinician."""
    everybody = request.GET.get("who") == "all"
    number = page_of(request.GET)
    page = lists(
        request.user,
        everybody=everybody,
        number=number,
        now=timezone.now(),
        zone=request.clinic.zone,
        protocol=protocol_in_force(),
    )
    context = {
        "page": page,
        "everybody": everybody,
        "previous_page": number - 1,
        "next_page": number + 1 if page.has_more else 0,
    }
    return render(request, "sessions_app/nurse/to_sign.html", context)


@requires(Permission.RECORD_SESSION)
@require_POST
def ask_clinician(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _change(request, public_id, cosigning.ask_clinician, "It stands in the clinicians' list now.")


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def hand_back(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _change(request, public_id, cosigning.hand_back, "Handed back to the nurse.")


def _change(
    request: SignedInRequest, public_id: UUID, action: Callable[..., TreatmentSession], done: str
) -> HttpResponse:
    session = get_visible_or_404(
        TreatmentSession.objects.visible_to(request.user), request=request, public_id=public_id
    )
    try:
        action(session=session, version=version_of(request.POST), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("aftercare:sign", session.public_id)
    messages.success(request, f"{session.patient.name}: {done}")
    return redirect("sessions_app:to_sign")


@requires(Permission.SIGN_PROTOCOL)
@require_POST
def review_override(request: SignedInRequest, task_id: UUID) -> HttpResponse:
    task = get_visible_or_404(StaffTask.objects.visible_to(request.user), request=request, public_id=task_id)
    try:
        cosigning.review_override(task=task, note=request.POST.get("note", ""), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Noted.")
    return redirect("sessions_app:to_sign")
