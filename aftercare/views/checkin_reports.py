"""What became of a report, for who gave it: its page, the list, what the page of today says, and the kept copy."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, QuerySet
from django.http import HttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.models import SymptomReport
from aftercare.models.report import SymptomReportQuerySet
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader
from aftercare.presenters import checkin_reports as words
from aftercare.presenters.checkin import emergency_of
from aftercare.presenters.words import Clock
from aftercare.reports import newest_treated
from aftercare.stocking_told import StockingTold, told_by
from aftercare.views.checkin_page import page_of, reader_of, reports_of
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.models import Clinic
from clinic.prepared import Blank, Prepared
from clinic.protocol.zones import start_of_day
from clinic.requests import SignedInRequest
from sessions_app.worked import worked

_MOST_SHOWN = 50
_MOST_OPEN = 5  # on the page of today
_DAY = timedelta(days=1)


@requires(Permission.CARED_PLAN)
@require_safe
def report(request: SignedInRequest, report_id: UUID, carer_id: UUID | None = None) -> HttpResponse:
    """What was sent, by when somebody answers, and what became of it."""
    reader = reader_of(request, carer_id)
    now, clinic = timezone.now(), request.clinic
    found = get_visible_or_404(reports_of(request, reader).for_givers(now), request=request, public_id=report_id)
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
        newest = reports_of(request, reader).for_givers(now).order_by("-reported_at", "-pk")[:_MOST_SHOWN]
        lines = words.report_lines(newest, clock, now=now, reader=reader)
        addressed = [(line, address_of("how_report", reader, line.public_id)) for line in lines]
        return page_of(request, reader, "reports", {"lines": addressed})


def open_reports(request: SignedInRequest, reader: Reader) -> dict[str, Any] | None:
    """What waits for its answer, or was closed since yesterday, for the page of today, worst first; None without any.

    `lines` are the first few that are open, or else the worst one, and all that ask for a call, each with its address;
    `more` is how many other open ones there are. `emergency` is there while an emergency is not answered; without one
    `step` is the id of the report whose first step leads. `told` is there while one stands against the stocking, also
    one that was closed earlier, for which there is no line. At most three queries, one where there is none.
    """
    now = timezone.now()
    clock = words.clock_for(reader, request.clinic, now)
    yesterday = start_of_day(clock.today - _DAY, request.clinic.zone)
    waits = reports_of(request, reader).about_now(now, closed_since=yesterday)
    # Most have never reported anything, and asking what became of a report is long.
    facts = {"patient": reader.patient.pk, "reader": request.user.pk}
    if not reader.may_answer or not _first_of(is_carer=reader.carer is not None).rows(**facts):
        return None
    found = _shown(waits, request.clinic, reader, clock, now, closed_since=yesterday)
    if found is None:
        return None
    addressed = [(line, address_of("how_report", reader, line.public_id)) for line in found["lines"]]
    return {**found, "lines": addressed, "url": address_of("how_reports", reader)}


@cache
def _first_of(*, is_carer: bool) -> Prepared:
    """Whether there is any report of `reports_of`, which every page of today asks."""

    def make() -> QuerySet[Any, tuple[Any, ...]]:
        given_by = {"reported_by": Blank("reader", BigIntegerField())} if is_carer else {}
        return SymptomReport.objects.filter(patient=Blank("patient", BigIntegerField()), **given_by).values_list("pk")[
            :1
        ]

    return Prepared(make)


def others_report(
    request: SignedInRequest, reader: Reader, own: dict[str, Any] | None, told: StockingTold
) -> dict[str, Any] | None:
    """For a carer, that somebody else's report stands against the plan; None where the carer's own says it already.

    What was reported stays the patient's: a carer must know that help is needed, not why.
    """
    if reader.carer is None or (own and _is_same(own["told"], told)):
        return None
    is_told_by_own = own is not None and own["emergency"] is not None
    if not told.is_emergency or is_told_by_own:
        return {"emergency": None}
    return {"emergency": emergency_of(request.clinic, newest_treated(reader.patient, timezone.now()))}


def _is_same(own: StockingTold | None, all_of_them: StockingTold) -> bool:
    """Whether the carer's own reports say all that is not answered."""
    return own is not None and replace(own, off_for=None) == replace(all_of_them, off_for=None)


def kept_reports(request: SignedInRequest, reader: Reader, clock: Clock, now: datetime) -> dict[str, Any] | None:
    """What waits for its answer, for the copy that a phone keeps: as on the page of today, without a way to anything.

    `clock` names every date. None without any. As for `open_reports`, `told` may be there without a line. At most three
    queries, one where nothing is open.
    """
    waits = reports_of(request, reader).about_now(now)
    return _shown(waits, request.clinic, reader, clock, now)


def _shown(
    reports: SymptomReportQuerySet,
    clinic: Clinic,
    reader: Reader,
    clock: Clock,
    now: datetime,
    *,
    closed_since: datetime | None = None,
) -> dict[str, Any] | None:
    """Of what was closed before `closed_since` nothing but a scan to come and what it means for the stocking.

    None without any report.
    """
    found = list(reports.for_givers(now))
    if not found:
        return None
    waiting = words.worst_first(
        each
        for each in found
        if each.closed_at is None
        or (closed_since is not None and each.closed_at >= closed_since)
        or words.awaits_scan(each, now)
    )
    lines = words.report_lines(waiting, clock, now=now, reader=reader)
    shown = [
        line
        for number, line in enumerate(lines)
        if number == 0
        or (line.is_open and number < _MOST_OPEN)
        or line.late
        or line.missed
        or line.asks_call
        or line.scan
    ]
    is_pressing = any(words.is_pressing(each) for each in waiting)
    urgent = [line.public_id for line in lines if line.is_urgent]
    return {
        "step": urgent[0] if urgent and not is_pressing else "",
        "emergency": emergency_of(clinic, newest_treated(reader.patient, now)) if is_pressing else None,
        "told": told_by(found),
        "lines": shown,
        "more": sum(line.is_open for line in lines) - sum(line.is_open for line in shown),
    }
