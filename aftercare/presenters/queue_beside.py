"""What else waits for somebody who treats, in numbers and with the way there: shown beside the queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse

from clinic.access import Permission
from clinic.models import Clinic, User
from sessions_app.cosigning import waiting_for_clinician
from sessions_app.models import AdverseEvent, TreatmentSession
from sessions_app.presenters.waiting_words import span_words


@dataclass(frozen=True, slots=True)
class Waiting:
    number: int
    words: str
    url: str
    icon: str


def answered_within(clinic: Clinic) -> str:
    """What the clinic promises itself, as a sentence: the clock for an emergency, opening time for the day's."""
    emergency = span_words(timedelta(minutes=clinic.report_emergency_minutes))
    same_day = span_words(timedelta(minutes=clinic.report_same_day_minutes))
    return f"An emergency is answered within {emergency} by the clock, one for today within {same_day} of opening time."


def other_work(user: User) -> list[Waiting]:
    """Adverse events, sessions for a clinician, unsigned ones; empty for who sees no chart. At most three queries."""
    return [each for each in _of(user) if each.number] if user.may(Permission.VIEW_CHART) else []


def _of(user: User) -> Iterable[Waiting]:
    events = AdverseEvent.objects.visible_to(user).open().count()
    words = "adverse event is open" if events == 1 else "adverse events are open"
    yield Waiting(events, words, f"{reverse('sessions_app:events')}?state=open", "shield-alert")
    to_sign = reverse("sessions_app:to_sign")
    if user.may(Permission.OVERRIDE_CHECK):
        asked = waiting_for_clinician(user).count()
        yield Waiting(
            asked, "session waits for you" if asked == 1 else "sessions wait for you", to_sign, "shield-check"
        )
    drafts = TreatmentSession.objects.visible_to(user).unsigned().count()
    words = "session is not signed" if drafts == 1 else "sessions are not signed"
    # The number is of everybody's sessions, so the list is too.
    yield Waiting(drafts, words, f"{to_sign}?who=all", "pen-line")
