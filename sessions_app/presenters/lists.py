"""The front desk's lists in words. A row says who, why, and the one thing to do; its phone is a link to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.models import Clinic, Patient
from clinic.notifications.consent import ways_to
from clinic.protocol.zones import local_date
from sessions_app.lists import VisitTask, moves_asked, open_offers, unconfirmed, waiting_treatments
from sessions_app.models import Appointment, WaitListOffer
from sessions_app.outside import OutsideRow, open_tasks
from sessions_app.presenters.treatment_waits import waits_words
from sessions_app.presenters.waiting_words import (
    entry_wishes,
    since_words,
    soon_words,
    span_words,
    wishes_words,
    yes_words,
)
from sessions_app.requests import OpenRequest, open_requests
from sessions_app.slot_value import value_of
from sessions_app.waiting_fit import Fit, Visit, fitting, visit_to_move, visits_of
from sessions_app.wording import time_words


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
        url=_url("visit_request", asked.public_id),
        text=f"{asked.kind.label}, asked {span_words(asked.age)} ago. {when}.{tries}"
        + ("" if asked.is_overdue else f" Answer by {time_words(asked.answer_by, zone)}."),
        phone=asked.phone,
        urgent=f"{left} over the promised time." if asked.is_overdue else "",
        acts=(Act("Answer", _url("visit_request", asked.public_id)),),
    )


def offers_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    offers = open_offers(now=now, limit=limit + 1)
    visits = visits_of([each.waiting.patient_id for each in offers], now) if offers else {}
    return WorkList(
        name="offers",
        title="Offered, no answer yet",
        text="Each time is kept until then, and is free again by itself.",
        rows=[_offer_row(each, visits.get(each.waiting.patient_id, ()), now, zone) for each in offers[:limit]],
        count=counted(offers, limit),
        icon="hourglass",
        empty="No time is kept for anybody.",
    )


def _offer_row(offer: WaitListOffer, visits: Sequence[Visit], now: datetime, zone: ZoneInfo) -> Row:
    patient, hold = offer.waiting.patient, offer.hold
    when = time_words(offer.starts_at, zone)
    nurse = f" with {hold.nurse}" if hold else ""
    until = offer.expires_at.astimezone(zone)
    moves = visit_to_move(offer.waiting, visits)
    yes = yes_words(offer.starts_at, moves.starts_at if moves else None, zone)
    return Row(
        ident=f"offer-{offer.public_id}",
        name=patient.name,
        url=_patient_url(patient),
        text=f"{offer.waiting.service}, {when}{nurse}. Kept until {until:%H:%M} by {offer.offered_by}.",
        phone=str(patient.phone or ""),
        urgent=f"{span_words(offer.expires_at - now)} left.",
        acts=(
            Act(yes, _url("offer_accept", offer.public_id), "post"),
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
        more=(Act("Keeps the time", _url("confirm_visit", visit.public_id), "post"),),
    )


def outside_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    rows, today = open_tasks(limit=limit + 1), local_date(now, zone)
    return WorkList(
        name="outside",
        title="Closed or outside of the hours",
        text="Hours, closures or rooms were changed after these visits were booked. Call, then move or cancel.",
        rows=[_outside_row(each, now, zone) for each in rows[:limit]],
        count=counted(rows, limit),
        icon="calendar-x",
        level="danger" if any(local_date(each.appointment.starts_at, zone) == today for each in rows) else "",
        empty="Every visit lies inside the hours.",
    )


def _outside_row(outside: OutsideRow, now: datetime, zone: ZoneInfo) -> Row:
    visit = outside.appointment
    when = f"{soon_words(visit.starts_at, now, zone)}, {visit.service} with {visit.entry.nurse}."
    return _visit_row(
        visit,
        " ".join([when, *outside.why]),
        ident=f"task-{outside.task.public_id}",
        more=(
            Act("Cancel", _url("cancel", visit.public_id)),
            Act("It stays", _url("visit_task_done", outside.task.public_id), "post"),
        ),
    )


def _visit_row(visit: Appointment, text: str, *, ident: str, more: tuple[Act, ...]) -> Row:
    return Row(
        ident=ident,
        name=visit.patient.name,
        url=_url("appointment", visit.public_id),
        text=text,
        phone=str(visit.patient.phone or ""),
        acts=(Act("Move", _url("move", visit.public_id)), *more),
    )


def waits_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    visits = waiting_treatments(now=now, zone=zone, limit=limit + 1)
    return WorkList(
        name="waits",
        title="Booked, but the treatment waits",
        text="Ask a clinician before the patient sets out. Who cannot be treated is called, and the visit cancelled.",
        rows=[_waits_row(each, now, zone) for each in visits[:limit]],
        count=counted(visits, limit),
        icon="lock",
        empty="No treatment of the next seven days waits for a clinician.",
    )


def _waits_row(visit: Appointment, now: datetime, zone: ZoneInfo) -> Row:
    when = f"{soon_words(visit.starts_at, now, zone)}, {visit.service} with {visit.entry.nurse}."
    return Row(
        ident=f"waits-{visit.public_id}",
        name=visit.patient.name,
        url=_url("appointment", visit.public_id),
        text=f"{when} {waits_words(getattr(visit, 'waits', '').split())}",
        phone=str(visit.patient.phone or ""),
        acts=(Act("Open", _url("appointment", visit.public_id)), Act("Cancel", _url("cancel", visit.public_id))),
    )


def unconfirmed_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    visits = unconfirmed(now=now, zone=zone, limit=limit + 1)
    ways = ways_to({visit.patient.pk: visit.patient for visit in visits[:limit]}.values())
    return WorkList(
        name="unconfirmed",
        title="Not confirmed, today and tomorrow",
        rows=[_unconfirmed_row(each, now, zone, is_written_to=each.patient.pk in ways) for each in visits[:limit]],
        count=counted(visits, limit),
        icon="phone-call",
        empty="Everybody of today and tomorrow has confirmed.",
    )


def _unconfirmed_row(visit: Appointment, now: datetime, zone: ZoneInfo, *, is_written_to: bool) -> Row:
    patient = visit.patient
    return Row(
        ident=f"unconfirmed-{visit.public_id}",
        name=patient.name,
        url=_url("appointment", visit.public_id),
        text=f"{soon_words(visit.starts_at, now, zone)}, {visit.service} with {visit.entry.nurse}.",
        phone=str(patient.phone or ""),
        urgent="" if is_written_to else "No message reminds this patient.",
        acts=(Act("Confirmed", _url("confirm_visit", visit.public_id), "post"),),
    )


def _visit_words(visit: Appointment, zone: ZoneInfo) -> str:
    return f"{time_words(visit.starts_at, zone)}, {visit.service} with {visit.entry.nurse}"


def _patient_url(patient: Patient) -> str:
    return reverse("clinic:patient", args=[patient.public_id])


def _url(name: str, ident: UUID) -> str:
    return reverse(f"sessions_app:{name}", args=[ident])
