"""Booking several treatments at once: every date is shown with its window before anything is booked; all, or none."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import booking
from sessions_app.courses import propose_course
from sessions_app.forms.course import USUAL, CourseForm
from sessions_app.forms.desk import nurse_of, room_of
from sessions_app.free_times import Slot
from sessions_app.models import Appointment, Course, Service
from sessions_app.presenters import booking_dialog as dialog
from sessions_app.presenters.clinicians import hold_words
from sessions_app.presenters.course import (
    CourseRow,
    CourseTimes,
    clash_words,
    course_toast,
    given_already,
    proposed,
)
from sessions_app.presenters.days import Wanted
from sessions_app.presenters.waiting import given_up_words, not_kept_again_words
from sessions_app.presenters.waits_fit import ended_wait, open_waits, waits_for, waits_in_course
from sessions_app.refusals import CourseRefused, Refused
from sessions_app.repeat import holds_of, protocol_in_force
from sessions_app.slot_value import Chosen
from sessions_app.views.answers import done
from sessions_app.views.booking import SENT_BEFORE, book
from sessions_app.views.desk_parts import refused_status


@requires(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def book_course(request: SignedInRequest) -> HttpResponseBase:
    """GET `?patient=&service=` proposes a date for each session; a POST with `confirm` books them all."""
    form = CourseForm(request.POST if request.method == "POST" else _opening(request))
    form.is_valid()
    if not form.seen("patient"):
        return book(request)  # which asks for one
    visible = Patient.objects.visible_to(request.user)
    patient = get_visible_or_404(visible, request=request, public_id=form.seen("patient"))
    services = list(Service.objects.filter(is_active=True))
    treatments = [each for each in services if each.kind == Service.Kind.TREATMENT]
    service = next(
        (each for each in treatments if each.pk == form.seen("service")), treatments[0] if treatments else None
    )
    if "confirm" not in request.POST or service is None:
        return _course_page(request, form, patient, services, service)
    visits = form.visits
    problems = [] if visits and all(visits) else ["Choose a time for every session."]
    if any(local_date(visit[0], request.clinic.zone) != form.days[row] for row, visit in form.retyped_visits()):
        problems = ["Nothing is booked yet: the day of a session was changed. Look at its time, then book."]
    elif visits and len(visits) != form.how_many:
        problems = ["Nothing is booked yet: the number of sessions was changed. Look at the dates, then book."]
    if problems or form.errors:
        return _course_page(request, form, patient, services, service, problems=problems)
    done_before = form.seen("done_before") or 0
    ends_wait = ended_wait(request.POST, patient, service)
    try:
        course = booking.book_course(
            patient=patient,
            service=service,
            visits=[_wished(visit) for visit in visits if visit],
            planned_sessions=done_before + len(visits),
            done_before=done_before,
            request_key=form.key(),
            by=request.user,
            early_reason=form.cleaned_data["early_reason"],
            travel_note=_travel_note(request, form, visits),
            ends_wait=ends_wait,
        )
    except CourseRefused as refused:
        said = ["Nothing is booked yet: not every date can be had. Choose another time where it says so."]
        return _course_page(request, form, patient, services, service, problems=said, refused=refused.problems)
    except Refused as refused:
        return _course_page(request, form, patient, services, service, problems=[refused.message])
    booked = list(course.appointments.select_related("entry", "service").order_by("entry__starts_at"))
    starts = [visit.starts_at for visit in booked]
    if set(starts) != {visit.starts_at for visit in visits if visit}:
        return _course_page(request, form, patient, services, service, problems=[SENT_BEFORE])
    day = local_date(starts[0], request.clinic.zone)
    text = course_toast(patient, course, request.clinic.zone) + (" Off the wait list." if ends_wait else "")
    return done(
        request,
        text + given_up_words(*booked, zone=request.clinic.zone),
        back=f"{reverse('sessions_app:day')}?date={day}",
        undo=reverse("sessions_app:undo_course", args=[course.public_id]),
    )


def _opening(request: SignedInRequest) -> QueryDict:
    data = QueryDict(mutable=True)
    for field, name in (("patient", "patient"), ("service", "service"), ("first_day", "date"), ("count", "count")):
        if name in request.GET:
            data[field] = request.GET[name]
    return data


def _wished(visit: Chosen) -> booking.CourseVisit:
    """What the words of the row promise: this nurse in this room."""
    return booking.CourseVisit(visit.starts_at, nurse=nurse_of(visit.nurse_id), room=room_of(visit.room_id))


def _travel_note(request: SignedInRequest, form: CourseForm, visits: Sequence[Chosen | None]) -> str:
    """One note for all visits; what falls behind one of them says behind which."""
    days = max(protocol_in_force().avoid_days.values())
    on, zone = form.event_day(), request.clinic.zone
    near = [visit for visit in visits if visit and on and local_date(visit[0], zone) <= on]
    behind = local_date(near[-1][0], zone) if near else date.max - timedelta(days=days + 1)
    return form.travel_note(days, behind)


def _course_page(
    request: SignedInRequest,
    form: CourseForm,
    patient: Patient,
    services: list[Service],
    service: Service | None,
    *,
    problems: Sequence[str] = (),
    refused: Mapping[int, Refused] | None = None,
) -> HttpResponse:
    now, zone = timezone.now(), request.clinic.zone
    protocol, holds = protocol_in_force(), holds_of(patient)
    gap = timedelta(days=2 * protocol.repeat_max_days)
    typed = form.seen("done_before")
    done_before = given_already(patient, now=now, longest_gap=gap) if typed is None else typed
    rows: list[CourseRow] = []
    nurses: list[tuple[int, str]] = []
    sentence, avoid_days = "", max(protocol.avoid_days.values())
    if service and not holds:
        wanted = Wanted(
            clinic=request.clinic,
            service=service,
            by=request.user,
            now=now,
            patient=patient,
            nurse_id=form.seen("nurse"),
            first_day=form.seen("first_day"),
        )
        keeps = bool(form.visits) and request.POST.get("shape") == form.shape(service.pk if service else None)
        try:
            rows, sentence, nurses = _rows(form, wanted, done_before=done_before, keeps=keeps, refused=refused)
        except Refused as gone:
            # The chosen nurse left while the dialog was open.
            problems = [*problems, gone.message]
    waits = waits_for(open_waits(patient, service), service) if service else None
    coming = dialog.coming_visits(patient, now=now, zone=zone)
    chosen = [row.value for row in rows]
    event = form.event_day()
    confirmed = "confirm" in request.POST
    context: dict[str, Any] = {
        "form": form,
        "dialog_title": "Book several sessions",
        "form_url": reverse("sessions_app:book_course"),
        "patient": patient,
        "patient_line": dialog.patient_line(patient),
        "coming": coming[: dialog.SHOWN],
        "no_first": dialog.no_first_visit(patient, service, coming, services=services, was_treated=done_before > 0)
        if service
        else "",
        "services": [(each.pk, dialog.service_words(each)) for each in services if each.kind == Service.Kind.TREATMENT],
        "service": service,
        "rows": rows,
        "sentence": sentence,
        "nurses": nurses,
        "count": form.seen("count") or USUAL,
        "done_before": done_before,
        "in_all": done_before + len(rows),
        "shape": form.shape(service.pk if service else None),
        "waits": waits_in_course(waits, chosen, request.POST, now=now, clinic=request.clinic) if waits else None,
        "hold": hold_words(holds, patient, reader=request.user, zone=zone),
        "needs_reason": "early_reason" in form.data
        or any(each.field == "early_reason" for each in (refused or {}).values()),
        "avoid_words": f"{avoid_days} days",
        "flight_hours": protocol.long_flight_hours,
        "clash": clash_words(event, rows, avoid_days=avoid_days, zone=zone),
        "request_key": form.key(),
        "problems": problems,
        "shows_errors": confirmed,
        "grace_minutes": request.clinic.change_grace_minutes,
        "hide_foot": service is None,
    }
    return render(request, "sessions_app/desk/course.html", context, status=refused_status(request, confirmed))


def _rows(
    form: CourseForm, wanted: Wanted, *, done_before: int, keeps: bool, refused: Mapping[int, Refused] | None
) -> tuple[list[CourseRow], str, list[tuple[int, str]]]:
    """What was chosen, as long as the question is the same; else a new proposal."""
    assert wanted.patient is not None
    offers: list[list[Slot]] = []
    shown = [visit or form.undecided.get(row) for row, visit in enumerate(form.visits)]
    visits, sentence = [*shown, *[None] * form.how_many][: form.how_many], ""
    if not keeps:
        proposal = propose_course(
            patient=wanted.patient,
            service=wanted.service,
            count=form.how_many,
            now=wanted.now,
            nurse=nurse_of(wanted.nurse_id),
            first_date=wanted.first_day,
        )
        visits, offers = proposed(proposal)
        sentence = proposal.sentence
    typed = [day for day in form.days if day] if keeps else []
    last = max((*typed, *(local_date(visit[0], wanted.zone) for visit in visits if visit)), default=wanted.today)
    times = CourseTimes(wanted, last=last)
    rows = times.rows(
        visits,
        first_number=done_before + 1,
        offers=offers,
        shown_days=form.days if keeps else (),
        retyped=form.retyped if keeps else (),
        problems=refused,
    )
    return rows, sentence, [(nurse.id, nurse.name) for nurse in times.search.nurses]


@requires(Permission.BOOK)
@require_POST
def undo_course(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Takes back every visit of a course that was just booked. What was changed since stays, and is said."""
    patients = Patient.objects.visible_to(request.user)
    courses = Course.objects.filter(patient__in=patients).select_related("patient")
    course = get_visible_or_404(courses, request=request, public_id=public_id)
    kept = 0
    visits = course.appointments.select_related("entry__patient", "service").order_by("entry__starts_at")
    standing = list(visits.exclude(status=Appointment.Status.CANCELLED))
    gone = not_kept_again_words(*standing, zone=request.clinic.zone) if standing else ""
    for visit in standing:
        if visit.version > 1:
            kept += 1
            continue
        try:
            booking.undo(appointment=visit, version=visit.version, by=request.user)
        except Refused:
            kept += 1
    back, name = reverse("sessions_app:day"), course.patient.name
    if kept:
        text = f"{kept} of the sessions of {name} could not be taken back. Look at each on the patient's page."
        return done(request, text, back=back, level="error")
    return done(request, f"Taken back: the course of {name}.{gone}", back=back)
