"""The united plan as the picture by day (`clinic.templatetags.plan_layout`) and as the lines of text beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from aftercare.models import AftercarePlan
from aftercare.presenters.words import Clock, axis_day, leave_name, leg_name, short_day
from clinic.language import page_language
from clinic.protocol import CompressionState, ItemKey, Leg, Plan, Stretch, Timeline, timeline_of, timelines_of_legs
from clinic.protocol.zones import local_date, local_time

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlanWords:
    """What the plan's words need of the protocol: numbers, and what the clinic says of showering, in its `language`.

    No source says whether to shower while the stocking is on day and night: `shower` is empty until the clinic does.
    """

    walk_least: int = 15
    walk_most: int = 20
    long_flight_hours: int = 4
    shower: str = ""
    language: str = "en"

    @property
    def walk_short(self) -> str:
        """`15–20`, for where there is little room."""
        return str(self.walk_least) if self.walk_least == self.walk_most else f"{self.walk_least}–{self.walk_most}"

    @property
    def walk_minutes(self) -> str:
        """`15 to 20`."""
        if self.walk_least == self.walk_most:
            return str(self.walk_least)
        return gettext("%(least)d to %(most)d") % {"least": self.walk_least, "most": self.walk_most}


def plan_words(plans: Sequence[AftercarePlan]) -> PlanWords:
    """What the newest plan's protocol says of the daily walk, of a long flight and of showering."""
    if not plans:
        return PlanWords()
    values = max(plans, key=lambda row: row.starts_at).values["values"]
    return PlanWords(
        values["walk_daily_minutes_min"],
        values["walk_daily_minutes_max"],
        values["long_flight_hours"],
        values["shower_text"].strip(),
        values["language"],
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan as text; `icon` names its picture, `key` what it speaks of, `is_over` that it has been.

    `told` are the clinic's own words on it, in the language `told_language`; empty where a date says all.
    """

    key: str
    icon: str
    what: str
    until: str
    is_over: bool = False
    told: str = ""
    told_language: str = ""


class PlanPicture:
    """Draws one patient's running plans. Everything is computed once, by `clinic.protocol`; here it gets words.

    `now` draws today's line, `visit_at` the booked next visit, `is_narrow` chooses names that stand above their row.
    `timeline` and `of_leg` are the plans' own, for who has them already; `walked` are dates that were ticked.
    `is_paused`: the stocking is to be off until the clinic says otherwise, or until `pause_ends_at`. `is_held`: the
    clinic decides first when the next visit is, so that no usual time is named.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        *,
        clock: Clock,
        words: PlanWords,
        now: datetime | None = None,
        visit_at: datetime | None = None,
        is_narrow: bool = False,
        timeline: Timeline | None = None,
        of_leg: Mapping[Leg, Timeline] | None = None,
        walked: Collection[date] = (),
        is_paused: bool = False,
        pause_ends_at: datetime | None = None,
        is_held: bool = False,
    ) -> None:
        self.plans = sorted(plans, key=lambda plan: plan.session_end)
        self.timeline = timeline or timeline_of(self.plans)
        self.of_leg = of_leg or timelines_of_legs(self.plans)
        self.clock, self.words, self.now, self.visit_at = clock, words, now, visit_at
        self.is_narrow = is_narrow
        self.walked = frozenset(walked)
        self.is_paused, self.pause_ends_at, self.is_held = is_paused, pause_ends_at, is_held
        self.zone: ZoneInfo = clock.zone
        self.first = self.plans[0].session_date
        self.last = self.timeline.watch_last_date or self.first

    def as_mapping(self) -> dict[str, Any]:
        """What the tag `plan_picture` takes."""
        days = float((self.last - self.first).days + 1)
        today = self._at(self.now) if self.now is not None else None
        return {
            "days": days,
            "ticks": [(number, axis_day(self.first + number * _DAY)) for number in range(0, int(days), 7)],
            "today": today if today is not None and 0 <= today <= days else None,
            "rows": [row for row in (*self._stocking_rows(), *self._other_rows()) if row],
            "text": self.as_text(),
        }

    def as_text(self) -> str:
        """What the picture shows in sentences, for those who do not see it; what is told beside it is not drawn."""
        return " ".join(f"{line.what} {line.until}." for line in self.lines if not line.told)

    @cached_property
    def lines(self) -> list[Line]:
        """The whole plan line by line, in the order in which it is lived."""
        return [
            *self._stocking_lines(),
            *self._walk_lines(),
            *self._avoid_lines(),
            *self._shower_lines(),
            *self._pause_lines(),
            *self._visit_lines(),
            *self._watch(),
        ]

    # --- the picture ----------------------------------------------------------------------------------------

    def _at(self, instant: datetime) -> float:
        """Days from the first midnight of the axis, on the wall clock."""
        local = instant.astimezone(self.zone).replace(tzinfo=None)
        return (local - datetime.combine(self.first, datetime.min.time())) / _DAY

    def _day(self, day: date) -> float:
        return float((day - self.first).days)

    @cached_property
    def _leg_timelines(self) -> list[tuple[str, Timeline]]:
        """One row for all legs that agree, otherwise a row for each leg."""
        worn = {leg: timeline for leg, timeline in self.of_leg.items() if timeline.compression}
        if len({timeline.compression for timeline in worn.values()}) <= 1:
            return [(gettext("Stocking"), self.timeline)]
        return [
            (gettext("Stocking, %(leg)s") % {"leg": leg_name(frozenset({leg})).lower()}, timeline)
            for leg, timeline in worn.items()
        ]

    def _stocking_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "bands": [band for stretch in timeline.compression for band in self._stocking_bands(stretch)],
                "note": gettext("paused")
                if any(self._pauses(stretch) for stretch in timeline.compression)
                else self._until_day(self._last_date(timeline)),
            }
            for name, timeline in self._leg_timelines
        ]

    def _last_date(self, timeline: Timeline) -> date | None:
        """The last date with a stocking on the legs of this timeline."""
        worn = timeline.compression
        return local_date(worn[-1].ends_at - timedelta(microseconds=1), self.zone) if worn else None

    def _stocking_bands(self, stretch: Stretch) -> list[dict[str, Any]]:
        """One; of a stocking that is to be off now one for what was worn, what is paused, and what comes after it."""
        is_continuous = stretch.state == CompressionState.CONTINUOUS
        start, end = self._at(stretch.starts_at), self._at(stretch.ends_at)
        worn = {
            "kind": "continuous" if is_continuous else "daytime",
            "start": start,
            "end": end,
            "label": gettext("Day and night") if is_continuous else gettext("By day"),
            "short": gettext("Day+night") if is_continuous else gettext("By day"),
        }
        if not self._pauses(stretch) or self.now is None:
            return [worn]
        since = max(start, self._at(self.now))
        on_again = min(self._at(self.pause_ends_at), end) if self.pause_ends_at else end
        bands = [{"kind": "paused", "start": since, "end": on_again, "label": gettext("Paused")}]
        if since > start:
            bands.insert(0, {**worn, "end": since})
        if on_again < end:
            bands.append({**worn, "start": on_again})
        return bands

    def _pauses(self, stretch: Stretch) -> bool:
        begins_later = self.pause_ends_at is not None and self.pause_ends_at <= stretch.starts_at
        return self.is_paused and not begins_later and not self._is_over(stretch.ends_at)

    def _other_rows(self) -> list[dict[str, Any]]:
        return [
            self._walk_row(),
            self._avoid_row(),
            self._visit_row(),
            {
                "name": gettext("Watch for warning signs"),
                "bands": [{"kind": "watch", "start": 0, "end": self._day(self.last) + 1}],
            },
        ]

    def _walk_row(self) -> dict[str, Any]:
        dates = [first + n * _DAY for first, last in self.timeline.walk_dates for n in range((last - first).days + 1)]
        if not dates:
            return {}
        note = gettext("every day until %(day)s") % {"day": short_day(dates[-1])}
        return {
            "name": gettext("Walk %(minutes)s min") % {"minutes": self.words.walk_short},
            "walks": [{"at": self._day(day) + 0.5, "done": day in self.walked} for day in dates],
            "note": note if len(self.timeline.walk_dates) == 1 else "",
        }

    def _avoid_row(self) -> dict[str, Any]:
        stretches = self.timeline.avoid
        if not stretches:
            return {}
        return {
            "name": gettext("Avoid sport, sun, heat, long flights") if self.is_narrow else gettext("Avoid"),
            "bands": [
                {"kind": "avoid", "start": self._at(each.starts_at), "end": self._at(each.ends_at)}
                for each in stretches
            ],
            "note": gettext("until %(when)s") % {"when": self.clock.moment(stretches[-1].ends_at)},
        }

    def _visit_row(self) -> dict[str, Any]:
        window = self.timeline.repeat_window
        if window is None:
            return {}
        band = {"kind": "window", "start": self._day(window.first_date), "end": self._day(window.last_date) + 1}
        row: dict[str, Any] = {"name": gettext("Next visit"), "bands": [] if self._waits_for_us else [band]}
        if self._waits_for_us:
            row["note"] = gettext("we decide first when")
        elif self.visit_at is None:
            row["note"] = gettext("not booked yet")
        else:
            row["note"] = self.clock.moment(self.visit_at)
            if local_date(self.visit_at, self.zone) <= self.last:
                row["visits"] = [self._at(self.visit_at)]
        return row

    @property
    def _waits_for_us(self) -> bool:
        return self.is_held and self.visit_at is None

    def _until_day(self, day: date | None) -> str:
        return gettext("until %(when)s") % {"when": short_day(day)} if day else ""

    # --- the text -------------------------------------------------------------------------------------------

    def _stocking_lines(self) -> list[Line]:
        """A line for each phase; legs whose phase ends at the same instant share it, whenever it began for each."""
        ends: dict[tuple[str, datetime], list[tuple[str, Stretch]]] = {}
        for name, timeline in self._leg_timelines:
            for stretch in timeline.compression:
                ends.setdefault((stretch.state, stretch.ends_at), []).append((name, stretch))
        return [
            self._stocking_line(gettext("Stocking") if len(shared) > 1 else shared[0][0], shared[0][1])
            for shared in ends.values()
        ]

    def _stocking_line(self, name: str, stretch: Stretch) -> Line:
        if stretch.state == CompressionState.CONTINUOUS:
            what = gettext("%(stocking)s day and night") % {"stocking": name}
            until = self._worn_until(stretch, self._until(stretch.ends_at))
            return Line("continuous", "moon", what, until, self._is_over(stretch.ends_at))
        last = local_date(stretch.ends_at - timedelta(microseconds=1), self.zone)
        what = gettext("%(stocking)s by day") % {"stocking": name}
        until = self._worn_until(stretch, self._until_day(last))
        return Line("daytime", "sun", what, until, self._is_over(stretch.ends_at))

    def _worn_until(self, stretch: Stretch, until: str) -> str:
        if not self._pauses(stretch):
            return until
        if self.pause_ends_at is not None and self.pause_ends_at < stretch.ends_at:
            again = {"when": self._pause_end(self.pause_ends_at), "until": until}
            return gettext("paused; on again from %(when)s %(until)s") % again
        return gettext("paused until we tell you; your plan says %(until)s") % {"until": until}

    def _pause_end(self, instant: datetime) -> str:
        """A date where a date was said; the hour of a visit."""
        wall = local_time(instant, self.zone)
        return short_day(wall) if wall.time() == time() else self.clock.moment(instant)

    def _until(self, instant: datetime) -> str:
        return gettext("until %(when)s") % {"when": self.clock.moment(instant)}

    def _is_over(self, end: datetime) -> bool:
        return self.now is not None and end <= self.now

    def _walk_lines(self) -> list[Line]:
        what = gettext("Walk %(minutes)s minutes every day") % {"minutes": self.words.walk_minutes}
        return [
            Line("walk", "footprints", what, self._from_to(first, last), is_over=last < self.clock.today)
            for first, last in self.timeline.walk_dates
        ]

    def _avoid_lines(self) -> list[Line]:
        ends = sorted({stretches[-1].ends_at for stretches in self.timeline.avoided.values()})
        names: dict[datetime, list[str]] = {end: [] for end in ends}
        for key, stretches in self.timeline.avoided.items():
            names[stretches[-1].ends_at].append(self._avoid_name(key))
        return [
            Line(
                "avoid",
                "ban",
                gettext("Leave: %(things)s") % {"things": ", ".join(names[end])},
                self._until(end),
                self._is_over(end),
            )
            for end in ends
        ]

    def _shower_lines(self) -> list[Line]:
        """What the clinic says of showering, as long as the stocking is on day and night and not to be off."""
        worn = [each for each in self.timeline.compression if each.state == CompressionState.CONTINUOUS]
        if not self.words.shower or not worn or self._pauses(worn[-1]):
            return []
        what, end = gettext("Showering while the stocking is on day and night"), worn[-1].ends_at
        told, language = self.words.shower, page_language(self.words.language)
        return [Line("shower", "droplet", what, self._until(end), self._is_over(end), told, language)]

    def _pause_lines(self) -> list[Line]:
        ends = [item.ends_at for plan in self.plans for item in plan.timed(ItemKey.BREASTFEEDING_PAUSE)]
        if not ends:
            return []
        end = max(ends)
        return [Line("pause", "hourglass", gettext("No breastfeeding"), self._until(end), self._is_over(end))]

    def _avoid_name(self, key: ItemKey) -> str:
        return leave_name(key, long_flight_hours=self.words.long_flight_hours).lower()

    def _visit_lines(self) -> list[Line]:
        if self.visit_at is not None:
            return [Line("visit", "calendar", gettext("Next visit"), self.clock.moment(self.visit_at))]
        if self._waits_for_us:
            return [Line("visit", "calendar", gettext("Next visit:"), gettext("we decide first when"))]
        window = self.timeline.repeat_window
        if window is None:
            return []
        today = self.clock.today if self.now is not None else window.first_date
        has_begun = window.first_date < today <= window.last_date
        usual = self._until_day(window.last_date) if has_begun else self._from_to(window.first_date, window.last_date)
        what = gettext("Usual time of a next visit")
        return [Line("visit", "calendar", what, usual, is_over=window.last_date < today)]

    def _watch(self) -> list[Line]:
        return [Line("watch", "eye", gettext("Know the warning signs"), self._until_day(self.last))]

    def _from_to(self, first: date, last: date) -> str:
        if first == last:
            return gettext("on %(day)s") % {"day": short_day(first)}
        return gettext("from %(first)s to %(last)s") % {"first": short_day(first), "last": short_day(last)}
