"""The form of the wait list: which service, which days and parts of the day, with whom."""

from typing import Any

from django import forms

from clinic.models import User
from sessions_app.forms.fields import CALENDAR_YEARS
from sessions_app.models import PartOfDay, Service, WaitListEntry
from sessions_app.models.setup import WEEKDAYS
from sessions_app.models.waiting import EVERY_DAY

_WEEKDAYS = [(str(number), name) for number, name in enumerate(WEEKDAYS)]
_SELECT = {"class": "form-select"}
_DATE = {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), "validators": CALENDAR_YEARS}


class WishForm(forms.Form):
    """What an earlier time must be like. Nothing chosen means that everything is fine."""

    first_date = forms.DateField(label="From", required=False, **_DATE)  # type: ignore[arg-type]
    last_date = forms.DateField(label="Until", required=False, **_DATE)  # type: ignore[arg-type]
    weekdays = forms.MultipleChoiceField(
        label="Days",
        required=False,
        choices=_WEEKDAYS,
        widget=forms.CheckboxSelectMultiple(attrs={"data-look": "inline"}),
    )
    parts_of_day = forms.MultipleChoiceField(
        label="Time of day",
        required=False,
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"data-look": "inline"}),
    )
    nurse = forms.ModelChoiceField(label="Nurse", required=False, queryset=User.objects.none(), empty_label="Any nurse")
    note = forms.CharField(label="Note for the desk", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nurse"].queryset = User.objects.nurses().order_by("name")  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(entry: WaitListEntry) -> dict[str, Any]:
        """An entry as the form shows it; "any" is nothing chosen."""
        every_day = entry.weekdays == EVERY_DAY
        return {
            "first_date": entry.first_date,
            "last_date": entry.last_date,
            "weekdays": [] if every_day else [value for value, _ in _WEEKDAYS if entry.weekdays >> int(value) & 1],
            "parts_of_day": entry.parts_of_day,
            "nurse": entry.nurse_id,
            "note": entry.note,
        }

    def wishes(self) -> dict[str, Any]:
        """The keyword arguments of `waiting.join` and `waiting.change`."""
        chosen = self.cleaned_data
        return {
            "first_date": chosen["first_date"],
            "last_date": chosen["last_date"],
            "weekdays": sum(1 << int(value) for value in chosen["weekdays"]) or EVERY_DAY,
            "parts_of_day": chosen["parts_of_day"],
            "nurse": chosen["nurse"],
            "note": chosen["note"],
        }


class JoinForm(WishForm):
    service = forms.ModelChoiceField(
        label="Service",
        queryset=Service.objects.filter(is_active=True),
        empty_label=None,
        error_messages={"required": "Choose the service.", "invalid_choice": "Choose one of the services."},
    )


class FilterForm(forms.Form):
    """Filters of the wait list, kept in the address."""

    SHOWS = (("waiting", "Waiting"), ("offered", "Offered"), ("over", "Dates over"))

    service = forms.ModelChoiceField(
        queryset=Service.objects.all(), required=False, empty_label="Any service", widget=forms.Select(attrs=_SELECT)
    )
    nurse = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="Any nurse", widget=forms.Select(attrs=_SELECT)
    )
    part = forms.ChoiceField(
        choices=[("", "Any time of day"), *PartOfDay.choices], required=False, widget=forms.Select(attrs=_SELECT)
    )
    show = forms.ChoiceField(choices=SHOWS, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nurse"].queryset = User.objects.nurses().order_by("name")  # type: ignore[attr-defined]

    def value(self, name: str) -> Any:
        """A filter's value; None for nonsense."""
        return None if name in self.errors else self.cleaned_data.get(name)
