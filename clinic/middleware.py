"""What holds for every answer: sessions end, pages speak the clinic's time, nothing private is kept by a browser."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.template.loader import get_template
from django.utils import timezone

from clinic.models import Clinic
from clinic.uploads import body_limit

_STARTED, _SEEN = "started", "seen"
ENDED_COOKIE = "session_ended"
"""Says to the sign-in page why somebody is there: "idle" or "long". In a cookie of its own, because a session that is
signed out has none, and whoever is signed out by a refresh comes to the sign-in page with the next request."""
_ENDED_SECONDS = 3600
# Seen times are written at most this often, so that reading pages does not write at each click.
_STEP_SECONDS = 30


class SessionLimits:
    """Ends a signed-in session that was idle or old for too long (`settings.SESSION_LIMITS`), on every route.

    A request with the header `X-Background: 1` (polling) neither counts as activity nor extends anything. Its answer
    says in `X-Session-Left` for how many seconds the session still waits, so that a page can ask before it ends.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        kind = "patient" if request.user.uses_portal else "staff"
        ended, left = self._judge(request, settings.SESSION_LIMITS[kind])
        response = self.get_response(request)
        if ended and kind == "staff":
            _remember(response, ended)
        elif not ended and ENDED_COOKIE in request.COOKIES:
            response.delete_cookie(ENDED_COOKIE, samesite="Lax")
        if left and request.headers.get("X-Background"):
            response.headers["X-Session-Left"] = str(left)
        return response

    def _judge(self, request: HttpRequest, limits: tuple[int, int]) -> tuple[str, int]:
        """Why the session was ended now ("" for not); how many seconds it waits (0 where waiting is not its end)."""
        idle, absolute = limits
        now = int(time.time())
        started = request.session.setdefault(_STARTED, now)
        seen = request.session.get(_SEEN, now)
        if now - seen > idle or now - started > absolute:
            logout(request)
            return ("idle" if now - seen > idle else "long"), 0
        if _SEEN not in request.session or (now - seen >= _STEP_SECONDS and not request.headers.get("X-Background")):
            request.session[_SEEN] = now
        left = idle - (now - seen)
        return "", left if left < absolute - (now - started) else 0


def _remember(response: HttpResponse, ended: str) -> None:
    response.set_cookie(
        ENDED_COOKIE,
        ended,
        max_age=_ENDED_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class CompressedPages(GZipMiddleware):
    """Sends pages compressed; pictures are so already, and static files come so from WhiteNoise, further out.

    Lengths tell nothing of what a page holds (BREACH): Django pads every answer at random and masks the form token anew
    each time, and the session's cookie does not come with what another site asks for.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


class SmallBodies:
    """Refuses a body that no form of ours can have, by its declared length and before a byte of it is read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        length = int(declared) if declared.isdecimal() and len(declared) < 12 else None
        if length is not None and (length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or length <= body_limit(request)):
            return self.get_response(request)
        return HttpResponse(get_template("413.html").render(), status=413)


class NoNul:
    """Says in words that a text could not be read, when a NUL in what was sent reached the database.

    Forms refuse or drop the character themselves; this is for what is read without one. PostgreSQL stores no NUL.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DataError | ValueError) and _has_nul(request):
            return HttpResponse(get_template("400.html").render(), status=400)
        return None


def _has_nul(request: HttpRequest) -> bool:
    sent = (*request.GET.lists(), *request.POST.lists())
    return any("\x00" in text for name, values in sent for text in (name, *values) if isinstance(text, str))


class ClinicTime:
    """Every page shows the clinic's wall-clock time; what is stored stays in UTC. `request.clinic` is the one row."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith((settings.STATIC_URL, "/healthz")):
            return self.get_response(request)
        request.clinic = Clinic.current()  # type: ignore[attr-defined]
        with timezone.override(request.clinic.zone):  # type: ignore[attr-defined]
            return self.get_response(request)


class PrivateByDefault:
    """Answers are not stored by browsers or proxies, also not for the Back button of the next person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response
