"""Addresses of a day's answers, of the calls about them, and of the clinic's words on what is normal."""

from django.urls import path

from aftercare.models import Tick
from aftercare.views import course_text, stocking_help, ticks

# A patient's addresses do not say what is answered: they stand in histories that others see.
_ANSWERS = (("first", Tick.Task.STOCKING), ("second", Tick.Task.WALK))
PATTERNS = [
    *(path(f"today/answer/{part}/", ticks.answer, {"task": task}, name=f"answer_{task}") for part, task in _ANSWERS),
    *(
        path(f"care/<uuid:carer_id>/answer/{part}/", ticks.care_answer, {"task": task}, name=f"care_answer_{task}")
        for part, task in _ANSWERS
    ),
    path("stocking-help/<uuid:public_id>/done/", stocking_help.help_done, name="help_done"),
    path("aftercare-words/", course_text.course_words, name="course_words"),
]
