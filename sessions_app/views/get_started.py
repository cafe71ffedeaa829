"""The public page: somebody asks for a first visit or a call back. Nothing is told about who is a patient.

It needs no script and no session. Whoever asks gets the same answer: also a form that is sent twice, and a phone
number or e-mail from which more came today than is put on the desk's list.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from clinic import throttle
from clinic.access import public
from clinic.language import page_language
from clinic.models import Patient
from sessions_app import requests
from sessions_app.forms.get_started import GetStartedForm, new_ticket
from sessions_app.presenters.patient_words import moment

_PROMISES = Signer(salt="promise")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def get_started(request: HttpRequest) -> HttpResponse:
    """The form. 429 with what was typed when too many came from this address."""
    clinic, now, language = request.clinic, timezone.now(), _language_of(request)  # type: ignore[attr-defined]
    opened = requests.openings(clinic, now)
    until = requests.promised(clinic, now, opened)
    with translation.override(page_language(language)):
        form = GetStartedForm(request.POST or None, open_weekdays=requests.open_weekdays(clinic, opened))
        if request.method != "POST" or not form.is_valid():
            return _page(request, form, until, language)
        try:
            throttle.count(request, "visit_request", key="")
        except throttle.TooMany as refusal:
            return _page(request, form, until, language, wait=refusal.seconds)
        if _is_within_limits(request, form):
            until = _ask(form, language, now)
        return redirect(thanks_url(language, until))


@public
@require_safe
def get_started_thanks(request: HttpRequest) -> HttpResponse:
    """After the redirect, so that Back and reload send nothing. The promise is signed: nobody can make up another.

    Without one nothing was sent, and nobody is thanked for it: the address leads to the form.
    """
    clinic, language = request.clinic, _language_of(request)  # type: ignore[attr-defined]
    until = _promise_in(request.GET.get("until", ""))
    if until is None:
        return redirect(f"{reverse('sessions_app:get_started')}?{urlencode({'language': language})}")
    with translation.override(page_language(language)):
        context = {"until": moment(until, clinic.zone), **_shell(language)}
        return _in_language(render(request, "sessions_app/public/thanks.html", context))


def thanks_url(language: str, until: datetime) -> str:
    """Where somebody is thanked who was promised an answer by `until`."""
    kept = {"language": language, "until": _PROMISES.sign(until.isoformat())}
    return f"{reverse('sessions_app:get_started_thanks')}?{urlencode(kept)}"


def _ask(form: GetStartedForm, language: str, now: datetime) -> datetime:
    return requests.ask(**_said(form), language=language, request_key=form.request_key, now=now).answer_by


def _said(form: GetStartedForm) -> dict[str, Any]:
    typed = {name: form.cleaned_data[name] for name in ("kind", "name", "phone", "email", "parts_of_day")}
    return {**typed, "weekdays": form.weekday_bits}


def _is_within_limits(request: HttpRequest, form: GetStartedForm) -> bool:
    """Each way to reach somebody counts for itself, as a hash. Sending the same again costs nothing: it adds no row."""
    if requests.is_known(requests.key_for(form.request_key, _said(form))):
        return True
    for contact in (form.cleaned_data["phone"], form.cleaned_data["email"]):
        if contact:
            try:
                throttle.count(request, "visit_request_contact", key=contact)
            except throttle.TooMany:
                return False
    return True


def _page(request: HttpRequest, form: GetStartedForm, until: datetime, language: str, *, wait: int = 0) -> HttpResponse:
    """`wait` are the seconds until this address may ask again."""
    context = {
        "form": form,
        "ticket": form.data["ticket"] if form.is_bound and form.ticket_is_fresh else new_ticket(),
        "too_many": bool(wait),
        "until": moment(until, request.clinic.zone),  # type: ignore[attr-defined]
        **_shell(language),
    }
    page = render(request, "sessions_app/public/get_started.html", context, status=429 if wait else 200)
    if wait:
        page.headers["Retry-After"] = str(wait)
    return _in_language(page)


def _language_of(request: HttpRequest) -> str:
    """The one that was asked for in the address, else the browser's: "en" or "es"."""
    asked = request.GET.get("language", "")
    if asked in Patient.Language.values:
        return asked
    spoken = (translation.get_language() or "").partition("-")[0]
    return spoken if spoken in Patient.Language.values else Patient.Language.ENGLISH.value


def _shell(language: str) -> dict[str, object]:
    """The way to the other language, written in that language."""
    code, label = next(choice for choice in Patient.Language.choices if choice[0] != language)
    return {
        "home_url": f"{reverse('sessions_app:get_started')}?language={language}",
        "own_language": language,
        "other_language": code,
        "other_language_name": label,
    }


def _in_language(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Language"] = translation.get_language() or ""
    return response


def _promise_in(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_PROMISES.unsign(text))
    except (BadSignature, ValueError):
        return None
