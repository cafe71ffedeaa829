"""What became of a report, for who gave it: its page, the list, and the line on the page of today."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.models.report import SymptomReportQuerySet
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader
from aftercare.presenters import checkin_reports as words
from aftercare.presenters.checkin import emergency_of
from aftercare.reports import newest_treated
from aftercare.views.checkin_page import page_of, reader_of, reports_of
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.requests import SignedInRequest
from sessions_app.worked import worked

_MOST_SHOWN = 50


@requires(Permission.CARED_PLAN)
@require_safe
def report(request: SignedInRequest, report_id: UUID, carer_id: UUID | None = None) -> HttpResponse:
    """What was sent, by when somebody answers, and what became of it."""
    reader = reader_of(request, carer_id)
    found = get_visible_or_404(
        reports_of(request, reader).with_answered().select_related("reported_by"), request=request, public_id=report_id
    )
    now, clinic = timezone.now(), request.clinic
    with translation.override(page_language(reader.language)):
        shown = words.report_page(
            found,
            steps=list(found.steps.select_related("by")),
            clinic=clinic,
            clock=words.clock_for(reader, clinic, now),
            opened=worked(clinic, now) if found.closed_at is None else (),
            now=now,
            reader=reader,
        )
        context = {
            "report": shown,
            "told_language": page_language(found.language),
            "emergency": emergency_of(clinic, newest_treated(reader.patient, now)),
        }
        return page_of(request, reader, "report", context)


@requires(Permission.CARED_PLAN)
@require_safe
def reports(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """What the reader reported so far, newest first."""
    reader, now = reader_of(request, carer_id), timezone.now()
    clock = words.clock_for(reader, request.clinic, now)
    with translation.override(page_language(reader.language)):
        newest = _told(reports_of(request, reader)).with_reached()[:_MOST_SHOWN]
        lines = words.report_lines(newest, clock, now=now, reader=reader)
        addressed = [(line, address_of("how_report", reader, line.public_id)) for line in lines]
        return page_of(request, reader, "reports", {"lines": addressed})


def open_report(request: SignedInRequest, reader: Reader) -> dict[str, Any] | None:
    """The newest report that waits for its answer, for the page of today; None without one. At most two queries."""
    waits = reports_of(request, reader).open()
    # Nearly nobody has one, and asking what became of it is long.
    waiting = _told(waits).first() if reader.may_answer and waits.exists() else None
    if waiting is None:
        return None
    now = timezone.now()
    return {
        "line": words.report_lines([waiting], words.clock_for(reader, request.clinic, now), now=now, reader=reader)[0],
        "late": words.late_words(waiting, now),
        "url": address_of("how_report", reader, waiting.public_id),
    }


def _told(reports: SymptomReportQuerySet) -> SymptomReportQuerySet:
    """Newest first, with what a line about each needs."""
    return reports.with_answered().select_related("taken_by", "reported_by").order_by("-reported_at", "-pk")
