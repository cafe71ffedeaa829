"""What patients and carers choose for themselves: messages, language, size of the text."""

from typing import Any

from django import forms
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from clinic.consent import Channel, current_wording
from clinic.models import Patient
from clinic.notifications.channels import enabled
from clinic.phones import phone_words

_YES_NO = [("yes", _("Yes")), ("no", _("No"))]
_SEGMENTED = {"data-look": "segmented"}
_LABELS = {Channel.EMAIL: _("Messages by e-mail to %(address)s"), Channel.SMS: _("Text messages to %(address)s")}


class LanguageForm(forms.Form):
    """The switch in the head of a page; `next` is the page that it stands on."""

    language = forms.ChoiceField(choices=Patient.Language.choices)
    next = forms.CharField(required=False)

    def clean_next(self) -> str:
        path = str(self.cleaned_data["next"])
        return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


class ReaderForm(forms.Form):
    """Language and size of the text, for whoever reads."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=Patient.Language.choices,
        widget=forms.RadioSelect(attrs=_SEGMENTED),
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose a language.")},
    )
    text = forms.ChoiceField(
        label=_("Text on this device"),
        choices=[("normal", _("Normal")), ("large", _("Large"))],
        required=False,
        widget=forms.RadioSelect(attrs=_SEGMENTED),
    )

    mark_optional = False


class PreferencesForm(ReaderForm):
    """With an answer for each way on which the clinic has an address of the patient."""

    field_order = ["contact_email", "contact_sms", "language", "text"]

    def __init__(self, *args: Any, patient: Patient, standing: dict[str, bool], **kwargs: Any) -> None:
        said = {f"contact_{channel}": "yes" if allowed else "no" for channel, allowed in standing.items()}
        kwargs["initial"] = {"language": patient.language, **said, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for channel, address in ((Channel.EMAIL, patient.email), (Channel.SMS, phone_words(patient.phone or ""))):
            if address:
                self.fields[f"contact_{channel}"] = _consent_field(channel, address, patient.language)
        self.order_fields(self.field_order)

    def contact(self) -> dict[str, bool]:
        """The answers by kind of consent; one that was not given is absent."""
        answers = {channel: self.cleaned_data.get(f"contact_{channel}") for channel in Channel}
        return {str(channel): answer == "yes" for channel, answer in answers.items() if answer}

    @property
    def contact_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("contact_")]


def _consent_field(channel: Channel, address: str, language: str) -> forms.ChoiceField:
    field = forms.ChoiceField(
        label=_LABELS[channel] % {"address": address},
        help_text=f"“{current_wording(channel, language)}”",
        choices=_YES_NO,
        required=False,
        widget=forms.RadioSelect(attrs=_SEGMENTED),
        error_messages={"invalid_choice": _("Choose Yes or No.")},
    )
    if not any(way.consent == channel for way in enabled()):
        field.help_text = f"{field.help_text} {_('The clinic does not use this way yet; it keeps your answer.')}"
    return field
