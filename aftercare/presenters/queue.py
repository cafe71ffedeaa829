"""The queue of reports as rows: what runs out first on top, emergencies above everything, answered ones last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from aftercare.models import SymptomReport
from aftercare.presenters.queue_events import EventsWaiting, events_waiting
from aftercare.presenters.symptoms import QUESTIONS
from clinic.models import Clinic, User
from clinic.protocol.triage import FREE_TEXT, Level
from clinic.protocol.zones import local_date, local_time, start_of_day
from sessions_app.wording import day_words, list_words

SHOWS = ("open", "mine", "closed")
PAGE = 60
_EMERGENCY, _WAITING, _ANSWERED = range(3)
_LONGEST_QUOTE = 60
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Staff's short names of the triage's lines; what the patient answered stands beside them in full.
NAMES: dict[str, str] = {
    "ALLERGIC_REACTION": "Signs of an allergic reaction",
    "COLLAPSE": "Fainted, collapsed or confused",
    "CHEST_OR_BREATH": "Chest pain or short of breath",
    "LEG_WITH_EMERGENCY_SIGN": "Leg with an emergency sign",
    "STROKE_SIGN": "Signs of a stroke",
    "COLD_FOOT": "Leg pain with a cold foot",
    "ONE_LEG": "Pain or swelling of one leg",
    "SKIN_DAMAGE": "Blister, sore or dark skin",
    "SEVERE_SITE_PAIN": "Strong pain at a treated place",
    "INFECTION_SIGN": "Signs of an infection",
    "TOES_UNDER_STOCKING": "Toes under the stocking",
    "HEADACHE_OR_FLICKER": "Headache or flickering sight",
    "TENDER_CORD": "Tender red cord along a vein",
    "TRAPPED_BLOOD": "Firm, dark, tender lump",
    "STOCKING_PROBLEM": "Stocking does not fit or irritates",
    "BRUISES": "Bruises",
    "ITCHING": "Itching",
    "DARKER_VEINS": "Veins darker than before",
    "BROWN_MARK": "Brown mark",
    "FINE_RED_VEINS": "Fine new red veins",
}
_LEVEL_KEYS = {Level.REASSURE: "expected"}
_SIDES = {"left": "left", "right": "right", "both": "both legs"}


@dataclass(frozen=True, slots=True)
class Timer:
    """What is left until the answer is due, in seconds, 0 when over; `level` as the tag `timer` takes it."""

    left_s: float
    total_s: float
    text: str
    label: str
    level: str


@dataclass(frozen=True, slots=True)
class Row:
    """One report. `said` is the emergency question answered with yes, where the title names several at once.

    `level` is a key of the tag `level`; `timer` is None where no time runs any more.
    """

    public_id: UUID
    url: str
    title: str
    said: str
    line: str
    level: str
    until: str
    timer: Timer | None
    is_closed: bool
    is_chosen: bool

    @property
    def is_emergency(self) -> bool:
        return self.level == "emergency" and self.timer is not None


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    icon: str
    rows: Sequence[Row]
    aside: str = ""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`untaken`, `given` and `mine` are numbers of open reports, `query` what the address says besides the report.

    `given` are those of the untaken ones that are given to the reader, `taken` those that the reader has: `mine` is
    both. `events` also wait for the reader.
    """

    show: str
    groups: Sequence[Group]
    total: int
    untaken: int
    given: int
    taken: int
    mine: int
    number: int
    has_more: bool
    query: str
    events: EventsWaiting = field(default_factory=EventsWaiting)

    @property
    def sentence(self) -> str:
        if not self.total:
            return "Nobody waits for an answer."
        reports = "1 report is open" if self.total == 1 else f"{self.total} reports are open"
        if not self.untaken:
            one = "It is" if self.total == 1 else "Each is"
            return f"{reports}. {one} taken{' by you' if self.taken == self.total else self._taken_words}."
        return f"{reports}, {self._untaken_words}{self._taken_words}. What is due first is on top."

    @property
    def _taken_words(self) -> str:
        """With what is not taken it makes the number in the bar."""
        if not self.untaken:
            return f" by somebody, {self.taken} by you" if self.taken else " by somebody"
        return f", {self.taken} taken by you" if self.taken else ""

    @property
    def _untaken_words(self) -> str:
        """One word for each state, the same as on the rows: what is given is not taken yet."""
        of_them = "" if self.total == 1 else f"{self.untaken} of them "
        if self.given == self.untaken:
            return f"{of_them}given to you, not taken yet"
        words = f"{of_them}not taken yet"
        return f"{words} ({self.given} given to you)" if self.given else words


def queue_page(
    reader: User, *, show: str, number: int, chosen: UUID | None, clinic: Clinic, now: datetime
) -> QueuePage:
    """Page `number` from 1 of "open", "mine" or "closed" (today). Two queries, three for who decides on events."""
    visible = SymptomReport.objects.visible_to(reader)
    counts = visible.open().aggregate(
        total=Count("pk"),
        untaken=Count("pk", filter=Q(taken_at__isnull=True)),
        given=Count("pk", filter=Q(taken_at__isnull=True, given_to=reader)),
        taken=Count("pk", filter=Q(taken_by=reader)),
        mine=Count("pk", filter=_of(reader)),
    )
    rows = list(_rows(visible, reader, show, now, clinic.zone)[(number - 1) * PAGE : number * PAGE + 1])
    query = {"show": show} if show != "open" else {}
    shown = _Shown(reader, urlencode(query), chosen, clinic, now)
    return QueuePage(
        show=show,
        groups=list(_closed_group(rows[:PAGE], shown) if show == "closed" else _groups(rows[:PAGE], shown)),
        number=number,
        has_more=len(rows) > PAGE,
        query=urlencode({**query, **({"page": number} if number > 1 else {})}),
        events=events_waiting(reader),
        **counts,
    )


def in_order(rows: QuerySet[SymptomReport]) -> QuerySet[SymptomReport]:
    """Adds `rank` and `is_answered`, and sorts: emergencies, then what is due first, then what was answered."""
    rank = Case(
        When(is_answered=True, then=Value(_ANSWERED)),
        When(level=Level.EMERGENCY, then=Value(_EMERGENCY)),
        default=Value(_WAITING),
        output_field=IntegerField(),
    )
    return rows.with_answered().annotate(rank=rank).order_by("rank", "due_at", "pk")  # type: ignore[attr-defined, no-any-return]


def title_of(report: SymptomReport) -> str:
    """ "Pain or swelling of one leg, left", "Bruises and itching"; of words alone their beginning."""
    names = [NAMES.get(code, code) for code in report.symptoms if code != FREE_TEXT]
    if not names:
        return f"“{_cut(report.free_text)}”" if report.free_text else "Nothing chosen"
    first, others = names[:2], names[2:]
    words = [first[0], *(name[:1].lower() + name[1:] for name in first[1:])]
    title = list_words(words) if not others else f"{', '.join(words)} and {len(others)} more"
    return f"{title}, {_SIDES[report.leg]}" if report.leg in _SIDES else title


def said_of(report: SymptomReport) -> str:
    """ "A sudden, very bad headache": what was affirmed under a title that several questions share; empty otherwise."""
    shared = {code for code in report.symptoms if sum(question.code == code for question in QUESTIONS) > 1}
    asked = [question for question in QUESTIONS if question.code in shared and question.key in report.affirmed]
    return ", ".join(f"“{question.words}”" for question in asked)


def level_key(report: SymptomReport) -> str:
    return _LEVEL_KEYS.get(Level(report.level), report.level.lower())


def near_words(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "13:10" today, "Wed 18:00" within a week, "Wed 21 Jan, 18:00" beyond."""
    wall, today = local_time(instant, zone), local_date(now, zone)
    if wall.date() == today:
        return f"{wall:%H:%M}"
    if abs((wall.date() - today).days) < 7:
        return f"{wall:%a %H:%M}"
    return f"{day_words(wall.date())}, {wall:%H:%M}"


def source_words(report: SymptomReport) -> str:
    """Who reported, where it was not the patient: ", by phone (her husband)"."""
    if report.source == SymptomReport.Source.PORTAL:
        return ""
    if report.source == SymptomReport.Source.CARER:
        return f" by {report.reporter_words or report.reported_by}"
    return f" by phone{f' ({report.reporter_words})' if report.reporter_words else ''}"


# --- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shown:
    reader: User
    query: str
    chosen: UUID | None
    clinic: Clinic
    now: datetime


def _of(reader: User) -> Q:
    return Q(taken_by=reader) | Q(taken_by__isnull=True, given_to=reader)


def _rows(visible: Any, reader: User, show: str, now: datetime, zone: ZoneInfo) -> QuerySet[SymptomReport]:
    related = ("patient", "given_to", "taken_by", "closed_by", "reported_by")
    if show == "closed":
        today = start_of_day(local_date(now, zone), zone)
        closed: QuerySet[SymptomReport] = visible.filter(closed_at__gte=today).select_related(*related)
        return closed.order_by("-closed_at", "-pk")
    rows = visible.open().select_related(*related)
    return in_order(rows.filter(_of(reader)) if show == "mine" else rows)


def _groups(rows: Sequence[SymptomReport], shown: _Shown) -> Iterable[Group]:
    today = local_date(shown.now, shown.clinic.zone)
    by_place: dict[tuple[int, date], list[SymptomReport]] = {}
    for report in rows:
        rank: int = report.rank  # type: ignore[attr-defined]
        day = max(local_date(report.due_at, shown.clinic.zone), today) if rank == _WAITING else today
        by_place.setdefault((rank, day), []).append(report)
    for (rank, day), reports in by_place.items():
        lines = [_row(report, shown) for report in reports]
        if rank == _EMERGENCY:
            yield Group("Emergency", "siren", lines, f"they were told to call {shown.clinic.emergency_number}")
        elif rank == _ANSWERED:
            yield Group("Answered, not closed yet", "phone", lines, "a clinician closes them")
        elif day == today:
            yield Group("Today", "clock", lines)
        else:
            words = "By tomorrow" if (day - today).days == 1 else f"By {day_words(day)}"
            yield Group(words, "sunrise", lines)


def _closed_group(rows: Sequence[SymptomReport], shown: _Shown) -> Iterable[Group]:
    if rows:
        yield Group("Closed today", "circle-check", [_row(report, shown) for report in rows])


def _row(report: SymptomReport, shown: _Shown) -> Row:
    zone, now = shown.clinic.zone, shown.now
    is_closed, is_answered = report.closed_at is not None, getattr(report, "is_answered", False)
    address = reverse("aftercare:queue_report", args=[report.public_id])
    return Row(
        public_id=report.public_id,
        url=f"{address}?{shown.query}" if shown.query else address,
        title=title_of(report),
        said=said_of(report),
        line=_line(report, shown),
        level=level_key(report),
        until=_until(report, shown, is_answered=is_answered),
        timer=None if is_closed or is_answered else timer_of(report, now, zone),
        is_closed=is_closed,
        is_chosen=report.public_id == shown.chosen,
    )


def _line(report: SymptomReport, shown: _Shown) -> str:
    who = [report.patient.name, *([f"day {report.day}"] if report.day is not None else [])]
    reported = near_words(report.reported_at, shown.now, shown.clinic.zone)
    sentences = [", ".join(who), f"Reported {reported}{source_words(report)}"]
    if report.taken_by is not None and report.closed_at is None:
        sentences.append("You have it" if report.taken_by == shown.reader else f"{report.taken_by} has it")
    elif report.given_to is not None and report.closed_at is None:
        whom = "you" if report.given_to == shown.reader else report.given_to
        sentences.append(f"Given to {whom}, not taken yet")
    return ". ".join(sentences)


def _until(report: SymptomReport, shown: _Shown, *, is_answered: bool) -> str:
    if report.closed_at is not None:
        return f"closed {near_words(report.closed_at, shown.now, shown.clinic.zone)} by {report.closed_by}"
    if is_answered:
        return "reached"
    was = "due " if report.due_at < shown.now else "by "
    return f"{was}{near_words(report.due_at, shown.now, shown.clinic.zone)}"


def timer_of(report: SymptomReport, now: datetime, zone: ZoneInfo) -> Timer:
    """The time until the answer that the patient was told."""
    left, total_s = report.due_at - now, (report.due_at - report.reported_at).total_seconds()
    is_over = left < timedelta(0)
    if is_over and -left >= _MINUTE:
        return Timer(0, total_s, f"+{_short(-left)}", f"{_long(-left)} over time", "over")
    urgent = report.level in (Level.EMERGENCY, Level.SAME_DAY)
    is_today = local_date(report.due_at, zone) == local_date(now, zone)
    level = "danger" if urgent else "attention" if is_today and report.level == Level.NEXT_DAY else ""
    if left < _MINUTE:
        return Timer(max(left.total_seconds(), 0), total_s, "now", "due now", "over" if is_over else level)
    return Timer(left.total_seconds(), total_s, _short(left), f"{_long(left)} left", level)


def _short(left: timedelta) -> str:
    """ "49 m", "2:29", "3 d" """
    if left >= _DAY:
        return f"{left // _DAY} d"
    minutes = left // _MINUTE
    return f"{minutes // 60}:{minutes % 60:02d}" if minutes >= 60 else f"{minutes} m"


def _long(left: timedelta) -> str:
    """ "2 hours 29 minutes" """
    if left >= _DAY:
        return _counted(left // _DAY, "day")
    parts = [_counted(left // _HOUR, "hour")] if left >= _HOUR else []
    minutes = left % _HOUR // _MINUTE
    return " ".join([*parts, *([_counted(minutes, "minute")] if minutes or not parts else [])])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_QUOTE else f"{flat[:_LONGEST_QUOTE].rstrip()}…"
