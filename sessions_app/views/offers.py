"""Offering a free time to somebody on the wait list, the answer to it, and who waits for a time that became free."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import User
from clinic.requests import SignedInRequest
from sessions_app import waiting
from sessions_app.availability import Period
from sessions_app.forms.desk import nurse_of, room_of
from sessions_app.free_times import Slot
from sessions_app.models import WaitListEntry, WaitListOffer
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.presenters import waiting as words
from sessions_app.presenters.lists import fit_row
from sessions_app.presenters.treatment_waits import waits_words
from sessions_app.ranking import varied
from sessions_app.refusals import Refused, Taken
from sessions_app.repeat import repeat_rules
from sessions_app.slot_value import parsed, value_of
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import refused_status
from sessions_app.views.undoing import undo_url
from sessions_app.waiting import Freed
from sessions_app.wording import time_words

# Of so many free times, the first of each half-day are shown.
LOOKED_AT = 600
TIMES, PEOPLE = 6, 20


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The times that fit one waiting person (`?slot=` comes chosen); a POST keeps one for them and says until when."""
    visible = WaitListEntry.objects.visible_to(request.user).select_related("patient", "service", "nurse")
    entry = get_visible_or_404(visible, request=request, public_id=public_id)
    problems: list[str] = []
    near: list[Slot] = []
    chosen = request.POST.get("slot") or request.GET.get("slot", "")
    slot = parsed(chosen)
    if request.method == "POST" and slot is None:
        problems = ["Choose a time."]
    elif request.method == "POST" and slot is not None:
        try:
            nurse, room = nurse_of(slot.nurse_id), room_of(slot.room_id)
            made = waiting.offer(entry=entry, starts_at=slot.starts_at, nurse=nurse, room=room, by=request.user)
        except Taken as taken:
            problems, near = [taken.message], list(taken.alternatives)
        except Refused as refused:
            problems = [refused.message]
        else:
            when = time_words(made.starts_at, request.clinic.zone)
            until = made.expires_at.astimezone(request.clinic.zone)
            text = f"Kept for {entry.patient.name} until {until:%H:%M}: {when}."
            undo = reverse("sessions_app:offer_take_back", args=[made.public_id])
            return done(request, text, back=reverse("sessions_app:calls"), undo=undo)
    context = {
        "dialog_title": "Offer a time",
        "entry": entry,
        "patient": entry.patient,
        "patient_line": dialog.patient_line(entry.patient),
        "problems": problems,
        **_times(request, entry, chosen, near),
    }
    return render(request, "sessions_app/desk/wait_offer.html", context, status=refused_status(request, bool(problems)))


def _times(request: SignedInRequest, entry: WaitListEntry, chosen: str, near: list[Slot]) -> dict[str, Any]:
    """The times to choose from; the one that came chosen first, while it still fits."""
    now, zone = timezone.now(), request.clinic.zone
    fits = waiting.fitting(now=now, clinic=request.clinic, entries=[entry], times=LOOKED_AT)
    fit = fits[0] if fits else None
    slots = near or (varied(fit.slots, zone=zone, count=TIMES) if fit else [])
    values = [value_of(slot) for slot in slots]
    if chosen and not near and chosen not in values and (asked := parsed(chosen)):
        slots = words.slots_at(entry, *asked[:2], now=now, clinic=request.clinic) + slots
        values = [value_of(slot) for slot in slots]
    picked = chosen if chosen in values else next(iter(values), "")
    return {
        "times": [(value, time_words(slot.starts_at, zone), f"{slot.nurse_name}, {slot.room_name}", value == picked)
                  for value, slot in zip(values, slots, strict=True)],
        "moves": time_words(fit.moves.starts_at, zone) if fit and fit.moves else "",
        "minutes": request.clinic.offer_minutes,
        "line": words.entry_line(entry, now=now, zone=zone),
        "waits": "" if slots else _waits(entry),
    }  # fmt: skip


def _waits(entry: WaitListEntry) -> str:
    """Why no time is looked for at all: the treatment waits; "" when times may be offered, and none fits."""
    rules = repeat_rules(entry.patient, entry.service)
    return waits_words(rules.holds) if rules else ""


@requires(Permission.BOOK)
@require_POST
def accept(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The patient says yes: booked, or the waiting visit moved."""
    found, back = _offer_or_404(request, public_id), reverse("sessions_app:calls")
    try:
        visit = waiting.accept(offer=found, by=request.user)
    except Refused as refused:
        return done(request, refused.message, back=back, level="error")
    text = words.accepted_words(visit, zone=request.clinic.zone)
    return done(request, text, back=back, undo=undo_url(visit))


@requires(Permission.BOOK)
@require_POST
def decline(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _give_back(request, public_id, waiting.decline, "does not want this time and waits on")


@requires(Permission.BOOK)
@require_POST
def take_back(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _give_back(request, public_id, waiting.take_back, "has no offer any more and waits on")


def _give_back(
    request: SignedInRequest, public_id: UUID, verb: Callable[..., WaitListOffer], says: str
) -> HttpResponse:
    found, back = _offer_or_404(request, public_id), reverse("sessions_app:calls")
    try:
        verb(offer=found, by=request.user)
    except Refused as refused:
        return done(request, refused.message, back=back, level="error")
    return done(request, f"{found.waiting.patient.name} {says}. The time is free again.", back=back)


@requires(Permission.BOOK)
@require_safe
def freed(request: SignedInRequest) -> HttpResponse:
    """Who waits for a stretch of a nurse's time that became free (`?from=&to=&nurse=`), the longest waiting first."""
    period, nurse = _freed(request)
    now, zone = timezone.now(), request.clinic.zone
    fits = waiting.fitting(now=now, clinic=request.clinic, freed=Freed(period, nurse.pk), limit=PEOPLE + 1, times=1)
    context = {
        "dialog_title": "Who waits for this time",
        "when": f"{time_words(period.starts_at, zone)} to {period.ends_at.astimezone(zone):%H:%M} with {nurse}",
        "rows": [fit_row(fit, now=now, zone=zone) for fit in fits[:PEOPLE]],
        "more": len(fits) > PEOPLE,
        "hide_foot": True,
    }
    return render(request, "sessions_app/desk/wait_freed.html", context)


def _freed(request: SignedInRequest) -> tuple[Period, User]:
    try:
        start, end = (datetime.fromisoformat(request.GET.get(name, "")) for name in ("from", "to"))
        nurse = User.objects.nurses().get(public_id=UUID(request.GET.get("nurse", "")))
        if start.utcoffset() is None or end.utcoffset() is None or not 1900 < start.year <= end.year < 2200:
            raise Http404
        return Period(start, end), nurse
    except (ValueError, User.DoesNotExist) as error:
        raise Http404 from error


def _offer_or_404(request: SignedInRequest, public_id: UUID) -> WaitListOffer:
    visible = WaitListOffer.objects.filter(waiting__in=WaitListEntry.objects.visible_to(request.user)).select_related(
        "waiting__patient", "waiting__service"
    )
    return get_visible_or_404(visible, request=request, public_id=public_id)
