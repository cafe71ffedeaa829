""" "How are you?": three steps, each an ordinary form, for patients, and carers who may report.

The answers wait in the session between the steps (`aftercare.checkin_draft`); a yes to an emergency question, or to a
line that makes one, is filed at once. What to do then stands on the page before anything is sent.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from aftercare.checkin_draft import ALL_KEYS, Draft, draft_of, drop, keep, keep_answers, reopen_answers, with_emergency
from aftercare.forms.checkin import KeyedForm, QuestionsForm, SymptomsForm, WordsForm, as_typed
from aftercare.models import SymptomReport
from aftercare.portal_addresses import address_of
from aftercare.portal_patient import Reader
from aftercare.presenters import checkin as words
from aftercare.presenters.checkin_reports import clock_for
from aftercare.reports import Said, file_report, made_before, newest_treated
from aftercare.ticks import newest_well, say_well, was_said_well
from aftercare.views.checkin_page import page_of, reader_of, reports_of
from clinic.access import Permission, requires
from clinic.language import page_language
from clinic.notifications.logs import describe
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused

logger = logging.getLogger(__name__)
_LOOK_OR_SEND = ["GET", "HEAD", "POST"]
_BACK, _KEEP = "back", "keep"


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def questions(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 1: what would be an emergency. One yes is filed as soon as it is sent, whatever is not answered yet.

    `go` is "keep" when a script stores what is pressed: a yes stands there when the page opens again.
    """
    reader = reader_of(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            if _was_sent(request, reader, draft):
                # What a page kept by itself at the same moment brought it back.
                drop(request, reader)
                draft = draft_of(request, reader)
            given = reopen_answers(request, reader, draft, now)
            return _questions_page(request, reader, QuestionsForm(initial={"key": draft.key, **given}))
        form = QuestionsForm(request.POST)
        if request.POST.get("go") == _KEEP:
            keep_answers(request, reader, form.yes, form.denied, key=form.sent_key)
            return HttpResponse(status=204)
        if form.yes:
            said = Said(draft.symptoms, form.denied, draft.leg, draft.free_text)
            return _emergency(request, reader, said, form.yes, form, also=draft.follows) or _questions_page(
                request, reader, form, was_told=False
            )
        if not form.is_valid():
            return _questions_page(request, reader, form)
        answers = {"denied": tuple(form.denied), "affirmed": (), "asked_at": now}
        keep(request, reader, draft, **answers, turn=draft.turn + 1)
    return redirect(address_of("how_symptoms", reader))


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def symptoms(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 2: the list. `go` is "back", or "keep" (by script, when the page is left) to store without sending."""
    reader = reader_of(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            if not draft.is_asked(now):
                return redirect(address_of("how", reader))
            form = SymptomsForm(initial={"key": draft.key})
            return _symptoms_page(request, reader, form, draft, ticked=draft.symptoms, more=draft.follows)
        form = SymptomsForm(request.POST)
        go = request.POST.get("go")
        if go == _KEEP:
            return _kept(request, reader, draft, form, symptoms=tuple(form.ticked), follows=tuple(form.more))
        if form.more:
            said = Said([*form.ticked], draft.denied, draft.leg, draft.free_text)
            return _emergency(request, reader, said, form.more, form, also=draft.affirmed) or _symptoms_page(
                request, reader, form, draft, ticked=form.ticked, more=form.more, was_told=False
            )
        if not form.is_valid() and go != _BACK:
            return _symptoms_page(request, reader, form, draft, ticked=form.ticked)
        draft = keep(request, reader, draft, symptoms=tuple(form.ticked), follows=(), turn=draft.turn + 1)
    return _after(reader, go, draft.is_asked(now), back="how", following="how_words")


@requires(Permission.CARED_PLAN)
@require_http_methods(_LOOK_OR_SEND)
def own_words(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Step 3: which leg, own words, and what is sent: what the page shows. The same sent again is the same report."""
    reader = reader_of(request, carer_id)
    draft, now = draft_of(request, reader), timezone.now()
    with translation.override(page_language(reader.language)):
        if request.method != "POST":
            if not draft.is_asked(now) or draft.follows:
                return redirect(address_of("how_symptoms" if draft.is_asked(now) else "how", reader))
            given = {"key": draft.key, "leg": draft.leg, "free_text": draft.free_text}
            return _words_page(request, reader, WordsForm(initial=given), draft)
        form = WordsForm(request.POST)
        go = request.POST.get("go")
        if go == _KEEP:
            return _kept(request, reader, draft, form, **_typed(form))
        chosen = draft.symptoms if form.sent_symptoms is None else form.sent_symptoms
        draft = replace(draft, symptoms=chosen, **_typed(form))
        said = replace(draft.said, denied=ALL_KEYS)
        made = _made_before(request, reader, form.sent_key, said)
        if made is None and go != _BACK and not draft.is_asked(now) and _has_made(request, reader, form.sent_key, said):
            # Closed since. The questions were answered a while ago: now they count as not answered.
            made = _file(request, reader, replace(said, denied=()), form.sent_key)
        if made is not None:
            return redirect(address_of("how_report", reader, made.public_id))
        if said.is_nothing and go != _BACK and was_said_well(reader.patient, form.sent_key):
            return redirect(address_of("how_well", reader))
        if go == _BACK or not draft.is_asked(now) or draft.follows:
            keep(request, reader, draft, turn=draft.turn + 1)
            back = go == _BACK or draft.is_asked(now)
            return redirect(address_of("how_symptoms" if back else "how", reader))
        if not form.is_valid():
            return _words_page(request, reader, form, draft)
        keep(request, reader, draft)
        try:
            report = None if said.is_nothing else _file(request, reader, said, form.sent_key)
            if report is None:
                _say_well(request, reader, form.sent_key)
        except Refused as refused:
            form.add_error(None, refused.message)
            return _words_page(request, reader, form, draft)
        drop(request, reader)
    return redirect(address_of("how_report", reader, report.public_id) if report else address_of("how_well", reader))


@requires(Permission.CARED_PLAN)
@require_safe
def well(request: SignedInRequest, carer_id: UUID | None = None) -> HttpResponse:
    """Everything was answered with no: the page says since when the clinic can read that, and that it asks nobody."""
    reader, now = reader_of(request, carer_id), timezone.now()
    with translation.override(page_language(reader.language)):
        said = newest_well(reader.patient).filter(given_by=request.user).first()
        when = clock_for(reader, request.clinic, now).near(said.given_at) if said else ""
        return page_of(request, reader, "well", {"when": when})


# --- pages -------------------------------------------------------------------------------------------------------


def _questions_page(
    request: SignedInRequest, reader: Reader, form: QuestionsForm, *, was_told: bool = True
) -> HttpResponse:
    context = {
        "form": form,
        "asks": (asked := words.asks(form)),
        "missing": [ask.key for ask in asked if ask.error] if was_told else [],
        "has_reports": reports_of(request, reader).exists() if was_told else False,
    }
    return _step(request, reader, "questions", context, was_told=was_told)


def _symptoms_page(
    request: SignedInRequest,
    reader: Reader,
    form: SymptomsForm,
    draft: Draft,
    *,
    ticked: Iterable[str],
    more: Iterable[str] = (),
    was_told: bool = True,
) -> HttpResponse:
    context = {"form": form, "turn": draft.turn, "topics": words.topics(ticked, more, request.clinic)}
    return _step(request, reader, "symptoms", context, was_told=was_told)


def _words_page(request: SignedInRequest, reader: Reader, form: WordsForm, draft: Draft) -> HttpResponse:
    context = {
        "form": form,
        "turn": draft.turn,
        "what": words.what_words(draft.said),
        "shown": " ".join(draft.symptoms),
        "written": as_typed(str(form["free_text"].value() or "")),
        "asks_leg": words.asks_leg(draft.said),
    }
    return _step(request, reader, "words", context)


def _step(
    request: SignedInRequest, reader: Reader, name: str, context: Mapping[str, Any], *, was_told: bool = True
) -> HttpResponse:
    treated = newest_treated(reader.patient, timezone.now()) if was_told else None
    emergency = words.emergency_of(request.clinic, treated)
    more = {"emergency": emergency, "was_told": was_told}
    return page_of(request, reader, name, {**context, **more}, status=200 if was_told else 503)


# --- steps -------------------------------------------------------------------------------------------------------


def _typed(form: WordsForm) -> dict[str, Any]:
    """What is typed, also where it cannot be sent yet."""
    form.is_valid()
    leg = form.cleaned_data.get("leg", "")
    return {"leg": leg, "free_text": as_typed(str(form.data.get("free_text", ""))).replace("\x00", "")[:4000]}


def _kept(request: SignedInRequest, reader: Reader, draft: Draft, form: KeyedForm, **changes: Any) -> HttpResponse:
    """What a page keeps by itself; nothing when it comes of a page that was left behind."""
    if draft.is_of(form.sent_key, form.sent_turn):
        keep(request, reader, draft, **changes)
    return HttpResponse(status=204)


def _after(reader: Reader, go: str | None, is_asked: bool, *, back: str, following: str) -> HttpResponse:
    if go == _BACK:
        return redirect(address_of(back, reader))
    return redirect(address_of(following if is_asked else "how", reader))


def _was_sent(request: SignedInRequest, reader: Reader, draft: Draft) -> bool:
    """Whether an open report was made of the draft, or of the emergency in it. No query for a draft never kept."""
    keys = [draft.key] if draft.turn else []
    keys += [_emergency_key(draft.key, draft.affirmed)] if draft.affirmed else []
    return bool(keys) and reports_of(request, reader).open().filter(request_key__in=keys).exists()


def _emergency_key(key: UUID, answers: Iterable[str]) -> UUID:
    return uuid5(key, "|".join(answers))


def _made_before(request: SignedInRequest, reader: Reader, key: UUID, said: Said) -> SymptomReport | None:
    """The open report that this very page has made; None for one that says something else, or is closed."""
    try:
        return made_before(said, key, reader.patient, request.user)
    except Refused:
        return None  # somebody else's: said where it would be filed


def _has_made(request: SignedInRequest, reader: Reader, key: UUID, said: Said) -> bool:
    """Whether this very page has made a report that says this, open or closed."""
    made = reports_of(request, reader).filter(request_key__in=[key, said.key_beside(key)], reported_by=request.user)
    return any(said.is_said_in(report) for report in made)


def _emergency(
    request: SignedInRequest,
    reader: Reader,
    said: Said,
    answers: list[str],
    form: QuestionsForm | SymptomsForm,
    *,
    also: Iterable[str] = (),
) -> HttpResponse | None:
    """File what must be seen at once; None when it could not be, so that the page says to call instead.

    `also` are the lines that were ticked before, on a page that was left. Another yes on the same form is another
    report; the same one, pressed twice, is not, although what the draft held went with the first. Once that is closed
    nobody reads it any more: then it is another one.
    """
    key = _emergency_key(form.sent_key, answers)
    said = with_emergency(said, [*answers, *also])
    try:
        made = reports_of(request, reader).open().filter(request_key=key).first()
        if made is None or not said.adds_nothing_to(made):
            made = _file(request, reader, said, key)
        drop(request, reader)
    except (DatabaseError, Refused) as error:
        logger.error("An emergency could not be stored: %s", describe(error))
        return None
    return redirect(address_of("how_report", reader, made.public_id))


def _say_well(request: SignedInRequest, reader: Reader, key: UUID) -> None:
    try:
        say_well(patient=reader.patient, request_key=key, by=request.user)
    except Refused as refused:
        raise Refused(_("This could not be sent. Call us, or try again."), rule=refused.rule) from refused


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
