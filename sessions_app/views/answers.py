"""How a change is answered: to htmx with events that close the dialog and refresh the board, else with a page."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from clinic.requests import SignedInRequest
from sessions_app.presenters.freed import FreedLine

REFRESH = "day:refresh"


def done(
    request: SignedInRequest,
    text: str,
    *,
    back: str,
    undo: str = "",
    level: str = "",
    leave: bool = False,
    more: FreedLine | None = None,
) -> HttpResponse:
    """What was done, said in a toast. `undo` takes a POST; `back` is where a browser without script goes.

    With `leave` htmx goes there too, for a change that makes the present page pointless. `more` adds who waits for the
    time that became free, and a link to them.
    """
    text = f"{text} {more.words}" if more else text
    if request.htmx and not leave:
        response = HttpResponse(status=204)
        toast: dict[str, Any] = {"text": text, "undo": undo, "level": level}
        if undo:
            toast["undo_minutes"] = request.clinic.change_grace_minutes
        if more:
            toast["more"] = {"words": "Offer it", "url": more.url}
        response["HX-Trigger"] = json.dumps({"dialog:close": True, REFRESH: True, "toast": toast})
        return response
    add = messages.error if level == "error" else messages.success
    add(request, text, extra_tags=f"undo:{undo}" if undo else "")
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = back
        return response
    return redirect(back)
