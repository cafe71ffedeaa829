"""One visit: what it is, what became of it, moving and cancelling it."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Permission, requires
from clinic.requests import SignedInRequest
from sessions_app import booking
from sessions_app.forms.desk import CancelForm, MoveForm, nurse_of, room_of
from sessions_app.free_times import Slot
from sessions_app.models import Appointment
from sessions_app.presenters import appointment as visits
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.refusals import Refused, Stale, Taken
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import appointment_or_404, day_url, refused_status, times_of
from sessions_app.wording import time_words

Status = Appointment.Status


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def appointment(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = appointment_or_404(request, public_id)
    may_book = request.user.may(Permission.BOOK)
    context = {
        "dialog_title": found.patient.name,
        "appointment": found,
        "patient": found.patient,
        "patient_line": dialog.patient_line(found.patient),
        "when": visits.when_words(found, request.clinic.zone),
        "history": visits.history_of(found, request.clinic.zone),
        "moves": visits.status_moves(found, now=timezone.now()) if may_book else [],
        "may_change": may_book and found.status == Status.BOOKED,
        "may_cancel": may_book and visits.may_become(found, Status.CANCELLED),
        "may_find": request.user.may(Permission.FIND_PATIENT),
        "may_treat": request.user.may(Permission.RECORD_SESSION),
        "shows_reason": request.user.may(Permission.VIEW_CHART),
        "day_url": day_url(request, found),
    }
    return render(request, "sessions_app/desk/appointment.html", context)


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """As booking: a POST with `confirm` moves, every other shows the times for what was chosen."""
    found = appointment_or_404(request, public_id)
    form = MoveForm(request.POST if request.method == "POST" else {"version": found.version})
    form.is_valid()
    if request.method != "POST" or "confirm" not in request.POST:
        return _move_page(request, found, form)
    slot = form.seen("slot")
    if not slot or form.errors:
        return _move_page(request, found, form, problems=[] if slot else ["Choose a time."])
    try:
        moved = booking.move(
            appointment=found,
            version=form.seen("version") or 0,
            starts_at=slot[0],
            nurse=nurse_of(slot[1]),
            room=room_of(form.seen("room")),
            by=request.user,
            early_reason=form.cleaned_data["early_reason"],
        )
    except Stale as stale:
        fresh = appointment_or_404(request, public_id)
        return _move_page(request, fresh, form, problems=[stale.message], difference=stale.difference, status=409)
    except Taken as taken:
        return _move_page(request, found, form, problems=[taken.message], alternatives=taken.alternatives)
    except Refused as refused:
        return _move_page(request, found, form, problems=[refused.message])
    when = time_words(moved.starts_at, request.clinic.zone)
    text = f"Moved: {moved.patient.name}, {when} with {moved.entry.nurse} in {moved.entry.room}."
    return done(request, text, back=day_url(request, moved))


def _move_page(
    request: SignedInRequest,
    found: Appointment,
    form: MoveForm,
    *,
    problems: Sequence[str] = (),
    difference: Sequence[str] = (),
    alternatives: Sequence[Slot] = (),
    status: int = 0,
) -> HttpResponse:
    """The times of a visit that is still booked; of any other, why it cannot be moved."""
    movable = found.status == Status.BOOKED
    times = (
        times_of(request, form, patient=found.patient, service=found.service, alternatives=alternatives, moves=found)
        if movable
        else None
    )
    confirmed = "confirm" in request.POST
    context = {
        "form": form,
        "dialog_title": "Move the visit",
        "form_url": reverse("sessions_app:move", args=[found.public_id]),
        "appointment": found,
        "patient": found.patient,
        "patient_line": dialog.patient_line(found.patient),
        "now_at": visits.when_words(found, request.clinic.zone),
        "times": times,
        "version": found.version,
        "problems": problems,
        "difference": difference,
        "shows_errors": confirmed,
        "hide_foot": not movable,
    }
    return render(request, "sessions_app/desk/move.html", context, status=status or refused_status(request, confirmed))


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = appointment_or_404(request, public_id)
    form = CancelForm(request.POST or None, initial={"version": found.version})
    problems: list[str] = []
    difference: list[str] = []
    status = 0
    if request.method == "POST" and form.is_valid():
        try:
            version = form.cleaned_data["version"]
            booking.cancel(appointment=found, version=version, reason=form.words, by=request.user)
        except Stale as stale:
            found, problems, difference, status = (
                appointment_or_404(request, public_id),
                [stale.message],
                stale.difference,
                409,
            )
            form = CancelForm({**request.POST.dict(), "version": found.version})
        except Refused as refused:
            problems = [refused.message]
        else:
            when = time_words(found.starts_at, request.clinic.zone)
            return done(request, f"Cancelled: {found.patient.name}, {when}.", back=day_url(request, found))
    context = {
        "form": form,
        "dialog_title": "Cancel this visit?",
        "appointment": found,
        "patient": found.patient,
        "now_at": visits.when_words(found, request.clinic.zone),
        "problems": problems,
        "difference": difference,
        "hide_foot": not visits.may_become(found, Status.CANCELLED),
    }
    return render(
        request, "sessions_app/desk/cancel.html", context, status=status or refused_status(request, form.is_bound)
    )
