"""One visit: what it is, what became of it, moving and cancelling it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
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
from sessions_app.presenters.clinicians import EarlyQuestion, early_question, hold_words
from sessions_app.presenters.freed import freed_by
from sessions_app.presenters.times import not_free_words
from sessions_app.presenters.told import messages_of
from sessions_app.presenters.treatment_waits import waits_at
from sessions_app.presenters.waiting import given_up_words, kept_words, not_kept_again_words
from sessions_app.presenters.waits_fit import ended_wait, open_waits, waits_for, waits_words
from sessions_app.refusals import EarlyNeedsClinician, Refused, Stale, Taken
from sessions_app.slot_value import is_same_time, parsed
from sessions_app.views.answers import done
from sessions_app.views.booking import OVERBOOK
from sessions_app.views.desk_parts import appointment_or_404, day_url, refused_status, times_of
from sessions_app.views.undoing import undo_url
from sessions_app.wording import time_words

Status = Appointment.Status


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def appointment(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = appointment_or_404(request, public_id)
    may_book, now = request.user.may(Permission.BOOK), timezone.now()
    can_undo = may_book and found.status in (Status.BOOKED, Status.CANCELLED)
    can_undo = can_undo and booking.may_undo(found, clinic=request.clinic, now=now)
    outside = visits.outside_task(found)
    context = {
        "dialog_title": found.patient.name,
        "appointment": found,
        "patient": found.patient,
        "patient_line": dialog.patient_line(found.patient),
        "when": visits.when_words(found, request.clinic.zone),
        "history": visits.history_of(found, request.clinic.zone),
        "moves": visits.status_moves(found, now=now) if may_book else [],
        "progress": visits.progress_words(found),
        "waits": waits_at(found),
        "confirmed": visits.confirmed_words(found, request.clinic.zone),
        "asked": visits.asked_words(found, request.clinic.zone),
        "told": messages_of(found, request.user, request.clinic.zone),
        "outside": visits.outside_words(found) if outside else "",
        "outside_task": outside if request.user.may(Permission.WORK_TASKS) else None,
        # What has to be moved is not confirmed first.
        "may_confirm": may_book and found.status == Status.BOOKED and found.confirmed_at is None and not outside,
        "undo_url": undo_url(found) if can_undo else "",
        "not_kept_again": not_kept_again_words(found, zone=request.clinic.zone) if can_undo else "",
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
    """As booking: a POST with `confirm` moves, every other shows the times for what was chosen.

    An address with `?slot=` (the board's drag, a clinician's link) shows the old and the new time beside each other.
    """
    found = appointment_or_404(request, public_id)
    form = MoveForm(request.POST if request.method == "POST" else _opening(request, found))
    form.is_valid()
    if request.method != "POST" or "confirm" not in request.POST:
        return _move_page(request, found, form)
    overbooks = request.POST["confirm"] == OVERBOOK
    wanted = form.wanted_time(request.clinic.zone, overbooks=overbooks)
    missing = [] if wanted else ["Enter the day and the time to overbook." if overbooks else "Choose a time."]
    if overbooks and not form.seen("overbook_reason"):
        missing.append("Write why it goes beside another visit.")
    missing += dialog.unclear(form, overbooks=overbooks)
    if missing or form.errors or not wanted:
        return _move_page(request, found, form, problems=missing)
    ends_wait = ended_wait(request.POST, found.patient, found.service, moves=found)
    try:
        moved = booking.move(
            appointment=found,
            version=form.seen("version") or 0,
            starts_at=wanted[0],
            nurse=nurse_of(wanted[1]),
            room=room_of(wanted[2]),
            by=request.user,
            early_reason=form.cleaned_data["early_reason"],
            overbook_reason=form.cleaned_data["overbook_reason"] if overbooks else "",
            ends_wait=ends_wait,
        )
    except Stale as stale:
        fresh = appointment_or_404(request, public_id)
        return _move_page(request, fresh, form, problems=[stale.message], difference=stale.difference, status=409)
    except EarlyNeedsClinician as early:
        address = request.build_absolute_uri(f"{request.path}?{urlencode({'slot': form.text('slot')})}")
        ask = early_question(wanted[0], address, zone=request.clinic.zone)
        return _move_page(request, found, form, problems=[early.message], ask=ask)
    except Taken as taken:
        return _move_page(request, found, form, problems=[taken.message], alternatives=taken.alternatives)
    except Refused as refused:
        return _move_page(request, found, form, problems=[refused.message])
    when = time_words(moved.starts_at, request.clinic.zone)
    text = f"Moved: {moved.patient.name}, {when} with {moved.entry.nurse} in {moved.entry.room}."
    # The same form sent again moved nothing, and gave no time back.
    is_moved = moved.version != found.version
    text += " Off the wait list." if is_moved and ends_wait else ""
    text += given_up_words(moved, zone=request.clinic.zone) if is_moved else ""
    more = freed_by(found, clinic=request.clinic, now=timezone.now()) if is_moved else None
    return done(request, text, back=day_url(request, moved), undo=undo_url(moved), more=more)


def _opening(request: SignedInRequest, found: Appointment) -> dict[str, Any]:
    slot = request.GET.get("slot", "")
    opening = {"version": found.version, "slot": slot, "room": request.GET.get("room", "")}
    if wanted := parsed(slot):
        wall = wanted[0].astimezone(request.clinic.zone)
        opening |= {"overbook_day": f"{wall:%Y-%m-%d}", "overbook_at": f"{wall:%H:%M}"}
    return opening


def _move_page(
    request: SignedInRequest,
    found: Appointment,
    form: MoveForm,
    *,
    problems: Sequence[str] = (),
    difference: Sequence[str] = (),
    alternatives: Sequence[Slot] = (),
    ask: EarlyQuestion | None = None,
    status: int = 0,
) -> HttpResponse:
    """The times of a visit that is still booked; of any other, why it cannot be moved."""
    movable, zone, now = found.status == Status.BOOKED, request.clinic.zone, timezone.now()
    patient, service = found.patient, found.service
    waiting = open_waits(patient, service)
    waits = waits_for(waiting, service, moves=found) if movable else None
    times = (
        times_of(request, form, patient=patient, service=service, alternatives=alternatives, moves=found, waits=waits)
        if movable
        else None
    )
    confirmed = "confirm" in request.POST
    # Whoever came with a time only says yes to it, until they ask for another one.
    asked_for = "" if "best" in request.POST else form.text("slot" if request.method != "POST" else "asked_for")
    is_had = bool(times and is_same_time(asked_for, times.chosen))
    is_question = movable and is_had and not problems
    if asked_for and times and not is_had and not problems and request.method != "POST":
        problems = [not_free_words(form.seen("slot"), zone)]
    context = {
        "form": form,
        "dialog_title": "Move the visit",
        "form_url": reverse("sessions_app:move", args=[found.public_id]),
        "appointment": found,
        "patient": found.patient,
        "patient_line": dialog.patient_line(found.patient),
        "now_at": visits.when_words(found, zone),
        "moved_to": times.chosen_option if times and is_question else None,
        "times": times,
        "hold": hold_words(times.holds, found.patient, reader=request.user, zone=zone) if times else None,
        # A time is kept only for who waits.
        "kept": kept_words(patient, service, now=now, zone=zone, moves=found) if waiting else "",
        "waits": waits_words(waits, times, request.POST, now=now, clinic=request.clinic) if waits and times else None,
        "ask": ask,
        "version": found.version,
        "problems": problems,
        "difference": difference,
        "shows_errors": confirmed,
        "hide_foot": not movable,
        "may_overbook": request.user.may(Permission.OVERBOOK),
        "overbook_opened": request.POST.get("confirm") == OVERBOOK or bool(form.text("overbook_reason")),
        "overbooks_when": dialog.overbooked_words(form) if request.user.may(Permission.OVERBOOK) else "",
        "grace_minutes": request.clinic.change_grace_minutes,
        "is_told": dialog.can_be_told(found.patient),
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
            cancelled = booking.cancel(appointment=found, version=version, reason=form.words, by=request.user)
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
            text = f"Cancelled: {found.patient.name}, {time_words(found.starts_at, request.clinic.zone)}."
            more = freed_by(found, clinic=request.clinic, now=timezone.now())
            return done(request, text, back=day_url(request, found), undo=undo_url(cancelled), more=more)
    context = {
        "form": form,
        "dialog_title": "Cancel this visit?",
        "appointment": found,
        "patient": found.patient,
        "now_at": visits.when_words(found, request.clinic.zone),
        "problems": problems,
        "difference": difference,
        "hide_foot": not visits.may_become(found, Status.CANCELLED),
        "grace_minutes": request.clinic.change_grace_minutes,
        "is_told": dialog.can_be_told(found.patient),
    }
    return render(
        request, "sessions_app/desk/cancel.html", context, status=status or refused_status(request, form.is_bound)
    )
