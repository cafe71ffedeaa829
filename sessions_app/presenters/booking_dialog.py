"""What the booking dialog shows besides the times: the patient, the services, the question about travel."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, QuerySet

from clinic.models import Patient
from clinic.notifications.consent import ways_to
from clinic.prepared import Blank, Prepared
from clinic.protocol.zones import local_date
from sessions_app.forms.desk import BookingForm, TimeForm, is_inside
from sessions_app.models import Appointment, Course, Service, WaitListEntry, WaitListOffer
from sessions_app.presenters.time_options import Option, Times
from sessions_app.wording import day_words, days_words, time_words

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Coming:
    """A visit that is booked already: "Treatment Fri 16 Jan, 09:00"."""

    id: UUID
    starts_at: datetime
    words: str
    is_first_visit: bool
    is_treatment: bool = False


@dataclass(frozen=True, slots=True)
class TravelQuestion:
    """`days` after the visit in which flights over `flight_hours` and events should be left, as dates in `avoid` once a
    time is chosen; `clash` says that one falls inside."""

    days: int
    flight_hours: int
    days_in_words: str
    avoid: str
    clash: str
    instead: Option | None


def patient_line(patient: Patient) -> str:
    """ "Born 19 Sep 1971, phone ending 0177": enough for two people to agree on who it is."""
    born = f"Born {patient.birth_date.day} {patient.birth_date:%b %Y}"
    return f"{born}, phone ending {str(patient.phone)[-4:]}" if patient.phone else born


def can_be_told(patient: Patient) -> bool:
    """Whether there is an address to write to that the patient agreed to. One query at most."""
    return bool(ways_to([patient]))


def service_words(service: Service) -> str:
    """ "Treatment, 45 min and 20 min walk" """
    walk = f" and {service.walk_minutes} min walk" if service.walk_minutes else ""
    return f"{service.name}, {service.chair_minutes} min{walk}"


def was_here(patient: Patient | None) -> bool:
    """Whether the patient has had a visit: then a treatment is likelier than a first visit.

    One query, unless the patient was read `with_history`.
    """
    if patient is None:
        return False
    known: bool | None = getattr(patient, "was_here", None)
    return _were_here().filter(entry__patient=patient).exists() if known is None else known


def with_history(patients: "QuerySet[Patient]") -> "QuerySet[Patient]":
    """Patients with the answers to `was_here`, `was_met`, `may_be_in_course`, `may_wait` and `may_have_offer`."""
    offers = WaitListOffer.objects.filter(waiting__patient=OuterRef("pk"), answer="", hold__active=True)
    return patients.annotate(
        was_here=Exists(_were_here().filter(entry__patient=OuterRef("pk"))),
        was_met=Exists(_were_met().filter(entry__patient=OuterRef("pk"))),
        has_course=Exists(Course.objects.filter(patient=OuterRef("pk"))),
        has_offer=Exists(offers),
        waits=Exists(WaitListEntry.objects.waiting().filter(patient=OuterRef("pk"))),
    )


def was_met(patient: Patient) -> bool:
    """Whether the patient came to any visit, also to one that waits outside now. One query as `was_here`."""
    known: bool | None = getattr(patient, "was_met", None)
    return _were_met().filter(entry__patient=patient).exists() if known is None else known


def may_be_in_course(patient: Patient) -> bool:
    """False only where the patient was read `with_history` and never had a course: most people, and a query less."""
    return bool(getattr(patient, "has_course", True))


def may_wait(patient: Patient) -> bool:
    """False only where the patient was read `with_history` and is not on the wait list."""
    return bool(getattr(patient, "waits", True))


def may_have_offer(patient: Patient) -> bool:
    """False only where the patient was read `with_history` and no time of the wait list is kept."""
    return bool(getattr(patient, "has_offer", True))


def _were_here() -> "QuerySet[Appointment]":
    return Appointment.objects.filter(status__in=(Appointment.Status.DONE, Appointment.Status.IN_TREATMENT))


def _were_met() -> "QuerySet[Appointment]":
    return Appointment.objects.filter(
        status__in=(Appointment.Status.DONE, Appointment.Status.IN_TREATMENT, Appointment.Status.ARRIVED)
    )


def coming_visits(patient: Patient, *, now: datetime, zone: ZoneInfo) -> list[Coming]:
    """What is booked already, nearest first, so that nobody books it twice; a dialog shows `SHOWN` of them."""
    rows = _COMING.rows(patient=patient.pk, now=now)
    return [
        Coming(
            public_id,
            at,
            f"{service} {time_words(at, zone)}",
            kind == Service.Kind.FIRST_VISIT,
            kind == Service.Kind.TREATMENT,
        )
        for public_id, service, kind, at in rows
    ]


def _coming() -> QuerySet[Any, tuple[Any, ...]]:
    theirs = Appointment.objects.filter(entry__patient=Blank("patient", BigIntegerField()))
    visits = theirs.upcoming(Blank("now", DateTimeField()))
    return visits.values_list("public_id", "service__name", "service__kind", "entry__starts_at")


_COMING = Prepared(_coming)


def booked_ahead(service: Service, coming: Iterable[Coming]) -> Coming | None:
    """The next treatment that is booked already, when another one is about to be booked: moving it comes first."""
    if service.kind != Service.Kind.TREATMENT:
        return None
    return next((each for each in coming if each.is_treatment), None)


def second_first_visit(patient: Patient, service: Service, coming: Iterable[Coming], zone: ZoneInfo) -> str:
    """What to say before somebody books a first visit for a patient who has one or was here; "" otherwise."""
    if service.kind != Service.Kind.FIRST_VISIT:
        return ""
    booked = next((each for each in coming if each.is_first_visit), None)
    if booked:
        return f"{patient.name} has a first visit already: {booked.words}. Move that one instead of booking another."
    was = (
        _were_met()
        .filter(entry__patient=patient)
        .order_by("-entry__starts_at")
        .values_list("service__name", "entry__starts_at")
        .first()
    )
    if was is None:
        return ""
    day = day_words(local_date(was[1], zone))
    when = f"{was[0]}, {day} {was[1].astimezone(zone).year}"
    return f"{patient.name} was here before ({when}). A first visit is for new patients; choose another service."


def no_first_visit(
    patient: Patient, service: Service, coming: Iterable[Coming], *, services: Iterable[Service], was_treated: bool
) -> str:
    """A hint for the treatment of somebody who never came and has no first visit; "" otherwise. Nothing is refused:
    what has to be asked before a treatment is asked at the visit, whichever it is. `services`: all that are given."""
    if service.kind != Service.Kind.TREATMENT or was_treated or any(each.is_first_visit for each in coming):
        return ""
    if was_met(patient) or all(each.kind != Service.Kind.FIRST_VISIT for each in services):
        return ""
    return (
        f"{patient.name} was not here yet and has no first visit. Book that one first, unless it was agreed otherwise."
    )


def overbooked_words(form: TimeForm) -> str:
    """ "Mon 23 Nov, 07:15" once day, time and reason to overbook all stand in the form: then every button overbooks."""
    day, at = form.seen("overbook_day"), form.seen("overbook_at")
    if not (day and isinstance(at, time) and form.text("overbook_reason").strip()):
        return ""
    return f"{day_words(day)}, {at:%H:%M}"


def unclear(form: TimeForm, *, overbooks: bool) -> list[str]:
    """Why nothing is booked when a reason to overbook stands there and the button of another time was pressed."""
    if overbooks or not form.text("overbook_reason").strip():
        return []
    when = overbooked_words(form)
    asked = f"overbook {when}" if when else "overbook"
    return [f"A reason to {asked} stands below. Overbook it, or empty the reason to take the chosen time."]


def travel_question(form: BookingForm, times: Times) -> TravelQuestion | None:
    """Asked for treatments only (rule B6): what is planned in the days after the visit."""
    days = times.avoid_days
    if not days:
        return None
    chosen, event = times.chosen_option, form.event_day()
    visit_day, avoid = (chosen.date, chosen.avoid) if chosen else (None, "")
    if visit_day is None or not is_inside(event, visit_day, days):
        return TravelQuestion(days, times.flight_hours, days_words(days), avoid, "", None)
    fitting = (each for each in times.everything if not each.is_early and not each.asks)
    instead = next((each for each in fitting if not is_inside(event, each.date, days)), None)
    clash = f"Inside the {days_words(days)} after {day_words(visit_day)}"
    return TravelQuestion(days, times.flight_hours, days_words(days), avoid, clash, instead)
