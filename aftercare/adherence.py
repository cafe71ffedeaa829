"""What a patient said of each of the last days, beside what the plan asked: done, in part, not, not answered, no task.

"Not answered" is kept apart from "no", and from a day that asked nothing. There is no sum: nothing here is a score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from aftercare.models import AftercarePlan, Tick
from aftercare.stored import plan_of
from aftercare.ticks import tasks_on
from clinic.models import Patient
from clinic.protocol import timeline_of
from clinic.protocol.zones import local_date, start_of_day

DAYS = 7


class State(StrEnum):
    YES = "yes"
    PART = "part"
    NO = "no"
    UNANSWERED = "unanswered"
    NO_TASK = "no_task"


@dataclass(frozen=True, slots=True)
class Day:
    """One date: the state of each task, and the newest answer where there is one."""

    date: date
    states: Mapping[str, State]
    ticks: Mapping[str, Tick]


def last_days(patient: Patient, *, now: datetime, zone: ZoneInfo, days: int = DAYS) -> list[Day]:
    """The last dates, today last. What a day asked is read from the plans that held when it ended.

    So a correction asks nothing of the days before it. Three queries, whatever there is.
    """
    today = local_date(now, zone)
    first = today - timedelta(days=days - 1)
    plans = _plans_since(patient, start_of_day(first, zone))
    ticks: dict[tuple[date, str], Tick] = {
        (tick.date, tick.task): tick
        for tick in Tick.objects.filter(patient=patient, date__range=(first, today), task__in=Tick.OF_PLANS)
        .select_related("given_by")
        .order_by("given_at", "pk")
    }
    dates = [first + timedelta(days=number) for number in range(days)]
    return [_day(each, plans, ticks, min(start_of_day(each + timedelta(days=1), zone), now)) for each in dates]


def _plans_since(patient: Patient, begin: datetime) -> Sequence[AftercarePlan]:
    rows = AftercarePlan.objects.filter(patient=patient, ends_at__gt=begin).prefetch_related("items")
    return [row for row in rows if row.replaced_at is None or row.replaced_at > begin]


def _day(day: date, plans: Sequence[AftercarePlan], ticks: Mapping[tuple[date, str], Tick], ended_at: datetime) -> Day:
    held = [
        row for row in plans if row.issued_at <= ended_at and (row.replaced_at is None or row.replaced_at > ended_at)
    ]
    asked = tasks_on(timeline_of(plan_of(row) for row in held), day)
    answers = {task.value: ticks[day, task.value] for task in Tick.OF_PLANS if (day, task.value) in ticks}
    return Day(day, {task.value: _state(answers.get(task.value), task in asked) for task in Tick.OF_PLANS}, answers)


def _state(tick: Tick | None, is_asked: bool) -> State:
    if tick is not None:
        return State(tick.answer)
    return State.UNANSWERED if is_asked else State.NO_TASK
