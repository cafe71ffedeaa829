"""What the booking dialog shows besides the times: the patient, the services, the question about travel."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.models import Patient
from clinic.protocol.zones import local_date
from sessions_app.forms.desk import BookingForm, is_inside
from sessions_app.models import Appointment, Service
from sessions_app.presenters.times import Option, Times
from sessions_app.slot_value import parsed
from sessions_app.wording import day_words, days_words, time_words


@dataclass(frozen=True, slots=True)
class TravelQuestion:
    """`days` after the visit in which flights and events should be left; `clash` says that one falls inside."""

    days: int
    days_in_words: str
    clash: str
    instead: Option | None


def patient_line(patient: Patient) -> str:
    """ "Born 19 Sep 1971, phone ending 0177": enough for two people to agree on who it is."""
    born = f"Born {patient.birth_date.day} {patient.birth_date:%b %Y}"
    return f"{born}, phone ending {str(patient.phone)[-4:]}" if patient.phone else born


def service_words(service: Service) -> str:
    """ "Treatment, 45 min and 20 min walk" """
    walk = f" and {service.walk_minutes} min walk" if service.walk_minutes else ""
    return f"{service.name}, {service.chair_minutes} min{walk}"


def was_here(patient: Patient | None) -> bool:
    """Whether the patient has had a visit: then a treatment is likelier than a first visit."""
    return (
        patient is not None
        and Appointment.objects.filter(
            entry__patient=patient, status__in=(Appointment.Status.DONE, Appointment.Status.IN_TREATMENT)
        ).exists()
    )


def next_visit_words(patient: Patient, *, now: datetime, zone: ZoneInfo) -> str:
    """What is booked already, so that nobody books it twice; "" for nothing."""
    visits = Appointment.objects.filter(entry__patient=patient).upcoming(now)
    coming = visits.values_list("service__name", "entry__starts_at")[:3]
    booked = ", ".join(f"{service} {time_words(at, zone)}" for service, at in coming)
    return f"Already booked: {booked}." if booked else ""


def travel_question(form: BookingForm, times: Times, zone: ZoneInfo) -> TravelQuestion | None:
    """Asked for treatments only (rule B6): what is planned in the days after the visit."""
    days = times.avoid_days
    if not days:
        return None
    chosen, event = times.chosen_option, form.event_day()
    visit_day = _day_of(chosen, zone)
    if visit_day is None or not is_inside(event, visit_day, days):
        return TravelQuestion(days, days_words(days), "", None)
    instead = next(
        (each for each in times.everything if each.is_early is False and not _meets(each, event, days, zone)), None
    )
    return TravelQuestion(
        days, days_words(days), f"Inside the {days_words(days)} after {day_words(visit_day)}", instead
    )


def _day_of(option: Option | None, zone: ZoneInfo) -> date | None:
    found = parsed(option.value) if option else None
    return local_date(found[0], zone) if found else None


def _meets(option: Option, event: date | None, days: int, zone: ZoneInfo) -> bool:
    day = _day_of(option, zone)
    return day is not None and is_inside(event, day, days)
