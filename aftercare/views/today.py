"""The patient's own page: what to do now, and until when."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aftercare.expected_course import all_words
from aftercare.issuing import upcoming_visits
from aftercare.models import Tick
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader, portal_reader
from aftercare.presenters.calls import whom_to_call
from aftercare.presenters.checkin_reports import clock_for
from aftercare.presenters.stocking_help import HelpWords, help_words
from aftercare.presenters.today import today_page
from aftercare.shown import plans_to_show
from aftercare.stocking_told import StockingTold, told_to
from aftercare.ticks import all_answers_of, may_wait_for_help, newest_of
from aftercare.views.checkin_reports import open_reports, others_report
from aftercare.views.preferences import plan_shape
from clinic.access import Permission, requires
from clinic.language import page_language
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app.own_wait import OwnWait, own_wait
from sessions_app.presenters.own_wait import wait_words

# Ticks are shown on the strip of a week, and in the picture of the plan: of one that holds for longer, the newest.
_ANSWERS_BACK = timedelta(days=90)


@requires(Permission.OWN_PLAN)
@require_safe
def today(request: SignedInRequest) -> HttpResponse:
    """At most fifteen queries whatever there is to show; nothing comes from the address: there is nothing to guess."""
    return today_response(request, portal_reader(request))


def today_response(request: SignedInRequest, reader: Reader) -> HttpResponse:
    """The page for patients of themselves, and for carers, who see no ways to change a visit."""
    with translation.override(page_language(reader.language)):
        response = render(request, "aftercare/today.html", _context(request, reader))
        response.headers["Content-Language"] = translation.get_language()
    return response


def _context(request: SignedInRequest, reader: Reader) -> dict[str, Any]:
    now, patient = timezone.now(), reader.patient
    visits = upcoming_visits(patient, now=now)
    day = local_date(now, request.clinic.zone)
    given = all_answers_of(patient, first=day - _ANSWERS_BACK, last=day + timedelta(days=1))
    answers = newest_of(given)
    reports = open_reports(request, reader)
    told = _told(reader, reports, now)
    own = _own_wait(request, reader, now)
    page = today_page(
        patient=patient,
        shown=plans_to_show(patient, now=now),
        visit=visits[0] if visits else None,
        clinic=request.clinic,
        now=now,
        answers=answers,
        course=all_words(),
        told=told,
        is_carer=reader.carer is not None,
        is_held=bool(own and own.holds),
    )
    return {
        "page": page,
        "as_of": clock_for(reader, request.clinic, now).moment(now),
        "reader": reader,
        "wait": wait_words(own, has_visit=bool(visits), now=now, zone=request.clinic.zone) if own else None,
        "home_url": request.path,
        "print_url": address_of("print", reader),
        "how_url": address_of("how", reader) if reader.may_answer else "",
        "may_answer": reader.may_answer,
        "open_reports": reports if reports and reports["lines"] else None,
        "others_report": others_report(request, reader, reports, told) if told and told.is_open else None,
        "help_words": None if told and told.is_emergency else _help_words(request, reader, given, now),
        "plan_shape": plan_shape(request),
        "well_when": _well_when(request, reader, answers.get((day, Tick.Task.WELL)), now),
        "answer_urls": {task.value: address_of(f"answer_{task}", reader) for task in Tick.OF_PLANS},
        "whom_to_call": whom_to_call(request.clinic, page.watch_until),
    }


def _told(reader: Reader, reports: dict[str, Any] | None, now: datetime) -> StockingTold | None:
    """What stands against the stocking. Carers see their own reports alone, the stocking follows from all of them."""
    if reader.carer is not None:
        return told_to(reader.patient, now)
    return reports["told"] if reports else None


def _own_wait(request: SignedInRequest, reader: Reader, now: datetime) -> OwnWait | None:
    """The wait list is the patient's own business: carers see the visits that are booked."""
    return None if reader.carer is not None else own_wait(reader.patient, clinic=request.clinic, now=now)


def _help_words(request: SignedInRequest, reader: Reader, given: Iterable[Tick], now: datetime) -> HelpWords | None:
    """By when somebody helps with the stocking. Nothing is asked of the database where no answer asked for a call."""
    if not reader.may_answer or not may_wait_for_help(given):
        return None
    return help_words(reader.patient, clock_for(reader, request.clinic, now), now)


def _well_when(request: SignedInRequest, reader: Reader, said: Tick | None, now: datetime) -> str:
    """When whoever reads said today that everything is fine; otherwise empty."""
    if said is None or said.given_by_id != request.user.pk:
        return ""
    return clock_for(reader, request.clinic, now).near(said.given_at)
