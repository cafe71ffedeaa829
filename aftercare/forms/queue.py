"""What somebody types about a report: whether the patient was reached, what happens now, a note, who goes on."""

from collections.abc import Mapping
from typing import Any

from django import forms

from aftercare.models import ReportStep, SymptomReport
from aftercare.report_work import LONGEST_NOTE
from clinic.access import Permission
from clinic.models import User

_CONTACT = [(each.value, each.label) for each in (ReportStep.What.REACHED, ReportStep.What.NO_ANSWER)]


class AnswerForm(forms.Form):
    """One form for every button: each reads what it needs. `version` and `seen` are of the page that was opened."""

    mark_optional = False

    version = forms.IntegerField(min_value=0, max_value=10**9, required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, max_value=10**6, required=False, widget=forms.HiddenInput)
    contact = forms.ChoiceField(
        label="Did you reach them?",
        choices=_CONTACT,
        required=False,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    outcome = forms.ChoiceField(
        label="What happens now",
        choices=[("", "Not decided"), *SymptomReport.Outcome.choices],
        required=False,
        help_text="A visit or a scan to come: keep it open until you know the result. Bookings wait meanwhile.",
    )
    note = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": f"Shorten this to {LONGEST_NOTE} characters."},
    )
    to = forms.ModelChoiceField(
        label="Hand over to",
        queryset=User.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label="Choose a colleague",
        error_messages={"invalid_choice": "Choose a colleague from the list."},
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, report: SymptomReport, by: User, seen: int = 0
    ) -> None:
        super().__init__(data, initial={"version": report.version, "seen": seen, "outcome": report.outcome})
        able = [person.pk for person in User.objects.staff() if person.may(Permission.ANSWER_REPORTS)]
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=able).exclude(pk=by.pk).order_by("name")
        field.label_from_instance = _name_and_roles  # type: ignore[method-assign]

    @property
    def opened_at(self) -> int:
        """The version that the page showed; 0 for a page that sent none."""
        return self.cleaned_data.get("version") or 0

    def typed(self, *names: str) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) or "" for name in names}


def _name_and_roles(obj: User) -> str:
    return f"{obj}, {obj.role_names.lower()}"
