"""The calendar as a list on paper: who has which minutes, and in which words the rules can be read off the list.

A model for `test_booking_machine`. It shares nothing with the product: a few loops over a few lines.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

GRACE = timedelta(minutes=5)


@dataclass(frozen=True)
class Line:
    """Who has `[starts, ends)`: a visit, a time that is kept (until its last moment), or something closed."""

    nurse: object
    room: object
    patient: object
    starts: datetime
    ends: datetime
    kind: str = "visit"
    beside: bool = False  # put beside another visit on purpose
    held_by: object = None
    until: datetime | None = None

    def meets(self, other):
        shared = any(
            mine is not None and mine == theirs
            for mine, theirs in ((self.nurse, other.nurse), (self.room, other.room), (self.patient, other.patient))
        )
        return shared and self.starts < other.ends and other.starts < self.ends

    def gives_way_to(self, other, *, by, now):
        """A kept time that is over, one kept for this patient, or one that this person kept for nobody."""
        if self.kind != "hold":
            return False
        return self.until <= now or (self.held_by == by if self.patient is None else self.patient == other.patient)

    def may_stand_beside(self, other):
        return self.kind == "visit" and not self.beside and self.patient != other.patient

    def shares_a_lane_with(self, other):
        same_patient = self.patient is not None and self.patient == other.patient
        return self.kind == "closed" or same_patient or self.beside == other.beside


@dataclass(frozen=True)
class Former:
    """What a visit's last change can be taken back to, and since when; a line of None was no booking."""

    line: Line | None
    at: datetime
    is_confirmed: bool


class Paper:
    """The lines by what they are of; visits by their id, kept times and closures by another word."""

    def __init__(self):
        self.lines = {}
        self.former = {}
        self.confirmed = set()

    @property
    def visits(self):
        return {key: line for key, line in self.lines.items() if line.kind == "visit"}

    def in_the_way(self, line, *, by, now, but=None):
        return [
            other
            for key, other in self.lines.items()
            if key != but and other.meets(line) and not other.gives_way_to(line, by=by, now=now)
        ]

    def place_for(self, line, *, by, now, but=None, overbook=False):
        """The line as it may be written, beside another one where that is asked for and needed; None where not."""
        there = self.in_the_way(line, by=by, now=now, but=but)
        if not there:
            return replace(line, beside=False)
        return replace(line, beside=True) if overbook and all(each.may_stand_beside(line) for each in there) else None

    def write(self, key, line, *, by, now):
        """What gives way goes, and comes never back."""
        gone = [
            other_key
            for other_key, other in self.lines.items()
            if other_key != key and other.meets(line) and other.gives_way_to(line, by=by, now=now)
        ]
        for other_key in gone:
            del self.lines[other_key]
        self.lines[key] = line

    def give_up_what_is_kept_for(self, patient, now):
        """Somebody who has booked needs no kept time any more; one that is over stays until somebody is there."""
        kept = [key for key, line in self.lines.items() if line.kind == "hold" and line.patient == patient]
        for key in kept:
            if self.lines[key].until > now:
                del self.lines[key]

    def remember(self, visit, now, *, new=False):
        """Before a booking, move or cancellation is written."""
        line = None if new else self.lines[visit]
        self.former[visit] = Former(line, now, visit in self.confirmed)
        self.confirmed.discard(visit)

    def former_place(self, visit, *, by, now):
        """Where a visit returns to when its last change is taken back; None when somebody is there."""
        line = self.former[visit].line
        there = self.in_the_way(line, by=by, now=now, but=visit)
        # What was closed when it left is its own again, when it fits into it; more than that is closed to it, too.
        there = [
            each
            for each in there
            if each.shares_a_lane_with(line)
            and not (each.kind == "closed" and line.starts <= each.starts and each.ends <= line.ends)
        ]
        return None if there else line
