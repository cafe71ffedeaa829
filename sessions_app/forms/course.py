"""The form of a course: how many sessions, what was given before, and one chosen time for each."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict

from sessions_app.course_booking import LONGEST
from sessions_app.forms.desk import TravelForm
from sessions_app.forms.fields import CALENDAR_YEARS, IdField
from sessions_app.slot_value import Chosen, parsed

FEWEST, USUAL = 2, 3
UNDECIDED = "?"
"""Before the time of a row whose typed day cannot be had: it keeps the row's place, and nothing books it."""


class CourseForm(TravelForm):
    """Bound from the first look on. The times stand in repeated fields: `visit` (chosen), `day` (to be shown) and
    `day_was` (the one that the page showed)."""

    patient = forms.UUIDField(required=False)
    service = IdField(required=False)
    nurse = IdField(required=False)
    count = forms.IntegerField(
        label="Sessions to book",
        required=False,
        min_value=FEWEST,
        max_value=LONGEST,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
        error_messages={
            "invalid": f"Enter a number from {FEWEST} to {LONGEST}.",
            "min_value": f"Enter at least {FEWEST}; a single session is booked in the other dialog.",
            "max_value": f"A course has at most {LONGEST} sessions.",
        },
    )
    done_before = forms.IntegerField(
        label="Given already",
        required=False,
        min_value=0,
        max_value=LONGEST - 1,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
        error_messages={
            "invalid": "Enter how many sessions of this course were given already, 0 for none.",
            "max_value": f"A course has at most {LONGEST} sessions in all.",
            "min_value": "Enter 0 or more.",
        },
    )
    first_day = forms.DateField(
        label="Not before", required=False, validators=CALENDAR_YEARS, widget=forms.DateInput(attrs={"type": "date"})
    )
    early_reason = forms.CharField(
        label="Why the first one earlier than usual?",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    request_key = forms.UUIDField(required=False)

    @property
    def visits(self) -> list[Chosen | None]:
        """Start, nurse and room of each row, None for nonsense; at most as many as a course has."""
        return [parsed(value) for value in self._listed("visit")]

    @property
    def undecided(self) -> dict[int, Chosen]:
        """The rows, counted from 0, of which nobody has chosen the time since their typed day could not be had."""
        values = enumerate(self._listed("visit"))
        marked = {row: parsed(value.removeprefix(UNDECIDED)) for row, value in values if value.startswith(UNDECIDED)}
        return {row: visit for row, visit in marked.items() if visit}

    @property
    def retyped(self) -> set[int]:
        """The rows whose day was changed on the page, or could not be had: their time is one of that day."""
        pairs = zip(self.days, self._listed("day_was"), strict=False)
        changed = {number for number, (day, was) in enumerate(pairs) if day and _day(was) and day != _day(was)}
        return changed | set(self.undecided)

    @property
    def days(self) -> list[date | None]:
        """The day that somebody wants to see in full, per row."""
        return [_day(text) for text in self._listed("day")]

    def _listed(self, name: str) -> list[str]:
        values = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
        return [str(value) for value in values][:LONGEST]

    @property
    def how_many(self) -> int:
        return self.seen("count") or USUAL

    def shape(self, service_id: int | None) -> str:
        """What the proposal depends on: with another shape than last time it is made anew. Fewer or more sessions
        leave those that were chosen."""
        facts = (self.seen("nurse"), self.seen("first_day"), service_id)
        return "|".join(str(fact or "") for fact in facts)

    def retyped_visits(self) -> list[tuple[int, Chosen]]:
        """The chosen times of those rows, which may be of the day before it was changed."""
        return [(row, visit) for row, visit in enumerate(self.visits) if visit and row in self.retyped]

    def key(self) -> UUID:
        return self.seen("request_key") or uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("count") or 0) + (cleaned.get("done_before") or 0) > LONGEST:
            self.add_error("count", f"A course has at most {LONGEST} sessions in all, those given already included.")
        return cleaned


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 < found.year < 2200 else None
