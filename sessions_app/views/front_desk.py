"""The front desk's boards: the day and the week, what changed on them meanwhile, and the day on paper."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Value
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Room
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import booking
from sessions_app.course_places import progress_of
from sessions_app.day import EntryRow, entries_of, hours_of, present_stamp, stamp_of
from sessions_app.forms.desk import StatusForm
from sessions_app.models import Appointment, Service
from sessions_app.presenters import print_day as paper
from sessions_app.presenters.appointment import status_toast
from sessions_app.presenters.board import Source, day_board, owners_of, tally_of, week_of_one
from sessions_app.presenters.board_filters import Filters, chips_of, choices_of
from sessions_app.presenters.board_page import DAY, WEEK, Look, look_at, stamp_with_time, working_days
from sessions_app.presenters.freed import freed_by
from sessions_app.presenters.week import week_board
from sessions_app.refusals import Refused
from sessions_app.views.answers import done


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def day(request: SignedInRequest) -> HttpResponse:
    """The board of a date (`?date=2026-01-13`, today without). At most eight queries whatever the day holds.

    The address also says `by=room`, and filters: `nurse`, `room`, `service`, `status`. To htmx it answers with the
    board alone.
    """
    return _board_page(request, _look(request, DAY))


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def week(request: SignedInRequest) -> HttpResponse:
    """The week of a date: a table of all nurses or rooms; of one (`?nurse=`, `?by=room&room=`) on a time axis."""
    return _board_page(request, _look(request, WEEK))


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def board_changes(request: SignedInRequest) -> HttpResponse:
    """Asked every few seconds by an open board (`?view=week&stamp=…` and the board's own query): 204, or the new board.

    The board asks with `X-Background`, so that a desk where nobody works is signed out all the same.
    """
    look = _look(request, WEEK if request.GET.get("view") == WEEK else DAY)
    present = present_stamp(look.first, look.last, zone=request.clinic.zone, now=look.now)
    if request.GET.get("stamp") == stamp_with_time(present, look):
        return HttpResponse(status=204)
    return _board_page(request, look)


def _look(request: SignedInRequest, view: str) -> Look:
    now, zone = timezone.now(), request.clinic.zone
    filters = Filters.from_address(request.GET.dict(), date_from(request.GET.get("date", ""), local_date(now, zone)))
    return look_at(view, filters, now=now, zone=zone)


def _board_page(request: SignedInRequest, look: Look) -> HttpResponse:
    filters, now, zone = look.filters, look.now, request.clinic.zone
    entries = entries_of(look.first, look.last, zone=zone, now=now)
    rooms, services = _in_use()
    source = Source(
        entries=entries,
        hours=hours_of(look.first, look.last),
        rooms=rooms,
        now=now,
        zone=zone,
        grid_minutes=request.clinic.grid_minutes,
        may_book=request.user.may(Permission.BOOK),
        progress=_progress(entries),
    )
    choices = choices_of(filters, entries=entries, hours=source.hours, rooms=source.rooms, services=services)
    context = {
        "look": look,
        "filters": filters,
        "choices": choices,
        "chips": chips_of(filters, choices),
        "stamp": stamp_with_time(stamp_of(entries), look),
        "may_book": source.may_book,
        "may_find": request.user.may(Permission.FIND_PATIENT),
        "tally": tally_of(filters, source),
        "shows_calls": source.may_book or request.user.may(Permission.WORK_TASKS),
        **_drawn(look, source),
    }
    page = "day" if look.view == DAY else "week"
    return render(request, f"sessions_app/desk/{'board' if request.htmx else page}.html", context)


def _in_use() -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The rooms and the services that can be booked, as (id, name) by name. One query for both."""
    rooms = Room.objects.order_by().filter(is_active=True).values_list("name", "pk", Value(0))
    services = Service.objects.order_by().filter(is_active=True).values_list("name", "pk", Value(1))
    found = sorted(rooms.union(services, all=True))
    return [(pk, name) for name, pk, kind in found if kind == 0], [(pk, name) for name, pk, kind in found if kind == 1]


def _progress(entries: Iterable[EntryRow]) -> dict[int, tuple[int, int]]:
    """ "3 of 5" of the visits that belong to a course; no query where there is none."""
    visits = [Appointment(pk=row.visit_id, course_id=row.course_id) for row in entries if row.course_id]
    return progress_of(visits)


def _drawn(look: Look, source: Source) -> dict[str, object]:
    """The board on a time axis, or the table of the week."""
    filters = look.filters
    if look.view == DAY:
        return {"board": day_board(filters, source)}
    days = working_days(look, source)
    if filters.nurse is None and filters.room is None:
        return {"week": week_board(filters, source, days)}
    of_lanes = filters.nurse if filters.by == "nurse" else filters.room
    owners = owners_of(filters, source) if of_lanes else []
    if len(owners) == 1:
        return {"board": week_of_one(filters, source, owners[0], days), "owner": owners[0]}
    return {"week": week_board(filters, source, days)}


@requires(Permission.VIEW_SCHEDULE)
@require_safe
def print_day(request: SignedInRequest) -> HttpResponse:
    """The list of a date to print, one page per nurse (`?date=`, `?nurse=`)."""
    zone = request.clinic.zone
    filters = _look(request, DAY).filters
    visits = paper.visits_on(filters.day, zone)
    pages = paper.pages_of(
        visits,
        hours_of(filters.day, filters.day),
        zone=zone,
        progress=progress_of([Appointment(pk=each.pk, course_id=each.course_id) for each in visits]),
        nurse=filters.nurse,
    )
    context = {"day": filters.day, "pages": pages, "filters": filters, "printed_at": timezone.now().astimezone(zone)}
    return render(request, "sessions_app/desk/print_day.html", context)


@requires(Permission.BOOK)
@require_POST
def status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One tap: arrived, in treatment, done, no-show, or back to booked."""
    visible = Appointment.objects.visible_to(request.user).select_related("entry__patient", "entry__nurse")
    appointment = get_visible_or_404(visible, request=request, public_id=public_id)
    form = StatusForm({"to": request.POST.get("to") or request.GET.get("to")})
    if not form.is_valid():
        return HttpResponse("Choose one of the offered states.", status=400)
    back = f"{reverse('sessions_app:day')}?date={local_date(appointment.starts_at, request.clinic.zone)}"
    try:
        changed = booking.change_status(appointment=appointment, to=form.cleaned_data["to"], by=request.user)
    except Refused as refused:
        return done(request, str(refused), back=back, level="error")
    toast, undo = status_toast(changed, was=appointment.status)
    missed = changed.status == Appointment.Status.NO_SHOW
    more = freed_by(appointment, clinic=request.clinic, now=timezone.now()) if missed else None
    return done(request, toast, back=back, undo=undo, more=more)


def date_from(text: str, default: date) -> date:
    """A date out of an address; the default for anything that is none, or so far away that no calendar reaches it."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return default
    return found if 1900 < found.year < 2200 else default
