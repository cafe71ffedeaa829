"""Forms of an adverse event: how it begins, when a step was done, and everything that is written down afterwards.

Only what somebody touched is sent on: each field of `EventForm` carries what it held when the page was opened, so that
two people who fill in different parts overwrite nothing of each other.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.safestring import SafeString, mark_safe

from clinic.protocol.zones import local_date, local_time, starting_instant
from sessions_app.event_decisions import LONGEST_NOTE
from sessions_app.forms.choices import SEGMENTED, TICK
from sessions_app.forms.fields import CLINIC_YEARS, ClockField, DayField
from sessions_app.models import AdverseEvent, TreatmentSession
from sessions_app.wording import day_words

# The two scales are independent of each other, whatever the numbers look like. CTCAE: general meaning of the grades.
SEVERITY = (
    (1, "1: mild or no symptoms; observed only"),
    (2, "2: moderate; little, local or non-invasive treatment; limits everyday tasks such as shopping"),
    (3, "3: severe, not at once life-threatening; hospital stay; limits self-care"),
    (4, "4: life-threatening; urgent intervention"),
    (5, "5: death"),
)
CLAVIEN_DINDO = (
    ("", "Not judged yet"),
    ("I", "I: no drug or intervention, but for simple drugs against symptoms"),
    ("II", "II: other drug treatment"),
    ("IIIa", "IIIa: intervention without general anaesthesia"),
    ("IIIb", "IIIb: intervention under general anaesthesia"),
    ("IVa", "IVa: life-threatening, intensive care, one organ"),
    ("IVb", "IVb: life-threatening, intensive care, several organs"),
    ("V", "V: death"),
)
AGO = (("", "Now"), ("2", "2 min ago"), ("5", "5 min ago"), ("10", "10 min ago"), ("at", "At"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def session_choices(sessions: Sequence[TreatmentSession], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Which visit it belongs to: the newest first, by day and nurse; and none."""
    named = [
        (str(each.public_id), f"{day_words(began)} {began.year}, {each.nurse}")
        for each in sessions
        for began in [local_date(each.started_at, zone)]
    ]
    return [*named, ("", "No session here")]


def _day(label: str) -> DayField:
    return DayField(label=label, validators=CLINIC_YEARS)


class _Moment(forms.Form):
    """Reads a day and a time of the clinic's clock as one instant."""

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now

    def instant(self, day: date | None, clock: time, *, latest_past: bool = False) -> datetime:
        """A time without its day is the latest that is not still to come, if asked; otherwise today's."""
        today = local_date(self.now, self.zone)
        moment = starting_instant(datetime.combine(day or today, clock), self.zone)
        if day is None and latest_past and moment > self.now + timedelta(minutes=2):
            moment = starting_instant(datetime.combine(today - timedelta(days=1), clock), self.zone)
        return moment


class BeginForm(_Moment):
    """Kind and onset are enough; an onset that is left empty is now."""

    mark_optional = False

    request_key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": "Open this page again."})
    session = forms.ChoiceField(label="Session", required=False)
    kind = forms.ChoiceField(
        label="What happened",
        choices=[("", "Choose"), *AdverseEvent.Kind.choices],
        error_messages={"required": "Choose what happened."},
    )
    onset_on = _day("Began on")
    onset_time = ClockField(label="At")

    def __init__(self, *args: Any, sessions: Sequence[TreatmentSession], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].choices = session_choices(sessions, self.zone)  # type: ignore[attr-defined]

    def onset(self) -> datetime:
        """When it began: now, where neither day nor time is given."""
        day, clock = self.cleaned_data.get("onset_on"), self.cleaned_data.get("onset_time")
        if clock is None and day in (None, local_date(self.now, self.zone)):
            return self.now
        return self.instant(day, clock or time(0), latest_past=True)


class StepForm(_Moment):
    """When a step was done: now, some minutes ago, or at a time; its own words where it is no usual step."""

    mark_optional = False

    when = forms.ChoiceField(
        label="The next step was done", required=False, choices=AGO, widget=forms.RadioSelect(attrs=SEGMENTED)
    )
    step_on = _day("Day of the step")
    step_at = ClockField(label="Time of the step")
    own_step = forms.CharField(label="Something else that was done", required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if given.get("when") == "" and given.get("step_at") is not None:
            given["when"] = "at"  # a time that somebody typed is meant, also where "Now" stands chosen still
        if given.get("when") == "at" and "step_at" in given and given["step_at"] is None:
            self.add_error("step_at", "Enter the time at which it was done, such as 10:30.")
        return given

    def moment(self) -> datetime:
        when = self.cleaned_data.get("when", "")
        if when == "at":
            return self.instant(self.cleaned_data.get("step_on"), self.cleaned_data["step_at"], latest_past=True)
        return self.now - timedelta(minutes=int(when)) if when else self.now


def _relation(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=AdverseEvent.Relation.choices, widget=forms.RadioSelect(attrs=SEGMENTED)
    )


class EventForm(_Moment):
    """Everything that is known of an event. `changes`: what differs from the opened page."""

    mark_optional = False

    kind = forms.ChoiceField(label="What happened", choices=AdverseEvent.Kind.choices)
    onset_on = _day("Began on")
    onset_time = ClockField(label="At")
    session = forms.ChoiceField(label="Session", required=False)
    reporter_words = forms.CharField(
        label="Who told it",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": "Seen here; the patient by phone"}),
    )
    description = forms.CharField(
        label="What was seen and what was done",
        required=False,
        max_length=4000,
        help_text="Without the patient's name: the report draft quotes it.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    severity_grade = forms.TypedChoiceField(
        label="How severe (CTCAE)",
        required=False,
        choices=SEVERITY,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect(attrs=TICK),
    )
    clavien_dindo = forms.ChoiceField(
        label="What its treatment took (Clavien-Dindo)", required=False, choices=CLAVIEN_DINDO
    )
    serious_because = forms.MultipleChoiceField(
        label="Serious: any one of these",
        required=False,
        choices=AdverseEvent.Serious.choices,
        widget=forms.CheckboxSelectMultiple(attrs=TICK),
    )
    relation_drug = _relation("Related to the drug")
    relation_procedure = _relation("Related to the procedure")
    relation_compression = _relation("Related to the compression")
    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=AdverseEvent.Outcome.choices,
        widget=forms.RadioSelect(attrs=SEGMENTED),
    )
    outcome_on = _day("Since")
    reported_to_authority_on = _day("Reported to the FDA on")
    reported_to_manufacturer_on = _day("Reported to the manufacturer on")

    def __init__(
        self,
        event: AdverseEvent,
        *,
        sessions: Sequence[TreatmentSession],
        data: Any = None,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        super().__init__(data, initial=_initial(event, zone), zone=zone, now=now)
        self.sessions = {str(each.public_id): each for each in sessions}
        self.fields["session"].choices = session_choices(sessions, zone)  # type: ignore[attr-defined]
        for each in self.fields.values():
            each.show_hidden_initial = True

    @property
    def opened_with(self) -> SafeString:
        """Hidden fields: what each field held when the page was opened."""
        return mark_safe("".join(str(field.as_hidden(only_initial=True)) for field in self))  # nosec B308, B703

    def clean_description(self) -> str:
        return _CONTROL.sub("", str(self.cleaned_data["description"]))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        for name, words in _WANTED.items():
            if name in given and given[name] is None:
                self.add_error(name, words)
        return given

    def changes(self) -> dict[str, Any]:
        """Valid and touched, by the names of the model; nothing where nothing was sent."""
        if not self.is_bound:
            return {}
        self.is_valid()
        touched = {name for name in self.changed_data if name in self.cleaned_data}
        changes = {name: self.cleaned_data[name] for name in touched - {"onset_on", "onset_time", "session"}}
        if touched & {"onset_on", "onset_time"} and {"onset_on", "onset_time"} <= self.cleaned_data.keys():
            changes["onset_at"] = self.instant(self.cleaned_data["onset_on"], self.cleaned_data["onset_time"])
        if "session" in touched:
            changes["session"] = self.sessions.get(self.cleaned_data["session"])
        return changes


class CloseForm(forms.Form):
    """What a clinician writes to close an event. What is asked depends on the event: `event_decisions.close` judges."""

    mark_optional = False

    closing_note = forms.CharField(
        label="How it ended", required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_NOTE})
    )
    allergy_ruled_out = forms.BooleanField(label="An allergy to polidocanol is ruled out", required=False)


_WANTED = {
    "onset_on": "Enter the day on which it began.",
    "onset_time": "Enter the time at which it began, such as 10:30.",
}


def _initial(event: AdverseEvent, zone: ZoneInfo) -> dict[str, Any]:
    names = [name for name in EventForm.base_fields if name not in ("onset_on", "onset_time", "session")]
    began = local_time(event.onset_at, zone)
    return {
        **{name: getattr(event, name) for name in names},
        "onset_on": began.date(),
        "onset_time": f"{began:%H:%M}",
        "session": str(event.session.public_id) if event.session else "",
    }


class FilterForm(forms.Form):
    """Which events the register shows; what cannot be read is left out."""

    mark_optional = False
    STATES = (("", "All"), ("open", "Open"), ("unseen", "Not seen by a clinician"), ("serious", "Serious"))

    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "All kinds"), *AdverseEvent.Kind.choices])
    first = _day("From")
    last = _day("To")
    lot = forms.CharField(label="Lot", required=False, max_length=40)

    def wanted(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
