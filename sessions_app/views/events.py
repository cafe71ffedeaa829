"""Adverse events: begin one by one press, stamp steps, write down the rest, decide, find, report."""

import re
from collections.abc import Callable
from datetime import time
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient, User
from clinic.requests import SignedInRequest
from sessions_app import adverse_events, event_decisions, medwatch
from sessions_app.emergency import Step
from sessions_app.forms.event import BeginForm, EventForm, FilterForm, StepForm
from sessions_app.forms.fields import ClockField
from sessions_app.models import AdverseEvent, AdverseStep, TreatmentSession
from sessions_app.presenters import event as shown
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.event_lines import open_lines
from sessions_app.presenters.event_register import register_page
from sessions_app.refusals import Refused, Stale

CONFLICT = 409
_LAST_PAGE = 1000
_SESSIONS = 30
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Decision = Callable[[AdverseEvent, int], object]


# --- Beginning ---------------------------------------------------------------------------------------------------


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What to do now; the first press begins the event and stamps what was done. `?session=` names the visit."""
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)
    sessions, now = _sessions(patient), timezone.now()
    session = _wanted_session(request, sessions)
    # A press of a step is whole without the form below it.
    kind, _, step = request.POST.get("press", "").partition(":")
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and kind:
        data["kind"], data["onset_on"], data["onset_time"] = kind, "", ""
    form = BeginForm(
        data,
        sessions=sessions,
        zone=request.clinic.zone,
        now=now,
        initial={"request_key": uuid4(), "session": session.public_id if session else ""},
    )
    if data is not None and form.is_valid():
        chosen = next((each for each in sessions if str(each.public_id) == form.cleaned_data["session"]), None)
        try:
            event = adverse_events.begin(
                patient=patient,
                kind=form.cleaned_data["kind"],
                onset_at=form.onset(),
                session=chosen,
                request_key=form.cleaned_data["request_key"],
                by=request.user,
                now=now,
            )
            if step in Step.__members__:
                adverse_events.add_step(event=event, what=Step[step].value, by=request.user, now=now)
        except Refused as refused:
            form.add_error(_FIELDS.get(refused.field), refused.message)
        else:
            return redirect(_page(event))
    context = {
        "patient": patient,
        "form": form,
        "blocks": shown.blocks(request.clinic, shown.clinician_of(session)),
        "open_events": open_lines(patient, request.clinic.zone),
        "back": _way_back(session, patient),
    }
    return render(request, "sessions_app/events/begin.html", context)


_FIELDS = {"onset_at": "onset_time", "kind": "kind"}


def _sessions(patient: Patient) -> list[TreatmentSession]:
    """The patient's sessions, each by its first version, the newest first."""
    rows = TreatmentSession.objects.filter(patient=patient, amends__isnull=True)
    return list(
        rows.select_related("nurse", "responsible_clinician", "appointment").order_by("-started_at")[:_SESSIONS]
    )


def _wanted_session(request: SignedInRequest, sessions: list[TreatmentSession]) -> TreatmentSession | None:
    """The one of the address, by its first version; otherwise the newest: what happens mostly follows from it."""
    asked = request.GET.get("session", "")
    named = TreatmentSession.objects.filter(public_id=asked).first() if _UUID.fullmatch(asked) else None
    mine = next((each for each in sessions if named is not None and each.lineage == named.lineage), None)
    return mine or next(iter(sessions), None)


def _way_back(session: TreatmentSession | None, patient: Patient) -> tuple[str, str]:
    if session is not None and session.status == TreatmentSession.Status.DRAFT:
        return chart_url(session), "Back to the visit"
    return reverse("clinic:patient", args=[patient.public_id]), "To the patient"


# --- One event ---------------------------------------------------------------------------------------------------


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def event(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Every press on the page sends the whole page: a step is stamped first, then what was typed is saved."""
    found = _event_or_404(request, public_id)
    if request.method == "POST":
        return _pressed(request, found)
    audit.record("adverse event read", by=request.user, subject=found, patient=found.patient)
    return _event_page(request, found)


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def seen(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One press: the alert ends, whatever else is on the page."""
    found = _event_or_404(request, public_id)
    found = event_decisions.acknowledge(event=found, by=request.user)
    return _pressed(request, found, said="Noted: you have seen it. The alert is over.")


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def allergy(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = _event_or_404(request, public_id)
    said = f"{found.patient.name} is recorded as allergic to polidocanol. Every further session is blocked."
    return _pressed(
        request, found, lambda each, _: event_decisions.confirm_allergy(event=each, by=request.user), said=said
    )


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def close(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = _event_or_404(request, public_id)

    def decide(each: AdverseEvent, version: int) -> object:
        return event_decisions.close(
            event=each,
            version=version,
            note=request.POST.get("closing_note", ""),
            allergy_ruled_out="allergy_ruled_out" in request.POST,
            by=request.user,
        )

    return _pressed(request, found, decide, said="Closed. Treatments can be booked again.")


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def reopen(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = _event_or_404(request, public_id)
    try:
        event_decisions.reopen(event=found, version=_version(request), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Open again. Treatments wait until it is closed.")
    return redirect(_page(found))


def _pressed(
    request: SignedInRequest, found: AdverseEvent, decide: Decision | None = None, *, said: str = ""
) -> HttpResponse:
    """Stamp, save, decide, in this order: what is append-only never waits for what is typed."""
    now, version = timezone.now(), _version(request)
    step_form = StepForm(request.POST, zone=request.clinic.zone, now=now)
    # A press from another page sends no details.
    sent = request.POST if "version" in request.POST else None
    form = EventForm(found, sessions=_sessions(found.patient), data=sent, zone=request.clinic.zone, now=now)
    stamped = _stamped(request, found, step_form)
    try:
        changes = form.changes()
        if changes:
            found = adverse_events.save_details(event=found, version=version, changes=changes, by=request.user, now=now)
            version = found.version
        if form.errors or step_form.errors:
            return _event_page(request, found, form=form, step_form=step_form, version=version)
        if decide is not None:
            decide(found, version)
    except Stale as stale:
        if sent is None:
            messages.error(request, "Look at the event first, then decide.")
            return redirect(_page(found))
        return _conflict(request, found, form, step_form, stale)
    except Refused as refused:
        if sent is None:
            messages.error(request, refused.message)
            return redirect(_page(found))
        form.add_error(_event_field(refused.field), refused.message)
        return _event_page(request, found, form=form, step_form=step_form, version=version)
    if said or (changes and not stamped):
        messages.success(request, said or "Saved.")
    return redirect(f"{_page(found)}#now" if stamped else _page(found))


def _stamped(request: SignedInRequest, found: AdverseEvent, form: StepForm) -> bool:
    """Whether a step was pressed and written; a time that cannot be is said beside the steps."""
    try:
        return _stamp(request, found, form)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return False


def _stamp(request: SignedInRequest, found: AdverseEvent, form: StepForm) -> bool:
    """Write the step that was pressed, if one was."""
    press, corrected = request.POST.get("step", ""), request.POST.get("correct", "")
    if corrected.isdecimal() and len(corrected) < 12:
        step = get_object_or_404(AdverseStep.objects.select_related("event__patient"), event=found, pk=corrected)
        clock = _clock(request.POST.get(f"time-{step.pk}", ""))
        day = timezone.localdate(step.at, request.clinic.zone)
        adverse_events.correct_time(step=step, at=form.instant(day, clock), by=request.user, now=form.now)
        return True
    if not press:
        return False
    if not form.is_valid():
        return False
    what = Step[press].value if press in Step.__members__ else form.cleaned_data["own_step"]
    adverse_events.add_step(event=found, what=what, at=form.moment(), by=request.user, now=form.now)
    return True


def _clock(typed: str) -> time:
    try:
        clock: time | None = ClockField().clean(typed)
    except ValidationError:
        clock = None
    if clock is None:
        raise Refused("Enter the right time of the step, such as 10:30.", rule="time", field="step_at")
    return clock


def _conflict(
    request: SignedInRequest, found: AdverseEvent, form: EventForm, step_form: StepForm, stale: Stale
) -> HttpResponse:
    """Nothing of what was typed is lost: it stays in the form, beside what somebody else saved."""
    stored = _visible(request.user).get(pk=found.pk)
    conflict = {
        "conflict": stale.message,
        "differences": shown.differences(stored, form, zone=request.clinic.zone, now=form.now),
        "saved_version": stored.version,
    }
    version = _version(request)
    return _event_page(request, stored, form=form, step_form=step_form, version=version, status=CONFLICT, **conflict)


def _event_page(
    request: SignedInRequest,
    found: AdverseEvent,
    *,
    form: EventForm | None = None,
    step_form: StepForm | None = None,
    version: int | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now, zone = timezone.now(), request.clinic.zone
    sessions = list(form.sessions.values()) if form else _sessions(found.patient)
    context = shown.event_context(
        found,
        reader=request.user,
        clinic=request.clinic,
        form=form or EventForm(found, sessions=sessions, zone=zone, now=now),
        step_form=step_form or StepForm(zone=zone, now=now, initial={"when": ""}),
        root=next((each for each in sessions if each.pk == found.session_id), None),
    )
    context |= {"version": found.version if version is None else version, "posted": request.POST, **more}
    return render(request, "sessions_app/events/event.html", context, status=status)


def _event_field(field: str) -> str | None:
    if field == "onset_at":
        return "onset_time"
    return field if field in EventForm.base_fields else None


def _visible(user: User) -> Any:
    return AdverseEvent.objects.visible_to(user).select_related(
        "patient", "session", "reported_by", "acknowledged_by", "closed_by"
    )


def _event_or_404(request: SignedInRequest, public_id: UUID) -> AdverseEvent:
    found: AdverseEvent = get_visible_or_404(_visible(request.user), request=request, public_id=public_id)
    return found


def _page(found: AdverseEvent) -> str:
    return reverse("sessions_app:event", args=[found.public_id])


def _version(request: SignedInRequest) -> int:
    """The last one sent: the button that keeps one's own words sends a newer one after the page's."""
    sent = request.POST.get("version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else 0


# --- Register and report -----------------------------------------------------------------------------------------


@requires(Permission.VIEW_CHART)
@require_safe
def events(request: SignedInRequest) -> HttpResponse:
    """Every adverse event, by what is asked for and by page."""
    filters = FilterForm(request.GET)
    wanted = filters.wanted()
    asked = request.GET.get("page", "")
    number = min(max(int(asked), 1), _LAST_PAGE) if asked.isdecimal() and len(asked) < 6 else 1
    page = register_page(request.user, wanted, number=number, now=timezone.now(), zone=request.clinic.zone)
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "page": page,
        "filters": filters,
        "wanted": wanted,
        "kept": kept.urlencode(),
        "previous_page": number - 1,
        "next_page": number + 1 if page.has_more else 0,
    }
    return render(request, "sessions_app/events/register.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def report(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The draft of the FDA's form 3500 on paper, without the patient's name."""
    found = _event_or_404(request, public_id)
    audit.record("adverse event report opened", by=request.user, subject=found, patient=found.patient)
    given = medwatch.material_of(found, reporter=request.user, clinic=request.clinic, now=timezone.now())
    sections = medwatch.report(given)
    context = {
        "event": found,
        "sections": sections,
        "open_fields": medwatch.open_fields(sections),
        "code": medwatch.patient_code(found.patient),
        "printed_at": timezone.now(),
    }
    return render(request, "sessions_app/events/report.html", context)
