"""What every page of "How are you?" has: its reader, the reports that this reader sees, and the reader's language."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation

from aftercare.models import SymptomReport
from aftercare.models.report import SymptomReportQuerySet
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader, portal_reader
from clinic.language import page_language
from clinic.requests import SignedInRequest


def reader_of(request: SignedInRequest, carer_id: UUID | None) -> Reader:
    """The patient, or the carer by whose address it was asked; who may only look is refused (403)."""
    reader = portal_reader(request, carer_id)
    if not reader.may_answer:
        raise PermissionDenied
    return reader


def reports_of(request: SignedInRequest, reader: Reader) -> SymptomReportQuerySet:
    """Patients see all reports about them, carers their own about this patient."""
    about = SymptomReport.objects.filter(patient=reader.patient)
    return about.filter(reported_by=request.user) if reader.carer else about


def page_of(
    request: SignedInRequest, reader: Reader, name: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The template `aftercare/checkin/<name>.html` with the addresses that each of these pages links to."""
    with translation.override(page_language(reader.language)):
        addresses = {
            "home_url": address_of("today", reader),
            "how_url": address_of("how", reader),
            "reports_url": address_of("how_reports", reader),
        }
        response = render(
            request, f"aftercare/checkin/{name}.html", {**context, **addresses, "reader": reader}, status=status
        )
        response.headers["Content-Language"] = translation.get_language() or ""
        return response
