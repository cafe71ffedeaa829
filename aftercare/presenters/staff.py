"""The plan and its messages as staff read them: what, until when, why; the same for a preview and what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from aftercare.issuing import Issue, Visit
from aftercare.models import AftercarePlan
from aftercare.presenters.picture import PlanPicture, PlanWords, plan_words
from aftercare.presenters.reasons import Reasons, joined
from aftercare.presenters.stocking_told import off_for_staff, pause_ends_at
from aftercare.presenters.words import Clock, leave_name, short_day
from aftercare.stocking_told import StockingTold
from aftercare.stored import plan_of
from clinic.models import Clinic, Delivery, Patient
from clinic.notifications import DueMessage
from clinic.portal import masked
from clinic.protocol import AVOID_ITEMS, DatedItem, ItemKey, Plan, PlanItem, TimedItem
from clinic.protocol.zones import local_date, local_time, zone_named
from sessions_app.models import TreatedSite

CHANNELS: dict[str, tuple[str, str]] = {"email": ("E-mail", "mail"), "file": ("Demo outbox", "inbox")}
# What each state of a message is called, its shape and its colour.
STATES: dict[str, tuple[str, str, str]] = {
    "pending": ("Planned", "circle-dashed", "plain"),
    "claimed": ("Leaving now", "send", "plain"),
    "sending": ("Leaving now", "send", "plain"),
    "sent": ("Sent", "check", "done"),
    "delivered": ("Delivered", "check-check", "done"),
    "bounced": ("Came back", "triangle-alert", "danger"),
    "uncertain": ("Not known whether it arrived", "circle-question-mark", "attention"),
    "failed": ("Failed", "triangle-alert", "danger"),
    "expired": ("Too late, not sent", "triangle-alert", "attention"),
    "cancelled": ("Cancelled", "circle-x", "done"),
    "review": ("Waits for a person", "hourglass", "attention"),
}
_NAMES: dict[ItemKey, tuple[str, str]] = {
    ItemKey.WALK_IMMEDIATE: ("Observed walk", "timer"),
    ItemKey.COMPRESSION_CONTINUOUS: ("Stocking day and night", "moon"),
    ItemKey.COMPRESSION_DAYTIME: ("Stocking by day", "sun"),
    ItemKey.WALK_DAILY: ("Walk every day", "footprints"),
    ItemKey.BREASTFEEDING_PAUSE: ("No breastfeeding", "hourglass"),
    ItemKey.REPEAT_WINDOW: ("Next visit", "calendar"),
    ItemKey.COAGULUM_REVIEW_WINDOW: ("Look for trapped blood", "eye"),
    ItemKey.WATCH_WINDOW: ("Watch for warning signs", "siren"),
}


def item_name(key: ItemKey) -> str:
    """What staff call an item of a plan; all that is to be left out has one name."""
    return "What to leave" if key in AVOID_ITEMS else _NAMES[key][0]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One row of the plan's table; `shortest` is the earliest end that the protocol allows, "" where there is none."""

    what: str
    icon: str
    until: str
    why: str
    shortest: str = ""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One row of the messages: when, by what, what the patient reads, why, and what became of it."""

    when: str
    channel: str
    channel_icon: str
    reads: str
    why: str
    state: str
    state_icon: str
    state_kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as staff see it: picture of all that holds, lines of this one; `off` says why the stocking is off."""

    picture: dict[str, object]
    lines: tuple[ItemLine, ...]
    protocol: str
    overlaps: str
    off: str


def clock_of(plan: Plan, *, now: datetime) -> Clock:
    """Staff read the clinic's wall clock; no zone needs to be named."""
    return Clock(plan.zone, local_date(now, plan.zone))


def card_of_issue(issue: Issue, *, sites: Iterable[TreatedSite], now: datetime) -> PlanCard:
    """The preview: exactly what would be stored."""
    settings = issue.protocol
    words = PlanWords(settings.walk_daily_minutes_min, settings.walk_daily_minutes_max, settings.long_flight_hours)
    return _card(
        issue.plan,
        others=[plan_of(row) for row in issue.running],
        words=words,
        sites=sites,
        visit=issue.next_visit,
        protocol=_protocol_words(issue.version),
        now=now,
        show_today=False,
    )


def card_of_plan(
    row: AftercarePlan,
    *,
    others: Sequence[AftercarePlan],
    sites: Iterable[TreatedSite],
    visit: Visit | None,
    now: datetime,
    told: StockingTold | None = None,
    is_held: bool = False,
) -> PlanCard:
    """A stored plan among the patient's other current ones. `told` stands against its stocking.

    `is_held`: the clinic decides first when the next is.
    """
    return _card(
        plan_of(row),
        others=[plan_of(other) for other in others],
        words=plan_words([row]),
        sites=sites,
        visit=visit,
        protocol=_protocol_words(row.protocol_version),
        now=now,
        show_today=True,
        told=told,
        is_held=is_held,
    )


def _card(
    plan: Plan,
    *,
    others: Sequence[Plan],
    words: PlanWords,
    sites: Iterable[TreatedSite],
    visit: Visit | None,
    protocol: str,
    now: datetime,
    show_today: bool,
    told: StockingTold | None = None,
    is_held: bool = False,
) -> PlanCard:
    clock = clock_of(plan, now=now)
    picture = PlanPicture(
        [*others, plan],
        clock=clock,
        words=words,
        now=now if show_today else None,
        visit_at=visit.starts_at if visit else None,
        is_paused=told is not None and told.is_off,
        pause_ends_at=pause_ends_at(told),
        is_held=is_held,
    )
    return PlanCard(
        picture=picture.as_mapping(),
        lines=tuple(item_lines(plan, clock=clock, words=words, sites=sites, visit=visit, is_held=is_held)),
        protocol=protocol,
        overlaps=_overlap_words(others),
        off=off_for_staff(told, plan.zone) if told and picture.timeline.compression else "",
    )


def _protocol_words(version: object) -> str:
    signed_at = getattr(version, "signed_at", None)
    signed = f", signed {short_day(signed_at)} {signed_at:%Y}" if signed_at else ""
    return f"{version}{signed}"


def _overlap_words(others: Sequence[Plan]) -> str:
    if not others:
        return ""
    days = " and ".join(short_day(plan.session_date) for plan in sorted(others, key=lambda plan: plan.session_end))
    return f"United with the plan of {days}: the stricter one counts at each moment."


# --- the plan's table --------------------------------------------------------------------------------------------


def item_lines(
    plan: Plan,
    *,
    clock: Clock,
    words: PlanWords,
    sites: Iterable[TreatedSite],
    visit: Visit | None,
    is_held: bool = False,
) -> list[ItemLine]:
    """The items in the order in which they are lived, things to avoid with one end together."""
    reasons = Reasons(sites)
    lines: list[ItemLine] = []
    avoided: dict[tuple[str, str, str], list[str]] = {}
    for item in plan.items:
        if item.key is ItemKey.OBSERVATION:
            continue  # the observed walk is the same stretch
        if item.key in AVOID_ITEMS:
            group = (_until(item, clock), reasons.why(item), _shortest(item, clock))
            avoided.setdefault(group, []).append(leave_name(item.key, long_flight_hours=words.long_flight_hours))
            continue
        if avoided:
            lines += _avoid_lines(avoided)
            avoided = {}
        lines.append(_line(item, clock, reasons, visit, is_held=is_held))
    return lines


def _avoid_lines(avoided: Mapping[tuple[str, str, str], list[str]]) -> list[ItemLine]:
    return [
        ItemLine(f"Leave: {joined([name[:1].lower() + name[1:] for name in names])}", "ban", until, why, shortest)
        for (until, why, shortest), names in avoided.items()
    ]


def _line(item: PlanItem, clock: Clock, reasons: Reasons, visit: Visit | None, *, is_held: bool) -> ItemLine:
    what, icon = _NAMES[item.key]
    if item.leg is not None:
        what = f"{what}, {item.leg} leg"
    if item.key is ItemKey.REPEAT_WINDOW and visit is not None and isinstance(item, DatedItem):
        return ItemLine(what, icon, clock.moment(visit.starts_at), _in_window(item, clock.date_of(visit.starts_at)))
    why = reasons.why(item)
    if item.key is ItemKey.REPEAT_WINDOW and is_held:
        return ItemLine(what, icon, "A clinician decides first", f"It waits. Usual: {_until(item, clock)}. {why}")
    if item.key is ItemKey.REPEAT_WINDOW:
        why = f"Not booked yet. {why}"
    return ItemLine(what, icon, _until(item, clock), why, _shortest(item, clock))


def _in_window(item: DatedItem, day: object) -> str:
    window = f"{short_day(item.first_date)} to {short_day(item.last_date)}"
    if day < item.first_date:  # type: ignore[operator]
        return f"Before the window {window}"
    return f"Inside the window {window}" if day <= item.last_date else f"After the window {window}"  # type: ignore[operator]


def _until(item: PlanItem, clock: Clock) -> str:
    if isinstance(item, TimedItem):
        return clock.moment(item.ends_at)
    if item.key in (ItemKey.REPEAT_WINDOW, ItemKey.COAGULUM_REVIEW_WINDOW):
        return f"{short_day(item.first_date)} to {short_day(item.last_date)}"
    return short_day(item.last_date)


def _shortest(item: PlanItem, clock: Clock) -> str:
    if isinstance(item, TimedItem):
        least = item.min_ends_at
        return clock.moment(least) if least is not None and least != item.ends_at else ""
    day = item.min_last_date
    return short_day(day) if day is not None and day != item.last_date else ""


# --- the messages ------------------------------------------------------------------------------------------------


def preview_lines(
    issue: Issue, *, channel: str, planned: Sequence[Delivery], told: Sequence[DueMessage] = ()
) -> list[MessageLine]:
    """What signing will send, and what is planned for visits already, by time. `channel` "" when there is no way.

    `told`: what is sent at once because a plan changes.
    """
    words, icon = CHANNELS.get(channel, (channel, "mail"))
    coming = [
        (
            due_at,
            MessageLine(
                when=_local(due_at, zone_name),
                channel=words,
                channel_icon=icon,
                reads=reads(step),
                why=_sentence(why),
                state="New",
                state_icon="plus",
                state_kind="accent",
            ),
        )
        for due_at, zone_name, step, why in (
            *((each.due_at, each.time_zone, each.step, each.why) for each in told),
            *((each.due_at, each.time_zone, each.key, each.reason) for each in issue.messages),
        )
    ]
    known = [(told_at(row), message_line(row)) for row in planned]
    return [line for _, line in sorted([*coming, *known], key=lambda pair: pair[0])]


def told_at(row: Delivery) -> datetime:
    """When a message left, once it has; until then, and where it never left, when it is or was due."""
    is_gone = row.state in (Delivery.State.SENT, Delivery.State.DELIVERED)
    return row.finished_at if is_gone and row.finished_at is not None else row.due_at


def message_line(row: Delivery) -> MessageLine:
    """A stored message and what became of it."""
    channel, icon = CHANNELS.get(row.channel, (row.channel, "mail"))
    state, state_icon, kind = STATES[row.state]
    return MessageLine(
        when=_local(told_at(row), row.time_zone),
        channel=channel,
        channel_icon=icon,
        reads=reads(row.step),
        why=_sentence(row.why),
        state=state,
        state_icon=state_icon,
        state_kind=kind,
        note=_sentence(row.reason),
    )


def reads(step: str) -> str:
    """The line that the patient sees first; the words belong to the message's own templates."""
    return render_to_string(f"notifications/{step.lower()}/subject.txt").strip()


def _local(instant: datetime, zone_name: str) -> str:
    wall = local_time(instant, zone_named(zone_name))
    return f"{short_day(wall)}, {wall:%H:%M}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def reached_by(channel: str, patient: Patient) -> str:
    """`E-mail to m…@example.com`; who reads over a shoulder learns no address."""
    if not channel:
        return "No way to write to this patient: a task is made for the front desk."
    words, _ = CHANNELS.get(channel, (channel, ""))
    return f"{words} to {masked(patient.email)}" if patient.email else words


def times_note(patient: Patient, clinic: Clinic) -> str:
    """Said when the messages go by another clock than the plan."""
    if patient.time_zone == clinic.time_zone:
        return ""
    return f"Times of messages are the patient's own ({patient.time_zone.rpartition('/')[2].replace('_', ' ')})."
