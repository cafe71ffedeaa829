"""The patient's signature on the screen, the end of a consent, and the clinical lead's next text."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.forms import check_ruled_out, guard_allergy, ruled_out_field
from clinic.models import Patient, User
from sessions_app.consent_texts import LANGUAGES, LONGEST_BODY, LONGEST_TITLE, Words
from sessions_app.consents import LONGEST_NAME, LONGEST_REASON
from sessions_app.models import ConsentText
from sessions_app.refusals import Refused
from sessions_app.signature_drawing import strokes_in

YES, NO = "yes", "no"
# The patient reads along: every refusal of a signature in the language of the text, by rule.
_REFUSED: dict[str, Promise] = {
    "short": _("This is too short for a signature. Clear it and sign again."),
    "strokes": _("The drawing could not be read. Clear it and sign again."),
    "large": _("The drawing is too large. Clear it and sign again."),
    "name": _("Type the name."),
    "old text": _("A new text was published meanwhile. Read it with the patient and sign that."),
    "key": _("Load this page again; nothing was saved."),
    "stands": _("A consent holds already. End it first if a new series begins."),
    "ended": _("A colleague ended the former consent just now. Press once more."),
    "busy": _("Many people are saving at this moment. Nothing was changed; please send it again."),
}


def _words_of(refused: Refused) -> str:
    return str(_REFUSED.get(refused.rule, refused.message))


class ConsentForm(forms.Form):
    """Signed by a drawing, or by a typed name and a tick: who cannot draw, or uses the keyboard, signs just as well."""

    mark_optional = False

    language = forms.ChoiceField(choices=Patient.Language.choices, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, max_value=30_000, widget=forms.HiddenInput)
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    photographs = forms.ChoiceField(
        label=_("Photographs of my legs for my record"),
        choices=[(YES, _("Yes, you may")), (NO, _("No"))],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={"required": _("Choose yes or no for the photographs.")},
    )
    strokes = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    typed_name = forms.CharField(
        label=_("Name of who signs"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    typed_counts = forms.BooleanField(label=_("My typed name is my signature"), required=False)

    def clean_strokes(self) -> list[Any]:
        try:
            return strokes_in(self.cleaned_data["strokes"])
        except Refused as refused:
            raise ValidationError(_words_of(refused)) from refused

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        name = " ".join((given.get("typed_name") or "").split())
        if given.get("typed_counts") and not name:
            self.add_error("typed_name", _("Type the name."))
        elif "strokes" in given and not given["strokes"] and not given.get("typed_counts"):
            self.add_error("strokes", _("Sign in the box, or type the name and tick that it is the signature."))
        return given

    def text(self) -> ConsentText | None:
        """The text that the page showed; None when there is no such version."""
        given = self.cleaned_data
        return ConsentText.objects.filter(version=given["version"], language=given["language"]).first()

    def refuse(self, refused: Refused) -> None:
        """What the action said, at the field that it concerns."""
        self.add_error(refused.field if refused.field in self.fields else None, _words_of(refused))

    def facts(self, patient: Patient) -> dict[str, Any]:
        """For `sign_consent`. Who draws without a typed name is the patient."""
        given = self.cleaned_data
        return {
            "signed_name": given["typed_name"] or patient.name,
            "strokes": given["strokes"],
            "allows_photographs": given["photographs"] == YES,
            "request_key": given["request_key"],
        }


class EndConsentForm(forms.Form):
    reason = forms.CharField(
        label="Why does it end?",
        max_length=LONGEST_REASON,
        error_messages={"required": "Write why this consent ends."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reasons = ("Patient withdraws", "A new series begins", "New text to be signed", "Decision on photographs changed")


class ConsentTextForm(forms.Form):
    """The next version, every language in one form: a version is published whole."""

    mark_optional = False

    after = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, standing: dict[str, ConsentText], after: int, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"after": after}
        for language, text in standing.items():
            initial |= {f"title_{language}": text.title, f"body_{language}": text.body}
        super().__init__(*args, **{"initial": initial, **kwargs})
        for language in LANGUAGES:
            name = Patient.Language(language).label
            self.fields[f"title_{language}"] = forms.CharField(
                label=f"Title, {name}",
                max_length=LONGEST_TITLE,
                error_messages={"required": f"Write the title in {name} too."},
                widget=forms.TextInput(attrs={"lang": language}),
            )
            self.fields[f"body_{language}"] = forms.CharField(
                label=f"Text, {name}",
                max_length=LONGEST_BODY,
                error_messages={"required": f"Write the text in {name} too."},
                widget=forms.Textarea(attrs={"rows": 18, "lang": language}),
            )

    def words(self) -> dict[str, Words]:
        given = self.cleaned_data
        return {language: Words(given[f"title_{language}"], given[f"body_{language}"]) for language in LANGUAGES}

    def language_fields(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [
            (Patient.Language(language).label, self[f"title_{language}"], self[f"body_{language}"])
            for language in LANGUAGES
        ]


class AllergiesForm(forms.Form):
    """What is known of allergies, put right beside the chair."""

    mark_optional = False

    version = forms.IntegerField(widget=forms.HiddenInput)
    polidocanol_allergy = forms.BooleanField(label="Allergic to polidocanol: must not be treated", required=False)
    allergies = forms.CharField(
        label="Other allergies", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    allergy_ruled_out = ruled_out_field()

    def __init__(self, *args: Any, user: User, recorded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard_allergy(self, user=user, recorded=recorded)

    def clean(self) -> dict[str, Any]:
        check_ruled_out(self)
        return self.cleaned_data
