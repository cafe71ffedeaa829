"""Why a change of the calendar was refused, in words that a page shows as they are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sessions_app.slots import Slot


class Refused(Exception):
    """Nothing was changed. `message` says what is wrong and what to do, `field` which input it concerns.

    `rule` is a code for tests and the audit trail: B1 to B5 of the repeat rules, or a word such as "grid". `also`:
    what else is missing, so that it is asked for in the same round.
    """

    def __init__(self, message: str, *, rule: str = "", field: str = "", also: "Sequence[Refused]" = ()) -> None:
        super().__init__(message)
        self.message, self.rule, self.field, self.also = message, rule, field, tuple(also)


class Taken(Refused):
    """Somebody else was first. `alternatives` are up to three free times near the wanted one."""

    def __init__(
        self, message: str, *, alternatives: "Sequence[Slot]" = (), rule: str = "taken", field: str = ""
    ) -> None:
        super().__init__(message, rule=rule, field=field)
        self.alternatives = list(alternatives)


class Stale(Refused):
    """The page was opened before somebody else's change: answer 409 and show `difference`, a sentence per change."""

    def __init__(self, message: str, *, difference: Sequence[str] = ()) -> None:
        super().__init__(message, rule="stale")
        self.difference = list(difference)


class EarlyNeedsClinician(Refused):
    """The date is before the repeat window and this person may not approve it; a clinician may."""


class CourseRefused(Refused):
    """None of a course's visits was booked: `problems` says which could not be, by its place in the list from 0."""

    def __init__(self, message: str, *, problems: Mapping[int, Refused]) -> None:
        super().__init__(message, rule="course")
        self.problems = dict(problems)
