"""The front desk's day: the board, the calls, and what became of a visit."""

from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import booking
from sessions_app.day import entries_of, hours_of
from sessions_app.forms.desk import StatusForm
from sessions_app.models import Appointment
from sessions_app.presenters import calls as call_lists
from sessions_app.presenters.appointment import status_toast
from sessions_app.presenters.board import board_of
from sessions_app.refusals import Refused
from sessions_app.views.answers import done


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def day(request: SignedInRequest) -> HttpResponse:
    """The board of a date (`?date=2026-01-13`, today without). Eight queries whatever the day holds.

    To htmx it answers with the board and the calls alone, for the refresh after a change and every minute.
    """
    now, zone = timezone.now(), request.clinic.zone
    today = local_date(now, zone)
    shown = date_from(request.GET.get("date", ""), today)
    board = board_of(
        shown,
        entries=entries_of(shown, zone=zone, now=now),
        hours=hours_of(shown),
        now=now,
        zone=zone,
        grid_minutes=request.clinic.grid_minutes,
        may_book=request.user.may(Permission.BOOK),
    )
    context = {
        "board": board,
        "today": today,
        "previous": shown - timedelta(days=1),
        "next": shown + timedelta(days=1),
        "may_book": request.user.may(Permission.BOOK),
        "may_find": request.user.may(Permission.FIND_PATIENT),
        "calls": call_lists.calls_for(request.user, now=now, zone=zone, limit=call_lists.BESIDE_THE_BOARD),
    }
    return render(request, f"sessions_app/desk/{'day_parts' if request.htmx else 'day'}.html", context)


@requires(Permission.BOOK)
@require_safe
def calls(request: SignedInRequest) -> HttpResponse:
    """Everybody to call, longer than beside the board, and those whose window was missed."""
    found = call_lists.calls_for(
        request.user,
        now=timezone.now(),
        zone=request.clinic.zone,
        limit=call_lists.ON_THE_PAGE,
        with_missed=True,
    )
    return render(request, "sessions_app/desk/calls.html", {"calls": found})


@requires(Permission.BOOK)
@require_POST
def status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One tap: arrived, in treatment, done, no-show, or back to booked."""
    visible = Appointment.objects.visible_to(request.user).select_related("entry__patient")
    appointment = get_visible_or_404(visible, request=request, public_id=public_id)
    form = StatusForm({"to": request.POST.get("to") or request.GET.get("to")})
    if not form.is_valid():
        return HttpResponse("Choose one of the offered states.", status=400)
    back = f"{reverse('sessions_app:day')}?date={local_date(appointment.starts_at, request.clinic.zone)}"
    try:
        changed = booking.change_status(appointment=appointment, to=form.cleaned_data["to"], by=request.user)
    except Refused as refused:
        return done(request, str(refused), back=back, level="error")
    toast, undo = status_toast(changed, was=appointment.status)
    return done(request, toast, back=back, undo=undo)


def date_from(text: str, default: date) -> date:
    """A date out of an address; the default for anything that is none, or so far away that no calendar reaches it."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return default
    return found if 1900 < found.year < 2200 else default
