"""Which language a page speaks: staff English, patients and carers their own, visitors their browser's or link's."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from clinic.models import Patient, User

_IN_SESSION = "language"
# Patients' languages are named by the standard; pages of the first one use British dates and spelling.
_PAGES = {"en": settings.LANGUAGE_CODE}

LanguageOf = Callable[[User], str | None]
_others: dict[str, LanguageOf] = {}


def register_readers(name: str, language_of: LanguageOf) -> None:
    """Let an upper app say which language its own readers speak; called in its `AppConfig.ready`. None: not its own.

    Asked with as many queries for whom it knows as for whom it does not.
    """
    _others[name] = language_of


def other_language() -> tuple[str, str]:
    """The code and the own name of the language that the page does not speak."""
    spoken = translation.get_language() or ""
    code, name = next(choice for choice in Patient.Language.choices if page_language(choice[0]) != spoken)
    return code, str(name)


def page_language(code: str) -> str:
    """The page language of a patient's language: "en" is "en-gb", "es" is "es"."""
    return _PAGES.get(code, code)


class PageLanguage:
    """Middleware after authentication; Django's LocaleMiddleware before it has asked cookie and browser already.

    Who is not signed in chooses by `?language=`, as the ways to the other language do; the browser keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("language", "") if request.method in ("GET", "HEAD") else ""
        if not request.user.is_authenticated and asked in Patient.Language.values:
            translation.activate(page_language(asked))
            return _keep_in_browser(self.get_response(request), asked)
        if request.user.is_authenticated:
            code = request.session.get(_IN_SESSION) if request.user.uses_portal else None
            translation.activate(page_language(code) if code else settings.LANGUAGE_CODE)
        return self.get_response(request)


@receiver(user_logged_in, dispatch_uid="language of the session")
def remember_language(sender: Any, request: Any, user: Any, **_: Any) -> None:
    """The pages of patients and carers speak their language from the sign-in on, without a query for each page."""
    if request is None or not user.uses_portal:
        return
    code = Patient.objects.filter(user=user).values_list("language", flat=True).first()
    code = code or next((said for language_of in _others.values() if (said := language_of(user))), None)
    if code:
        speak_from_now(request, code)


def language_of_account(email: str) -> str | None:
    """Which language the patient or carer reads who signs in with this address, "en" or "es"; None for anybody else.

    An address that nobody has costs the same queries: the time of an answer must not tell who is known.
    """
    reader = User.objects.filter(email=email.lower(), is_active=True).first() or User(pk=0)
    own = Patient.objects.filter(user=reader).values_list("language", flat=True).first()
    others = [language_of(reader) for language_of in _others.values()]
    return own or next((said for said in others if said), None)


def speak_from_now(request: HttpRequest, code: str) -> None:
    """Let the following pages of this session be in another language, "en" or "es"."""
    request.session[_IN_SESSION] = code


def speak_to(response: HttpResponse, patient: Patient) -> HttpResponse:
    """Let the following pages of this browser, before the sign-in, be in the patient's language."""
    return _keep_in_browser(response, patient.language)


def _keep_in_browser(response: HttpResponse, code: str) -> HttpResponse:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        page_language(code),
        httponly=True,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )
    return response
