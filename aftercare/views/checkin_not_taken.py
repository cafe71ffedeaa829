"""What somebody reads whose step of "How are you?" is not taken: nothing of it reached anybody.

The session has ended; the form is of before a sign-in in another tab; or a patient let its sender no longer report.
Nothing is stored, and nothing is told of a patient. What was just sent decides alone whether the page says to call.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aftercare.forms.checkin import QuestionsForm, SymptomsForm
from aftercare.presenters.checkin import emergency_of
from clinic.gate import NotTaken, register_not_taken
from clinic.models import Clinic

_STEPS = ("how", "how_symptoms", "how_words")


def register() -> None:
    """Answer in the place of the way to the sign-in, and of error pages, which lose an emergency without a word."""
    for step in _STEPS:
        register_not_taken(f"aftercare:{step}", not_reached)
        register_not_taken(f"aftercare:care_{step}", not_reached)


def not_reached(request: HttpRequest, *, why: NotTaken, status: int, **kwargs: Any) -> HttpResponse:
    """The page, with the emergency first where one was answered; alike for every sender who may not report."""
    if request.POST.get("go") == "keep":  # by script, nobody reads it
        return HttpResponse(status=status)
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    is_emergency = bool(QuestionsForm(request.POST).yes or SymptomsForm(request.POST).more)
    if not request.user.is_authenticated:
        why = NotTaken.SIGNED_OUT
    context = {
        "emergency": emergency_of(clinic, None) if is_emergency else None,
        "why": why.name,
        "again_url": _again(why, kwargs),
    }
    return render(request, "aftercare/checkin/not_reached.html", context, status=status)


def _again(why: NotTaken, kwargs: dict[str, Any]) -> str:
    """Where the sender answers once more; home for who may not."""
    if why is NotTaken.NOT_OPEN:
        return reverse("home")
    if why is NotTaken.OLD_FORM:
        return reverse("aftercare:care_how" if kwargs else "aftercare:how", kwargs=kwargs)
    # Of a carer's address nothing comes back: who is not signed in learns no id from an answer. Home leads on.
    start = reverse("home" if kwargs else "aftercare:how")
    return f"{reverse('account_request_login_code')}?{urlencode({'next': start})}"
