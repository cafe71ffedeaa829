"""What patients of the demo clinic answered at home, day by day; who looks with them; and the lead's words for them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial

from django.utils import timezone

from aftercare.carers import add_carer
from aftercare.demo.house import House
from aftercare.expected_course import SHIPPED, save_words
from aftercare.issuing import running_plans
from aftercare.models import Tick
from aftercare.stored import plan_of
from aftercare.ticks import answer_day, tasks_on
from clinic.models import Patient
from clinic.portal import portal_account
from clinic.protocol import timeline_of

Event = Callable[[], object]
Answer, Reason, Task = Tick.Answer, Tick.Reason, Tick.Task
_NAMESPACE = uuid.UUID("6a0b9df7-0f0b-4b57-8a3d-6d1f3f3f1c22")
_EVENING = time(20, 15)


@dataclass(frozen=True, slots=True)
class Said:
    """How a day went. A day that is not listed was not answered, which is no "no"."""

    days_ago: int
    stocking: Tick.Answer | None = Answer.YES
    reason: str = ""
    walk: Tick.Answer | None = Answer.YES
    walk_reason: str = ""


DAYS: dict[str, tuple[Said, ...]] = {
    "Quillfeather": (Said(14), Said(13), Said(12, walk=None), Said(1)),
    "Plumstead": (
        Said(8),
        Said(7, Answer.PART, Reason.HEAT),
        Said(6),
        Said(4, Answer.NO, Reason.FORGOT, walk=None),
        Said(3),
        Said(2, walk=Answer.PART, walk_reason=Reason.OTHER),
        Said(1),
    ),
    # What is hard to put on asks somebody to call.
    "Valdehierro": (
        Said(6),
        Said(5),
        Said(3, Answer.PART, Reason.HARD_TO_PUT_ON),
        Said(1, Answer.NO, Reason.TOO_TIGHT),
    ),
    "Foxglove": (Said(5), Said(4), Said(3, Answer.PART, Reason.SKIN, Answer.NO, Reason.FORGOT), Said(1)),
    "Cowslip": (Said(7), Said(6), Said(5, stocking=None), Said(2), Said(1, Answer.PART, Reason.HEAT)),
    "Hartwell": (Said(4), Said(3), Said(2), Said(1)),
    "Piedrabuena": (Said(3), Said(2, walk=Answer.NO, walk_reason=Reason.HEAT)),
}


@dataclass(frozen=True, slots=True)
class Let:
    """Somebody who may see the page of a patient, since `days_ago`; `may_report` also to answer there."""

    family: str
    days_ago: int
    name: str
    email: str
    may_report: bool


CARERS = (
    Let("Quillfeather", 1, "Basil Quillfeather", "carer@example.com", may_report=True),
    Let("Merriweather", 13, "Robin Merriweather", "robin.merriweather@example.com", may_report=True),
)


class AtHome:
    def __init__(self, house: House, now: datetime) -> None:
        self.house = house
        self.today = timezone.localdate(now, house.clinic.zone)
        self.lead = house.people["lead@example.com"]

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then."""
        evenings = [
            (self._at(said.days_ago, _EVENING), partial(self._answer, family, said))
            for family, days in DAYS.items()
            for said in days
        ]
        added = [(self._at(let.days_ago, time(18, 40)), partial(self._add_carer, let)) for let in CARERS]
        return [(self._at(20, time(12, 20)), self._write_words), *added, *evenings]

    def _answer(self, family: str, said: Said) -> None:
        """What the plan asked on that day, as somebody says it in the evening."""
        patient = Patient.objects.get(family_name=family)
        now = timezone.now()
        day = timezone.localdate(now, self.house.clinic.zone)
        asked = tasks_on(timeline_of(plan_of(row) for row in running_plans(patient, now=now)), day)
        given = ((Task.STOCKING, said.stocking, said.reason), (Task.WALK, said.walk, said.walk_reason))
        for task, answer, reason in given:
            if answer is not None and task in asked:
                self._tick(patient, task, answer, reason, now)

    def _tick(self, patient: Patient, task: Tick.Task, answer: Tick.Answer, reason: str, now: datetime) -> None:
        account = portal_account(patient)
        assert account is not None, "who answers has an e-mail"
        day = timezone.localdate(now, self.house.clinic.zone)
        answer_day(
            patient=patient,
            task=task,
            day=day,
            answer=answer,
            reason=reason,
            request_key=uuid.uuid5(_NAMESPACE, f"{patient.family_name} {task} {day}"),
            by=account,
            now=now,
        )

    def _add_carer(self, let: Let) -> None:
        patient = Patient.objects.get(family_name=let.family)
        account = portal_account(patient)
        assert account is not None, "who lets somebody look has an e-mail"
        add_carer(
            patient=patient,
            name=let.name,
            email=let.email,
            language=patient.language,
            may_report=let.may_report,
            by=account,
        )

    def _write_words(self) -> None:
        """The lead says one of the shipped texts in the clinic's own words."""
        wanted = replace(
            SHIPPED["bruises"],
            en="Bruises, also a little away from the needle marks. They usually go in 2 to 4 weeks.",
            es="Moretones, también un poco lejos de los pinchazos. Suelen desaparecer en 2 a 4 semanas.",
        )
        save_words(wanted=wanted, after=0, by=self.lead)

    def _at(self, days_ago: int, clock_time: time) -> datetime:
        return datetime.combine(self.today - timedelta(days=days_ago), clock_time, self.house.clinic.zone)
