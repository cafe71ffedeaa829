"""The page of one adverse event: stamp steps, write down the rest, decide."""

from collections.abc import Callable
from contextlib import suppress
from datetime import time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient, User
from clinic.protocol.vocabulary import Hold
from clinic.requests import SignedInRequest
from sessions_app import adverse_events, event_decisions
from sessions_app.emergency import Step
from sessions_app.forms.event import CloseForm, EventForm, StepForm
from sessions_app.forms.fields import ClockField
from sessions_app.models import AdverseEvent, AdverseStep, TreatmentSession
from sessions_app.presenters import event as shown
from sessions_app.presenters.clinicians import hold_words
from sessions_app.refusals import Refused, Stale
from sessions_app.repeat import holds_of
from sessions_app.views.sent import version_of

CONFLICT = 409
_SESSIONS = 30
Decision = Callable[[AdverseEvent, int], object]


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def event(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Every press on the page sends the whole page: a step is stamped first, then what was typed is saved."""
    found = event_or_404(request, public_id)
    if request.method == "POST":
        return _pressed(request, found)
    audit.record("adverse event read", by=request.user, subject=found, patient=found.patient)
    return _event_page(request, found)


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def seen(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One press: the alert ends, whatever is typed on the page; unless the event is another one than was shown."""
    found = event_or_404(request, public_id)

    def decide(each: AdverseEvent, version: int) -> object:
        return event_decisions.acknowledge(event=each, version=version, by=request.user)

    # First of all, so that an error in what is typed keeps no alert up; what is stale, `_pressed` shows.
    with suppress(Stale):
        decide(found, version_of(request.POST))
    return _pressed(request, found, decide, said=lambda: "Noted: you have seen it. The alert is over.")


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def allergy(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = event_or_404(request, public_id)
    said = f"{found.patient.name} is recorded as allergic to polidocanol. Every further session is blocked."
    return _pressed(
        request, found, lambda each, _: event_decisions.confirm_allergy(event=each, by=request.user), said=lambda: said
    )


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def close(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = event_or_404(request, public_id)

    def decide(each: AdverseEvent, version: int) -> object:
        return event_decisions.close(
            event=each,
            version=version,
            note=request.POST.get("closing_note", ""),
            allergy_ruled_out="allergy_ruled_out" in request.POST,
            by=request.user,
        )

    return _pressed(request, found, decide, said=lambda: f"Closed. {_what_waits_still(request, found.patient)}")


def _what_waits_still(request: SignedInRequest, patient: Patient) -> str:
    """What holds a treatment after an event was closed: another event, a report, a clinician, an allergy."""
    holds = holds_of(patient)
    if Hold.POLIDOCANOL_ALLERGY in holds:
        return "No treatment is booked: allergic to polidocanol."
    still = hold_words(holds, patient, reader=request.user, zone=request.clinic.zone)
    if still is None:
        return "Treatments can be booked again."
    return " ".join(["The next treatment still waits.", *still.reasons, *[words for words, _ in still.events]])


@requires(Permission.RECORD_SESSION)
@require_POST
def withdraw(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """It was begun by a wrong press: closed as a mistake, whatever else is typed on the page."""
    found = event_or_404(request, public_id)
    try:
        event_decisions.withdraw(event=found, note=request.POST.get("mistake_note", ""), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Closed as a mistake. It stays on record.")
    return redirect(address_of(found))


@requires(Permission.OVERRIDE_CHECK)
@require_POST
def reopen(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = event_or_404(request, public_id)
    try:
        event_decisions.reopen(event=found, version=version_of(request.POST), by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Open again. Treatments wait until it is closed.")
    return redirect(address_of(found))


def _pressed(
    request: SignedInRequest, found: AdverseEvent, decide: Decision | None = None, *, said: Callable[[], str] = str
) -> HttpResponse:
    """Stamp, save, decide, in this order: what is append-only never waits for what is typed.

    `said` is asked for its words when it is decided.
    """
    now, version = timezone.now(), version_of(request.POST)
    step_form = StepForm(request.POST, zone=request.clinic.zone, now=now)
    # A press from another page sends no details.
    sent = request.POST if "version" in request.POST else None
    form = EventForm(found, sessions=sessions_of(found.patient), data=sent, zone=request.clinic.zone, now=now)
    stamped = _stamped(request, found, step_form)
    # The time of a step that is written is not the time of the next one.
    next_step = None if stamped and request.POST.get("step") else step_form
    try:
        changes = form.changes()
        if changes:
            found = adverse_events.save_details(event=found, version=version, changes=changes, by=request.user, now=now)
            version = found.version
        if form.errors or step_form.errors:
            return _event_page(request, found, form=form, step_form=next_step, version=version)
        if decide is not None:
            decide(found, version)
    except Stale as stale:
        if sent is None:
            messages.error(request, "Look at the event first, then decide.")
            return redirect(address_of(found))
        return _conflict(request, found, form, next_step, stale)
    except Refused as refused:
        if sent is None:
            messages.error(request, refused.message)
            return redirect(address_of(found))
        closing = CloseForm(request.POST)
        for each in (refused, *refused.also):
            at_closing = each.field in closing.fields
            wrong, field = (closing, each.field) if at_closing else (form, _event_field(each.field))
            wrong.add_error(field, each.message)
        return _event_page(request, found, form=form, step_form=next_step, version=version, close_form=closing)
    words = said()
    if words or (changes and not stamped):
        messages.success(request, words or "Saved.")
    return redirect(f"{address_of(found)}#now" if stamped else address_of(found))


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
    request: SignedInRequest, found: AdverseEvent, form: EventForm, step_form: StepForm | None, stale: Stale
) -> HttpResponse:
    """Nothing of what was typed is lost: it stays in the form, beside what somebody else saved."""
    stored = _visible(request.user).get(pk=found.pk)
    conflict = {
        "conflict": stale.message,
        "differences": shown.differences(stored, form, zone=request.clinic.zone, now=form.now),
        "saved_version": stored.version,
    }
    version = version_of(request.POST)
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
    sessions = list(form.sessions.values()) if form else sessions_of(found.patient)
    context = shown.event_context(
        found,
        reader=request.user,
        clinic=request.clinic,
        form=form or EventForm(found, sessions=sessions, zone=zone, now=now),
        step_form=step_form or StepForm(zone=zone, now=now, initial={"when": ""}),
        root=next((each for each in sessions if each.pk == found.session_id), None),
    )
    context |= {
        "version": found.version if version is None else version,
        "close_form": CloseForm(request.POST or None),
        **more,
    }
    return render(request, "sessions_app/events/event.html", context, status=status)


def _event_field(field: str) -> str | None:
    if field == "onset_at":
        return "onset_time"
    return field if field in EventForm.base_fields else None


def _visible(user: User) -> Any:
    return AdverseEvent.objects.visible_to(user).select_related(
        "patient", "session", "reported_by", "acknowledged_by", "closed_by"
    )


def event_or_404(request: SignedInRequest, public_id: UUID) -> AdverseEvent:
    found: AdverseEvent = get_visible_or_404(_visible(request.user), request=request, public_id=public_id)
    return found


def address_of(found: AdverseEvent) -> str:
    return reverse("sessions_app:event", args=[found.public_id])


def sessions_of(patient: Patient) -> list[TreatmentSession]:
    """The patient's sessions, each by its first version, the newest first."""
    rows = TreatmentSession.objects.filter(patient=patient, amends__isnull=True)
    return list(
        rows.select_related("nurse", "responsible_clinician", "appointment").order_by("-started_at")[:_SESSIONS]
    )
