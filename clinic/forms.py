"""Forms about patients. They say what is wrong and what to type; the writing is done by `clinic.actions`."""

from collections.abc import Iterator
from datetime import date
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.access import Permission
from clinic.actions import CLINICAL_FIELDS, LONGEST_RULED_OUT, ONLY_CLINICIANS, WHY_RULED_OUT, EmailInUse
from clinic.consent import Channel, current_wording
from clinic.models import Patient, User
from clinic.notifications.consent import standing
from clinic.phones import BadNumber, phone_words, to_e164

_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f\u2028\u2029]", "Write this on one line.", inverse_match=True)
_OLDEST = date(1900, 1, 1)
_ANSWERS = [("yes", "Yes"), ("no", "No"), ("", "Not asked")]
_MEANS: dict[str, bool] = {"yes": True, "no": False}


def ruled_out_field() -> forms.CharField:
    """Why a recorded allergy to polidocanol is none; asked of who takes it back."""
    return forms.CharField(
        label="Why the allergy to polidocanol is ruled out",
        required=False,
        max_length=LONGEST_RULED_OUT,
        help_text="Only when you take the tick away. The clinical lead looks at it.",
    )


def guard_allergy(form: forms.Form, *, user: User, recorded: bool) -> None:
    """A recorded allergy to polidocanol stays ticked, but for a clinician who says why it is ruled out."""
    if recorded and user.may(Permission.OVERRIDE_CHECK):
        return
    del form.fields["allergy_ruled_out"]
    if not recorded:
        return
    form.fields["polidocanol_allergy"].disabled = True
    form.fields["polidocanol_allergy"].help_text = ONLY_CLINICIANS


def check_ruled_out(form: forms.Form) -> None:
    """An error beside the reason when an allergy is taken back without one."""
    asked = {"allergy_ruled_out", "polidocanol_allergy"} <= form.fields.keys()
    if asked and not form.cleaned_data.get("polidocanol_allergy") and not form.cleaned_data.get("allergy_ruled_out"):
        form.add_error("allergy_ruled_out", WHY_RULED_OUT)


class PatientForm(forms.Form):
    """Who somebody is and how to reach them; clinical facts only for people who may see charts.

    A patient's present values are the initial ones. Each field also carries, hidden, the value that the page was opened
    with, so that a page which became stale can tell what its user changed (`typed`).
    """

    given_name = forms.CharField(
        label="First name", max_length=60, validators=[_ONE_LINE], error_messages={"required": "Enter the first name."}
    )
    family_name = forms.CharField(
        label="Last name", max_length=60, validators=[_ONE_LINE], error_messages={"required": "Enter the last name."}
    )
    birth_date = forms.DateField(
        label="Birth date",
        input_formats=["%Y-%m-%d", "%d %b %Y", "%d %B %Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-width": "short", "min": _OLDEST}),
        error_messages={
            "required": "Enter the birth date.",
            "invalid": "Enter the birth date with day, month and year, for example 4 Mar 1967.",
        },
    )
    phone = forms.CharField(
        label="Phone", required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"})
    )
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="The patient's own: a sign-in code for the portal goes there.",
        error_messages={"invalid": "Enter the whole e-mail, for example name@example.com."},
    )
    language = forms.ChoiceField(
        label="Language",
        choices=Patient.Language.choices,
        initial=Patient.Language.ENGLISH,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    time_zone = forms.ChoiceField()
    weight_kg = forms.DecimalField(
        label="Weight",
        required=False,
        min_value=20,
        max_value=350,
        max_digits=4,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"data-unit": "kg", "data-width": "short", "step": "0.1"}),
        error_messages={
            "invalid": "Enter the weight in kg, for example 68.5.",
            "min_value": "Enter a weight of at least 20 kg.",
            "max_value": "Enter a weight of at most 350 kg.",
            "max_digits": "Enter the weight in kg, for example 68.5.",
            "max_decimal_places": "Enter the weight with one decimal, for example 68.5.",
            "max_whole_digits": "Enter a weight of at most 350 kg.",
        },
    )
    polidocanol_allergy = forms.BooleanField(label="Allergic to polidocanol", required=False)
    allergy_ruled_out = ruled_out_field()
    allergies = forms.CharField(
        label="Allergies", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    risk_factors = forms.MultipleChoiceField(
        label="Remember for the safety questions",
        required=False,
        choices=Patient.RiskFactor.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    mark_optional = False  # said once, above the form

    def __init__(self, *args: Any, user: User, patient: Patient | None = None, zone: str, **kwargs: Any) -> None:
        kwargs["initial"] = {"time_zone": zone, **(_values_of(patient) if patient else {}), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.patient = patient
        self.fields["time_zone"] = _zone_field(zone, kwargs["initial"]["time_zone"])
        for channel in Channel:
            self.fields[f"contact_{channel}"] = _consent_field(channel)
        guard_allergy(self, user=user, recorded=patient is not None and patient.polidocanol_allergy)
        if not user.may(Permission.VIEW_CHART):
            for name in CLINICAL_FIELDS:
                del self.fields[name]
        if patient is None:
            del self.fields["version"]
        else:
            for name, field in self.fields.items():
                field.show_hidden_initial = name != "version"

    @property
    def shows_clinical(self) -> bool:
        return "weight_kg" in self.fields

    def clean_birth_date(self) -> date:
        born: date = self.cleaned_data["birth_date"]
        if born > timezone.localdate():
            raise forms.ValidationError("This date is still to come. Check the year.")
        if born < _OLDEST:
            raise forms.ValidationError("Check the year: it is before 1900.")
        return born

    def clean_phone(self) -> str:
        try:
            return to_e164(self.cleaned_data["phone"])
        except BadNumber as error:
            raise forms.ValidationError(str(error)) from error

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for channel, field, needs in (
            (Channel.EMAIL, "email", "Enter the e-mail, or answer No."),
            (Channel.SMS, "phone", "Enter the phone number, or answer No."),
        ):
            if cleaned.get(f"contact_{channel}") == "yes" and field not in self.errors and not cleaned.get(field):
                self.add_error(f"contact_{channel}", needs)
        check_ruled_out(self)
        return cleaned

    def explain_shared_email(self, error: EmailInUse) -> None:
        unnamed = "A patient's carer" if error.is_carer else "A member of staff"
        owner = error.patient.name if error.patient else unnamed
        why = f"{owner} signs in with this e-mail. A shared one would open the other person's plan."
        self.add_error("email", f"{why} Enter another, or leave it empty.")

    def facts(self) -> dict[str, Any]:
        """The patient's facts as `clinic.actions` takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name in _FACTS}

    def contact(self) -> dict[str, bool]:
        """The answers about channels; one that was not asked is absent."""
        answers = {channel: self.cleaned_data[f"contact_{channel}"] for channel in Channel}
        return {str(channel): _MEANS[answer] for channel, answer in answers.items() if answer}

    def hidden_initials(self) -> SafeString:
        """The values that the page was opened with, as hidden inputs."""
        parts = [field.as_hidden(only_initial=True) for field in self if field.field.show_hidden_initial]
        return format_html("{}" * len(parts), *parts)

    def typed(self) -> set[str]:
        """The fields that the user of the page changed."""
        return set(self.changed_data) - {"version"}

    def after_conflict(self, stored: Patient, *, user: User, zone: str) -> "PatientForm":
        """The form on what is stored now, with the changes of this one in it; it can be sent again."""
        fresh, typed, sent = PatientForm(user=user, patient=stored, zone=zone), self.typed(), cast(QueryDict, self.data)
        data = MultiValueDict({"version": [str(stored.version)]})
        for bound in fresh:
            if bound.name == "version":
                continue
            present = _as_sent(bound)
            mine = sent.getlist(bound.html_name) if bound.name in typed else present
            data.setlist(bound.html_name, mine)
            data.setlist(bound.html_initial_name, present)
        return PatientForm(data, user=user, patient=stored, zone=zone)


_FACTS = CLINICAL_FIELDS | {"given_name", "family_name", "birth_date", "phone", "email", "language", "time_zone"}


def _values_of(patient: Patient) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(patient, name) for name in _FACTS} | {"version": patient.version}
    values["phone"] = phone_words(patient.phone) if patient.phone else ""
    answers = {True: "yes", False: "no"}
    for channel, holds in standing(patient).items():
        values[f"contact_{channel}"] = answers[holds]
    return values


def _as_sent(bound: forms.BoundField) -> list[str]:
    """A field's initial value as a browser would send it: nothing for an empty box, several for several."""
    value = bound.field.prepare_value(bound.initial)
    if isinstance(value, bool):
        return ["on"] if value else []
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return ["" if value is None else str(value)]


def _consent_field(channel: Channel) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="May we write e-mails?" if channel is Channel.EMAIL else "May we send text messages?",
        required=False,
        choices=_ANSWERS,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        help_text=f"“{current_wording(channel)}”",
    )


def _zone_field(clinic_zone: str, own_zone: str) -> forms.ChoiceField:
    """The clinic's zone first, then every other, by continent."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if place and area not in {"Etc", "SystemV", "posix", "right", "US", "Brazil", "Canada", "Chile", "Mexico"}:
            groups.setdefault(area, []).append((name, place.replace("_", " ")))
    first = [(zone, zone.replace("_", " ")) for zone in dict.fromkeys([clinic_zone, own_zone])]
    return forms.ChoiceField(
        label="Time zone",
        help_text="Reminders go out by the patient's clock.",
        choices=[("Here", first), *groups.items()],
    )


def differences(form: PatientForm, stored: Patient) -> list[dict[str, Any]]:
    """What somebody else changed since the page of `form` was opened: label, then and now in words, and `both` where
    the user of the page changed the same field."""
    now, typed, found = _values_of(stored), form.typed(), []
    for bound in form:
        field = bound.field
        if not field.show_hidden_initial:
            continue
        opened = _as_opened(form, bound)
        present = field.to_python(now.get(bound.name, ""))
        if opened != present:
            words = {"label": bound.label, "was": _in_words(field, opened), "now": _in_words(field, present)}
            found.append({**words, "both": bound.name in typed})
    return found


def _as_opened(form: PatientForm, bound: forms.BoundField) -> Any:
    """The value that the page was opened with; the field's empty one when what it sent back is none of ours."""
    sent = form._widget_data_value(bound.field.hidden_widget(), bound.html_initial_name)  # type: ignore[attr-defined]
    try:
        return bound.field.to_python(sent)
    except forms.ValidationError:
        return bound.field.to_python(None)


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.MultipleChoiceField):
        labels = dict(field.choices)  # type: ignore[arg-type]
        return ", ".join(str(labels.get(each, each)) for each in value) or "nothing"
    if isinstance(field, forms.ChoiceField):
        return next((str(label) for key, label in _flat(field.choices) if str(key) == str(value)), str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    return str(value) if value not in (None, "") else "nothing"


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield key, label
