"""What is answered when something breaks: a database that is away is no fault of the page, and comes back.

And when a form comes with a token that is none, or that was changed by a sign-in meanwhile.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import csrf
from django.views.decorators.csrf import requires_csrf_token

from clinic.access import public
from clinic.gate import NotTaken, answer_not_taken

RETRY_AFTER_SECONDS = 5


@public
@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After while the database does not answer, otherwise 500. Neither page asks the database."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = HttpResponse(render_to_string("503.html"), status=503)
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    return HttpResponse(render_to_string("500.html"), status=500)


@public
def old_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the page for it, unless somebody must be told more than to try again. `reason` is Django's, for its log."""
    not_taken = answer_not_taken(request, why=NotTaken.OLD_FORM, status=403)
    return not_taken or csrf.csrf_failure(request, reason=reason)
