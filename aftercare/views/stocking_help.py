"""The end of a call about a stocking."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from aftercare.forms.ticks import HelpForm
from aftercare.stocking_help import finish_help
from aftercare.ticks import HELP_TASK
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import StaffTask
from clinic.requests import SignedInRequest


@requires(Permission.WORK_TASKS)
@require_POST
def help_done(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    tasks = StaffTask.objects.visible_to(request.user).filter(kind=HELP_TASK).select_related("patient")
    task = get_visible_or_404(tasks, request=request, public_id=public_id)
    form = HelpForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["note"][0]))
    elif finish_help(task=task, note=form.cleaned_data["note"], by=request.user):
        messages.success(request, f"Closed: {task.patient.name} was helped.")
    else:
        messages.success(request, f"A colleague has closed this for {task.patient.name} already.")
    return redirect("clinic:patient", task.patient.public_id)
