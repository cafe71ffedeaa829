"""What somebody reads who sends a step of "How are you?" after the session has ended: nothing of it reached anybody.

Nothing is stored of a sender who is not known. What was just sent decides alone whether the page says to call.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aftercare.forms.checkin import QuestionsForm, SymptomsForm
from aftercare.presenters.checkin import emergency_of
from clinic.gate import register_signed_out
from clinic.models import Clinic

_STEPS = ("how", "how_symptoms", "how_words")


def register() -> None:
    """Answer in the place of the way to the sign-in, which would lose an emergency without a word."""
    for step in _STEPS:
        register_signed_out(f"aftercare:{step}", not_reached)
        register_signed_out(f"aftercare:care_{step}", not_reached)


def not_reached(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """The page, with the emergency first where one was answered; 401, as nobody is signed in."""
    if request.POST.get("go") == "keep":  # by script, nobody reads it
        return HttpResponse(status=401)
    clinic: Clinic = request.clinic  # type: ignore[attr-defined]
    is_emergency = bool(QuestionsForm(request.POST).yes or SymptomsForm(request.POST).more)
    # Of a carer's address nothing comes back: who is not signed in learns no id from an answer. Home leads on.
    start = reverse("home" if kwargs else "aftercare:how")
    context = {
        "emergency": emergency_of(clinic, None) if is_emergency else None,
        "code_url": f"{reverse('account_request_login_code')}?{urlencode({'next': start})}",
    }
    return render(request, "aftercare/checkin/not_reached.html", context, status=401)
