"""What a person says about a message that did not reach its patient."""

from django import forms


class CalledForm(forms.Form):
    """How it ended; the note is kept with the task."""

    HOW = (("reached", "Reached"), ("left_word", "Left a message"), ("not_needed", "Not needed"))

    how = forms.ChoiceField(
        label="What came of it?",
        choices=HOW,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={"required": "Choose how it ended."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=240,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For colleagues, for example: knows the time, will give an e-mail.",
    )

    def words(self) -> str:
        """What is stored: how it ended, then the note."""
        how = dict(self.HOW)[self.cleaned_data["how"]]
        note = self.cleaned_data["note"]
        return f"{how}. {note}" if note else f"{how}."


class VerdictForm(forms.Form):
    """What becomes of a message that may not have arrived."""

    VERDICTS = (("arrived", "It arrived"), ("again", "Send again"), ("give_up", "Give up"))

    verdict = forms.ChoiceField(choices=VERDICTS, widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For colleagues, for example: has it on the phone.",
    )
