"""An address that only a form is sent to, opened as a page: it leads to the page of the thing.

A refused form leaves such an address in the browser, as `/queue/<id>/close/`; reloaded from there, kept as a bookmark
or sent to a colleague, it would be an empty answer.
"""

from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

_NOT_ALLOWED = 405


class LeadToThePage:
    """Middleware inside of the gate: who may not do the action is refused before, and what the page shows is its own.

    Only for a browser that asks for a page; programs, fragments and forms still get the plain 405.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == _NOT_ALLOWED and _asks_for_a_page(request):
            return redirect(page_of(request.path_info))
        return response


def _asks_for_a_page(request: HttpRequest) -> bool:
    is_page = "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers
    return request.method in ("GET", "HEAD") and is_page and request.user.is_authenticated


def page_of(path: str) -> str:
    """The nearest address above that exists: `/events/<id>/` of `/events/<id>/close/`; the start page otherwise."""
    return next((above for above in _above(path) if _exists(above)), "/")


def _above(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        yield f"/{'/'.join(parts[:length])}/"


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
