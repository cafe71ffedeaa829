"""Before the first injection: the clinic's day, the consent and its copies, its text, allergies put right."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.actions import AllergyStands, StalePatient, update_patient
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.models import Patient, User
from clinic.requests import SignedInRequest
from sessions_app import consent_texts, consents, preparation
from sessions_app.forms.consent import AllergiesForm, ConsentForm, ConsentTextForm, EndConsentForm
from sessions_app.models import SeriesConsent, TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.consent import copy_of
from sessions_app.presenters.preparation import day_view
from sessions_app.refusals import Refused, Stale

# --- The day -----------------------------------------------------------------------------------------------------


@requires(Permission.RECORD_SESSION)
@require_POST
def day_check(request: SignedInRequest) -> HttpResponse:
    """One press: the kit is checked, the check is taken back, or a clinician is named. For everybody who treats."""
    try:
        _set_the_day(request)
    except Refused as refused:
        messages.error(request, refused.message)
    session = _session_named(request, request.POST.get("session", ""))
    if request.htmx and session is not None:
        # The visit saved itself before the press: it is loaded anew with what holds now.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if request.htmx:
        return _day_card(request)
    return redirect(chart_url(session) if session else reverse("sessions_app:my_day"))


def _set_the_day(request: SignedInRequest) -> None:
    pressed = request.POST.get("do", "")
    if pressed == "kit":
        preparation.check_kit(by=request.user)
    elif pressed == "unkit":
        preparation.uncheck_kit(by=request.user)
    elif pressed == "clinician":
        seen = _number(request.POST.get("instead_of", ""))
        chosen = User.objects.staff().filter(pk=_number(_chosen(request)) or 0).first()
        if chosen is None:
            raise Refused("Choose who is responsible today.", rule="clinician")
        preparation.name_clinician(clinician=chosen, by=request.user, instead_of=seen)
    else:
        raise Refused("Press one of the buttons of the day's check.", rule="do")


def _chosen(request: SignedInRequest) -> str:
    """From My day by the button's value, from a visit by its own list of clinicians."""
    return request.POST.get("clinician", "") or request.POST.get("responsible_clinician", "")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _day_card(request: SignedInRequest) -> HttpResponse:
    view = day_view(timezone.now(), request.clinic.zone)
    return render(request, "sessions_app/nurse/_day_check.html", {"day_check": view})


def _session_named(request: SignedInRequest, text: str) -> TreatmentSession | None:
    """The session whose page is to be returned to; none when the address names none."""
    try:
        public_id = UUID(text)
    except ValueError:
        return None
    visible = TreatmentSession.objects.visible_to(request.user).select_related("appointment")
    return visible.filter(public_id=public_id).first()


# --- The consent -------------------------------------------------------------------------------------------------


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_sign(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """The text in the patient's language, and the signature under it. The reader is the witness."""
    patient = _patient_or_404(request, patient_id)
    session = _session_named(request, request.GET.get("session", ""))
    session = session if session and session.patient_id == patient.pk else None
    wished = request.POST.get("language") or request.GET.get("language") or patient.language
    text = consent_texts.text_in(wished)
    with translation.override(page_language(text.language)):
        initial = {"language": text.language, "version": text.version}
        form = ConsentForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid() and (signed := _signed(request, patient, form)):
            messages.success(request, f"{patient.name}: the consent is signed.")
            if session is None:
                return redirect("sessions_app:consent", signed.public_id)
            return redirect(f"{chart_url(session)}#consent")
        return _sign_page(request, patient, session, form)


def _signed(request: SignedInRequest, patient: Patient, form: ConsentForm) -> SeriesConsent | None:
    text = form.text()
    if text is None:
        form.refuse(Refused("There is no such text.", rule="old text"))
        return None
    try:
        return consents.sign_consent(patient=patient, text=text, by=request.user, **form.facts(patient))
    except Refused as refused:
        form.refuse(refused)
        return None


def _sign_page(
    request: SignedInRequest, patient: Patient, session: TreatmentSession | None, form: ConsentForm
) -> HttpResponse:
    """Always the newest text: a form that was made of an older one gets the new one to read, and is signed anew."""
    text = consent_texts.text_in(translation.get_language().partition("-")[0])
    signed_under = (str(form.data.get("version")), form.data.get("language"))
    if form.is_bound and signed_under != (str(text.version), text.language):
        data = request.POST.copy()
        # What was signed was another text: it does not go over to this one.
        for name in ("version", "language", "strokes", "typed_counts"):
            data.pop(name, None)
        data["version"], data["language"] = str(text.version), text.language
        form.data = data
    context = {
        "patient": patient,
        "session": session,
        "form": form,
        "text": text,
        "blocks": consent_texts.blocks_of(text.body),
        "languages": [(code, label, code == text.language) for code, label in Patient.Language.choices],
        "back_url": chart_url(session) if session else reverse("sessions_app:consents", args=[patient.public_id]),
        "standing": consents.living_consent(patient),
    }
    status = 422 if form.errors else 200
    response = render(request, "sessions_app/nurse/consent_sign.html", context, status=status)
    response.headers["Content-Language"] = translation.get_language()
    return response


@requires(Permission.VIEW_CHART)
@require_safe
def patient_consents(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """All consents of a patient, the standing one first."""
    patient = _patient_or_404(request, patient_id)
    audit.record("chart read", by=request.user, subject=patient, patient=patient)
    copies = [copy_of(consent, request.clinic) for consent in consents.consents_of(patient)]
    context = {
        "patient": patient,
        "copies": copies,
        "standing": next((copy for copy in copies if copy.state != "ended"), None),
        "may_sign": request.user.may(Permission.RECORD_SESSION),
    }
    return render(request, "sessions_app/nurse/consents.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def consent(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The copy for the patient: what was read and signed, to be printed."""
    found = get_visible_or_404(_consents(request), request=request, public_id=public_id)
    audit.record("chart read", by=request.user, subject=found, patient=found.patient)
    with translation.override(page_language(found.text.language)):
        context = {"copy": copy_of(found, request.clinic), "patient": found.patient}
        return render(request, "sessions_app/nurse/consent.html", context)


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_end(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    found = get_visible_or_404(_consents(request), request=request, public_id=public_id)
    form = EndConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            consents.end_consent(consent=found, by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error("reason" if refused.field else None, refused.message)
        else:
            messages.success(request, f"{found.patient.name}: the consent has ended.")
            return redirect("sessions_app:consents", found.patient.public_id)
    context = {
        "form": form,
        "copy": copy_of(found, request.clinic),
        "patient": found.patient,
        "dialog_title": "End this consent",
    }
    status = 422 if form.errors and request.htmx else 200
    return render(request, "sessions_app/nurse/consent_end.html", context, status=status)


@requires(Permission.SIGN_PROTOCOL)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_text(request: SignedInRequest) -> HttpResponseBase:
    """The next version of the words: written in every language, looked at as the patient sees it, published."""
    newest = consent_texts.newest_version()
    standing = consent_texts.newest_texts()
    form = ConsentTextForm(
        request.POST if request.method == "POST" else None, standing=standing, after=newest, auto_id="id_%s"
    )
    preview: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        preview = [
            {"language": language, "title": each.title, "blocks": consent_texts.blocks_of(each.body)}
            for language, each in form.words().items()
        ]
        if request.POST.get("do") == "publish":
            try:
                consent_texts.publish(words=form.words(), after=form.cleaned_data["after"], by=request.user)
            except (Refused, Stale) as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            else:
                messages.success(request, f"Version {newest + 1} is published. From now on it is what patients sign.")
                return redirect("sessions_app:consent_text")
    texts = standing.values()
    context = {
        "form": form,
        "newest": newest,
        "published": next(iter(texts)),
        "preview": preview,
        "is_shipped": all(text.published_by_id is None for text in texts),
    }
    return render(request, "sessions_app/nurse/consent_text.html", context, status=422 if form.errors else 200)


# --- Patients and their own copies -------------------------------------------------------------------------------


@requires(Permission.OWN_PLAN)
@require_safe
def own_consents(request: SignedInRequest) -> HttpResponseBase:
    patient = Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    with translation.override(page_language(patient.language)):
        copies = [copy_of(each, request.clinic) for each in _consents(request)]
        return _in_language(render(request, "sessions_app/portal/consents.html", {**_home(), "copies": copies}))


@requires(Permission.OWN_PLAN)
@require_safe
def own_consent(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """One's own signed text, in the language in which it was signed."""
    found = get_visible_or_404(_consents(request), request=request, public_id=public_id)
    with translation.override(page_language(found.patient.language)):
        context = {**_home(), "copy": copy_of(found, request.clinic), "patient": found.patient}
        return _in_language(render(request, "sessions_app/portal/consent.html", context))


def _home() -> dict[str, str]:
    return {"home_url": reverse("aftercare:today")}


def _in_language(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Language"] = translation.get_language() or ""
    return response


# --- Allergies ---------------------------------------------------------------------------------------------------


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def allergies(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """What is known of the patient's allergies, put right in the visit; the visit is shown again with it."""
    visible = TreatmentSession.objects.visible_to(request.user).select_related("patient", "appointment")
    session = get_visible_or_404(visible, request=request, public_id=public_id)
    patient = session.patient
    initial = {
        "version": patient.version,
        "allergies": patient.allergies,
        "polidocanol_allergy": patient.polidocanol_allergy,
    }
    data = request.POST if request.method == "POST" else None
    form = AllergiesForm(data, user=request.user, recorded=patient.polidocanol_allergy, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        version, why = typed.pop("version"), typed.pop("allergy_ruled_out", "")
        try:
            update_patient(patient=patient, version=version, changes=typed, allergy_ruled_out=why, by=request.user)
        except AllergyStands as refused:
            form.add_error("polidocanol_allergy", str(refused))
        except StalePatient:
            form.add_error(None, "Somebody else changed this patient meanwhile. Close this and look again.")
        else:
            return redirect(f"{chart_url(session)}#id_medication_confirmed")
    context = {"form": form, "session": session, "patient": patient, "dialog_title": "Allergies"}
    status = 422 if form.errors and request.htmx else 200
    return render(request, "sessions_app/nurse/consent_allergies.html", context, status=status)


# --- Parts -------------------------------------------------------------------------------------------------------


def _patient_or_404(request: SignedInRequest, patient_id: UUID) -> Patient:
    return get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)


def _consents(request: SignedInRequest) -> Any:
    rows = SeriesConsent.objects.visible_to(request.user).order_by("-signed_at")
    return rows.select_related("text", "patient", "witnessed_by", "ended_by")
