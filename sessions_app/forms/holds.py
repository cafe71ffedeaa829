"""Forms of a clinician's hold on the next treatment."""

from django import forms

_LONGEST = 300


class PlaceForm(forms.Form):
    reason = forms.CharField(
        label="Why it waits",
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write why the next treatment waits."},
    )


class LiftForm(forms.Form):
    # The hold that was shown; a colleague may have placed another one since.
    hold = forms.UUIDField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label="Why it may go on",
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write why it may go on."},
    )
