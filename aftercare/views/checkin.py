""" "How are you?": three steps, each an ordinary form, then what became of it. For patients, and carers who may report.

The answers wait in the session between the steps (`aftercare.checkin_draft`); a yes to an emergency question, or to a
line that makes one, is filed at once. What to do then stands on the page before anything is sent.
"""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from aftercare.checkin_draft import Draft, draft_of, drop, keep, with_emergency
from aftercare.forms.checkin import NO, QuestionsForm, SymptomsForm, WordsForm, as_typed
from aftercare.models import SymptomReport
from aftercare.models.report import SymptomReportQuerySet
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader, portal_reader
from aftercare.presenters import checkin as words
from aftercare.reports import Said, file_report, newest_session
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused
from sessions_app.requests import openings

logger = logging.getLogger(__name__)
_MOST_SHOWN = 50
_LOOK_OR_SEND = ["GET", "HEAD", "POST"]


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def questions(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 1: what would be an emergency. One yes is filed as soon as it is sent, whatever is not answered yet."""
    reader = _reader(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            given = dict.fromkeys(draft.denied, NO) if draft.is_asked(now) else {}
            return _questions_page(request, reader, QuestionsForm(initial={"key": draft.key, **given}))
        form = QuestionsForm(request.POST)
        if form.yes:
            said = Said(draft.symptoms, form.denied, draft.leg, draft.free_text)
            return _emergency(request, reader, said, form.yes, form) or _questions_page(
                request, reader, form, was_told=False
            )
        if not form.is_valid():
            return _questions_page(request, reader, form)
        keep(request, reader, draft, denied=tuple(form.denied), asked_at=now)
    return redirect(address_of("how_symptoms", reader))


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def symptoms(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 2: the list. `go` is "back" or "keep" (by script, when the page is left) to store without going on."""
    reader = _reader(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            if not draft.is_asked(now):
                return redirect(address_of("how", reader))
            form = SymptomsForm(initial={"key": draft.key})
            return _symptoms_page(request, reader, form, ticked=draft.symptoms)
        form = SymptomsForm(request.POST)
        go = request.POST.get("go")
        if form.more and go not in ("back", "keep"):
            said = Said([*form.ticked], draft.denied, draft.leg, draft.free_text)
            return _emergency(request, reader, said, form.more, form) or _symptoms_page(
                request, reader, form, ticked=form.ticked, was_told=False
            )
        if not form.is_valid() and go not in ("back", "keep"):
            return _symptoms_page(request, reader, form, ticked=form.ticked)
        kept = keep(request, reader, draft, symptoms=tuple(form.ticked))
    return _after(reader, go, kept.is_asked(now), back="how", following="how_words")


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def own_words(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 3: which leg, own words, and what is sent. Sent again it goes to the report that it made."""
    reader = _reader(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            if not draft.is_asked(now):
                return redirect(address_of("how", reader))
            given = {"key": draft.key, "leg": draft.leg, "free_text": draft.free_text}
            return _words_page(request, reader, WordsForm(initial=given), draft)
        form = WordsForm(request.POST)
        go = request.POST.get("go")
        made = _reports(request, reader).filter(request_key=form.sent_key).first()
        if made is not None and made.free_text == as_typed(request.POST.get("free_text", "")):
            return redirect(address_of("how_report", reader, made.public_id))
        if go in ("back", "keep") or not draft.is_asked(now):
            keep(request, reader, draft, **_typed(form))
            return _after(reader, go, draft.is_asked(now), back="how_symptoms", following="how")
        if not form.is_valid():
            return _words_page(request, reader, form, draft)
        draft = keep(request, reader, draft, **_typed(form))
        if draft.said.is_nothing:
            drop(request, reader)
            return redirect(address_of("how_well", reader))
        try:
            report = _file(request, reader, draft.said, draft.key)
        except Refused as refused:
            form.add_error(None, refused.message)
            return _words_page(request, reader, form, draft)
        drop(request, reader)
    return redirect(address_of("how_report", reader, report.public_id))


@requires(Permission.CARED_PLAN)
@require_safe
def well(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Everything was answered with no: nothing was sent, and the page says so."""
    return _page(request, _reader(request, carer_id), "well", {})


@requires(Permission.CARED_PLAN)
@require_safe
def report(request: SignedInRequest, report_id: UUID, carer_id: UUID | None = None) -> HttpResponse:
    """What was sent, by when somebody answers, and what became of it."""
    reader = _reader(request, carer_id)
    found = get_visible_or_404(
        _reports(request, reader).select_related("session"), request=request, public_id=report_id
    )
    now, clinic = timezone.now(), request.clinic
    with translation.override(page_language(reader.language)):
        shown = words.report_page(
            found,
            steps=list(found.steps.select_related("by")),
            clinic=clinic,
            clock=words.clock_for(reader, clinic, now),
            opened=openings(clinic, now) if found.closed_at is None else (),
            now=now,
        )
        context = {
            "report": shown,
            "told_language": page_language(found.language),
            "emergency": words.emergency_of(clinic, found.session),
        }
        return _page(request, reader, "report", context)


@requires(Permission.CARED_PLAN)
@require_safe
def reports(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """What the reader reported so far, newest first."""
    reader = _reader(request, carer_id)
    clock = words.clock_for(reader, request.clinic, timezone.now())
    with translation.override(page_language(reader.language)):
        newest = _reports(request, reader).with_reached().select_related("taken_by").order_by("-reported_at", "-pk")
        rows = list(newest[:_MOST_SHOWN])
        lines = [(line, address_of("how_report", reader, line.public_id)) for line in words.report_lines(rows, clock)]
        return _page(request, reader, "reports", {"lines": lines})


def open_report(request: SignedInRequest, reader: Reader) -> dict[str, Any] | None:
    """The newest report that waits for its answer, for the page of today; None without one. One query."""
    waiting = _reports(request, reader).open().select_related("taken_by").order_by("-reported_at", "-pk").first()
    if waiting is None or not reader.may_answer:
        return None
    now = timezone.now()
    line = words.report_lines([waiting], words.clock_for(reader, request.clinic, now))[0]
    return {
        "line": line,
        "late": words.late_words(waiting, now),
        "url": address_of("how_report", reader, waiting.public_id),
    }


# --- pages -------------------------------------------------------------------------------------------------------


def _questions_page(
    request: SignedInRequest, reader: Reader, form: QuestionsForm, *, was_told: bool = True
) -> HttpResponse:
    context = {
        "form": form,
        "asks": (asked := words.asks(form)),
        "missing": [ask.key for ask in asked if ask.error] if was_told else [],
        "has_reports": _reports(request, reader).exists() if was_told else False,
    }
    return _step(request, reader, "questions", context, was_told=was_told)


def _symptoms_page(
    request: SignedInRequest, reader: Reader, form: SymptomsForm, *, ticked: Any, was_told: bool = True
) -> HttpResponse:
    more = form.more if form.is_bound else ()
    context = {"form": form, "topics": words.topics(ticked, more, request.clinic)}
    return _step(request, reader, "symptoms", context, was_told=was_told)


def _words_page(request: SignedInRequest, reader: Reader, form: WordsForm, draft: Draft) -> HttpResponse:
    context = {"form": form, "what": words.what_words(draft.said), "asks_leg": words.asks_leg(draft.said)}
    return _step(request, reader, "words", context)


def _step(
    request: SignedInRequest, reader: Reader, name: str, context: Mapping[str, Any], *, was_told: bool = True
) -> HttpResponse:
    emergency = words.emergency_of(request.clinic, newest_session(reader.patient) if was_told else None)
    more = {"emergency": emergency, "was_told": was_told}
    return _page(request, reader, name, {**context, **more}, status=200 if was_told else 503)


def _page(
    request: SignedInRequest, reader: Reader, name: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
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


# --- steps -------------------------------------------------------------------------------------------------------


def _reader(request: SignedInRequest, carer_id: UUID | None) -> Reader:
    reader = portal_reader(request, carer_id)
    if not reader.may_answer:
        raise PermissionDenied
    return reader


def _reports(request: SignedInRequest, reader: Reader) -> SymptomReportQuerySet:
    """Patients see all reports about them, carers their own about this patient."""
    about = SymptomReport.objects.filter(patient=reader.patient)
    return about.filter(reported_by=request.user) if reader.carer else about


def _typed(form: WordsForm) -> dict[str, str]:
    """What is typed, also where it cannot be sent yet."""
    form.is_valid()
    leg = form.cleaned_data.get("leg", "")
    return {"leg": leg, "free_text": as_typed(str(form.data.get("free_text", ""))).replace("\x00", "")[:4000]}


def _after(reader: Reader, go: str | None, is_asked: bool, *, back: str, following: str) -> HttpResponse:
    if go == "keep":
        return HttpResponse(status=204)
    if go == "back":
        return redirect(address_of(back, reader))
    return redirect(address_of(following if is_asked else "how", reader))


def _emergency(
    request: SignedInRequest, reader: Reader, said: Said, answers: list[str], form: QuestionsForm | SymptomsForm
) -> HttpResponse | None:
    """File what must be seen at once; None when it could not be, so that the page says to call instead.

    Another yes on the same form is another report; the same one, pressed twice, is not.
    """
    key = uuid5(form.sent_key, "|".join(answers))
    try:
        made = _file(request, reader, with_emergency(said, answers), key)
        drop(request, reader)
    except (DatabaseError, Refused):
        logger.exception("An emergency could not be stored.")
        return None
    return redirect(address_of("how_report", reader, made.public_id))


def _file(request: SignedInRequest, reader: Reader, said: Said, key: UUID) -> SymptomReport:
    try:
        return file_report(
            patient=reader.patient,
            said=said,
            request_key=key,
            source=SymptomReport.Source.CARER if reader.carer else SymptomReport.Source.PORTAL,
            by=request.user,
            now=timezone.now(),
            clinic=request.clinic,
            language=reader.language,
        )
    except Refused as refused:
        raise Refused(_("This could not be sent. Call us, or try again."), rule=refused.rule) from refused
