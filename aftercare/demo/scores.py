"""Scores of the demo clinic: taken in the minutes before a patient's first session, and again later in one case."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial

from django.utils import timezone

from aftercare.demo.cast import STORIES, Story, Treated
from aftercare.demo.house import House
from clinic.models import Patient
from clinic.protocol.scores import RVCSS_ITEMS, Ceap
from clinic.protocol.vocabulary import Leg
from sessions_app.scoring import LegScores, record_scores

Event = Callable[[], None]
_ZERO = {item.name: 0 for item in RVCSS_ITEMS}
_SPIDER, _RETICULAR = Ceap("C1", "a", "Ep", ("As",), "Pn"), Ceap("C1", "s", "Ep", ("As",), "Pr")
_FIRST = (
    LegScores(Leg.RIGHT, _SPIDER, {**_ZERO, "pain": 1}),
    LegScores(Leg.LEFT, _SPIDER, {**_ZERO, "pain": 1, "varicose_veins": 1}),
)
# Whose legs are worse, and who was looked at again before the last session, still wearing the stocking.
_OTHERS: dict[str, tuple[LegScores, ...]] = {
    "Quillfeather": (
        LegScores(Leg.RIGHT, _SPIDER, {**_ZERO, "pain": 1, "varicose_veins": 1}),
        LegScores(Leg.LEFT, _RETICULAR, {**_ZERO, "pain": 2, "varicose_veins": 2, "oedema": 1}),
    ),
    "Plumstead": (
        LegScores(Leg.RIGHT, Ceap("C3", "s", "Ep", ("As", "Ap"), "Pr"), {**_ZERO, "pain": 3, "varicose_veins": 3,
                                                                          "oedema": 2}),
        LegScores(Leg.LEFT, _RETICULAR, {**_ZERO, "pain": 2, "varicose_veins": 1}),
    ),
}  # fmt: skip
_AGAIN: dict[str, tuple[LegScores, ...]] = {
    "Quillfeather": (
        LegScores(Leg.RIGHT, None, {**_ZERO, "varicose_veins": 1, "compression": 3}),
        LegScores(Leg.LEFT, None, {**_ZERO, "pain": 1, "varicose_veins": 2, "compression": 3}),
    ),
}


class Scores:
    def __init__(self, house: House, today: date) -> None:
        self.house, self.today = house, today

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then."""
        found: list[tuple[datetime, Event]] = []
        for story in STORIES:
            if story.treated:
                first, last = max(story.treated, key=_age), min(story.treated, key=_age)
                legs = _OTHERS.get(story.family, _FIRST)
                found.append((self._before(first.days_ago, first.time), partial(self._take, story, legs)))
                if story.family in _AGAIN and last is not first:
                    again = partial(self._take, story, _AGAIN[story.family])
                    found.append((self._before(last.days_ago, last.time), again))
        return found

    def _before(self, days_ago: int, clock_time: str) -> datetime:
        day, begins = self.today - timedelta(days=days_ago), time.fromisoformat(clock_time)
        return datetime.combine(day, begins, self.house.clinic.zone) - timedelta(minutes=3)

    def _take(self, story: Story, legs: tuple[LegScores, ...]) -> None:
        patient = Patient.objects.get(family_name=story.family, birth_date=story.born)
        now, nurse = timezone.now(), self.house.people["nurse@example.com"]
        record_scores(patient=patient, legs=legs, opened_at=now - timedelta(minutes=2), by=nurse, now=now)


def _age(treated: Treated) -> int:
    return treated.days_ago
