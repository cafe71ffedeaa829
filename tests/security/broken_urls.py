"""The product's addresses, and some that break in the ways that an address can."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.urls import path

from clinic.access import public
from clinic.urls import handler429
from clinic.urls import urlpatterns as product


def raising(error):
    @public
    def view(request):
        raise error

    return view


@public
def waiting(request):
    return handler429(request)


urlpatterns = [
    path("broken/400/", raising(SuspiciousOperation("bad"))),
    path("broken/403/", raising(PermissionDenied())),
    path("broken/404/", raising(Http404())),
    path("broken/429/", waiting),
    path("broken/500/", raising(ZeroDivisionError())),
    path("broken/database/", raising(OperationalError("away"))),
    *product,
]
