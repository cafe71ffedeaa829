"""One text on what is normal, or one tip, in both languages of the clinic."""

from typing import Any

from django import forms

from aftercare.expected_course import LAST_DAY_OF_ALL, LONGEST_TEXT, Words

_MOST = 32_000
# Said and refused, not cut: a browser that is told a longest length cuts what is pasted, without a word.
_LONGEST = f"At most {LONGEST_TEXT} characters."
_LANGUAGES = {"text_en": "English", "text_es": "Spanish"}


class CourseTextForm(forms.Form):
    """`after` is the number of the text that the page showed; a tip has no days.

    A text that is changed in one language only is asked about at the other one: `left_behind` names that field.
    """

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
        help_text=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "en"}),
        error_messages={"required": "Write the text in English too."},
    )
    text_es = forms.CharField(
        label="Spanish",
        help_text=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "es"}),
        error_messages={"required": "Write the text in Spanish too."},
    )
    still_same = forms.BooleanField(required=False)
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
        self.key, self.left_behind = words.key, ""
        self._number = words.number
        self._stood = {"text_en": words.en, "text_es": words.es}
        if words.is_help:
            del self.fields["first_day"], self.fields["last_day"]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        changed = [name for name, stood in self._stood.items() if " ".join(typed.get(name, "").split()) != stood]
        # A new text stood in neither language; of one that a colleague saved meanwhile this page knows too little.
        if (
            len(changed) == 1
            and typed.get("after") == self._number
            and all(self._stood.values())
            and all(typed.get(name) for name in _LANGUAGES)
        ):
            self._ask_about_the_other(changed[0], is_answered=bool(typed.get("still_same")))
        return typed

    def _ask_about_the_other(self, changed: str, *, is_answered: bool) -> None:
        self.left_behind = next(name for name in _LANGUAGES if name != changed)
        language = _LANGUAGES[self.left_behind]
        self.fields["still_same"].label = f"The {language} text still says the same"
        if not is_answered:
            text = f"The {_LANGUAGES[changed]} text is changed and this one is not. Change it too, or tick below it "
            self.add_error(self.left_behind, f"{text}that it still says the same.")

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
