"""Whom a patient lets look at the plan, and what is done about one of them."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftercare.carers import MOST_CARERS, WhyNot
from clinic.models import Patient

_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f\u2028\u2029]", _("Write this on one line."), inverse_match=True)
_WHY_NOT = {
    WhyNot.OWN: ("email", _("This e-mail opens the page already. Enter the other person's.")),
    WhyNot.ALREADY: ("email", _("The person with this e-mail may look already.")),
    WhyNot.UNUSABLE: ("email", _("This e-mail cannot be used here. Ask the person for another one.")),
    WhyNot.FULL: (
        None,
        _("%(most)d people may look already, and that is the most. End one of them first."),
    ),
}


class CarerForm(forms.Form):
    """A name, an e-mail of their own, a language, and how much. `sure` is sent by the page that says it once more."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        validators=[_ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Enter the person's name."),
            "max_length": _("Shorten this to 120 characters."),
        },
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Their own: the code that opens the page goes there."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter the person's e-mail."),
            "invalid": _("Enter the whole e-mail, for example name@example.com."),
            "max_length": _("Enter the whole e-mail, for example name@example.com."),
        },
    )
    language = forms.ChoiceField(
        label=_("Their language"),
        choices=Patient.Language.choices,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose a language.")},
    )
    may_report = forms.BooleanField(
        label=_("May also answer “How are you?” and tick the tasks of the day"), required=False
    )
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def facts(self) -> dict[str, Any]:
        """What `aftercare.carers.add_carer` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "sure"}

    def explain(self, why: WhyNot) -> None:
        field, words = _WHY_NOT[why]
        self.add_error(field, str(words) % {"most": MOST_CARERS})

    def hidden(self) -> SafeString:
        """What was typed, as hidden inputs, for the page that asks once more."""
        parts = [field.as_hidden() for field in self if field.name != "sure"]
        return format_html("{}" * len(parts), *parts)


class CarerActForm(forms.Form):
    """One press beside somebody who may look."""

    act = forms.ChoiceField(choices=[(name, name) for name in ("end", "invite", "allow", "look")])
