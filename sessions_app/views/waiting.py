"""The wait list: who waits, joining, other wishes, leaving."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest
from clinic.search import find_patients
from sessions_app import waiting
from sessions_app.forms.desk import suggested_service
from sessions_app.forms.waiting import FilterForm, JoinForm, WishForm
from sessions_app.models import Service, WaitListEntry
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.presenters import waiting as words
from sessions_app.refusals import Refused
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import refused_status

SUGGESTIONS = 8


@requires(Permission.BOOK)
@require_safe
def waiting_list(request: SignedInRequest) -> HttpResponse:
    """Who waits, since when and for what, the longest first. Filters and page stand in the address."""
    now, form = timezone.now(), FilterForm(request.GET)
    form.is_valid()
    entries = words.entries_for(request.user, form, now=now, clinic=request.clinic)
    page = Paginator(entries, words.PAGE_LENGTH).get_page(request.GET.get("page"))
    filters = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    context = {
        "form": form,
        "show": form.value("show") or "waiting",
        "page": page,
        "rows": words.rows_of(list(page.object_list), now=now, clinic=request.clinic),
        "shows": [(name, label, f"?{urlencode({**filters, 'show': name})}") for name, label in FilterForm.SHOWS],
        "query": f"{urlencode(filters)}&" if filters else "",
        "is_filtered": bool(filters),
    }
    return render(request, "sessions_app/desk/waiting.html", context)


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: SignedInRequest) -> HttpResponse:
    """First the patient (`?patient=`), then the wishes. A POST with `confirm` puts the patient on the list."""
    visible = Patient.objects.visible_to(request.user)
    patient = None if "change_patient" in request.POST else _patient(request, visible)
    sent = request.method == "POST" and "confirm" in request.POST and patient is not None
    form = JoinForm(request.POST if sent else None, initial=_first_wishes(patient) if patient else {})
    problems: list[str] = []
    if sent and patient is not None and form.is_valid():
        try:
            entry = waiting.join(
                patient=patient, service=form.cleaned_data["service"], by=request.user, **form.wishes()
            )
        except Refused as refused:
            _explain(form, refused, problems)
        else:
            text = f"{patient.name} waits for {entry.service.name}."
            undo = reverse("sessions_app:wait_leave", args=[entry.public_id])
            return done(request, text, back=reverse("sessions_app:waiting"), undo=undo)
    looked_for = request.POST.get("q", "").strip()
    context = {
        "dialog_title": "Put on the wait list",
        "form": form,
        "patient": patient,
        "patient_line": dialog.patient_line(patient) if patient else "",
        "found": find_patients(looked_for, SUGGESTIONS, among=visible) if looked_for and not patient else [],
        "looked_for": looked_for,
        "problems": problems,
        "shows_errors": sent,
        "hide_foot": patient is None,
    }
    return render(request, "sessions_app/desk/wait_join.html", context, status=refused_status(request, sent))


@requires(Permission.BOOK)
@require_POST
def patients(request: SignedInRequest) -> HttpResponse:
    """Suggestions for the patient field of the dialog: buttons of its form."""
    looked_for = request.POST.get("q", "").strip()
    found = find_patients(looked_for, SUGGESTIONS, among=Patient.objects.visible_to(request.user))
    context = {"found": found if looked_for else [], "looked_for": looked_for}
    return render(request, "sessions_app/desk/wait_patients.html", context)


def _patient(request: SignedInRequest, visible: QuerySet[Patient]) -> Patient | None:
    wanted = request.POST.get("patient") or request.GET.get("patient", "")
    try:
        return visible.filter(public_id=UUID(wanted)).first()
    except ValueError:
        return None


def _first_wishes(patient: Patient) -> dict[str, Any]:
    """What the form opens with: the service that fits the patient, and the part of the day they prefer."""
    services = list(Service.objects.filter(is_active=True))
    service = suggested_service(services, was_here=dialog.was_here(patient))
    return {"service": service, "parts_of_day": [patient.prefers] if patient.prefers else []}


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    entry = _entry_or_404(request, public_id)
    form = WishForm(request.POST or None, initial=WishForm.initial_of(entry))
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            waiting.change(entry=entry, by=request.user, **form.wishes())
        except Refused as refused:
            _explain(form, refused, problems)
        else:
            return done(request, f"Saved: the wishes of {entry.patient.name}.", back=reverse("sessions_app:waiting"))
    context = {
        "dialog_title": f"{entry.patient.name} waits",
        "form": form,
        "entry": entry,
        "patient": entry.patient,
        "patient_line": dialog.patient_line(entry.patient),
        "problems": problems,
        "shows_errors": form.is_bound,
    }
    return render(request, "sessions_app/desk/wait_change.html", context, status=refused_status(request, form.is_bound))


@requires(Permission.BOOK)
@require_POST
def leave(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    entry = _entry_or_404(request, public_id)
    now = timezone.now()
    left = waiting.leave(entry=entry, why=words.why_it_ends(entry, request.clinic, now), by=request.user, now=now)
    name = entry.patient.name
    undo = reverse("sessions_app:wait_back", args=[public_id]) if left else ""
    text = f"{name} is off the wait list." if left else f"{name} was off the wait list already."
    return done(request, text, back=reverse("sessions_app:waiting"), undo=undo)


@requires(Permission.BOOK)
@require_POST
def come_back(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    entry = _entry_or_404(request, public_id)
    back = reverse("sessions_app:waiting")
    try:
        waiting.come_back(entry=entry, by=request.user)
    except Refused as refused:
        return done(request, refused.message, back=back, level="error")
    return done(request, f"{entry.patient.name} waits again, at the old place.", back=back)


def _explain(form: WishForm, refused: Refused, problems: list[str]) -> None:
    if refused.field in form.fields:
        form.add_error(refused.field, refused.message)
    else:
        problems.append(refused.message)


def _entry_or_404(request: SignedInRequest, public_id: UUID) -> WaitListEntry:
    visible = WaitListEntry.objects.visible_to(request.user).select_related("patient", "service", "nurse")
    return get_visible_or_404(visible, request=request, public_id=public_id)
