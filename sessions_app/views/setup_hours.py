"""Set-up of the hours: every nurse's week at a glance, one nurse's weeks and exceptions."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import User
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import hours as actions
from sessions_app.forms.setup import ClearDateForm, DateForm, WeekForm
from sessions_app.presenters import setup as shown
from sessions_app.presenters.setup_hours import exceptions_of, next_monday, stretches_of, typed_week, week_at_a_glance
from sessions_app.refusals import Stale
from sessions_app.views.front_desk import date_from
from sessions_app.views.setup import render_page, save
from sessions_app.wording import day_words


@requires(Permission.EDIT_SCHEDULE)
@require_safe
def hours(request: SignedInRequest) -> HttpResponse:
    """A week of every nurse; `?week=` is any day of it."""
    today = local_date(timezone.now(), request.clinic.zone)
    day = date_from(request.GET.get("week", ""), today)
    monday = day - timedelta(days=day.weekday())
    glance = week_at_a_glance(list(User.objects.nurses()), monday=monday, zone=request.clinic.zone)
    return render_page(request, "hours", {"glance": glance, "today": today})


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def nurse(request: SignedInRequest, nurse_id: UUID) -> HttpResponse:
    """One nurse: the week that holds and those to come, a new week from a day on, exceptions and time off."""
    found, status = _nurse_or_404(request, nurse_id), 0
    form = WeekForm(request.POST or None, initial=_opening(request, found))

    def change() -> None:
        actions.change_week(
            nurse=found,
            week=form.week(),
            first_date=form.cleaned_data["first_date"],
            last_date=form.cleaned_data["last_date"],
            accepted=form.seen_visits(),
            stamp=form.cleaned_data["stamp"] or None,
            by=request.user,
        )

    try:
        saved, panel = save(request, form, change, verb="Save the hours")
    except Stale as stale:
        saved, panel, status = False, None, 409
        form = WeekForm({**request.POST.dict(), "stamp": actions.hours_stamp(found)})
        form.is_valid()
        form.refuse(stale)
    if saved:
        when = day_words(form.cleaned_data["first_date"])
        messages.success(request, f"From {when}, {found.name} works these hours.")
        return redirect("sessions_app:setup_nurse", found.public_id)
    return _nurse_page(request, found, form=form, panel=panel, status=status)


@requires(Permission.EDIT_SCHEDULE)
@require_POST
def one_date(request: SignedInRequest, nurse_id: UUID) -> HttpResponse:
    """Other hours on one date."""
    found = _nurse_or_404(request, nurse_id)
    form = DateForm(request.POST)

    def change() -> None:
        facts = {name: form.cleaned_data[name] for name in ("day", "spans", "note")}
        actions.set_date(nurse=found, accepted=form.seen_visits(), by=request.user, **facts)

    saved, panel = save(request, form, change, verb="Save the date")
    if saved:
        messages.success(request, f"{day_words(form.cleaned_data['day'])}: {found.name} works other hours.")
        return redirect("sessions_app:setup_nurse", found.public_id)
    return _nurse_page(request, found, date_form=form, date_panel=panel)


@requires(Permission.EDIT_SCHEDULE)
@require_POST
def clear_date(request: SignedInRequest, nurse_id: UUID) -> HttpResponse:
    """The date has the hours of its weekday again."""
    found = _nurse_or_404(request, nurse_id)
    form = ClearDateForm(request.POST)

    def change() -> None:
        day = form.cleaned_data["day"]
        actions.clear_date(nurse=found, day=day, accepted=form.seen_visits(), by=request.user)

    saved, panel = save(request, form, change, verb="Remove the exception")
    if saved:
        messages.success(request, f"{day_words(form.cleaned_data['day'])}: the hours of the week hold again.")
        return redirect("sessions_app:setup_nurse", found.public_id)
    return _nurse_page(request, found, clear_form=form, clear_panel=panel)


def _nurse_or_404(request: SignedInRequest, nurse_id: UUID) -> User:
    found: User = get_visible_or_404(User.objects.nurses(), request=request, public_id=nurse_id)
    return found


def _opening(request: SignedInRequest, found: User) -> dict[str, Any]:
    first: date = next_monday(timezone.now(), request.clinic.zone)
    return {"first_date": first, "stamp": actions.hours_stamp(found), **typed_week(found, day=first)}


def _nurse_page(
    request: SignedInRequest, found: User, *, form: WeekForm | None = None, status: int = 0, **more: Any
) -> HttpResponse:
    now, zone = timezone.now(), request.clinic.zone
    today = local_date(now, zone)
    context = {
        "nurse": found,
        "form": form or WeekForm(initial=_opening(request, found)),
        "date_form": DateForm(),
        "stretches": stretches_of(found, today=today),
        "exceptions": exceptions_of(found, today=today),
        "time_off": shown.coming_closures(now=now, zone=zone, nurse=found),
        **more,
    }
    return render_page(request, "nurse", context, status=status)
