"""The answer to somebody whose wished time is gone: what stands in the way, and the nearest free times."""

from sessions_app.bookable import Wish
from sessions_app.entries import Conflict
from sessions_app.models import CalendarEntry
from sessions_app.refusals import Taken
from sessions_app.slots import nearest_slots
from sessions_app.wording import time_words


def taken(wish: Wish, conflict: Conflict) -> Taken:
    """Ask outside of the refused transaction: it reads."""
    period = wish.period
    alternatives = nearest_slots(
        clinic=wish.clinic,
        service=wish.service,
        starts_at=period.starts_at,
        now=wish.now,
        nurse=wish.nurse,
        patient=wish.patient,
        include_early=bool(wish.early_reason),
        length=period.ends_at - period.starts_at,
        ignore_entry=wish.moves.pk if wish.moves else None,
    )
    return Taken(_sentence(wish, conflict), alternatives=alternatives, field="starts_at")


def _sentence(wish: Wish, conflict: Conflict) -> str:
    when = time_words(wish.period.starts_at, wish.clinic.zone)
    if wish.patient is not None:
        own = [row for row in conflict.rows if row.patient_id == wish.patient.pk]
        if own:
            other = time_words(own[0].starts_at, wish.clinic.zone)
            return (
                f"{wish.patient.name} already has a visit at that time: {other}. Choose another time or move that one."
            )
    whom = "".join([f" with {wish.nurse.name}" if wish.nurse else "", f" in {wish.room.name}" if wish.room else ""])
    if conflict.rows and all(row.kind in CalendarEntry.SHUT for row in conflict.rows):
        return f"{when}{whom} is closed. Choose another time."
    if wish.overbook_reason.strip():
        return f"{when}{whom} cannot be shared: {_why_not_shared(conflict)}. Choose another time."
    if conflict.rows and all(row.kind == CalendarEntry.Kind.HOLD for row in conflict.rows):
        until = max(row.hold_expires_at for row in conflict.rows if row.hold_expires_at).astimezone(wish.clinic.zone)
        return f"{when}{whom} is kept for somebody else until {until:%H:%M}. Choose another time."
    return f"{when}{whom} is taken. Choose another time."


def _why_not_shared(conflict: Conflict) -> str:
    """Why even an overbooked visit finds no place there."""
    kinds = {row.kind for row in conflict.rows if not row.may_be_beside}
    if kinds & set(CalendarEntry.SHUT):
        return "it is closed"
    return "it is kept for somebody" if CalendarEntry.Kind.HOLD in kinds else "an overbooked visit is there already"
