"""Forms of the front desk. What can be booked is decided by `sessions_app.booking`; these read what was sent."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet

from clinic.models import Patient, Room, User
from clinic.protocol.zones import starting_instant
from sessions_app.forms.fields import CALENDAR_YEARS, IdField
from sessions_app.models import Appointment, PartOfDay, Service
from sessions_app.refusals import Refused
from sessions_app.slot_value import Chosen, parsed
from sessions_app.wording import day_words

TRAVEL = [("no", "No"), ("yes", "Yes"), ("", "Not asked")]


# Needed whenever their block is used, though the form as a whole goes without.
_NEEDED = {"aria-required": "true"}


class StatusForm(forms.Form):
    """Cancelling is not a state to choose: it has a form of its own, because it asks for the reason."""

    to = forms.TypedChoiceField(
        choices=[each for each in Appointment.Status.choices if each[0] != Appointment.Status.CANCELLED],
        coerce=Appointment.Status,
    )


class Look(forms.Form):
    """A form while it is still being filled in: bound from the first look on, so that nothing typed is ever lost."""

    def seen(self, name: str) -> Any:
        """A field's value while the form is still being filled in; None for nonsense."""
        return None if name in self.errors else self.cleaned_data.get(name)

    def text(self, name: str) -> str:
        """What stands in a text field, as it was typed."""
        return str(self.data.get(name, ""))


class TravelForm(Look):
    """What the patient plans in the days after a visit (rules P19 and B6)."""

    travel = forms.ChoiceField(choices=TRAVEL, required=False)
    travel_what = forms.CharField(
        label="What is planned",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": "For example: flight to Lisbon"}),
    )
    travel_on = forms.DateField(
        label="On which day",
        required=False,
        validators=CALENDAR_YEARS,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Enter the day of the event, for example 2026-01-17."},
    )

    def event_day(self) -> date | None:
        return self.seen("travel_on") if self.seen("travel") == "yes" else None

    def travel_note(self, avoid_days: int, visit_day: date) -> str:
        """What is kept of the travel question, in words for the nurse; empty when it was not asked."""
        answer = self.cleaned_data.get("travel")
        if answer != "yes":
            return "Nothing planned" if answer == "no" else ""
        on = self.event_day()
        words = ", ".join(part for part in (self.cleaned_data["travel_what"], on and day_words(on)) if part)
        inside = is_inside(on, visit_day, avoid_days)
        return f"{words or 'Something is planned'}{f': inside the {avoid_days} days after the visit' if inside else ''}"


class TimeForm(Look):
    """What booking and moving share: the chosen time, who and where, and what the dialog shows meanwhile."""

    slot = forms.CharField(required=False, max_length=80)
    # The time that the dialog had chosen by itself while nobody was named; it gives way to the patient's best one.
    suggested_slot = forms.CharField(required=False, max_length=80)
    nurse = IdField(required=False)
    room = IdField(required=False)
    day = forms.DateField(required=False, validators=CALENDAR_YEARS)
    first_day = forms.DateField(required=False, validators=CALENDAR_YEARS)
    part = forms.ChoiceField(choices=[("", "Any time"), *PartOfDay.choices], required=False)
    early_reason = forms.CharField(
        label="Why earlier than usual?",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **_NEEDED}),
    )
    overbook_day = forms.DateField(
        label="Day",
        required=False,
        validators=CALENDAR_YEARS,
        widget=forms.DateInput(attrs={"type": "date", **_NEEDED}, format="%Y-%m-%d"),
    )
    overbook_at = forms.TimeField(
        label="Time",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", **_NEEDED}, format="%H:%M"),
        error_messages={"invalid": "Enter the time, for example 14:30."},
    )
    overbook_reason = forms.CharField(
        label="Why beside another visit?", required=False, max_length=200, widget=forms.TextInput(attrs=_NEEDED)
    )

    @property
    def chosen_value(self) -> str:
        """The time that somebody chose, as it was sent; "" while it is still the one that the dialog suggested."""
        value = self.text("slot")
        return "" if value == self.text("suggested_slot") and "confirm" not in self.data else value

    def clean_slot(self) -> Chosen | None:
        """Start, nurse and room of the chosen time; None while none is chosen."""
        return parsed(self.cleaned_data["slot"])

    def wanted_time(self, zone: ZoneInfo, *, overbooks: bool) -> tuple[datetime, int | None, int | None] | None:
        """Start, nurse and room that somebody confirms: of the chosen time, or the one overbooked on purpose.

        The room is what stood beside the chosen time; where none did, the one that is asked for above the times.
        """
        if overbooks:
            day, at = self.seen("overbook_day"), self.seen("overbook_at")
            starts_at = starting_instant(datetime.combine(day, at), zone) if day and at else None
            return (starts_at, self.seen("nurse"), self.seen("room")) if starts_at else None
        slot: Chosen | None = self.seen("slot")
        return (slot.starts_at, slot.nurse_id, slot.room_id or self.seen("room")) if slot else None


class BookingForm(TimeForm, TravelForm):
    """A booking while it is put together. It is bound from the first look on, so that nothing typed is ever lost;
    errors are shown when somebody confirms."""

    patient = forms.UUIDField(required=False)
    wish = forms.CharField(required=False, max_length=80)
    service = IdField(required=False)
    # The service that the dialog had suggested; as long as it was not changed, another patient gets another suggestion.
    suggested = IdField(required=False)
    request_key = forms.UUIDField(required=False)
    note = forms.CharField(label="Note for the desk", required=False, max_length=300)

    def clean_wish(self) -> tuple[datetime, int | None] | None:
        """The start, and maybe the nurse, that was pressed on the board."""
        start, _, nurse = self.cleaned_data["wish"].partition("|")
        found = parsed(f"{start}|{nurse or 1}")
        return (found[0], found[1] if nurse else None) if found else None

    def find_patient(self, visible: "QuerySet[Patient]") -> Patient | None:
        wanted = self.seen("patient")
        return visible.filter(public_id=wanted).first() if wanted else None

    def choose_service(self, services: list[Service], *, suggestion: Service | None) -> Service | None:
        """The service that somebody chose; one that was only suggested gives way to the present suggestion."""
        wanted = self.seen("service")
        if wanted == self.seen("suggested"):
            return suggestion
        return next((service for service in services if service.pk == wanted), suggestion)

    def key(self) -> UUID:
        """The one of this form, or a new one for a form that was just opened."""
        return self.seen("request_key") or uuid4()


def is_inside(event: date | None, visit_day: date, avoid_days: int) -> bool:
    """Whether a flight or event falls into the days after a visit in which it should be left (rule B6)."""
    return event is not None and visit_day <= event <= visit_day + timedelta(days=avoid_days)


class MoveForm(TimeForm):
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class CancelForm(forms.Form):
    """One of the usual reasons, or another in words."""

    REASONS = (
        "The patient is ill",
        "The patient cannot come",
        "The patient does not want it any more",
        "The clinic cannot keep it",
        "Booked by mistake",
    )

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label="Reason",
        choices=[*((reason, reason) for reason in REASONS), ("other", "Another reason")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the reason.", "invalid_choice": "Choose one of the reasons."},
    )
    other = forms.CharField(label="In words", required=False, max_length=200, widget=forms.TextInput(attrs=_NEEDED))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == "other" and not cleaned.get("other", "").strip():
            self.add_error("other", "Write the reason.")
        return cleaned

    @property
    def words(self) -> str:
        chosen = self.cleaned_data["reason"]
        return str(self.cleaned_data["other"] if chosen == "other" else chosen)


def suggested_service(services: list[Service], *, was_here: bool) -> Service | None:
    """A treatment for somebody who was here before, else a first visit; None where no service is set up."""
    kind = Service.Kind.TREATMENT if was_here else Service.Kind.FIRST_VISIT
    return next((service for service in services if service.kind == kind), services[0] if services else None)


def nurse_of(nurse_id: int | None) -> User | None:
    """The chosen nurse, None for any. Who has left meanwhile is refused: "any" would be somebody else's visit."""
    nurse = User.objects.nurses().filter(pk=nurse_id).first() if nurse_id else None
    if nurse_id and nurse is None:
        raise Refused("This nurse is no longer here. Choose another.", rule="nurse", field="nurse")
    return nurse


def room_of(room_id: int | None) -> Room | None:
    """The chosen room, None for any. A room that was closed meanwhile is refused."""
    room = Room.objects.filter(pk=room_id, is_active=True).first() if room_id else None
    if room_id and room is None:
        raise Refused("This room is no longer used. Choose another.", rule="room", field="room")
    return room
