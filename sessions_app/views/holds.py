"""A clinician lets a patient's next treatment wait, and lifts that again (rule B4)."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest
from sessions_app import repeat_holds
from sessions_app.forms.holds import LiftForm, PlaceForm
from sessions_app.models import RepeatHold
from sessions_app.refusals import Refused
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import refused_status
from sessions_app.wording import time_words


@requires(Permission.HOLD_REPEAT)
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """No treatment of this patient can be booked until a clinician lifts the hold; visits that are booked stay."""
    patient = _patient_or_404(request, patient_id)
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            repeat_holds.place(patient=patient, reason=form.cleaned_data["reason"], by=request.user)
        except Refused as refused:
            form.add_error("reason", refused.message)
        else:
            return done(request, f"{patient.name}: the next treatment waits for a clinician.", back=_page_of(patient))
    context = {"form": form, "dialog_title": "Let the next treatment wait", "patient": patient}
    return render(request, "sessions_app/desk/hold_place.html", context, status=_status(request))


@requires(Permission.HOLD_REPEAT)
@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    patient = _patient_or_404(request, patient_id)
    hold = repeat_holds.open_hold(patient)
    if hold is None:
        return done(request, f"{patient.name}: nothing is on hold.", back=_page_of(patient))
    form = LiftForm(request.POST or None, initial={"hold": hold.public_id})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["hold"] != hold.public_id:
            form = _of_another(hold, form)
        else:
            try:
                repeat_holds.lift(hold=hold, note=form.cleaned_data["note"], by=request.user)
            except Refused as refused:
                form.add_error("note", refused.message)
            else:
                return done(request, f"{patient.name}: treatments can be booked again.", back=_page_of(patient))
    context = {
        "form": form,
        "dialog_title": "Lift the hold",
        "patient": patient,
        "hold": hold,
        "placed": time_words(hold.placed_at, request.clinic.zone),
    }
    return render(request, "sessions_app/desk/hold_lift.html", context, status=_status(request))


def _of_another(hold: RepeatHold, sent: LiftForm) -> LiftForm:
    """The note that was typed, for the hold that stands now."""
    form = LiftForm({"hold": hold.public_id, "note": sent.cleaned_data["note"]})
    form.add_error(None, "Another hold stands now. Read why, then lift it if the treatment may go on.")
    return form


def _patient_or_404(request: SignedInRequest, patient_id: UUID) -> Patient:
    return get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)


def _page_of(patient: Patient) -> str:
    return reverse("clinic:patient", args=[patient.public_id])


def _status(request: SignedInRequest) -> int:
    return refused_status(request, request.method == "POST")
