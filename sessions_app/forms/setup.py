"""Forms of the set-up of the schedule. What a change does to visits, the actions say; these read what was sent."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet

from clinic.models import Clinic, Room, User
from clinic.protocol.zones import ending_instant, start_of_day, starting_instant
from sessions_app.forms.fields import CLINIC_YEARS
from sessions_app.forms.spans import Span, SpansField
from sessions_app.models import Service
from sessions_app.refusals import Refused
from sessions_app.setup import RULES

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SAME = "="
_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f\u2028\u2029]", "Write this on one line.", inverse_match=True)


def date_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        validators=CLINIC_YEARS,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"}),
        error_messages={"invalid": "Enter the day, for example 2026-01-17.", "required": "Enter the day."},
    )


def number_field(label: str, low: int, high: int, unit: str, **facts: Any) -> forms.IntegerField:
    """A whole number with its unit; the errors name the limits."""
    between = f"Enter a whole number from {low} to {high}."
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        widget=forms.NumberInput(attrs={"data-unit": unit, "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), between),
        **facts,
    )


class Refusable(forms.Form):
    """A form whose action may refuse: the words stand at the field they concern. `accepted` are visits that the page
    showed, as ids with commas between: a year of a full clinic fits, and the size of a request is limited anyway."""

    accepted = forms.CharField(required=False, max_length=2_000_000, widget=forms.HiddenInput)

    def refuse(self, refused: Refused) -> None:
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)

    def seen_visits(self) -> set[UUID]:
        found = set()
        for text in str(self.data.get("accepted", "")).split(","):
            try:
                found.add(UUID(text))
            except ValueError:
                continue
        return found


class WeekForm(Refusable):
    """Seven days in seven lines, from a day on. "=" is the same as the day above."""

    first_date = date_field("From", help_text="Nothing before this day changes.")
    last_date = date_field("Until", required=False, help_text="Empty: until further notice.")
    stamp = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day_{number}"] = SpansField(
                label=name, required=False, attrs={"placeholder": "Not working", "class": "spans-input"}
            )

    mark_optional = False

    @property
    def day_fields(self) -> list[forms.BoundField]:
        return [self[f"day_{number}"] for number in range(7)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        above: list[Span] | None = None
        for number in range(7):
            name = f"day_{number}"
            if str(self.data.get(name, "")).strip() == SAME:
                self.errors.pop(name, None)
                if above is None:
                    self.add_error(name, "There is no day above with hours to repeat. Write the hours.")
                else:
                    cleaned[name] = above
            if name in cleaned:
                above = cleaned[name]
        return cleaned

    def week(self) -> dict[int, list[Span]]:
        return {number: self.cleaned_data[f"day_{number}"] for number in range(7) if self.cleaned_data[f"day_{number}"]}


class DateForm(Refusable):
    """The hours of one date."""

    day = date_field("Date")
    spans = SpansField(
        label="Hours on that date",
        attrs={"placeholder": "08:00-12:00, 13:00-17:00"},
        error_messages={"required": "Enter the hours of that date. For a whole day off, enter time off instead."},
    )
    note = forms.CharField(label="Why", required=False, max_length=80, validators=[_ONE_LINE])


class ClearDateForm(Refusable):
    day = date_field("Date")


class NurseChoices(forms.ModelMultipleChoiceField):
    """Ticked nurses or rooms by key; a key that no row can have is refused before the database is asked."""

    def __init__(self, queryset: QuerySet, **kwargs: Any) -> None:
        super().__init__(queryset, required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not str(key).isascii() or not str(key).isdigit() or len(str(key)) > 18:
                raise forms.ValidationError("Choose from the list.")
        return super().clean(value)


class ClosureForm(Refusable):
    """What is closed, from when until when: whole days, or from a time to a time."""

    WHOLE, NURSES, ROOMS = "clinic", "nurses", "rooms"

    title = forms.CharField(
        label="What is it",
        max_length=80,
        validators=[_ONE_LINE],
        widget=forms.TextInput(attrs={"placeholder": "For example: Public holiday"}),
        error_messages={"required": "Say what it is, for example Public holiday."},
    )
    scope = forms.ChoiceField(
        label="What is closed",
        choices=[(WHOLE, "Whole clinic"), (NURSES, "Time off of nurses"), (ROOMS, "Rooms")],
        initial=WHOLE,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={"required": "Choose what is closed.", "invalid_choice": "Choose what is closed."},
    )
    nurses = NurseChoices(User.objects.none(), label="Who is away")
    rooms = NurseChoices(Room.objects.none(), label="Which rooms")
    first_date = date_field("First day")
    last_date = date_field("Last day", required=False, help_text="Empty: one day.")
    starts = forms.TimeField(
        label="From",
        required=False,
        help_text="Empty: the whole day.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "short"}),
        error_messages={"invalid": "Enter the time, for example 08:30."},
    )
    ends = forms.TimeField(
        label="Until",
        required=False,
        help_text="Of the last day.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "short"}),
        error_messages={"invalid": "Enter the time, for example 12:30."},
    )

    mark_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nurses"].queryset = User.objects.nurses()  # type: ignore[attr-defined]
        self.fields["rooms"].queryset = Room.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scope = cleaned.get("scope")
        if scope == self.NURSES and "nurses" in cleaned and not cleaned["nurses"]:
            self.add_error("nurses", "Choose who is away.")
        if scope == self.ROOMS and "rooms" in cleaned and not cleaned["rooms"]:
            self.add_error("rooms", "Choose the rooms.")
        first, last = cleaned.get("first_date"), cleaned.get("last_date")
        if first and last and last < first:
            self.add_error("last_date", "The last day comes after the first.")
        return cleaned

    def period(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants of a valid form; a whole day ends with it."""
        first: date = self.cleaned_data["first_date"]
        last: date = self.cleaned_data["last_date"] or first
        starts: time | None = self.cleaned_data["starts"]
        ends: time | None = self.cleaned_data["ends"]
        begin = starting_instant(datetime.combine(first, starts), zone) if starts else start_of_day(first, zone)
        end = start_of_day(last + timedelta(days=1), zone)
        return begin, ending_instant(datetime.combine(last, ends), zone) if ends else end

    def whom(self) -> dict[str, list[Any]]:
        """The arguments of `closures.close`; none for the whole clinic."""
        scope = self.cleaned_data["scope"]
        return {} if scope == self.WHOLE else {scope: list(self.cleaned_data[scope])}


class RoomForm(Refusable):
    name = forms.CharField(
        label="Name",
        max_length=40,
        validators=[_ONE_LINE],
        error_messages={"required": "Enter the name, for example Room 3."},
    )
    is_active = forms.BooleanField(label="In use", required=False, initial=True)


class ServiceForm(Refusable):
    name = forms.CharField(
        label="Name",
        max_length=60,
        validators=[_ONE_LINE],
        help_text="As the desk and the patient read it.",
        error_messages={"required": "Enter the name, for example Treatment, one leg."},
    )
    kind = forms.ChoiceField(
        label="Kind",
        choices=Service.Kind.choices,
        initial=Service.Kind.TREATMENT,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        help_text="A treatment follows the repeat window of the protocol.",
    )
    chair_minutes = number_field("In the chair", 5, 240, "min", initial=45)
    walk_minutes = number_field("Observed walk", 0, 60, "min", initial=20)
    buffer_minutes = number_field("Turn-round of the room", 0, 60, "min", initial=10)
    minimum_notice_hours = number_field(
        "Booked at least", 0, 720, "h ahead", initial=0, help_text="0: up to the last minute."
    )
    booking_horizon_days = number_field(
        "Booked at most", 1, 3650, "days ahead", required=False, help_text="Empty: as far as the clinic books."
    )
    nurses = NurseChoices(User.objects.none(), label="Which nurses", help_text="None ticked: all of them.")
    rooms = NurseChoices(Room.objects.none(), label="Which rooms", help_text="None ticked: all of them.")
    is_active = forms.BooleanField(label="Offered", required=False, initial=True)

    mark_optional = False

    def __init__(self, *args: Any, service: Service | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _values_of(service) if service else {})
        super().__init__(*args, **kwargs)
        self.service = service
        self.fields["nurses"].queryset = User.objects.nurses()  # type: ignore[attr-defined]
        rooms = Room.objects.filter(is_active=True)
        if service:
            rooms = (rooms | Room.objects.filter(pk__in=service.rooms.values("pk"))).distinct()
        self.fields["rooms"].queryset = rooms  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        names = ("name", "kind", "chair_minutes", "walk_minutes", "buffer_minutes", "booking_horizon_days", "is_active")
        facts = {name: self.cleaned_data[name] for name in names}
        facts["name"] = facts["name"].strip()
        hours = self.cleaned_data["minimum_notice_hours"]
        former = self.service.minimum_notice_minutes if self.service else 0
        # What was set to the minute stays so until somebody changes it.
        facts["minimum_notice_minutes"] = former if hours == former // 60 else hours * 60
        return facts


def _values_of(service: Service) -> dict[str, Any]:
    names = ("name", "kind", "chair_minutes", "walk_minutes", "buffer_minutes", "booking_horizon_days", "is_active")
    return {name: getattr(service, name) for name in names} | {
        "minimum_notice_hours": service.minimum_notice_minutes // 60,
        "nurses": list(service.nurses.values_list("pk", flat=True)),
        "rooms": list(service.rooms.values_list("pk", flat=True)),
    }


class RulesForm(forms.Form):
    """The rules of booking and answering that hold for the whole clinic."""

    grid_minutes = forms.TypedChoiceField(
        label="Visits start every",
        coerce=int,
        choices=[(number, f"{number} minutes") for number in (5, 10, 15, 20, 30, 60)],
    )
    booking_horizon_days = number_field("Booked at most", 1, 3650, "days ahead")
    change_grace_minutes = number_field(
        "After a change the patient is told in", 0, 60, "min", help_text="Undone before, nothing is sent."
    )
    patients_may_move = forms.BooleanField(label="Patients may move their visits on their page", required=False)
    patient_move_notice_hours = number_field("Until how long before the visit", 0, 336, "h")
    offer_minutes = number_field(
        "A time offered to somebody on the wait list is kept for", 5, 1440, "min", help_text="Then it is free again."
    )
    request_answer_hours = number_field(
        "Who asks on the public page is answered within",
        1,
        168,
        "h",
        help_text="The page promises it; the desk's list counts down.",
    )
    report_emergency_minutes = number_field(
        "An emergency is answered within",
        1,
        60,
        "min",
        help_text="On the clock, day and night, then the next one is asked. To be confirmed by the clinical lead.",
    )
    report_same_day_minutes = number_field(
        "A report for today is answered within",
        15,
        480,
        "min",
        help_text="Of opening time, and before closing. To be confirmed by the clinical lead.",
    )

    mark_optional = False

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {name: getattr(clinic, name) for name in RULES})
        super().__init__(*args, **kwargs)
        grid = clinic.grid_minutes
        choices: Iterable[tuple[int, str]] = self.fields["grid_minutes"].choices  # type: ignore[attr-defined]
        if grid not in dict(choices):
            self.fields["grid_minutes"].choices = sorted([*choices, (grid, f"{grid} minutes")])  # type: ignore[attr-defined]
