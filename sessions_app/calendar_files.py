"""Visits as calendar files (RFC 5545), for patients' messages and the staff's feed. Neutral: no name, no treatment.

Times are written in UTC. A single visit is an instant, as the calendar keeps it, and clients agree about nothing as
they do about "…Z": some ignore a VTIMEZONE and take the device's zone (FossifyOrg/Calendar issue 535), some refuse one
(jasvrcek/ICS issue 53), and none of their zone data can be older than ours. The words of a message say the wall clock.

Files are published, not requested (RFC 5546, section 3.2.1): a request asks for an answer, and nobody reads what would
come back. The end of a visit is a CANCEL of the same UID (section 3.2.5), which calendars that took the first file use
to remove it. The UID is the visit's public id alone (RFC 7986, section 5.3), the sequence its version.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Literal

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event, vCalAddress, vText

from clinic.models import Clinic
from sessions_app.models import Appointment

Method = Literal["PUBLISH", "CANCEL"]

CONTENT_TYPE = "text/calendar; charset=utf-8"
FILE_NAME = "visit.ics"
_WORD = re.compile(r"[^\W\d_]{3,}")
# How words of the speciality begin, in the languages of the pages.
_OF_VEINS = ("vein", "vena", "veno", "varic", "várice", "scler", "escler", "phleb", "fleb", "vascul")
_PRODUCT = "-//Legwork//Legwork//EN"
_TITLES = {"en": "Visit: {clinic}", "es": "Visita: {clinic}"}
_QUESTIONS = {"en": "Questions? Call {phone}.", "es": "¿Preguntas? Llame al {phone}."}


def calendar_file(
    appointment: Appointment,
    *,
    method: Method = "PUBLISH",
    clinic: Clinic,
    starts_at: datetime | None = None,
    now: datetime | None = None,
) -> bytes:
    """The file of one visit for its patient, in the patient's language.

    `starts_at` overrides the visit's own start, for the cancellation of a time that the patient knew. A visit that is
    cancelled or was missed is marked so with either method.
    """
    language = appointment.patient.language
    starts_at = starts_at or appointment.starts_at
    event = _event(appointment, starts_at=starts_at, stamp=now or timezone.now())
    event.add("summary", _in(_TITLES, language).format(clinic=clinic.message_name))
    if clinic.phone:
        event.add("description", _in(_QUESTIONS, language).format(phone=clinic.phone))
    if place := _place(clinic):
        event.add("location", place)
    event.add("class", "PRIVATE")
    event.add("organizer", _organizer(clinic))
    if method == "CANCEL":
        event["status"] = vText("CANCELLED")
    calendar = _calendar()
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def feed_file(appointments: Iterable[Appointment], *, clinic: Clinic) -> bytes:
    """The visits of a member of staff in one file, the same bytes as long as nothing changed.

    A calendar on somebody else's servers gets what tells the day apart and nothing of the patient: the time and the
    room. Without a METHOD: it is a picture of the calendar, nobody is invited.
    """
    calendar = _calendar()
    calendar.add("x-wr-calname", f"{clinic.message_name}: visits")
    calendar.add("refresh-interval", timedelta(minutes=15), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for each in appointments:
        event = _event(each, starts_at=each.starts_at, stamp=max(each.booked_at, each.status_at))
        room = each.entry.room
        event.add("summary", f"Visit, {room}" if room else "Visit")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(appointment: Appointment, *, starts_at: datetime, stamp: datetime) -> Event:
    """What every file says of a visit; it ends when the patient may leave, not when the room is ready again."""
    event = Event()
    length = appointment.walk_ends_at - appointment.starts_at
    event.add("uid", str(appointment.public_id))
    event.add("sequence", appointment.version)
    event.add("dtstamp", _utc(stamp))
    event.add("dtstart", _utc(starts_at))
    event.add("dtend", _utc(starts_at + length))
    over = appointment.status in Appointment.RELEASED
    event.add("status", "CANCELLED" if over else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if over else "OPAQUE")
    return event


def _place(clinic: Clinic) -> str:
    """The address; under a neutral name the lines with a number, for a street or a town, that hold no telling word.

    Telling is what the own name says beyond the neutral one, and what names veins or their treatment.
    """
    lines = [line.strip() for line in clinic.address.splitlines() if line.strip()]
    if clinic.sender_name:
        neutral = {*_WORD.findall(clinic.sender_name.casefold())}
        telling = {*_WORD.findall(clinic.name.casefold())} - neutral
        lines = [line for line in lines if any(each.isdigit() for each in line) and not _tells(line, telling)]
    return ", ".join(lines)


def _tells(line: str, telling: Iterable[str]) -> bool:
    words = _WORD.findall(line.casefold())
    return any(word in telling or word.startswith(_OF_VEINS) for word in words)


def _organizer(clinic: Clinic) -> vCalAddress:
    """Published and cancelled files name who speaks (RFC 5546 wants one): the clinic, at the address it writes from."""
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["CN"] = clinic.message_name
    return organizer


def _in(words: dict[str, str], language: str) -> str:
    return words.get(language, words["en"])


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
