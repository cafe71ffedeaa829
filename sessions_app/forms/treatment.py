"""What was injected: sites and ampoules, one small form per row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import VeinType
from sessions_app.forms.choices import OTHER, PLACES, SEGMENTED, TICK
from sessions_app.forms.fields import CountField, ExpiryField, NumberField, above_zero, typed_text
from sessions_app.forms.widgets import QuickInput, QuickSelect
from sessions_app.models import Lot

MOST_INJECTIONS, MOST_ML = 300, Decimal(100)
_LONGEST_LIST = 2000
_BETWEEN = re.compile(r"[\s;+]+")


class InjectionsField(forms.CharField):
    """Volumes of injections in mL, one after the other: "0.2 0.2 0.25", also "0,2 0,2" and "0.2 + 0.2"."""

    widget = QuickInput
    default_error_messages = {
        "number": "Enter the mL of each injection with a space between, for example 0.2 0.2 0.25.",
        "many": f"Enter at most {MOST_INJECTIONS} injections.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=_LONGEST_LIST, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.2 0.2 0.25"})
        self._one = NumberField(decimal_places=2, max_value=int(MOST_ML), validators=[above_zero])

    def clean(self, value: Any) -> list[Decimal]:
        parts = [part for part in _BETWEEN.split(super().clean(value)) if part]
        if len(parts) > MOST_INJECTIONS:
            raise ValidationError(self.error_messages["many"], code="many")
        try:
            return [self._one.clean(part) for part in parts]
        except ValidationError as wrong:
            raise ValidationError(self.error_messages["number"], code="number") from wrong


class SiteForm(forms.Form):
    """One treated site. Equal injections (count × each), each injection by itself, or the volume of the site."""

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
    one_by_one = forms.BooleanField(
        label="Injections differ: one by one", required=False, widget=forms.CheckboxInput(attrs=TICK)
    )
    injections_ml = InjectionsField(label="Each injection, mL")
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
    technique = forms.CharField(
        label="Technique", required=False, max_length=60, widget=QuickInput(attrs={"autocomplete": "off"})
    )

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
        given["injections"] = given.get("injections_ml") or [] if given.get("one_by_one") else []
        if not given.get("one_by_one"):
            self.errors.pop("injections_ml", None)  # not asked in this way of entering
        given["total_ml"] = self._sum(given) if given.get("one_by_one") else self._total(given)
        return given

    def _sum(self, given: dict[str, Any]) -> Decimal | None:
        """The volume of injections that were typed one by one; their number follows from them, too."""
        each: list[Decimal] = given["injections"]
        given["each_ml"], given["injection_count"] = None, len(each) or None
        for unused in ("injection_count", "each_ml"):
            self.errors.pop(unused, None)
        if not each or {"injections_ml", "volume_ml"} & set(self.errors):
            return None
        total, whole = sum(each, Decimal(0)), given.get("volume_ml")
        if whole is not None and whole != total:
            self.add_error("volume_ml", f"The injections make {plain(total)} mL. Clear this or correct them.")
            return None
        if total > MOST_ML:
            self.add_error("injections_ml", f"{plain(total)} mL cannot be. Correct the injections.")
            return None
        return total

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
        names = ("injection_count", "each_ml", "injections_ml", "volume_ml", "treated_length_cm", "diameter_mm")
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
            "injections_ml": [plain(each) for each in given["injections"]],
            **{name: given.get(name) for name in _PLAIN_SITE_FIELDS},
        }

    def raw(self) -> dict[str, Any]:
        typed = {
            name: typed_text(self[name].value(), *([_LONGEST_LIST] if name == "injections_ml" else []))
            for name in self.fields
        }
        typed["one_by_one"] = "on" if self["one_by_one"].value() else ""
        return {"position": self.position, **{name: value for name, value in typed.items() if value}}


_PLAIN_SITE_FIELDS = ("vein_type", "strength_percent", "treated_length_cm", "diameter_mm", "needle_gauge", "technique")


@dataclass(frozen=True, slots=True)
class LotChoice:
    """A lot as it is offered. ``value`` is what the page sends; ``is_chosen``: it stands in this line."""

    value: str
    lot: str
    words: str
    is_chosen: bool


class AmpouleForm(forms.Form):
    """Ampoules of one lot that were opened; a line with nothing in it is no line.

    A lot of the clinic's stock is chosen (then strength, lot and expiry are what the stock says), or lot and expiry are
    typed. ``lots``: those that are offered and those that this draft names, the lot of the day first, as
    `sessions_app.ampoules` finds them.
    """

    mark_optional = False

    strength_percent = NumberField(label="Strength", unit="%", example="0.5", decimal_places=2, max_value=10)
    stock_lot = forms.CharField(required=False, max_length=36)
    lot = forms.CharField(label="Lot", required=False, max_length=40, widget=QuickInput(attrs={"autocomplete": "off"}))
    expiry = ExpiryField(label="Expiry")
    opened = CountField(label="Opened", stepper=True, example="2", min_value=0, max_value=100)

    def __init__(
        self, *args: Any, position: int = 0, lots: Sequence[Lot] = (), day: date | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.position, self.day = position, day
        self.fields["strength_percent"].validators.append(above_zero)
        strength = _percent(str(self["strength_percent"].value() or ""))
        self.lots = [lot for lot in lots if strength is None or lot.product.strength_percent == strength]

    @property
    def key(self) -> str:
        return str(self.prefix).removeprefix("ampoule-")

    @property
    def chosen_lot(self) -> Lot | None:
        """The lot in stock: the one that was pressed, or the one whose number was typed."""
        pressed, typed = str(self["stock_lot"].value() or ""), str(self["lot"].value() or "").strip().casefold()
        if pressed and pressed != OTHER:
            return next((lot for lot in self.lots if str(lot.public_id) == pressed), None)
        return next((lot for lot in self.lots if typed and lot.lot.casefold() == typed), None)

    @property
    def is_typed(self) -> bool:
        """Whether lot and expiry are typed, not taken from the stock."""
        pressed = str(self["stock_lot"].value() or "")
        if pressed:
            return pressed == OTHER or self.chosen_lot is None
        typed = (str(self["lot"].value() or "").strip(), str(self["expiry"].value() or "").strip())
        lot = self.chosen_lot
        return any(typed) and (lot is None or typed != (lot.lot, lot.expiry))

    @property
    def choices(self) -> list[LotChoice]:
        """What is offered: usable lots, and the one that this line names. Nothing chosen yet: the lot of the day.

        One of which none is left is for who has it in hand to press: nobody opens it unseen.
        """
        chosen = None if self.is_typed else self.chosen_lot
        offered = [lot for lot in self.lots if lot == chosen or (self.day and lot.may_be_used_on(self.day))]
        if chosen is None and not self.is_typed:
            open_lots = (lot for lot in offered if lot.is_of_the_day and lot.balance > 0)  # type: ignore[attr-defined]
            chosen = next(open_lots, None)
        return [LotChoice(str(lot.public_id), lot.lot, self._words(lot), lot == chosen) for lot in offered]

    def _words(self, lot: Lot) -> str:
        parts = [] if self["strength_percent"].value() else [f"{plain(lot.product.strength_percent)} %"]
        if lot.withdrawn_at is not None:
            parts.append("withdrawn")
        elif lot.is_of_the_day:  # type: ignore[attr-defined]
            parts.append("lot of the day")
        if lot.balance <= 0:  # type: ignore[attr-defined]
            parts.append("none left")
        return ", ".join([*parts, f"until {lot.expires_on.day} {lot.expires_on:%b %Y}"])

    @property
    def is_empty(self) -> bool:
        names = ("lot", "expiry", "opened") if self.is_typed else ("opened",)
        return not any(str(self[name].value() or "").strip() not in ("", "0") for name in names)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        lot = self.chosen_lot
        given["stock_lot_id"] = lot.pk if lot else None
        if lot is not None and not self.is_typed:
            given |= {"strength_percent": lot.product.strength_percent, "lot": lot.lot, "expiry": lot.expiry}
            for name in ("strength_percent", "lot", "expiry"):
                self.errors.pop(name, None)  # what was typed before a lot was chosen
        return given

    @property
    def is_whole(self) -> bool:
        return not self.errors and bool(self.cleaned_data.get("strength_percent") and self.cleaned_data.get("opened"))

    def row(self) -> dict[str, Any]:
        names = ("strength_percent", "lot", "expiry", "opened", "stock_lot_id")
        return {name: self.cleaned_data[name] for name in names}

    def described(self) -> list[str]:
        """Strength, lot, expiry and number, as they stand on the page."""
        given = self.cleaned_data if self.is_whole else {}
        names = ("strength_percent", "lot", "expiry", "opened")
        return [str(given.get(name) or self[name].value() or "–") for name in names]

    def raw(self) -> dict[str, Any]:
        typed = {name: typed_text(self[name].value()) for name in self.fields}
        return {name: value for name, value in typed.items() if value}


def _percent(typed: str) -> Decimal | None:
    try:
        found: Decimal | None = NumberField().clean(typed)
    except ValidationError:
        return None
    return found


class SingleUseForm(forms.Form):
    """An ampoule is for one patient and one session; that it was not is known to nobody but who held it."""

    ampoule_used_before = forms.BooleanField(
        label="An ampoule had been opened before, for another patient or session",
        required=False,
        widget=forms.CheckboxInput(attrs=TICK),
    )

    def facts(self) -> dict[str, Any]:
        return {"ampoule_used_before": True} if self.cleaned_data.get("ampoule_used_before") else {}
