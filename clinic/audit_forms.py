"""The filters of the audit page."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms

from clinic.audit_review import SYSTEM, AuditFilter, known_actions
from clinic.models import Patient, User

_FIELDS = ("person", "action", "day", "patient")


class AuditFilterForm(forms.Form):
    """Sent by GET; all fields are optional. Only who may see charts chooses a patient."""

    mark_optional = False
    person = forms.ChoiceField(required=False)
    action = forms.ChoiceField(label="What", required=False)
    day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter the day as year, month and day, for example 2026-01-13."},
    )
    patient = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": "This address of a patient is not whole. Open the audit from the patient's page."},
    )

    def __init__(self, *args: Any, zone: ZoneInfo, may_choose_patient: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self._people = {str(person.public_id): person for person in User.objects.filter(is_staff=True).order_by("name")}
        people = [("", "Everybody"), *((key, str(person)) for key, person in self._people.items())]
        actions = [("", "Everything"), *((action, action.capitalize()) for action in known_actions())]
        self._choices("person", [*people, (SYSTEM, "The system")])
        self._choices("action", actions)
        if not may_choose_patient:
            del self.fields["patient"]

    @property
    def staff(self) -> Collection[User]:
        """Everybody who can be chosen, read once."""
        return self._people.values()

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_patient(self) -> Patient | None:
        wanted = self.cleaned_data["patient"]
        if wanted is None:
            return None
        found = Patient.objects.filter(public_id=wanted).first()
        if found is None:
            raise forms.ValidationError("There is no such patient. Open the audit from the patient's page.")
        return found

    def wanted(self) -> AuditFilter:
        """Of a valid form."""
        said, day = self.cleaned_data, self.cleaned_data["day"]
        return AuditFilter(
            person=self._people.get(said["person"]),
            by_system=said["person"] == SYSTEM,
            patient=said.get("patient"),
            action=said["action"],
            since=datetime.combine(day, time(), self.zone) if day else None,
            until=datetime.combine(day + timedelta(days=1), time(), self.zone) if day else None,
        )

    def as_query(self) -> str:
        """The filters for the address of the next page."""
        return urlencode({name: self.data[name] for name in _FIELDS if name in self.fields and self.data.get(name)})
