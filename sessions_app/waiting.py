"""The wait list: who wants an earlier time, and for what. Offers are `waiting_offers`, who fits is `waiting_fit`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_date
from sessions_app.bookable import check_texts
from sessions_app.models import Appointment, PartOfDay, Service, WaitListEntry, WaitListOffer
from sessions_app.models.waiting import EVERY_DAY
from sessions_app.refusals import Refused
from sessions_app.retrying import retried
from sessions_app.waiting_fit import Fit, Freed, fitting
from sessions_app.waiting_offers import accept, decline, offer, take_back
from sessions_app.waiting_return import come_back
from sessions_app.wording import day_words

__all__ = [
    "Fit",
    "Freed",
    "accept",
    "change",
    "come_back",
    "decline",
    "fitting",
    "join",
    "leave",
    "offer",
    "take_back",
]


def join(
    *,
    patient: Patient,
    service: Service,
    first_date: date | None = None,
    last_date: date | None = None,
    weekdays: int = EVERY_DAY,
    parts_of_day: Iterable[str] = (),
    nurse: User | None = None,
    note: str = "",
    appointment: Appointment | None = None,
    by: User,
    now: datetime | None = None,
) -> WaitListEntry:
    """Put a patient on the wait list of a service, from today and without end where no dates are given.

    `appointment` is the visit that would move earlier; without it the patient's next one of the service does. A patient
    waits once for a service: sent again with the same wishes it gives the entry it made, with others it is `Refused`.
    """
    at = now or timezone.now()
    if not service.is_active:
        raise Refused(f"{service.name} is no longer offered. Choose another service.", rule="service", field="service")
    wishes = _wishes(service, first_date, last_date, weekdays, parts_of_day, nurse, note, at)
    try:
        return _write_entry(patient, service, wishes, appointment or _next_visit(patient, service, at), by, at)
    except IntegrityError:
        there = WaitListEntry.objects.waiting().filter(patient=patient, service=service).first()
        if there is None:
            raise
        if all(getattr(there, name) == value for name, value in wishes.items()):
            return there
        since = day_words(local_date(there.created_at, Clinic.current().zone))
        text = f"{patient.name} waits for {service.name} already, since {since}. Change that entry instead."
        raise Refused(text, rule="waits", field="service") from None


@retried
@transaction.atomic
def _write_entry(
    patient: Patient,
    service: Service,
    wishes: dict[str, Any],
    appointment: Appointment | None,
    by: User,
    now: datetime,
) -> WaitListEntry:
    entry = WaitListEntry.objects.create(
        patient=patient, service=service, appointment=appointment, created_at=now, created_by=by, **wishes
    )
    audit.record("wait list joined", by=by, subject=entry, patient=patient, service=service.pk)
    return entry


@retried
def change(
    *,
    entry: WaitListEntry,
    first_date: date | None = None,
    last_date: date | None = None,
    weekdays: int = EVERY_DAY,
    parts_of_day: Iterable[str] = (),
    nurse: User | None = None,
    note: str = "",
    by: User,
    now: datetime | None = None,
) -> WaitListEntry:
    """Write down other wishes; the place in the order stays. `Refused` when the person does not wait any more."""
    at = now or timezone.now()
    wishes = _wishes(entry.service, first_date or entry.first_date, last_date, weekdays, parts_of_day, nurse, note, at)
    with transaction.atomic():
        if not WaitListEntry.objects.waiting().filter(pk=entry.pk).update(**wishes):
            raise Refused(f"{entry.patient.name} does not wait any more. Put them on the list again.", rule="ended")
        audit.record("wait list changed", by=by, subject=entry, patient=entry.patient)
    return WaitListEntry.objects.select_related("patient", "service", "nurse").get(pk=entry.pk)


@retried
@transaction.atomic
def leave(
    *,
    entry: WaitListEntry,
    why: WaitListEntry.End = WaitListEntry.End.WITHDRAWN,
    by: User,
    now: datetime | None = None,
) -> bool:
    """Take somebody off the list; an offer that is still open is taken back. False when they were off it already."""
    at = now or timezone.now()
    left = WaitListEntry.objects.waiting().filter(pk=entry.pk).update(ended_at=at, ended_by=by, ended_why=why)
    if not left:
        return False
    offers = WaitListOffer.objects.filter(waiting=entry, answer="", expires_at__gt=at, hold__active=True)
    for open_offer in offers.order_by("pk"):
        take_back(offer=open_offer, by=by, now=at)
    audit.record("wait list left", by=by, subject=entry, patient=entry.patient, why=str(why))
    return True


def _wishes(
    service: Service,
    first_date: date | None,
    last_date: date | None,
    weekdays: int,
    parts_of_day: Iterable[str],
    nurse: User | None,
    note: str,
    now: datetime,
) -> dict[str, Any]:
    """The wishes as columns, each checked."""
    check_texts(note=(note, 200))
    today = local_date(now, Clinic.current().zone)
    first_date = first_date or today
    if last_date is not None and last_date < max(first_date, today):
        text = "Choose a last day that is not over and not before the first."
        raise Refused(text, rule="dates", field="last_date")
    if not 1 <= weekdays <= EVERY_DAY:
        raise Refused("Choose at least one day of the week.", rule="weekdays", field="weekdays")
    wanted = set(parts_of_day)
    if not wanted <= set(PartOfDay.values):
        raise Refused("Choose morning, afternoon or evening.", rule="parts_of_day", field="parts_of_day")
    if nurse is not None and not service.is_given_by(nurse):
        text = f"{nurse.name} does not give {service.name}. Choose another nurse, or any."
        raise Refused(text, rule="nurse", field="nurse")
    every_part = len(wanted) == len(PartOfDay.values)
    return {
        "first_date": first_date,
        "last_date": last_date,
        "weekdays": weekdays,
        "parts_of_day": [] if every_part else [part for part in PartOfDay.values if part in wanted],
        "nurse": nurse,
        "note": note.strip(),
    }


def _next_visit(patient: Patient, service: Service, now: datetime) -> Appointment | None:
    return Appointment.objects.upcoming(now).filter(entry__patient=patient, service=service).first()
