"""The page behind a link in a message. Looking at it does nothing; its button sends a one-time code."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from clinic import portal
from clinic.access import public
from clinic.language import page_language, speak_to


@public
@require_http_methods(["GET", "HEAD", "POST"])
def plan_link(request: HttpRequest, secret: str) -> HttpResponse:
    """GET: a page with a button and nothing of anybody. POST: the code goes out, and the secret leaves the address."""
    link = portal.find_link(secret, timezone.now())
    if link is None:
        return _without_traces(render(request, "aftercare/link_ended.html", status=404))
    with translation.override(page_language(link.patient.language)):
        if request.method != "POST":
            return _without_traces(render(request, "aftercare/link.html"))
        portal.send_code(request, link.patient)
        return _without_traces(speak_to(redirect("account_confirm_login_code"), link.patient))


def _without_traces(response: HttpResponse) -> HttpResponse:
    """The address holds a secret: no other page learns it, no search engine keeps it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
