"""The wait list in words: who waits, since when, for what, and whether something is free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse

from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_date
from sessions_app.availability import Period
from sessions_app.forms.waiting import FilterForm
from sessions_app.free_times import Slot
from sessions_app.models import Appointment, Service, WaitListEntry, WaitListOffer
from sessions_app.offers_given_up import given_up_by, is_kept_for
from sessions_app.presenters.waiting_words import entry_wishes, since_words, soon_words, yes_words
from sessions_app.slot_value import value_of
from sessions_app.undo_facts import entry_columns
from sessions_app.waiting_fit import Freed, fitting, visit_to_move, visits_of
from sessions_app.wording import time_words

PAGE_LENGTH = 25


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One person of the list. `offer` says which time is kept and until when, `fits` which one is free.

    `offer_id` and `yes` (what a yes to the kept time does) are empty while no time is kept.
    """

    id: UUID
    patient_id: UUID
    name: str
    phone: str
    since: str
    wants: str
    has: str
    note: str
    offer: str
    fits: str
    offer_url: str
    offer_id: UUID | None = None
    yes: str = ""


def entries_for(user: User, form: FilterForm, *, now: datetime, clinic: Clinic) -> QuerySet[WaitListEntry]:
    """The entries of a filter, the longest waiting first."""
    today = local_date(now, clinic.zone)
    entries = WaitListEntry.objects.visible_to(user).waiting().order_by("created_at", "pk")
    over = Q(last_date__isnull=False, last_date__lt=today)
    shows = form.value("show")
    entries = entries.filter(over) if shows == "over" else entries.exclude(over)
    if shows == "offered":
        running = WaitListOffer.objects.filter(answer="", expires_at__gt=now, hold__active=True)
        entries = entries.filter(pk__in=running.values("waiting"))
    if service := form.value("service"):
        entries = entries.filter(service=service)
    if nurse := form.value("nurse"):
        entries = entries.filter(Q(nurse=nurse) | Q(nurse__isnull=True))
    if part := form.value("part"):
        # A list of words in a column: what both databases can look into is its text.
        entries = entries.annotate(parts=Cast("parts_of_day", TextField()))
        entries = entries.filter(Q(parts="[]") | Q(parts__contains=f'"{part}"'))
    return entries.select_related("patient", "service", "nurse")


def rows_of(entries: Sequence[WaitListEntry], *, now: datetime, clinic: Clinic) -> list[WaitRow]:
    """A page of the list. The number of queries does not depend on how many stand on it."""
    zone, today = clinic.zone, local_date(now, clinic.zone)
    visits = visits_of([entry.patient_id for entry in entries], now)
    running = WaitListOffer.objects.filter(waiting__in=entries, answer="", expires_at__gt=now, hold__active=True)
    offers = {each.waiting_id: each for each in running}
    free = [entry for entry in entries if entry.pk not in offers and not _is_over(entry, now, clinic)]
    fits = {fit.entry.pk: fit for fit in fitting(now=now, clinic=clinic, entries=free, times=1)}
    rows = []
    for entry in entries:
        moves, fit, offer = (
            visit_to_move(entry, visits.get(entry.patient_id, ())),
            fits.get(entry.pk),
            offers.get(entry.pk),
        )
        slot = fit.slots[0] if fit else None
        rows.append(
            WaitRow(
                id=entry.public_id,
                patient_id=entry.patient.public_id,
                name=entry.patient.name,
                phone=str(entry.patient.phone or ""),
                since=since_words(entry.created_at, now, zone),
                wants=f"{entry.service}: {entry_wishes(entry, today)}",
                has=f"Has {time_words(moves.starts_at, zone)}" if moves else "Nothing booked",
                note=entry.note,
                offer=_offer_words(offer, zone) if offer else "",
                fits=f"{soon_words(slot.starts_at, now, zone)} with {slot.nurse_name}" if slot else "",
                offer_url=_offer_url(entry, slot),
                offer_id=offer.public_id if offer else None,
                yes=yes_words(offer.starts_at, moves.starts_at if moves else None, zone) if offer else "",
            )
        )
    return rows


def _offer_words(offer: WaitListOffer, zone: ZoneInfo) -> str:
    return f"{time_words(offer.starts_at, zone)}, kept until {offer.expires_at.astimezone(zone):%H:%M}"


def _offer_url(entry: WaitListEntry, slot: Slot | None) -> str:
    url = reverse("sessions_app:wait_offer", args=[entry.public_id])
    return f"{url}?{urlencode({'slot': value_of(slot)})}" if slot else url


def _is_over(entry: WaitListEntry, now: datetime, clinic: Clinic) -> bool:
    return entry.last_date is not None and entry.last_date < local_date(now, clinic.zone)


def accepted_words(visit: Appointment, *, zone: ZoneInfo) -> str:
    """What a yes to an offer has done: a visit that was booked before has moved, and from where is said."""
    name, when = visit.patient.name, time_words(visit.starts_at, zone)
    if visit.former and "entry" in visit.former:
        was = time_words(entry_columns(visit.former)["starts_at"], zone)
        return f"Moved: {name}, from {was} to {when} with {visit.entry.nurse}. Off the wait list."
    return f"Booked: {name}, {when} with {visit.entry.nurse}. Off the wait list."


def given_up_words(*changed: Appointment, zone: ZoneInfo) -> str:
    """ " The time kept from the wait list, Mon 23 Nov, 15:45, is free again." after what ended the offer."""
    return "".join(
        f" The time kept from the wait list, {time_words(offer.starts_at, zone)}, is free again."
        for offer in given_up_by(*changed)
    )


def not_kept_again_words(*changed: Appointment, zone: ZoneInfo) -> str:
    """What undo does not bring back: the time that this booking or move gave up. "" where it gave up none."""
    name = changed[0].patient.name
    return "".join(
        f" {time_words(offer.starts_at, zone)} is not kept for {name} again; they are still on the wait list."
        for offer in given_up_by(*changed)
        if offer.waiting.ended_at is None
    )


def kept_words(
    patient: Patient, service: Service, *, now: datetime, zone: ZoneInfo, moves: Appointment | None = None
) -> str:
    """What the dialog says before somebody with an offer gets another time; "" without one, one query.

    A move (of `moves`) says it only where it gives that time free.
    """
    living = WaitListOffer.objects.filter(
        waiting__patient=patient, waiting__service__kind=service.kind, answer="", expires_at__gt=now, hold__active=True
    )
    offer = living.select_related("waiting").order_by("expires_at").first()
    if offer is None:
        return ""
    if moves and not is_kept_for(offer, moves, visits_of([patient.pk], now).get(patient.pk, ())):
        return ""
    change = "Moving the visit" if moves else "Booking another time"
    when, until = time_words(offer.starts_at, zone), offer.expires_at.astimezone(zone)
    return f"{when} is kept for {patient.name} until {until:%H:%M}. {change} gives it free."


def why_it_ends(entry: WaitListEntry, clinic: Clinic, now: datetime) -> WaitListEntry.End:
    """What is written down when the desk takes somebody off the list."""
    return WaitListEntry.End.PAST if _is_over(entry, now, clinic) else WaitListEntry.End.WITHDRAWN


def entry_line(entry: WaitListEntry, *, now: datetime, zone: ZoneInfo) -> str:
    """ "Treatment: mornings, until Fri 16 Jan. Waits 6 days."."""
    wishes = entry_wishes(entry, local_date(now, zone))
    return f"{entry.service}: {wishes}. {since_words(entry.created_at, now, zone)}."


def slots_at(entry: WaitListEntry, starts_at: datetime, nurse_id: int, *, now: datetime, clinic: Clinic) -> list[Slot]:
    """The time that was chosen before the dialog opened, if it still fits this person."""
    freed = Freed(Period(starts_at, starts_at + timedelta(minutes=1)), nurse_id)
    found = fitting(now=now, clinic=clinic, entries=[entry], freed=freed, times=50)
    return [slot for fit in found for slot in fit.slots if slot.starts_at == starts_at][:1]


def wait_panel(patient: Patient, reader: User, now: datetime) -> dict[str, Any]:
    """What the patient waits for, on the patient's page. Two queries when somebody waits."""
    clinic = Clinic.current()
    entries = (
        WaitListEntry.objects.visible_to(reader)
        .waiting()
        .filter(patient=patient)
        .select_related("patient", "service", "nurse")
    )
    return {
        "places": (("wait-title", "Wait list"),),
        "rows": rows_of(list(entries), now=now, clinic=clinic),
        "patient_id": patient.public_id,
    }
