"""What the desk presses on a request of the public page."""

from django import forms


class RequestForm(forms.Form):
    """One press: `do` names it, or `link` the patient who is meant. `tries` is the count that the page showed."""

    DO = ("tried", "answered", "not_reached", "junk", "find")

    do = forms.ChoiceField(choices=[(each, each) for each in DO], required=False)
    link = forms.UUIDField(required=False)
    tries = forms.IntegerField(required=False, min_value=0, max_value=32_000)
    note = forms.CharField(label="Note", required=False, max_length=200)
    q = forms.CharField(label="Another patient", required=False, max_length=100)
