"""A free time as a value of a form: the start and the nurse. The room is found again when it is booked."""

from datetime import datetime

from django.db.models import BigIntegerField

from sessions_app.free_times import Slot


def value_of(slot: Slot) -> str:
    return f"{slot.starts_at.isoformat()}|{slot.nurse_id}"


def parsed(value: str) -> tuple[datetime, int] | None:
    """Start and nurse out of a value; None for anything else."""
    start, _, nurse = value.partition("|")
    try:
        starts_at, nurse_id = datetime.fromisoformat(start), int(nurse)
    except ValueError:
        return None
    is_time = starts_at.utcoffset() is not None and 1900 < starts_at.year < 2200
    return (starts_at, nurse_id) if is_time and 0 < nurse_id <= BigIntegerField.MAX_BIGINT else None
