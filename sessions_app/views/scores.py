"""Scores of a patient's legs: the history, and taking new ones."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.models import Patient
from clinic.protocol.scores import SEVERE_FROM
from clinic.protocol.vocabulary import Leg
from clinic.requests import SignedInRequest
from sessions_app import scoring
from sessions_app.forms.scores import LEGS, ScoresForm, initial_from, opened_token
from sessions_app.presenters.scores import MOST_POINTS, STOCKING_ADDS, legs_now, score_lines
from sessions_app.refusals import Refused
from sessions_app.views.record import patient_or_404


@requires(Permission.VIEW_CHART)
@require_safe
def scores(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    patient = patient_or_404(request, patient_id)
    rows = scoring.scores_of(patient, reader=request.user)
    lines = score_lines(rows, zone=request.clinic.zone, now=timezone.now())
    audit.record("chart read", by=request.user, subject=patient, page="scores")
    context = {
        "patient": patient,
        "lines": lines,
        "legs": legs_now(lines) if lines else [],
        "most": MOST_POINTS,
        "severe_from": SEVERE_FROM,
        "may_score": request.user.may(Permission.RECORD_SESSION),
    }
    return render(request, "sessions_app/record/scores.html", context)


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def score_new(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Both legs at once. `same=right` in the address fills that leg from its last time, to be looked at and ticked."""
    patient = patient_or_404(request, patient_id)
    last = {leg: scoring.last_scores(patient, leg) for leg in LEGS}
    if request.method == "POST":
        form = ScoresForm(request.POST)
        if form.is_valid():
            try:
                made = scoring.record_scores(
                    patient=patient, legs=form.legs(), opened_at=form.cleaned_data["opened"], by=request.user
                )
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            else:
                messages.success(request, f"{len(made)} score{'' if len(made) == 1 else 's'} of {patient} recorded.")
                return redirect("sessions_app:scores", patient.public_id)
    else:
        copied = [leg for leg in LEGS if leg.value in request.GET.getlist("same") and last[leg]]
        audit.record("chart read", by=request.user, subject=patient, page="scores")
        initial = {"opened": opened_token(timezone.now())}
        for leg in copied:
            initial |= initial_from(leg, last[leg])
        form = ScoresForm(initial=initial, copied=copied)
    return render(request, "sessions_app/record/score_form.html", _context(patient, form, last))


def _context(patient: Patient, form: ScoresForm, last: dict[Leg, dict[str, Any]]) -> dict[str, Any]:
    return {
        "patient": patient,
        "form": form,
        "can_copy": [leg.value for leg in LEGS if last[leg]],
        "is_copied": bool(form.confirmations()),
        "plan_runs": scoring.plan_runs(patient, now=timezone.now()),
        "stocking_adds": STOCKING_ADDS,
        "severe_from": SEVERE_FROM,
        "most": MOST_POINTS,
    }
