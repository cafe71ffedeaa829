"""The reader's own settings: how the clinic may write, the language of pages and messages, the size of the text."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aftercare import carers
from aftercare.forms.preferences import LanguageForm, PreferencesForm, ReaderForm
from aftercare.models import Carer
from aftercare.presenters.preferences import zone_words
from clinic.access import Permission, requires
from clinic.consent import Channel
from clinic.language import page_language, speak_from_now
from clinic.models import Patient
from clinic.notifications.consent import standing
from clinic.preferences import change_preferences
from clinic.requests import SignedInRequest

# "large" or nothing. static/js/theme.js keeps the same one, so that the button works without a request.
TEXT_COOKIE = "text"
_A_YEAR = 365 * 24 * 3600
# The ways that a press of "Stop all messages" ended in this session.
_STOPPED = "messages_stopped"


@requires(Permission.CARED_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """Patients find their messages here, carers the language and the text alone."""
    patient = Patient.objects.filter(user=request.user).first()
    held = standing(patient) if patient else {}
    form = _form(request, patient, held)
    if request.method == "POST" and form.is_valid():
        return _keep(request, patient, form)
    context = {
        "form": form,
        "patient": patient,
        "may_stop": any(held.values()),
        "is_off": bool(held) and not any(held.values()),
        "may_undo": bool(request.session.get(_STOPPED)),
        "carer_count": Carer.objects.living().filter(patient=patient).count() if patient else 0,
        "cares": Carer.objects.living().filter(user=request.user).exists(),
        "zone_lines": zone_words(patient, request.clinic, timezone.now()),
    }
    return render(request, "aftercare/preferences.html", context)


@requires(Permission.CARED_PLAN)
@require_POST
def speak(request: SignedInRequest) -> HttpResponse:
    """The switch in the head of a page: the same page in the other language, and messages from now on too."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return redirect("aftercare:preferences")
    _speak(request, Patient.objects.filter(user=request.user).first(), form.cleaned_data["language"], {})
    return redirect(form.cleaned_data["next"])


@requires(Permission.OWN_PLAN)
@require_POST
def stop_messages(request: SignedInRequest) -> HttpResponse:
    """One press: no more messages on any channel. Codes to sign in still come when they are asked for."""
    patient = Patient.objects.filter(user=request.user).first()
    if patient is None:
        raise Http404
    contact = {str(channel): False for channel in Channel}
    stopped = [channel for channel, allowed in standing(patient).items() if allowed]
    change_preferences(patient=patient, language=patient.language, contact=contact, by=request.user)
    if stopped:  # a second press has nothing more to stop
        request.session[_STOPPED] = stopped
    messages.success(request, _("You get no more messages. Your visits stay booked."))
    return redirect("aftercare:preferences")


@requires(Permission.OWN_PLAN)
@require_POST
def start_messages(request: SignedInRequest) -> HttpResponse:
    """Undo of a stop of this session: the ways that it ended and no other; the button stands beside their consent."""
    patient = Patient.objects.filter(user=request.user).first()
    if patient is None:
        raise Http404
    contact = {str(channel): True for channel in request.session.pop(_STOPPED, []) if channel in set(Channel)}
    if contact:
        change_preferences(patient=patient, language=patient.language, contact=contact, by=request.user)
        messages.success(request, _("You get messages again, as before."))
    return redirect("aftercare:preferences")


def plan_shape(request: SignedInRequest) -> str:
    """In which shape the tag `plan_picture` draws for the size of text that the reader chose."""
    return "narrow-large" if request.COOKIES.get(TEXT_COOKIE) == "large" else "narrow"


def _form(request: SignedInRequest, patient: Patient | None, held: dict[str, bool]) -> ReaderForm:
    data = request.POST if request.method == "POST" else None
    initial = {"text": "large" if request.COOKIES.get(TEXT_COOKIE) == "large" else "normal"}
    if patient is not None:
        return PreferencesForm(data, patient=patient, standing=held, initial=initial)
    return ReaderForm(data, initial={**initial, "language": carers.language_of(request.user)})


def _keep(request: SignedInRequest, patient: Patient | None, form: ReaderForm) -> HttpResponse:
    language = form.cleaned_data["language"]
    _speak(request, patient, language, form.contact() if isinstance(form, PreferencesForm) else {})
    request.session.pop(_STOPPED, None)  # what is decided now is not to be undone
    with translation.override(page_language(language)):
        messages.success(request, _("Your settings are saved."))
    response = redirect("aftercare:preferences")
    if form.cleaned_data["text"]:
        _keep_text(response, form.cleaned_data["text"])
    return response


def _speak(request: SignedInRequest, patient: Patient | None, language: str, contact: dict[str, bool]) -> None:
    if patient is not None:
        change_preferences(patient=patient, language=language, contact=contact, by=request.user)
    carers.change_language(user=request.user, language=language)
    speak_from_now(request, language)


def _keep_text(response: HttpResponse, size: str) -> None:
    if size == "large":
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(TEXT_COOKIE, size, max_age=_A_YEAR, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(TEXT_COOKIE, samesite="Lax")
