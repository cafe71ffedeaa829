"""The nurse's pages: my day, the visit that saves itself, the end without treatment, a closed session to read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import ProtocolVersion
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import actions, holding
from sessions_app.charting import Chart, chart_of, parts, values_of
from sessions_app.forms.not_treated import NOTHING_WAS_PLANNED, NotTreatedForm
from sessions_app.forms.nurse import VisitForms
from sessions_app.forms.pressed import after_button, wanted_rows
from sessions_app.forms.treatment import AmpouleForm, SiteForm
from sessions_app.models import Appointment, Service, TreatmentSession
from sessions_app.preparation import clinicians
from sessions_app.presenters import session_record
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.my_day import my_day as day_of
from sessions_app.presenters.preparation import day_view
from sessions_app.presenters.treatment_waits import waits_at
from sessions_app.presenters.visit import patient_line, warnings
from sessions_app.presenters.visit_page import conflict_context, page_context, saved_context
from sessions_app.presenters.visit_places import last_time
from sessions_app.presenters.visit_sites import sites as site_views
from sessions_app.refusals import Refused, Stale
from sessions_app.repeat import protocol_in_force
from sessions_app.views.sent import version_of

CONFLICT = 409


@requires(Permission.RECORD_SESSION)
@require_GET
def my_day(request: SignedInRequest) -> HttpResponse:
    everybody = request.GET.get("who") == "all"
    day = day_of(request.user, now=timezone.now(), zone=request.clinic.zone, everybody=everybody)
    template = "sessions_app/nurse/_my_day.html" if request.htmx else "sessions_app/nurse/my_day.html"
    check = day_view(timezone.now(), request.clinic.zone)
    return render(request, template, {"day": day, "everybody": everybody, "day_check": check})


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """GET shows the visit, POST opens it: makes its one draft, or finds the one that a colleague made."""
    visible = Appointment.objects.visible_to(request.user).select_related("entry__patient", "entry__room", "service")
    appointment = get_visible_or_404(visible, request=request, public_id=public_id)
    if request.method == "POST":
        return _open(request, appointment)
    session = _sessions(request).filter(appointment=appointment, amends__isnull=True).first()
    if session is None:
        return _look(request, appointment)
    if session.status != TreatmentSession.Status.DRAFT:
        return redirect("sessions_app:session", session.public_id)
    return draft_page(request, session)


@requires(Permission.RECORD_SESSION)
@require_POST
def session_save(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Save the page as it is. Answers fragments to the page's script, the page itself to a browser without it."""
    session = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    in_force = ProtocolVersion.in_force()
    protocol = values_of(in_force)
    data = after_button(request.POST, session, protocol=protocol, now=timezone.now())
    forms = VisitForms(session, protocol=protocol, clinicians=clinicians(), data=data)
    values = forms.values()
    if data.get("do") == "takeover":
        values = replace(values, fields={**values.fields, "nurse_id": request.user.pk})
    try:
        chart = actions.save_draft(
            session=session, version=version_of(data), values=values, by=request.user, protocol_version=in_force
        )
    except Stale:
        return _conflict(request, session, forms)
    except Refused as refused:
        return _closed(request, session, refused)
    if request.htmx:
        status = 422 if forms.errors() else 200
        return render(request, "sessions_app/nurse/_saved.html", saved_context(request, chart, forms), status=status)
    if forms.errors():
        return chart_page(request, session, forms=forms, chart=chart)
    messages.success(request, f"Saved {timezone.localtime():%H:%M}.")
    return redirect(chart_url(session))


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def not_treated(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    session = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    is_treatment = session.appointment.service.kind == Service.Kind.TREATMENT
    reason = "" if is_treatment else NOTHING_WAS_PLANNED
    form = NotTreatedForm(request.POST or None, initial={"version": session.version, "reason": reason})
    if request.method == "POST" and form.is_valid():
        try:
            actions.mark_not_treated(session=session, by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"{session.patient.name}: ended without treatment. Nothing will be sent.")
            if request.POST.get("next") == "book":
                return redirect(f"{reverse('sessions_app:book')}?patient={session.patient.public_id}")
            return redirect("sessions_app:my_day")
    context = {
        "form": form,
        "session": session,
        "dialog_title": "Not treated today" if is_treatment else "End the visit",
    }
    status = 422 if form.errors and request.htmx else 200
    return render(request, "sessions_app/nurse/not_treated.html", context, status=status)


@requires(Permission.VIEW_CHART)
@require_GET
def session(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """A session to read: all facts, findings and answers, who signed and when."""
    found = get_visible_or_404(_sessions(request), request=request, public_id=public_id)
    audit.record("chart read", by=request.user, subject=found, patient=found.patient)
    later = TreatmentSession.objects.filter(amends=found).only("public_id", "status").first()
    context = {"session": found, "record": session_record.record_of(found), "later": later}
    return render(request, "sessions_app/nurse/session.html", context)


# --- Parts -------------------------------------------------------------------------------------------------------


def _sessions(request: SignedInRequest) -> Any:
    return (
        TreatmentSession.objects.visible_to(request.user)
        .select_related("patient", "nurse", "responsible_clinician", "appointment__service", "amends", "held_by")
        .prefetch_related(*parts())
    )


def _open(request: SignedInRequest, appointment: Appointment) -> HttpResponse:
    try:
        actions.open_visit(appointment=appointment, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions_app:my_day")
    return redirect("sessions_app:visit", appointment.public_id)


def _look(request: SignedInRequest, appointment: Appointment) -> HttpResponse:
    """The chart before the visit begins: last time, warnings, and the button that starts it."""
    patient = appointment.patient
    audit.record("chart read", by=request.user, subject=appointment, patient=patient)
    signed = TreatmentSession.objects.visible_to(request.user).current().filter(patient=patient)
    last = signed.prefetch_related("sites").order_by("-started_at").first()
    today = local_date(timezone.now(), request.clinic.zone)
    number = signed.aggregate(count=Count("pk"))["count"] + 1
    context = {
        "appointment": appointment,
        "patient": patient,
        "line": patient_line(patient, on=today, weight_kg=patient.weight_kg, number=number),
        "warnings": warnings(patient),
        "waits": waits_at(appointment),
        "last": last_time(last, number=number - 1, today=today),
        "can_start": appointment.status in (Appointment.Status.BOOKED, Appointment.Status.ARRIVED)
        and local_date(appointment.starts_at, request.clinic.zone) <= today,
    }
    return render(request, "sessions_app/nurse/look.html", context)


def added_rows(request: SignedInRequest, rows: Sequence[SiteForm | AmpouleForm]) -> HttpResponse:
    """New rows for the page that is open; the page saves them with everything else."""
    context = {
        "sites": site_views([form for form in rows if isinstance(form, SiteForm)]),
        "ampoules": [form for form in rows if isinstance(form, AmpouleForm)],
    }
    return render(request, "sessions_app/nurse/_added.html", context)


def draft_page(request: SignedInRequest, session: TreatmentSession) -> HttpResponse:
    """A draft as it is opened, with the empty rows that its address asks for; htmx gets these rows alone."""
    rows = wanted_rows(request.GET, session, protocol_in_force()) if request.GET else []
    if request.htmx and rows:
        return added_rows(request, rows)
    audit.record("chart read", by=request.user, subject=session, patient=session.patient)
    return chart_page(request, session, added=rows)


def chart_page(
    request: SignedInRequest,
    session: TreatmentSession,
    *,
    forms: VisitForms | None = None,
    chart: Chart | None = None,
    conflict: dict[str, Any] | None = None,
    added: Sequence[SiteForm | AmpouleForm] = (),
    status: int = 200,
) -> HttpResponse:
    """The page of a draft; `added` are new empty rows, `conflict` what somebody else saved meanwhile."""
    chart = chart or chart_of(session, now=timezone.now())
    if forms is None:
        forms = VisitForms(session, protocol=chart.protocol, clinicians=clinicians())
        forms.values()
    for number, form in enumerate((each for each in added if isinstance(each, SiteForm)), start=len(forms.sites) + 1):
        form.position = number
        forms.sites.append(form)
    forms.ampoules += [form for form in added if isinstance(form, AmpouleForm)]
    context = page_context(request, chart, forms) | {"holder": _holder(request, session)}
    return render(request, "sessions_app/nurse/visit.html", {**context, **(conflict or {})}, status=status)


def _holder(request: SignedInRequest, session: TreatmentSession) -> holding.Holder:
    """Who cannot be written down as its holder reads along; the page's script asks again in a few seconds."""
    try:
        return holding.open_page(session=session, by=request.user)
    except Refused:
        return holding.Holder(None, is_mine=False, is_known=False)


def _conflict(request: SignedInRequest, session: TreatmentSession, forms: VisitForms) -> HttpResponse:
    session.refresh_from_db()
    # The page goes on from the version it was made of, until its reader has chosen.
    context = {**conflict_context(session, forms), "opened_version": version_of(forms.data)}
    if request.htmx:
        return render(request, "sessions_app/nurse/_conflict.html", context, status=CONFLICT)
    return chart_page(request, session, forms=forms, conflict=context, status=CONFLICT)


def _closed(request: SignedInRequest, session: TreatmentSession, refused: Refused) -> HttpResponse:
    context = {"session": session, "message": refused.message}
    if request.htmx:
        return render(request, "sessions_app/nurse/_closed.html", context, status=CONFLICT)
    messages.error(request, refused.message)
    return redirect("sessions_app:session", session.public_id)
