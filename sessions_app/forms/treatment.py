"""What was injected: sites and ampoules, one small form per row."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import VeinType
from sessions_app.forms.choices import OTHER, PLACES, SEGMENTED
from sessions_app.forms.fields import CountField, ExpiryField, NumberField, above_zero, typed_text
from sessions_app.forms.widgets import QuickInput, QuickSelect


class SiteForm(forms.Form):
    """One treated site. Equal injections (count × each), or the volume of the site when they were not equal."""

    mark_optional = False
    NEEDED = ("place", "vein_type", "strength_percent", "injection_count", "total_ml")

    place = forms.ChoiceField(
        label="Place", required=False, choices=[("", "Choose the place"), *PLACES], widget=QuickSelect
    )
    vein_type = forms.ChoiceField(
        label="Vein type",
        required=False,
        choices=[(vein.value, vein.value.capitalize()) for vein in VeinType],
        widget=forms.RadioSelect(attrs=SEGMENTED),
    )
    strength = forms.ChoiceField(label="Strength", required=False, widget=forms.RadioSelect(attrs=SEGMENTED))
    strength_other = NumberField(
        label="Other strength",
        unit="%",
        step="0.25",
        example="0.25",
        decimal_places=2,
        max_value=10,
        validators=[],
    )
    injection_count = CountField(label="Injections", stepper=True, example="8", min_value=1, max_value=300)
    each_ml = NumberField(
        label="Each", unit="mL", step="0.05", stepper=True, example="0.2", decimal_places=2, max_value=100
    )
    volume_ml = NumberField(
        label="Volume of the site, if the injections differed",
        unit="mL",
        step="0.1",
        example="1.25",
        decimal_places=2,
        max_value=100,
    )
    treated_length_cm = NumberField(
        label="Length", unit="cm", step="1", stepper=True, example="12", decimal_places=1, max_value=300
    )
    diameter_mm = NumberField(
        label="Diameter", unit="mm", step="0.1", stepper=True, example="0.8", decimal_places=1, max_value=50
    )
    needle_gauge = CountField(label="Needle", unit="G", stepper=True, example="30", min_value=10, max_value=40)

    def __init__(self, *args: Any, protocol: Protocol, position: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.position = position
        strengths = [(plain(value), f"{plain(value)} %") for value in protocol.product_strengths_percent]
        self.fields["strength"].choices = [*strengths, (OTHER, "Other")]  # type: ignore[attr-defined]
        for name in ("strength_other", "each_ml", "volume_ml", "treated_length_cm", "diameter_mm"):
            self.fields[name].validators.append(above_zero)

    @property
    def key(self) -> str:
        return str(self.prefix).removeprefix("site-")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        chosen = given.get("strength")
        given["strength_percent"] = (
            (given.get("strength_other") if chosen == OTHER else Decimal(chosen)) if chosen else None
        )
        given["total_ml"] = self._total(given)
        return given

    def _total(self, given: Mapping[str, Any]) -> Decimal | None:
        count, each, whole = given.get("injection_count"), given.get("each_ml"), given.get("volume_ml")
        if {"injection_count", "each_ml", "volume_ml"} & set(self.errors):
            return None
        if whole is not None and each is not None and count and count * each != whole:
            self.add_error(
                "volume_ml", f"{count} × {plain(each)} mL is {plain(count * each)} mL. Clear one of the two."
            )
            return None
        total = whole if whole is not None else (count * each if count and each is not None else None)
        if total is not None and total > 100:
            self.add_error("injection_count", f"{plain(total)} mL cannot be. Correct the number or the volume.")
            return None
        return total

    @property
    def is_empty(self) -> bool:
        """Nothing but the place was given."""
        names = ("injection_count", "each_ml", "volume_ml", "treated_length_cm", "diameter_mm")
        return not any(str(self[name].value() or "").strip() for name in names)

    @property
    def is_whole(self) -> bool:
        """Whether it can be a row."""
        return not self.errors and all(self.cleaned_data.get(name) for name in self.NEEDED)

    def row(self) -> dict[str, Any]:
        given = self.cleaned_data
        leg, segment = given["place"].split(":")
        return {
            "position": self.position,
            "leg": leg,
            "segment": segment,
            "injection_count": given["injection_count"],
            "volume_ml": given["total_ml"],
            **{name: given.get(name) for name in _PLAIN_SITE_FIELDS},
        }

    def raw(self) -> dict[str, Any]:
        typed = {name: typed_text(self[name].value()) for name in self.fields}
        return {"position": self.position, **{name: value for name, value in typed.items() if value}}


_PLAIN_SITE_FIELDS = ("vein_type", "strength_percent", "treated_length_cm", "diameter_mm", "needle_gauge")


class AmpouleForm(forms.Form):
    """Ampoules of one lot that were opened; a line with nothing in it is no line."""

    mark_optional = False

    strength_percent = NumberField(label="Strength", unit="%", example="0.5", decimal_places=2, max_value=10)
    lot = forms.CharField(label="Lot", required=False, max_length=40, widget=QuickInput(attrs={"autocomplete": "off"}))
    expiry = ExpiryField(label="Expiry")
    opened = CountField(label="Opened", stepper=True, example="2", min_value=0, max_value=100)

    def __init__(self, *args: Any, position: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.position = position
        self.fields["strength_percent"].validators.append(above_zero)

    @property
    def key(self) -> str:
        return str(self.prefix).removeprefix("ampoule-")

    @property
    def is_empty(self) -> bool:
        return not any(str(self[name].value() or "").strip() not in ("", "0") for name in ("lot", "expiry", "opened"))

    @property
    def is_whole(self) -> bool:
        return not self.errors and bool(self.cleaned_data.get("strength_percent") and self.cleaned_data.get("opened"))

    def row(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("strength_percent", "lot", "expiry", "opened")}

    def raw(self) -> dict[str, Any]:
        typed = {name: typed_text(self[name].value()) for name in self.fields}
        return {name: value for name, value in typed.items() if value}
