"""A free time as a value of a form: the start, the nurse and the room that its words promise."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import BigIntegerField

from sessions_app.free_times import Slot


class Chosen(NamedTuple):
    """What a value asks for. A visit that was dragged among nurses, and a link to a clinician, name no room."""

    starts_at: datetime
    nurse_id: int
    room_id: int | None = None


def value_of(slot: Slot) -> str:
    return f"{slot.starts_at.isoformat()}|{slot.nurse_id}|{slot.room_id}"


def parsed(value: str) -> Chosen | None:
    """Start, nurse and room out of a value; None for anything else."""
    start, *ids = value.split("|")
    try:
        starts_at, numbers = datetime.fromisoformat(start), [int(each) for each in ids]
    except ValueError:
        return None
    is_time = starts_at.utcoffset() is not None and 1900 < starts_at.year < 2200
    is_id = all(0 < number <= BigIntegerField.MAX_BIGINT for number in numbers)
    return Chosen(starts_at, *numbers) if is_time and is_id and len(numbers) in (1, 2) else None


def is_same_time(value: str, other: str) -> bool:
    """Whether two values are one start of one nurse, in whichever room."""
    one, two = parsed(value), parsed(other)
    return one is not None and two is not None and one[:2] == two[:2]
