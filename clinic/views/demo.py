"""Pages that exist in the demo only; production settings do not know their addresses."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import public
from clinic.demo import names_behind
from clinic.notifications.outbox import attachment_of, sent_letters


@public
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Every message of the demo, to patients and to staff, codes included.

    Public, because a demo patient finds the code for signing in here.
    """
    if not settings.DEMO:
        raise Http404
    to = request.GET.get("to", "").strip().lower()[:254]
    letters = sent_letters(to=to)
    names = names_behind({letter.to for letter in letters})
    named = [(letter, names.get(letter.to, "")) for letter in letters]
    return render(request, "clinic/demo_outbox.html", {"letters": named, "to": to})


@public
@require_safe
def attachment(request: HttpRequest, letter: UUID, number: int) -> HttpResponse:
    """A file that went with a message of the demo."""
    found = attachment_of(letter, number) if settings.DEMO else None
    if found is None:
        raise Http404
    return HttpResponse(
        found.text,
        content_type=found.content_type,
        headers={"Content-Disposition": f'attachment; filename="{found.name}"'},
    )


@public
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The gallery: every component in its states, for those who build pages."""
    if not settings.DEMO:
        raise Http404
    return render(request, "components/gallery.html")
