"""The plan on one sheet of paper, in the patient's language, in ordinary or large text; with a code that leads back."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from aftercare.expected_course import all_words
from aftercare.issuing import running_plans, upcoming_visits
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import portal_reader
from aftercare.presenters.calls import whom_to_call
from aftercare.presenters.sheet import sheet_of
from aftercare.stocking_told import told_to
from aftercare.views.preferences import TEXT_COOKIE
from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.models import Clinic, Patient
from clinic.paper_link import paper_link
from clinic.portal import LINK_LIFETIME
from clinic.requests import SignedInRequest
from sessions_app.own_wait import is_held
from sessions_app.presenters.handover import qr_of

LARGE = "large"
LANGUAGES = ("en", "es")


@requires(Permission.OWN_PLAN)
@require_safe
def own_print(request: SignedInRequest) -> HttpResponse:
    """The patient's own sheet; nothing comes from the address but the size of the text, otherwise the device's."""
    patient = Patient.objects.visible_to(request.user).first()
    if patient is None:
        raise Http404
    with translation.override(page_language(patient.language)):
        return render(
            request,
            "aftercare/print.html",
            _page(request, patient, patient.language, request.clinic, is_large=_is_large(request)),
        )


@requires(Permission.CARED_PLAN)
@require_safe
def care_print(request: SignedInRequest, carer_id: UUID) -> HttpResponse:
    """The sheet for who looks with a patient, in the reader's language; `language` chooses another. No code."""
    reader = portal_reader(request, carer_id)
    language = _language(request, reader.language)
    context = _page(request, reader.patient, language, request.clinic, is_large=_is_large(request), is_carer=True)
    with translation.override(page_language(reader.language)):
        return render(
            request, "aftercare/print.html", {**context, "reader": reader, "home_url": address_of("today", reader)}
        )


@requires(Permission.VIEW_PLAN)
@require_safe
def plan_print(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The same sheet for staff to hand over; `language` chooses another than the patient's. Printing is reading."""
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=public_id)
    language = _language(request, patient.language)
    audit.record("plan read", by=request.user, subject=patient, patient=patient, page="print")
    is_large = request.GET.get("text") == LARGE  # the staff's own size is not the patient's
    context = {**_page(request, patient, language, request.clinic, is_large=is_large), "patient": patient}
    return render(request, "aftercare/print_staff.html", context)


def _language(request: HttpRequest, usual: str) -> str:
    asked = request.GET.get("language", "")
    return asked if asked in LANGUAGES else usual


def _is_large(request: HttpRequest) -> bool:
    """As the address says; without that, as the reader's device is set."""
    return request.GET.get("text", request.COOKIES.get(TEXT_COOKIE)) == LARGE


def _page(
    request: HttpRequest,
    patient: Patient,
    language: str,
    clinic: Clinic,
    *,
    is_large: bool,
    is_carer: bool = False,
) -> dict[str, object]:
    sheet = paper(patient, language=language, clinic=clinic, is_large=is_large, now=timezone.now(), is_carer=is_carer)
    return {"sheet": sheet, "is_large": is_large, "language": language}


def paper(
    patient: Patient, *, language: str, clinic: Clinic, is_large: bool, now: datetime, is_carer: bool = False
) -> SafeString:
    """The sheet as HTML in `language`, with its own `lang`. Six queries. The code's link ends with the plan.

    A carer's has no code: it leads to codes for the patient, and a way in is not for a carer to hand on.
    """
    plans = running_plans(patient, now=now)
    visits = upcoming_visits(patient, now=now)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)  # the same code on each print of a day
    ends_at = max((row.ends_at for row in plans), default=today + LINK_LIFETIME)
    with translation.override(page_language(language)):
        sheet = sheet_of(
            patient,
            plans,
            visit=visits[0] if visits else None,
            words=all_words(),
            clinic=clinic,
            now=now,
            told=told_to(patient, now),
            is_carer=is_carer,
            is_held=not is_carer and not visits and is_held(patient, clinic=clinic, now=now),
        )
        calls = whom_to_call(clinic, sheet.watch_until)
        sheet = sheet.in_large_text() if is_large else sheet.on_one_page(other_length=_length(calls))
        context = {
            "sheet": sheet,
            "clinic": clinic,
            "language": language,
            "is_large": is_large,
            "setting": sheet.setting(other_length=_length(calls), is_large=is_large),
            "has_picture": not is_large and sheet.has_room_for_picture(other_length=_length(calls)),
            "qr": "" if is_carer else qr_of(paper_link(patient, ends_at)),
            "whom_to_call": calls,
        }
        return render_to_string("aftercare/_sheet.html", context)


def _length(html: SafeString) -> int:
    return len(" ".join(strip_tags(html).split()))
