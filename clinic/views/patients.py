"""The patients: list and search, registering, one patient's page, changing."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import actions, audit
from clinic.access import Permission, requires
from clinic.duplicates import Namesake, PossibleDuplicates
from clinic.forms import PatientForm, differences
from clinic.gate import get_visible_or_404
from clinic.models import ContactPreference, Patient, ProtocolVersion
from clinic.patient_list import page_of_patients
from clinic.patient_page import head_alerts_for, head_links_for, panels_for
from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol
from clinic.requests import SignedInRequest
from clinic.search import find_patients
from clinic.search_text import as_facts

RESULTS, SUGGESTIONS = 30, 8


@requires(Permission.FIND_PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def patients(request: SignedInRequest) -> HttpResponse:
    """All patients by name, page by page; or what fits a search. Searches are posted: names stay out of addresses."""
    visible = Patient.objects.visible_to(request.user)
    text = (request.POST.get("q") or request.GET.get("q") or "").strip()
    if text:
        found = find_patients(text, RESULTS + 1, among=visible)
        context = {
            "text": text,
            "found": found[:RESULTS],
            "more": len(found) > RESULTS,
            "limit": RESULTS,
            **_may(request),
        }
        return render(request, "clinic/patients/results.html", context)
    page = page_of_patients(visible, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return render(request, "clinic/patients/list.html", {"page": page, **_may(request)})


@requires(Permission.FIND_PATIENT)
@require_POST
def suggestions(request: SignedInRequest) -> HttpResponse:
    """The first few patients for what is being typed into the search field."""
    text = request.POST.get("q", "").strip()
    found = find_patients(text, SUGGESTIONS, among=Patient.objects.visible_to(request.user))
    return render(request, "clinic/patients/suggestions.html", {"text": text, "found": found})


@requires(Permission.REGISTER_PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_new(request: SignedInRequest) -> HttpResponse:
    if "typed" in request.POST:  # from a search that found nobody
        form = PatientForm(user=request.user, zone=request.clinic.time_zone, initial=as_facts(request.POST["typed"]))
        return render(request, "clinic/patients/form.html", {"form": form})
    form = PatientForm(request.POST or None, user=request.user, zone=request.clinic.time_zone)
    namesakes: list[Namesake] = []
    if request.method == "POST" and form.is_valid():
        try:
            patient = actions.register_patient(
                **form.facts(), contact=form.contact(), not_the_same=_uuids(request, "not_the_same"), by=request.user
            )
        except PossibleDuplicates as found:
            namesakes = found.namesakes
        except actions.EmailInUse as error:
            form.explain_shared_email(error)
        else:
            messages.success(request, f"{patient.name} is registered.")
            return redirect(_after_registering(request, patient))
    return render(request, "clinic/patients/form.html", {"form": form, "namesakes": namesakes})


@requires(Permission.FIND_PATIENT)
@require_safe
def patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """One patient: who it is, how to reach them, and what each app adds. Clinical facts for those who see charts."""
    found = _patient_or_404(request, patient_id)
    shows_chart = request.user.may(Permission.VIEW_CHART)
    audit.record("chart read" if shows_chart else "patient read", by=request.user, subject=found)
    panels = panels_for(found, request.user, timezone.now())
    alerts = head_alerts_for(found, request.user, panels)
    context = {
        "patient": found,
        "head_alerts": alerts,
        "books_wait": any(alert.holds_booking for alert in alerts),
        "preferences": ContactPreference.objects.filter(patient=found).order_by("channel"),
        "shows_chart": shows_chart,
        "risks": [Patient.RiskFactor(risk).label for risk in found.risk_factors] if shows_chart else [],
        "dose_limit_mg": _dose_limit_mg(found) if shows_chart else "",
        "panels": [panel for panel in panels if not (shows_chart and panel["is_beside"])],
        "beside": [panel for panel in panels if shows_chart and panel["is_beside"]],
        "glances": [glance for panel in panels for glance in panel.get("glance", ())],
        "head_links": head_links_for(found, request.user),
        "may_review": shows_chart and request.user.may(Permission.REVIEW_AUDIT),
        **_may(request),
    }
    return render(request, "clinic/patients/detail.html", context)


@requires(Permission.REGISTER_PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_edit(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    found = _patient_or_404(request, patient_id)
    form = PatientForm(request.POST or None, user=request.user, patient=found, zone=request.clinic.time_zone)
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.update_patient(
                patient=found,
                version=form.cleaned_data["version"] or 0,
                changes=form.facts(),
                contact=form.contact(),
                allergy_ruled_out=form.cleaned_data.get("allergy_ruled_out", ""),
                by=request.user,
            )
        except actions.AllergyStands as refused:
            form.add_error("polidocanol_allergy", str(refused))
        except actions.StalePatient as stale:
            return _show_difference(request, form, stale.patient)
        except actions.EmailInUse as error:
            form.explain_shared_email(error)
        else:
            messages.success(request, f"{changed.name} is saved.")
            return redirect("clinic:patient", changed.public_id)
    return render(request, "clinic/patients/form.html", {"form": form, "patient": found})


def _patient_or_404(request: SignedInRequest, patient_id: UUID) -> Patient:
    visible = Patient.objects.visible_to(request.user).select_related("user")
    return get_visible_or_404(visible, request=request, public_id=patient_id)


def _dose_limit_mg(patient: Patient) -> str:
    """What the protocol allows this patient on one day, in mg; "" without a weight or without such a limit."""
    version = ProtocolVersion.in_force()
    per_kg = (version.protocol() if version else Protocol.default()).max_mg_per_kg_day
    return plain(per_kg * patient.weight_kg) if per_kg and patient.weight_kg else ""


def _show_difference(request: SignedInRequest, form: PatientForm, stored: Patient) -> HttpResponse:
    """409: what somebody else changed, with this user's own changes kept and the rest brought up to date."""
    fresh = form.after_conflict(stored, user=request.user, zone=request.clinic.time_zone)
    context = {"form": fresh, "patient": stored, "differences": differences(form, stored)}
    return render(request, "clinic/patients/form.html", context, status=409)


# What a booking that waits for its patient hands over and gets back; everything else in the address is ignored.
_BOOKING_KEYS = ("service", "date", "at", "nurse")


def _after_registering(request: SignedInRequest, patient: Patient) -> str:
    """The patient's page, or back to the booking from which somebody was registered."""
    if request.GET.get("then") != "book":
        return reverse("clinic:patient", args=[patient.public_id])
    kept = {key: request.GET[key] for key in _BOOKING_KEYS if key in request.GET}
    return f"{reverse('sessions_app:book')}?{urlencode({'patient': patient.public_id, **kept})}"


def _may(request: SignedInRequest) -> dict[str, bool]:
    """Which actions a page offers."""
    may = request.user.may
    return {"may_register": may(Permission.REGISTER_PATIENT), "may_book": may(Permission.BOOK)}


def _uuids(request: SignedInRequest, name: str) -> list[UUID]:
    found = []
    for text in request.POST.getlist(name):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
