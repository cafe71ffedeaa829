"""The patient's page: from the numbers of `aftercare.today` to sentences, in the language of the page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from aftercare.expected_course import Words
from aftercare.issuing import Visit
from aftercare.models import Tick
from aftercare.presenters.changed import Correction, corrections
from aftercare.presenters.expected import Normal, normal_on
from aftercare.presenters.picture import Line, PlanPicture, PlanWords, plan_words
from aftercare.presenters.stocking_told import pause_ends_at
from aftercare.presenters.ticks import Asked, asked_today
from aftercare.presenters.today_hero import Hero, hero_of
from aftercare.presenters.words import LEAVE, Clock, leave_name, long_day, short_day, weekday
from aftercare.shown import ShownPlans
from aftercare.stocking_told import StockingTold
from aftercare.stored import plan_of
from aftercare.today import AvoidGroup, Phase, Today, Walks, today_of
from clinic.models import Clinic, Patient
from clinic.protocol import CompressionState
from sessions_app.presenters.patient_words import usual_time


@dataclass(frozen=True, slots=True)
class WalkDay:
    weekday: str
    number: int
    spoken: str
    is_today: bool
    is_past: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class WalkCard:
    title: str
    when: str
    days: tuple[WalkDay, ...]


@dataclass(frozen=True, slots=True)
class LeaveGroup:
    """Things with one end. `title` and `until` head the card when it is the only group, `short` otherwise."""

    title: str
    until: str
    short: str
    things: tuple[tuple[str, str], ...]  # name, icon


@dataclass(frozen=True, slots=True)
class VisitCard:
    """`public_id` is that of a booked visit, for the ways to confirm and change it."""

    title: str
    when: str
    text: str
    public_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TodayPage:
    """Everything the template shows; no computing is left to it."""

    phase: Phase
    paper_title: str
    date_line: str
    zone_line: str
    corrected: tuple[Correction, ...]
    hero: Hero
    walk: WalkCard | None
    leave: tuple[LeaveGroup, ...]
    shower: Line | None
    visit: VisitCard
    picture: dict[str, object] | None
    lines: tuple[Line, ...]
    normal: Normal
    watch_until: str
    asked: Mapping[str, Asked]  # "stocking", "walk": what may be answered for today


def today_page(
    *,
    patient: Patient,
    shown: ShownPlans,
    visit: Visit | None,
    clinic: Clinic,
    now: datetime,
    answers: Mapping[tuple[date, str], Tick] | None = None,
    course: Sequence[Words] = (),
    told: StockingTold | None = None,
    is_carer: bool = False,
    is_held: bool = False,
) -> TodayPage:
    """The page of one patient at one instant. `shown` are the plans with their items, `visit` is the next one.

    `answers` are the newest ticks by date and task, `course` the texts of `expected_course`. While `told` stands
    against the stocking nobody is asked whether it is on; `is_carer`: somebody else than the patient reads; `is_held`:
    the clinic decides first when the next visit is.
    """
    plans, answers = shown.holding, answers or {}
    values = [plan_of(row) for row in plans]
    today = today_of(values, now, zone=clinic.zone)
    clock = Clock(today.zone, today.day_date, ZoneInfo(patient.time_zone))
    words = plan_words(plans)
    walked = {day for (day, task), tick in answers.items() if task == Tick.Task.WALK and tick.answer == Tick.Answer.YES}
    has_plan = today.phase is not Phase.NO_PLAN
    asked = asked_today(today.timeline, answers, today=today.day_date) if has_plan else {}
    walks = today.walks if told is None or not told.is_emergency else None  # who calls for help is not sent for a walk
    seen_at = visit.starts_at if visit else None
    is_running = has_plan and today.phase is not Phase.OVER
    picture = None
    if is_running:
        picture = PlanPicture(
            values,
            clock=clock,
            words=words,
            now=now,
            visit_at=seen_at,
            is_narrow=True,
            timeline=today.timeline,
            of_leg=today.of_leg,
            walked=walked,
            is_paused=told is not None and told.is_off,
            pause_ends_at=pause_ends_at(told),
            is_held=is_held,
        )
    return TodayPage(
        phase=today.phase,
        paper_title=gettext("Plan of %(name)s") % {"name": patient.name},
        date_line=_date_line(today),
        zone_line=_zone_line(clock, clinic, now),
        corrected=corrections(shown, clock=clock, words=words, now=now),
        hero=hero_of(today, clock, told, seen_at=seen_at, is_carer=is_carer),
        walk=_walk_card(walks, today.day_date, clock, words, walked) if walks else None,
        leave=_leave_groups(today.avoid, clock, words),
        shower=next((line for line in picture.lines if line.told and not line.is_over), None) if picture else None,
        visit=_visit_card(visit, today, clock, told),
        picture=picture.as_mapping() if picture else None,
        lines=tuple(picture.lines) if picture else (),
        normal=normal_on([(today.day_date - plan.session_date).days for plan in values], course, today=today.day_date),
        watch_until=short_day(today.watch_last_date) if today.watch_last_date and is_running else "",
        asked={task: each for task, each in asked.items() if told is None or task != Tick.Task.STOCKING},
    )


def _date_line(today: Today) -> str:
    day = long_day(today.day_date)
    day = day[:1].upper() + day[1:]
    if today.day is None or today.phase is Phase.OVER:
        return day
    if today.day == 0:
        return gettext("%(date)s, the day of your treatment") % {"date": day}
    return gettext("%(date)s, day %(number)d of your plan") % {"date": day, "number": today.day}


def _zone_line(clock: Clock, clinic: Clinic, now: datetime) -> str:
    if not clock.differs_at(now):
        return ""
    place = clock.zone.key.rpartition("/")[2].replace("_", " ")
    return gettext("All times are the clinic's time (%(place)s, %(zone)s).") % {
        "place": place,
        "zone": now.astimezone(clock.zone).tzname(),
    }


# --- the cards ---------------------------------------------------------------------------------------------------


def _walk_card(walks: Walks, today: date, clock: Clock, words: PlanWords, walked: Collection[date]) -> WalkCard:
    if today < walks.first_date:
        when = gettext("Every day from %(first)s to %(last)s") % {
            "first": clock.near_day(walks.first_date),
            "last": short_day(walks.last_date),
        }
    elif today == walks.last_date:
        when = gettext("Today is the last day of it")
    else:
        when = gettext("Every day until %(day)s") % {"day": short_day(walks.last_date)}
    days = tuple(
        WalkDay(
            weekday(day),
            day.day,
            gettext("%(day)s, walked") % {"day": long_day(day)} if day in walked else long_day(day),
            is_today=day == today,
            is_past=day < today,
            is_done=day in walked,
        )
        for day in walks.strip
    )
    return WalkCard(gettext("Walk %(minutes)s minutes") % {"minutes": words.walk_minutes}, when, days)


def _leave_groups(groups: Sequence[AvoidGroup], clock: Clock, words: PlanWords) -> tuple[LeaveGroup, ...]:
    return tuple(
        LeaveGroup(
            title=_leave_title(group.until, clock),
            until=_full_moment(group.until, clock),
            short=gettext("Until %(when)s") % {"when": clock.until(group.until)},
            things=tuple(
                (leave_name(key, long_flight_hours=words.long_flight_hours), LEAVE[key][1]) for key in group.keys
            ),
        )
        for group in groups
    )


def _leave_title(until: datetime, clock: Clock) -> str:
    day = clock.date_of(until)
    if day == clock.today:
        return gettext("Leave these until %(time)s today") % {"time": clock.time(until)}
    if day == clock.today + timedelta(days=1):
        return gettext("Leave these until tomorrow")
    return gettext("Leave these until %(day)s") % {"day": short_day(day)}


def _full_moment(instant: datetime, clock: Clock) -> str:
    day = long_day(clock.date_of(instant))
    return f"{day[:1].upper()}{day[1:]}, {clock.time(instant)}"


def _visit_card(visit: Visit | None, today: Today, clock: Clock, told: StockingTold | None) -> VisitCard:
    if visit is not None:
        text = _visit_text(visit, today, is_off=told is not None and told.is_off)
        return VisitCard(gettext("Next visit:"), clock.near(visit.starts_at), text, visit.public_id)
    return VisitCard(gettext("No visit is booked"), "", usual_time(today.repeat_window, today=today.day_date))


def _visit_text(visit: Visit, today: Today, *, is_off: bool) -> str:
    facts = {"name": visit.nurse, "minutes": visit.minutes}
    worn = today.timeline.state_at(visit.starts_at).compression
    if worn is CompressionState.NONE or is_off:
        return gettext("With %(name)s. Plan %(minutes)d minutes.") % facts
    return gettext("With %(name)s. Plan %(minutes)d minutes, and wear your stocking.") % facts
