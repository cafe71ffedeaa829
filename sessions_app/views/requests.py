"""Requests from the public page, at the front desk: call, register, link to a patient, answer, throw away."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic import actions, audit
from clinic.access import Permission, requires
from clinic.duplicates import Alike, Namesake, PossibleDuplicates, find_alike
from clinic.forms import PatientForm
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.phones import phone_words
from clinic.requests import SignedInRequest
from clinic.search import find_patients
from sessions_app import requests
from sessions_app.forms.requests import RequestForm
from sessions_app.models import VisitRequest
from sessions_app.presenters.visit_requests import names_of, next_visits, request_words
from sessions_app.refusals import Refused
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import refused_status

_FOUND = 5


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def visit_request(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Who asked, beside the patients who may be the same person. A POST is one press; `find` only searches."""
    asked = _request_or_404(request, public_id)
    if request.method != "POST":
        audit.record("visit request read", by=request.user, subject=asked)
        return _page(request, asked)
    form = RequestForm(request.POST)
    if not form.is_valid():
        problems = ["Shorten the note to 200 characters." if "note" in form.errors else "Choose one of the buttons."]
        return _page(request, asked, problems=problems)
    if form.cleaned_data["do"] == "find":
        return _page(request, asked, looked_for=form.cleaned_data["q"])
    try:
        return _press(request, asked, form)
    except Refused as refused:
        return _page(request, _request_or_404(request, public_id), problems=[refused.message])


@requires(Permission.REGISTER_PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The form that registers patients, filled with what was asked; then on to booking."""
    asked = _request_or_404(request, public_id)
    given, family = names_of(asked)
    initial = {
        "given_name": given,
        "family_name": family,
        "phone": phone_words(asked.phone) if asked.phone else "",
        "email": asked.email,
        "language": asked.language,
    }
    form = PatientForm(request.POST or None, user=request.user, zone=request.clinic.time_zone, initial=initial)
    namesakes: list[Namesake] = []
    if request.method == "POST" and form.is_valid():
        try:
            patient = requests.register_new(
                request=asked,
                facts=form.facts(),
                contact=form.contact(),
                not_the_same=_uuids(request.POST.getlist("not_the_same")),
                by=request.user,
                now=timezone.now(),
            )
        except PossibleDuplicates as found:
            namesakes = found.namesakes
        except actions.EmailInUse as error:
            form.explain_shared_email(error)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            kept = urlencode({"patient": patient.public_id})
            return done(
                request, f"{patient.name} is registered.", back=f"{reverse('sessions_app:book')}?{kept}", leave=True
            )
    context = {
        "form": form,
        "namesakes": namesakes,
        "note": f"{asked.name} asked on the public page. Check the names with them; the birth date is still to come.",
        "back_url": reverse("sessions_app:visit_request", args=[asked.public_id]),
    }
    return render(request, "clinic/patients/form.html", context)


@requires(Permission.BOOK)
@require_POST
def reopen(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    asked = _request_or_404(request, public_id)
    requests.reopen(request=asked, by=request.user)
    return done(request, f"{asked.name} is on the list again.", back=_url(asked))


def _press(request: SignedInRequest, asked: VisitRequest, form: RequestForm) -> HttpResponse:
    by, now, typed = request.user, timezone.now(), form.cleaned_data
    back, undo = reverse("sessions_app:calls"), reverse("sessions_app:request_reopen", args=[asked.public_id])
    if typed["link"]:
        patient = get_visible_or_404(Patient.objects.visible_to(by), request=request, public_id=typed["link"])
        linked = requests.link(request=asked, patient=patient, by=by)
        if request.htmx:
            return _page(request, linked)
        return done(request, f"The request belongs to {patient.name}. Book a visit or answer it.", back=_url(asked))
    if typed["do"] == "tried":
        tried = requests.try_again(request=asked, tries=typed["tries"] or 0, note=typed["note"], by=by, now=now)
        return done(request, f"Noted: {tried.name} was called.", back=back)
    if typed["do"] == "answered":
        requests.answer(request=asked, by=by, now=now)
        return done(request, f"{asked.name} is answered.", back=back, undo=undo)
    if typed["do"] == "not_reached":
        requests.not_reached(request=asked, by=by, now=now)
        return done(request, f"{asked.name} is off the list, not reached.", back=back, undo=undo)
    if typed["do"] == "junk":
        requests.junk(request=asked, by=by, now=now)
        return done(request, "Thrown away: not a request.", back=back, undo=undo)
    raise Refused("Choose one of the buttons.", rule="press")


def _page(
    request: SignedInRequest, asked: VisitRequest, *, problems: Sequence[str] = (), looked_for: str = ""
) -> HttpResponse:
    is_open, now, zone = asked.ended_at is None, timezone.now(), request.clinic.zone
    alike = _alike(request, asked, looked_for) if is_open and (looked_for or not asked.patient) else []
    whose = [each.patient for each in alike] + ([asked.patient] if asked.patient else [])
    visits = next_visits(whose, now=now, zone=zone)
    context = {
        "dialog_title": "Request for a first visit" if asked.kind == VisitRequest.Kind.FIRST_VISIT else "Call back",
        "asked": asked,
        "words": request_words(asked, now=now, zone=zone),
        "alike": [(each, visits.get(each.patient.pk, "")) for each in alike],
        "linked": asked.patient if is_open else None,
        "linked_visit": visits.get(asked.patient_id or 0, ""),
        "looked_for": looked_for,
        "problems": problems,
        "is_open": is_open,
        "may_register": request.user.may(Permission.REGISTER_PATIENT),
        "form_url": _url(asked),
    }
    page = "sessions_app/desk/visit_request.html"
    return render(request, page, context, status=refused_status(request, bool(problems)))


def _alike(request: SignedInRequest, asked: VisitRequest, looked_for: str) -> list[Alike]:
    """Who may be the same person, or the patients that somebody searched for instead."""
    if not looked_for:
        return find_alike(name=asked.name, phone=str(asked.phone or ""), email=asked.email, limit=_FOUND)
    found = find_patients(looked_for, _FOUND, among=Patient.objects.visible_to(request.user))
    return [
        Alike(
            patient=patient,
            same_name=False,
            same_phone=bool(asked.phone) and patient.phone == asked.phone,
            same_email=bool(asked.email) and patient.email.lower() == asked.email,
        )
        for patient in found
    ]


def _request_or_404(request: SignedInRequest, public_id: UUID) -> VisitRequest:
    visible = VisitRequest.objects.visible_to(request.user).select_related("patient", "ended_by")
    return get_visible_or_404(visible, request=request, public_id=public_id)


def _url(asked: VisitRequest) -> str:
    return reverse("sessions_app:visit_request", args=[asked.public_id])


def _uuids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
