"""The patient's answers for a day. One press when it went well; a page with reasons and help when it did not.

Looking writes nothing. The address does not say what is answered.
"""

import uuid
from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from aftercare.expected_course import Words, all_words, help_with
from aftercare.forms.ticks import TickForm
from aftercare.issuing import upcoming_visits
from aftercare.models import Tick
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader, portal_reader
from aftercare.presenters.checkin_reports import clock_for
from aftercare.presenters.stocking_help import help_words
from aftercare.presenters.stocking_told import off_sentence
from aftercare.presenters.ticks import answer_page, answered_toast, refused_words
from aftercare.stocking_told import StockingTold, told_to
from aftercare.ticks import DAYS_BACK, answer_day, answers_of, helps_with, is_asked
from clinic.access import Permission, requires
from clinic.language import page_language
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused


@requires(Permission.OWN_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: SignedInRequest, task: Tick.Task) -> HttpResponse:
    return _answer(request, portal_reader(request), task)


@requires(Permission.CARED_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def care_answer(request: SignedInRequest, carer_id: UUID, task: Tick.Task) -> HttpResponse:
    """The same for somebody whom the patient lets answer; 404 for one who may look only."""
    reader = portal_reader(request, carer_id)
    if not reader.may_answer:
        raise Http404
    return _answer(request, reader, task)


def _answer(request: SignedInRequest, reader: Reader, task: Tick.Task) -> HttpResponse:
    with translation.override(page_language(reader.language)):
        if request.method == "POST":
            return _save(request, reader, task)
        return _page(request, reader, task, _day_in(request))


def _save(request: SignedInRequest, reader: Reader, task: Tick.Task) -> HttpResponse:
    form = TickForm(request.POST)
    if not form.is_valid():
        return _page(request, reader, task, form.cleaned_data.get("day"), form=form)
    typed = form.cleaned_data
    if "press" in request.POST and typed["day"] != _today(request):
        # A page that stayed open over midnight: what is pressed there means now, not the day that it shows.
        messages.warning(request, gettext("A new day has begun. Look at it, then answer."))
        return redirect(address_of("today", reader))
    try:
        tick = answer_day(
            patient=reader.patient,
            task=task,
            day=typed["day"],
            answer=typed["answer"],
            reason=typed["reason"],
            request_key=typed["request_key"],
            by=request.user,
        )
    except Refused as refused:
        return _page(request, reader, task, None, form=form, problem=refused_words(refused))
    now = timezone.now()
    off = _off_sentence(request, reader, _told(reader, task, now), now)
    if off and tick.answer == Tick.Answer.YES:
        # A page from before the report, or one opened by hand: what it says is kept, and not left without a word.
        messages.warning(request, off)
    else:
        messages.success(request, answered_toast(tick))
    if tick.answer == Tick.Answer.YES:
        return redirect(f"{address_of('today', reader)}#{'now' if task is Tick.Task.STOCKING else 'walk'}")
    day = "" if tick.date == _today(request) else f"?day={tick.date.isoformat()}"
    return redirect(f"{address_of(f'answer_{task}', reader)}{day}")


def _page(
    request: SignedInRequest,
    reader: Reader,
    task: Tick.Task,
    day: date | None,
    *,
    form: TickForm | None = None,
    problem: str = "",
) -> HttpResponse:
    """What was said of the day, what helps, and the form to say it or to say it anew."""
    today = _today(request)
    day = day if day is not None and 0 <= (today - day).days <= DAYS_BACK else today
    tick = answers_of(reader.patient, first=day, last=day).get((day, task.value))
    found = _help_with(tick)
    now = timezone.now()
    clock = clock_for(reader, request.clinic, now)
    told = _told(reader, task, now)
    off = _off_sentence(request, reader, told, now)
    calls = _calls_for(tick) and not (told and told.is_emergency)  # in an emergency its call is the only one
    context = {
        "reader": reader,
        "page": answer_page(
            task,
            day,
            today=today,
            tick=tick,
            help_text=found.text(translation.get_language()) if found and not off else "",  # it says to keep it on
        ),
        "off_sentence": off,
        "help_words": help_words(reader.patient, clock, now) if calls else None,
        "is_asked": is_asked(reader.patient, task, day, now=now),
        "form": form,
        "problem": problem,
        "request_key": uuid.uuid4(),
        "chosen": form["answer"].value() if form else (tick.answer if tick else ""),
        "chosen_reason": form["reason"].value() if form else (tick.reason if tick else ""),
        "home_url": address_of("today", reader),
        "how_url": address_of("how", reader),
    }
    status = 409 if problem else 422 if form is not None else 200
    return render(request, "aftercare/tick.html", context, status=status)


def _told(reader: Reader, task: Tick.Task, now: datetime) -> StockingTold | None:
    """What open reports say of the stocking; nothing where it is not about it. One query."""
    return told_to(reader.patient, now) if task is Tick.Task.STOCKING else None


def _off_sentence(request: SignedInRequest, reader: Reader, told: StockingTold | None, now: datetime) -> str:
    """That the stocking is to be off, by a report that is open or by a clinician's word; else empty. One query."""
    if told is None or not told.is_off:
        return ""
    visits = upcoming_visits(reader.patient, now=now) if told.said else []
    return off_sentence(
        told,
        clock_for(reader, request.clinic, now),
        seen_at=visits[0].starts_at if visits else None,
        is_carer=reader.carer is not None,
    )


def _calls_for(tick: Tick | None) -> bool:
    return tick is not None and tick.task == Tick.Task.STOCKING and helps_with([tick.reason])


def _help_with(tick: Tick | None) -> Words | None:
    if tick is None or not tick.reason:
        return None
    return help_with(tick.task, tick.reason, all_words(), is_off=tick.answer == Tick.Answer.NO)


def _today(request: SignedInRequest) -> date:
    return local_date(timezone.now(), request.clinic.zone)


def _day_in(request: SignedInRequest) -> date | None:
    """The day that the address asks for; None for what is no date."""
    try:
        return datetime.strptime(request.GET.get("day", ""), "%Y-%m-%d").date()  # noqa: DTZ007  (a date has no zone)
    except ValueError:
        return None
