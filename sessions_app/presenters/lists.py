"""The front desk's lists in words. A row says who, why, and the one thing to do; its phone is a link to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse

from clinic.models import Clinic, Patient
from clinic.protocol.zones import local_date
from sessions_app.availability import Period
from sessions_app.lists import VisitTask, moves_asked, open_offers, unconfirmed
from sessions_app.models import Appointment, PartOfDay, WaitListEntry, WaitListOffer
from sessions_app.models.setup import WEEKDAYS
from sessions_app.models.waiting import EVERY_DAY
from sessions_app.outside import OutsideRow, open_tasks
from sessions_app.requests import OpenRequest, open_requests
from sessions_app.slot_value import value_of
from sessions_app.waiting_fit import Fit, Freed, fitting
from sessions_app.wording import day_words, days_words, list_words, time_words

_WORKING_WEEK, _WEEKEND = 0b0011111, 0b1100000
# So many of those who wait for a freed time are counted; above it says "more than".
_COUNTED = 20


@dataclass(frozen=True, slots=True)
class Act:
    """A button: `how` is "dialog" (opens one), "post" (one tap) or "page"."""

    words: str
    url: str
    how: str = "dialog"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `urgent` is said first and set off; `acts` begin with the obvious one."""

    ident: str
    name: str
    url: str
    text: str
    acts: tuple[Act, ...]
    phone: str = ""
    urgent: str = ""


@dataclass(frozen=True, slots=True)
class WorkList:
    """One list of the page. `count` is words, because beyond the limit nobody counts: "8+"."""

    name: str
    title: str
    rows: Sequence[Any]
    count: str
    icon: str
    empty: str
    text: str = ""
    template: str = "sessions_app/desk/lists_row.html"
    level: str = ""

    @property
    def has_more(self) -> bool:
        return self.count.endswith("+")


def counted(rows: Sequence[Any], limit: int) -> str:
    return f"{limit}+" if len(rows) > limit else str(len(rows))


def requests_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    asked = open_requests(now, limit=limit + 1)
    return WorkList(
        name="requests",
        title="Asked on the public page",
        rows=[_request_row(each, zone) for each in asked[:limit]],
        count=counted(asked, limit),
        icon="globe",
        empty="Everybody who asked has an answer.",
        level="danger" if any(each.is_overdue for each in asked) else "",
    )


def _request_row(asked: OpenRequest, zone: ZoneInfo) -> Row:
    when = wishes_words(asked.weekdays, asked.parts_of_day)
    tries = f" Tried {'once' if asked.tries == 1 else f'{asked.tries} times'}." if asked.tries else ""
    left = span_words(asked.left)
    return Row(
        ident=f"request-{asked.public_id}",
        name=asked.name,
        url=_address("visit_request", asked.public_id),
        text=f"{asked.kind.label}, asked {span_words(asked.age)} ago. {when}.{tries}"
        + ("" if asked.is_overdue else f" Answer by {time_words(asked.answer_by, zone)}."),
        phone=asked.phone,
        urgent=f"{left} over the promised time." if asked.is_overdue else "",
        acts=(Act("Answer", _address("visit_request", asked.public_id)),),
    )


def offers_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    offers = open_offers(now=now, limit=limit + 1)
    return WorkList(
        name="offers",
        title="Offered, no answer yet",
        text="Each time is kept until then, and is free again by itself.",
        rows=[_offer_row(each, now, zone) for each in offers[:limit]],
        count=counted(offers, limit),
        icon="hourglass",
        empty="No time is kept for anybody.",
    )


def _offer_row(offer: WaitListOffer, now: datetime, zone: ZoneInfo) -> Row:
    patient, hold = offer.waiting.patient, offer.hold
    when = time_words(offer.starts_at, zone)
    nurse = f" with {hold.nurse}" if hold else ""
    until = offer.expires_at.astimezone(zone)
    return Row(
        ident=f"offer-{offer.public_id}",
        name=patient.name,
        url=_patient_url(patient),
        text=f"{offer.waiting.service}, {when}{nurse}. Kept until {until:%H:%M} by {offer.offered_by}.",
        phone=str(patient.phone or ""),
        urgent=f"{span_words(offer.expires_at - now)} left.",
        acts=(
            Act(f"Book {when}", _url("offer_accept", offer.public_id), "post"),
            Act("Does not want it", _url("offer_decline", offer.public_id), "post"),
            Act("Take back", _url("offer_take_back", offer.public_id), "post"),
        ),
    )


def fits_list(*, now: datetime, clinic: Clinic, limit: int) -> WorkList:
    fits = fitting(now=now, clinic=clinic, limit=limit + 1, times=1)
    return WorkList(
        name="fits",
        title="Wait list: a time is free",
        text="The longest waiting first.",
        rows=[fit_row(each, now=now, zone=clinic.zone) for each in fits[:limit]],
        count=counted(fits, limit),
        icon="calendar-clock",
        empty="Nobody waits for a time that is free.",
    )


def fit_row(fit: Fit, *, now: datetime, zone: ZoneInfo) -> Row:
    """Who waits, since when, and the first time that fits: "Any time before Fri 16 Jan. Today 15:45 fits"."""
    entry, slot = fit.entry, fit.slots[0]
    has = f" Has {time_words(fit.moves.starts_at, zone)}." if fit.moves else ""
    wishes = entry_wishes(entry, local_date(now, zone))
    fits = f"{soon_words(slot.starts_at, now, zone)} with {slot.nurse_name} fits."
    return Row(
        ident=f"fit-{entry.public_id}",
        name=entry.patient.name,
        url=_patient_url(entry.patient),
        text=f"{entry.service}: {wishes}. {since_words(entry.created_at, now, zone)}.{has} {fits}",
        phone=str(entry.patient.phone or ""),
        acts=(Act("Offer", f"{_url('wait_offer', entry.public_id)}?{urlencode({'slot': value_of(slot)})}"),),
    )


def moves_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    tasks = moves_asked(limit=limit + 1)
    return WorkList(
        name="moves",
        title="Asking for another time",
        rows=[_move_row(each, now, zone) for each in tasks[:limit]],
        count=counted(tasks, limit),
        icon="move",
        empty="No patient asks for another time.",
    )


def _move_row(task: VisitTask, now: datetime, zone: ZoneInfo) -> Row:
    visit = task.visit
    wish = f" “{visit.move_wish}”" if visit.move_wish else ""
    return _visit_row(
        visit,
        f"Has {_visit_words(visit, zone)}.{wish} Asked {span_words(now - task.created_at)} ago.",
        ident=f"task-{task.id}",
        kept=Act("Keeps the time", _url("confirm_visit", visit.public_id), "post"),
    )


def outside_list(*, zone: ZoneInfo, limit: int) -> WorkList:
    rows = open_tasks(limit=limit + 1)
    return WorkList(
        name="outside",
        title="Outside of the hours",
        text="Hours, closures or rooms were changed after these visits were booked.",
        rows=[_outside_row(each, zone) for each in rows[:limit]],
        count=counted(rows, limit),
        icon="calendar-x",
        empty="Every visit lies inside the hours.",
    )


def _outside_row(outside: OutsideRow, zone: ZoneInfo) -> Row:
    return _visit_row(
        outside.appointment,
        " ".join([f"{_visit_words(outside.appointment, zone)}.", *outside.why]),
        ident=f"task-{outside.task.public_id}",
        kept=Act("It stays", _url("visit_task_done", outside.task.public_id), "post"),
    )


def _visit_row(visit: Appointment, text: str, *, ident: str, kept: Act) -> Row:
    return Row(
        ident=ident,
        name=visit.patient.name,
        url=_url("appointment", visit.public_id),
        text=text,
        phone=str(visit.patient.phone or ""),
        acts=(Act("Move", _url("move", visit.public_id)), kept),
    )


def unconfirmed_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    visits = unconfirmed(now=now, zone=zone, limit=limit + 1)
    return WorkList(
        name="unconfirmed",
        title="Not confirmed, today and tomorrow",
        rows=[_unconfirmed_row(each, now, zone) for each in visits[:limit]],
        count=counted(visits, limit),
        icon="phone-call",
        empty="Everybody of today and tomorrow has confirmed.",
    )


def _unconfirmed_row(visit: Appointment, now: datetime, zone: ZoneInfo) -> Row:
    patient = visit.patient
    return Row(
        ident=f"unconfirmed-{visit.public_id}",
        name=patient.name,
        url=_url("appointment", visit.public_id),
        text=f"{soon_words(visit.starts_at, now, zone)}, {visit.service} with {visit.entry.nurse}.",
        phone=str(patient.phone or ""),
        acts=(Act("Confirmed", _url("confirm_visit", visit.public_id), "post"),),
    )


# --- A time that became free ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FreedLine:
    """What to say right after a time became free: "3 people wait for this time." and the address that shows them."""

    number: int
    words: str
    url: str


def freed_line(
    *, starts_at: datetime, ends_at: datetime, nurse_id: int, nurse_public_id: UUID, clinic: Clinic, now: datetime
) -> FreedLine | None:
    """Who waits for a nurse's time that a cancelled, moved or missed visit has left; None when nobody does.

    To be included with `sessions_app/desk/wait_freed_line.html` as `freed`.
    """
    if ends_at <= now:
        return None
    found = fitting(
        now=now, clinic=clinic, freed=Freed(Period(starts_at, ends_at), nurse_id), limit=_COUNTED + 1, times=1
    )
    if not found:
        return None
    number = len(found)
    if number == 1:
        words = f"{found[0].entry.patient.name} waits for this time."
    else:
        words = f"{f'More than {_COUNTED}' if number > _COUNTED else number} people wait for this time."
    query = urlencode({"from": starts_at.isoformat(), "to": ends_at.isoformat(), "nurse": nurse_public_id})
    return FreedLine(number, words, f"{reverse('sessions_app:freed')}?{query}")


def freed_by(visit: Appointment, *, clinic: Clinic, now: datetime) -> FreedLine | None:
    """The line for a visit as it stood before it was cancelled, moved or missed."""
    entry = visit.entry
    assert entry.nurse is not None
    return freed_line(
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        nurse_id=entry.nurse.pk,
        nurse_public_id=entry.nurse.public_id,
        clinic=clinic,
        now=now,
    )


# --- Words ---------------------------------------------------------------------------------------------------------


def entry_wishes(entry: WaitListEntry, today: date) -> str:
    """ "Mon and Tue, mornings, until Fri 16 Jan, with Ada Birchwood"."""
    parts = [wishes_words(entry.weekdays, entry.parts_of_day)]
    if entry.first_date > today:
        parts.append(f"from {day_words(entry.first_date)}")
    if entry.last_date:
        parts.append(f"until {day_words(entry.last_date)}")
    if entry.nurse:
        parts.append(f"with {entry.nurse}")
    return ", ".join(parts)


def wishes_words(weekdays: int, parts_of_day: Sequence[str]) -> str:
    """ "Any day", "Any morning", "Weekdays, mornings and evenings", "Mon and Tue, any time"."""
    parts = list_words([f"{PartOfDay(part).label.lower()}s" for part in parts_of_day])
    if weekdays == EVERY_DAY:
        return f"Any day, {parts}" if parts else "Any day and time"
    days = {_WORKING_WEEK: "Mon to Fri", _WEEKEND: "Sat and Sun"}.get(weekdays) or list_words(
        [name for number, name in enumerate(WEEKDAYS) if weekdays >> number & 1]
    )
    return f"{days}, {parts or 'any time'}"


def since_words(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    days = (local_date(now, zone) - local_date(then, zone)).days
    return "Waits since today" if days <= 0 else f"Waits {days_words(days)}"


def soon_words(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "Today 15:45", "Tomorrow 09:00", "Thu 15 Jan, 09:00"."""
    days = (local_date(at, zone) - local_date(now, zone)).days
    near = {0: "Today", 1: "Tomorrow"}.get(days)
    return f"{near} {at.astimezone(zone):%H:%M}" if near else time_words(at, zone)


def span_words(span: timedelta) -> str:
    """ "5 min", "1 h 40 min", "6 h", "2 days", whatever its direction."""
    minutes = abs(span) // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    if hours < 3 and rest:
        return f"{hours} h {rest} min"
    return f"{hours} h" if hours < 48 else days_words(hours // 24)


def _visit_words(visit: Appointment, zone: ZoneInfo) -> str:
    return f"{time_words(visit.starts_at, zone)}, {visit.service} with {visit.entry.nurse}"


def _patient_url(patient: Patient) -> str:
    return reverse("clinic:patient", args=[patient.public_id])


def _url(name: str, ident: UUID) -> str:
    return reverse(f"sessions_app:{name}", args=[ident])


def _address(name: str, ident: UUID) -> str:
    try:
        return _url(name, ident)
    except NoReverseMatch:
        return ""
