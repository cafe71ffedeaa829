"""Form fields that read numbers, times and expiry dates the way people type them at the chair."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from django.db.models import BigIntegerField

from clinic.protocol.checks.calendar import last_valid_day
from sessions_app.forms.widgets import QuickInput

_PRINTED = re.compile(r"(?P<month>[0-9]{1,2})[/.\- ](?P<year>[0-9]{4}|[0-9]{2})")
_ISO = re.compile(r"(?P<year>[0-9]{4})[/.\- ](?P<month>[0-9]{1,2})(?:[/.\- ](?P<day>[0-9]{1,2}))?")
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})[:.h ]?(?P<minute>[0-9]{2})")
RAW_LENGTH = 200
_PLAIN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)


def _within(first_year: int, last_year: int) -> list[Callable[[date], None]]:
    words = f"Enter a day between {first_year} and {last_year}, for example 2026-01-17."
    return [MinValueValidator(date(first_year, 1, 1), words), MaxValueValidator(date(last_year, 12, 31), words)]


# Days that a calendar reaches from; beyond them the arithmetic of weeks ends.
CALENDAR_YEARS = _within(1901, 2199)
# Days on which something may happen here.
CLINIC_YEARS = _within(2000, 2099)


class IdField(forms.IntegerField):
    """The number of a row as a page sends it back: one that every database can compare."""

    def __init__(self, *, min_value: int = 1, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=BigIntegerField.MAX_BIGINT, **kwargs)


class NumberField(forms.DecimalField):
    """A decimal number with a point or a comma, plain digits only; ``unit`` and ``step`` are for its look."""

    widget = QuickInput

    def __init__(
        self,
        *,
        unit: str = "",
        step: str = "1",
        stepper: bool = False,
        example: str = "",
        min_value: int | None = None,
        max_value: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.example = example
        super().__init__(required=False, **kwargs)
        # Digits after the point are judged in `to_python`, the size by the bounds, both in plainer words.
        self.validators = [each for each in self.validators if not isinstance(each, DecimalValidator)]
        # Messages of validators are %-templates.
        suffix = f" {unit}".replace("%", "%%") if unit else ""
        if min_value is not None:
            self.validators.append(MinValueValidator(min_value, f"Enter {min_value}{suffix} or more."))
        if max_value is not None:
            self.validators.append(MaxValueValidator(max_value, f"Enter {max_value}{suffix} or less."))
        # `min` and `max` are for the buttons of a stepper; the field itself takes any text.
        look = {"inputmode": "decimal", "autocomplete": "off", "data-step": step, "min": str(min_value or 0)}
        if unit:
            look["data-unit"] = unit
        if stepper:
            look["data-stepper"] = "1"
        self.widget.attrs.update(look)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = str(value if value is not None else "").strip().replace(",", ".")
        if not text:
            return None
        if not _PLAIN.fullmatch(text):
            raise ValidationError(f"Enter a number{self._such_as()}.")
        number = Decimal(text)
        if self.decimal_places is not None and number != round(number, self.decimal_places):
            raise ValidationError(f"Enter at most {self.decimal_places} digits after the point{self._such_as()}.")
        return number

    def _such_as(self) -> str:
        return f", for example {self.example}" if self.example else ""


class CountField(NumberField):
    """A whole number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["inputmode"] = "numeric"

    def validate(self, value: Any) -> None:
        """Whole numbers are finite; `DecimalField` would ask them."""
        forms.Field.validate(self, value)

    def to_python(self, value: Any) -> int | None:  # type: ignore[override]
        number = super().to_python(value)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise ValidationError(f"Enter a whole number{self._such_as()}.")
        return int(number)


class ClockField(forms.Field):
    """A time of day on the 24 h clock; reads "10:30", "10.30", "1030" and "9:05"."""

    widget = QuickInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs.update(
            {"inputmode": "numeric", "autocomplete": "off", "maxlength": "5", "data-clock-field": "1"}
        )

    def to_python(self, value: Any) -> time | None:
        text = str(value or "").strip()
        if not text:
            return None
        found = _CLOCK.fullmatch(text)
        if found and int(found["hour"]) < 24 and int(found["minute"]) < 60:
            return time(int(found["hour"]), int(found["minute"]))
        raise ValidationError("Enter a time such as 10:30.")


class ExpiryField(forms.CharField):
    """An expiry date as printed, kept as ``2027-05`` or ``2027-05-31``; reads "05/2027" and "05/27" too."""

    widget = QuickInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=20, **kwargs)
        self.widget.attrs.update({"inputmode": "numeric", "autocomplete": "off", "placeholder": "2027-05"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        printed = _expiry(text)
        if printed is None or last_valid_day(printed) is None:
            raise ValidationError("Enter the date as printed, such as 2027-05.")
        return printed


def _expiry(text: str) -> str | None:
    if found := _ISO.fullmatch(text):
        day = f"-{int(found['day']):02d}" if found["day"] else ""
        return f"{found['year']}-{int(found['month']):02d}{day}"
    if found := _PRINTED.fullmatch(text):
        year = found["year"] if len(found["year"]) == 4 else f"20{found['year']}"
        return f"{year}-{int(found['month']):02d}"
    return None


class DayField(forms.DateField):
    """A date from the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": "Enter a date such as 2026-01-13."},
            **kwargs,
        )

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        return day.date() if isinstance(day, datetime) else day


def above_zero(value: Decimal) -> None:
    if value <= 0:
        raise ValidationError("Enter a number above 0.")


def typed_text(value: Any, most: int = RAW_LENGTH) -> Any:
    """What somebody typed, short enough to keep and without the one character that no database takes."""
    if isinstance(value, list | tuple):
        return [typed_text(each, most) for each in value][:30]
    return str(value).replace("\x00", "")[:most] if value not in (None, "") else ""
