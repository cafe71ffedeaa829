"""What a correction of the clinic changed for the patient, in words: the lines of the plan before beside those now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from aftercare.models import AftercarePlan
from aftercare.presenters.picture import Line, PlanPicture, PlanWords
from aftercare.presenters.words import Clock, short_day
from aftercare.shown import ShownPlans
from aftercare.stored import plan_of
from clinic.protocol import Plan

# So long the page shows the differences without being asked.
_NEWS_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Change:
    """`now` says what holds, `was` what held before; `was` is empty for what is new."""

    now: str
    was: str


@dataclass(frozen=True, slots=True)
class Correction:
    """`heading` names its day; `is_news`: the changes are shown open."""

    title: str
    heading: str
    changes: tuple[Change, ...]
    is_news: bool


def corrections(shown: ShownPlans, *, clock: Clock, words: PlanWords, now: datetime) -> tuple[Correction, ...]:
    """One entry for each corrected session whose patient must do something else than before, the newest first."""
    told = []
    for before, after in shown.corrected:
        others = [plan_of(row) for row in shown.holding if row.lineage != before.lineage and row.ends_at > now]
        new = [*others, plan_of(after)] if after else others
        changes = changes_between([*others, plan_of(before)], new, clock=clock, words=words, now=now)
        if changes:
            at = after.issued_at if after else before.replaced_at or before.issued_at
            heading = gettext("What changed on %(day)s") % {"day": short_day(clock.date_of(at))}
            title = _title(before, after, at, clock)
            told.append((at, Correction(title, heading, changes, is_news=now - at < _NEWS_FOR)))
    return tuple(each for _, each in sorted(told, key=lambda pair: pair[0], reverse=True))


def _title(before: AftercarePlan, after: AftercarePlan | None, at: datetime, clock: Clock) -> str:
    days = {"day": short_day(clock.date_of(at)), "session": short_day(clock.date_of(before.starts_at))}
    if after is None:
        return (
            gettext(
                "On %(day)s the clinic took back the plan of your visit on %(session)s. Nothing of it is left to do."
            )
            % days
        )
    return gettext("The clinic corrected your plan on %(day)s. Follow this new one.") % days


def changes_between(
    before: Sequence[Plan], after: Sequence[Plan], *, clock: Clock, words: PlanWords, now: datetime
) -> tuple[Change, ...]:
    """What starts, ends or lasts differently; nothing for what was over before and is over now."""
    old, new = _by_thing(before, clock, words, now), _by_thing(after, clock, words, now)
    found = []
    for what in (*new, *(what for what in old if what not in new)):
        was, now_is = old.get(what, ([], True)), new.get(what, ([], True))
        if was[0] != now_is[0] and not (was[1] and now_is[1]):
            found.append(_change(what, "; ".join(was[0]), "; ".join(now_is[0])))
    return tuple(found)


def _by_thing(
    plans: Sequence[Plan], clock: Clock, words: PlanWords, now: datetime
) -> dict[str, tuple[list[str], bool]]:
    """What each thing lasts until, and whether all of it is over; in the order of the plan."""
    if not plans:
        return {}
    found: dict[str, list[Line]] = {}
    for line in PlanPicture(plans, clock=clock, words=words, now=now).lines:
        if not line.told:  # the rule of showering follows the stocking, whose line tells the change
            found.setdefault(line.what, []).append(line)
    return {
        what: ([line.until for line in lines], all(line.is_over for line in lines)) for what, lines in found.items()
    }


def _change(what: str, was: str, now_is: str) -> Change:
    before = gettext("before: %(was)s") % {"was": was} if was else ""
    if not now_is:
        return Change(gettext("No longer: %(what)s") % {"what": what}, before)
    if not was:
        return Change(gettext("New: %(what)s %(now)s") % {"what": what, "now": now_is}, "")
    return Change(gettext("%(what)s: now %(now)s") % {"what": what, "now": now_is}, before)
