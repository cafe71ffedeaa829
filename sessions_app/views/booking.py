"""Booking a visit: a dialog for htmx, a page of its own without script."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Permission, requires
from clinic.models import Patient, User
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from clinic.search import find_patients
from sessions_app import booking
from sessions_app.forms.desk import BookingForm, nurse_of, room_of, suggested_service
from sessions_app.free_times import Slot
from sessions_app.models import Service
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.presenters.times import avoid_days, wish_from
from sessions_app.refusals import Refused, Taken
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import day_url, refused_status, times_of
from sessions_app.views.front_desk import date_from
from sessions_app.wording import time_words

SUGGESTIONS = 8


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: SignedInRequest) -> HttpResponse:
    """GET opens the dialog, for a patient (`?patient=`) or a free place of the board (`?date=&at=&nurse=`).

    A POST with `confirm` books. Every other POST shows the dialog again for what was chosen, and keeps what was typed.
    """
    form = BookingForm(request.POST if request.method == "POST" else _opening(request))
    form.is_valid()
    if request.method == "POST" and "confirm" in request.POST:
        return _confirm_booking(request, form)
    return _booking_page(request, form)


def _opening(request: SignedInRequest) -> QueryDict:
    """The first state of the form, out of the address."""
    data, asked = QueryDict(mutable=True), request.GET
    for name in ("patient", "service"):
        data[name] = asked.get(name, "")
    today = local_date(timezone.now(), request.clinic.zone)
    day = date_from(asked["date"], today) if "date" in asked else None
    nurse = _nurse_by_public_id(asked.get("nurse", ""))
    wish = wish_from(day, asked.get("at", ""), nurse.pk if nurse else None, request.clinic.zone)
    if wish:
        data["wish"] = f"{wish[0].isoformat()}|{wish[1] or ''}"
    elif day:
        data["day"] = day.isoformat()
    return data


def _nurse_by_public_id(text: str) -> User | None:
    try:
        return User.objects.nurses().filter(public_id=UUID(text)).first() if text else None
    except ValueError:
        return None


def _confirm_booking(request: SignedInRequest, form: BookingForm) -> HttpResponse:
    patient = form.find_patient(Patient.objects.visible_to(request.user))
    service = Service.objects.filter(pk=form.seen("service"), is_active=True).first()
    slot, key = form.seen("slot"), form.seen("request_key")
    missing = [
        words
        for words, given in (
            ("Choose the patient.", patient),
            ("Choose the service.", service),
            ("Choose a time.", slot),
            ("Open the dialog again: this one is too old.", key),
        )
        if not given
    ]
    if missing or form.errors or not (patient and service and slot and key):
        return _booking_page(request, form, problems=missing)
    starts_at, nurse_id = slot
    question = avoid_days(service)
    try:
        booked = booking.book(
            patient=patient,
            service=service,
            starts_at=starts_at,
            nurse=nurse_of(nurse_id),
            room=room_of(form.seen("room")),
            request_key=key,
            by=request.user,
            note=form.cleaned_data["note"],
            early_reason=form.cleaned_data["early_reason"],
            travel_note=form.travel_note(question, local_date(starts_at, request.clinic.zone)) if question else "",
        )
    except Taken as taken:
        return _booking_page(request, form, problems=[taken.message], alternatives=taken.alternatives)
    except Refused as refused:
        return _booking_page(request, form, problems=[refused.message], field=refused.field)
    entry, when = booked.entry, time_words(booked.starts_at, request.clinic.zone)
    text = f"Booked: {patient.name}, {when} with {entry.nurse} in {entry.room}."
    return done(request, text, back=day_url(request, booked))


def _booking_page(
    request: SignedInRequest,
    form: BookingForm,
    *,
    problems: Sequence[str] = (),
    alternatives: Sequence[Slot] = (),
    field: str = "",
) -> HttpResponse:
    """The dialog as it stands. A refused confirmation answers 422 to htmx, and keeps everything typed."""
    now, zone, visible = timezone.now(), request.clinic.zone, Patient.objects.visible_to(request.user)
    confirmed = request.method == "POST" and "confirm" in request.POST
    patient = None if "change_patient" in request.POST else form.find_patient(visible)
    services = list(Service.objects.filter(is_active=True))
    suggestion = suggested_service(services, was_here=dialog.was_here(patient))
    service = form.choose_service(services, suggestion=suggestion)
    times = times_of(request, form, patient=patient, service=service, alternatives=alternatives) if service else None
    context = {
        "form": form,
        "dialog_title": "Book a visit",
        "form_url": reverse("sessions_app:book"),
        "patient": patient,
        "patient_line": dialog.patient_line(patient) if patient else "",
        "already": dialog.next_visit_words(patient, now=now, zone=zone) if patient else "",
        "found": _found(request, visible) if patient is None else [],
        "looked_for": request.POST.get("q", "").strip(),
        "services": [(each.pk, dialog.service_words(each)) for each in services],
        "service": service,
        "suggestion": suggestion,
        "times": times,
        "travel": dialog.travel_question(form, times, zone) if times else None,
        "request_key": form.key(),
        "problems": problems,
        "problem_field": field,
        "shows_errors": confirmed,
        "new_patient_url": _new_patient_url(request, form),
    }
    return render(request, "sessions_app/desk/book.html", context, status=refused_status(request, confirmed))


def _found(request: SignedInRequest, visible: Any) -> list[Patient]:
    text = request.POST.get("q", "").strip()
    return find_patients(text, SUGGESTIONS, among=visible) if text else []


def _new_patient_url(request: SignedInRequest, form: BookingForm) -> str:
    """Registering comes back here, to the same service and time."""
    back, wish = {"then": "book", "service": form.text("service")}, form.seen("wish")
    if wish:
        wall = wish[0].astimezone(request.clinic.zone)
        back |= {"date": wall.date().isoformat(), "at": f"{wall:%H:%M}"}
    return f"{reverse('clinic:patient_new')}?{urlencode(back)}"


@requires(Permission.BOOK)
@require_POST
def patients(request: SignedInRequest) -> HttpResponse:
    """Suggestions for the patient field of the dialog: buttons of its form."""
    found = _found(request, Patient.objects.visible_to(request.user))
    context = {"found": found, "looked_for": request.POST.get("q", "").strip()}
    return render(request, "sessions_app/desk/found_patients.html", context)
