"""The form of the scores: both legs at once, each item with the words of its answers."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing

from clinic.protocol.errors import ProtocolError
from clinic.protocol.scores import (
    CEAP_CAUSES,
    CEAP_CLASSES,
    CEAP_MECHANISMS,
    CEAP_PLACES,
    CEAP_SYMPTOMS,
    RVCSS_ITEMS,
    Ceap,
    Item,
    rvcss,
)
from clinic.protocol.vocabulary import Leg
from sessions_app.models import Score
from sessions_app.scoring import LegScores

LEGS = (Leg.RIGHT, Leg.LEFT)
_SALT = "scores page"
_UNKNOWN = ("", "Not said")
# Drawn as buttons that show all answers at once (record/_score_field.html).
_PRESSED = {"class": "btn-check"}
_CEAP_PARTS = ("clinical", "symptoms", "cause", "places", "mechanism")


def opened_token(now: datetime) -> str:
    """When the page was opened, signed, so that sending it again can be told from a new examination."""
    return signing.dumps(now.isoformat(), salt=_SALT)


def _opened(token: str) -> datetime:
    try:
        return datetime.fromisoformat(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise forms.ValidationError("This page was changed on the way. Open it again and enter the scores.") from error


def _choice(label: str, words: Mapping[str, str], *, empty: tuple[str, str] = _UNKNOWN) -> forms.ChoiceField:
    widget = forms.RadioSelect(attrs=_PRESSED)
    return forms.ChoiceField(label=label, choices=[empty, *words.items()], required=False, widget=widget)


def _item_field(item: Item, *, leg: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=f"{leg.capitalize()} leg: {item.title}",
        choices=[(str(points), text) for points, text in enumerate(item.answers)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect(attrs={**_PRESSED, "data-score": leg}),
        error_messages={"invalid_choice": "Choose 0, 1, 2 or 3."},
    )


class ScoresForm(forms.Form):
    """Fields are called `right-pain`, `left-clinical`; a leg of which nothing is answered was not examined."""

    mark_optional = False
    opened = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, copied: Collection[Leg] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for leg in LEGS:
            self._add_leg(leg, asks_confirmation=leg in copied or f"{leg.value}-copied" in self.data)

    def _add_leg(self, leg: Leg, *, asks_confirmation: bool) -> None:
        name, word = leg.value, leg.value.capitalize()
        self.fields[f"{name}-clinical"] = _choice(f"{word} leg, CEAP class", CEAP_CLASSES, empty=("", "Not examined"))
        self.fields[f"{name}-symptoms"] = _choice(f"{word} leg, symptoms", CEAP_SYMPTOMS)
        self.fields[f"{name}-cause"] = _choice(f"{word} leg, cause", CEAP_CAUSES)
        self.fields[f"{name}-places"] = forms.MultipleChoiceField(
            label=f"{word} leg, veins",
            choices=list(CEAP_PLACES.items()),
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs=_PRESSED),
        )
        self.fields[f"{name}-mechanism"] = _choice(f"{word} leg, mechanism", CEAP_MECHANISMS)
        for item in RVCSS_ITEMS:
            self.fields[f"{name}-{item.name}"] = _item_field(item, leg=name)
        if asks_confirmation:
            self.fields[f"{name}-copied"] = forms.CharField(widget=forms.HiddenInput, required=False, initial="yes")
            self.fields[f"{name}-checked"] = forms.BooleanField(
                label=f"I looked at the {name} leg today, and each answer is right",
                required=True,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
                error_messages={
                    "required": "Look at each answer, then tick this. Last time's answers are not a new examination."
                },
            )

    def clean_opened(self) -> datetime:
        return _opened(self.cleaned_data["opened"])

    def clean(self) -> None:
        self._legs: list[LegScores] = []
        for leg in LEGS:
            found = LegScores(
                leg, self._ceap(leg), self._rvcss(leg), was_copied=bool(self.cleaned_data.get(f"{leg.value}-copied"))
            )
            if found.ceap is not None or found.rvcss is not None:
                self._legs.append(found)
        if not self._legs and not self.errors:
            self.add_error(None, "Examine at least one leg: choose a CEAP class, or answer the ten items.")

    def legs(self) -> list[LegScores]:
        """What was examined; of a valid form."""
        return self._legs

    def _ceap(self, leg: Leg) -> Ceap | None:
        name = leg.value
        said: dict[str, Any] = {part: self.cleaned_data.get(f"{name}-{part}") or "" for part in _CEAP_PARTS}
        if not any(said.values()):
            return None
        if not said["clinical"]:
            if f"{name}-clinical" not in self.errors:
                self.add_error(f"{name}-clinical", "Choose the class too; the other parts belong to it.")
            return None
        try:
            return Ceap(**{**said, "places": tuple(said["places"] or ())})
        except ProtocolError as error:
            self.add_error(f"{name}-{error.field}", _sentence(error.message))
            return None

    def _rvcss(self, leg: Leg) -> dict[str, int] | None:
        """All ten answers, or None when none is given. Each missing one is said at its field."""
        name = leg.value
        answers = {item.name: self.cleaned_data.get(f"{name}-{item.name}") for item in RVCSS_ITEMS}
        if all(points is None for points in answers.values()):
            return None
        missing = [item for item, points in answers.items() if points is None and f"{name}-{item}" not in self.errors]
        for item in missing:
            self.add_error(f"{name}-{item}", "Answer this item; all ten make the score.")
        if any(points is None for points in answers.values()):
            return None
        given = {item: points for item, points in answers.items() if points is not None}
        try:
            return dict(rvcss(given).answers)
        except ProtocolError as error:
            self.add_error(f"{name}-{error.field}", _sentence(error.message))
            return None

    # --- For the page --------------------------------------------------------------------------------------------

    def item_rows(self) -> Iterator[tuple[Item, Any, Any]]:
        """Each of the ten items with the field of the right and of the left leg."""
        for item in RVCSS_ITEMS:
            yield item, self[f"right-{item.name}"], self[f"left-{item.name}"]

    def ceap_rows(self) -> Iterator[tuple[str, Any, Any]]:
        titles = ("Class", "Symptoms", "Cause", "Veins", "Mechanism")
        for part, title in zip(_CEAP_PARTS, titles, strict=True):
            yield title, self[f"right-{part}"], self[f"left-{part}"]

    def confirmations(self) -> list[tuple[Any, Any]]:
        return [
            (self[f"{leg.value}-copied"], self[f"{leg.value}-checked"])
            for leg in LEGS
            if f"{leg.value}-checked" in self.fields
        ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def initial_from(leg: Leg, last: Mapping[str, Score]) -> dict[str, Any]:
    """The answers of a leg's last scores as the form's initial values."""
    return {f"{leg.value}-{name}": value for score in last.values() for name, value in score.answers.items()}
