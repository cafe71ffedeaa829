"""The safety questions before the first injection."""

from collections.abc import Iterable
from typing import Any

from django import forms

from clinic.models import User
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Answer
from sessions_app.facts import screening_of
from sessions_app.forms.choices import ABSOLUTE_STOPS, CLEARED, QUICK, RISK_ITEMS, SEGMENTED, SOME, STOP_ITEMS, TICK
from sessions_app.forms.fields import CountField, DayField, NumberField


class BeforeForm(forms.Form):
    """The blocking safety questions, grouped so that "none of these" answers a group."""

    mark_optional = False
    absolute_stops = ABSOLUTE_STOPS

    identifiers_confirmed = forms.BooleanField(required=False)
    stop = forms.ChoiceField(
        required=False,
        choices=[(QUICK, "None of these"), (SOME, "Something applies")],
        widget=forms.RadioSelect(attrs=SEGMENTED),
    )
    stop_items = forms.MultipleChoiceField(
        required=False, choices=list(STOP_ITEMS.items()), widget=forms.CheckboxSelectMultiple(attrs=TICK)
    )
    pregnant = forms.ChoiceField(
        label="Pregnant", required=False, widget=forms.RadioSelect(attrs=SEGMENTED),
        choices=[(Answer.NO.value, "No"), (Answer.UNKNOWN.value, "Possible"), (Answer.YES.value, "Yes")],
    )  # fmt: skip
    nyha_class = forms.TypedChoiceField(
        label="Heart failure", required=False, coerce=lambda chosen: int(chosen) if chosen.isdecimal() else None,
        empty_value=None, widget=forms.RadioSelect(attrs=SEGMENTED),
        # No choice is empty: an empty one would stand there as chosen before anybody asked.
        choices=[("no", "Not severe"), ("3", "NYHA III"), ("4", "NYHA IV")],
    )  # fmt: skip
    abpi = NumberField(
        label="Ankle-brachial index",
        step="0.05",
        example="0.9",
        decimal_places=2,
        min_value=0,
        max_value=3,
    )
    ankle_pressure_mmhg = CountField(
        label="Ankle pressure", unit="mmHg", step="5", example="80", min_value=0, max_value=300
    )
    toe_pressure_mmhg = CountField(
        label="Toe pressure", unit="mmHg", step="5", example="50", min_value=0, max_value=300
    )
    risk = forms.ChoiceField(
        required=False,
        choices=[(QUICK, "None of these"), (SOME, "Something applies")],
        widget=forms.RadioSelect(attrs=SEGMENTED),
    )
    risk_items = forms.MultipleChoiceField(
        required=False, choices=list(RISK_ITEMS.items()), widget=forms.CheckboxSelectMultiple(attrs=TICK)
    )
    major_surgery = DayField(label="Major surgery")
    hospital_stay = DayField(label="End of a long hospital stay")
    recent_pregnancy = DayField(label="End of a pregnancy")
    long_flight = DayField()
    hard_training = DayField(label="Hard training or event planned")
    ceap = forms.ChoiceField(
        label="Leg by CEAP class",
        required=False,
        choices=[("", "Not assessed"), *((f"C{n}", f"C{n}") for n in range(7))],
    )
    duplex_on_file = forms.BooleanField(label="Duplex scan is on file", required=False)
    medication_confirmed = forms.BooleanField(required=False)
    # On paper, for this visit; a signature on the screen needs no tick.
    consent_signed = forms.BooleanField(required=False)
    consent_paper = forms.CharField(
        label="Why on paper, and where it is kept",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Tablet was flat; folder 3"}),
    )
    kit_checked_today = forms.BooleanField(required=False)
    responsible_clinician = forms.ChoiceField(label="Responsible clinician today", required=False)
    weight_kg = NumberField(
        label="Weight",
        unit="kg",
        step="0.5",
        example="68.5",
        decimal_places=1,
        min_value=20,
        max_value=350,
    )

    def __init__(
        self, *args: Any, clinicians: Iterable[User], on_file: Iterable[str], protocol: Protocol, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lookback_months, self.flight_hours = protocol.vte_lookback_months, protocol.long_flight_hours
        self.fields["long_flight"].label = f"Flight over {self.flight_hours} hours planned"
        people = [("", "Choose who is here today"), *((str(person.pk), str(person)) for person in clinicians)]
        self.fields["responsible_clinician"].choices = people  # type: ignore[attr-defined]
        self.on_file = frozenset(on_file) & frozenset(RISK_ITEMS)
        if self.on_file:
            known = ", ".join(RISK_ITEMS[name].lower() for name in RISK_ITEMS if name in self.on_file)
            self._offer_on_file(f"As on file: {known}", "Something else")

    def recall(self, *, last_day: str, day_clinician: str, weight: str = "") -> None:
        """Show what is remembered for confirmation: the risks with the day on which they were said, "" for no day.

        Without a clinician of its own the session follows the day's, and the empty choice says so.
        """
        if self.on_file and last_day:
            known = ", ".join(RISK_ITEMS[name].lower() for name in RISK_ITEMS if name in self.on_file)
            quick = f"As last time, {last_day}: {known}; nothing else. Still true"
            self._offer_on_file(quick, "Something changed")
        self["weight_kg"].help_text = weight
        if day_clinician:
            people = self.fields["responsible_clinician"]
            people.choices = [("", f"As for today: {day_clinician}"), *list(people.choices)[1:]]  # type: ignore[attr-defined]

    def _offer_on_file(self, quick: str, some: str) -> None:
        """The quick words keep what is on file, so that nothing of it applies any more is an answer of its own."""
        choices = [(QUICK, quick), (SOME, some), (CLEARED, "None of these any more")]
        self.fields["risk"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What was typed into a field that the page shows no longer is no answer, and holds nobody up."""
        given: dict[str, Any] = self.cleaned_data
        for group, names in (("stop", MEASURES), ("risk", DATES)):
            if given.get(group) != SOME:
                for name in names:
                    self.errors.pop(name, None)
        return given

    def not_asked(self) -> frozenset[str]:
        """Fields that the page shows no more, because their group was answered as a whole."""
        return frozenset(name for group, names in _FOLDED.items() if self[group].value() != SOME for name in names)

    def facts(self) -> dict[str, Any]:
        """Answers by fact name; a group that was not answered says nothing."""
        given = self.cleaned_data
        facts: dict[str, Any] = {
            name: True
            for name in ("identifiers_confirmed", "medication_confirmed", "consent_signed", "kit_checked_today")
            if given.get(name)
        }
        if given.get("consent_signed") and given.get("consent_paper"):
            facts["consent_paper"] = given["consent_paper"]
        if given.get("stop"):
            some = given["stop"] == SOME
            ticked = given.get("stop_items", ()) if some else ()
            facts |= {name: name in ticked for name in STOP_ITEMS}
            facts["pregnant"] = given.get("pregnant") if some else Answer.NO.value
            if some:
                facts |= {name: given.get(name) for name in MEASURES}
        if given.get("risk"):
            some = given["risk"] == SOME
            ticked = given.get("risk_items", ()) if some else self.on_file if given["risk"] == QUICK else ()
            facts |= {name: name in ticked for name in RISK_ITEMS}
            if some:
                facts |= {name: given.get(name) for name in DATES}
                facts["ceap"] = given.get("ceap")
                facts["duplex_on_file"] = bool(given.get("duplex_on_file")) if given.get("ceap") else None
        return screening_of(facts)


# Asked only of whom something of the group applies to.
MEASURES = ("nyha_class", "abpi", "ankle_pressure_mmhg", "toe_pressure_mmhg")
DATES = ("major_surgery", "hospital_stay", "recent_pregnancy", "long_flight", "hard_training")
_FOLDED = {
    "stop": ("stop_items", "pregnant", *MEASURES),
    "risk": ("risk_items", *DATES, "ceap", "duplex_on_file"),
}
