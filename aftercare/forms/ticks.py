"""What a patient sends about one day: the answer, and what got in the way."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aftercare.models import Tick
from aftercare.stocking_help import LONGEST_NOTE


class HelpForm(forms.Form):
    """How somebody of the clinic helped with the stocking."""

    note = forms.CharField(
        max_length=LONGEST_NOTE,
        error_messages={
            "required": "Write how you helped.",
            "max_length": f"Shorten this to {LONGEST_NOTE} characters.",
        },
    )


class TickForm(forms.Form):
    """A press on "It is on" sends the answer alone; the page of the day sends the reason too."""

    request_key = forms.UUIDField(initial=uuid.uuid4)
    day = forms.DateField()
    answer = forms.ChoiceField(choices=Tick.Answer.choices, error_messages={"required": _("Choose how it went.")})
    reason = forms.ChoiceField(choices=Tick.Reason.choices, required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("answer") in (Tick.Answer.PART, Tick.Answer.NO) and not found.get("reason"):
            self.add_error("reason", _("Choose what got in the way; what comes closest is enough."))
        return found
