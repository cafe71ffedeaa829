"""Calendars out: the file of one visit, the page of one's own calendar address, and what that address answers."""

import hashlib
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_POST, require_safe

from clinic import throttle
from clinic.access import Permission, public, requires
from clinic.gate import get_visible_or_404
from clinic.models import Clinic
from clinic.requests import SignedInRequest
from sessions_app import feeds
from sessions_app.calendar_files import CONTENT_TYPE, FILE_NAME, Method, calendar_file, feed_file
from sessions_app.models import Appointment, CalendarFeed


@requires(Permission.SIGN_IN)
@require_safe
def appointment_ics(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The calendar file of a visit: for staff who see the schedule, and for the patient whose visit it is."""
    visible = Appointment.objects.visible_to(request.user).select_related("entry__patient")
    visit = get_visible_or_404(visible, request=request, public_id=public_id)
    method: Method = "CANCEL" if visit.status == Appointment.Status.CANCELLED else "PUBLISH"
    return HttpResponse(
        calendar_file(visit, method=method, clinic=request.clinic),
        content_type=f"{CONTENT_TYPE}; method={method}",
        headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"'},
    )


@requires(feeds.NEEDS)
@require_safe
def calendar(request: SignedInRequest) -> HttpResponse:
    """The person's calendar address: what it shows, since when it lives, when it was last read."""
    return _page(request)


@requires(feeds.NEEDS)
@require_POST
def calendar_address(request: SignedInRequest) -> HttpResponse:
    """Make or renew the address. The answer shows it, this once; it is never stored, so it cannot be redirected to."""
    secret = feeds.make_address(user=request.user, by=request.user, now=timezone.now())
    return _page(request, address=f"{settings.BASE_URL}{reverse('sessions_app:feed', args=[secret])}")


@requires(feeds.NEEDS)
@require_POST
def calendar_end(request: SignedInRequest) -> HttpResponse:
    if feeds.end_address(user=request.user, by=request.user, now=timezone.now()):
        messages.success(request, "Your calendar address has ended. Calendars that used it get nothing more.")
    return redirect("sessions_app:calendar")


def _page(request: SignedInRequest, address: str = "") -> HttpResponse:
    context = {"address": address, "feed": feeds.address_of(request.user)}
    return render(request, "sessions_app/feed.html", context)


@public
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """What the secret address answers: the visits as a calendar, "not changed", or 404 as if it never was.

    No Last-Modified: a visit that is cancelled or moved to a colleague leaves nothing here to take a time from, and a
    wrong one would freeze a calendar. The entity tag is made of the very bytes.
    """
    try:
        found = _found(request, secret)
    except throttle.TooMany as error:
        return HttpResponse(status=429, headers={"Retry-After": str(error.seconds)})
    now, clinic = timezone.now(), Clinic.current()
    body = feed_file(feeds.visits_of(found.user, clinic=clinic, now=now), clinic=clinic)
    feeds.note_read(found, now=now)
    etag = quote_etag(hashlib.sha256(body).hexdigest())
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(body, content_type=CONTENT_TYPE)
    response["ETag"] = etag
    response["Content-Disposition"] = 'inline; filename="visits.ics"'
    return response


def _found(request: HttpRequest, secret: str) -> CalendarFeed:
    """Counted per host for those who guess and per feed for those who know: neither locks the other out."""
    found = feeds.feed_of(secret)
    if found is None:
        throttle.count(request, "calendar_feed_missed", key="")
        raise Http404
    throttle.count(request, "calendar_feed", key=found.token_hash)
    return found
