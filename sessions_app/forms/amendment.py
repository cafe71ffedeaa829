"""Why a closed session is corrected."""

from django import forms

from sessions_app.amending import LONGEST_REASON


class AmendmentForm(forms.Form):
    reason = forms.CharField(
        label="What is wrong, and how do you know?",
        max_length=LONGEST_REASON,
        help_text="It stands beside the correction for good, with your name and the time.",
        error_messages={"required": "Write what was wrong and how you know."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
