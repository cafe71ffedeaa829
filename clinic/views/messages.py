"""Messages: first what did not reach its patient and what to do about it, then what is planned and what was sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.notifications import decisions, worklist
from clinic.notifications.forms import CalledForm, VerdictForm
from clinic.notifications.presenter import Presenter
from clinic.requests import SignedInRequest

# Nobody turns so many pages; a larger number in the address is somebody playing.
_LAST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Tab:
    """One filter of the page, with its name in the address and its words when it is empty."""

    name: str
    label: str
    empty_title: str
    empty_text: str


TABS = (
    Tab("open", "To do", "Every patient was reached", "A message that fails, is late or in doubt shows here."),
    Tab("planned", "Planned", "Nothing is planned", "Signing a session or booking a visit plans its messages."),
    Tab("sent", "Sent", "Nothing was sent yet", "Messages show here as soon as they have left."),
    Tab("off", "Called off", "Nothing was called off", "Messages of moved visits and corrected plans show here."),
)
VERDICTS: dict[str, tuple[Callable[..., None], str]] = {
    "arrived": (decisions.say_it_arrived, "Noted: it arrived."),
    "again": (decisions.send_again, "It goes out again within a minute."),
    "give_up": (decisions.give_up, "Closed: nobody knows whether it arrived."),
}


@requires(Permission.VIEW_DELIVERIES)
@require_safe
def messages(request: SignedInRequest) -> HttpResponse:
    """The list. The address holds the tab (`show`), the page (`page`) and the open item (`item`)."""
    tab = next((tab for tab in TABS if tab.name == request.GET.get("show")), TABS[0])
    number = _number(request.GET.get("page", ""))
    if tab.name == "open":
        return _work(request, number=number, ident=_ident(request.GET.get("item", "")))
    rows, more = worklist.shelf(request.user, tab.name, number)
    days = Presenter.of(request).by_day(rows, by_due=tab.name == "planned")
    return render(request, "clinic/messages.html", {**_frame(request, tab, number, more), "days": days})


def _work(
    request: SignedInRequest,
    *,
    number: int = 1,
    ident: UUID | None = None,
    called: CalledForm | None = None,
    verdict: VerdictForm | None = None,
    status: int = 200,
) -> HttpResponse:
    items, more = worklist.open_items(request.user, number)
    chosen = worklist.open_item(request.user, ident) if ident else None
    chosen = chosen or (items[0] if items else None)
    presenter = Presenter.of(request)
    context = {
        **_frame(request, TABS[0], number, more),
        "groups": presenter.groups(items, chosen),
        "detail": presenter.detail(chosen) if chosen else None,
        "called": called or CalledForm(),
        "verdict": verdict or VerdictForm(),
    }
    return render(request, "clinic/messages.html", context, status=status)


def _frame(request: SignedInRequest, tab: Tab, number: int, more: bool) -> dict[str, Any]:
    return {
        "tab": tab,
        "tabs": TABS,
        "waiting": worklist.open_tasks(request.user).count(),
        "number": number,
        "previous_page": number - 1,
        "next_page": number + 1 if more else 0,
    }


@requires(Permission.WORK_TASKS)
@require_POST
def message_called(request: SignedInRequest, item: UUID) -> HttpResponse:
    """The patient was told in another way: close the task with how it ended."""
    task = get_visible_or_404(worklist.message_tasks(request.user), request=request, public_id=item)
    form = CalledForm(request.POST)
    if not form.is_valid():
        return _work(request, ident=item, called=form)
    return _decide(
        request,
        lambda: decisions.mark_called(task=task, note=form.words(), by=request.user, now=timezone.now()),
        f"Closed: {task.patient.name}.",
    )


@requires(Permission.WORK_TASKS)
@require_POST
def message_verdict(request: SignedInRequest, item: UUID) -> HttpResponse:
    """A message that may not have arrived: it did, it goes again, or it is left."""
    tasks = worklist.message_tasks(request.user).select_related("delivery", "patient")
    task = get_visible_or_404(tasks, request=request, public_id=item)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _work(request, ident=item, verdict=form)
    decision, done = VERDICTS[form.cleaned_data["verdict"]]
    note = form.cleaned_data["note"]
    return _decide(request, lambda: decision(task=task, note=note, by=request.user, now=timezone.now()), done)


@requires(Permission.WORK_TASKS)
@require_POST
def message_review(request: SignedInRequest, item: UUID) -> HttpResponse:
    """A message that is held after a restore: let it go (`release`), or not (`drop`)."""
    delivery = get_visible_or_404(worklist.held(request.user), request=request, pk=item)
    verdict = request.POST.get("verdict")
    if verdict == "release":
        return _decide(
            request,
            lambda: decisions.release_reviewed(delivery=delivery, by=request.user),
            "It goes out when it is due.",
        )
    if verdict == "drop":
        return _decide(
            request,
            lambda: decisions.drop_reviewed(delivery=delivery, by=request.user, now=timezone.now()),
            "It is not sent.",
        )
    raise Http404


def _decide(request: SignedInRequest, decision: Callable[[], None], done: str) -> HttpResponse:
    try:
        decision()
    except decisions.Refused as refused:
        toasts.error(request, str(refused))
    else:
        toasts.success(request, done)
    return redirect("clinic:messages")


def _number(text: str) -> int:
    return min(int(text), _LAST_PAGE) if text.isascii() and text.isdigit() and int(text) > 0 else 1


def _ident(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
