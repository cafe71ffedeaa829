"""The stop address of every message. Looking at it does nothing; POST stops the channel, without any sign-in.

Mail programs post it themselves (RFC 8058, "one-click"), so it takes no CSRF token: the signed address is the right.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.access import public
from clinic.language import page_language
from clinic.notifications import opt_out


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page names nobody and nothing but the clinic; a changed address answers like one that never was."""
    delivery = opt_out.delivery_of(token)
    if delivery is None:
        return _without_traces(render(request, "clinic/stop_unknown.html", status=404))
    if request.method == "POST":
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        opt_out.stop(delivery=delivery, source="one-click" if one_click else "stop page", now=timezone.now())
    language = page_language(delivery.patient.language)
    with translation.override(language):
        context = {"stopped": request.method == "POST", "spanish": language == "es"}
        return _without_traces(render(request, "clinic/stop.html", context))


def _without_traces(response: HttpResponse) -> HttpResponse:
    """The address is a right: no other page learns it, no search engine keeps it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
