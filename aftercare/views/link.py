"""The page behind a link in a message. Looking at it does nothing; its button sends a one-time code."""

from types import SimpleNamespace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from clinic import portal, reader
from clinic.access import public
from clinic.language import page_language, speak_to
from clinic.models import Clinic, Patient
from clinic.no_referrer import csrf_without_referrer


@public
@csrf_without_referrer
@require_http_methods(["GET", "HEAD", "POST"])
def plan_link(request: HttpRequest, secret: str) -> HttpResponse:
    """GET: a page with a button and nothing of anybody. POST: the code goes out, and the secret leaves the address."""
    link = portal.find_link(secret, timezone.now())
    if link is None:
        return _page(request, "link_ended", status=404)
    if request.user.is_authenticated and request.user.pk == link.patient.user_id:
        # Signed in already: a second code would be in the way.
        return _without_traces(redirect(portal.page_of(link.leads_to) or "aftercare:today"))
    with translation.override(page_language(link.patient.language)):
        if request.method != "POST":
            return _for_reader(_page(request, "link"), link.patient)
        if not link.patient.email:
            return _for_reader(_page(request, "link_no_address"), link.patient)
        portal.send_code(request, link)
        return _without_traces(speak_to(redirect("account_confirm_login_code"), link.patient))


def _page(request: HttpRequest, name: str, *, status: int = 200) -> HttpResponse:
    """A page under the clinic's neutral name: an address that anybody may find must not say what is treated there."""
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    neutral = SimpleNamespace(name=clinic.message_name, phone=clinic.phone, emergency_number=clinic.emergency_number)
    return _without_traces(render(request, f"aftercare/{name}.html", {"clinic": neutral}, status=status))


def _for_reader(response: HttpResponse, patient: Patient) -> HttpResponse:
    """What this device keeps of another patient goes as soon as the link of this one is opened."""
    reader.mark(response, patient.user)
    return response


def _without_traces(response: HttpResponse) -> HttpResponse:
    """The address holds a secret: no other page learns it, no search engine keeps it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
