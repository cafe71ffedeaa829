"""Who answers for a report: the clinician of the day, else the one who answered for the session, else whoever can."""

from collections.abc import Iterator
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Q

from clinic.access import GRANTS, Permission
from clinic.models import User
from sessions_app.models import DayCheck, TreatmentSession


def clinicians() -> list[User]:
    """Everybody who may close a report, by name. One query."""
    return _who_may(Permission.CLOSE_REPORTS)


def answerers() -> list[User]:
    """Everybody who may take a report and call the patient, by name. One query."""
    return _who_may(Permission.ANSWER_REPORTS)


def _who_may(permission: Permission) -> list[User]:
    roles = [role for role, granted in GRANTS.items() if permission in granted]
    any_role = reduce(or_, (Q(roles__contains=f"|{role}|") for role in roles))
    return list(User.objects.staff().filter(any_role).order_by("name", "pk"))


def in_turn(session: TreatmentSession | None, *, day: date) -> list[User]:
    """Everybody who may answer, in the order in which they are asked: the first one at the report, then one by one.

    `day` is the date on the clinic's calendar; `session` the newest one of the patient. Two queries.
    """
    able = {person.pk: person for person in clinicians()}
    first = [able.pop(pk) for pk in _named(session, day) if pk in able]
    return [*first, *able.values()]


def _named(session: TreatmentSession | None, day: date) -> Iterator[int]:
    today = DayCheck.objects.filter(date=day).values_list("responsible_clinician_id", flat=True).first()
    yield from dict.fromkeys(pk for pk in (today, session and session.responsible_clinician_id) if pk)
