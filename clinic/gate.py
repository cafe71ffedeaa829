"""The gate: applies `clinic.access` to every request. Not allowed is 403, not yours is 404; both are audited."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.http import escape_leading_slashes

from clinic import audit
from clinic.access import PORTAL_PERMISSIONS, UNLISTED, ViewFunction, access_of

M = TypeVar("M", bound=Model)


class NotTaken(StrEnum):
    """Why nothing of what was sent reaches its view, or is taken by it."""

    SIGNED_OUT = "signed out"
    OLD_FORM = "old form"  # its token is of another session, or of none
    NOT_OPEN = "not open"  # not to this sender, not any more, or to nobody


NotTakenAnswer = Callable[..., HttpResponse]
_not_taken: dict[str, NotTakenAnswer] = {}


def register_not_taken(route: str, answer: NotTakenAnswer) -> None:
    """Let an upper app answer what is sent to `route` and is not taken; called in its `AppConfig.ready`.

    `answer` gets what the view would, `why` (a `NotTaken`) and the `status` to answer with. It stores nothing, and
    tells nothing that the sender has not just sent.
    """
    _not_taken[route] = answer


def answer_not_taken(request: HttpRequest, *, why: NotTaken, status: int) -> HttpResponse | None:
    """The answer that was registered for the route of a form that is not taken; None where the usual page does."""
    match = request.resolver_match
    answer = _not_taken.get(match.view_name) if match and request.method == "POST" else None
    return answer(request, why=why, status=status, **match.kwargs) if answer and match else None


class ClosedUnlessOpened:
    """Middleware: applies the declaration of the view, and writes every denial to the audit trail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: ViewFunction, args: Any, kwargs: Any) -> HttpResponseBase | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        needed = access_of(view, route)
        if needed is None:
            return None
        if not request.user.is_authenticated:
            not_taken = answer_not_taken(request, why=NotTaken.SIGNED_OUT, status=401)
            return not_taken or _to_sign_in(request, needed)
        if needed is UNLISTED or not request.user.may(needed):
            _record_denial(request, reason=f"{route} needs {needed if needed is not UNLISTED else 'a declaration'}")
            not_taken = answer_not_taken(request, why=NotTaken.NOT_OPEN, status=403)
            if not_taken is None:
                raise PermissionDenied
            return not_taken
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, PermissionDenied | Http404):
            status = 403 if isinstance(error, PermissionDenied) else 404
            return answer_not_taken(request, why=NotTaken.NOT_OPEN, status=status)
        return None


def _to_sign_in(request: HttpRequest, needed: Any) -> HttpResponse:
    """After signing in one comes back to the page one was on, never to a fragment or a step that only a form takes."""
    by_code = reverse("account_request_login_code") if needed in PORTAL_PERMISSIONS else None
    to_sign_in = redirect_to_login(_page_of(request), login_url=by_code)
    if not _is_scripted(request):
        return to_sign_in
    response = HttpResponse(status=401)
    # Nobody asked for a refresh in the background; the page decides what becomes of what is typed on it.
    if not request.headers.get("X-Background"):
        response["HX-Redirect"] = to_sign_in.url
    return response


def _is_scripted(request: HttpRequest) -> bool:
    """Whether htmx asks, be it for a fragment or, as a form on a page of its own does, for its page."""
    return "HX-Request" in request.headers or "HX-Current-URL" in request.headers


def _page_of(request: HttpRequest) -> str:
    if _is_scripted(request):
        came_from = request.headers.get("HX-Current-URL", "")
    elif request.method in ("GET", "HEAD"):
        return request.get_full_path()
    else:
        came_from = request.headers.get("Referer", "")
    page = urlsplit(came_from)
    if page.netloc != request.get_host():
        return "/"
    return escape_leading_slashes(urlunsplit(("", "", page.path or "/", page.query, "")))


def get_visible_or_404(visible: QuerySet[M], *, request: HttpRequest, **lookup: Any) -> M:
    """The one row, if it is in `visible` (a `visible_to(user)` queryset); otherwise 404 as for an id that never was.

    When the row exists but is somebody else's, the attempt goes to the audit trail first.
    """
    found = visible.filter(**lookup).first()
    if found is not None:
        return found
    if visible.model._default_manager.filter(**lookup).exists():
        _record_denial(request, reason=f"{visible.model._meta.label} of somebody else")
    raise Http404


def _record_denial(request: HttpRequest, *, reason: str) -> None:
    audit.record("denied", by=request.user, path=request.path, method=request.method, reason=reason)
