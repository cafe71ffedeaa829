"""Patients and their own visits: see, confirm, ask for another time, move. Nothing changes by looking.

What is somebody else's answers 404. A page that became stale says so in words and shows what holds now.
"""

from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.models import Patient
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import booking, portal
from sessions_app.forms.portal import ConfirmForm, MoveForm, WishForm
from sessions_app.models import Appointment
from sessions_app.own_wait import own_wait
from sessions_app.presenters.own_wait import wait_words
from sessions_app.presenters.patient_words import heading_day, moment, usual_time
from sessions_app.presenters.portal import (
    WHY_NOT,
    given_up_words,
    refused_words,
    times_by_day,
    value_of,
    visit_card,
    zone_line,
)
from sessions_app.refusals import Refused, Stale
from sessions_app.repeat import usual_window


@requires(Permission.OWN_PLAN)
@require_safe
def visits(request: SignedInRequest) -> HttpResponse:
    return _visits_page(request)


@requires(Permission.OWN_PLAN)
@require_POST
def confirm(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """ "I am coming." Pressed twice it is said once."""
    visit = _visit_or_404(request, public_id)
    form = ConfirmForm(request.POST)
    with translation.override(page_language(visit.patient.language)):
        if not form.is_valid():
            return _visits_page(request, problem=_("Press the button of the visit once more."))
        try:
            confirmed = booking.confirm(
                appointment=visit,
                via=Appointment.ConfirmedVia.PORTAL,
                by=request.user,
                version=form.cleaned_data["version"],
            )
        except Refused as refused:
            return _visits_page(request, problem=refused_words(refused), status=_status_of(refused))
        words = _("Thank you. We expect you.")
        if visit.move_asked_at is not None and confirmed.move_asked_at is None:
            words += " " + _("Your wish for another time is taken back; we do not call or write about it.")
        messages.success(request, words)
    return redirect("sessions_app:portal_visits")


@requires(Permission.OWN_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The free times; one that is chosen (`?at=`) with the button that moves to it; a POST moves."""
    visit = _visit_or_404(request, public_id)
    form = MoveForm(request.POST if request.method == "POST" else request.GET)
    start = form.start
    with translation.override(page_language(visit.patient.language)):
        if request.method != "POST":
            return _change_page(request, visit, chosen=start)
        if start is None:
            return _change_page(request, visit, problem=_("Choose one of the times."))
        try:
            moved = booking.move(
                appointment=visit,
                version=form.cleaned_data["version"] or 0,
                starts_at=start,
                by=request.user,
            )
        except Stale as stale:
            return _change_page(request, _visit_or_404(request, public_id), problem=refused_words(stale), status=409)
        except Refused as refused:
            return _change_page(request, visit, problem=refused_words(refused))
        words = _("Moved to %(when)s.") % {"when": moment(moved.starts_at, request.clinic.zone)}
        if visit.move_asked_at is not None:
            words += " " + _("That answers your wish for another time; you need not wait for us.")
        if moved.version != visit.version:
            words += given_up_words(moved, request.clinic.zone)
        messages.success(request, words)
    return redirect("sessions_app:portal_visits")


@requires(Permission.OWN_PLAN)
@require_POST
def ask(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Another time in the patient's own words; the desk gets a task. Sent twice it is asked once."""
    visit = _visit_or_404(request, public_id)
    form = WishForm(request.POST)
    with translation.override(page_language(visit.patient.language)):
        if not form.is_valid():
            return _change_page(request, visit, wish=form)
        try:
            typed = form.cleaned_data
            booking.ask_to_move(appointment=visit, version=typed["version"], wish=typed["wish"], by=request.user)
        except Refused as refused:
            fresh = _visit_or_404(request, public_id)
            kept = WishForm({"version": fresh.version, "wish": form.cleaned_data["wish"]})
            return _change_page(request, fresh, problem=refused_words(refused), wish=kept, status=_status_of(refused))
        messages.success(request, _("We have your wish and call or write to you. Until then your time stays yours."))
    return redirect("sessions_app:portal_visits")


def _visits_page(request: SignedInRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    """Three queries besides those of every page, however many visits there are; where there is none, one more."""
    now, zone = timezone.now(), request.clinic.zone
    patient = Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    with translation.override(page_language(patient.language)):
        coming = portal.coming_visits(request.user, now)
        own = own_wait(patient, clinic=request.clinic, now=now)
        wait = wait_words(own, has_visit=bool(coming), now=now, zone=zone)
        asks = not coming and not wait.instead and not wait.kept
        context = {
            "visits": [visit_card(visit, zone, now) for visit in coming],
            "wait": wait,
            "usual_time": usual_time(usual_window(patient), today=local_date(now, zone)) if asks else "",
            "problem": problem,
            "zone_line": zone_line(patient, request.clinic, now),
            "home_url": reverse("aftercare:today"),
        }
        return _in_language(render(request, "sessions_app/portal/visits.html", context, status=status))


def _change_page(
    request: SignedInRequest,
    visit: Appointment,
    *,
    chosen: datetime | None = None,
    problem: str = "",
    wish: WishForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now, clinic = timezone.now(), request.clinic
    free = portal.free_times(visit, clinic=clinic, now=now, first_date=_date_in(request.GET.get("from", "")))
    is_own = chosen == visit.starts_at
    if is_own:
        chosen = None
    if chosen is not None and chosen not in free.starts:
        problem, chosen = problem or _("Somebody else has just taken this time. Choose another one."), None
    context = {
        "visit": visit_card(visit, clinic.zone, now),
        "is_own": is_own,
        "chosen": moment(chosen, clinic.zone) if chosen else "",
        "chosen_value": value_of(chosen) if chosen else "",
        "chosen_day": heading_day(local_date(chosen, clinic.zone)) if chosen else "",
        "days": times_by_day(free.starts, clinic.zone),
        "may_move": free.why_not is None,
        "why_not": WHY_NOT[free.why_not] if free.why_not else "",
        "next_date": free.next_date,
        "wish": wish or WishForm(initial={"version": visit.version, "wish": visit.move_wish}),
        "problem": problem,
        "zone_line": zone_line(visit.patient, clinic, now),
        "home_url": reverse("aftercare:today"),
    }
    return _in_language(render(request, "sessions_app/portal/change.html", context, status=status))


def _visit_or_404(request: SignedInRequest, public_id: UUID) -> Appointment:
    """An own visit that is still to come; one that has begun or was cancelled has nothing to choose."""
    mine = Appointment.objects.visible_to(request.user).upcoming(timezone.now())
    visible = mine.select_related("entry__patient", "entry__nurse", "service")
    return get_visible_or_404(visible, request=request, public_id=public_id)


def _status_of(refused: Refused) -> int:
    return 409 if isinstance(refused, Stale) else 200


def _date_in(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 < found.year < 2100 else None


def _in_language(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Language"] = translation.get_language() or ""
    return response
