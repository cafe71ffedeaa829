"""Taking back the last change of a visit, and saying that its time is confirmed."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from clinic.access import Permission, requires
from clinic.requests import SignedInRequest
from sessions_app import booking
from sessions_app.models import Appointment
from sessions_app.presenters.waiting import not_kept_again_words
from sessions_app.refusals import Refused
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import appointment_or_404, day_url
from sessions_app.views.sent import version_of
from sessions_app.wording import time_words


def undo_url(changed: Appointment) -> str:
    """Where a POST takes back the change that made this version of the visit."""
    return f"{reverse('sessions_app:undo', args=[changed.public_id])}?version={changed.version}"


@requires(Permission.BOOK)
@require_POST
def undo(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The visit is again what it was before its last change; a booking is cancelled. The patient hears nothing."""
    found = appointment_or_404(request, public_id)
    try:
        before = booking.undo(appointment=found, version=_version(request), by=request.user)
    except Refused as refused:
        return done(request, refused.message, back=day_url(request, found), level="error")
    gone = not_kept_again_words(found, zone=request.clinic.zone)
    name, when = before.patient.name, time_words(before.starts_at, request.clinic.zone)
    if before.status == Appointment.Status.CANCELLED:
        text = f"Taken back: {name} is not booked {when}."
    else:
        text = f"Taken back: {name} is booked {when} with {before.entry.nurse} in {before.entry.room}."
    return done(request, text + gone, back=day_url(request, before))


def _version(request: SignedInRequest) -> int:
    """Of the address; 0, which no visit has, for anything else: then the refusal shows what happened meanwhile."""
    return version_of(request.POST) or version_of(request.GET)


@requires(Permission.BOOK)
@require_POST
def confirm(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Somebody said on the phone that this very time holds."""
    found = appointment_or_404(request, public_id)
    back = day_url(request, found)
    try:
        booking.confirm(appointment=found, via=Appointment.ConfirmedVia.DESK, by=request.user)
    except Refused as refused:
        return done(request, refused.message, back=back, level="error")
    when = time_words(found.starts_at, request.clinic.zone)
    return done(request, f"Confirmed: {found.patient.name} comes {when}.", back=back)
