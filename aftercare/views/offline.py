"""What a phone may keep of the portal, and how: the worker, the manifest, the kept plan and the page without network.

The worker (`static/js/sw.js`) is told here which files those pages need; everything else about it is in the file.
"""

import json
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.expected_course import all_words
from aftercare.issuing import running_plans, upcoming_visits
from aftercare.portal_patient import Reader
from aftercare.presenters.calls import whom_to_call
from aftercare.presenters.sheet import LastingClock, sheet_of
from aftercare.presenters.symptoms import QUESTIONS
from aftercare.views.checkin_reports import kept_reports
from aftercare.views.preferences import plan_shape
from clinic import reader
from clinic.access import Permission, public, requires
from clinic.language import page_language
from clinic.models import Clinic, Patient
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app.own_wait import is_held

WORKER = "js/sw.js"
# What the two pages below are drawn with.
FILES = (
    "vendor/bootstrap/bootstrap-patient.min.css",
    "css/tokens.css",
    "css/base.css",
    "css/patient.css",
    "css/today.css",
    "css/kept.css",
    "js/theme.js",
    "js/ui.js",
    "js/offline.js",
    "img/icons.svg",
    "img/favicon.svg",
)
# Below these addresses everything is of the patient who is signed in.
_OWN_PARTS = (
    "aftercare:today",
    "aftercare:how",
    "aftercare:print",
    "aftercare:preferences",
    "sessions_app:portal_visits",
    "sessions_app:own_consents",
)
ICONS = (("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"))
# In the language in which they are read: the page has two.
_SIGNS = [question.words for question in QUESTIONS]
_CANVAS, _ACCENT = "#f4f5f2", "#0b5c65"


@public
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker under an address at the root, so that it sees every page; it holds no data of anybody."""
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    settings = {
        "version": _version(clinic),
        "files": [static(name) for name in FILES],
        "today": reverse("aftercare:today"),
        "kept": reverse("aftercare:kept"),
        "offline": reverse("aftercare:offline"),
        "notSent": f"{reverse('aftercare:offline')}?sent=no",
        # What patients read of themselves. A carer's pages, a link's and those of staff are about somebody else, who
        # may be read of on this very phone: nothing stands in for them.
        "ownPages": [reverse("home"), reverse("account_request_login_code")],  # the way in, and where a phone starts
        "ownParts": [reverse(name) for name in _OWN_PARTS],
        # Addresses that begin with a link's secret: who opens one may be somebody else.
        "links": reverse("aftercare:plan_link", args=["x"]).removesuffix("x/"),
        # Shown after a report was sent: the copy then knows of it too.
        "reports": reverse("aftercare:how_reports"),
        # Forms that end a session or begin one.
        "turns": [reverse("account_logout"), reverse("account_confirm_login_code"), reverse("account_login")],
        "reader": reader.HEADER,
    }
    text = f"const LEGWORK = {json.dumps(settings)};\n{_text_of(WORKER)}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def _file(name: str) -> Path:
    found = finders.find(name)
    assert isinstance(found, str), f"static/{name} is part of the program"
    return Path(found)


def _text_of(name: str) -> str:
    return _file(name).read_text()


def _version(clinic: Clinic) -> str:
    """Changes with any of the files and of the pages, so that a worker of before fetches them anew.

    The pages hold numbers to call: a worker that kept the old ones would send somebody in need to nobody.
    """
    names = (WORKER, *FILES)
    files = _hash_of(tuple((name, _file(name).stat().st_mtime_ns) for name in names), static(FILES[0]))
    return sha256(f"{files}{_pages(clinic)}".encode()).hexdigest()[:12]


def _pages(clinic: Clinic) -> str:
    """The pages without network in each language, of either kind."""
    texts = []
    for language in ("en-gb", "es"):
        with translation.override(language):
            texts += [_offline_page(clinic, was_not_sent=was_not_sent) for was_not_sent in (False, True)]
    return "".join(texts)


@lru_cache(maxsize=8)
def _hash_of(written: tuple[tuple[str, int], ...], address: str) -> str:
    """Of the files by name and moment of writing; files of one checkout may share the moment."""
    contents = b"".join(_file(name).read_bytes() for name, _ in written)
    return sha256(contents + address.encode()).hexdigest()[:12]


@public
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """For the home screen, under the clinic's neutral name: others see it there."""
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    start = reverse("account_request_login_code")  # who is signed in is led on to the own page
    return JsonResponse(
        {
            "id": reverse("home"),
            "name": clinic.message_name,
            "short_name": clinic.message_name,
            "lang": translation.get_language(),
            "start_url": start,
            "scope": reverse("home"),
            "display": "standalone",
            "background_color": _CANVAS,
            "theme_color": _ACCENT,
            "icons": [
                {"src": static(icon_file(sizes, purpose)), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for sizes, purpose in ICONS
            ],
        },
        content_type="application/manifest+json",
    )


def icon_file(sizes: str, purpose: str) -> str:
    """`img/icon-512-maskable.png`; drawn by `python -m tools.icons`."""
    suffix = "" if purpose == "any" else f"-{purpose}"
    return f"img/icon-{sizes.partition('x')[0]}{suffix}.png"


@public
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What stands in for any page without network when nothing is kept: whom to call, in both languages, of nobody.

    With `sent=no` it first says that what was just entered has not left the phone.
    """
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    return HttpResponse(_offline_page(clinic, was_not_sent=request.GET.get("sent") == "no"))


def _offline_page(clinic: Clinic, *, was_not_sent: bool) -> str:
    neutral = SimpleNamespace(
        name=clinic.message_name,
        phone=clinic.phone,
        phone_hours_told=lambda: clinic.phone_hours_told,  # in each of the page's languages
        out_of_hours_phone=clinic.out_of_hours_phone,
        emergency_number=clinic.emergency_number,
    )
    context = {"clinic": neutral, "was_not_sent": was_not_sent, "languages": _both(), "signs": _SIGNS}
    return render_to_string("aftercare/offline.html", context)


def _both() -> list[str]:
    """The reader's first."""
    spoken = translation.get_language() or "en-gb"
    return ["es", "en-gb"] if spoken.startswith("es") else ["en-gb", "es"]


@requires(Permission.OWN_PLAN)
@require_safe
def kept(request: SignedInRequest) -> HttpResponse:
    """The plan for the worker to keep: every date in full, the moment it was made, no form and no token on it.

    Rendered without the request, because nothing of the session belongs on it: neither the token of its forms nor the
    words that wait for its next page.
    """
    now = timezone.now()
    patient = Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    visits = upcoming_visits(patient, now=now)
    with translation.override(page_language(patient.language)):
        reports = kept_reports(request, Reader(patient), _lasting_clock(patient, request.clinic, now), now)
        sheet = sheet_of(
            patient,
            running_plans(patient, now=now),
            visit=visits[0] if visits else None,
            words=all_words(),
            clinic=request.clinic,
            now=now,
            told=reports["told"] if reports else None,
            is_held=not visits and is_held(patient, clinic=request.clinic, now=now),
        )
        context = {
            "sheet": sheet,
            "clinic": request.clinic,
            "home_url": reverse("aftercare:today"),
            "whom_to_call": whom_to_call(request.clinic, sheet.watch_until),
            "plan_shape": plan_shape(request),
            "reports": reports if reports and reports["lines"] else None,
        }
        response = HttpResponse(render_to_string("aftercare/kept.html", context))
        response.headers["Content-Language"] = translation.get_language()
    return response


def _lasting_clock(patient: Patient, clinic: Clinic, now: datetime) -> LastingClock:
    return LastingClock(clinic.zone, local_date(now, clinic.zone), ZoneInfo(patient.time_zone))
