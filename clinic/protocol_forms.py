"""The form in which the clinical lead changes values and signs; one field for each value that may change."""

from hashlib import sha256
from typing import Any

from django import forms

from clinic.protocol import Protocol, ProtocolError
from clinic.protocol.catalogue import ValueSpec, catalogue, write
from clinic.protocol_presenter import KEPT_ELSEWHERE, Change, changes_between, refusal_words

_WORDS = {"SESSION": "the session", "AFTER_CONTINUOUS": "the end of day and night"}
# What the command asks for in JSON, as it is typed on a page.
_AS_TYPED = {
    "decimal": "Enter a number, for example 2.5.",
    "percents": "Enter the strengths in %, for example 0.5, 1.",
    "time": "Enter a time of day, for example 09:00.",
    "yes_no": "Choose yes or no.",
}
_SCOPE = {"SESSION": "All treated legs follow the longest plan", "LEG": "Each leg follows its own plan"}


class ValueField(forms.Field):
    """One value, typed as people read it; what is wrong is said in the catalogue's words."""

    def __init__(self, spec: ValueSpec) -> None:
        super().__init__(label=spec.title, required=False, widget=_widget(spec))
        self.spec = spec

    def to_python(self, value: Any) -> Any:
        return _plain(self.spec, value)

    def clean(self, value: Any) -> Any:
        try:
            read = self.spec.read(self.to_python(value))
        except ProtocolError as error:
            raise forms.ValidationError(_AS_TYPED.get(self.spec.kind) or refusal_words(error)) from error
        try:
            return self.spec.check(read, signed_off=True)
        except ProtocolError as error:
            raise forms.ValidationError(refusal_words(error)) from error


class NextVersionForm(forms.Form):
    """`changes()` are the values that differ from `base`, as `sign_version` takes them.

    Who signs a change has read what was and what becomes: `changed` says it in words, and `shown` comes back with the
    signature as the sign that this very list stood above it.
    """

    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    note = forms.CharField(
        label="What this version is for",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what this version is for; it stays with it."},
    )
    confirmed = forms.BooleanField(
        label="I have read the values marked “confirm” and sign for them",
        error_messages={"required": "Tick this when you have read the values marked “confirm”."},
    )

    def __init__(self, *args: Any, base: Protocol, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base = base
        for key, spec in catalogue().items():
            if not spec.fixed and key not in KEPT_ELSEWHERE:
                self.fields[key] = ValueField(spec)
                self.initial.setdefault(key, _typed(spec, base.settings[key]))

    def clean(self) -> dict[str, Any]:
        """Values that are right alone may contradict each other: a first day after the last."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.base.with_overrides(self.changes(), signed_off=True, to_be_signed=True)
            except ProtocolError as error:
                self.add_error(error.field if error.field in self.fields else None, refusal_words(error))
        return cleaned

    def changes(self) -> dict[str, Any]:
        return {
            key: write(self.cleaned_data[key]) if self.cleaned_data[key] is not None else "off"
            for key, field in self.fields.items()
            if isinstance(field, ValueField)
            and key in self.cleaned_data
            and self.cleaned_data[key] != self.base.settings[key]
        }

    def changed(self) -> tuple[Change, ...]:
        """What the version changes, in words. Only of a valid form."""
        return changes_between(self.base, self.following())

    def following(self) -> Protocol:
        """The values as they would be in force. Only of a valid form."""
        return self.base.with_overrides(self.changes(), signed_off=True)

    def mark_of_changes(self) -> str:
        """Another one for other changes, or for the same ones of other values in force; "" where nothing changes."""
        changes = [(each.title, each.before, each.after) for each in self.changed()]
        return sha256(repr(changes).encode()).hexdigest() if changes else ""

    def as_typed(self) -> dict[str, str]:
        """Every field as it was sent, for the page that shows the list."""
        return {name: str(self.data[name]) for name in self.fields if name in self.data}

    @property
    def is_read(self) -> bool:
        """Whether the list of just these changes stood on the page that was sent."""
        return bool(self.cleaned_data["shown"] == self.mark_of_changes())


def _widget(spec: ValueSpec) -> forms.Widget:
    attributes = {"class": "form-control value-input"}
    if spec.kind == "yes_no":
        return forms.Select(choices=[("yes", "yes"), ("no", "no")], attrs={"class": "form-select value-input"})
    if spec.kind == "choice":
        words = _SCOPE if spec.key == "compression_scope" else _WORDS
        choices = [(str(choice), words.get(str(choice), str(choice))) for choice in spec.choices]
        return forms.Select(choices=choices, attrs={"class": "form-select value-input value-wide"})
    if spec.kind == "time":
        return forms.TextInput(attrs={**attributes, "type": "time"})
    if spec.kind == "text":
        return forms.TextInput(attrs={"class": "form-control value-input value-wide"})
    mode = "numeric" if spec.kind == "whole" else "decimal"
    return forms.TextInput(attrs={**attributes, "inputmode": mode, "autocomplete": "off"})


def _typed(spec: ValueSpec, value: Any) -> str:
    """A stored value as it stands in its input."""
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return value.strftime("%H:%M") if spec.kind == "time" else str(value)


def _plain(spec: ValueSpec, value: Any) -> Any:
    """What was typed, as plain JSON for `ValueSpec.read`; what cannot be read is passed on and refused there."""
    text = str(value or "").strip()
    if text.lower() == "off":
        return "off"
    if spec.kind == "whole":
        return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 10 else text
    if spec.kind == "yes_no":
        return {"yes": True, "no": False}.get(text.lower(), text)
    if spec.kind == "decimal":
        return text.replace(",", ".")
    if spec.kind == "percents":
        return [part.strip() for part in text.replace(" and ", ",").split(",") if part.strip()]
    return text[:5] if spec.kind == "time" else text
