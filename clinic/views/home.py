"""The front door: everybody is sent to the page they start from."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic.access import public
from clinic.accounts import home_of


@public
def home(request: HttpRequest) -> HttpResponse:
    return redirect(home_of(request.user))
