"""Booking a visit: a dialog for htmx, a page of its own without script."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

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
from sessions_app import booking, requests
from sessions_app.forms.desk import BookingForm, nurse_of, room_of, suggested_service
from sessions_app.free_times import Slot
from sessions_app.models import Course, Service, WaitListEntry
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.presenters.clinicians import EarlyQuestion, early_question, hold_words
from sessions_app.presenters.course import open_course
from sessions_app.presenters.times import avoid_days, wish_from
from sessions_app.presenters.waiting import given_up_words, kept_words
from sessions_app.presenters.waits_fit import ended_wait, open_waits, waits_for, waits_words
from sessions_app.refusals import EarlyNeedsClinician, Refused, Taken
from sessions_app.views.answers import done
from sessions_app.views.desk_parts import day_url, refused_status, times_of
from sessions_app.views.front_desk import date_from
from sessions_app.views.undoing import undo_url
from sessions_app.wording import time_words

SUGGESTIONS = 8
OVERBOOK = "overbook"
# A form books once; what was chosen in it afterwards is another wish.
SENT_BEFORE = "This form has booked already, at another time. Nothing more was booked. Close it and open a new one."


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
    for name in ("patient", "service", "room"):
        data[name] = asked.get(name, "")
    today = local_date(timezone.now(), request.clinic.zone)
    day = date_from(asked["date"], today) if "date" in asked else None
    nurse = _nurse_by_public_id(asked.get("nurse", ""))
    wish = wish_from(day, asked.get("at", ""), nurse.pk if nurse else None, request.clinic.zone)
    if wish and day:
        data["wish"] = f"{wish[0].isoformat()}|{wish[1] or ''}"
        data["overbook_day"], data["overbook_at"] = day.isoformat(), asked.get("at", "")
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
    overbooks, key = request.POST["confirm"] == OVERBOOK, form.seen("request_key")
    wanted = form.wanted_time(request.clinic.zone, overbooks=overbooks)
    missing = dialog.unclear(form, overbooks=overbooks) + [
        words
        for words, given in (
            ("Choose the patient.", patient),
            ("Choose the service.", service),
            ("Enter the day and the time to overbook." if overbooks else "Choose a time.", wanted),
            ("Write why it goes beside another visit.", not overbooks or form.seen("overbook_reason")),
            ("Open the dialog again: this one is too old.", key),
        )
        if not given
    ]
    if missing or form.errors or not (patient and service and wanted and key):
        return _booking_page(request, form, problems=missing)
    starts_at, nurse_id, room_id = wanted
    question, running = avoid_days(service), open_course(patient, service)
    ends_wait = ended_wait(request.POST, patient, service)
    try:
        booked = booking.book(
            patient=patient,
            service=service,
            starts_at=starts_at,
            nurse=nurse_of(nurse_id),
            room=room_of(room_id),
            request_key=key,
            by=request.user,
            note=form.cleaned_data["note"],
            early_reason=form.cleaned_data["early_reason"],
            travel_note=form.travel_note(question, local_date(starts_at, request.clinic.zone)) if question else "",
            overbook_reason=form.cleaned_data["overbook_reason"] if overbooks else "",
            course=running[0] if running else None,
            ends_wait=ends_wait,
        )
    except EarlyNeedsClinician as early:
        ask = _question_to_a_clinician(request, form, patient, service)
        return _booking_page(request, form, problems=[early.message], ask=ask)
    except Taken as taken:
        return _booking_page(request, form, problems=[taken.message], alternatives=taken.alternatives)
    except Refused as refused:
        return _booking_page(request, form, problems=[refused.message])
    if booked.starts_at != starts_at:
        return _booking_page(request, form, problems=[SENT_BEFORE])
    requests.booked_for(patient=patient, by=request.user, now=timezone.now())
    entry, when = booked.entry, time_words(booked.starts_at, request.clinic.zone)
    text = f"Booked: {patient.name}, {when} with {entry.nurse} in {entry.room}."
    text += " Off the wait list." if ends_wait else ""
    text += given_up_words(booked, zone=request.clinic.zone)
    return done(request, text, back=day_url(request, booked), undo=undo_url(booked))


def _question_to_a_clinician(
    request: SignedInRequest, form: BookingForm, patient: Patient, service: Service
) -> EarlyQuestion:
    """The address that opens this very wish for a clinician, who decides in a session of their own."""
    starts_at, nurse_id, _ = form.seen("slot")
    wall = starts_at.astimezone(request.clinic.zone)
    nurse = nurse_of(nurse_id)
    asked = {
        "patient": patient.public_id,
        "service": service.pk,
        "date": wall.date().isoformat(),
        "at": f"{wall:%H:%M}",
        "nurse": nurse.public_id if nurse else "",
    }
    address = request.build_absolute_uri(f"{reverse('sessions_app:book')}?{urlencode(asked)}")
    return early_question(starts_at, address, zone=request.clinic.zone)


def _booking_page(
    request: SignedInRequest,
    form: BookingForm,
    *,
    problems: Sequence[str] = (),
    alternatives: Sequence[Slot] = (),
    ask: EarlyQuestion | None = None,
) -> HttpResponse:
    """The dialog as it stands. A refused confirmation answers 422 to htmx, and keeps everything typed."""
    now, zone, visible = timezone.now(), request.clinic.zone, Patient.objects.visible_to(request.user)
    confirmed = request.method == "POST" and "confirm" in request.POST
    overbooks = request.POST.get("confirm") == OVERBOOK
    found = _found(request, visible)
    patient = _patient(request, form, found)
    services = list(Service.objects.filter(is_active=True))
    suggestion = suggested_service(services, was_here=dialog.was_here(patient))
    service = form.choose_service(services, suggestion=suggestion)
    waits = _waits(patient, service) if patient and service else None
    coming = dialog.coming_visits(patient, now=now, zone=zone) if patient else []
    times = (
        times_of(
            request,
            form,
            patient=patient,
            service=service,
            alternatives=alternatives,
            waits=waits,
            treatments=[each.starts_at for each in coming if each.is_treatment],
        )
        if service
        else None
    )
    if times and times.chosen_option and times.chosen_option.is_early and not confirmed:
        form.fields["early_reason"].widget.attrs["autofocus"] = True
    ahead = dialog.booked_ahead(service, coming) if service else None
    context = {
        "form": form,
        "dialog_title": "Book a visit",
        "form_url": reverse("sessions_app:book"),
        "patient": patient,
        "patient_line": dialog.patient_line(patient) if patient else "",
        "coming": [each for each in coming if each != ahead][: dialog.SHOWN],
        "ahead": ahead,
        # Enter moves it; once somebody went on to the times below, it takes the chosen one again.
        "leads_to_reason": bool(times and times.chosen_option and times.chosen_option.is_early),
        "leads_to_move": bool(ahead and request.POST.get("ahead") != str(ahead.id)),
        "second_first": dialog.second_first_visit(patient, service, coming, zone) if patient and service else "",
        "no_first": dialog.no_first_visit(
            patient, service, coming, services=services, was_treated=bool(times and times.window)
        )
        if patient and service
        else "",
        "found": found if patient is None else [],
        "looked_for": request.POST.get("q", "").strip(),
        "services": [(each.pk, dialog.service_words(each)) for each in services],
        "service": service,
        "suggestion": suggestion,
        "times": times,
        "hold": hold_words(times.holds, patient, reader=request.user, zone=zone) if times and patient else None,
        "kept": _kept(patient, service, now=now, zone=zone) if patient and service else "",
        "waits": waits_words(waits, times, request.POST, now=now, clinic=request.clinic) if waits and times else None,
        "travel": dialog.travel_question(form, times) if times else None,
        "course": _course(patient, service) if patient and service else None,
        "ask": ask,
        "request_key": form.key(),
        "problems": problems,
        "shows_errors": confirmed,
        "may_overbook": request.user.may(Permission.OVERBOOK),
        "overbook_opened": overbooks or bool(form.text("overbook_reason")),
        "overbooks_when": dialog.overbooked_words(form) if request.user.may(Permission.OVERBOOK) else "",
        "grace_minutes": request.clinic.change_grace_minutes,
        "is_told": not patient or dialog.can_be_told(patient),
        "new_patient_url": _new_patient_url(request, form),
        "prefilled": _prefilled(form, patient, service) if patient and service else "",
    }
    return render(request, "sessions_app/desk/book.html", context, status=refused_status(request, confirmed))


def _kept(patient: Patient, service: Service, *, now: datetime, zone: ZoneInfo) -> str:
    return kept_words(patient, service, now=now, zone=zone) if dialog.may_have_offer(patient) else ""


def _waits(patient: Patient, service: Service) -> WaitListEntry | None:
    return waits_for(open_waits(patient, service), service) if dialog.may_wait(patient) else None


def _course(patient: Patient, service: Service) -> tuple[Course, str] | None:
    return open_course(patient, service) if dialog.may_be_in_course(patient) else None


def _patient(request: SignedInRequest, form: BookingForm, found: list[Patient]) -> Patient | None:
    """Who was picked; or the only one whom a search found, when Enter was pressed in its field."""
    if "change_patient" in request.POST:
        return None
    picked = form.find_patient(dialog.with_history(Patient.objects.visible_to(request.user)))
    return picked or (found[0] if "find" in request.POST and len(found) == 1 else None)


def _prefilled(form: BookingForm, patient: Patient, service: Service) -> str:
    """What the course and the wait list take over from this dialog, as a query."""
    kept = {"patient": patient.public_id, "service": service.pk}
    if day := form.seen("day"):
        kept["date"] = day.isoformat()
    return urlencode(kept)


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
    form = BookingForm(request.POST)
    form.is_valid()
    looked_for = request.POST.get("q", "").strip()
    context = {"found": found, "looked_for": looked_for, "new_patient_url": _new_patient_url(request, form)}
    return render(request, "sessions_app/desk/found_patients.html", context)
