"""One text on what is normal, or one tip, in both languages of the clinic."""

from typing import Any

from django import forms

from aftercare.expected_course import LAST_DAY_OF_ALL, LONGEST_TEXT, Words

_MOST = 32_000


class CourseTextForm(forms.Form):
    """`after` is the number of the text that the page showed; a tip has no days."""

    mark_optional = False

    after = forms.IntegerField(min_value=0, max_value=_MOST, widget=forms.HiddenInput)
    first_day = forms.IntegerField(
        label="From day",
        min_value=0,
        max_value=LAST_DAY_OF_ALL,
        help_text="0 is the day of the session.",
        widget=forms.NumberInput(attrs={"data-width": "short"}),
        error_messages={"required": "Enter the first day; 0 is the day of the session."},
    )
    last_day = forms.IntegerField(
        label="To day",
        required=False,
        min_value=0,
        max_value=LAST_DAY_OF_ALL,
        help_text="Empty: it stays.",
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )
    text_en = forms.CharField(
        label="English",
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "en"}),
        error_messages={"required": "Write the text in English too."},
    )
    text_es = forms.CharField(
        label="Spanish",
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "es"}),
        error_messages={"required": "Write the text in Spanish too."},
    )
    is_shown = forms.BooleanField(label="Patients read it", required=False)

    def __init__(self, data: Any = None, *, words: Words, **kwargs: Any) -> None:
        initial = {
            "after": words.number,
            "first_day": words.first_day,
            "last_day": words.last_day,
            "text_en": words.en,
            "text_es": words.es,
            "is_shown": words.is_shown,
        }
        super().__init__(data, initial=initial, **kwargs)
        self.key = words.key
        if words.is_help:
            del self.fields["first_day"], self.fields["last_day"]

    def wanted(self) -> Words:
        """What was typed, as a text with this form's key."""
        typed = self.cleaned_data
        return Words(
            key=self.key,
            first_day=typed.get("first_day") or 0,
            last_day=typed.get("last_day"),
            en=typed["text_en"],
            es=typed["text_es"],
            is_shown=typed["is_shown"],
        )
