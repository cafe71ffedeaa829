"""What is checked before anything is written: grid, hours, notice, horizon, nurse, room and the repeat window."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, QuerySet

from clinic.access import Permission
from clinic.models import Clinic, Patient, Room, User
from clinic.prepared import Blank, Prepared
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import BookingResult, DayType
from clinic.protocol.window import ON_HOLD
from clinic.protocol.zones import local_date
from sessions_app.availability import Period, day_period, is_on_grid
from sessions_app.capacity import OpenNurse, busy_rows, set_up_for
from sessions_app.entries import Candidate
from sessions_app.free_times import last_bookable_date
from sessions_app.models import Appointment, CalendarEntry, Service
from sessions_app.refusals import EarlyNeedsClinician, Refused
from sessions_app.repeat import RepeatRules, too_near_words, waits
from sessions_app.rooms_of_day import Placed, in_turn, own_rooms
from sessions_app.wording import day_words, range_words, time_words

# Beyond these a calendar cannot count; what a clinic may really book is its horizon.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants in the calendar. No nurse or room means any one; `moves` is the entry that would move."""

    clinic: Clinic
    service: Service
    period: Period
    by: User
    now: datetime
    nurse: User | None = None
    room: Room | None = None
    patient: Patient | None = None
    early_reason: str = ""
    moves: CalendarEntry | None = None
    overbook_reason: str = ""


@dataclass(frozen=True, slots=True)
class WindowVerdict:
    """What the repeat rules add to an appointment: a note when it is later than usual, who approved when earlier."""

    note: str = ""
    approved_by: User | None = None
    reason: str = ""


def period_of(starts_at: datetime, length: timedelta) -> Period:
    """The calendar's period of a visit, in UTC; `ValueError` for a start without offset."""
    if starts_at.utcoffset() is None:
        raise ValueError("starts_at needs its offset from UTC")
    if not _FIRST_YEAR <= starts_at.year <= _LAST_YEAR:
        raise Refused("Choose a date in this century.", rule="horizon", field="starts_at")
    starts_at = starts_at.astimezone(UTC)
    return Period(starts_at, starts_at + length)


def candidates_for(wish: Wish, *, nurse_first: int | None = None) -> list[Candidate]:
    """The nurses and rooms that could take the period, in the order in which they are tried; `Refused` when none could.

    Whether somebody else has the time is not looked at here: that is decided when it is written.
    """
    _check_time(wish)
    zone = wish.clinic.zone
    there = set_up_for(
        wish.service,
        first_date=local_date(wish.period.starts_at, zone),
        last_date=local_date(wish.period.ends_at, zone),
        zone=zone,
        nurse=wish.nurse,
        room=wish.room,
    )
    at_work = [nurse.id for nurse in there.nurses if any(opened.covers(wish.period) for opened in nurse.opened)]
    if not at_work:
        raise _nobody_at_work(wish, there.nurses)
    rooms = [room_id for room_id, _ in there.rooms]
    if not rooms:
        where = f"{wish.room.name} is not used" if wish.room else "No room is set up"
        raise Refused(f"{where} for {wish.service.name}. Choose another room.", rule="room", field="room")
    at_work.sort(key=lambda nurse_id: nurse_id != nurse_first)
    own = own_rooms(_placed(wish)) if len(rooms) > 1 else {}
    keeps = (wish.moves.nurse_id, wish.moves.room_id) if wish.moves else None
    return [(nurse_id, room_id) for nurse_id in at_work for room_id in in_turn(rooms, nurse_id, own, keeps)]


def _placed(wish: Wish) -> Iterator[Placed]:
    """What else is booked on that date, with whom and where. One query."""
    zone = wish.clinic.zone
    day = day_period(local_date(wish.period.starts_at, zone), zone)
    moves = wish.moves.pk if wish.moves else None
    for nurse_id, room_id, _, starts_at, _ in busy_rows(day.starts_at, day.ends_at, now=wish.now, ignore_entry=moves):
        if nurse_id is not None and room_id is not None and day.starts_at <= starts_at:
            yield starts_at, nurse_id, room_id


def _check_time(wish: Wish) -> None:
    clinic, service, starts_at = wish.clinic, wish.service, wish.period.starts_at
    if not service.is_active:
        raise Refused(f"{service.name} is no longer offered. Choose another service.", rule="service", field="service")
    if not is_on_grid(starts_at, zone=clinic.zone, grid_minutes=clinic.grid_minutes):
        text = f"Visits start every {clinic.grid_minutes} minutes. Choose one of the offered times."
        raise Refused(text, rule="grid", field="starts_at")
    if starts_at < wish.now:
        raise Refused("This time is over. Choose a later one.", rule="past", field="starts_at")
    if starts_at < wish.now + timedelta(minutes=service.minimum_notice_minutes):
        text = f"Book {service.name} at least {service.minimum_notice_minutes} minutes ahead. Choose a later time."
        raise Refused(text, rule="notice", field="starts_at")
    last = last_bookable_date(clinic, wish.now, service)
    if local_date(starts_at, clinic.zone) > last:
        raise Refused(f"Choose a date up to {day_words(last)} {last.year}.", rule="horizon", field="starts_at")


def _nobody_at_work(wish: Wish, nurses: list[OpenNurse]) -> Refused:
    zone, nurse = wish.clinic.zone, wish.nurse
    if nurse is None:
        when = time_words(wish.period.starts_at, zone)
        text = f"Nobody works through the whole visit on {when}. Choose another time."
        return Refused(text, rule="hours", field="starts_at")
    if not wish.service.is_given_by(nurse):
        text = f"{nurse.name} does not give {wish.service.name}. Choose another nurse."
        return Refused(text, rule="nurse", field="nurse")
    opened = [period for each in nurses for period in each.opened]
    if not opened:
        text = f"{nurse.name} does not work on that day. Choose another day or nurse."
        return Refused(text, rule="hours", field="starts_at")
    minutes = int((wish.period.ends_at - wish.period.starts_at) / timedelta(minutes=1))
    hours = ", ".join(f"{p.starts_at.astimezone(zone):%H:%M} to {p.ends_at.astimezone(zone):%H:%M}" for p in opened)
    text = f"The visit takes {minutes} minutes and {nurse.name} works {hours}. Choose another time."
    return Refused(text, rule="hours", field="starts_at")


def verdict_on(wish: Wish, rules: RepeatRules | None) -> WindowVerdict:
    """What the repeat rules say to the date: B1 and B4 refuse, B1 may be approved by a clinician with a reason."""
    if rules is None:
        if waits(wish.patient, wish.service, rules):
            raise Refused(ON_HOLD, rule="B4", field="starts_at")
        return WindowVerdict()
    answer = rules.answer(local_date(wish.period.starts_at, wish.clinic.zone))
    if answer.result is not BookingResult.REFUSED:
        return WindowVerdict(note=answer.text if answer.notes else "")
    if not answer.may_approve:
        raise Refused(answer.text, rule=answer.rule, field="starts_at")
    if not wish.by.may(Permission.APPROVE_EARLY_REPEAT):
        raise EarlyNeedsClinician(answer.text, rule=answer.rule, field="starts_at")
    if not wish.early_reason.strip():
        text = f"The usual window opens {day_words(answer.window.first_date)}. Give the reason for booking earlier."
        raise Refused(text, rule=answer.rule, field="early_reason")
    return WindowVerdict(approved_by=wish.by, reason=wish.early_reason.strip())


def with_neighbours(verdict: WindowVerdict, wish: Wish, protocol: Protocol) -> WindowVerdict:
    """Adds a note when another treatment of the patient is booked too near to be a repeat of this one. One query.

    The rules count from what was given; what is only planned may still move, and is no reason to refuse.
    """
    if wish.patient is None or wish.service.kind != Service.Kind.TREATMENT:
        return verdict
    zone, reach = wish.clinic.zone, timedelta(days=protocol.repeat_min_days + 1)
    starts_at = wish.period.starts_at
    moves = wish.moves.pk if wish.moves is not None else _NO_ENTRY
    others = _NEIGHBOURS.rows(patient=wish.patient.pk, since=starts_at - reach, until=starts_at + reach, moves=moves)
    day = local_date(starts_at, zone)
    near = [local_date(at, zone) for (at,) in others]
    words = too_near_words(day, near, protocol.repeat_min_days)
    return replace(verdict, note=f"{verdict.note} {words}".strip()) if words else verdict


def _neighbours() -> QuerySet[Any, tuple[Any, ...]]:
    others = Appointment.objects.upcoming(Blank("since", DateTimeField())).filter(
        entry__patient=Blank("patient", BigIntegerField()),
        entry__starts_at__lt=Blank("until", DateTimeField()),
        service__kind=Service.Kind.TREATMENT,
    )
    return others.exclude(entry=Blank("moves", BigIntegerField())).values_list("entry__starts_at")


_NEIGHBOURS, _NO_ENTRY = Prepared(_neighbours), 0


def check_overbooking(reason: str, by: User) -> None:
    """Who overbooks says why, and may; asked for in vain it is refused even where the time is free."""
    check_texts(overbook_reason=(reason, 200))
    if reason.strip() and not by.may(Permission.OVERBOOK):
        text = "Two visits at one time need a clinician. Choose a free time, or ask a clinician to book it."
        raise Refused(text, rule="overbook", field="overbook_reason")


def acts_as_patient(by: User) -> bool:
    """Whether the person acts for themselves, on the patient's own pages."""
    return by.may(Permission.OWN_PLAN) and not by.may(Permission.BOOK)


def refuse_other_patients(appointment: Appointment, by: User) -> None:
    """A patient changes their own visit and nobody else's; pages answer 404 before."""
    if acts_as_patient(by) and appointment.patient.user_id != by.pk:
        raise Refused("This visit is not yours.", rule="not_yours")


def check_own_move(appointment: Appointment, wish: Wish, rules: RepeatRules | None) -> None:
    """What a patient who moves their own visit must keep to, and the desk need not: the notice, and the window."""
    if not acts_as_patient(wish.by):
        return
    refuse_other_patients(appointment, wish.by)
    clinic = wish.clinic
    if not clinic.patients_may_move:
        raise Refused("Ask the clinic for another time; it cannot be changed here.", rule="patients_may_move")
    hours = clinic.patient_move_notice_hours
    if min(appointment.starts_at, wish.period.starts_at) < wish.now + timedelta(hours=hours):
        late = appointment.starts_at < wish.now + timedelta(hours=hours)
        text = (
            f"This visit is less than {hours} hours away. Call the clinic to change it."
            if late
            else f"Choose a time at least {hours} hours from now."
        )
        raise Refused(text, rule="patient_notice", field="" if late else "starts_at")
    if rules is None:
        return
    window = rules.window
    day = local_date(wish.period.starts_at, clinic.zone)
    if window.day_type(day) is not DayType.IN_WINDOW:
        dates = range_words(window.first_date, window.last_date)
        raise Refused(f"Choose a date from {dates}, or call the clinic.", rule="patient_window", field="starts_at")


def check_texts(**texts: tuple[str, int]) -> None:
    """Each text against the greatest number of characters that is kept; by field name."""
    for field, (text, longest) in texts.items():
        if len(text) > longest:
            raise Refused(f"Shorten this to {longest} characters.", rule="length", field=field)
