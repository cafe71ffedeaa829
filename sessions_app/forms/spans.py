"""Hours as they are typed: "08:00-12:00, 13:00-17:00"; also 8-12, 8.30 to 12, with "and" or a semicolon between."""

import re
from collections.abc import Iterable
from datetime import time
from itertools import pairwise
from typing import Any

from django import forms

Span = tuple[time, time]

_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|–|—|to|until)\s*{_TIME}", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:,|;|\band\b|\n)\s*", re.IGNORECASE)
_EXAMPLE = "Write the hours like 08:00-12:00, 13:00-17:00."
_LONGEST = 120


def parse_spans(text: str) -> list[Span]:
    """The spans in order; `ValueError` with what is wrong and what to type. Empty text is no spans."""
    spans = sorted(_span(part) for part in _BETWEEN.split(text.strip()) if part)
    for (_, former), (starts, _) in pairwise(spans):
        if starts < former:
            raise ValueError(f"{starts:%H:%M} lies inside of the hours before it. {_EXAMPLE}")
    return spans


def _span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(f"“{part[:30]}” is not from and to. {_EXAMPLE}")
    starts, ends = _time(found[1], found[2]), _time(found[3], found[4])
    if ends <= starts:
        raise ValueError(f"{part} ends before it starts. {_EXAMPLE}")
    return starts, ends


def _time(hours: str, minutes: str | None) -> time:
    if int(hours) > 23 or int(minutes or 0) > 59:
        raise ValueError(f"{hours}:{minutes or '00'} is not a time of day; 23:59 is the latest. {_EXAMPLE}")
    return time(int(hours), int(minutes or 0))


def spans_words(spans: Iterable[Span]) -> str:
    """As it would be typed: "08:00-12:00, 13:00-17:00"."""
    return ", ".join(f"{starts:%H:%M}-{ends:%H:%M}" for starts, ends in spans)


class SpansField(forms.CharField):
    """A day's hours in one text field; the value is a list of spans, empty for a day without."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **kwargs.pop("attrs", {})})
        super().__init__(max_length=_LONGEST, widget=widget, **kwargs)

    def clean(self, value: Any) -> list[Span]:
        text = super().clean(value)
        try:
            return parse_spans(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
