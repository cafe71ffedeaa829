"""What came after the last injection, and when."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.validators import MinValueValidator

from clinic.protocol.values import Protocol
from clinic.protocol.zones import local_date, starting_instant
from sessions_app.facts import StatusAtEnd, zone_of
from sessions_app.forms.choices import SEEN_ITEMS, SEGMENTED, TICK
from sessions_app.forms.fields import ClockField, CountField
from sessions_app.models import TreatmentSession


class AfterForm(forms.Form):
    """What came after the last injection, and when. Times are of the session's date, on the clinic's clock."""

    mark_optional = False

    started_at = ClockField(label="Session began")
    ended_at = ClockField(label="Stocking on at")
    compression_legs = forms.ChoiceField(
        label="Stocking on", required=False, widget=forms.RadioSelect(attrs=SEGMENTED),
        choices=[choice for choice in TreatmentSession.CompressionLegs.choices if choice[0]],
    )  # fmt: skip
    compression_garment = forms.CharField(
        label="Stocking",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "garments", "autocomplete": "off"}),
    )
    compression_mmhg = forms.CharField(
        label="mmHg",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"list": "pressures", "autocomplete": "off"}),
    )
    extensive = forms.BooleanField(label="Extensive veins: longer compression", required=False)
    extensive_days = CountField(label="Day and night for", unit="days", stepper=True, example="14", max_value=90)
    observation_started_at = ClockField(label="Walk began")
    observation_ended_at = ClockField(label="Walk ended")
    observation_status = forms.ChoiceField(
        label="At the end",
        required=False,
        choices=[(word.value, word.value) for word in StatusAtEnd],
        widget=forms.RadioSelect(attrs=SEGMENTED),
    )
    reaction = forms.ChoiceField(
        label="Reaction during or after", required=False, widget=forms.RadioSelect(attrs=SEGMENTED),
        choices=[choice for choice in TreatmentSession.Reaction.choices if choice[0]],
    )  # fmt: skip
    seen = forms.MultipleChoiceField(
        label="Seen",
        required=False,
        choices=[*SEEN_ITEMS.items()],
        widget=forms.CheckboxSelectMultiple(attrs=TICK),
    )
    reaction_note = forms.CharField(
        label="What was seen, what was done", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    foam = forms.BooleanField(label="Foam was used, not the liquid", required=False)
    note = forms.CharField(label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, session: TreatmentSession, protocol: Protocol, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session
        least = protocol.extensive_continuous_days_min
        self.fields["extensive_days"].validators.append(
            MinValueValidator(least, f"Enter {least} days or more, or clear the tick.")
        )
        # Somebody's earlier words for the status stay a choice.
        stored = session.observation_status
        if stored and stored not in set(StatusAtEnd):
            self.fields["observation_status"].choices = [*self.fields["observation_status"].choices, (stored, stored)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        for name in INSTANTS:
            if isinstance(given.get(name), time):
                given[name] = self._instant(given[name])
        self._refuse_backwards(
            "started_at", "ended_at", "The session ends before it begins. Correct one of the two times."
        )
        self._refuse_backwards(
            "observation_started_at",
            "observation_ended_at",
            "The walk ends before it begins. Correct one of the two times.",
        )
        if given.get("started_at") is None and "started_at" in given:
            given["started_at"] = self.session.started_at
        if not given.get("extensive"):
            given["extensive_days"] = None
        return given

    def _instant(self, wall: time) -> datetime:
        zone = zone_of(self.session)
        day = local_date(self.session.started_at, zone)
        return starting_instant(datetime.combine(day, wall), zone)

    def _refuse_backwards(self, first: str, last: str, words: str) -> None:
        """Judges what would be stored: a time that was not saved leaves the stored one in force."""
        begins = self.cleaned_data.get(first) or getattr(self.session, first)
        ends = self.cleaned_data[last] if last in self.cleaned_data else getattr(self.session, last)
        if begins is None or ends is None or ends >= begins:
            return
        self.add_error(last, words)
        stored_end = getattr(self.session, last)
        if stored_end is not None and self.cleaned_data.get(first) and self.cleaned_data[first] > stored_end:
            self.add_error(first, words)

    def seen_facts(self) -> dict[str, Any]:
        """What was seen; nothing is said while nobody said whether there was a reaction."""
        if not self.cleaned_data.get("reaction"):
            return {}
        some = self.cleaned_data["reaction"] == TreatmentSession.Reaction.SEEN
        ticked = self.cleaned_data.get("seen", ()) if some else ()
        return {name: name in ticked for name in SEEN_ITEMS}


INSTANTS = ("started_at", "ended_at", "observation_started_at", "observation_ended_at")
SESSION_FIELDS = (
    *INSTANTS,
    "compression_legs",
    "compression_garment",
    "compression_mmhg",
    "extensive_days",
    "observation_status",
    "reaction",
    "reaction_note",
    "foam",
    "note",
)
