"""The queue of reports: list, one report beside it, and what is pressed there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aftercare import report_work, stocking_word
from aftercare.forms.queue import AnswerForm
from aftercare.models import SymptomReport
from aftercare.presenters.queue import SHOWS, QueuePage, queue_page
from aftercare.presenters.queue_beside import answered_within, other_work
from aftercare.presenters.queue_report import news_since, report_card
from aftercare.stocking_told import told_to
from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import User
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused, Stale

CONFLICT, UNFIT = 409, 422
_LAST_PAGE = 1000
_RELATED = ("patient", "session", "given_to", "taken_by", "closed_by", "reported_by")
Press = Callable[[SymptomReport, AnswerForm], SymptomReport]


# --- Looking -----------------------------------------------------------------------------------------------------


@requires(Permission.VIEW_REPORTS)
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """Every open report, or one's own, or those of today that are closed; none of them opened."""
    beside = {"others": other_work(request.user), "answered_within": answered_within(request.clinic)}
    return render(request, "aftercare/queue/queue.html", {"page": _page(request, None), **beside})


@requires(Permission.VIEW_REPORTS)
@require_safe
def queue_list(request: SignedInRequest) -> HttpResponse:
    """The rows alone, asked for again and again; and what is new of the report that is open beside them."""
    chosen = _uuid(request.GET.get("report", ""))
    context: dict[str, Any] = {"page": _page(request, chosen)}
    report = _visible(request.user).filter(public_id=chosen).first() if chosen else None
    if report is not None:
        seen = _number(request.GET.get("seen", ""), most=10**6)
        news = news_since(report, seen, reader=request.user, clinic=request.clinic, now=timezone.now())
        context |= {"chosen": report, "news": news, "seen": seen}
    return render(request, "aftercare/queue/_refreshed.html", context)


@requires(Permission.VIEW_REPORTS)
@require_safe
def queue_report(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    report = _report_or_404(request, public_id)
    audit.record("report read", by=request.user, subject=report, patient=report.patient)
    return _report_page(request, report)


# --- Working -----------------------------------------------------------------------------------------------------


@requires(Permission.ANSWER_REPORTS)
@require_POST
def queue_take(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One press, whatever else stands on the page: the alert ends."""
    report = _report_or_404(request, public_id)
    try:
        report_work.take(report=report, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"You have it. {report.patient.name} waits for your call.")
    return redirect(_address(request, report))


@requires(Permission.ANSWER_REPORTS)
@require_POST
def queue_take_over(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    def take_over(report: SymptomReport, form: AnswerForm) -> SymptomReport:
        if form.keeps_something or form.cleaned_data["note"]:
            words = "Taking over saves nothing of what stands here. Press “Save, keep open” first."
            raise Refused(words, rule="unsaved")
        return report_work.take_over(report=report, version=form.opened_at, by=request.user)

    return _pressed(request, public_id, take_over, "You have it now.")


@requires(Permission.ANSWER_REPORTS)
@require_POST
def queue_save(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    def save(report: SymptomReport, form: AnswerForm) -> SymptomReport:
        return report_work.save(
            report=report,
            version=form.opened_at,
            outcome=form.new_outcome,
            stocking=form.stocking,
            scan=form.scan,
            by=request.user,
            **form.typed("contact", "note"),
        )

    return _pressed(request, public_id, save, "Saved. The report stays open.")


@requires(Permission.ANSWER_REPORTS)
@require_POST
def queue_hand_over(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    def hand_over(report: SymptomReport, form: AnswerForm) -> SymptomReport:
        to: User | None = form.cleaned_data.get("to")
        if to is None:
            raise Refused("Choose a colleague.", rule="to", field="to")
        if form.keeps_something:
            words = "A hand-over takes the note alone. Press “Save, keep open” first, then hand it over with a note."
            raise Refused(words, rule="unsaved", field="to")
        typed = form.typed("note")
        return report_work.hand_over(report=report, version=form.opened_at, to=to, by=request.user, **typed)

    return _pressed(request, public_id, hand_over, "Handed over. It counts as taken when your colleague takes it.")


@requires(Permission.ANSWER_REPORTS)
@require_POST
def queue_close(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    def close(report: SymptomReport, form: AnswerForm) -> SymptomReport:
        typed = form.typed("contact", "outcome", "note")
        return report_work.close(
            report=report,
            version=form.opened_at,
            stocking=form.stocking,
            scan=form.scan,
            result_known=form.cleaned_data["result_known"],
            by=request.user,
            **typed,
        )

    return _pressed(request, public_id, close, "Closed.")


@requires(Permission.CLOSE_REPORTS)
@require_POST
def queue_stocking_on(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The plan holds again, before the time that was said; also of a closed report."""
    report = _report_or_404(request, public_id)
    if not stocking_word.put_on_again(report=report, by=request.user):
        messages.warning(request, "The plan held already. Nothing was changed.")
    elif _says_off(report):
        words = f"Taken back, but the page of {report.patient.name} still says to keep the stocking off"
        messages.warning(request, f"{words}: look at all their reports before you tell them.")
    else:
        messages.success(request, f"The page of {report.patient.name} says again what the plan says. Tell them.")
    return redirect(_address(request, report))


def _pressed(request: SignedInRequest, public_id: UUID, press: Press, said: str) -> HttpResponse:
    """Nothing of what was typed is lost: what cannot be saved stays in the form, beside what somebody else did."""
    report = _report_or_404(request, public_id)
    form = AnswerForm(request.POST.dict(), report=report, by=request.user, zone=request.clinic.zone)
    if not form.is_valid():
        return _report_page(request, report, form=form, status=UNFIT)
    try:
        press(report, form)
    except Stale as stale:
        return _conflict(request, public_id, form, stale)
    except Refused as refused:
        if refused.rule == "permission":  # there was no button for it
            audit.record("denied", by=request.user, path=request.path, method=request.method, reason=refused.message)
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return _report_page(request, report, form=form, status=UNFIT)
    messages.success(request, said)
    return redirect(_address(request, report))


def _conflict(request: SignedInRequest, public_id: UUID, form: AnswerForm, stale: Stale) -> HttpResponse:
    """What was typed, on what is stored now: who reads what is new may send it again."""
    report = _report_or_404(request, public_id)
    seen = form.cleaned_data.get("seen") or 0
    news = news_since(report, seen, reader=request.user, clinic=request.clinic, now=timezone.now())
    kept = form.after_conflict(report, by=request.user, seen=seen + len(news))
    return _report_page(request, report, form=kept, status=CONFLICT, conflict=stale.message, news=news)


# --- Parts -------------------------------------------------------------------------------------------------------


def _report_page(
    request: SignedInRequest,
    report: SymptomReport,
    *,
    form: AnswerForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    card = report_card(report, reader=request.user, clinic=request.clinic, now=timezone.now())
    if card.may_answer and form is None:
        form = AnswerForm(report=report, by=request.user, zone=request.clinic.zone, seen=card.seen)
    context = {"page": _page(request, report.public_id), "card": card, "chosen": report, "form": form, **more}
    return render(request, "aftercare/queue/queue.html", context, status=status)


def _page(request: SignedInRequest, chosen: UUID | None) -> QueuePage:
    show = request.GET.get("show", "")
    return queue_page(
        request.user,
        show=show if show in SHOWS else "open",
        number=max(_number(request.GET.get("page", ""), most=_LAST_PAGE), 1),
        chosen=chosen,
        clinic=request.clinic,
        now=timezone.now(),
    )


def _visible(user: User) -> Any:
    return SymptomReport.objects.visible_to(user).with_stocking_off(timezone.now()).select_related(*_RELATED)


def _report_or_404(request: SignedInRequest, public_id: UUID) -> SymptomReport:
    found: SymptomReport = get_visible_or_404(_visible(request.user), request=request, public_id=public_id)
    return found


def _says_off(report: SymptomReport) -> bool:
    told = told_to(report.patient, timezone.now())
    return told is not None and told.is_off


def _address(request: SignedInRequest, report: SymptomReport) -> str:
    address = reverse("aftercare:queue_report", args=[report.public_id])
    show = request.GET.get("show", "")
    return f"{address}?show={show}" if show in SHOWS[1:] else address


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str, *, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
