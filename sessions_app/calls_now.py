"""Which number of the clinic answers now: by day its own, while it is closed the one for that time, if it has one."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from clinic.models import Clinic
from clinic.protocol.zones import local_date
from sessions_app.answer_time import first_to_last, opens_at
from sessions_app.capacity import nurses_of_any_service
from sessions_app.worked import without_time_off, worked


@dataclass(frozen=True, slots=True)
class Call:
    """A number, and when it answers: words, empty where it is now."""

    number: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class CallsNow:
    """The number to dial first, and the other one where it is worth knowing now; None where the clinic has none.

    `goes_elsewhere`: the clinic is closed and nobody answers for it: urgent care or an emergency department then.
    `note` stands on a button that says "Call us": a number that is not the usual one, or when it answers.
    `is_closed` is None where nobody knows at which hour it is read.
    """

    first: Call | None
    second: Call | None = None
    goes_elsewhere: bool = False
    note: str = ""
    is_closed: bool | None = False


def calls_now(clinic: Clinic, now: datetime) -> CallsNow:
    """Two queries while the clinic is open, two more while it is closed; none where it has no number."""
    has_number = clinic.phone or clinic.out_of_hours_phone
    return calls(clinic, is_closed=bool(has_number) and is_closed(clinic, now))


def calls(clinic: Clinic, *, is_closed: bool) -> CallsNow:
    """The same for who knows already whether the clinic is closed."""
    if not is_closed:
        return CallsNow(Call(clinic.phone) if clinic.phone else None)
    by_day = Call(clinic.phone, clinic.phone_hours_told) if clinic.phone else None
    if not clinic.out_of_hours_phone:
        return CallsNow(by_day, goes_elsewhere=True, note=by_day.when if by_day else "", is_closed=True)
    return CallsNow(Call(clinic.out_of_hours_phone), by_day, note=clinic.out_of_hours_phone, is_closed=True)


def calls_anytime(clinic: Clinic) -> CallsNow:
    """Both numbers with their hours, for what cannot know the hour: a kept copy, a page without a database."""
    at_other_times = Call(clinic.out_of_hours_phone, gettext("At all other times"))
    return CallsNow(
        Call(clinic.phone, clinic.phone_hours_told) if clinic.phone else None,
        at_other_times if clinic.out_of_hours_phone else None,
        is_closed=None,
    )


def is_closed(clinic: Clinic, now: datetime) -> bool:
    """Whether nobody is there; False where no hours are set up. A break does not close the house."""
    day = local_date(now, clinic.zone)
    today = without_time_off(nurses_of_any_service(first_date=day, last_date=day, zone=clinic.zone))
    if today:
        return not any(each.starts_at <= now < each.ends_at for each in first_to_last(today, clinic.zone))
    return opens_at(now, opened=worked(clinic, now), zone=clinic.zone) is not None
