"""A request from the public page in the words of the front desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Patient
from sessions_app.models import Appointment, VisitRequest
from sessions_app.presenters.waiting_words import span_words, wishes_words
from sessions_app.wording import time_words


@dataclass(frozen=True, slots=True)
class RequestWords:
    """`target` says by when to answer, or for how long it is too late; `tries` is empty before the first call."""

    age: str
    target: str
    is_overdue: bool
    wishes: str
    tries: str
    ended: str


def request_words(request: VisitRequest, *, now: datetime, zone: ZoneInfo) -> RequestWords:
    late = now - request.answer_by
    by_when = time_words(request.answer_by, zone)
    is_overdue = late > timedelta(0) and request.ended_at is None
    return RequestWords(
        age=f"{time_words(request.asked_at, zone)} ({span_words(now - request.asked_at)} ago)",
        target=f"{by_when}, {span_words(late)} too late" if is_overdue else by_when,
        is_overdue=is_overdue,
        wishes=wishes_words(request.weekdays, request.parts_of_day),
        tries=_tries(request, zone),
        ended=_ended(request, zone),
    )


def next_visits(patients: Iterable[Patient], *, now: datetime, zone: ZoneInfo) -> dict[int, str]:
    """ "Tue 1 Dec, 10:00": the next booked visit of each patient who has one, by the patient's id. One query."""
    coming = Appointment.objects.filter(entry__patient__in=list(patients)).upcoming(now)
    found: dict[int, str] = {}
    for patient_id, starts_at in coming.values_list("entry__patient_id", "entry__starts_at"):
        found.setdefault(patient_id, time_words(starts_at, zone))
    return found


def _tries(request: VisitRequest, zone: ZoneInfo) -> str:
    if request.last_try_at is None:
        return ""
    times = {1: "Once", 2: "Twice"}.get(request.tries, f"{request.tries} times")
    return f"{times}, last {time_words(request.last_try_at, zone)}"


def _ended(request: VisitRequest, zone: ZoneInfo) -> str:
    if request.ended_at is None:
        return ""
    who = f" by {request.ended_by}" if request.ended_by else ""
    return f"{request.get_ended_why_display()} {time_words(request.ended_at, zone)}{who}"


def names_of(request: VisitRequest) -> tuple[str, str]:
    """A first guess at first and last name; Spanish names of four words have two of each.
    Nothing is cut: a name too long for its field is refused there, where somebody shortens it."""
    words = request.name.split()
    first = 2 if request.language == "es" and len(words) >= 4 else 1
    return " ".join(words[:first]), " ".join(words[first:])
