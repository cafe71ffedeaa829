"""Pages that exist in the demo only; production settings do not know their addresses."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import public
from clinic.notifications.outbox import sent_letters


@public
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Every message of the demo, codes included. Public, because a demo patient finds the code for signing in here."""
    if not settings.DEMO:
        raise Http404
    to = request.GET.get("to", "").strip().lower()[:254]
    letters = sent_letters(to=to)
    return render(request, "clinic/demo_outbox.html", {"letters": letters, "to": to})


@public
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The gallery: every component in its states, for those who build pages."""
    if not settings.DEMO:
        raise Http404
    return render(request, "components/gallery.html")
