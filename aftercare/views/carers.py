"""Who may look with a patient. Patients decide it on their own page, staff on the patient's wish on theirs."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aftercare import carers as actions
from aftercare.forms.carers import CarerActForm, CarerForm
from aftercare.models import Carer
from aftercare.presenters.carers import carer_lines
from clinic import audit, throttle
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.portal import masked
from clinic.requests import SignedInRequest


@dataclass(frozen=True, slots=True)
class _Place:
    """One of the two pages. The patient's asks once more before it shares, and shows no more than a masked e-mail."""

    patient: Patient
    template: str
    url: str
    is_own: bool


@requires(Permission.OWN_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def carers(request: SignedInRequest) -> HttpResponse:
    return _carers(request, _own(request))


@requires(Permission.VIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_carers(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    place = _of_staff(request, patient_id)
    audit.record("carers read", by=request.user, subject=place.patient)
    return _carers(request, place)


@requires(Permission.OWN_PLAN)
@require_POST
def carer(request: SignedInRequest, carer_id: UUID) -> HttpResponse:
    return _act(request, _own(request), carer_id)


@requires(Permission.VIEW_PLAN)
@require_POST
def patient_carer(request: SignedInRequest, patient_id: UUID, carer_id: UUID) -> HttpResponse:
    return _act(request, _of_staff(request, patient_id), carer_id)


def _own(request: SignedInRequest) -> _Place:
    patient = Patient.objects.filter(user=request.user).first()
    if patient is None:
        raise Http404
    return _Place(patient, "aftercare/carers/own.html", reverse("aftercare:carers"), is_own=True)


def _of_staff(request: SignedInRequest, patient_id: UUID) -> _Place:
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)
    url = reverse("aftercare:patient_carers", args=[patient.public_id])
    return _Place(patient, "aftercare/carers/staff.html", url, is_own=False)


def _carers(request: SignedInRequest, place: _Place) -> HttpResponse:
    form = CarerForm(request.POST or None, initial={"language": place.patient.language})
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        if place.is_own and not form.cleaned_data["sure"]:
            return render(request, "aftercare/carers/sure.html", {"form": form, "typed": form.facts()})
        if added := _add(request, place, form):
            words = _("%(name)s may look from now on. A message with the way in goes to %(email)s.")
            messages.success(request, words % {"name": added.name, "email": form.cleaned_data["email"]})
            return redirect(place.url)
    context = {"form": form, "patient": place.patient, "carers": carer_lines(place.patient, masks=place.is_own)}
    return render(request, place.template, context)


def _add(request: SignedInRequest, place: _Place, form: CarerForm) -> Carer | None:
    """Somebody added, or None with what is to be corrected on the form."""
    try:
        throttle.count(request, "carer_invited", key=str(place.patient.public_id))
        return actions.add_carer(patient=place.patient, by=request.user, **form.facts())
    except throttle.TooMany:
        form.add_error(None, _too_many_words())
    except actions.NotAdded as refused:
        form.explain(refused.why)
    return None


def _too_many_words() -> str:
    return _("Too many messages were sent today. Try again tomorrow.")


def _act(request: SignedInRequest, place: _Place, carer_id: UUID) -> HttpResponse:
    """One press; on somebody who was ended meanwhile it changes nothing."""
    found = get_visible_or_404(
        Carer.objects.filter(patient=place.patient).select_related("user", "patient"),
        request=request,
        public_id=carer_id,
    )
    form = CarerActForm(request.POST)
    act = form.cleaned_data["act"] if form.is_valid() else ""
    names = {"name": found.name}
    if act == "end":
        actions.end_carer(carer=found, by=request.user)
        messages.success(request, _("%(name)s can no longer look.") % names)
    elif found.ended_at is not None or not act:
        messages.warning(request, _("Nothing was changed. Look at the list, then press again."))
    elif act == "invite":
        _invite(request, found)
    else:
        actions.allow_reports(carer=found, may_report=act == "allow", by=request.user)
        words = _("%(name)s may look and answer now.") if act == "allow" else _("%(name)s may only look now.")
        messages.success(request, words % names)
    return redirect(place.url)


def _invite(request: SignedInRequest, found: Carer) -> None:
    try:
        throttle.count(request, "carer_invited", key=str(found.patient.public_id))
    except throttle.TooMany:
        messages.warning(request, _too_many_words())
        return
    actions.invite(carer=found, by=request.user)
    messages.success(request, _("The message is on its way to %(email)s.") % {"email": masked(found.user.email)})
