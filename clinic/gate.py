"""The gate: applies `clinic.access` to every request. Not allowed is 403, not yours is 404; both are audited."""

from collections.abc import Callable
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


SignedOutAnswer = Callable[..., HttpResponse]
_signed_out: dict[str, SignedOutAnswer] = {}


def register_signed_out(route: str, answer: SignedOutAnswer) -> None:
    """Let an upper app answer what is sent to `route` after the session ended; called in its `AppConfig.ready`.

    `answer` gets what the view would, stores nothing, and tells nothing that the sender has not just sent.
    """
    _signed_out[route] = answer


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
            if request.method == "POST" and route in _signed_out:
                return _signed_out[route](request, *args, **kwargs)
            return _to_sign_in(request, needed)
        if needed is UNLISTED or not request.user.may(needed):
            _record_denial(request, reason=f"{route} needs {needed if needed is not UNLISTED else 'a declaration'}")
            raise PermissionDenied
        return None


def _to_sign_in(request: HttpRequest, needed: Any) -> HttpResponse:
    """After signing in one comes back to the page one was on, never to a fragment or a step that only a form takes."""
    by_code = reverse("account_request_login_code") if needed in PORTAL_PERMISSIONS else None
    to_sign_in = redirect_to_login(_page_of(request), login_url=by_code)
    if not request.headers.get("HX-Request"):
        return to_sign_in
    response = HttpResponse(status=401)
    # Nobody asked for a refresh in the background; the page decides what becomes of what is typed on it.
    if not request.headers.get("X-Background"):
        response["HX-Redirect"] = to_sign_in.url
    return response


def _page_of(request: HttpRequest) -> str:
    if request.headers.get("HX-Request"):
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
