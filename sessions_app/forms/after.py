"""What came after the last injection, and when."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone

from clinic.protocol.catalogue import extensive_days_range
from clinic.protocol.checks.times import FOLLOWS, wrong_times
from clinic.protocol.values import Protocol
from sessions_app.facts import StatusAtEnd, zone_of
from sessions_app.forms.choices import SEEN_ITEMS, SEGMENTED, TICK
from sessions_app.forms.fields import ClockField, CountField
from sessions_app.models import TreatmentSession
from sessions_app.visit_times import shows, time_after, time_near, time_on_its_date, words_of


class AfterForm(forms.Form):
    """What came after the last injection, and when: times on the clinic's clock, see `sessions_app.visit_times`.

    ``now`` is the clock that tells what is still to come, the server's if None.
    """

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
    extensive_days = CountField(
        label="Day and night for", unit="days", stepper=True, example="14", max_value=extensive_days_range()[1]
    )
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

    def __init__(
        self, *args: Any, session: TreatmentSession, protocol: Protocol, now: datetime | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.session, self.now = session, now or timezone.now()
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
        self._read_times()
        self._refuse_impossible()
        if given.get("started_at") is None and "started_at" in given:
            given["started_at"] = self.session.started_at
        self._read_extensive()
        return given

    def _read_extensive(self) -> None:
        """Longer compression is as long as somebody says: a tick alone would end in the shorter plan."""
        given = self.cleaned_data
        if not given.get("extensive"):
            given["extensive_days"] = None
            self.errors.pop("extensive_days", None)
        elif given.get("extensive_days") is None and "extensive_days" not in self.errors:
            self.add_error("extensive_days", "Enter for how many days, or clear the tick.")

    def _read_times(self) -> None:
        """The clock's hours and minutes become instants, in the order of a visit: each is read after those before."""
        zone = zone_of(self.session)
        for name, followed in FOLLOWS.items():
            clock = self.cleaned_data.get(name)
            if not isinstance(clock, time):
                continue
            # The page shows no seconds, nor which of a repeated hour it is.
            stored = _whole_minute(getattr(self.session, name))
            earlier = sorted((each for other in followed if (each := self._in_force(other))), reverse=True)
            if stored is not None and shows(stored, clock, zone) and all(stored >= each for each in earlier):
                self.cleaned_data[name] = stored
            elif not followed:
                self.cleaned_data[name] = time_near(clock, self.session.started_at, zone, now=self.now)
            else:
                self.cleaned_data[name] = self._first_after(clock, earlier)

    def _first_after(self, clock: time, earlier: list[datetime]) -> datetime:
        zone = zone_of(self.session)
        found = (time_after(clock, each, zone) for each in earlier)
        return next((each for each in found if each), None) or time_on_its_date(clock, earlier[-1], zone)

    def _in_force(self, name: str) -> datetime | None:
        """What would be stored: a time that was not saved leaves the stored one in force."""
        given = self.cleaned_data.get(name)
        if name in self.cleaned_data and (given or name != "started_at"):
            return given if isinstance(given, datetime) else None
        stored: datetime | None = getattr(self.session, name)
        return stored

    def _refuse_impossible(self) -> None:
        """Errors beside the times that cannot be; a start that lies behind the end that stays stored is one too."""
        zone, times = zone_of(self.session), {name: self._in_force(name) for name in FOLLOWS}
        for wrong in wrong_times(times, self.now):
            words = words_of(wrong, times, zone)
            if wrong.name in self.cleaned_data:
                self.add_error(wrong.name, words)
            start, stored_end = self.cleaned_data.get("started_at"), self.session.ended_at
            if wrong.name == "ended_at" and wrong.before and start and stored_end and start > stored_end:
                self.add_error("started_at", words)

    def seen_facts(self) -> dict[str, Any]:
        """What was seen; nothing is said while nobody said whether there was a reaction."""
        if not self.cleaned_data.get("reaction"):
            return {}
        some = self.cleaned_data["reaction"] == TreatmentSession.Reaction.SEEN
        ticked = self.cleaned_data.get("seen", ()) if some else ()
        return {name: name in ticked for name in SEEN_ITEMS}


def _whole_minute(instant: datetime | None) -> datetime | None:
    return instant.replace(second=0, microsecond=0) if instant else None


INSTANTS = tuple(FOLLOWS)
# A tick asks for it, so that leaving it empty is unfinished and not nothing.
KEPT_EMPTY = frozenset({"extensive_days"})
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
