"""Whose page an answer is, as a word that names nobody: what is kept on a phone is thrown away when it changes.

The word is a keyed hash of the account. Only its holder's own pages, and pages behind a link to it, carry it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from clinic.models import User

HEADER = "X-Reader"
_LENGTH = 32


def mark(response: HttpResponse, user: User | None) -> None:
    """Say whose page this is; None is somebody who has no account yet, and so is no reader before."""
    response.headers[HEADER] = _word(str(user.public_id)) if user is not None else "none"


def _word(text: str) -> str:
    return salted_hmac("clinic.reader", text, algorithm="sha256").hexdigest()[:_LENGTH]


class MarkReader:
    """Middleware: every answer to somebody who is signed in says for whom it is; other answers say nothing.

    `static/js/sw.js` compares. An answer to nobody in particular leaves the kept copy alone: a session that ended by
    itself, the network's own pages and errors are no reason to lose it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and HEADER not in response.headers:
            mark(response, request.user)
        return response
