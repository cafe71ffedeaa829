"""Whom to call, and for what. The same for every patient of one language and one last day, so it is written once.

The signs are those of "How are you?", in its words (`aftercare.presenters.symptoms`).
"""

from collections.abc import Iterable
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from aftercare.presenters.symptoms import NEXT_DAY, QUESTIONS, SAME_DAY, Listed
from aftercare.told import advice_for
from clinic.models import Clinic


def whom_to_call(clinic: Clinic, watch_until: str) -> SafeString:
    """The card as HTML in the active language; `watch_until` are words, or empty while there is no plan."""
    numbers = (clinic.emergency_number, clinic.phone, clinic.phone_hours_told, clinic.out_of_hours_phone)
    return _written(get_language() or "", watch_until, *numbers)


@lru_cache(maxsize=512)
def _written(language: str, watch_until: str, emergency: str, phone: str, hours: str, out_of_hours: str) -> SafeString:
    context = {
        "watch_until": watch_until,
        "emergencies": [_in_line(str(question.words)) for question in QUESTIONS],
        "same_day": list(_with_advice(SAME_DAY, emergency)),
        "next_day": "; ".join(_in_line(str(each.words)) for each in NEXT_DAY),
        "emergency_number": emergency,
        "phone": phone,
        "phone_hours": hours,
        "out_of_hours_phone": out_of_hours,
    }
    return render_to_string("aftercare/who_to_call.html", context)


def _with_advice(listed: Iterable[Listed], emergency: str) -> Iterable[str]:
    for each in listed:
        words, advice = _in_line(str(each.words)), advice_for(each.code, emergency)
        yield f"{words}. {advice}" if advice else words


def _in_line(words: str) -> str:
    """As a part of a sentence."""
    return words[:1].lower() + words[1:]
