"""Former versions of an adverse event: who saved over what, and what stood there before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sessions_app.forms.event import EventForm
from sessions_app.models import AdverseEvent, TreatmentSession
from sessions_app.wording import day_words, time_words

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class FormerVersion:
    """``saved``: when and by whom the version was saved over; ``changes``: what that replaced."""

    number: int
    saved: str
    changes: Sequence[Change]


def former_versions(event: AdverseEvent, zone: ZoneInfo) -> list[FormerVersion]:
    """The newest first; empty while nothing was saved over."""
    kept = list(event.versions.select_related("saved_by"))
    days = _days_of_sessions(event, zone)
    return [
        FormerVersion(
            before.version,
            f"{time_words(after.saved_at, zone)}, {after.saved_by}",
            [
                Change(_label(name), _words(name, was, zone, days), _words(name, after.fields.get(name), zone, days))
                for name, was in before.fields.items()
                if was != after.fields.get(name)
            ],
        )
        for before, after in reversed(list(pairwise(kept)))
    ]


def _days_of_sessions(event: AdverseEvent, zone: ZoneInfo) -> dict[str, str]:
    rows = TreatmentSession.objects.filter(patient_id=event.patient_id).values_list("public_id", "started_at")
    return {str(public_id): day_words(began.astimezone(zone).date()) for public_id, began in rows}


def _label(name: str) -> str:
    return "Began" if name == "onset_at" else str(EventForm.base_fields[name].label)


def _words(name: str, value: Any, zone: ZoneInfo, days: Mapping[str, str]) -> str:
    if value in (None, "", []):
        return NOTHING
    if name == "onset_at":
        return time_words(datetime.fromisoformat(value), zone)
    if name.endswith("_on"):
        return day_words(date.fromisoformat(value))
    if name == "session":
        return days.get(value, value)
    labels = {str(key): str(label) for key, label in getattr(EventForm.base_fields[name], "choices", ())}
    return ", ".join(labels.get(str(each), str(each)) for each in (value if isinstance(value, list) else [value]))
