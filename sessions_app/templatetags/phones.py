"""The clinic's numbers on a patient's page, as they hold at the moment of the request."""

from typing import Any

from django import template
from django.db import DatabaseError
from django.utils import timezone

from sessions_app.calls_now import CallsNow
from sessions_app.calls_now import calls_anytime as anytime
from sessions_app.calls_now import calls_now as now_for

register = template.Library()


@register.simple_tag(takes_context=True)
def calls_now(context: template.Context) -> CallsNow:
    """Looked up once for a page. What is made without a request is read later: it says both numbers with their hours.

    So does a page that says that something could not be stored: who is in need must not wait for a database in trouble.
    """
    request = context.get("request")
    if request is None:
        return anytime(context["clinic"])
    known: CallsNow | None = getattr(request, "calls_now", None)
    if known is None:
        known = _found(request.clinic, is_in_trouble=context.get("was_told") is False)
        request.calls_now = known
    return known


def _found(clinic: Any, *, is_in_trouble: bool) -> CallsNow:
    if is_in_trouble:
        return anytime(clinic)
    try:
        return now_for(clinic, timezone.now())
    except DatabaseError:
        return anytime(clinic)
