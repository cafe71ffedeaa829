"""A patient's visits and free times in the language of the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinic, Patient
from clinic.protocol.zones import local_date
from sessions_app.models import Appointment
from sessions_app.offers_given_up import given_up_by
from sessions_app.portal import WhyNot
from sessions_app.presenters.patient_words import clock_time, heading_day, long_day, moment, short_day
from sessions_app.refusals import Refused

WHY_NOT: dict[WhyNot, Promise] = {
    WhyNot.NOT_HERE: _("Tell us what would suit you better. We look for a time and call or write to you."),
    WhyNot.TOO_LATE: _("This visit is very near. Call us if you cannot come; a message may be read too late."),
    WhyNot.CLINIC_DECIDES: _("For this visit we look for the time together. Tell us what would suit you better."),
}
# The words of the booking are for staff; patients get their own, by rule.
_REFUSED: dict[str, Promise] = {
    "taken": _("Somebody else has just taken this time. Choose another one."),
    "stale": _("The clinic changed this visit while your page was open. Look at it again."),
    "status": _("This visit has begun or is cancelled. Call us if that is not right."),
    "past": _("This time is over. Choose a later one."),
    "patient_notice": _("This time is too near to change it here. Call us."),
    "patients_may_move": _("Another time cannot be chosen here. Tell us what would suit you."),
    "patient_window": _("This time is outside of the days that suit your treatment. Choose another one."),
    "length": _("Shorten this to 200 characters."),
}
_ANY = _("This time cannot be had any more. Choose another one, or call us.")


@dataclass(frozen=True, slots=True)
class VisitCard:
    public_id: UUID
    version: int
    day: str
    time: str
    moment: str
    minutes: int
    nurse: str
    is_confirmed: bool
    asked: bool
    wish: str
    asked_on: str


@dataclass(frozen=True, slots=True)
class TimesOfDay:
    day: str
    times: tuple[tuple[str, str], ...]  # value for the address, words


def visit_card(visit: Appointment, zone: ZoneInfo, now: datetime) -> VisitCard:
    return VisitCard(
        public_id=visit.public_id,
        version=visit.version,
        day=_near_day(local_date(visit.starts_at, zone), local_date(now, zone)),
        time=clock_time(visit.starts_at, zone),
        moment=moment(visit.starts_at, zone),
        minutes=visit.chair_minutes + visit.walk_minutes,
        nurse=str(visit.entry.nurse),
        is_confirmed=visit.confirmed_at is not None,
        asked=visit.move_asked_at is not None,
        wish=visit.move_wish,
        asked_on=short_day(local_date(visit.move_asked_at, zone)) if visit.move_asked_at else "",
    )


def _near_day(day: date, today: date) -> str:
    """`Today, Thursday 15 January`, `Tomorrow, Friday 16 January`, `Monday 19 January`."""
    near = {0: gettext("Today, %(day)s"), 1: gettext("Tomorrow, %(day)s")}.get((day - today).days)
    return near % {"day": long_day(day)} if near else heading_day(day)


def times_by_day(starts: Iterable[datetime], zone: ZoneInfo) -> list[TimesOfDay]:
    def day_of(start: datetime) -> date:
        return local_date(start, zone)

    return [
        TimesOfDay(heading_day(day), tuple((value_of(start), clock_time(start, zone)) for start in group))
        for day, group in groupby(starts, key=day_of)
    ]


def value_of(start: datetime) -> str:
    """`2026-01-22T15:00Z`: an instant in an address, without a character that addresses escape."""
    return f"{start:%Y-%m-%dT%H:%M}Z"


def refused_words(refused: Refused) -> str:
    return str(_REFUSED.get(refused.rule, _ANY))


def given_up_words(moved: Appointment, zone: ZoneInfo) -> str:
    """What else a move has done: the earlier time that the clinic kept, as it may have said on the phone, is free."""
    words = gettext("The time that we kept for you, %(when)s, is free again.")
    return "".join(f" {words % {'when': moment(offer.starts_at, zone)}}" for offer in given_up_by(moved))


def zone_line(patient: Patient, clinic: Clinic, now: datetime) -> str:
    """Says whose clock is meant, where the patient's shows something else."""
    if now.astimezone(ZoneInfo(patient.time_zone)).utcoffset() == now.astimezone(clinic.zone).utcoffset():
        return ""
    place = clinic.time_zone.rpartition("/")[2].replace("_", " ")
    words = gettext("All times are the clinic's time (%(place)s, %(zone)s).")
    return words % {"place": place, "zone": now.astimezone(clinic.zone).tzname()}
