"""Forms on pages whose address is a secret. Such a page says "no-referrer", and then browsers send `Origin: null`."""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

from clinic.access import ViewFunction


class _TokenAndFetchSite(CsrfViewMiddleware):
    """Django's check with its token, where an origin that the browser withheld is judged by `Sec-Fetch-Site`."""

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] == "null":
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return bool(super()._origin_verified(request))  # type: ignore[misc]


_checked = decorator_from_middleware(_TokenAndFetchSite)


def csrf_without_referrer(view: ViewFunction) -> ViewFunction:
    """The form still needs its token; only the missing origin does not count against it."""
    return csrf_exempt(_checked(view))
