"""Whom to call: every list that waits for the front desk, and visits outside of the hours that stay with one tap."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import StaffTask
from clinic.requests import SignedInRequest
from sessions_app import lists
from sessions_app.presenters import calls as call_lists
from sessions_app.views.answers import done


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def calls_beside(request: SignedInRequest) -> HttpResponse:
    """The part of the day's page that says whom to call; the page asks for it, so that the board never waits."""
    found = call_lists.calls_for(
        request.user,
        now=timezone.now(),
        clinic=request.clinic,
        limit=call_lists.BESIDE_THE_BOARD,
        only=call_lists.BESIDE,
    )
    return render(request, "sessions_app/desk/calls_beside.html", {"calls": found})


@requires(Permission.BOOK)
@require_safe
def calls(request: SignedInRequest) -> HttpResponse:
    """Every list, each as far as it shows at a glance; `?list=due` shows one of them whole."""
    now, one = timezone.now(), request.GET.get("list", "")
    if one not in call_lists.names():
        found = call_lists.calls_for(request.user, now=now, clinic=request.clinic, limit=call_lists.ON_THE_PAGE)
        return render(request, "sessions_app/desk/calls.html", {"calls": found, "one": ""})
    found = call_lists.calls_for(request.user, now=now, clinic=request.clinic, limit=call_lists.ONE_LIST, only=(one,))
    return render(request, "sessions_app/desk/calls.html", {"calls": found, "one": one})


@requires(Permission.WORK_TASKS)
@require_POST
def visit_task_done(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The visit stays outside of the hours."""
    task, back = _task_or_404(request, public_id), reverse("sessions_app:calls")
    if not lists.let_stay(task=task, by=request.user, now=timezone.now()):
        return done(request, f"{task.patient.name}: somebody settled this already.", back=back)
    undo = reverse("sessions_app:visit_task_open", args=[public_id])
    return done(request, f"The visit of {task.patient.name} stays.", back=back, undo=undo)


@requires(Permission.WORK_TASKS)
@require_POST
def visit_task_open(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    task = _task_or_404(request, public_id)
    lists.reopen(task=task, by=request.user)
    return done(request, f"{task.patient.name} is on the list again.", back=reverse("sessions_app:calls"))


def _task_or_404(request: SignedInRequest, public_id: UUID) -> StaffTask:
    tasks = (
        StaffTask.objects.visible_to(request.user)
        .filter(kind=StaffTask.Kind.VISIT_OUTSIDE_HOURS)
        .select_related("patient")
    )
    return get_visible_or_404(tasks, request=request, public_id=public_id)
