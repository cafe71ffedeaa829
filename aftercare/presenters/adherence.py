"""The last days as the patient gave them, for staff: a strip of states with their words, and what got in the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftercare.adherence import Day, State, last_days
from aftercare.models import Tick
from clinic.models import Clinic, Patient, User
from sessions_app.wording import day_words

# Icon and words of a state; no colour carries one alone, and none is a verdict.
_LOOKS: dict[State, tuple[str, str]] = {
    State.YES: ("circle-check", "yes"),
    State.PART: ("circle-dot", "in part"),
    State.NO: ("circle-slash", "no"),
    State.UNANSWERED: ("circle-dashed", "not answered"),
    State.NO_TASK: ("minus", "no task"),
}
_LABELS: dict[str, str] = {Tick.Task.STOCKING.value: "Stocking", Tick.Task.WALK.value: "Walk"}


@dataclass(frozen=True, slots=True)
class Cell:
    icon: str
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class StripRow:
    label: str
    cells: tuple[Cell, ...]


def adherence_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """The strip of the last seven days; None while no day asked anything and nothing was answered."""
    days = last_days(patient, now=now, zone=Clinic.current().zone)
    if all(state is State.NO_TASK for day in days for state in day.states.values()):
        return None
    return {
        "places": [("adherence-title", "Answers")],
        "adherence": {
            "days": [(f"{day.date:%a}", day.date.day) for day in days],
            "rows": [StripRow(label, tuple(_cell(day, task) for day in days)) for task, label in _LABELS.items()],
            "key": [Cell(*look, state.value) for state, look in _LOOKS.items()],
            "reasons": [line for day in reversed(days) for line in _reasons(day, patient)],
        },
    }


def _cell(day: Day, task: str) -> Cell:
    state = day.states[task]
    return Cell(*_LOOKS[state], state.value)


def _reasons(day: Day, patient: Patient) -> list[str]:
    """`Thu 15 Jan, stocking in part: too warm (answered by Rowan Alderpath)`"""
    lines = []
    for task, tick in day.ticks.items():
        if tick.answer == Tick.Answer.YES:
            continue
        reason = f": {tick.get_reason_display().lower()}" if tick.reason else ""
        by = "" if tick.given_by_id == patient.user_id else f" (answered by {tick.given_by})"
        lines.append(f"{day_words(day.date)}, {_LABELS[task].lower()} {_LOOKS[State(tick.answer)][1]}{reason}{by}")
    return lines
