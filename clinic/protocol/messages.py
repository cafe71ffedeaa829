"""Which reminders follow from a patient's plans and appointments, when, and whether as a text.

Several overlapping plans give one schedule, made from the united timeline. Steps, by priority:

====================  ===================================================  ========  ===========
key                   when (patient's date)                                priority  kind
====================  ===================================================  ========  ===========
``APPT_1``            1 day before an appointment                          1         appointment
``COMP_SWITCH``       the stocking day and night ends                      2         compression
``CHECK_1``           the day after a session                              3         activity
``APPT_3``            3 days before an appointment                         4         appointment
``WEEKLY``            day 7, day 14, last date with a stocking             5         compression
``ACT_SWITCH``        something to avoid ends (``activity_switch``)        6         activity
====================  ===================================================  ========  ===========

With ``join_same_date`` a ``WEEKLY`` is left out on the date of a ``COMP_SWITCH``. ``ACT_SWITCH`` exists where the
clinical lead switched it on, never on the date of a ``COMP_SWITCH`` or ``APPT_1``, and takes no text from the others.
An older plan's ``WEEKLY`` ends where the next session begins. Caps: at most 1 text on a date and 3 in any 7 consecutive
dates, given out by priority, then date; the rest goes by e-mail and portal only.
Texts wait for the hours in which texts may go out, and are dropped when they would then be useless.

Sources of the figures: see ``reminder.*`` in ``default.toml``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.protocol.items import Plan, TimedItem
from clinic.protocol.timeline import Stretch, Timeline, timeline_of, timelines_of_legs
from clinic.protocol.values import Protocol, ReminderValues
from clinic.protocol.vocabulary import AVOID_ITEMS, Channel, ItemKey, MessageKey, MessageKind
from clinic.protocol.zones import local_date, local_time, starting_instant, zone_named

PRIORITY: dict[MessageKey, int] = {
    MessageKey.APPT_1: 1,
    MessageKey.COMP_SWITCH: 2,
    MessageKey.CHECK_1: 3,
    MessageKey.APPT_3: 4,
    MessageKey.WEEKLY: 5,
    MessageKey.ACT_SWITCH: 6,
}
KIND: dict[MessageKey, MessageKind] = {
    MessageKey.APPT_1: MessageKind.APPOINTMENT,
    MessageKey.COMP_SWITCH: MessageKind.COMPRESSION,
    MessageKey.ACT_SWITCH: MessageKind.ACTIVITY,
    MessageKey.CHECK_1: MessageKind.ACTIVITY,
    MessageKey.APPT_3: MessageKind.APPOINTMENT,
    MessageKey.WEEKLY: MessageKind.COMPRESSION,
}
_DAYS_BEFORE = {MessageKey.APPT_1: 1, MessageKey.APPT_3: 3}
_WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class AppointmentTime:
    """An appointment to remind of; ``ref`` is the caller's name of it and comes back on its messages."""

    starts_at: datetime
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One reminder.

    ``due_at`` and ``not_after`` are UTC instants, ``local_due`` the patient's wall-clock time that led to ``due_at``.
    ``ref`` names the plan or appointment it belongs to. (``ref``, ``key``, ``occurrence``) is unique in a schedule and
    does not move with the hour or the zone: a delivery key can be made of it. ``reason`` says why it exists,
    ``held_back`` why it is no text (empty for texts).
    """

    key: MessageKey
    ref: str
    occurrence: int
    channel: Channel
    local_due: datetime
    time_zone: str
    due_at: datetime
    not_after: datetime
    reason: str
    held_back: str = ""

    @property
    def kind(self) -> MessageKind:
        """Which reminder task sends it."""
        return KIND[self.key]

    @property
    def priority(self) -> int:
        """1 is served first when texts are short."""
        return PRIORITY[self.key]


@dataclass(frozen=True, slots=True)
class _Step:
    """A reminder that is wanted on a date, before hours and caps."""

    key: MessageKey
    day: date
    ref: str
    occurrence: int
    reason: str
    useless_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Hours:
    """The hour at which reminders are wanted, the patient's zone, and when texts may go out."""

    at: time
    zone: ZoneInfo
    reminder: ReminderValues

    def wanted(self, day: date) -> datetime:
        return datetime.combine(day, self.at)

    def instant(self, wall: datetime) -> datetime:
        return starting_instant(wall, self.zone)


def schedule_for(
    plans: Iterable[Plan],
    appointments: Iterable[AppointmentTime],
    *,
    patient_zone: str,
    protocol: Protocol,
    send_at: time | None = None,
    not_before: datetime | None = None,
    sent_text_dates: Iterable[date] = (),
) -> tuple[Message, ...]:
    """All reminders of one patient, by due time.

    ``patient_zone`` is an IANA zone, ``send_at`` the local hour (the protocol's, when left out). What would be due
    before ``not_before`` is left out. ``sent_text_dates`` are the patient's dates of texts that went out already; they
    count for the caps.
    """
    zone = zone_named(patient_zone, "patient_time_zone")
    hours = _Hours(protocol.reminder.send_at if send_at is None else send_at, zone, protocol.reminder)
    steps = [*_plan_steps([plan for plan in plans if not plan.is_empty], zone, protocol)]
    steps += [step for appointment in appointments for step in _appointment_steps(appointment, zone)]
    texts = [(step, due) for step in _thinned(steps, protocol.reminder) if (due := _useful_text(step, hours))]
    if not_before is not None:
        texts = [(step, due) for step, due in texts if hours.instant(due) >= not_before]
    messages = [
        _message(step, due, held_back, hours)
        for step, due, held_back in _capped(texts, sent_text_dates, protocol.reminder)
    ]
    return tuple(sorted(messages, key=lambda each: (each.due_at, each.priority, each.ref, each.occurrence)))


def text_time(wall: datetime, reminder: ReminderValues) -> datetime:
    """The wall-clock time at which a text wanted at ``wall`` may go out: at once, or at the next allowed hour."""
    if wall.time() < reminder.text_from:
        return datetime.combine(wall.date(), reminder.text_from)
    if wall.time() >= reminder.text_until:
        return datetime.combine(wall.date() + timedelta(days=1), reminder.text_from)
    return wall


def text_instant(instant: datetime, patient_zone: str, protocol: Protocol) -> datetime:
    """The UTC instant at which a text wanted at ``instant`` may go out (08:00 to before 21:00, patient's time)."""
    zone = zone_named(patient_zone)
    wall = local_time(instant, zone)
    allowed = text_time(wall, protocol.reminder)
    return instant.astimezone(UTC) if allowed == wall else starting_instant(allowed, zone)


def _plan_steps(plans: list[Plan], zone: ZoneInfo, protocol: Protocol) -> Iterator[_Step]:
    ordered = [(plan.ref or str(number), plan) for number, plan in enumerate(sorted(plans, key=_by_session), start=1)]
    if not ordered:
        return
    yield from _comp_switches(ordered, zone)
    if protocol.reminder.activity_switch:
        yield from _act_switches(ordered, zone)
    for ref, plan in ordered:
        day = plan.session_date + timedelta(days=protocol.reminder.check_day)
        reason = (
            "the day after the session" if protocol.reminder.check_day == 1 else f"day {protocol.reminder.check_day}"
        )
        yield _Step(MessageKey.CHECK_1, day, ref, 1, reason)
    yield from _weeklies(ordered, protocol.reminder)


def _by_session(plan: Plan) -> tuple[datetime, str, str]:
    return plan.session_end, plan.ref, repr(plan.items)


def _comp_switches(plans: list[tuple[str, Plan]], zone: ZoneInfo) -> Iterator[_Step]:
    """One at the end of each united stretch with the stocking on day and night; per leg where plans are per leg."""
    every = [plan for _, plan in plans]
    timelines: list[Timeline] = [timeline_of(every)]
    if any(item.leg for plan in every for item in plan.items):
        timelines = list(timelines_of_legs(every).values())
    ends = {stretch.ends_at for timeline in timelines for stretch in timeline.continuous}
    yield from _switches(MessageKey.COMP_SWITCH, ends, plans, (ItemKey.COMPRESSION_CONTINUOUS,), zone)


def _act_switches(plans: list[tuple[str, Plan]], zone: ZoneInfo) -> Iterator[_Step]:
    """One on each date on which something to avoid ends, over the united plans."""
    timeline = timeline_of(plan for _, plan in plans)
    stretches: list[Stretch] = [stretch for parts in timeline.avoided.values() for stretch in parts]
    ends = {stretch.ends_at for stretch in stretches}
    yield from _switches(MessageKey.ACT_SWITCH, ends, plans, AVOID_ITEMS, zone)


def _switches(
    key: MessageKey,
    ends: Iterable[datetime],
    plans: list[tuple[str, Plan]],
    items: tuple[ItemKey, ...],
    zone: ZoneInfo,
) -> Iterator[_Step]:
    """A step for each end, named by the day of the newest plan that has an item ending there.

    The occurrence is that day's number, so that a correction which moves the end is announced as what it is: news.
    """
    seen: set[tuple[str, date]] = set()
    what = "stocking day and night" if key is MessageKey.COMP_SWITCH else "something to avoid"
    for end in sorted(ends):
        owner, plan = next((ref, plan) for ref, plan in reversed(plans) if _ends_there(plan, items, end))
        wall = local_time(end, zone)
        if (owner, wall.date()) not in seen:
            seen.add((owner, wall.date()))
            day = (local_date(end, plan.zone) - plan.session_date).days
            yield _Step(key, wall.date(), owner, day, f"{what} ends {_shown(wall)}")


def _ends_there(plan: Plan, items: tuple[ItemKey, ...], end: datetime) -> bool:
    return any(isinstance(item, TimedItem) and item.key in items and item.ends_at == end for item in plan.items)


def _weeklies(plans: list[tuple[str, Plan]], reminder: ReminderValues) -> Iterator[_Step]:
    """Day 7, day 14 and the last date with a stocking, each plan until the next session begins."""
    last = date.min
    for position, (ref, plan) in enumerate(plans):
        last = max(last, *(item.last_date for item in plan.dated(ItemKey.COMPRESSION_DAYTIME)))
        until = plans[position + 1][1].session_date if position + 1 < len(plans) else date.max
        wanted = {
            plan.session_date + timedelta(days=reminder.weekly_day_1): (1, f"day {reminder.weekly_day_1}"),
            plan.session_date + timedelta(days=reminder.weekly_day_2): (2, f"day {reminder.weekly_day_2}"),
            last: (3, "last date with a stocking"),
        }
        for day, (occurrence, reason) in wanted.items():
            if day < until and day <= last:
                yield _Step(MessageKey.WEEKLY, day, ref, occurrence, reason)


def _appointment_steps(appointment: AppointmentTime, zone: ZoneInfo) -> Iterator[_Step]:
    starts_at = appointment.starts_at.astimezone(UTC)
    ref = appointment.ref or starts_at.strftime("%Y%m%dT%H%M%SZ")
    for key, days in _DAYS_BEFORE.items():
        day = local_date(starts_at, zone) - timedelta(days=days)
        reason = f"{days} {'day' if days == 1 else 'days'} before the appointment"
        yield _Step(key, day, ref, 1, reason, useless_from=starts_at)


def _thinned(steps: list[_Step], reminder: ReminderValues) -> list[_Step]:
    """Leaves out what says less on the date of something that says more, and a second equal step of a plan."""
    days = {key: {step.day for step in steps if step.key is key} for key in MessageKey}
    yields_to = {
        MessageKey.ACT_SWITCH: days[MessageKey.COMP_SWITCH] | days[MessageKey.APPT_1],
        MessageKey.WEEKLY: days[MessageKey.COMP_SWITCH] if reminder.join_same_date else set(),
    }
    kept: list[_Step] = []
    seen: set[tuple[MessageKey, date]] = set()
    for step in sorted(steps, key=lambda each: (each.day, each.key, each.ref, each.occurrence)):
        if step.day in yields_to.get(step.key, ()):
            continue
        if KIND[step.key] is not MessageKind.APPOINTMENT and (step.key, step.day) in seen:
            continue
        seen.add((step.key, step.day))
        kept.append(step)
    return kept


def _useful_text(step: _Step, hours: _Hours) -> datetime | None:
    """When the step could go out as a text, patient's time; ``None`` when it would be useless by then."""
    due = text_time(hours.wanted(step.day), hours.reminder)
    if step.useless_from is not None and hours.instant(due) >= step.useless_from:
        return None
    return due


def _capped(
    texts: list[tuple[_Step, datetime]], sent: Iterable[date], reminder: ReminderValues
) -> Iterator[tuple[_Step, datetime, str]]:
    """Gives the texts out by priority, then date; says why a step gets none."""
    taken = list(sent)
    for step, due in sorted(texts, key=lambda each: (PRIORITY[each[0].key], each[1], each[0].ref)):
        held_back = _held_back(due.date(), taken, reminder)
        if not held_back:
            taken.append(due.date())
        yield step, due, held_back


def _held_back(day: date, taken: list[date], reminder: ReminderValues) -> str:
    if taken.count(day) >= reminder.texts_per_date:
        return f"no text: {reminder.texts_per_date} on a date"
    for offset in range(7):
        first = day - timedelta(days=offset)
        if sum(first <= each <= first + _WEEK for each in taken) >= reminder.texts_per_7_dates:
            return f"no text: {reminder.texts_per_7_dates} in 7 days"
    return ""


def _message(step: _Step, text_due: datetime, held_back: str, hours: _Hours) -> Message:
    # E-mail knows no quiet hours: it keeps the wanted time.
    local_due = hours.wanted(step.day) if held_back else text_due
    stale = datetime.combine(local_due.date() + timedelta(days=1), hours.reminder.text_until)
    return Message(
        key=step.key,
        ref=step.ref,
        occurrence=step.occurrence,
        channel=Channel.EMAIL if held_back else Channel.TEXT,
        local_due=local_due,
        time_zone=hours.zone.key,
        due_at=hours.instant(local_due),
        not_after=step.useless_from or hours.instant(stale),
        reason=step.reason,
        held_back=held_back,
    )


def _shown(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b}, {wall:%H:%M}"
