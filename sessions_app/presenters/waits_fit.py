"""The wait list in the dialogs that book and move: what the patient asked for, and which free times are such."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict

from clinic.models import Clinic, Patient
from clinic.protocol.zones import local_date
from sessions_app.free_times import SlotKind
from sessions_app.models import Appointment, Service, WaitListEntry
from sessions_app.presenters.days import Days, Wanted
from sessions_app.presenters.time_options import Option, Times, option_of
from sessions_app.presenters.waiting_words import entry_wishes, since_words
from sessions_app.ranking import Ranking, Soonest
from sessions_app.slot_value import parsed
from sessions_app.waiting_fit import fits_wishes, visit_to_move, visits_of

_FITS = "fits the wait list"


@dataclass(frozen=True, slots=True)
class Waits:
    """What the dialog says of it: "Waits 6 days for Treatment: Mon and Tue, mornings". `ends` is the tick."""

    id: UUID
    words: str
    note: str
    ends: bool
    is_over: bool
    has_fit: bool


def open_waits(patient: Patient, service: Service) -> list[WaitListEntry]:
    """What the patient waits for of the kind of this service, the longest wait first. One query."""
    waiting = WaitListEntry.objects.waiting().filter(patient=patient, service__kind=service.kind)
    return list(waiting.select_related("service", "nurse", "appointment").order_by("created_at", "pk"))


def waits_for(
    entries: Iterable[WaitListEntry], service: Service, *, moves: Appointment | None = None
) -> WaitListEntry | None:
    """The wait that a visit of this service would end, the very service first; None without one.

    A visit that is moved ends the wait of its service that names no other booked visit.
    """
    found = [entry for entry in entries if moves is None or _is_for(entry, service, moves)]
    return next((entry for entry in found if entry.service_id == service.pk), found[0] if found else None)


def waited_before(
    entry: WaitListEntry, *, moves: Appointment | None = None, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """The start of the visit that the patient has and wants earlier: the one that is moved, else the next of its kind.

    A visit at that time or later leaves it where it is, so the wait goes on. None without one, and where they wait for
    a time after it: for one more visit. At most one query.
    """
    if moves is not None:
        return moves.starts_at
    visit = visit_to_move(entry, visits_of([entry.patient_id], now).get(entry.patient_id, ()))
    return visit.starts_at if visit and local_date(visit.starts_at, zone) >= entry.first_date else None


def _is_for(entry: WaitListEntry, service: Service, moves: Appointment) -> bool:
    named = entry.appointment
    is_another = named is not None and named.pk != moves.pk and named.status == Appointment.Status.BOOKED
    return entry.service_id == service.pk and not is_another


def waits_words(entry: WaitListEntry, times: Times, data: QueryDict, *, now: datetime, clinic: Clinic) -> Waits:
    """The wait as the dialog shows it. It ends as was ticked for the chosen time, else where that time fits."""
    chosen = times.chosen_option
    is_asked = data.get("wait") == str(entry.public_id) and data.get("slot") == times.chosen
    has_fit = any(option.fits for option in times.everything)
    ends = "ends_wait" in data if is_asked else bool(chosen and chosen.fits)
    return _waits(entry, ends=ends, has_fit=has_fit, now=now, clinic=clinic)


def waits_in_course(
    entry: WaitListEntry, values: Iterable[str], data: QueryDict, *, now: datetime, clinic: Clinic
) -> Waits:
    """The same for a course of which `values` are the chosen times: it ends as was ticked, else where one fits."""
    chosen, before = [visit for visit in map(parsed, values) if visit], waited_before(entry, now=now, zone=clinic.zone)
    fits = any(_is_such(entry, visit.starts_at, visit.nurse_id, before, clinic.zone) for visit in chosen)
    ends = "ends_wait" in data if data.get("wait") == str(entry.public_id) else fits
    return _waits(entry, ends=ends, has_fit=True, now=now, clinic=clinic)


def _waits(entry: WaitListEntry, *, ends: bool, has_fit: bool, now: datetime, clinic: Clinic) -> Waits:
    today = local_date(now, clinic.zone)
    return Waits(
        id=entry.public_id,
        words=f"{since_words(entry.created_at, now, clinic.zone)}. {entry.service}: {entry_wishes(entry, today)}.",
        note=entry.note,
        ends=ends,
        is_over=entry.last_date is not None and entry.last_date < today,
        has_fit=has_fit,
    )


def ended_wait(
    data: QueryDict, patient: Patient, service: Service, *, moves: Appointment | None = None
) -> WaitListEntry | None:
    """The wait that the ticked box of a dialog ends; None where it is not ticked, or they wait no more."""
    entry = waits_for(open_waits(patient, service), service, moves=moves) if data.get("ends_wait") else None
    return entry if entry and str(entry.public_id) == data["ends_wait"] else None


def fitting_options(wanted: Wanted, days: Days, *, usual_nurse: int | None, count: int) -> list[Option]:
    """The best times that are what the patient waits for, inside the window first and never before it."""
    if wanted.waits is None:
        return []
    days, window = days.apart(), days.window
    search, found = days.search, []
    for slot in search.slots(days.free):
        day = local_date(slot.starts_at, days.zone)
        if (window and day < window.first_date) or not _fits(wanted, slot.starts_at, slot.nurse_id):
            continue
        found.append(slot._replace(kind=SlotKind.LATER) if window and day > window.last_date else slot)
    ranking = Ranking(search, wished=Soonest(wanted.now), nurse_id=usual_nurse)
    return [option_of(slot, wanted.zone) for slot in ranking.best(found, zone=wanted.zone, count=count)]


def marked(option: Option, wanted: Wanted) -> Option:
    """The same option, which says so where it is what the patient waits for."""
    chosen = parsed(option.value)
    if chosen is None or not _fits(wanted, chosen.starts_at, chosen.nurse_id):
        return option
    why = f"{_FITS}, {option.why[:1].lower()}{option.why[1:]}" if option.why else _FITS
    return replace(option, fits=True, why=f"{why[:1].upper()}{why[1:]}")


def _fits(wanted: Wanted, starts_at: datetime, nurse_id: int) -> bool:
    return wanted.waits is not None and _is_such(wanted.waits, starts_at, nurse_id, wanted.waits_before, wanted.zone)


def _is_such(entry: WaitListEntry, starts_at: datetime, nurse_id: int, before: datetime | None, zone: ZoneInfo) -> bool:
    return (before is None or starts_at < before) and fits_wishes(entry, starts_at, nurse_id, zone)
