"""What a patient does first: at this hour, and in an emergency that is open; with every number to press."""

import re

from django import template
from django.db import DatabaseError
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from aftercare.models import SymptomReport
from aftercare.portal_patient import Reader
from aftercare.told import FirstStep
from aftercare.told import first_step as step_for
from clinic.models import Clinic
from sessions_app.templatetags.phones import calls_now

register = template.Library()


@register.simple_tag(takes_context=True)
def first_step(context: template.Context) -> FirstStep:
    """At the hour of the request; what is made without one is read later, and has each number with its hours."""
    return step_for(context["clinic"], calls_now(context))


@register.simple_tag(takes_context=True)
def emergency_is_open(context: template.Context) -> bool:
    """Whether an emergency of the patient whom the page is about was reported and is not answered, whoever did.

    One query a page for who uses the portal, none for anybody else, and none on a page of a database in trouble.
    """
    patient_id, request = _patient_id(context), context.get("request")
    if patient_id is None or request is None or context.get("was_told") is False:
        return False
    if not hasattr(request, "emergency_is_open"):
        request.emergency_is_open = _is_open(patient_id)
    return bool(request.emergency_is_open)


def _is_open(patient_id: int) -> bool:
    pressing = SymptomReport.objects.open().unanswered().filter(level=SymptomReport.Level.EMERGENCY)
    try:
        return pressing.filter(patient=patient_id).exists()
    except DatabaseError:
        return False


def _patient_id(context: template.Context) -> int | None:
    """Of whom the page speaks, else of who is signed in; None for staff, and where nobody is known."""
    reader = context.get("reader")
    if isinstance(reader, Reader):
        return reader.patient.pk
    user = getattr(context.get("request"), "user", None)
    patient = getattr(user, "patient", None) if getattr(user, "uses_portal", False) else None
    return patient.pk if patient is not None else None


@register.filter
def with_calls(words: str, clinic: Clinic) -> SafeString:
    """The words with each number of the clinic, and the emergency number, as a link that dials it."""
    named = (clinic.emergency_number, clinic.phone, clinic.out_of_hours_phone)
    numbers = sorted({str(conditional_escape(number)) for number in named if number}, key=len, reverse=True)
    escaped = str(conditional_escape(words))
    if not numbers:
        return mark_safe(escaped)  # nosec B703: escaped above
    found = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, numbers))})(?![\w-])")
    return mark_safe(found.sub(lambda match: _link(match.group()), escaped))  # nosec B703: escaped above


def _link(number: str) -> str:
    """`number` is escaped already."""
    return f'<a class="em-link nowrap" href="tel:{number.replace(" ", "")}">{number}</a>'
