"""The one big thing on the patient's page: what is worn now, until when, and how much of it is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from aftercare.presenters.stocking_told import leg_line, off_since, off_title, plan_says, stocking_title, until_words
from aftercare.presenters.words import Clock, days_of, hours_of, leg_name, minutes_of, short_day
from aftercare.stocking_told import StockingTold
from aftercare.today import Left, Phase, Stocking, Today


@dataclass(frozen=True, slots=True)
class Ring:
    """What is left, for the tag `ring`."""

    left: int
    total: int
    number: int
    caption: str
    caption_second: str
    label: str


@dataclass(frozen=True, slots=True)
class Hero:
    """What stands largest; `kind` is its colour, `legs` has a line for each leg when they differ."""

    kind: str
    title: str
    until: str
    then: str
    ring: Ring | None
    legs: tuple[str, ...]


def hero_of(
    today: Today,
    clock: Clock,
    told: StockingTold | None = None,
    *,
    seen_at: datetime | None = None,
    is_carer: bool = False,
) -> Hero:
    """The stocking while one is worn; then that none is needed, that the plan is over, or that there is none yet.

    While `told` stands against the stocking, that comes first and the plan's own words are quoted below it. `seen_at`
    is the next visit.
    """
    if today.stocking is not None and told is not None:
        return _told_hero(today, told, clock, seen_at=seen_at, is_carer=is_carer)
    if today.stocking is not None:
        return _stocking_hero(today, today.stocking, clock)
    if today.phase is Phase.WATCH and today.watch_last_date is not None:
        return Hero(
            kind="watch",
            title=gettext("No stocking needed now"),
            until=gettext("Know the warning signs until %(day)s") % {"day": short_day(today.watch_last_date)},
            then="",
            ring=None,
            legs=(),
        )
    if today.phase is Phase.OVER and today.watch_last_date is not None:
        return Hero(
            kind="over",
            title=gettext("Your plan is finished"),
            until=gettext("Its last day was %(day)s.") % {"day": short_day(today.watch_last_date)},
            then=gettext("If something worries you, call us all the same."),
            ring=None,
            legs=(),
        )
    return Hero(
        kind="empty",
        title=gettext("No plan yet"),
        until=gettext("It appears here when a treatment is done: what to do, and until when."),
        then="",
        ring=None,
        legs=(),
    )


def _told_hero(today: Today, told: StockingTold, clock: Clock, *, seen_at: datetime | None, is_carer: bool) -> Hero:
    """In an emergency that is about something else the plan stands below the call, without its colour."""
    plan = plan_says(today, clock)
    if told.is_off:
        since = off_since(told, clock, seen_at=seen_at, is_carer=is_carer)
        return Hero("off", off_title(told), since, plan, ring=None, legs=())
    return Hero("held", gettext("Your plan"), plan, "", ring=None, legs=())


def _stocking_hero(today: Today, stocking: Stocking, clock: Clock) -> Hero:
    return Hero(
        kind=stocking.phase.value,
        title=stocking_title(stocking),
        until=until_words(stocking, clock),
        then=_then(today, stocking),
        ring=_ring(stocking.left),
        legs=_legs(today.stockings, clock),
    )


def _then(today: Today, stocking: Stocking) -> str:
    last = today.daytime_last_date
    if stocking.phase is Phase.DAYTIME:
        return gettext("You may take it off for the night.")
    if last is None or last <= stocking.last_date:
        return ""
    return gettext("Then by day until %(day)s.") % {"day": short_day(last)}


def _legs(stockings: Sequence[Stocking], clock: Clock) -> tuple[str, ...]:
    """Which leg; a line for each when they differ."""
    if len(stockings) == 1:
        return (leg_name(stockings[0].legs),)
    return tuple(leg_line(each, clock) for each in stockings)


def _ring(left: Left) -> Ring:
    """The biggest unit in the middle, the next smaller one below it."""
    if left.days:
        number, caption, second = left.days, gettext("day left") if left.days == 1 else gettext("days left"), ""
        spoken = days_of(left.days)
        if left.hours:
            caption = gettext("day and") if left.days == 1 else gettext("days and")
            second = gettext("%(hours)d h left") % {"hours": left.hours}
            spoken = gettext("%(days)s and %(hours)s") % {"days": spoken, "hours": hours_of(left.hours)}
    elif left.hours:
        number, caption, second = left.hours, gettext("h left"), ""
        spoken = hours_of(left.hours)
    else:
        number, caption, second = left.minutes, gettext("min left"), ""
        spoken = minutes_of(left.minutes)
    label = gettext("%(left)s left of %(total)s") % {"left": spoken, "total": days_of(left.total_days)}
    return Ring(left.percent, 100, number, caption, second, label)
